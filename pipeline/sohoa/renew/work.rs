//! One record's PDF: fetched, raised, judged, published as the next version.

use std::{io::ErrorKind, path::Path, sync::Arc};

use chrono::{DateTime, Utc};
use object_store::path::Path as Key;
use sohoa_flow::{
    Fault,
    retry::{Policy, retry},
};
use sohoa_publish::{
    Published, evidence, holding,
    publication::{self, Attempt},
    survey,
};
use sohoa_schemas::{
    config::{Agency, SignatureLevel},
    record::{Part, Record},
};
use sohoa_sign::{
    EvidenceError, EvidenceSource, KeptEvidence, SignError, TimeStampAuthority, stamp_pdf,
    verify::{Report, Trust, verify_pdf},
};
use sohoa_store::{Store, classify, classify_local, hash::sha256_file, io_kind};
use tempfile::TempPath;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    STAGE,
    version::{Standing, next, signed_file, standing, told},
};
use crate::{
    context::now,
    levels::{self, ARCHIVE_FIELD},
    stages::sign,
};

/// How often a record is raised anew because somebody else made its next version first.
const ATTEMPTS: usize = 8;

/// Who is asked, and what is to be reached. No key is needed.
#[derive(Debug)]
pub(crate) struct Means {
    /// Where the records are.
    pub(crate) store: Store,
    /// Whose configuration this is.
    pub(crate) agency: Agency,
    /// Whom signatures are judged by.
    pub(crate) trust: Trust,
    /// Who stamps.
    pub(crate) stamps: TimeStampAuthority,
    /// Who says what is revoked.
    pub(crate) evidence: EvidenceSource,
    /// The level to reach.
    pub(crate) level: SignatureLevel,
    /// What rests on a certificate that ends before this gets a stamp over all of it.
    pub(crate) ends_before: DateTime<Utc>,
    /// How what fails is tried again.
    pub(crate) retry: Policy,
    /// What was read last.
    pub(crate) last_kept: LastKept,
}

/// The last bundle of evidence and its key: records that were signed within minutes share one.
pub(crate) type LastKept = Mutex<Option<(String, Arc<KeptEvidence>)>>;

/// What became of a record.
#[derive(Debug)]
pub(crate) enum Done {
    /// It stands as it should: an earlier, interrupted call did it, or somebody else.
    Known(Box<Record>),
    /// It cannot be raised.
    Left(String),
    /// Nobody said what has to be known of its certificates; another time may go better.
    Silent(String),
    /// It has a new version, of this level instead of that one.
    Raised {
        /// The new version.
        record: Box<Record>,
        /// Level before.
        before: String,
        /// Level now.
        after: String,
        /// Its level was enough, and its stamp was renewed.
        renewed: bool,
    },
}

/// Raises a record, unless nothing is to be done. One that is damaged, or whose own authorities do
/// not answer, keeps no other from being raised.
///
/// # Errors
/// `Retry` once every try is spent: the time-stamp authority or the store is silent. `Fatal` as ever.
pub(crate) async fn renew(means: Arc<Means>, source: Uuid) -> Result<Done, Fault> {
    match tried(&means, source).await {
        Err(Fault::Reject(rejection)) => Ok(Done::Left(levels::told(&*rejection.cause.error))),
        Err(fault) => match levels::silence(&fault) {
            Some(error @ SignError::Evidence { .. }) => Ok(Done::Silent(levels::told(error))),
            _ => Err(fault),
        },
        done => done,
    }
}

async fn tried(means: &Means, source: Uuid) -> Result<Done, Fault> {
    for _ in 0..ATTEMPTS {
        let find = || publication::latest(&means.store, source);
        let Some(record) = retry(means.retry, find).await? else {
            return Ok(Done::Left("it has no record: run sohoa audit".into()));
        };
        let before = standing(&record);
        if !before.wants(means.level, means.ends_before) {
            return Ok(Done::Known(Box::new(record)));
        }
        let held = || holding::find(&means.store, source, record.version + 1);
        if retry(means.retry, held).await?.is_some() {
            return Ok(Done::Left("its next version waits to be released".into()));
        }
        let next = retry(means.retry, || attempt(means, &record, before)).await?;
        match retry(means.retry, || publication::publish(&means.store, &next)).await? {
            Published::Now(_) => {
                let (after, renewed) = (told(standing(&next)), before.level >= Some(means.level));
                let record = Box::new(next);
                return Ok(Done::Raised { record, before: told(before), after, renewed });
            }
            Published::Before(winner) => {
                let version = winner.version;
                tracing::info!(%source, version, "somebody else was first; raised on top of it");
            }
        }
    }
    Ok(Done::Left("somebody else makes new versions of it without a pause".into()))
}

