//! Opens a local file and gives it page by page.
//!
//! * [`open`] tells the container by its first bytes ([`Format`]) and checks its page count.
//! * [`Source::survey`] says, without rasterising, whether the file is paper or born-digital,
//!   whether it is signed and how good its text layer is.
//! * [`Source::page`] gives one page: the scanner's own compressed stream for the archive
//!   ([`sohoa_document::Scan`]), and a derived raster of about 200 dpi for recognition.
//!
//! Invariants: the pixels of one page at a time are in memory; a size is checked against
//! [`Limits`] before it is allocated; a page that decodes to nothing is an error, never a page.
//! Whether a page is blank is not judged here but where it is read: a faint one is not.
//! It does not recognise text, deskew, drop seals out or write anything.
//!
//! ```text
//! TIFF ─> tiff/     ─┐  own stream ─> Scan            (archive)
//! JPEG ─> jpeg_page ─┼─ pixels     ─> raster.rs       (recognition)
//! JP2  ─> jpx_page  ─┤
//! PNG  ─> png_page  ─┤
//! PDF  ─> pdf/      ─┘  glyphs     ─> judge.rs        (text layer)
//! ```

mod error;
mod exif;
mod fax_codec;
mod fax_damage;
#[doc(hidden)]
pub mod fuzzing;
mod jpeg;
mod jpeg_codes;
mod jpeg_join;
mod jpeg_page;
mod jpeg_whole;
mod jpx;
mod jpx_page;
mod judge;
mod limits;
mod page;
mod paper_size;
mod pdf;
mod png_page;
mod raster;
mod samples;
mod source;
mod survey;
mod tiff;
mod white;

pub use error::DecodeError;
pub use judge::{LayerStatistics, judge};
pub use limits::Limits;
pub use page::{DecodedPage, Keep};
pub use sohoa_document::syllable::is_syllable;
pub use source::{Source, open};
pub use survey::{Format, LayerQuality, Origin, Survey};
