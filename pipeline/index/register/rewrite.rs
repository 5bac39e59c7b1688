//! `dossiers` made anew, or its agencies looked up once more: month by month, and one commit for all.
//! Whoever reads meanwhile sees the table as it was, and a program that is killed leaves it so.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, RecordBatch, StringArray},
    compute::{cast, concat_batches},
    datatypes::{SchemaRef, TimestampMicrosecondType},
};
use chrono::{DateTime, Utc};
use deltalake::{
    kernel::Action,
    writer::{DeltaWriter as _, RecordBatchWriter},
};
use futures::StreamExt as _;
use sohoa_schemas::registers::DossierRow;
use uuid::Uuid;

use super::{
    dossiers::{Merging, fitted},
    state::RegisterState,
};
use crate::{error::IndexError, files::text_column};

/// Finds the agency of a code, and its level, on the day of a dossier: by its code, its reception and
/// the dossier's code.
pub type FindAgency<'a> =
    dyn Fn(&str, Option<DateTime<Utc>>, &str) -> Option<(Uuid, String)> + Send + Sync + 'a;

/// Files that become the table, or some months of it, by one commit.
#[derive(Debug)]
pub struct Rewrite {
    state: RegisterState,
    writer: RecordBatchWriter,
    adds: Vec<Action>,
    rows: usize,
}

/// A month's dossiers, list after list.
#[derive(Debug)]
pub struct Month {
    schema: SchemaRef,
    rows: RecordBatch,
}

impl Month {
    /// Puts the rows of a list to those of earlier ones, as [`RegisterState::merge`] does.
    ///
    /// # Errors
    /// Rows that are none of the table's.
    pub fn merge(&mut self, rows: &[DossierRow]) -> Result<(), IndexError> {
        let incoming: Vec<&DossierRow> = rows.iter().collect();
        let mut merging = Merging::of(&self.schema, &incoming)?;
        merging.take(&self.rows)?;
        self.rows = concat_batches(&self.schema, &merging.end()?.batches)?;
        Ok(())
    }
}

impl RegisterState {
    /// Begins to make the table anew.
    ///
    /// # Errors
    /// As for [`RegisterState::replace`].
    pub fn rewrite(self) -> Result<Rewrite, IndexError> {
        Ok(Rewrite { writer: self.writer()?, state: self, adds: Vec::new(), rows: 0 })
    }

    /// Looks the agencies of all dossiers up again; says how many rows are others now. Only months
    /// that change are written anew, one of them in memory at a time.
    ///
    /// # Errors
    /// As for [`RegisterState::replace`].
    pub async fn find_agencies(self, find: &FindAgency<'_>) -> Result<usize, IndexError> {
        let position = self.position().await?.unwrap_or(0);
        let snapshot = self.state.snapshot().map_err(|error| self.register.error(error))?;
        let files = snapshot.log_data();
        let month = |values: &mut HashMap<_, _>| values.remove("received_month").flatten();
        let months = files.iter().filter_map(|file| month(&mut file.partition_values_map()));
        let months: BTreeSet<String> = months.collect();
        let mut rewrite = self.rewrite()?;
        let mut touched = HashSet::new();
        for month in months {
            let (rows, changed) = rewrite.found(&month, find).await?;
            if changed == 0 {
                continue;
            }
            rewrite.rows += changed;
            rewrite.write(rows).await?;
            touched.insert(Some(month));
        }
        let is_touched = |month: &Option<String>| touched.contains(month);
        rewrite.end(position, is_touched).await
    }
}

impl Rewrite {
    /// A month without dossiers yet.
    pub fn month(&self) -> Month {
        let schema = Arc::clone(&self.state.schema);
        Month { rows: RecordBatch::new_empty(Arc::clone(&schema)), schema }
    }

    /// Writes a month.
    ///
    /// # Errors
    /// As for [`RegisterState::replace`].
    pub async fn put(&mut self, month: Month) -> Result<(), IndexError> {
        self.rows += month.rows.num_rows();
        self.write(vec![month.rows]).await
    }

