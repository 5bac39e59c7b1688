//! Held documents are signed, or refused.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{Stream, TryStreamExt as _};
use serde::Serialize;
use sohoa_flow::{FatalKind, Fault, Rejection, fault::Cause, retry::retry};
use sohoa_publish::{holding, publication};
use sohoa_schemas::{
    Code,
    record::{Prepared, Quarantine, Released, Rows},
    rows::Outcome,
};
use uuid::Uuid;

use super::STAGE;
use crate::{
    channel::{Channel, Provenance},
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
    /// Those that could not be signed or refused, each for a reason of its own: these stay held.
    pub(crate) failed: u64,
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

/// What came of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// It was carried out.
    Done,
    /// This source stays held: its files are gone, or it cannot be signed.
    Left(Uuid),
}

/// Does with every document what was decided; `each` is called after each one. One that cannot be
/// signed holds up none of the others: it stays held, and is told of.
///
/// # Errors
/// The store's, the key's or the index's own: what was done is done, and the same again does the rest.
pub(crate) async fn decide(
    office: &Arc<Office>,
    channel: &mut Channel<'_>,
    orders: impl Stream<Item = Result<Order, Fault>>,
    each: impl Fn(Came),
) -> Result<Decided, Failure> {
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let mut decided = Decided::default();
    let work = orders.map_ok(|order| {
        let office = Arc::clone(office);
        let source = order.prepared.record.source_uid;
        let task = tokio::spawn(async move { one(&office, order).await });
        async move {
            let done = task.await;
            let broke = |error| Fault::fatal(FatalKind::Internal, STAGE, error);
            done.map_err(broke).flatten().or_else(|fault| left_held(source, fault))
        }
    });
    let mut work = std::pin::pin!(work.try_buffer_unordered(at_once));
    let mut told = Vec::new();
    let ended = loop {
        let done = match work.try_next().await {
            Ok(Some(done)) => done,
            Ok(None) => break Ok(()),
            Err(fault) => break Err(fault),
        };
        let (settled, provenance, held) = match done {
            Done::Settled { settled, provenance, held } => (*settled, provenance, held),
            Done::Damaged(source) => {
                decided.damaged += 1;
                each(Came::Left(source));
                continue;
            }
            Done::Failed(source) => {
                decided.failed += 1;
                each(Came::Left(source));
                continue;
            }
        };
        each(Came::Done);
        match settled.outcome {
            Outcome::Published => decided.published += 1,
            _ => decided.refused += 1,
        }
        told.push(held);
        channel.take(settled, &provenance).await?;
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

async fn clear(office: &Office, told: Vec<Vec<String>>) -> Result<(), Fault> {
    for held in told {
        retry(office.retry, || holding::clear(&office.output, &held)).await?;
    }
    Ok(())
}

/// What came of a decision.
enum Done {
    /// It is settled, and what was held of it not cleared.
    Settled { settled: Box<Settled>, provenance: Box<Provenance>, held: Vec<String> },
    /// Its files are gone or changed.
    Damaged(Uuid),
    /// It cannot be done with this document.
    Failed(Uuid),
}

/// A fault that the next document need not meet leaves this one held: by a key, a store or a setting
/// all would be.
fn left_held(source: Uuid, fault: Fault) -> Result<Done, Fault> {
    let say = |cause: &Cause| {
        let error = cause.chain().join(": ");
        let stage = cause.stage;
        tracing::error!(%source, stage, error, "a document cannot be decided on, and stays held");
    };
    match fault {
        Fault::Reject(rejection) => say(&rejection.cause),
        Fault::Fatal(fatal) if fatal.kind == FatalKind::Internal => say(&fatal.cause),
        fault => return Err(fault),
    }
    Ok(Done::Failed(source))
}

async fn one(office: &Office, order: Order) -> Result<Done, Fault> {
    let Order { mut prepared, decision, released } = order;
    let version = prepared.record.version;
    let (provenance, held) =
        (Box::new(Provenance::of_held(&prepared)), holding::objects_of(&prepared));
    let done = |settled| Ok(Done::Settled { settled: Box::new(settled), provenance, held });
    let settled = match decision {
        Decision::Approve => {
            // An interrupted approval left the held state; the key is not used for it again.
            let source = prepared.record.source_uid;
            let find = || publication::reading(&office.output, source, version);
            if let Some(record) = retry(office.retry, find).await? {
                return done(Settled::published(record));
            }
            let Some(files) = publish::held_files(office, &prepared).await? else {
                tracing::error!(%source, "the held files are not what was held; run it again");
                return Ok(Done::Damaged(source));
            };
            // What waits for a time-stamp was released already.
            if prepared.waiting_for == holding::FOR_RELEASE {
                for row in &mut prepared.record.rows.documents {
                    row.release_mode = Some("manual".into());
                    row.release_ref = Some(released.reference.clone());
                }
                prepared.record.released = Some(released);
            }
            match publish::sign_and_publish(office, prepared.clone(), files.paths()).await {
                Err(Fault::Reject(rejection)) if rejection.code == Code::X04OwnSignature => {
                    let seen = rejection.cause.chain().join(": ");
                    quarantine::keep(office, entry(prepared, (*rejection, seen), now())).await?
                }
                settled => settled?,
            }
        }
        Decision::Refuse(reason) => refuse(office, prepared, (reason, released)).await?,
    };
    done(settled)
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
    let Released { by, reference, .. } = &released;
    let error = format!("refused by {by} ({reference}): {reason}");
    let rejection = Rejection::new(Code::Q09ReleaseRefused, STAGE, error);
    let entry = entry(prepared, (rejection, reason), time);
    quarantine::keep(office, Quarantine { refused_by: Some(released), ..entry }).await
}

/// A held document in quarantine, with what was seen.
fn entry(
    prepared: Prepared,
    (rejection, seen): (Rejection, String),
    time: DateTime<Utc>,
) -> Quarantine {
    let Prepared { record, message, position, traceparent, .. } = prepared;
    let mut intake = record.rows.intake;
    // The last word on its files, though they were held by a machine whose clock is ahead.
    let held_at = intake.iter().map(|row| row.settled_at + TimeDelta::microseconds(1)).max();
    let time = held_at.map_or(time, |held_at| time.max(held_at));
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
    let finding = finding_of(filed, subject, Remark::seen(rejection.code, seen), STAGE);
    let sources = intake.iter().map(|row| row.uri.clone()).collect();
    let first = record.rows.documents.first();
    let partner = first.and_then(|row| row.partner_id.clone());
    let channel = first.map(|row| row.intake_channel.clone());
    let submission = message.as_ref().and_then(|message| message.submission.clone());
    let rows = Rows { findings: vec![finding], intake, ..Rows::default() };
    let entry = quarantine::new(filed, record.dossier_uid, &rejection, rows);
    Quarantine {
        sources,
        originals: record.parts,
        quarantined_at: time,
        message: message.map(|message| *message),
        position,
        traceparent,
        partner,
        channel,
        submission,
        ..entry
    }
}
