//! Verifies every signature of a PDF, made by us or met in the wild.
//!
//! * [`report`]: what is found, as values that serialise.
//! * [`trust`]: which roots, which agencies, what is expected.
//! * [`field`]: the signature fields and where they show.
//! * [`coverage`], [`changes`], [`filling`], [`look`], [`means`], [`references`]: what a signature
//!   covers, what was added after it, and whether that is what it says it is.
//! * [`cms`], [`algorithm`]: the signature itself, over `ring`, SHA-1 and PKCS#1 included.
//! * [`time_stamp`]: RFC 3161 tokens.
//! * [`path`], [`subject`]: whose certificate it is and whether a pinned root vouches for it.
//! * [`evidence`]: what the security store proves, and the level it lifts a signature to.
//! * [`online`]: the same, where the authorities may be asked.
//! * [`policy`]: may this certificate sign for this agency?
//!
//! Issuer names are never believed, only chains to pinned roots. [`verify_pdf`] fetches nothing:
//! where the file itself does not prove that a certificate was not revoked, the verdict says so. A
//! certificate is judged at the time of the time-stamp where there is a sound one, else at the time
//! the signer claims.

pub(crate) mod algorithm;
mod changes;
pub(crate) mod cms;
mod coverage;
pub(crate) mod evidence;
mod field;
mod filling;
mod fuzzing;
pub(crate) mod judge;
mod look;
mod means;
mod online;
pub(crate) mod path;
mod policy;
mod references;
mod report;
mod subject;
pub(crate) mod time_stamp;
mod trust;
mod words;

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::{
    certificate::Certificate,
    dss,
    pdf::{Document, PdfError, Source},
    revocation::Pool,
};
use judge::{Judged, Measure};

pub(crate) use fuzzing::signed_data;
pub use online::verify_pdf_online;
pub use policy::{PolicyError, SignerIdentity, check_signer};
pub use report::{
    Algorithm, Coverage, Integrity, LaterChanges, Note, PadesLevel, Position, Report,
    RevocationStatus, Signature, SignatureAlgorithm, SubjectKind, SubjectKindBasis, TimeStamp,
    Verdict,
};
pub use trust::{Agency, Expected, Pin, PinnedRoot, Trust, TrustDomain};

/// The file could not be judged at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Its structure cannot be read.
    #[error("the PDF cannot be read")]
    Pdf(#[from] PdfError),
}

/// Finds and judges every signature of a file. `at_time` is now, or the day to judge for.
///
/// # Errors
/// [`VerifyError`] when the file is no readable PDF; a broken signature is a verdict, not an error.
pub fn verify_pdf(
    path: &Path,
    trust: &Trust,
    at_time: DateTime<Utc>,
) -> Result<Report, VerifyError> {
    let document = Document::open(Source::open(path)?)?;
    let examined = examine(&document, trust, at_time)?;
    Ok(report_of(&document, examined))
}

fn report_of(document: &Document, examined: Examined) -> Report {
    let signatures: Vec<_> = examined.judged.into_iter().map(|one| one.signature).collect();
    let verdict =
        signatures.iter().map(|signature| signature.verdict).max().unwrap_or(Verdict::Missing);
    Report {
        size: document.source.len(),
        encrypted: document.encrypted(),
        junk_before_header: document.source.base(),
        signatures,
        unsigned_fields: examined.unsigned_fields,
        verdict,
    }
}

/// All signatures of a document, judged.
#[derive(Debug)]
pub(crate) struct Examined {
    pub(crate) judged: Vec<Judged>,
    pub(crate) unsigned_fields: Vec<String>,
    /// The evidence that the document holds.
    pub(crate) pool: Pool,
}

pub(crate) fn examine(
    document: &Document,
    trust: &Trust,
    at_time: DateTime<Utc>,
) -> Result<Examined, PdfError> {
    examine_with(document, trust, (at_time, &Pool::default()))
}

/// The same with further certificates and evidence at hand, as if the document held them.
pub(crate) fn examine_with(
    document: &Document,
    trust: &Trust,
    (at_time, further): (DateTime<Utc>, &Pool),
) -> Result<Examined, PdfError> {
    let mut pool = dss::read(document);
    pool.join(further);
    let others: Vec<_> = pool.certificates.iter().filter_map(|d| Certificate::parse(d)).collect();
    let measure = Measure { trust, at_time, others: &others };
    let (mut judged, mut unsigned_fields) = (Vec::new(), Vec::new());
    for field in field::find(document)? {
        if field.value.is_some() {
            let seq = judged.len() as u32 + 1;
            judged.push(judge::signature(document, (&field, seq), measure)?);
        } else {
            unsigned_fields.push(field.name);
        }
    }
    judge::enforce_certifications(&mut judged);
    evidence::weigh(&mut judged, &pool, at_time);
    Ok(Examined { judged, unsigned_fields, pool })
}
