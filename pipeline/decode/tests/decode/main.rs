//! Small files built in memory, written to disk, and opened as the pipeline opens them.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod archive;
mod build;
mod hostile;
mod hostile_pdf;
mod images;
mod matrix;
mod pdf;
mod pdf_matrix;
mod pictures;
mod recoded;
mod tiffs;
