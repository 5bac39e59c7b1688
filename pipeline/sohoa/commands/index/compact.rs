//! `sohoa index compact`.

use std::time::Instant;

use indicatif::MultiProgress;
use serde_json::json;
use sohoa_index::{Compacted, Index, Stored, Unit};

use super::{failed, mib, open, print};
use crate::{
    arguments::index::Compact,
    bar::Progress,
    console::say,
    exit::{Exit, Failure},
    settings::Settings,
};

/// Puts files in order, unit by unit.
pub(super) async fn run(
    settings: &Settings,
    arguments: &Compact,
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let (mut index, tables) = open(settings, &arguments.of).await?;
    let units = plan(&mut index, &tables, arguments.all).await?;
    if arguments.dry_run {
        return planned(&units, arguments.of.json);
    }
    let began = Instant::now();
    let bar = Progress::of(bars, units.len() as u64, "parts", "compacted");
    let mut done = Vec::with_capacity(units.len());
    for unit in units {
        let compacted = index.compact(&unit).await.map_err(|error| failed(&error))?;
        done.push((unit, compacted));
        bar.one();
    }
    drop(bar);
    report(&done, began.elapsed().as_secs_f64(), arguments.of.json)?;
    Ok(Exit::Done)
}

async fn plan(index: &mut Index, tables: &[Stored], all: bool) -> Result<Vec<Unit>, Failure> {
    let mut units = Vec::new();
    for table in tables {
        // Reference tables are written whole, or a month whole: they are always full.
        let Stored::Derived(table) = table else { continue };
        units.extend(index.compaction(*table, all).await.map_err(|error| failed(&error))?);
    }
    Ok(units)
}

fn planned(units: &[Unit], json: bool) -> Result<Exit, Failure> {
    if json {
        print(&json!({ "dry_run": true, "units": units }))?;
        return Ok(Exit::Done);
    }
    for unit in units {
        say(format_args!(
            "{:<18} {} {}: {} files, {} MiB",
            unit.table,
            unit.province,
            unit.month,
            unit.files,
            mib(unit.bytes)
        ))?;
    }
    let files: usize = units.iter().map(|unit| unit.files).sum();
    let bytes: u64 = units.iter().map(|unit| unit.bytes).sum();
    say(format_args!("{files} files would be put in order ({} MiB)", mib(bytes)))?;
    Ok(Exit::Done)
}

fn report(done: &[(Unit, Compacted)], seconds: f64, json: bool) -> Result<(), Failure> {
    let mut sum = Compacted::default();
    for (_, one) in done {
        sum.files_before += one.files_before;
        sum.bytes_before += one.bytes_before;
        sum.files_after += one.files_after;
        sum.bytes_after += one.bytes_after;
    }
    if json {
        let units: Vec<_> = done
            .iter()
            .map(|(unit, compacted)| json!({ "unit": unit, "compacted": compacted }))
            .collect();
        return print(&json!({
            "dry_run": false, "units": units, "compacted": sum, "seconds": seconds,
        }));
    }
    say(format_args!(
        "{} files became {} ({} MiB, now {} MiB) in {seconds:.1} s",
        sum.files_before,
        sum.files_after,
        mib(sum.bytes_before),
        mib(sum.bytes_after)
    ))
}
