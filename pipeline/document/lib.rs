//! The values that flow between the stages: no I/O, no async, no stage of its own.
//!
//! * [`barcode`]: barcodes printed on a page.
//! * [`geometry`]: boxes in points on the page as it is read.
//! * [`text`]: words with boxes and confidences.
//! * [`image`]: the scanner's own compressed stream, which the archive keeps.
//! * [`jp2`]: the boxes of a JP2 file, which decode reads and compose checks.
//! * [`page`]: a page after decode and recognition.
//! * [`field`]: a value read from a page, with its probability and its box.
//! * [`fold`]: how two Vietnamese texts are compared.
//! * [`mask`]: numbers of persons in a text that is shown.
//! * [`syllable`]: whether a word can be Vietnamese.
//!
//! `settled` makes one text of a page's several readings ([`PageText::settled`]).

pub mod barcode;
pub mod field;
pub mod fold;
pub mod geometry;
pub mod image;
pub mod jp2;
pub mod mask;
pub mod page;
mod settled;
pub mod syllable;
pub mod text;

pub use barcode::{Barcode, Barcodes, Symbology};
pub use field::Field;
pub use geometry::Rect;
pub use image::{ArchiveImage, Codec, Colour};
pub use page::{Page, PageFacts, Placement, Scan};
pub use text::{Again, Line, PageText, Part, Stamp, TextOrigin, Word};
