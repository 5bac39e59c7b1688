//! Recognition: a page's raster becomes words with boxes and confidences.
//!
//! One [`Engine`] owns its Tesseract handles for life. [`prepare`] makes the raster the engine sees
//! (grey, about 200 dpi, coloured ink taken out, straight); the boxes that come back are always in
//! points of the page as it was handed in, or of the page turned upright when it lay on its side
//! or its head ([`Recognised::turned`]).
//!
//! It keeps no page, reads no file, starts no thread. Bounds on time and memory are the business
//! of the process it runs in: native code cannot be stopped from inside.

mod again;
mod colour;
mod engine;
mod error;
mod frame;
mod model;
mod orientation;
mod place;
pub mod prepare;
mod repair;
mod sheet;
pub mod steps;
mod words;

pub use engine::{Engine, EngineConfig, Profile, Recognised};
pub use error::OcrError;
