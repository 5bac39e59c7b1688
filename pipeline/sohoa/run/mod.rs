//! `sohoa run`: everything in one process.
//!
//! ```text
//! walk ─> skip? ─> process (so many at once, so many bytes) ─> settle ─> index
//! ```
//!
//! Objects are durable before a document counts as settled; its index rows follow in batches. What
//! an interruption leaves between the two is found by the next run.

mod driver;
mod indexing;
mod progress;
mod skip;

pub(crate) use driver::{Ending, Plan, drive};
pub(crate) use indexing::{Bounds, index_fault};
pub(crate) use progress::{describe, describe_refusal};
