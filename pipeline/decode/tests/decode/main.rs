//! Small files built in memory, written to disk, and opened as the pipeline opens them.

mod build;
mod hostile;
mod images;
mod pdf;
mod tiffs;
