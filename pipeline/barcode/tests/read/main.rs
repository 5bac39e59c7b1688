//! Barcodes drawn by the encoders on pages with print, then turned, spoiled or replaced by noise.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod hostile;
mod paper;
mod spoiled;
