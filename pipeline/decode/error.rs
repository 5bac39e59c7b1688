//! Why a file or a page cannot be decoded.
//!
//! Each variant has a finding code of the domain and a sentence that tells a scanning clerk what to
//! do. Nothing here decides about retries: a decode error repeats itself.

use std::{io, path::PathBuf};

/// Why a file or a page cannot be decoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The declared size is past what is decoded; refused before any allocation.
    #[error(
        "the image claims {width} x {height} pixels, more than the {limit} allowed for a page; \
         the file is damaged or hostile, scan the paper again"
    )]
    Bomb {
        /// Declared pixels across.
        width: u64,
        /// Declared pixels down.
        height: u64,
        /// `Limits::max_pixels`.
        limit: u64,
    },
    /// A password is needed, or the file cannot be decrypted.
    #[error(
        "the file is protected by a password or an unknown encryption; ask the sender for a copy \
         that opens without one"
    )]
    Encrypted,
    /// The file has no pages or no bytes.
    #[error("the file is empty ({what}); send or scan it again")]
    Empty {
        /// What is missing.
        what: &'static str,
    },
    /// The file cannot be read from the disk.
    #[error("cannot read the file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A page number outside the file.
    #[error("page {number} was asked for, but the file has {pages}")]
    NoSuchPage {
        /// The number asked for, from 1.
        number: u32,
        /// Pages in the file.
        pages: u32,
    },
    /// The file declares another number of pages than can be found in it.
    #[error(
        "the file declares {declared} pages, but {found} can be read; it is damaged or cut short, \
         send or scan it again"
    )]
    PageCountMismatch {
        /// Pages the file declares.
        declared: u32,
        /// Pages that were found.
        found: u32,
    },
    /// More bytes or pages than the limits allow.
    #[error("the file has {found} {unit}, more than the {limit} allowed; split it")]
    TooLarge {
        /// What was found.
        found: u64,
        /// The limit.
        limit: u64,
        /// `bytes` or `pages`.
        unit: &'static str,
    },
    /// The bytes are broken.
    #[error("the file cannot be read: {detail}; send or scan it again")]
    Unreadable {
        /// What is broken, and where.
        detail: String,
    },
    /// A stream unpacks to far more than it could show.
    #[error(
        "a stream of the file unpacks to more than {limit} bytes, far more than it can show; the \
         file is damaged or hostile, scan the paper again"
    )]
    Unpacked {
        /// Where unpacking was stopped.
        limit: u64,
    },
    /// A valid file of a kind that is not decoded.
    #[error(
        "this kind of file is not supported: {detail}; save it as PDF, TIFF, JPEG, JPEG 2000 or PNG"
    )]
    Unsupported {
        /// What it is.
        detail: String,
    },
    /// There is data, and it shows nothing at all.
    #[error("{what}, though its data is not that of an empty sheet; scan the page again")]
    White {
        /// What came out white.
        what: &'static str,
    },
}

impl DecodeError {
    /// The finding code of the domain.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bomb { .. } | Self::Unpacked { .. } => "F07_DECOMPRESSION_BOMB",
            Self::Encrypted => "F03_ENCRYPTED",
            Self::Empty { .. }
            | Self::Io { .. }
            | Self::NoSuchPage { .. }
            | Self::Unreadable { .. } => "F02_UNREADABLE",
            Self::PageCountMismatch { .. } => "I10_PAGE_COUNT_MISMATCH",
            Self::TooLarge { .. } => "F06_TOO_LARGE",
            Self::Unsupported { .. } => "F05_UNSUPPORTED",
            Self::White { .. } => "I13_WHITE_DECODE",
        }
    }

    pub(crate) fn unreadable(detail: impl Into<String>) -> Self {
        Self::Unreadable { detail: detail.into() }
    }

    pub(crate) fn unsupported(detail: impl Into<String>) -> Self {
        Self::Unsupported { detail: detail.into() }
    }
}