    /// Makes what was put the whole table; says how many rows it has.
    ///
    /// # Errors
    /// As for [`RegisterState::replace`].
    pub async fn commit(self, position: i64) -> Result<usize, IndexError> {
        self.end(position, |_| true).await
    }

    async fn write(&mut self, rows: Vec<RecordBatch>) -> Result<(), IndexError> {
        for batch in rows.into_iter().filter(|batch| batch.num_rows() > 0) {
            let written = self.writer.write(batch).await;
            written.map_err(|error| self.state.register.error(error))?;
        }
        self.adds.extend(self.state.flush(&mut self.writer).await?);
        Ok(())
    }

    /// Commits; files of a month that is `replaced` leave the table.
    async fn end(
        self,
        position: i64,
        replaced: impl Fn(&Option<String>) -> bool,
    ) -> Result<usize, IndexError> {
        let Self { state, adds, rows, .. } = self;
        let removed =
            state.removals(|values| replaced(values.get("received_month").unwrap_or(&None)))?;
        state.commit(adds.into_iter().chain(removed).collect(), position).await?;
        Ok(rows)
    }

    /// A month with its agencies looked up again, and how many rows are others.
    async fn found(
        &self,
        month: &str,
        find: &FindAgency<'_>,
    ) -> Result<(Vec<RecordBatch>, usize), IndexError> {
        let mut rows = Vec::new();
        let mut changed = 0;
        let mut held = self.state.month(month).await?;
        while let Some(old) = held.next().await {
            let old = fitted(&old?, &self.state.schema)?;
            let (new, others) = with_agencies(&old, find)?;
            rows.push(new);
            changed += others;
        }
        Ok((rows, changed))
    }
}

/// The rows with their agencies, and how many rows that changes.
fn with_agencies(
    rows: &RecordBatch,
    find: &FindAgency<'_>,
) -> Result<(RecordBatch, usize), IndexError> {
    let place = |name: &str| rows.schema_ref().index_of(name);
    let dossiers = text_column(rows, "dossier_code")?;
    let received = rows.column(place("received_at")?).as_primitive::<TimestampMicrosecondType>();
    let of = |codes: &StringArray, row: usize| {
        let at =
            received.is_valid(row).then(|| DateTime::from_timestamp_micros(received.value(row)));
        let code = codes.is_valid(row).then(|| codes.value(row))?;
        find(code, at.flatten(), dossiers.value(row))
    };
    let all = 0..rows.num_rows();
    let receiving = text_column(rows, "receiving_unit_code")?;
    let receiving: Vec<_> = all.clone().map(|row| of(&receiving, row)).collect();
    let handling = text_column(rows, "handling_agency_code")?;
    let uid = |found: &Option<(Uuid, String)>| found.as_ref().map(|(uid, _)| uid.to_string());
    let columns: [(&str, StringArray); 3] = [
        ("receiving_unit_uid", receiving.iter().map(uid).collect()),
        (
            "level_at_receipt",
            receiving.iter().map(|found| found.as_ref().map(|(_, l)| l)).collect(),
        ),
        ("handling_agency_uid", all.clone().map(|row| uid(&of(&handling, row))).collect()),
    ];
    let mut is_other = vec![false; rows.num_rows()];
    let mut new: Vec<ArrayRef> = rows.columns().to_vec();
    for (name, column) in columns {
        let old = text_column(rows, name)?;
        let value = |texts: &StringArray, row: usize| {
            texts.is_valid(row).then(|| texts.value(row).to_owned())
        };
        for row in all.clone() {
            is_other[row] |= value(&old, row) != value(&column, row);
        }
        let at = place(name)?;
        new[at] = cast(&column, rows.column(at).data_type())?;
    }
    let others = is_other.into_iter().filter(|is_other| *is_other).count();
    Ok((RecordBatch::try_new(rows.schema(), new)?, others))
}
