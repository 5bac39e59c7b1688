//! Why a document could not be signed.

use crate::{EvidenceError, StampError, TokenError, pdf::PdfError, verify::Verdict};

/// Signing failed; the output was not written.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The input is not a PDF this crate dares to extend.
    #[error("the input PDF cannot be extended")]
    Pdf(#[from] PdfError),
    /// Reading or writing failed.
    #[error("cannot read or write `{path}`")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The input is encrypted; an archive record must not be.
    #[error("the input is encrypted")]
    Encrypted,
    /// An earlier certification signature forbids every change.
    #[error("the input is certified by an earlier signature that forbids further changes")]
    Certified,
    /// A revision would begin beyond what a cross-reference table can address.
    #[error("the input is larger than a cross-reference table can address (9.3 GB)")]
    TooLarge,
    /// The font cannot be read or subset.
    #[error("the appearance font cannot be used: {0}")]
    Font(&'static str),
    /// The font lacks a character of the appearance.
    #[error("the appearance font has no glyph for `{0}`")]
    MissingGlyph(char),
    /// The private key is not one of the accepted kinds.
    #[error("the private key was refused: {0}")]
    Key(&'static str),
    /// No certificate in the chain belongs to the private key.
    #[error("no certificate of the chain belongs to the private key")]
    KeyMismatch,
    /// A certificate is unreadable.
    #[error("a certificate is unreadable: {0}")]
    Certificate(&'static str),
    /// Text that should be PEM is not.
    #[error("not a PEM file: {0}")]
    Pem(&'static str),
    /// The key holder refused or failed to sign.
    #[error("the key holder did not sign: {0}")]
    Signature(&'static str),
    /// The token that holds the key did not do what was asked.
    #[error("the token did not sign")]
    Token(#[from] TokenError),
    /// The key holder's signature is longer than it had announced.
    #[error("the signature needs {needed} bytes, {reserved} were reserved")]
    Space {
        /// Bytes needed.
        needed: usize,
        /// Bytes reserved.
        reserved: usize,
    },
    /// There is no time-stamp that may be embedded.
    #[error("no time-stamp was embedded")]
    TimeStamp(#[from] StampError),
    /// No signature of the file can be raised to B-LT.
    #[error("the file has no signature that validation data could be added for")]
    Unsigned,
    /// The signature to raise is no good, so that evidence about it would mean nothing.
    #[error("the signature `{field}` is not raised: {}", verdict.english())]
    NotValid {
        /// Its field.
        field: String,
        /// What is wrong with it.
        verdict: Verdict,
    },
    /// The signature to raise is of a form that PAdES levels do not know.
    #[error("the signature `{field}` is older than the PAdES baseline; only a new one has a level")]
    NotBaseline {
        /// Its field.
        field: String,
    },
    /// The signature to raise has no time-stamp under a pinned root.
    #[error("the signature `{field}` has no trusted time-stamp; sign at level B-T first")]
    NotStamped {
        /// Its field.
        field: String,
    },
    /// There is no evidence for a certificate that the signature or its time-stamp rests on.
    #[error("there is no validation data for `{field}`")]
    Evidence {
        /// The field, or the address of the time-stamp authority.
        field: String,
        /// Why.
        #[source]
        source: Box<EvidenceError>,
    },
    /// The test authority could not be made.
    #[error("the test authority could not be made")]
    TestAuthority(#[from] rcgen::Error),
}

impl SignError {
    /// Names the file an input or output error is about.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |source| Self::Io { path, source }
    }
}
