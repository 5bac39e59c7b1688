//! `sohoa index verify`.

use std::collections::HashSet;

use futures::TryStreamExt as _;
use indicatif::MultiProgress;
use serde_json::json;
use sohoa_index::{Depth, Difference, Index, Stored, Table};
use sohoa_publish::{
    keys,
    survey::{self, Entry},
};
use sohoa_schemas::record::Rows;
use sohoa_store::{Missing, Store};
use uuid::Uuid;

use super::{failed, open, print};
use crate::{
    arguments::index::Verify,
    bar::Progress,
    console::say,
    exit::{Exit, Failure},
    imports,
    settings::Settings,
    setup,
};

/// Records held against the tables in one question.
const TOGETHER: usize = 200;

/// Differences listed one by one; beyond that they are only counted.
const LISTED: usize = 1000;

/// What was looked at, and what is wrong.
#[derive(Default)]
struct Verdict {
    files: u64,
    records: u64,
    differences: Vec<Difference>,
}

/// Holds the index against its logs, itself and the records.
pub(super) async fn run(
    settings: &Settings,
    arguments: &Verify,
    bars: &MultiProgress,
) -> Result<Exit, Failure> {
    let (mut index, tables) = open(settings, &arguments.of).await?;
    let store = setup::open(settings, &arguments.of.output, Missing::Refuse).await?;
    let mut verdict = Verdict::default();
    files(&mut index, &tables, arguments.deep, bars, &mut verdict).await?;
    verdict.differences.extend(imports::behind((&store, &index), &tables).await?);
    if verdict.differences.iter().all(|difference| !difference.repair.ends_with("rebuild")) {
        rows(&index, &tables, bars, &mut verdict).await?;
        if arguments.of.tables.is_empty() {
            records(&index, &store, arguments, &mut verdict).await?;
        }
    }
    report(&verdict, arguments.of.json)?;
    Ok(if verdict.differences.is_empty() { Exit::Done } else { Exit::CheckFailed })
}

async fn files(
    index: &mut Index,
    tables: &[Stored],
    deep: bool,
    bars: &MultiProgress,
    verdict: &mut Verdict,
) -> Result<(), Failure> {
    for table in tables {
        let files = index.files(*table).await.map_err(|error| failed(&error))?.len() as u64;
        verdict.files += files;
    }
    let bar = Progress::of(bars, verdict.files, "files", "verified");
    let depth = if deep { Depth::Whole } else { Depth::Footers };
    for table in tables {
        let found = index.verify_files(*table, depth, &|| bar.one()).await;
        verdict.differences.extend(found.map_err(|error| failed(&error))?);
    }
    Ok(())
}

/// What no single file tells; asked only of files that can be read.
async fn rows(
    index: &Index,
    tables: &[Stored],
    bars: &MultiProgress,
    verdict: &mut Verdict,
) -> Result<(), Failure> {
    let bar = Progress::of(bars, tables.len() as u64 + 1, "tables", "searched for keys twice");
    for table in tables {
        let found = index.verify_keys(*table).await.map_err(|error| failed(&error))?;
        verdict.differences.extend(found);
        bar.one();
    }
    let found = index.verify_relations().await.map_err(|error| failed(&error))?;
    verdict.differences.extend(found);
    bar.one();
    Ok(())
}

async fn records(
    index: &Index,
    store: &Store,
    arguments: &Verify,
    verdict: &mut Verdict,
) -> Result<(), Failure> {
    if arguments.deep {
        return every_record(index, store, verdict).await;
    }
    let chosen = index.some_sources(arguments.records).await.map_err(|error| failed(&error))?;
    for chunk in chosen.chunks(TOGETHER) {
        let mut sample = Sample::default();
        for (source, version) in chunk {
            let key = match source.parse::<Uuid>() {
                Ok(uid) => keys::record(uid, *version),
                Err(_) => source.clone(),
            };
            match survey::entry(store, &key).await? {
                Some(Entry::Published(record)) => sample.add(record.rows, *version),
                Some(Entry::Damaged(why)) => verdict.unreadable(&why),
                _ => verdict.unreadable(&format!("there is no record `{key}`")),
            }
        }
        sample.check(index, verdict).await?;
    }
    Ok(())
}

async fn every_record(index: &Index, store: &Store, verdict: &mut Verdict) -> Result<(), Failure> {
    let mut sample = Sample::default();
    let mut sources = std::pin::pin!(survey::sources(store));
    while let Some(source) = sources.try_next().await? {
        let mut records = Vec::new();
        for (_, entry) in source.entries {
            match entry {
                Entry::Published(record) => records.push(*record),
                Entry::Damaged(why) => verdict.unreadable(&why),
                _ => {}
            }
        }
        let newest = records.iter().map(|record| record.version).max().unwrap_or_default();
        for record in records {
            sample.add(record.rows, newest);
        }
        if sample.records >= TOGETHER {
            std::mem::take(&mut sample).check(index, verdict).await?;
        }
    }
    sample.check(index, verdict).await
}

/// Records that are held against the tables together.
#[derive(Default)]
struct Sample {
    rows: Rows,
    current: HashSet<(String, i32)>,
    records: usize,
}

impl Sample {
    /// Adds a record's rows, of a source whose newest version is known.
    fn add(&mut self, rows: Rows, newest: i32) {
        let sources = rows.documents.iter().map(|row| (row.source_uid.to_string(), newest));
        self.current.extend(sources);
        self.rows.extend(rows);
        self.records += 1;
    }

    async fn check(self, index: &Index, verdict: &mut Verdict) -> Result<(), Failure> {
        verdict.records += self.records as u64;
        let found = index.verify_records(&self.rows, &self.current).await;
        verdict.differences.extend(found.map_err(|error| failed(&error))?);
        Ok(())
    }
}

impl Verdict {
    fn unreadable(&mut self, why: &str) {
        self.differences.push(Difference {
            table: Table::Documents.name(),
            file: None,
            what: format!("a record cannot be read: {why}"),
            repair: "sohoa audit",
        });
    }
}

fn report(verdict: &Verdict, json: bool) -> Result<(), Failure> {
    let Verdict { files, records, differences } = verdict;
    let listed = differences.get(..LISTED).unwrap_or(differences);
    if json {
        return print(&json!({
            "files": files, "records": records, "differences_total": differences.len(),
            "differences": listed,
        }));
    }
    for one in listed {
        let file = one.file.as_ref().map(|file| format!(" `{file}`")).unwrap_or_default();
        say(format_args!("{}{file}: {}; {}", one.table, one.what, one.repair))?;
    }
    say(format_args!(
        "{files} files and {records} records looked at: {} differences",
        differences.len()
    ))
}