/// The next version of a record, its file stored.
async fn attempt(means: &Means, record: &Record, before: Standing) -> Result<Record, Fault> {
    let Some(part) = signed_file(record) else {
        return Err(left("it has no signed file of its own"));
    };
    let fetched = match means.store.fetch(&Key::from(part.key.as_str())).await {
        Err(Fault::Retry(cause)) if io_kind(&*cause.error) == Some(ErrorKind::NotFound) => {
            return Err(left("its file is gone: run sohoa audit"));
        }
        fetched => fetched?,
    };
    if fetched.sha256 != part.sha256 {
        return Err(left("its file is not the one that was published: run sohoa audit"));
    }
    let kept = kept(means, record).await?;
    let from = (&*fetched.path, &*kept);
    let (file, report) = tokio::task::block_in_place(|| raised(means, from, before))?;
    let sha256 = sha256_file(&file).map_err(|error| classify_local(STAGE, error))?;
    let version = record.version + 1;
    let attempt = Attempt::new(record.source_uid, version, &[&sha256]);
    let part = Part { key: "document.pdf".into(), sha256, ..part.clone() };
    let receipts = survey::receipts(&means.store, record.source_uid).await?;
    let raised = |part: Part, name: String| {
        let signatures = sign::seen_again(&means.agency, record, &report, &part);
        next(record, &receipts, (part, signatures), (name, now()))
    };
    // Before the file is stored, which nobody would ever name.
    let standing = standing(&raised(part.clone(), attempt.name.clone()));
    let risen = standing.level > before.level && standing.level >= Some(means.level);
    if standing.wants(means.level, means.ends_before) && !risen {
        return Err(left("what was added did not raise it"));
    }
    let part = attempt.put_file(&means.store, &file, part).await?;
    Ok(raised(part, attempt.name))
}

/// What was asked about the signer before he signed; nothing where nothing of it is there.
async fn kept(means: &Means, record: &Record) -> Result<Arc<KeptEvidence>, Fault> {
    let part = record.parts.iter().find(|part| part.role == evidence::ROLE);
    let Some(part) = part else { return Ok(Arc::default()) };
    let mut last = means.last_kept.lock().await;
    if let Some((_, kept)) = last.as_ref().filter(|(key, _)| *key == part.key) {
        return Ok(Arc::clone(kept));
    }
    let bundle = means.store.get(&part.key).await.map_err(|error| classify(STAGE, error))?;
    let kept = bundle.and_then(|bundle| KeptEvidence::from_der(&bundle)).unwrap_or_default();
    let (_, kept) = last.insert((part.key.clone(), Arc::new(kept)));
    Ok(Arc::clone(kept))
}

/// The raised file, and what a verifier says of it.
fn raised(
    means: &Means,
    (from, kept): (&Path, &KeptEvidence),
    before: Standing,
) -> Result<(TempPath, Report), Fault> {
    let Means { stamps, evidence, .. } = means;
    let refused = |error: SignError| {
        // What is wrong with the authority or this machine's disk is so for every file.
        let of_file = match &error {
            SignError::TimeStamp(_) | SignError::Io { .. } => false,
            SignError::Evidence { source, .. } => !matches!(**source, EvidenceError::Cache(_)),
            _ => true,
        };
        // Asked again, it would be the same: this record's certificates cannot be proven.
        if let SignError::Evidence { source, .. } = &error
            && of_file
            && !levels::may_answer(source)
        {
            return Fault::reject(CANNOT, STAGE, error);
        }
        match levels::fault(STAGE, error) {
            Fault::Fatal(fatal) if of_file => Fault::reject(CANNOT, STAGE, fatal.cause.error),
            fault => fault,
        }
    };
    let file = temporary()?;
    let archive = means.level == SignatureLevel::BLta || before.ends(means.ends_before);
    let stamp = |to: &Path| stamp_pdf(from, to, ARCHIVE_FIELD, stamps).map_err(refused);
    let raise = |from: &Path| {
        levels::raise(from, &file, (evidence, kept), archive.then_some(stamps)).map_err(refused)
    };
    match (before.level, means.level) {
        (Some(SignatureLevel::BB), SignatureLevel::BT) if !archive => drop(stamp(&file)?),
        (Some(SignatureLevel::BB), wanted) => {
            let stamped = temporary()?;
            stamp(&stamped)?;
            match raise(&stamped) {
                // A stamp proves the time where nobody says more of the certificates.
                Err(fault) if wanted == SignatureLevel::BT && is_about_evidence(&fault) => {
                    return judged(means, stamped);
                }
                risen => drop(risen?),
            }
        }
        _ => drop(raise(from)?),
    }
    judged(means, file)
}

/// Whether it was the evidence that was not to be had.
fn is_about_evidence(fault: &Fault) -> bool {
    let error = match fault {
        Fault::Reject(rejection) => rejection.cause.error.downcast_ref::<SignError>(),
        fault => levels::silence(fault),
    };
    matches!(error, Some(SignError::Evidence { .. }))
}

/// The file with what a verifier says of it; nothing in it may have spoilt what was there.
fn judged(means: &Means, file: TempPath) -> Result<(TempPath, Report), Fault> {
    let report = verify_pdf(&file, &means.trust, now())
        .map_err(|error| Fault::reject(CANNOT, STAGE, error))?;
    let spoilt = report.signatures.iter().find(|one| one.modified_after);
    match spoilt {
        Some(one) => Err(left(format!("`{}` would not hold any more", one.field_name))),
        None => Ok((file, report)),
    }
}

/// A document that stays as it is.
const CANNOT: sohoa_schemas::Code = sohoa_schemas::Code::X01StageFailed;

fn left(why: impl Into<sohoa_flow::fault::BoxError>) -> Fault {
    Fault::reject(CANNOT, STAGE, why)
}

fn temporary() -> Result<TempPath, Fault> {
    let made = tempfile::Builder::new().prefix("sohoa-").suffix(".pdf").tempfile();
    Ok(made.map_err(|error| classify_local(STAGE, error))?.into_temp_path())
}
