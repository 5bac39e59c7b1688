//! The order of the steps.

use std::sync::Arc;

use bytes::Bytes;
use sohoa_decode::{LayerQuality, Origin};
use sohoa_flow::{FatalKind, Fault, Rejection, retry::retry};
use sohoa_publish::{holding, keys, publication};
use sohoa_schemas::{
    Code,
    config::ReleaseMode,
    record::{Prepared, Record, Rows},
    rows::{FindingRow, Outcome, SCHEMA_VERSION},
};
use sohoa_source::{Source, identity};
use uuid::Uuid;

use crate::{
    arguments::Reprocess,
    context::{Context, now, vietnamese},
    stages::{
        accept::Remark,
        describe::{Described, describe},
        originals, publish,
        publish::Composed,
        quarantine::refuse,
        read::{Read, read},
        rows::{self, Base, FilePages, Verdict},
        sign,
        take_in::{Taken, check_declared, take_in},
    },
};

const STAGE: &str = "process";

/// A durable answer.
#[derive(Debug)]
pub(crate) struct Settled {
    /// What became of the source.
    pub(crate) outcome: Outcome,
    /// Pages by outcome, of all its files.
    pub(crate) pages: FilePages,
    /// The object the rows come from.
    pub(crate) key: String,
    /// Its index rows.
    pub(crate) rows: Rows,
}

impl Settled {
    fn new(outcome: Outcome, key: String, rows: Rows) -> Self {
        let pages = rows.intake.iter().fold(FilePages::default(), |sum, row| FilePages {
            held: sum.held + row.pages_held,
            published: sum.published + row.pages_published,
            quarantined: sum.quarantined + row.pages_quarantined,
        });
        Self { outcome, pages, key, rows }
    }

    /// Published.
    pub(crate) fn published(record: Record) -> Self {
        Self::new(Outcome::Published, publish::record_key(&record), record.rows)
    }

    /// Refused.
    pub(crate) fn quarantined(key: String, rows: Rows) -> Self {
        Self::new(Outcome::Quarantined, key, rows)
    }

    fn held(prepared: Prepared) -> Self {
        let Record { source_uid, version, rows, .. } = prepared.record;
        let key = keys::work(source_uid, version, "prepared.json");
        let rows = Rows { intake: rows.intake, ..Rows::default() };
        Self::new(Outcome::Held, key, rows)
    }
}

/// Takes a source all the way to a durable answer.
///
/// # Errors
/// `Fatal`, or `Retry` once every try is spent: the source is not done and stays so.
pub(crate) async fn process(context: &Context, source: Arc<Source>) -> Result<Settled, Fault> {
    if let Some(refusal) = source.refused.clone() {
        let rejection = Rejection::new(refusal.code, sohoa_source::STAGE, refusal.error);
        return refuse(context, &Taken::unread(source), rejection).await;
    }
    let mut taken = match take_in(context, Arc::clone(&source)).await {
        Ok(taken) => taken,
        Err(Fault::Reject(rejection)) => {
            return refuse(context, &Taken::unread(source), *rejection).await;
        }
        Err(fault) => return Err(fault),
    };
    // Copies in one dossier are one document: the second sees what became of the first.
    let _turn = context.turns.take(taken.uid).await;
    match attempt(context, &mut taken).await {
        Err(Fault::Reject(rejection)) => refuse(context, &taken, *rejection).await,
        answer => answer,
    }
}

async fn attempt(context: &Context, taken: &mut Taken) -> Result<Settled, Fault> {
    check_declared(taken)?;
    let latest = retry(context.retry, || publication::latest(&context.output, taken.uid)).await?;
    let asked = matches!(context.reprocess, Some(Reprocess::All | Reprocess::Published));
    let version = match latest {
        // What this very run published is a copy's work.
        Some(record) if !asked || record.published_at >= context.began => {
            return again(context, taken, record).await;
        }
        Some(record) => {
            let first = record.rows.documents.first();
            taken.first_at = first.map_or(taken.at, |row| row.first_seen_at);
            record.version + 1
        }
        None => 1,
    };
    let find = || holding::find(&context.output, taken.uid, version);
    if let Some(prepared) = retry(context.retry, find).await? {
        return match context.settings.config.release.mode {
            ReleaseMode::Manual => Ok(Settled::held(prepared)),
            ReleaseMode::Delegated => {
                let settled = publish::release(context, prepared, Composed::Stored).await?;
                with_receipt(context, taken, settled).await
            }
        };
    }
    let settled = make(context, taken, version).await?;
    with_receipt(context, taken, settled).await
}

