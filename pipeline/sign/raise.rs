//! Raises a signed PDF from B-T to B-LT, and on to B-LTA. One of B-B is brought to B-T by a document
//! time-stamp first ([`stamp_pdf`]).
//!
//! B-LT adds, as a further revision, the evidence that no certificate was revoked when it was
//! used; B-LTA then stamps the whole. The same call renews an archive: evidence about the last
//! document time-stamp is added before the next one is made. The file is copied, never held.

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::{
    EvidenceError, EvidenceSource, KeptEvidence, SignError, StampError, Stamped,
    TimeStampAuthority,
    dss::{self, Related},
    output::Output,
    pdf::{Document, Source},
    revocation::{ChainStanding, Moment, Pool, RevocationMethod},
    signing::stamp_pdf,
    verify::{
        Integrity, Note, PadesLevel, Verdict,
        evidence::weigh,
        examine, examine_with,
        judge::{DOCUMENT_STAMP, Judged},
    },
};

/// The document time-stamp that makes B-LTA of B-LT.
#[derive(Debug, Clone, Copy)]
pub struct ArchiveStamp<'a> {
    /// Name of its field; a number is appended when the form has it already.
    pub field_name: &'a str,
    /// Who stamps.
    pub authority: &'a TimeStampAuthority,
}

/// What was written.
#[derive(Debug)]
pub struct Raised {
    /// OCSP responses in the file's store now.
    pub ocsps: usize,
    /// Revocation lists in the file's store now.
    pub crls: usize,
    /// The document time-stamp, where one was wanted.
    pub stamp: Option<Stamped>,
    /// Earlier signatures and stamps of the file that no evidence could be had for, by field.
    pub left: Vec<(String, EvidenceError)>,
    /// Size of the output in bytes.
    pub size: u64,
    /// SHA-256 of the output.
    pub sha256: [u8; 32],
}

/// Raises the newest signature of `input` to B-LT, or to B-LTA with `archive`; both paths may be
/// the same. Earlier signatures get the evidence that can be had for them. `now` is the time of
/// the evidence.
///
/// # Errors
/// [`SignError`]; `output` is then untouched.
pub fn raise_pdf(
    input: &Path,
    output: &Path,
    evidence: &EvidenceSource,
    archive: Option<ArchiveStamp<'_>>,
    now: DateTime<Utc>,
) -> Result<Raised, SignError> {
    raise_pdf_with(input, output, (evidence, &KeptEvidence::default()), archive, now)
}

/// The same, with what was kept of a signature's time at hand: it serves where the authorities do not
/// say enough any more.
///
/// # Errors
/// As [`raise_pdf`].
pub fn raise_pdf_with(
    input: &Path,
    output: &Path,
    (evidence, kept): (&EvidenceSource, &KeptEvidence),
    archive: Option<ArchiveStamp<'_>>,
    now: DateTime<Utc>,
) -> Result<Raised, SignError> {
    let document = Document::open(Source::open(input)?)?;
    if document.encrypted() {
        return Err(SignError::Encrypted);
    }
    if crate::form::forbids_changes(&document)? {
        return Err(SignError::Certified);
    }
    let mut examined = examine(&document, &evidence.trust, now)?;
    let missing = evidence.issuers_missing_in(&examined.judged);
    if !missing.certificates.is_empty() {
        examined = examine_with(&document, &evidence.trust, (now, &missing))?;
    }
    let newest = newest(&examined.judged)?;
    let (key, field) = (newest.key.clone(), newest.signature.field_name.clone());
    let unstamped = newest.signature.timestamp.is_none();
    let (pool, kept) = (examined.pool, &kept.0);
    let mut gathering = Gathering { evidence, kept, now, pool, related: Vec::new() };
    let mut left = Vec::new();
    for one in &examined.judged {
        match gathering.add(one) {
            // The time of a signature without a stamp of its own rests on those of the document.
            Err(error) if one.key == key || unstamped && is_stamp(one) => {
                return Err(SignError::Evidence { field, source: Box::new(error) });
            }
            Err(error) => left.push((one.signature.field_name.clone(), error)),
            Ok(()) => {}
        }
    }
    if let Some(archive) = archive {
        gathering.prepare(archive)?;
    }
    let Gathering { pool, related, .. } = gathering;
    weigh(&mut examined.judged, &pool, now);
    reached(&examined.judged, (&key, field))?;
    let revision = dss::revision(&document, &pool, &related)?;
    let appended = revision.map(|written| written.bytes).unwrap_or_default();
    let file = Output::create(output)?;
    let sha256 = file.copy(&document, &appended)?;
    let (ocsps, crls) = (pool.ocsps.len(), pool.crls.len());
    let Some(archive) = archive else {
        file.finish()?;
        let size = document.source.len() + appended.len() as u64;
        return Ok(Raised { ocsps, crls, stamp: None, left, size, sha256 });
    };
    let stamped = seal(&file, output, archive)?;
    let (size, sha256) = (stamped.size, stamped.sha256);
    Ok(Raised { ocsps, crls, stamp: Some(stamped), left, size, sha256 })
}

