//! Why a page or a file could not be composed.

use std::io;

/// An error of [`crate::Composer`].
///
/// Except for [`Self::Io`] and [`Self::TooLarge`], the file stands as it was before the call: the page may be added again.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// PDF/A-2b demands a colour profile for CMYK and the image has none that fits.
    #[error("image {image}: CMYK without a usable colour profile has to be encoded anew as RGB")]
    CmykNeedsRecode {
        /// Index into `Scan::images`.
        image: usize,
    },
    /// PDF/A-2b cannot hold the image's stream as it is; encoded anew it can be added.
    #[error("image {image}: cannot be kept as it is: {reason}")]
    NotHeld {
        /// Index into `Scan::images`.
        image: usize,
        /// What stands in the way.
        reason: &'static str,
    },
    /// A page's size, turn or boxes are not what a PDF page can have.
    #[error("page cannot be laid out: {0}")]
    Page(&'static str),
    /// A document without pages is no PDF.
    #[error("a document needs at least one page")]
    NoPages,
    /// More pages, bytes or distinct characters than one PDF can number.
    #[error("document outgrows PDF: {0}")]
    TooLarge(&'static str),
    /// The file could not be written; it is lost and has to be composed anew.
    #[error("writing the PDF")]
    Io(#[from] io::Error),
}
