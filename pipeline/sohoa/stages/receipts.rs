//! Receipts of bytes that have their answer already: the same files again, touched files, and
//! copies of them in the same dossier.
//!
//! Every received file has its own receipt, though the document is one. The latest one of a file is
//! the last word on it, and machines' clocks differ: so each is made later than those it replaces.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use sohoa_flow::{FatalKind, Fault, retry::retry};
use sohoa_publish::{holding, keys, publication, quarantine, trail};
use sohoa_schemas::{
    Code,
    events::EventRow,
    record::{Prepared, Quarantine, Record, Rows},
    rows::{IntakeRow, Outcome},
};
use sohoa_source::{SourceFile, identity};
use uuid::Uuid;

use crate::{
    context::{Context, Office, now},
    stages::{
        accept::Remark,
        process::Settled,
        publish,
        rows::{self, FilePages, Filed, Verdict, micros},
        take_in::Taken,
    },
};

const STAGE: &str = "publish";

/// The bytes are published already. What the record does not know of these files goes into a
/// receipt of its own beside it.
///
/// A document that was refused while a worker that was taken for dead published it has the refusal
/// for its last receipts, and a record that nobody announced. Both are put right here.
pub(crate) async fn again(
    context: &Context,
    taken: &Taken,
    record: Record,
) -> Result<Settled, Fault> {
    join_waiting(context, taken).await?;
    let refused = refused_since(context, &record).await?;
    let mut rows = match &refused {
        Some((at, _)) => anew(context, taken, &record, *at),
        None => missing(context, taken, &record, Outcome::Published),
    };
    let Some(receipt) = rows.intake.first().map(|row| row.intake_uid) else {
        return Ok(Settled { known: true, ..Settled::published(record) });
    };
    let unannounced = refused.is_some().then(|| publish::record_key(&record));
    rows.events.extend(refused.into_iter().flat_map(|(_, events)| events));
    let key = keys::again(taken.uid, receipt);
    let bytes: Bytes = serde_json::to_vec_pretty(&rows)
        .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?
        .into();
    retry(context.retry, || context.output.put(STAGE, &key, bytes.clone())).await?;
    if unannounced.is_some() {
        let receipts = std::mem::take(&mut rows.intake);
        rows.extend(trail::record_rows(record));
        rows.intake = receipts;
    }
    let rows = trail::receipt_rows(rows);
    let settled = Settled::new(taken.uid, Outcome::Published, key, rows);
    Ok(Settled { known: true, unannounced, ..settled })
}

/// A reading that waits beside a correction of the version before was not published: it goes on
/// waiting, and has these files' receipts, or its own would be the last word on them.
async fn join_waiting(context: &Context, taken: &Taken) -> Result<(), Fault> {
    let Some(waiting) = clear_published(context, taken.uid).await? else { return Ok(()) };
    join_held(context, taken, waiting.record.version).await
}

/// Adds the receipts of this source's files to a held state.
pub(crate) async fn join_held(context: &Context, taken: &Taken, version: i32) -> Result<(), Fault> {
    let key = keys::work(taken.uid, version, holding::PREPARED);
    let join = |mut held: Prepared| join(context, taken, &mut held.record).then_some(held);
    retry(context.retry, || holding::change(&context.output, &key, join)).await.map(drop)
}

