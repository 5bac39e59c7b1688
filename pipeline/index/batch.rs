//! Rows as they come from records, and as the columns of a table.

use arrow::{array::RecordBatch, datatypes::SchemaRef, json::ReaderBuilder};
use serde::Serialize;
use sohoa_schemas::record::Rows;

use crate::{error::IndexError, table::Table};

/// What one step of a source brings to the index.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Position after the batch in the application's stream, rising; the version of its transaction.
    pub seq: i64,
    /// Keys of the objects the rows come from; for messages only.
    pub keys: Vec<String>,
    /// The rows.
    pub rows: Rows,
}

/// The rows of `table` as columns.
pub(crate) fn columns(
    table: Table,
    schema: &SchemaRef,
    rows: &Rows,
) -> Result<RecordBatch, IndexError> {
    match table {
        Table::PageText => encode(schema, &rows.page_text),
        Table::Pages => encode(schema, &rows.pages),
        Table::Signatures => encode(schema, &rows.signatures),
        Table::Findings => encode(schema, &rows.findings),
        Table::Events => encode(schema, &rows.events),
        Table::Intake => encode(schema, &rows.intake),
        Table::DocumentVersions | Table::Documents => encode(schema, &rows.documents),
    }
}

pub(crate) fn encode<T: Serialize>(
    schema: &SchemaRef,
    rows: &[T],
) -> Result<RecordBatch, IndexError> {
    let mut decoder = ReaderBuilder::new(schema.clone())
        .with_strict_mode(true)
        .with_batch_size(rows.len().max(1))
        .build_decoder()?;
    decoder.serialize(rows)?;
    Ok(decoder.flush()?.unwrap_or_else(|| RecordBatch::new_empty(schema.clone())))
}
