//! The same judgement where the authorities may be asked: for evidence that a file does not hold, and
//! for issuers that its signatures left out.
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
    pdf::{Document, Source},
    revocation::{Moment, Pool},
};

/// Finds and judges every signature of a file now, asking the authorities of those whose
/// certificates the file itself does not prove good. Beside the report: what could not be learnt,
/// and why, by field.
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
    found.join(&examined.pool);
    let mut unknown = Vec::new();
    for one in &examined.judged {
        if let Err(error) = gather(evidence, one, (now, &mut found)) {
            unknown.push((one.signature.field_name.clone(), error));
        }
    }
    if found != examined.pool {
        examined = examine_with(&document, &evidence.trust, (now, &found))?;
    }
    for (one, level) in examined.judged.iter_mut().zip(levels) {
        one.signature.pades_level = level;
    }
    Ok((report_of(&document, examined), unknown))
}

/// Has evidence for the chains that a signature rests on.
fn gather(
    evidence: &EvidenceSource,
    one: &Judged,
    (known, pool): (DateTime<Utc>, &mut Pool),
) -> Result<(), EvidenceError> {
    // A throw-away authority has nobody to ask, and one that is not trusted is not asked.
    if one.links.is_empty() || one.signature.trust_domain == TrustDomain::Test {
        return Ok(());
    }
    let stamp = one.signature.timestamp.as_ref().filter(|s| s.sound() && s.trusted);
    let chains = [(&one.links, Some(one.used)), (&one.stamp_links, stamp.map(|s| s.time))];
    let mut first = Ok(());
    for (links, used) in chains {
        let Some(used) = used else { continue };
        match evidence.gather_anew(links, Moment { used, known }, pool) {
            // That it is revoked is the verdict's to say.
            Ok(_) | Err(EvidenceError::Revoked { .. }) => {}
            Err(error) => first = first.and(Err(error)),
        }
    }
    first
}
