//! The input: every file of it, as it is now, has a receipt.

use std::collections::HashSet;

use sohoa_index::Index;
use sohoa_source::Walk;
use sohoa_store::Store;

use super::{Report, rows::print};
use crate::{
    answers::for_each_row,
    exit::{Exit, Failure},
    stages::rows::micros,
};

/// Looks every file of the input up.
pub(super) async fn check(
    index: &Index,
    (input, walk): (&Store, &Walk),
    report: &mut Report,
) -> Result<(), Failure> {
    let name = walk.naming.input.replace('\'', "''");
    let sql = format!(
        "select uri, cast(size as varchar), cast(to_unixtime(modified_at) as varchar) \
         from intake where source_name = '{name}'"
    );
    let mut received = HashSet::new();
    for_each_row(index, &sql, |row| {
        let cells: Vec<&str> = row.iter().map(|cell| cell.unwrap_or_default()).collect();
        received.insert(print(&cells.join("\u{1f}")));
    })
    .await
    .map_err(|error| Failure::from_error(Exit::Unreachable, &error))?;
    let mut files = 0u64;
    sohoa_source::walk(input, walk, |source| {
        for file in &source.files {
            files += 1;
            let seconds = micros(file.modified).timestamp();
            let cells = [file.key.to_string(), file.size.to_string(), seconds.to_string()];
            if !received.contains(&print(&cells.join("\u{1f}"))) {
                report.problem(format!("`{}` was never received as it is now", file.key));
            }
        }
        std::future::ready(true)
    })
    .await?;
    tracing::info!(files, "input looked up");
    Ok(())
}
