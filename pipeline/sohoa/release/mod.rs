//! The agency's clerk releases what was composed: held documents are listed, looked at, and signed
//! or refused.
//!
//! ```text
//! work/ ─> select ─> (a clerk looks) ─> approve ─> sign, record.json ─> channel ─> index
//!                                  └──> refuse ──> quarantine/ ────────┘
//! ```
//!
//! Who decided stands in the record or in the refusal. The held state is cleared last, once the index
//! is told: whatever interrupts a release, the same command again does the rest, and a document that
//! was published meanwhile is found published.
//!
//! * [`batch`]: what the clerk was shown.
//! * [`select`]: which held documents.
//! * [`decide`]: what is done with them.
//! * [`send`]: the same by the workers, where the key is theirs.

mod batch;
mod decide;
mod select;
mod send;

pub(crate) use batch::{Batch, Reading};
pub(crate) use decide::{Came, Decided, Decision, Order, decide};
pub(crate) use select::{AT_ONCE, Held, Select, State, held, named, sample, states};
pub(crate) use send::send;

/// Name of this step in errors.
const STAGE: &str = "release";
