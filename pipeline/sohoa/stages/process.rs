//! The order of the steps.

use std::sync::Arc;

use sohoa_decode::Origin;
use sohoa_flow::{FatalKind, Fault, Rejection, budget::Permit, retry::retry};
use sohoa_metrics::Stage;
use sohoa_publish::{holding, keys, publication, trail};
use sohoa_schemas::{
    Code,
    config::ReleaseMode,
    record::{Prepared, Quarantine, Record, Rows},
    rows::{Outcome, SCHEMA_VERSION},
    summary::Refused,
};
use sohoa_source::Source;
use uuid::Uuid;

use crate::{
    amend,
    arguments::Reprocess,
    context::Context,
    observe::{measured, turned_back},
    stages::{
        describe::describe,
        held::{hold, resume},
        layout, originals, publish,
        quarantine::refuse,
        read::{Read, read},
        receipts, refused,
        rows::{self, FilePages, Filed, all_rows, set_version},
        sign,
        signature_findings::{of_officer, of_signature},
        take_in::{Taken, check_declared, check_handling, refuse_unfitting, take_in},
    },
};

const STAGE: &str = "process";

/// A durable answer.
#[derive(Debug)]
pub(crate) struct Settled {
    /// The source.
    pub(crate) source: Uuid,
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// Pages by outcome, of all its files.
    pub(crate) pages: FilePages,
    /// The object the rows come from.
    pub(crate) key: String,
    /// Its SHA-256, where it was written just now.
    pub(crate) sha256: Option<String>,
    /// A record that nobody announced; its rows are among these.
    pub(crate) unannounced: Option<String>,
    /// Its index rows.
    pub(crate) rows: Rows,
    /// Whether it was published by an earlier run or from a copy, so that nothing was done now.
    pub(crate) known: bool,
    /// The stage that refused it.
    pub(crate) refused_by: Option<String>,
    /// What of it was refused: itself, or some of its pages.
    pub(crate) refused: Vec<Refused>,
}

impl Settled {
    /// An answer whose pages are those of its receipts.
    pub(crate) fn new(source: Uuid, outcome: Outcome, key: String, rows: Rows) -> Self {
        let pages = rows.intake.iter().fold(FilePages::default(), |sum, row| FilePages {
            held: sum.held + row.pages_held,
            published: sum.published + row.pages_published,
            quarantined: sum.quarantined + row.pages_quarantined,
        });
        let refused = refused::pages(&rows);
        Self {
            source,
            outcome,
            pages,
            key,
            sha256: None,
            unannounced: None,
            rows,
            known: false,
            refused_by: None,
            refused,
        }
    }

    /// Published.
    pub(crate) fn published(record: Record) -> Self {
        let key = publish::record_key(&record);
        let source = record.source_uid;
        Self::new(source, Outcome::Published, key, trail::record_rows(record))
    }

    /// Refused.
    pub(crate) fn quarantined(entry: Quarantine) -> Self {
        let refused = vec![refused::document(&entry)];
        let (source, stage) = (entry.source_uid, entry.stage.clone());
        let key = keys::quarantine(source);
        let rows = trail::refusal_rows(entry);
        let settled = Self::new(source, Outcome::Quarantined, key, rows);
        Self { refused_by: Some(stage), refused, ..settled }
    }

    /// Waiting.
    pub(crate) fn held(prepared: Prepared) -> Self {
        let Record { source_uid, version, rows, .. } = &prepared.record;
        let (source, key) = (*source_uid, keys::work(*source_uid, *version, holding::PREPARED));
        let refused = refused::pages(rows);
        let rows = trail::held_rows(prepared);
        Self { refused, ..Self::new(source, Outcome::Held, key, rows) }
    }
}

/// Takes a source all the way to a durable answer, with `permit` for the bytes it is said to have.
///
/// # Errors
/// `Fatal`, or `Retry` once every try is spent: the source is not done and stays so.
pub(crate) async fn process(
    context: &Context,
    source: Arc<Source>,
    permit: Permit,
) -> Result<Settled, Fault> {
    let settled = settle(context, source, permit).await?;
    let Settled { source, outcome, pages, .. } = &settled;
    tracing::info!(
        %source,
        outcome = outcome.as_str(),
        published = pages.published,
        quarantined = pages.quarantined,
        held = pages.held,
        "a document is settled"
    );
    Ok(settled)
}

async fn settle(context: &Context, source: Arc<Source>, permit: Permit) -> Result<Settled, Fault> {
    if let Some(refusal) = source.refused.clone() {
        let rejection = Rejection::new(refusal.code, sohoa_source::STAGE, refusal.error);
        turned_back(rejection.code);
        return refuse(context, &Taken::unread(source), rejection).await;
    }
    let mut taken =
        match measured(context, Stage::Fetch, take_in(context, Arc::clone(&source))).await {
            Ok(taken) => taken,
            Err(Fault::Reject(rejection)) => {
                return refuse(context, &Taken::unread(source), *rejection).await;
            }
            Err(fault) => return Err(fault),
        };
    tracing::Span::current().record("source", tracing::field::display(taken.uid));
    // A listing may be old, and a sender may say anything. The bytes lie on disk until they are read.
    let closed = |error| Fault::fatal(FatalKind::Internal, STAGE, error);
    let _permit = permit.at_least(taken.footprint()).await.map_err(closed)?;
    // Copies in one dossier are one document: the second sees what became of the first.
    let _turn = context.turns.take(taken.uid).await;
    let answer = attempt(context, &mut taken).await;
    match answer.map_err(|fault| refuse_unfitting(taken.on_disk(), fault)) {
        Err(Fault::Reject(rejection)) => refuse(context, &taken, *rejection).await,
        answer => answer,
    }
}

