//! A folder or bucket of millions of scans, submitted to the bulk lane and written down.
//!
//! Each document is sent as one message; so many make a chunk, and **a chunk is written down after
//! the broker has all of its messages**. Killed anywhere, the same submission goes on behind its
//! last chunk: everything is sent at least once, at most one chunk twice, and chunks have no
//! document in common. Sending twice is harmless, since a worker finds the record.
//!
//! Memory holds one dossier's listing, or a part of a folder of single files, one chunk, and the names
//! of the folders that lie in one folder, whatever the input holds.
//!
//! * [`request`]: what is to be submitted, and how fast.
//! * [`ledger`]: `ledger/<submission>/` in the output.
//! * [`lane`]: where messages go, and how far the workers are with them.
//! * [`message`]: a document's message and its line in the ledger.
//! * [`pace`]: documents a second.
//! * [`listing`]: the input, beside the sending.
//! * [`look`]: whether it is paused, and how many messages wait for the workers.
//! * [`outstanding`]: of what was sent, how much has its answer.
//! * [`chunk`]: what is sent and not written down yet.
//! * [`backfill`]: the order of the steps.
//! * [`progress`]: what an operator sees of it.

pub mod backfill;
mod chunk;
pub mod lane;
pub mod ledger;
mod listing;
mod look;
mod message;
mod outstanding;
mod pace;
pub mod progress;
pub mod request;

pub use backfill::{Backfill, Ending, Outcome, dry_run, standing};
pub use lane::{BulkLane, KafkaLane};
pub use ledger::{Ledger, LedgerError, Status};
pub use message::message_id;
pub use progress::{Progress, State, Watch};
pub use request::{Bounds, Request, RequestError};

/// Name of this stage in errors.
pub const STAGE: &str = "backfill";

/// The clock of this crate.
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}
