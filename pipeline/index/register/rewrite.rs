//! `dossiers` made anew, or its agencies looked up once more: month by month, and one commit for all.
//! Whoever reads meanwhile sees the table as it was, and a program that is killed leaves it so.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    mem,
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
    dossiers::{Merged, Merging, fitted},
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
    pub(super) state: RegisterState,
    writer: RecordBatchWriter,
    adds: Vec<Action>,
    rows: usize,
    /// Months that were changed, and not made anew as the whole table is.
    changed: HashSet<String>,
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
        let (writer, changed) = (self.writer()?, HashSet::new());
        Ok(Rewrite { writer, state: self, adds: Vec::new(), rows: 0, changed })
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
        for month in months {
            let found = rewrite.found(&month, find).await?;
            rewrite.change(&month, found).await?;
        }
        rewrite.commit_changes(position).await
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

    /// Writes a month of the table anew, if anything in it is another now.
    pub(super) async fn change(&mut self, month: &str, merged: Merged) -> Result<(), IndexError> {
        if merged.changed == 0 {
            return Ok(());
        }
        self.rows += merged.changed;
        self.changed.insert(month.to_owned());
        self.write(merged.batches).await
    }

    /// Puts the changed months in the place of what they were; says how many rows are new or changed.
    pub(super) async fn commit_changes(mut self, position: i64) -> Result<usize, IndexError> {
        let changed = mem::take(&mut self.changed);
        self.end(position, |month| month.is_some_and(|month| changed.contains(month))).await
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
        replaced: impl Fn(Option<&str>) -> bool,
    ) -> Result<usize, IndexError> {
        let Self { state, adds, rows, .. } = self;
        let removed = state
            .removals(|values| replaced(values.get("received_month").and_then(Option::as_deref)))?;
        state.commit(adds.into_iter().chain(removed).collect(), position).await?;
        Ok(rows)
    }

    /// A month with its agencies looked up again.
    async fn found(&self, month: &str, find: &FindAgency<'_>) -> Result<Merged, IndexError> {
        let mut merged = Merged::default();
        let mut held = self.state.month(month).await?;
        while let Some(old) = held.next().await {
            let old = fitted(&old?, &self.state.schema)?;
            let (new, others) = with_agencies(&old, find)?;
            merged.batches.push(new);
            merged.changed += others;
        }
        Ok(merged)
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
