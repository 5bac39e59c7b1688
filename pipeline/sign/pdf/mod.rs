//! A strict, seeking reader of PDF structure: what the signer extends and the verifier judges.
//!
//! * [`object`]: values, and how they are written back.
//! * [`lexer`]: bytes to values.
//! * [`source`]: positioned reads of a file, optionally cut at an earlier revision.
//! * [`xref`]: cross-reference tables, streams and hybrids, newest first.
//! * [`filter`]: the two filters structure uses, with a cap on what they may grow to.
//! * [`document`]: look-up of objects by number.
//! * [`page`]: the page tree.
//!
//! Nothing is repaired. A reader that guesses shows a different document than the one that was
//! signed, which is how most attacks on PDF signatures work. Page content is never interpreted.

pub(crate) mod document;
pub(crate) mod filter;
pub(crate) mod lexer;
pub(crate) mod object;
pub(crate) mod page;
pub(crate) mod source;
pub(crate) mod xref;

pub(crate) use document::Document;
pub(crate) use object::{Dictionary, Object, Reference, Stream};
pub(crate) use source::Source;

/// Why the structure of a PDF could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The operating system could not give the bytes.
    #[error("cannot read the file")]
    Io(#[from] std::io::Error),
    /// No `%PDF-` header where one is needed.
    #[error("not a PDF: no %PDF- header")]
    NoHeader,
    /// No `startxref` in the last kilobytes.
    #[error("not a complete PDF: no startxref at the end")]
    NoStartxref,
    /// Bytes that are no PDF syntax.
    #[error("broken syntax at byte {offset}: {what}")]
    Syntax {
        /// Position in the file, in bytes.
        offset: u64,
        /// What was expected.
        what: &'static str,
    },
    /// The cross-reference data contradicts the file.
    #[error("the cross-reference at byte {offset} is broken: {what}")]
    CrossReference {
        /// Position in the file, in bytes.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// An object is not what its place in the structure demands.
    #[error("object {number}: {what}")]
    Object {
        /// Object number; 0 is the trailer.
        number: u32,
        /// What is wrong.
        what: &'static str,
    },
    /// A filter that structure never needs, or data it cannot read.
    #[error("cannot decode a structure stream: {0}")]
    Filter(&'static str),
    /// A bound on size, depth or count was met.
    #[error("refused as hostile: {0}")]
    Bound(&'static str),
}
