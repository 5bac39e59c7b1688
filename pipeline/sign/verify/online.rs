//! The same judgement where the authorities may be asked: what they say now of every certificate, and
//! for issuers that its signatures left out.
//!
//! The evidence in a file does not stand in for an answer: whoever signs with a stolen key puts in what
//! was true before it was revoked, and is in date for weeks. Where nobody answers it decides, and the
//! silence is told.
//!
//! What is learnt so changes verdicts. It changes no level: that is what the file proves by itself,
//! to somebody who cannot ask any more.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::{
    Report, VerifyError, examine, examine_with, judge::Judged, report_of, trust::TrustDomain,
};
use crate::{
    EvidenceError, EvidenceSource,
    certificate::Certificate,
    gather::First,
    pdf::{Document, Source},
    revocation::{Moment, Pool, Witness},
};

/// Finds and judges every signature of a file now, asking the authorities of all certificates that it
/// rests on, and none twice for several files. Beside the report: what could not be learnt, and why, by field: where nobody answered, and
/// where neither an answer nor the file proves a certificate good.
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
    let pool = Pool { certificates, ..Pool::default() };
    let mut asking = Asking { evidence, known: now, held: &examined.pool, pool };
    let mut unknown = Vec::new();
    for one in &examined.judged {
        if let Some(error) = asking.about(one) {
            unknown.push((one.signature.field_name.clone(), error));
        }
    }
    found.join(&asking.pool);
    if !found.ocsps.is_empty() || !found.crls.is_empty() {
        examined = examine_with(&document, &evidence.trust, (now, &found))?;
    }
    for (one, level) in examined.judged.iter_mut().zip(levels) {
        one.signature.pades_level = level;
    }
    Ok((report_of(&document, examined), unknown))
}

/// Asking about the certificates of one file.
struct Asking<'a> {
    evidence: &'a EvidenceSource,
    known: DateTime<Utc>,
    /// What the file proves by itself.
    held: &'a Pool,
    /// What is known beside it.
    pool: Pool,
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
        let error = if self.evidence.asked.is_silent(certificate.der, self.known) {
            EvidenceError::StillSilent { subject: certificate.subject.printed() }
        } else {
            self.learn(certificate.der, pair, moment).err()?
        };
        // What was kept of earlier serves as what the file holds does.
        drop(self.evidence.ask(First::KeptAlone, pair, (moment, &mut self.pool)));
        let is_silence = match error {
            EvidenceError::Fetch { .. } => {
                self.evidence.asked.keep_silent(certificate.der, self.known);
                true
            }
            EvidenceError::StillSilent { .. } => true,
            _ => false,
        };
        let mut all = self.held.clone();
        all.join(&self.pool);
        let is_proven = || Witness::new(&all).chain(&parsed, moment).missing.is_none();
        (is_silence || !is_proven()).then_some(error)
    }

    /// Asks the authorities, and keeps what they say for the next file.
    fn learn(
        &mut self,
        certificate: &[u8],
        pair: &[Vec<u8>],
        moment: Moment,
    ) -> Result<(), EvidenceError> {
        let mut said = self.evidence.asked.said(certificate);
        for held in &self.pool.certificates {
            said.add_certificate(held);
        }
        let asked = self.evidence.ask(First::AskedAlone, pair, (moment, &mut said));
        self.pool.join(&said);
        if asked.is_ok() {
            said.certificates.clear();
            self.evidence.asked.keep_said(certificate, said);
        }
        asked
    }
}
