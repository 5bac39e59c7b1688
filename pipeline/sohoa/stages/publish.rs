//! Publication: from prepared state to the record.
//!
//! A paper's document is signed from `work/`, whether it was composed a moment or a month ago. A
//! born-digital original is its own document.

use std::{io::ErrorKind, path::Path as FilePath, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use object_store::path::Path;
use sohoa_flow::{
    FatalKind, Fault,
    retry::{Policy, retry},
};
use sohoa_metrics::Stage;
use sohoa_publish::{
    Published, evidence, holding, keys,
    publication::{self, Attempt},
};
use sohoa_schemas::{
    Code,
    config::{SignatureLevel, WithoutEvidence},
    record::{Part, Prepared, Record, Rows},
    rows::{FindingRow, Outcome, SignatureRow},
};
use sohoa_store::{
    Fetched, classify_local,
    hash::{sha256, sha256_file},
    io_kind,
};

use crate::{
    amend,
    context::{Office, now},
    custody::own,
    levels,
    observe::{ended, measured},
    stages::{
        accept::Remark,
        layout::Layout,
        process::Settled,
        receipts,
        rows::{Filed, finding_of, set_version},
        sign::{self, Asked, SignedDocument},
        signature_findings,
    },
};

const STAGE: &str = sohoa_publish::STAGE;

/// How long silent authorities are asked again before the document is held for them.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same before it is signed at a lower level, for each level.
const LOWER_PATIENCE: Duration = Duration::from_secs(10);

/// How often a reading is given another number because somebody else took its own.
const ATTEMPTS: usize = 8;

/// The files of a held state.
#[derive(Debug)]
pub(crate) struct HeldFiles {
    composed: Fetched,
    alto: Fetched,
}

impl HeldFiles {
    /// The composed document, and its words with their places.
    pub(crate) fn paths(&self) -> (&FilePath, &FilePath) {
        (&self.composed.path, &self.alto.path)
    }
}

/// The files of a held state; none when one is gone or has other bytes than were held.
pub(crate) async fn held_files(
    office: &Office,
    prepared: &Prepared,
) -> Result<Option<HeldFiles>, Fault> {
    let Some(composed) = stored(office, prepared.composed.as_ref()).await? else {
        return Ok(None);
    };
    let alto = stored(office, prepared.alto.as_ref()).await?;
    Ok(alto.map(|alto| HeldFiles { composed, alto }))
}

async fn stored(office: &Office, part: Option<&Part>) -> Result<Option<Fetched>, Fault> {
    let Some(part) = part else { return Ok(None) };
    let key = Path::from(part.key.as_str());
    let fetch = || async {
        match office.output.fetch(&key).await {
            Ok(fetched) => Ok(Some(fetched)),
            Err(Fault::Retry(cause)) if io_kind(&*cause.error) == Some(ErrorKind::NotFound) => {
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    };
    let fetched = retry(office.retry, fetch).await?;
    Ok(fetched.filter(|fetched| fetched.sha256 == part.sha256))
}

/// Signs a prepared document, publishes it, and clears its held state; without what its level needs
/// it stays held, and waits for nobody.
pub(crate) async fn release(
    office: &Office,
    prepared: Prepared,
    files: (&FilePath, &FilePath),
) -> Result<Settled, Fault> {
    let (source, held) = (prepared.record.source_uid, holding::objects_of(&prepared));
    if let Err(Fault::Reject(other)) = sign::check_custodian(office, &prepared.record) {
        tracing::warn!(%source, error = %other.cause.error, "a held document is left to its agency");
        return Ok(Settled::held(prepared));
    }
    let settled = match sign_and_publish(office, prepared.clone(), files).await {
        Err(fault) => {
            if let Some(silence) = levels::silence(&fault) {
                let waiting_for = levels::waiting_for(silence);
                tracing::warn!(%source, waiting_for, "an authority or the token is silent; the document is held");
                return hold(office, prepared, waiting_for).await;
            }
            // A refused document waits for nobody; replayed, it is composed anew.
            if let Fault::Reject(_) = &fault {
                retry(office.retry, || holding::clear(&office.output, &held)).await?;
            }
            return Err(fault);
        }
        settled => settled?,
    };
    retry(office.retry, || holding::clear(&office.output, &held)).await?;
    Ok(settled)
}

/// Holds a document for an authority or the token. While these were asked, a clerk or another worker
/// may have decided on it, which stands, or the state beside it have changed, which stays.
async fn hold(office: &Office, prepared: Prepared, waiting_for: &str) -> Result<Settled, Fault> {
    let Record { source_uid: source, version, .. } = prepared.record;
    let key = keys::work(source, version, holding::PREPARED);
    let wait = |held: Prepared| waiting(held, &prepared, waiting_for);
    let change = || holding::change(&office.output, &key, wait);
    if let Some(held) = retry(office.retry, change).await? {
        return Ok(Settled::held(held));
    }
    let find = || publication::reading(&office.output, source, version);
    if let Some(record) = retry(office.retry, find).await? {
        return Ok(Settled::published(record));
    }
    let refusal = receipts::refusal_of(office, &prepared.record).await?;
    let gone = || Fault::retry(STAGE, "a held document is gone, and nobody says what became of it");
    refusal.map(Settled::quarantined).ok_or_else(gone)
}

/// A held state that waits, with by whose word it was released; none where it is of another reading.
fn waiting(mut held: Prepared, released: &Prepared, waiting_for: &str) -> Option<Prepared> {
    if !holding::is_same_reading(&held, released) {
        return None;
    }
    let rows = held.record.rows.documents.iter_mut();
    for (row, released) in rows.zip(&released.record.rows.documents) {
        row.release_mode.clone_from(&released.release_mode);
        row.release_ref.clone_from(&released.release_ref);
    }
    held.waiting_for = waiting_for.into();
    Some(held)
}

/// Signs a prepared document and publishes it. Its held state stays, for whoever has to remember it
/// until the publication is announced.
pub(crate) async fn sign_and_publish(
    office: &Office,
    mut prepared: Prepared,
    (composed, alto): (&FilePath, &FilePath),
) -> Result<Settled, Fault> {
    sign::check_custodian(office, &prepared.record)?;
    // What was read before the configuration said whose it is is this agency's. One that was taken over
    // stays named: who keeps for it now is in the signature, and who took over in the register.
    let own = own(&office.settings.config.agency);
    for row in &mut prepared.record.rows.documents {
        row.custodian_agency_code = row.custodian_agency_code.take().or_else(|| own.clone());
    }
    let signing = office.line.stage(Stage::Sign).enter();
    let signed = ended(signing, sign_as_can_be(office, &prepared, composed).await)?;
    let stored = Box::pin(store(office, prepared, (signed, alto)));
    measured(office, Stage::Publish, stored).await
}

/// A signed document, and what it lacks.
struct Signed {
    document: SignedDocument,
    /// Whether somebody said that the signer is not revoked.
    asked: Asked,
    /// Why it is not of the configured level, or nobody was asked.
    lowered: Option<String>,
}

/// Signs at the configured level, or, where the configuration allows it, at the highest one that
/// does without the authorities that are silent; then with why.
async fn sign_as_can_be(
    office: &Office,
    prepared: &Prepared,
    composed: &FilePath,
) -> Result<Signed, Fault> {
    let wanted = &office.settings.config.sign;
    let lowered = wanted.without_evidence == WithoutEvidence::Lower;
    let patience = if lowered { LOWER_PATIENCE } else { PATIENCE };
    // Only an authority makes this worth another try.
    let patience = Policy { within: office.retry.within.min(patience), ..office.retry };
    let (mut level, mut asked) = (wanted.wanted_level(), Asked::Authorities);
    let mut why = None;
    loop {
        let sign = || std::future::ready(sign::sign(office, prepared, (composed, level, asked)));
        let fault = match retry(patience, sign).await {
            Ok(signed) => return Ok(Signed { document: signed, asked, lowered: why }),
            Err(fault) => fault,
        };
        let silence =
            levels::silence(&fault).filter(|silence| lowered && levels::can_lower(silence));
        let Some(silence) = silence.or_else(|| levels::unasked(&fault, (wanted, level))) else {
            return Err(fault);
        };
        if level <= SignatureLevel::BT && levels::is_about_revocation(silence) {
            asked = Asked::Nobody;
        } else {
            level = levels::below(level, silence);
        }
        why.get_or_insert_with(|| levels::told(silence));
    }
}

async fn store(
    office: &Office,
    prepared: Prepared,
    (signed, alto): (Signed, &FilePath),
) -> Result<Settled, Fault> {
    let Signed { document, asked, lowered } = signed;
    let SignedDocument { file, signatures, kept, signed_at } = document;
    let hash = sha256_file(&file).map_err(|error| classify_local(STAGE, error))?;
    let Prepared { mut record, alto: layout, .. } = prepared;
    let document = Part {
        role: "document".into(),
        key: "document.pdf".into(),
        size: 0,
        sha256: hash,
        media_type: "application/pdf".into(),
    };
    for row in &mut record.rows.documents {
        row.converted_at = Some(signed_at);
    }
    let mut signatures: Vec<_> =
        signatures.into_iter().map(|row| sign::finished(row, &document)).collect();
    if let Some(kept) = kept {
        let bundle = Bytes::from(kept.to_der());
        let keep = || evidence::keep(&office.output, bundle.clone());
        let part = retry(office.retry, keep).await?;
        for row in signatures.iter_mut().filter(|row| row.role == sign::OWN_ROLE) {
            row.evidence_uri.get_or_insert_with(|| part.key.clone());
        }
        record.parts.push(part);
    }
    if let (Some(why), Some(signature)) = (lowered, signatures.first()) {
        let wanted = sign::word(&office.settings.config.sign.wanted_level());
        if asked == Asked::Nobody {
            let remark = Remark::seen(Code::Q12RevocationUnknown, why.clone());
            record.rows.findings.push(on_signature(&record, signature, remark));
        }
        if signature.pades_level != wanted {
            record.rows.findings.push(below_level(&record, signature, (&wanted, &why)));
        }
    }
    if let (Some(notice), Some(signature)) = (office.authority.signer.notice(), signatures.first())
    {
        let remark = Remark::seen(Code::Q05GuidelineDeviation, notice);
        record.rows.findings.push(on_signature(&record, signature, remark));
    }
    record.rows.signatures.extend(signatures);
    let layout = layout.map(|part| (alto, Part { key: "alto.xml".into(), ..part }));
    publish(office, record, &Made { file: Some(&file), document, layout }).await
}

/// The finding on a signature that is below the level it should have.
fn below_level(
    record: &Record,
    signature: &SignatureRow,
    (wanted, why): (&str, &str),
) -> FindingRow {
    let remark = Remark {
        expected: Some(wanted.to_owned()),
        ..Remark::seen(Code::Q10LevelLower, format!("{}: {why}", signature.pades_level))
    };
    on_signature(record, signature, remark)
}

fn on_signature(record: &Record, signature: &SignatureRow, remark: Remark) -> FindingRow {
    let filed = Filed {
        source: record.source_uid,
        version: record.version,
        province: &record.province,
        month: &record.ingest_month,
    };
    finding_of(filed, ("signature", signature.signature_uid), remark, "sign")
}

/// Publishes a born-digital original.
pub(crate) async fn publish_original(
    office: &Office,
    record: Record,
    layout: &Layout,
) -> Result<Settled, Fault> {
    let Some(document) = record.parts.first().cloned() else {
        let error = "a record without its original";
        return Err(Fault::fatal(FatalKind::Internal, STAGE, error));
    };
    let layout = Some((&*layout.file, layout.part.clone()));
    let made = Made { file: None, document, layout };
    measured(office, Stage::Publish, publish(office, record, &made)).await
}

/// What a record's parts are made of, which have to be stored anew under each number it is given.
struct Made<'a> {
    /// The signed file; none of an original, which is stored already.
    file: Option<&'a FilePath>,
    document: Part,
    layout: Option<(&'a FilePath, Part)>,
}

fn attempt(record: &Record, document: &str, layout: Option<&Part>) -> Attempt {
    let text = sha256(&text_of(&record.rows));
    let layout = layout.map_or("", |part| &part.sha256);
    Attempt::new(record.source_uid, record.version, &[document, layout, &text])
}

async fn keep_layout(
    office: &Office,
    attempt: &Attempt,
    (file, part): (&FilePath, Part),
) -> Result<Part, Fault> {
    retry(office.retry, || attempt.put_file(&office.output, file, part.clone())).await
}

/// Publishes a reading under its number. Where that went to the version before, raised or corrected
/// while this was read, it goes on top of it with what was set by hand: a reading is never lost to what
/// was made of an older one. Of two readings the first counts.
async fn publish(office: &Office, mut record: Record, made: &Made<'_>) -> Result<Settled, Fault> {
    for _ in 0..ATTEMPTS {
        let other = match attempted(office, record.clone(), made).await? {
            (record, Published::Now(hash)) => {
                return Ok(Settled { sha256: Some(hash), ..Settled::published(record) });
            }
            (_, Published::Before(winner)) => winner,
        };
        let source = record.source_uid;
        let read = || publication::reading(&office.output, source, other.version);
        if let Some(read) = retry(office.retry, read).await? {
            return Ok(Settled::published(read));
        }
        // At once behind all that were made meanwhile: it may have been held for long.
        let latest = || publication::latest(&office.output, source);
        let other = retry(office.retry, latest).await?.unwrap_or(*other);
        let version = other.version;
        tracing::info!(%source, version, "the version before was changed meanwhile; this goes on top");
        amend::carry(&other, &mut record.rows);
        record.version = version + 1;
        set_version(&mut record.rows, record.version);
    }
    let error = "others make new versions of it without a pause";
    Err(Fault::retry(STAGE, error))
}

async fn attempted(
    office: &Office,
    mut record: Record,
    made: &Made<'_>,
) -> Result<(Record, Published), Fault> {
    let layout = made.layout.as_ref();
    let attempt = attempt(&record, &made.document.sha256, layout.map(|(_, part)| part));
    let mut document = made.document.clone();
    if let Some(file) = made.file {
        let put = || attempt.put_file(&office.output, file, made.document.clone());
        document = retry(office.retry, put).await?;
    }
    if let Some((file, part)) = layout {
        record.parts.push(keep_layout(office, &attempt, (file, part.clone())).await?);
    }
    let text = text_of(&record.rows);
    let name = ("text", "text.txt", "text/plain; charset=utf-8");
    let put = || attempt.put(&office.output, name, text.clone());
    let text = retry(office.retry, put).await?;
    let settled_at = receipts::moment(office, &record).await?;
    finish_rows(&mut record, &document, settled_at);
    if document.role == "document" {
        record.parts.insert(0, document);
    }
    record.parts.push(text);
    record.attempt.clone_from(&attempt.name);
    record.published_at = now();
    let published = retry(office.retry, || publication::publish(&office.output, &record)).await?;
    Ok((record, published))
}

/// Fills what only the finished document knows.
fn finish_rows(record: &mut Record, document: &Part, settled_at: DateTime<Utc>) {
    let time = now();
    let state = signature_findings::state(&record.rows.signatures);
    let filed = Filed {
        source: record.source_uid,
        version: record.version,
        province: &record.province,
        month: &record.ingest_month,
    };
    let faults = signature_findings::of_document(filed, &record.rows.signatures);
    record.rows.findings.extend(faults);
    for row in &mut record.rows.documents {
        row.sha256_object.clone_from(&document.sha256);
        row.object_uri.clone_from(&document.key);
        row.object_size = document.size as i64;
        row.updated_at = time;
        row.signature_state = state.into();
    }
    for row in &mut record.rows.intake {
        row.outcome = Outcome::Published;
        row.pages_published += std::mem::take(&mut row.pages_held);
        row.settled_at = settled_at;
    }
}

/// The pages' text, form feeds between pages.
fn text_of(rows: &Rows) -> Bytes {
    let pages: Vec<&str> = rows.page_text.iter().map(|row| row.text.as_str()).collect();
    pages.join("\u{c}").into()
}

/// Address of the record that rows come from.
pub(crate) fn record_key(record: &Record) -> String {
    keys::record(record.source_uid, record.version)
}

#[cfg(test)]
mod tests {
    use sohoa_schemas::rows::DocumentRow;

    use super::*;

    #[test]
    fn a_state_of_another_reading_waits_for_what_it_waited_for() {
        let held = |sha256: &str, release_mode: Option<&str>| {
            let row = DocumentRow {
                release_mode: release_mode.map(str::to_owned),
                ..DocumentRow::default()
            };
            let mut held = Prepared::default();
            held.record.rows.documents.push(row);
            held.composed = Some(Part {
                role: "document".into(),
                key: format!("work/{sha256}/composed.pdf"),
                size: 1,
                sha256: sha256.into(),
                media_type: "application/pdf".into(),
            });
            held
        };
        let released = held("aa", Some("delegated"));
        let waits = waiting(held("aa", None), &released, holding::FOR_STAMP).unwrap();
        assert_eq!(waits.waiting_for, holding::FOR_STAMP);
        assert_eq!(waits.record.rows.documents, released.record.rows.documents);
        assert!(waiting(held("bb", None), &released, holding::FOR_STAMP).is_none());
    }
}
