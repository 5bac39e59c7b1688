//! How many documents are public, and why the others are not.

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::{compute::cast, datatypes::DataType};
use deltalake::datafusion::prelude::{Expr, col, lit};
use futures::TryStreamExt as _;
use serde::Serialize;
use sohoa_find::Request;
use sohoa_index::{Index, IndexError, Table};

/// Access mode of what is open to everybody.
const OPEN: &str = "01";

/// Columns that decide.
const COLUMNS: [&str; 3] = ["state", "access_mode", "secrecy_level"];

/// Documents by what keeps them from being public; each is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// May be known by everybody.
    pub public: u64,
    /// Not published, or withdrawn.
    pub not_published: u64,
    /// Access mode other than open: conditional, secret or unknown.
    pub not_open: u64,
    /// Secret, or nobody could read whether it is.
    pub maybe_secret: u64,
}

/// The rows that may leave. What is null does not pass.
pub(crate) fn filter(request: &Request) -> Expr {
    let is = |column: &str, value: &str| col(column).eq(lit(value));
    request
        .scope()
        .and(is("state", "published"))
        .and(is("access_mode", OPEN))
        .and(is("secrecy_level", "none"))
}

/// Counts the documents of a request.
///
/// # Errors
/// [`IndexError`] when the table cannot be read.
pub async fn census(index: &Index, request: &Request) -> Result<Census, IndexError> {
    let answer = index.scan(Table::Documents, Some(request.scope()), &COLUMNS).await?;
    let mut stream = answer.stream()?;
    let mut census = Census::default();
    while let Some(batch) = stream.try_next().await? {
        count(&batch, &mut census)?;
    }
    Ok(census)
}

fn count(batch: &RecordBatch, census: &mut Census) -> Result<(), IndexError> {
    let mut columns = Vec::with_capacity(COLUMNS.len());
    for column in COLUMNS {
        let column = batch.column(batch.schema_ref().index_of(column)?);
        columns.push(cast(column, &DataType::Utf8)?.as_string::<i32>().clone());
    }
    let is = |column: &StringArray, row: usize, value: &str| {
        column.is_valid(row) && column.value(row) == value
    };
    for row in 0..batch.num_rows() {
        let passed = [
            is(&columns[0], row, "published"),
            is(&columns[1], row, OPEN),
            is(&columns[2], row, "none"),
        ];
        let kept = match passed {
            [false, _, _] => &mut census.not_published,
            [_, false, _] => &mut census.not_open,
            [_, _, false] => &mut census.maybe_secret,
            [true, true, true] => &mut census.public,
        };
        *kept += 1;
    }
    Ok(())
}
