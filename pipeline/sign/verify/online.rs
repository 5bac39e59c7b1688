//! The same judgement where the authorities may be asked: what they say now of every certificate, and
//! for issuers that its signatures left out.
//!
//! The evidence in a file does not stand in for an answer: whoever signs with a stolen key puts in what
//! was true before it was revoked, and is in date for weeks.
//!
//! What is learnt so changes verdicts. It changes no level: that is what the file proves by itself,
//! to somebody who cannot ask any more.

use std::{collections::BTreeSet, path::Path};

use chrono::{DateTime, Utc};

use super::{
    Report, VerifyError, examine, examine_with, judge::Judged, report_of, trust::TrustDomain,
};
use crate::{
    EvidenceError, EvidenceSource,
    certificate::Certificate,
    pdf::{Document, Source},
    revocation::{Moment, Pool, Witness},
};

/// Finds and judges every signature of a file now, asking the authorities of all certificates that it
/// rests on. Beside the report: what could not be learnt and the file does not prove either, and why,
/// by field.
///
/// # Errors
/// [`VerifyError`] when the file is no readable PDF.
pub fn verify_pdf_online(
    path: &Path,
    evidence: &EvidenceSource,
    now: DateTime<Utc>,
) -> Result<(Report, Vec<(String, EvidenceError)>), VerifyError> {
    let document = Document::open(Source::open(path)?)?;
    let alone = examine(&document, &evidence.trust, now)?;
    let levels: Vec<_> = alone.judged.iter().map(|one| one.signature.pades_level).collect();
    let mut found = evidence.issuers_missing_in(&alone.judged);
    // Judged again before evidence is asked for, which takes the chains.
    let mut examined = examine_with(&document, &evidence.trust, (now, &found))?;
    let certificates = examined.pool.certificates.clone();
    let learnt = Pool { certificates, ..Pool::default() };
    let mut asking =
        Asking { evidence, known: now, held: &examined.pool, learnt, silent: BTreeSet::new() };
    let mut unknown = Vec::new();
    for one in &examined.judged {
        if let Some(error) = asking.about(one) {
            unknown.push((one.signature.field_name.clone(), error));
        }
    }
    found.join(&asking.learnt);
    if !found.ocsps.is_empty() || !found.crls.is_empty() {
        examined = examine_with(&document, &evidence.trust, (now, &found))?;
    }
    for (one, level) in examined.judged.iter_mut().zip(levels) {
        one.signature.pades_level = level;
    }
    Ok((report_of(&document, examined), unknown))
}

/// What is learnt of the certificates of one file.
struct Asking<'a> {
    evidence: &'a EvidenceSource,
    known: DateTime<Utc>,
    /// What the file proves by itself.
    held: &'a Pool,
    learnt: Pool,
    /// Certificates whose authorities cannot be reached: nobody waits for them again at each signature.
    silent: BTreeSet<Vec<u8>>,
}

impl Asking<'_> {
    /// Asks about the chains that a signature rests on. Why something is still unknown, if it is.
    fn about(&mut self, one: &Judged) -> Option<EvidenceError> {
        // A throw-away authority has nobody to ask, and one that is not trusted is not asked.
        if one.links.is_empty() || one.signature.trust_domain == TrustDomain::Test {
            return None;
        }
        let stamp = one.signature.timestamp.as_ref().filter(|s| s.sound() && s.trusted);
        let chains = [(&one.links, Some(one.used)), (&one.stamp_links, stamp.map(|s| s.time))];
        let mut first = None;
        for (links, used) in chains {
            let Some(used) = used else { continue };
            for pair in links.windows(2) {
                let unknown = self.ask(pair, Moment { used, known: self.known });
                first = first.or(unknown);
            }
        }
        first
    }

    /// Asks about a certificate of a chain, before its issuer.
    fn ask(&mut self, pair: &[Vec<u8>], moment: Moment) -> Option<EvidenceError> {
        let parsed: Vec<_> = pair.iter().filter_map(|der| Certificate::parse(der)).collect();
        let certificate = parsed.first()?;
        let error = if self.silent.contains(certificate.der) {
            EvidenceError::StillSilent { subject: certificate.subject.printed() }
        } else {
            self.evidence.ask(pair, moment, &mut self.learnt).err()?
        };
        if matches!(error, EvidenceError::Fetch { .. }) {
            self.silent.insert(certificate.der.to_vec());
        }
        let mut all = self.held.clone();
        all.join(&self.learnt);
        let is_proven = Witness::new(&all).chain(&parsed, moment).missing.is_none();
        (!is_proven).then_some(error)
    }
}