/// Stamps the finished B-LT file into the output, by the authority that evidence was had for.
fn seal(file: &Output, output: &Path, archive: ArchiveStamp<'_>) -> Result<Stamped, SignError> {
    let ArchiveStamp { field_name, authority } = archive;
    let known = authority.links()?;
    let sealed = Output::create(output)?;
    let stamped = stamp_pdf(file.file.path(), sealed.file.path(), field_name, authority)?;
    if authority.links()? != known {
        return Err(StampError::NewCertificate.into());
    }
    sealed.finish()?;
    Ok(stamped)
}

fn is_stamp(one: &Judged) -> bool {
    one.signature.sub_filter == DOCUMENT_STAMP
}

/// The signature that must reach the level: one that is good and has a trusted time-stamp.
fn newest(judged: &[Judged]) -> Result<&Judged, SignError> {
    let signatures = judged.iter().filter(|one| !is_stamp(one));
    let newest = signatures.max_by_key(|one| one.end).ok_or(SignError::Unsigned)?;
    let found = &newest.signature;
    let field = found.field_name.clone();
    let sound = found.integrity == Integrity::Intact && !found.modified_after;
    if !sound || matches!(found.verdict, Verdict::UntrustedChain | Verdict::ExpiredAtSigning) {
        return Err(SignError::NotValid { field, verdict: found.verdict });
    }
    if found.pades_level == PadesLevel::Legacy {
        return Err(SignError::NotBaseline { field });
    }
    let stamped = found.timestamp.as_ref().is_some_and(|stamp| stamp.sound() && stamp.trusted);
    if !stamped && !newest.proven {
        return Err(SignError::NotStamped { field });
    }
    Ok(newest)
}

/// What was brought together is judged as a verifier will judge it.
fn reached(judged: &[Judged], (key, field): (&str, String)) -> Result<(), SignError> {
    let one = judged.iter().find(|one| one.key == key);
    let found = &one.ok_or(SignError::Unsigned)?.signature;
    match found.pades_level {
        PadesLevel::BLt | PadesLevel::BLta => Ok(()),
        _ if found.notes.contains(&Note::TimeStampRevoked) => Err(SignError::NotStamped { field }),
        _ => Err(SignError::NotValid { field, verdict: found.verdict }),
    }
}

/// The evidence of a file while it is brought together.
struct Gathering<'a> {
    evidence: &'a EvidenceSource,
    kept: &'a Pool,
    now: DateTime<Utc>,
    pool: Pool,
    related: Vec<Related>,
}

impl Gathering<'_> {
    /// Evidence for a signature and for the time-stamp that proves its time.
    fn add(&mut self, one: &Judged) -> Result<(), EvidenceError> {
        if one.links.is_empty() {
            // Nobody who is trusted vouches for it, so nobody could be asked.
            return Ok(());
        }
        let mut related = Related { key: one.key.clone(), pool: Pool::default() };
        let stamp = one.signature.timestamp.as_ref().filter(|s| s.sound() && s.trusted);
        let chains = [(&one.links, Some(one.used)), (&one.stamp_links, stamp.map(|s| s.time))];
        let mut refused = None;
        for (links, used) in chains {
            let Some(used) = used else { continue };
            let moment = Moment { used, known: self.now };
            match self.gather(links, moment) {
                Ok(standing) => relate(&mut related.pool, (links, &standing), &self.pool),
                Err(error) => refused = Some(error),
            }
        }
        if let Some(error) = refused {
            return Err(error);
        }
        self.related.push(related);
        Ok(())
    }

    /// Evidence for a chain; where its authorities do not say enough, what was kept is added.
    fn gather(
        &mut self,
        links: &[Vec<u8>],
        moment: Moment,
    ) -> Result<ChainStanding, EvidenceError> {
        let asked = self.evidence.gather(links, moment, &mut self.pool);
        if matches!(asked, Ok(_) | Err(EvidenceError::Revoked { .. })) {
            return asked;
        }
        let mut all = self.pool.clone();
        all.join(self.kept);
        if all == self.pool {
            return asked;
        }
        let standing = match self.evidence.gather(links, moment, &mut all) {
            Ok(standing) => standing,
            revoked @ Err(EvidenceError::Revoked { .. }) => return revoked,
            Err(_) => return asked,
        };
        self.pool = all;
        Ok(standing)
    }

    /// Evidence for the authority that will stamp, which the stamp itself then covers.
    fn prepare(&mut self, archive: ArchiveStamp<'_>) -> Result<(), SignError> {
        let links = archive.authority.links()?;
        let moment = Moment { used: self.now, known: self.now };
        let gathered = self.evidence.gather(&links, moment, &mut self.pool);
        gathered.map(drop).map_err(|error| SignError::Evidence {
            field: archive.field_name.to_owned(),
            source: Box::new(error),
        })
    }
}

/// Notes which pieces a signature rests on.
fn relate(related: &mut Pool, (links, standing): (&[Vec<u8>], &ChainStanding), pool: &Pool) {
    for der in links.iter().chain(&standing.delegates) {
        related.add_certificate(der);
    }
    for &(method, place) in &standing.pieces {
        let list = match method {
            RevocationMethod::Crl => (&pool.crls, &mut related.crls),
            RevocationMethod::Ocsp => (&pool.ocsps, &mut related.ocsps),
            RevocationMethod::None => continue,
        };
        if let Some(bytes) = list.0.get(place).filter(|bytes| !list.1.contains(bytes)) {
            list.1.push(bytes.clone());
        }
    }
}
