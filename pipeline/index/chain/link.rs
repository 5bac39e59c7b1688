//! Giving new rows their places.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use serde::Serialize;
use sohoa_schemas::events::GENESIS;

use super::canonical::{Canonical, number_column};
use crate::{
    error::IndexError,
    files::{DataFile, text_column},
    log::TableLog,
    table::PROVINCE,
};

/// The last event of a province's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Its place: as many events there are.
    pub seq: i64,
    /// Its hash, on which the next one builds.
    pub row_hash: String,
}

impl Default for Head {
    /// Before the first event.
    fn default() -> Self {
        Self { seq: 0, row_hash: GENESIS.to_owned() }
    }
}

/// The heads by province.
pub(crate) type Heads = HashMap<String, Head>;

/// The rows with their places on top of `heads`, which move on.
pub(super) fn link(batch: &RecordBatch, heads: &mut Heads) -> Result<RecordBatch, IndexError> {
    let canonical = Canonical::of(batch)?;
    let provinces = text_column(batch, PROVINCE)?;
    let (mut places, mut before, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..batch.num_rows() {
        let head = heads.entry(provinces.value(row).to_owned()).or_default();
        let seq = head.seq + 1;
        let row_hash = canonical.hash(row, (seq, &head.row_hash));
        places.push(seq);
        before.push(std::mem::replace(&mut head.row_hash, row_hash.clone()));
        hashes.push(row_hash);
        head.seq = seq;
    }
    let mut columns = batch.columns().to_vec();
    let linked: [(&str, ArrayRef); 3] = [
        ("seq", Arc::new(Int64Array::from(places))),
        ("prev_hash", Arc::new(StringArray::from(before))),
        ("row_hash", Arc::new(StringArray::from(hashes))),
    ];
    for (name, column) in linked {
        columns[batch.schema_ref().index_of(name)?] = column;
    }
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

impl TableLog {
    /// The rows linked on top of the state last seen, and the heads there are once they are
    /// committed. Of a commit that fails the state is forgotten, and the heads with it.
    pub(crate) async fn link(
        &mut self,
        rows: &RecordBatch,
    ) -> Result<(RecordBatch, Heads), IndexError> {
        let provinces = text_column(rows, PROVINCE)?;
        let provinces: BTreeSet<&str> = provinces.iter().flatten().collect();
        for province in provinces {
            Box::pin(self.head(province)).await?;
        }
        let mut heads = self.heads.clone();
        Ok((link(rows, &mut heads)?, heads))
    }

    /// The head of a province's chain in the state last seen; none where there is no event.
    pub(crate) async fn head(&mut self, province: &str) -> Result<Option<Head>, IndexError> {
        if let Some(head) = self.heads.get(province) {
            return Ok(Some(head.clone()));
        }
        let files = self.files().await?;
        let last = files.iter().filter(|file| file.province == province).max_by_key(|f| last(f));
        let Some(file) = last else { return Ok(None) };
        let mut rows = self.reader().last_rows(file, &["seq", "row_hash"]).await?;
        let mut head = None;
        while let Some(batch) = rows.next().await? {
            let (places, hashes) =
                (number_column(&batch, "seq")?, text_column(&batch, "row_hash")?);
            for row in 0..batch.num_rows() {
                let seq = places.value(row);
                if head.as_ref().is_none_or(|head: &Head| head.seq < seq) {
                    head = Some(Head { seq, row_hash: hashes.value(row).to_owned() });
                }
            }
        }
        if let Some(head) = &head {
            self.heads.insert(province.to_owned(), head.clone());
        }
        Ok(head)
    }
}

/// The last place in a file. One that does not say comes last, and is looked into.
fn last(file: &DataFile) -> i64 {
    file.bound("maxValues", "seq").unwrap_or(i64::MAX)
}
