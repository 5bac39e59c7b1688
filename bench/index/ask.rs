//! Questions as `sohoa query` answers them.

use std::{io::BufRead as _, time::Instant};

use arrow::array::{AsArray as _, RecordBatch};
use futures::TryStreamExt as _;
use serde_json::json;
use sohoa_index::Index;

use crate::Outcome;

/// Answers the questions of standard input: milliseconds and rows of each, or, where it begins with
/// `EXPLAIN`, the plan. Every question opens its tables anew, as the command does.
pub(crate) async fn answer(index: &Index) -> Outcome<()> {
    for line in std::io::stdin().lock().lines() {
        let sql = line?;
        let began = Instant::now();
        let batches: Vec<RecordBatch> = index.query(&sql).await?.try_collect().await?;
        let ms = began.elapsed().as_secs_f64() * 1e3;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let plan = sql.starts_with("EXPLAIN").then(|| plan(&batches));
        println!("{}", json!({ "ms": ms, "rows": rows, "plan": plan }));
    }
    Ok(())
}

fn plan(batches: &[RecordBatch]) -> Vec<&str> {
    let columns = batches.iter().filter_map(|batch| batch.columns().last());
    columns.flat_map(|column| column.as_string::<i32>().iter().flatten()).collect()
}
