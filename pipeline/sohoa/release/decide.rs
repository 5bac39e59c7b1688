//! Held documents are signed, or refused.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::{Stream, TryStreamExt as _};
use serde::Serialize;
use sohoa_flow::{FatalKind, Fault, Rejection, retry::retry};
use sohoa_publish::{holding, publication};
use sohoa_schemas::{
    Code,
    record::{Prepared, Quarantine, Released, Rows},
    rows::Outcome,
};
use uuid::Uuid;

use super::STAGE;
use crate::{
    channel::Channel,
    context::{Office, now},
    exit::Failure,
    stages::{
        Settled,
        accept::Remark,
        publish, quarantine,
        rows::{Filed, finding_of},
    },
};

/// Documents between two times that the index is told: so many are done again after an interruption.
const ROUND: usize = 200;

/// What a clerk decided.
#[derive(Debug, Clone)]
pub(crate) enum Decision {
    /// They may be signed.
    Approve,
    /// They may not, for this reason.
    Refuse(String),
}

/// What became of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Decided {
    /// Signed and published.
    pub(crate) published: u64,
    /// Refused.
    pub(crate) refused: u64,
    /// Held files that are gone or changed: these stay held until they are composed anew.
    pub(crate) damaged: u64,
}

/// A held document and what was decided on it.
#[derive(Debug)]
pub(crate) struct Order {
    /// The document.
    pub(crate) prepared: Prepared,
    /// What is done with it.
    pub(crate) decision: Decision,
    /// Who says so.
    pub(crate) released: Released,
}

/// Does with every document what was decided; `each` is called after each one.
///
/// # Errors
/// The store's, the key's or the index's own: what was done is done, and the same again does the rest.
pub(crate) async fn decide(
    office: &Arc<Office>,
    channel: &mut Channel<'_>,
    orders: impl Stream<Item = Result<Order, Fault>>,
    each: impl Fn(),
) -> Result<Decided, Failure> {
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let mut decided = Decided::default();
    let work = orders.map_ok(|order| {
        let office = Arc::clone(office);
        let task = tokio::spawn(async move { one(&office, order).await });
        async { task.await.map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))? }
    });
    let mut work = std::pin::pin!(work.try_buffer_unordered(at_once));
    let mut told = Vec::new();
    let ended = loop {
        let done = match work.try_next().await {
            Ok(Some(done)) => done,
            Ok(None) => break Ok(()),
            Err(fault) => break Err(fault),
        };
        each();
        let Some(Done { settled, dossier, version }) = done else {
            decided.damaged += 1;
            continue;
        };
        match settled.outcome {
            Outcome::Published => decided.published += 1,
            _ => decided.refused += 1,
        }
        told.push((settled.source, version));
        channel.take(settled, dossier).await?;
        if told.len() >= ROUND {
            channel.flush().await?;
            clear(office, std::mem::take(&mut told)).await?;
        }
    };
    // What is done is told and cleared, whatever ended the rest: it would be done once more.
    channel.flush().await?;
    clear(office, told).await?;
    ended?;
    Ok(decided)
}

async fn clear(office: &Office, told: Vec<(Uuid, i32)>) -> Result<(), Fault> {
    for (source, version) in told {
        retry(office.retry, || holding::clear(&office.output, source, version)).await?;
    }
    Ok(())
}

/// A document that is settled, and not cleared.
struct Done {
    settled: Settled,
    dossier: Uuid,
    version: i32,
}

async fn one(office: &Office, order: Order) -> Result<Option<Done>, Fault> {
    let Order { mut prepared, decision, released } = order;
    let (dossier, version) = (prepared.record.dossier_uid, prepared.record.version);
    let settled = match decision {
        Decision::Approve => {
            // An interrupted approval left the held state; the key is not used for it again.
            let source = prepared.record.source_uid;
            let find = || publication::reading(&office.output, source, version);
            if let Some(record) = retry(office.retry, find).await? {
                return Ok(Some(Done { settled: Settled::published(record), dossier, version }));
            }
            let Some(files) = publish::held_files(office, &prepared).await? else {
                tracing::error!(%source, "the held files are not what was held; run it again");
                return Ok(None);
            };
            // What waits for a time-stamp was released already.
            if prepared.waiting_for == holding::FOR_RELEASE {
                for row in &mut prepared.record.rows.documents {
                    row.release_mode = Some("manual".into());
                    row.release_ref = Some(released.reference.clone());
                }
                prepared.record.released = Some(released);
            }
            publish::sign_and_publish(office, prepared, files.paths()).await?
        }
        Decision::Refuse(reason) => refuse(office, prepared, (reason, released)).await?,
    };
    Ok(Some(Done { settled, dossier, version }))
}

/// Refuses a document, unless it was published all the same. The moment of the refusal is taken
/// before that is looked up: of an approval that comes between, the receipt is the later one.
async fn refuse(
    office: &Office,
    prepared: Prepared,
    (reason, released): (String, Released),
) -> Result<Settled, Fault> {
    let time = now();
    let (source, version) = (prepared.record.source_uid, prepared.record.version);
    let find = || publication::reading(&office.output, source, version);
    if let Some(record) = retry(office.retry, find).await? {
        return Ok(Settled::published(record));
    }
    quarantine::keep(office, entry(prepared, (reason, released), time)).await
}

fn entry(
    prepared: Prepared,
    (reason, released): (String, Released),
    time: DateTime<Utc>,
) -> Quarantine {
    let Released { by, reference, .. } = &released;
    let error = format!("refused by {by} ({reference}): {reason}");
    let rejection = Rejection::new(Code::Q09ReleaseRefused, STAGE, error);
    let Prepared { record, message, position, traceparent, .. } = prepared;
    let mut intake = record.rows.intake;
    for row in &mut intake {
        row.outcome = Outcome::Quarantined;
        row.pages_quarantined += std::mem::take(&mut row.pages_held);
        row.code = Some(rejection.code);
        row.sentence = Some(rejection.sentence.clone());
        row.settled_at = time;
    }
    let filed = Filed {
        source: record.source_uid,
        version: record.version,
        province: &record.province,
        month: &record.ingest_month,
    };
    let subject = ("source", record.source_uid);
    let finding = finding_of(filed, subject, Remark::seen(rejection.code, reason), STAGE);
    let sources = intake.iter().map(|row| row.uri.clone()).collect();
    let rows = Rows { findings: vec![finding], intake, ..Rows::default() };
    let entry = quarantine::new(filed, record.dossier_uid, &rejection, rows);
    Quarantine {
        sources,
        originals: record.parts,
        quarantined_at: time,
        message: message.map(|message| *message),
        position,
        traceparent,
        refused_by: Some(released),
        ..entry
    }
}
