//! `sohoa index stats`.

use serde_json::json;

use super::{failed, open, print};
use crate::{
    arguments::index::Of,
    console::say,
    exit::{Exit, Failure},
    settings::Settings,
};

/// Counts every table.
pub(super) async fn run(settings: &Settings, of: &Of) -> Result<Exit, Failure> {
    let (index, tables) = open(settings, of).await?;
    let mut stats = Vec::with_capacity(tables.len());
    for table in tables {
        stats.push(index.stats(table).await.map_err(|error| failed(&error))?);
    }
    if of.json {
        print(&json!({ "tables": stats }))?;
        return Ok(Exit::Done);
    }
    say(format_args!(
        "{:<18} {:>12} {:>7} {:>14} {:>8} {:>6} {:>7} {:>9} {:>9} {:>9} {:>12} {:>8}",
        "table",
        "rows",
        "files",
        "bytes",
        "a row",
        "small",
        "months",
        "version",
        "oldest",
        "log files",
        "log bytes",
        "removed"
    ))?;
    for one in stats {
        let version = |version: Option<u64>| version.map_or("-".into(), |v| v.to_string());
        say(format_args!(
            "{:<18} {:>12} {:>7} {:>14} {:>8} {:>6} {:>7} {:>9} {:>9} {:>9} {:>12} {:>8}",
            one.table,
            one.rows,
            one.files,
            one.bytes,
            one.bytes_per_row.map_or("-".into(), |bytes| format!("{bytes:.1}")),
            one.small_files,
            one.partitions,
            version(one.version),
            version(one.oldest_version),
            one.log_files,
            one.log_bytes,
            one.removed_files
        ))?;
    }
    Ok(Exit::Done)
}
