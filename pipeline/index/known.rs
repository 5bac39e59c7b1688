//! Which rows a table has already, and what a batch therefore adds and replaces.
//!
//! A row is identified by its table's key. Where rows replace each other the higher rank wins; else
//! the first row stays. Both hold inside a batch as well as between batch and table.

use std::collections::{HashMap, HashSet};

use arrow::{
    array::{Array, AsArray, BooleanArray, RecordBatch},
    compute::{cast, filter_record_batch},
    datatypes::{DataType, Int64Type},
};
use futures::{StreamExt as _, TryStreamExt as _};

use crate::{
    error::IndexError,
    files::{DataFile, FileReader, text_column},
    table::{INGEST_MONTH, PROVINCE, SOURCE_UID, Table},
};

/// Files looked into at the same time: hides a store's latency, costs a row group of keys each.
const PARALLEL_FILES: usize = 16;

/// A row's identity, its key columns joined.
type Key = String;

/// What decides between rows of one key; compared column by column.
type Rank = Vec<i64>;

/// Rows the table has of some sources.
#[derive(Debug, Default)]
pub(crate) struct Known {
    rows: HashMap<Key, (Rank, DataFile)>,
    /// Sources that have a row.
    pub(crate) sources: HashSet<String>,
}

/// What a batch does to a table.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Rows to add.
    pub(crate) added: RecordBatch,
    /// Files to write anew without the rows of these keys.
    pub(crate) replaced: Vec<(DataFile, HashSet<Key>)>,
}

/// Where rows of a batch can be.
#[derive(Debug, Default)]
pub(crate) struct Partitions {
    pairs: HashSet<(String, String)>,
    /// Whether older news of a file may come after newer: tables made anew know the newest at once.
    pub(crate) any_order: bool,
}

impl Partitions {
    pub(crate) fn extend(&mut self, batch: &RecordBatch) -> Result<(), IndexError> {
        let (provinces, months) =
            (text_column(batch, PROVINCE)?, text_column(batch, INGEST_MONTH)?);
        for row in 0..batch.num_rows() {
            let pair = (provinces.value(row), months.value(row));
            if !self.pairs.iter().any(|(p, m)| (p.as_str(), m.as_str()) == pair) {
                self.pairs.insert((pair.0.to_owned(), pair.1.to_owned()));
            }
        }
        Ok(())
    }

    /// Whether a file of `table` can hold rows that meet the batch's.
    fn may_hold(&self, table: Table, file: &DataFile) -> bool {
        if self.pairs.contains(&(file.province.clone(), file.month.clone())) {
            return true;
        }
        // An import told by an older program stands under the province of its agency's code.
        let is_its = table == Table::Events
            || self.pairs.iter().any(|(province, _)| *province == file.province);
        table.crosses_months()
            && is_its
            // A published file is settled: only its own month's records speak of it again.
            && (self.any_order
                || table != Table::Intake
                || !file.holds_only("outcome", "published"))
    }
}

impl Known {
    /// Looks up the rows of `sources` in those of `files` that can hold them.
    pub(crate) async fn look_up(
        (table, reader): (Table, &FileReader),
        files: Vec<DataFile>,
        partitions: &Partitions,
        sources: &HashSet<String>,
    ) -> Result<Self, IndexError> {
        let mut known = Self::default();
        if sources.is_empty() {
            return Ok(known);
        }
        let mut columns = vec![SOURCE_UID];
        columns.extend(table.key().iter().chain(table.rank()).filter(|c| **c != SOURCE_UID));
        let columns = &columns;
        let mut found = futures::stream::iter(
            files.into_iter().filter(|file| partitions.may_hold(table, file)).map(
                |file| async move {
                    let batches = reader.rows_of_sources(&file, columns, sources).await?;
                    Ok::<_, IndexError>((file, batches))
                },
            ),
        )
        .buffer_unordered(PARALLEL_FILES);
        while let Some((file, batches)) = found.try_next().await? {
            for batch in batches {
                known.take(table, &file, &batch)?;
            }
        }
        Ok(known)
    }

    fn take(
        &mut self,
        table: Table,
        file: &DataFile,
        batch: &RecordBatch,
    ) -> Result<(), IndexError> {
        let sources = text_column(batch, SOURCE_UID)?;
        let identities = identities(table, batch)?;
        for (row, (key, rank)) in identities.into_iter().enumerate() {
            self.sources.insert(sources.value(row).to_owned());
            self.rows.insert(key, (rank, file.clone()));
        }
        Ok(())
    }

    /// Decides over the rows of `batch`.
    pub(crate) fn plan(&self, table: Table, batch: &RecordBatch) -> Result<Plan, IndexError> {
        let identities = identities(table, batch)?;
        let best = best_rows(&identities);
        let mut replaced: HashMap<String, (DataFile, HashSet<Key>)> = HashMap::new();
        let mut keep = Vec::with_capacity(identities.len());
        for (row, (key, rank)) in identities.iter().enumerate() {
            let known = self.rows.get(key);
            let wins =
                best.get(key.as_str()) == Some(&row) && known.is_none_or(|(known, _)| rank > known);
            if let (true, Some((_, file))) = (wins, known) {
                replaced
                    .entry(file.path.to_string())
                    .or_insert_with(|| (file.clone(), HashSet::new()))
                    .1
                    .insert(key.clone());
            }
            keep.push(Some(wins));
        }
        let keep: BooleanArray = keep.into_iter().collect();
        Ok(Plan {
            added: filter_record_batch(batch, &keep)?,
            replaced: replaced.into_values().collect(),
        })
    }
}

/// The row that stands for each key: the highest rank, of equal ones the first.
fn best_rows(identities: &[(Key, Rank)]) -> HashMap<&str, usize> {
    let mut best: HashMap<&str, usize> = HashMap::new();
    for (row, (key, rank)) in identities.iter().enumerate() {
        best.entry(key)
            .and_modify(|held| {
                if *rank > identities[*held].1 {
                    *held = row;
                }
            })
            .or_insert(row);
    }
    best
}

/// Key and rank of every row.
pub(crate) fn identities(
    table: Table,
    batch: &RecordBatch,
) -> Result<Vec<(Key, Rank)>, IndexError> {
    let keys = table.key().iter().map(|c| text_column(batch, c)).collect::<Result<Vec<_>, _>>()?;
    let ranks = table
        .rank()
        .iter()
        .map(|column| {
            let index = batch.schema_ref().index_of(column)?;
            let numbers = cast(batch.column(index), &DataType::Int64)?;
            Ok(numbers.as_primitive::<Int64Type>().clone())
        })
        .collect::<Result<Vec<_>, IndexError>>()?;
    Ok((0..batch.num_rows())
        .map(|row| {
            let key: Vec<_> = keys.iter().map(|column| column.value(row)).collect();
            let rank = ranks
                .iter()
                .map(|column| if column.is_valid(row) { column.value(row) } else { i64::MIN })
                .collect();
            (key.join("/"), rank)
        })
        .collect())
}

/// The rows of `batch` without those of `keys`.
pub(crate) fn without(
    table: Table,
    batch: &RecordBatch,
    keys: &HashSet<Key>,
) -> Result<RecordBatch, IndexError> {
    let keep: BooleanArray =
        identities(table, batch)?.iter().map(|(key, _)| Some(!keys.contains(key))).collect();
    Ok(filter_record_batch(batch, &keep)?)
}