/// Clears what an interruption between the record and the clearing left behind; answers what does
/// wait.
async fn clear_published(context: &Context, source: Uuid) -> Result<Option<Prepared>, Fault> {
    let output = &context.output;
    loop {
        let held = match retry(context.retry, || holding::of(output, source)).await {
            Ok(Some(held)) => held,
            // One that is damaged is found so by whoever decides on it.
            Ok(None) | Err(Fault::Reject(_)) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let version = held.record.version;
        if retry(context.retry, || publication::reading(output, source, version)).await?.is_none() {
            return Ok(Some(held));
        }
        let objects = holding::objects_of(&held);
        retry(context.retry, || holding::clear(output, &objects)).await?;
    }
}

/// When a published document was refused, if its refusal has the later receipt, and the events that
/// the refusal tells.
async fn refused_since(
    context: &Context,
    record: &Record,
) -> Result<Option<(DateTime<Utc>, Vec<EventRow>)>, Fault> {
    let entry = refusal_of(context, record).await?;
    Ok(entry.and_then(|entry| Some((latest(&entry.rows)?, trail::refusals(&entry)))))
}

/// The refusal of a record's source, if it has the later receipt: an earlier one is history.
pub(crate) async fn refusal_of(
    office: &Office,
    record: &Record,
) -> Result<Option<Quarantine>, Fault> {
    let find = || quarantine::find(&office.output, record.source_uid);
    let entry = retry(office.retry, find).await?;
    let later = |entry: &Quarantine| {
        let refused = latest(&entry.rows);
        refused.is_some_and(|refused| latest(&record.rows).is_none_or(|at| at <= refused))
    };
    Ok(entry.filter(later))
}

/// The moment of a record's receipts: later than the refusal of the same source, and than the held
/// state that the record was made of, whatever the clocks said that wrote those.
pub(crate) async fn moment(office: &Office, record: &Record) -> Result<DateTime<Utc>, Fault> {
    let find = |source| retry(office.retry, move || quarantine::find(&office.output, source));
    let refusals = futures::try_join!(find(record.source_uid), find(unread(record)))?;
    let mut last = latest(&record.rows);
    for entry in [refusals.0, refusals.1].into_iter().flatten() {
        last = last.max(latest(&entry.rows)).max(Some(entry.quarantined_at));
    }
    // Of a clerk's refusal and another's approval at once the approval is the later one.
    let after = last.map(|last| last + TimeDelta::microseconds(2));
    Ok(after.map_or_else(now, |after| now().max(after)))
}

/// What the source was called when it was refused before its bytes were read.
fn unread(record: &Record) -> Uuid {
    let uris: Vec<&str> = record.rows.intake.iter().map(|row| row.uri.as_str()).collect();
    identity::unread_source_uid(record.dossier_uid, &uris.join("\n"))
}

/// A receipt that comes after another one, whatever this machine's clock says.
fn settle_after(row: &mut IntakeRow, other: DateTime<Utc>) {
    row.settled_at = row.settled_at.max(other + TimeDelta::microseconds(1));
}

/// A receipt that comes after the one of the same file among others.
pub(crate) fn replace(row: &mut IntakeRow, others: &[IntakeRow]) {
    if let Some(before) = others.iter().find(|other| other.intake_uid == row.intake_uid) {
        settle_after(row, before.settled_at);
    }
}

fn latest(rows: &Rows) -> Option<DateTime<Utc>> {
    rows.intake.iter().map(|row| row.settled_at).max()
}

/// A published answer with the receipts of this source's files. A record made from a copy of the
/// same bytes, by another process or from an earlier run's held state, has not.
pub(crate) async fn complete(
    context: &Context,
    taken: &Taken,
    settled: Settled,
) -> Result<Settled, Fault> {
    let lacks = |file| lacks(&settled.rows.intake, file);
    if settled.outcome != Outcome::Published || !taken.source.files.iter().any(lacks) {
        return Ok(settled);
    }
    let find = || publication::latest(&context.output, taken.uid);
    match retry(context.retry, find).await? {
        Some(record) => Box::pin(again(context, taken, record)).await,
        None => Ok(settled),
    }
}

/// Adds the receipts of this source's files to a record that is not published yet; answers
/// whether any was missing.
pub(crate) fn join(context: &Context, taken: &Taken, record: &mut Record) -> bool {
    let rows = missing(context, taken, record, Outcome::Held);
    let any = !rows.intake.is_empty();
    let fresh = |row: &IntakeRow| rows.intake.iter().all(|new| new.intake_uid != row.intake_uid);
    record.rows.intake.retain(fresh);
    record.rows.extend(rows);
    any
}

fn known<'a>(receipts: &'a [IntakeRow], file: &SourceFile) -> Option<&'a IntakeRow> {
    receipts.iter().find(|row| row.uri == file.key.as_ref())
}

/// Whether there is no receipt for the file as it is.
fn lacks(receipts: &[IntakeRow], file: &SourceFile) -> bool {
    !known(receipts, file).is_some_and(|row| same(row, file))
}

/// Whether the file is as it was received.
fn same(row: &IntakeRow, file: &SourceFile) -> bool {
    (row.size, &row.etag, row.modified_at) == (file.size as i64, &file.etag, micros(file.modified))
}

/// The receipts that a record lacks.
fn missing(context: &Context, taken: &Taken, record: &Record, outcome: Outcome) -> Rows {
    receipts(context, taken, (record, outcome), |file| lacks(&record.rows.intake, file))
}

/// The receipts of all files, later than a refusal, whatever this machine's clock says.
fn anew(context: &Context, taken: &Taken, record: &Record, refused_at: DateTime<Utc>) -> Rows {
    let mut rows = receipts(context, taken, (record, Outcome::Published), |_| true);
    for row in &mut rows.intake {
        settle_after(row, refused_at);
    }
    rows
}

/// The receipts of some of the files, and a finding where they are a copy's.
fn receipts(
    context: &Context,
    taken: &Taken,
    (record, outcome): (&Record, Outcome),
    wanted: impl Fn(&SourceFile) -> bool,
) -> Rows {
    let files = &taken.source.files;
    let pages = |index: usize| {
        // A copy has the pages of the file in its place; a touched file those it had.
        let row =
            known(&record.rows.intake, &files[index]).or_else(|| record.rows.intake.get(index));
        row.map_or_else(FilePages::default, |row| FilePages {
            held: row.pages_held,
            published: row.pages_published,
            quarantined: row.pages_quarantined,
        })
    };
    let media_type = record.rows.intake.first().and_then(|row| row.media_type.as_deref());
    let verdict = Verdict { outcome, media_type, refusal: None };
    let mut intake = rows::intake(context, taken, verdict, pages);
    let mut wanted = files.iter().map(wanted);
    intake.retain(|_| wanted.next() != Some(false));
    let mut findings = Vec::new();
    for row in &mut intake {
        row.version = record.version;
        // The index looks for the row that this one replaces where the record's rows stand.
        (row.province, row.ingest_month) = (record.province.clone(), record.ingest_month.clone());
        replace(row, &record.rows.intake);
        if record.rows.intake.iter().any(|held| held.intake_uid == row.intake_uid) {
            continue;
        }
        row.duplicate_of = record.rows.intake.first().map(|first| first.intake_uid);
        let remark = Remark::seen(Code::M09Duplicate, "the bytes of another file of the dossier");
        let subject = ("intake", row.intake_uid);
        let filed = Filed {
            source: taken.uid,
            version: 1,
            province: &record.province,
            month: &record.ingest_month,
        };
        findings.push(rows::finding_of(filed, subject, remark, STAGE));
    }
    Rows { intake, findings, ..Rows::default() }
}