async fn attempt(context: &Context, taken: &mut Taken) -> Result<Settled, Fault> {
    let latest = retry(context.retry, || publication::latest(&context.output, taken.uid)).await?;
    // Whatever is said of it now stands in the month of its document.
    let first = latest.as_ref().and_then(|record| record.rows.documents.first());
    taken.first_at = first.map_or(taken.at, |row| row.first_seen_at);
    check_declared(taken).inspect_err(|rejection| turned_back(rejection.code))?;
    let asked = matches!(context.reprocess, Some(Reprocess::All | Reprocess::Published));
    match &latest {
        // What this very run published is a copy's work.
        Some(record) if !asked || record.published_at >= context.began => {
            return Box::pin(receipts::again(context, taken, record.clone())).await;
        }
        _ => {}
    }
    // What is published stays so, whoever keeps it today.
    check_handling(taken, &context.settings.config.agency)
        .inspect_err(|rejection| turned_back(rejection.code))?;
    let version = latest.as_ref().map_or(1, |record| record.version + 1);
    let settled = match Box::pin(resume(context, taken, version)).await? {
        Some(settled) => settled,
        None => Box::pin(make(context, taken, (version, latest.as_ref()))).await?,
    };
    receipts::complete(context, taken, settled).await
}

/// Reads, describes, composes; then holds or publishes. What a person set in the version before
/// stays set.
async fn make(
    context: &Context,
    taken: &Taken,
    (version, before): (i32, Option<&Record>),
) -> Result<Settled, Fault> {
    let mut read = read(context, taken).await?;
    let originals = originals::keep(context, taken, read.media_type).await?;
    let describing = std::future::ready(Ok(context
        .clock
        .book(|spent| &mut spent.extract, || describe(context, taken, &read))));
    let described = measured(context, Stage::Extract, describing).await?;
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
        amendments: Vec::new(),
        released: None,
        rows: all_rows(context, taken, &read, described),
    };
    if let Some(before) = before {
        amend::carry(before, &mut record.rows);
    }
    signatures(context, (taken, &read), &mut record.rows)?;
    set_version(&mut record.rows, version);
    let layout =
        context.clock.book(|spent| &mut spent.compose, || layout::write(context, taken, &read))?;
    if read.origin == Origin::BornDigital {
        return publish::publish_original(context, record, &layout).await;
    }
    let Some(composed) = read.composed.take() else {
        let error = "a paper document was not composed";
        return Err(Fault::fatal(FatalKind::Internal, STAGE, error));
    };
    let printed = sign::printed(&read, context.settings.config.sign.corner);
    hold(context, taken, (record, printed), (&composed, &layout.file)).await
}

/// Adds the signatures that the files brought along, and what is wrong with them.
fn signatures(
    context: &Context,
    (taken, read): (&Taken, &Read),
    rows: &mut Rows,
) -> Result<(), Fault> {
    let (found, unread) =
        if read.signed { sign::found(context, taken, read.origin)? } else { (Vec::new(), None) };
    let month = rows::month(taken);
    let province = &context.settings.config.agency.province;
    let filed = Filed { source: taken.uid, version: 1, province, month: &month };
    rows.findings.extend(found.iter().filter_map(|row| of_signature(filed, row)));
    let officers = taken.source.files.iter().zip(&taken.files).filter_map(|(listed, file)| {
        let declared = listed.declared.as_ref()?.personal_signature.as_ref();
        let own = found.iter().filter(|row| row.sha256_object == file.sha256).cloned();
        of_officer(declared, &own.collect::<Vec<_>>())
    });
    let source = ("source", taken.uid);
    let remarks = unread.into_iter().chain(officers);
    rows.findings
        .extend(remarks.map(|remark| rows::finding((context, taken), source, remark, "sign")));
    rows.signatures.extend(found);
    Ok(())
}

/// Refuses a source that cannot be worked on again: it would panic or end the process once more, and
/// take the others' time with it. What it was before is told as ever.
pub(crate) async fn refuse_unless_done(
    context: &Context,
    source: Arc<Source>,
    (code, error): (Code, impl Into<sohoa_flow::fault::BoxError>),
) -> Result<Settled, Fault> {
    let rejection = Rejection::new(code, STAGE, error);
    turned_back(code);
    let taken = match take_in(context, Arc::clone(&source)).await {
        Ok(taken) => taken,
        Err(Fault::Reject(_)) => return refuse(context, &Taken::unread(source), rejection).await,
        Err(fault) => return Err(fault),
    };
    let _turn = context.turns.take(taken.uid).await;
    match retry(context.retry, || publication::latest(&context.output, taken.uid)).await {
        Ok(Some(record)) => return Box::pin(receipts::again(context, &taken, record)).await,
        Ok(None) | Err(Fault::Reject(_)) => {}
        Err(fault) => return Err(fault),
    }
    let find = || holding::find(&context.output, taken.uid, 1);
    match retry(context.retry, find).await {
        Ok(Some(prepared)) if context.settings.config.release.mode == ReleaseMode::Manual => {
            return Ok(Settled::held(prepared));
        }
        // It was to be signed at once, and that is what cannot be done.
        Ok(_) | Err(Fault::Reject(_)) => {
            retry(context.retry, || holding::clear_all(&context.output, taken.uid, 1)).await?;
        }
        Err(fault) => return Err(fault),
    }
    let refused = refuse(context, &taken, rejection).await?;
    // A worker that was only taken for dead may have published it in the meantime.
    match retry(context.retry, || publication::latest(&context.output, taken.uid)).await {
        Ok(Some(record)) => Box::pin(receipts::again(context, &taken, record)).await,
        Ok(None) | Err(Fault::Reject(_)) => Ok(refused),
        Err(fault) => Err(fault),
    }
}
