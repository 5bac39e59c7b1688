//! A PDF file: interpreted once to see what is drawn where, then lifted or rendered.
//!
//! * [`content`] checks that nothing a page refers to is missing: the interpreter would skip it.
//! * [`claims`] sees what a stream would become before it is decoded.
//! * [`resources`] looks through what a page draws with for streams that unpack without end.
//! * [`observe`] runs a page through the interpreter and notes every mark and glyph in draw order.
//! * [`decide`] says from these whether the page is paper, and whether its images can be lifted.
//! * [`lift`] takes the images' own compressed streams ([`stream`], [`wrapped`], [`colour`]).
//! * [`render`] draws the page with its annotations when something visible lies over the image.
//! * [`words`] makes words with boxes out of glyphs.
//!
//! Positions are in points of the page as displayed, from its top left, crop box and rotation
//! applied.

mod active;
mod claims;
mod colour;
mod content;
mod decide;
mod fields;
mod file;
pub(crate) mod fuzzing;
mod lift;
mod observe;
mod render;
mod resources;
mod stream;
mod words;
mod wrapped;

pub(crate) use file::PdfFile;
