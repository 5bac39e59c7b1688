//! Answers of the index as rows of text, one batch in memory at a time.

use arrow::{
    array::{Array as _, AsArray, StringArray},
    compute::cast,
    datatypes::DataType,
};
use futures::StreamExt as _;
use sohoa_index::{Index, IndexError};

/// Calls `take` with every row of a query's answer.
pub(crate) async fn for_each_row(
    index: &Index,
    sql: &str,
    mut take: impl FnMut(&[Option<&str>]),
) -> Result<(), IndexError> {
    let mut answer = index.query(sql).await?;
    while let Some(batch) = answer.next().await {
        let batch = batch?;
        let texts = batch
            .columns()
            .iter()
            .map(|column| cast(column, &DataType::Utf8))
            .collect::<Result<Vec<_>, _>>()?;
        let columns: Vec<&StringArray> = texts.iter().map(AsArray::as_string::<i32>).collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<Option<&str>> = columns
                .iter()
                .map(|column| column.is_valid(row).then(|| column.value(row)))
                .collect();
            take(&cells);
        }
    }
    Ok(())
}
