//! Verifies every signature of a PDF, made by us or met in the wild.
//!
//! * [`report`]: what is found, as values that serialise.
//! * [`trust`]: which roots, which agencies, what is expected.
//! * [`field`]: the signature fields and where they show.
//! * [`coverage`], [`changes`]: what a signature covers and what was added after it.
//! * [`cms`], [`algorithm`]: the signature itself, over `ring`, SHA-1 and PKCS#1 included.
//! * [`time_stamp`]: RFC 3161 tokens.
//! * [`path`], [`subject`]: whose certificate it is and whether a pinned root vouches for it.
//! * [`policy`]: may this certificate sign for this agency?
//!
//! Issuer names are never believed, only chains to pinned roots. Nothing is fetched: without
//! revocation data the verdict says so. A certificate is judged at the time of the time-stamp
//! where there is a sound one, else at the time the signer claims.

mod algorithm;
mod changes;
mod cms;
mod coverage;
mod field;
mod judge;
mod path;
mod policy;
mod report;
mod subject;
pub(crate) mod time_stamp;
mod trust;
mod words;

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::pdf::{Document, PdfError, Source};

pub use policy::{PolicyError, SignerIdentity, check_signer};
pub use report::{
    Algorithm, Coverage, Integrity, LaterChanges, Note, PadesLevel, Position, Report, Signature,
    SignatureAlgorithm, SubjectKind, SubjectKindBasis, TimeStamp, Verdict,
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
    let found = field::find(&document)?;
    let mut signatures = Vec::new();
    let mut unsigned_fields = Vec::new();
    for field in found {
        match field.value {
            Some(_) => {
                let seq = signatures.len() as u32 + 1;
                signatures.push(judge::signature(&document, &field, trust, (seq, at_time))?);
            }
            None => unsigned_fields.push(field.name),
        }
    }
    judge::raise_levels(&document, &mut signatures)?;
    let verdict =
        signatures.iter().map(|signature| signature.verdict).max().unwrap_or(Verdict::Missing);
    Ok(Report {
        size: document.source.len(),
        encrypted: document.encrypted(),
        junk_before_header: document.source.base(),
        signatures,
        unsigned_fields,
        verdict,
    })
}
