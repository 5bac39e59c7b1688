//! Columns into a table without any look-up: for synthetic indexes that are measured.

use arrow::array::{RecordBatch, UInt32Array};
use deltalake::writer::DeltaWriter as _;

use crate::{Index, error::IndexError, order::Curve, table::Table};

impl Index {
    /// Adds rows that are known to be new and come in the table's order, month by month, in files as
    /// a compaction leaves them.
    ///
    /// # Errors
    /// Any of [`IndexError`]; nothing is added then.
    pub async fn load(
        &mut self,
        table: Table,
        batches: impl Iterator<Item = RecordBatch>,
    ) -> Result<(), IndexError> {
        let log = self.log_mut(table);
        let mut writer = log.ordered_writer().await?;
        for batch in batches {
            writer.write(batch).await.map_err(|error| log.error(error))?;
        }
        let adds = writer.flush().await.map_err(|error| log.error(error))?;
        log.exchange(&[], &adds).await
    }
}

/// Where the rows of a month lie on the curve of agencies and years.
///
/// # Errors
/// [`IndexError::Arrow`] when the batch lacks one of the columns.
pub fn places(batch: &RecordBatch) -> Result<UInt32Array, IndexError> {
    Curve::of_batch(["custodian_agency_code", "document_year"], batch)?.places(batch)
}
