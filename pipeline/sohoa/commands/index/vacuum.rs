//! `sohoa index vacuum`.

use indicatif::MultiProgress;
use serde_json::json;

use super::{failed, mib, open, print};
use crate::{
    arguments::index::Vacuum,
    bar::Progress,
    console::say,
    exit::{Exit, Failure},
    settings::Settings,
};

/// Fewest days that do not have to be asked for twice.
const FLOOR: u16 = 1;

/// Removes what nobody reads any more.
pub(super) async fn run(
    settings: &Settings,
    arguments: &Vacuum,
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let days = arguments.retention_days.unwrap_or(settings.config.index.retention_days);
    if days < FLOOR && !arguments.no_readers {
        let what = "a retention of less than a day breaks whoever reads the index now";
        return Err(Failure::new(Exit::Usage, what)
            .hint("give --no-readers when nobody does, or --retention-days 1"));
    }
    let (mut index, tables) = open(settings, &arguments.of).await?;
    let bar = Progress::of(bars, tables.len() as u64, "tables", "vacuumed");
    let mut done = Vec::with_capacity(tables.len());
    for table in tables {
        let vacuumed = index.vacuum(table, days, arguments.dry_run).await;
        done.extend(vacuumed.map_err(|error| failed(&error))?);
        bar.one();
    }
    drop(bar);
    if arguments.of.json {
        print(&json!({ "dry_run": arguments.dry_run, "retention_days": days, "tables": done }))?;
        return Ok(Exit::Done);
    }
    let verb = if arguments.dry_run { "would be removed" } else { "removed" };
    for one in done {
        say(format_args!(
            "{:<18} {} files {verb} ({} MiB) and {} log entries; {} files ({} MiB) may still be read \
             or committed",
            one.table,
            one.removed,
            mib(one.removed_bytes),
            one.log_entries,
            one.kept,
            mib(one.kept_bytes)
        ))?;
    }
    Ok(Exit::Done)
}
