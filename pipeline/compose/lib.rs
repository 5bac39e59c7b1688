//! Writes the two-layer PDF/A-2b: the archived image, and over it invisible text that selects,
//! searches and copies as correct Vietnamese.
//!
//! * [`alto`]: the same words with their boxes and confidences, as ALTO 4.
//! * [`composer`]: the file as a stream of pages; memory does not grow with them.
//! * [`description`]: title, dates and identifier, told twice (`Info` and XMP) and in agreement.
//! * [`font`]: the character widths that the invisible text borrows from a real font.
//! * `picture`, `jpeg`, `jpx`, `icc`: which image streams PDF/A-2b can hold, and their dictionaries.
//! * `layer`, `turn`: where each word goes on a page that may be stored turned.
//! * `glyphless`, `truetype`: the tiny font that is embedded, made from the characters used.
//! * `objects`: object numbers, offsets, cross-reference table.
//! * `srgb`: the output intent's colour profile.
//!
//! Nothing is decoded and nothing re-encoded here: an image that PDF/A-2b cannot hold as it is
//! comes back as [`ComposeError::NotHeld`] or [`ComposeError::CmykNeedsRecode`], before a byte of
//! its page is written, so that the caller can encode it anew and add the page again.

pub mod alto;
pub mod composer;
pub mod description;
pub mod error;
pub mod font;
#[doc(hidden)]
pub mod fuzzing;
mod glyphless;
mod icc;
mod jpeg;
mod jpx;
mod layer;
mod objects;
mod picture;
mod shared;
mod srgb;
mod truetype;
mod turn;
mod xmp;

use std::path::PathBuf;

pub use composer::{Composed, Composer};
pub use description::Description;
pub use error::ComposeError;
pub use font::{Font, FontError};

/// What an operator sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComposeConfig {
    /// The font whose widths the invisible text takes, normally Tinos (metrics of Times New Roman).
    pub font: PathBuf,
}

impl Default for ComposeConfig {
    fn default() -> Self {
        Self { font: PathBuf::from("/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf") }
    }
}