/// A published answer that has the receipt of this source's files. A record made from a copy of
/// the same bytes, by another process or from an earlier run's held state, has not.
async fn with_receipt(
    context: &Context,
    taken: &Taken,
    settled: Settled,
) -> Result<Settled, Fault> {
    if settled.outcome != Outcome::Published {
        return Ok(settled);
    }
    let find = || publication::latest(&context.output, taken.uid);
    match retry(context.retry, find).await? {
        Some(record) if !new_receipts(taken, &record).is_empty() => {
            again(context, taken, record).await
        }
        _ => Ok(settled),
    }
}

/// The receipts of this source's files that a record does not have.
fn new_receipts(taken: &Taken, record: &Record) -> Vec<Uuid> {
    let dossier = taken.source.dossier.uid;
    let receipts = taken.source.uris().into_iter().map(|uri| identity::intake_uid(dossier, &uri));
    let known = |uid: &Uuid| record.rows.intake.iter().any(|row| row.intake_uid == *uid);
    receipts.filter(|uid| !known(uid)).collect()
}

/// Reads, describes, composes; then holds or publishes.
async fn make(context: &Context, taken: &Taken, version: i32) -> Result<Settled, Fault> {
    let mut read = read(context, taken).await?;
    let originals = originals::keep(context, taken, read.media_type).await?;
    let described = describe(context, taken, &read);
    let mut record = Record {
        schema_version: SCHEMA_VERSION,
        source_uid: taken.uid,
        dossier_uid: taken.source.dossier.uid,
        version,
        attempt: String::new(),
        config_sha256: context.settings.config_sha256.clone(),
        ingest_month: rows::month(taken),
        province: context.settings.config.agency.province.clone(),
        published_at: taken.at,
        parts: originals,
        rows: all_rows(context, taken, &read, described),
    };
    if read.signed {
        let found = sign::found(context, taken)?;
        record.rows.signatures.extend(found);
    }
    set_version(&mut record.rows, version);
    if read.origin == Origin::BornDigital {
        return publish::publish_original(context, record).await;
    }
    let Some(composed) = read.composed.take() else {
        let error = "a paper document was not composed";
        return Err(Fault::fatal(FatalKind::Internal, STAGE, error));
    };
    let mut prepared = Prepared {
        record,
        composed: None,
        appearance: sign::appearance_lines(&context.settings.config),
        composed_at: vietnamese(now()),
        waiting_for: "release".into(),
    };
    holding::hold(&context.output, &composed, &mut prepared).await?;
    match context.settings.config.release.mode {
        ReleaseMode::Manual => Ok(Settled::held(prepared)),
        ReleaseMode::Delegated => {
            publish::release(context, prepared, Composed::Here(composed)).await
        }
    }
}

fn all_rows(context: &Context, taken: &Taken, read: &Read, described: Vec<Described>) -> Rows {
    let base = Base { context, taken, read };
    let starts: Vec<u32> = described.iter().map(|one| one.row.page_from as u32).collect();
    let document_of = |page: u32| {
        let start = starts.iter().rev().find(|start| **start <= page).copied().unwrap_or(1);
        identity::document_uid(taken.uid, start)
    };
    let (pages, page_text) = rows::pages(&base, document_of);
    let (documents, findings) = documents_and_findings(&base, described);
    let count = |file: usize| {
        let of_file = || read.pages.iter().filter(|result| result.place.file == file);
        let readable = of_file().filter(|result| result.page.is_ok()).count() as i32;
        FilePages { held: readable, published: 0, quarantined: of_file().count() as i32 - readable }
    };
    let verdict =
        Verdict { outcome: Outcome::Held, media_type: Some(read.media_type), refusal: None };
    let intake = rows::intake(context, taken, verdict, count);
    Rows { documents, pages, page_text, signatures: Vec::new(), findings, intake }
}

