//! The objects: every record readable, every part it names there as it says, pages conserved.

use std::collections::{BTreeMap, HashMap, HashSet, hash_map::Entry as Slot};

use futures::TryStreamExt as _;
use object_store::path::Path;
use sohoa_flow::Fault;
use sohoa_publish::{
    evidence, keys,
    survey::{self, Entry, SourceEntries},
};
use sohoa_schemas::{
    record::{Part, Record, Rows},
    rows::IntakeRow,
};

use uuid::Uuid;

use super::{
    Audit, Report,
    rows::{Expected, print},
};

/// Checks every source, and answers which rows the index must have.
pub(super) async fn check(audit: &Audit<'_>, report: &mut Report) -> Result<Expected, Fault> {
    let mut expected = Expected::default();
    let mut originals = HashSet::new();
    let mut sources = std::pin::pin!(survey::sources(audit.output));
    while let Some(source) = sources.try_next().await? {
        one(audit, source, &mut expected, &mut originals, report).await?;
    }
    let mut stored = std::pin::pin!(survey::objects(audit.output, keys::ORIGINALS));
    while let Some(object) = stored.try_next().await? {
        if !originals.contains(&print(object.location.as_ref())) {
            report.garbage += 1;
            report.garbage_bytes += object.size;
        }
    }
    Ok(expected)
}

async fn one(
    audit: &Audit<'_>,
    source: SourceEntries,
    expected: &mut Expected,
    originals: &mut HashSet<u128>,
    report: &mut Report,
) -> Result<(), Fault> {
    let SourceEntries { uid, entries, mut parts } = source;
    if !entries.is_empty() {
        report.sources += 1;
    }
    let mut receipts: HashMap<Uuid, (String, IntakeRow)> = HashMap::new();
    let newest = entries.iter().filter_map(|(_, entry)| published(entry)).map(|r| r.version).max();
    for (key, entry) in entries {
        match &entry {
            Entry::Published(record) => {
                report.records += 1;
                conserve(&key, record, report);
                for part in &record.parts {
                    let is_new = originals.insert(print(&part.key));
                    // A bundle of evidence serves many records, and is looked at once.
                    if is_new || part.role != evidence::ROLE {
                        check_part(audit, &key, part, &mut parts, report).await?;
                    }
                }
            }
            Entry::Damaged(why) => report.problem(why.clone()),
            Entry::Held(held) => {
                let version = held.record.version;
                if newest.is_some_and(|newest| newest >= version) {
                    // Left behind between the record and its clearing.
                    report.garbage += 1;
                    continue;
                }
                report.held += 1;
                for part in held.composed.iter().chain(&held.record.parts) {
                    check_part(audit, &key, part, &mut parts, report).await?;
                    originals.insert(print(&part.key));
                }
            }
            Entry::Quarantined(entry) => {
                report.quarantined += 1;
                originals.extend(entry.originals.iter().map(|part| print(&part.key)));
            }
            Entry::Again(_) => {}
        }
        let current = published(&entry).is_none_or(|record| Some(record.version) == newest);
        let mut rows = entry.into_rows();
        for row in rows.intake.drain(..) {
            settle(&mut receipts, &key, row);
        }
        expected.add(&rows, current);
    }
    let receipts: Vec<IntakeRow> = receipts
        .into_values()
        .map(|(key, row)| {
            count(&key, &row, report);
            row
        })
        .collect();
    expected.add(&Rows { intake: receipts, ..Rows::default() }, true);
    report.garbage += parts.len() as u64;
    report.garbage_bytes += parts.values().sum::<u64>();
    if !parts.is_empty() {
        tracing::debug!(source = uid, objects = parts.len(), "garbage");
    }
    Ok(())
}

fn published(entry: &Entry) -> Option<&Record> {
    match entry {
        Entry::Published(record) => Some(record),
        _ => None,
    }
}

/// A file's later receipt replaces the earlier: that of a higher version, then of a later moment.
fn settle(receipts: &mut HashMap<Uuid, (String, IntakeRow)>, key: &str, row: IntakeRow) {
    let rank = |row: &IntakeRow| (row.version, row.settled_at);
    match receipts.entry(row.intake_uid) {
        Slot::Vacant(slot) => {
            slot.insert((key.to_owned(), row));
        }
        Slot::Occupied(mut slot) if rank(&row) > rank(&slot.get().1) => {
            slot.insert((key.to_owned(), row));
        }
        Slot::Occupied(_) => {}
    }
}

/// Every file's pages are published, quarantined or held; the record has a row for each page.
fn conserve(key: &str, record: &Record, report: &mut Report) {
    // A copy's pages are those of the file it is a copy of.
    let counted = record.rows.intake.iter().filter(|row| row.duplicate_of.is_none());
    let received: i64 = counted.map(|row| i64::from(row.pages)).sum();
    let rows = record.rows.pages.len() as i64;
    if received != rows {
        report.problem(format!("`{key}`: {received} pages were received, {rows} have a row"));
    }
    let documents: i64 = record.rows.documents.iter().map(|row| i64::from(row.page_count)).sum();
    if documents != rows {
        report.problem(format!("`{key}`: documents have {documents} pages of {rows}"));
    }
}

fn count(key: &str, row: &IntakeRow, report: &mut Report) {
    let sum = row.pages_published + row.pages_quarantined + row.pages_held;
    if sum != row.pages {
        report.problem(format!("`{key}`: `{}` has {} pages, {sum} settled", row.uri, row.pages));
    }
    report.files += 1;
    report.pages += row.pages as u64;
    report.pages_published += row.pages_published as u64;
    report.pages_quarantined += row.pages_quarantined as u64;
    report.pages_held += row.pages_held as u64;
}

/// One part: there, of the size and, in a full audit, of the hash that its record says.
async fn check_part(
    audit: &Audit<'_>,
    key: &str,
    part: &Part,
    listed: &mut BTreeMap<String, u64>,
    report: &mut Report,
) -> Result<(), Fault> {
    report.objects += 1;
    let there = match listed.remove(&part.key) {
        Some(size) => size == part.size,
        None => audit.output.holds("audit", &part.key, part.size).await?,
    };
    if !there {
        report.problem(format!("`{key}`: `{}` is missing or has another size", part.key));
        return Ok(());
    }
    if audit.full {
        let fetched = audit.output.fetch(&Path::from(part.key.as_str())).await?;
        report.objects_hashed += 1;
        if fetched.sha256 != part.sha256 {
            report.problem(format!("`{key}`: `{}` has other bytes than recorded", part.key));
        }
    }
    Ok(())
}
