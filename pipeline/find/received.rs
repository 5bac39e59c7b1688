//! Looking among what was received and is not published: held or refused. Nothing of it stands in
//! `documents`; its receipt has the file's address, and why it was refused.

use std::pin::Pin;

use arrow::{
    array::{BooleanArray, RecordBatch},
    compute::filter_record_batch,
    datatypes::SchemaRef,
};
use deltalake::datafusion::prelude::{col, lit};
use futures::{Stream, TryStreamExt as _};
use sohoa_document::fold::fold;
use sohoa_index::{Index, IndexError, Table};
use sohoa_schemas::rows::Outcome;

use crate::{
    columns::{text, value},
    search::Scans,
    words::Words,
};

/// Columns of an answer.
const COLUMNS: [&str; 8] =
    ["uri", "received_at", "pages", "outcome", "code", "sentence", "source_name", "source_uid"];

/// Columns that words may stand in.
const SEARCHED: [&str; 4] = ["uri", "code", "sentence", "source_uid"];

/// Rows, filtered as they come.
pub(crate) type Rows = Pin<Box<dyn Stream<Item = Result<RecordBatch, IndexError>> + Send>>;

/// Receipts with this outcome that have all words in their address, code or sentence; the numbers of
/// a file's name are words like the others.
///
/// # Errors
/// [`IndexError`] when the table cannot be read.
pub async fn received(
    index: &Index,
    outcome: Outcome,
    words: Words,
    scans: Scans<'_>,
) -> Result<(SchemaRef, Rows), IndexError> {
    let filter = col("outcome").eq(lit(outcome.as_str()));
    let answer = index.scan(Table::Intake, Some(filter), &COLUMNS).await?;
    scans(Table::Intake, &answer);
    let schema = answer.schema();
    let rows = answer.stream()?.map_err(IndexError::from);
    let fitting = rows.and_then(move |batch| {
        let kept = fitting(&batch, &words);
        async move { kept }
    });
    Ok((schema, Box::pin(fitting)))
}

fn fitting(batch: &RecordBatch, words: &Words) -> Result<RecordBatch, IndexError> {
    let columns = SEARCHED.map(|column| text(batch, column));
    let columns = columns.into_iter().collect::<Result<Vec<_>, _>>()?;
    let fits = |row: usize| {
        let texts: Vec<String> = columns.iter().map(|column| fold(value(column, row))).collect();
        words.all_in(&texts.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let mask: BooleanArray = (0..batch.num_rows()).map(|row| Some(fits(row))).collect();
    Ok(filter_record_batch(batch, &mask)?)
}