fn documents_and_findings(
    base: &Base<'_>,
    described: Vec<Described>,
) -> (Vec<sohoa_schemas::rows::DocumentRow>, Vec<FindingRow>) {
    let Base { context, taken, read } = *base;
    let mut findings = Vec::new();
    for (result, layer) in read.pages.iter().zip(&read.layers) {
        let uid = rows::page_uid(taken.uid, result.place.number);
        let layer = match layer {
            LayerQuality::Junk => Some(Code::T01JunkLayer),
            LayerQuality::StampOnly => Some(Code::T02StampLayer),
            LayerQuality::Good | LayerQuality::None => None,
        };
        for code in rows::page_codes(result).into_iter().chain(layer) {
            let observed = result.page.as_ref().err().map(|rejection| rejection.sentence.clone());
            let remark = Remark { observed, ..Remark::plain(code) };
            findings.push(rows::finding((context, taken), ("page", uid), remark, "read"));
        }
    }
    let mut documents = Vec::new();
    for Described { row, remarks } in described {
        let uid = row.document_uid;
        findings.extend(
            remarks.into_iter().map(|remark| {
                rows::finding((context, taken), ("document", uid), remark, "extract")
            }),
        );
        documents.push(row);
    }
    let config = &context.settings.config.release;
    if read.origin != Origin::BornDigital {
        for row in &mut documents {
            row.release_mode = Some(match config.mode {
                ReleaseMode::Delegated => "delegated".into(),
                ReleaseMode::Manual => "manual".into(),
            });
            row.release_ref = Some(config.delegation.clone());
        }
    }
    (documents, findings)
}

fn set_version(rows: &mut Rows, version: i32) {
    let of_documents = rows.documents.iter_mut().map(|row| &mut row.version);
    let of_pages = rows.pages.iter_mut().map(|row| &mut row.version);
    let of_text = rows.page_text.iter_mut().map(|row| &mut row.version);
    let of_signatures = rows.signatures.iter_mut().map(|row| &mut row.version);
    let of_findings = rows.findings.iter_mut().map(|row| &mut row.version);
    let of_receipts = rows.intake.iter_mut().map(|row| &mut row.version);
    let of_all = of_documents.chain(of_pages).chain(of_text).chain(of_signatures);
    for held in of_all.chain(of_findings).chain(of_receipts) {
        *held = version;
    }
}

/// The bytes are published already: the same receipt again, or the same paper received twice.
async fn again(context: &Context, taken: &Taken, record: Record) -> Result<Settled, Fault> {
    let Some(receipt) = new_receipts(taken, &record).first().copied() else {
        return Ok(Settled::published(record));
    };
    let first = record.rows.intake.first().cloned();
    let pages = |index: usize| {
        let row = record.rows.intake.get(index);
        row.map_or_else(FilePages::default, |row| FilePages {
            held: 0,
            published: row.pages_published,
            quarantined: row.pages_quarantined,
        })
    };
    let media_type = first.as_ref().and_then(|row| row.media_type.clone());
    let outcome = Outcome::Published;
    let verdict = Verdict { outcome, media_type: media_type.as_deref(), refusal: None };
    let mut intake = rows::intake(context, taken, verdict, pages);
    let duplicate_of = first.map(|row| row.intake_uid);
    for row in &mut intake {
        row.duplicate_of = duplicate_of;
    }
    let remark = Remark::plain(Code::M09Duplicate);
    let finding = rows::finding((context, taken), ("intake", receipt), remark, "publish");
    let rows = Rows { intake, findings: vec![finding], ..Rows::default() };
    let key = keys::again(taken.uid, receipt);
    let bytes: Bytes = serde_json::to_vec_pretty(&rows)
        .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?
        .into();
    retry(context.retry, || context.output.put(STAGE, &key, bytes.clone())).await?;
    Ok(Settled::new(Outcome::Published, key, rows))
}

/// Refuses a source whose processing panicked: it would do so again, and again take the others'
/// time with it.
pub(crate) async fn refuse_broken(
    context: &Context,
    source: Arc<Source>,
    error: impl Into<sohoa_flow::fault::BoxError>,
) -> Result<Settled, Fault> {
    let rejection = Rejection::new(Code::X01StageFailed, STAGE, error);
    refuse(context, &Taken::unread(source), rejection).await
}
