//! The machine: what happens when a step fails, who still owes an answer, how much may be in
//! flight, how the process ends. It knows no stage and no document.
//!
//! * [`fault`]: at a stage border every error says what the caller does next.
//! * [`prefix`]: answers in any order, positions without gaps.
//! * [`receipt`]: silence means not done.
//! * [`urgency`]: who goes first.
//! * [`semaphore`]: live before bulk, wherever somebody waits.
//! * [`budget`]: bounds in bytes.
//! * [`retry`]: the one place that tries again.
//! * [`shutdown`]: drain on the first request, stop on the second.
//! * [`turns`]: one at a time for the same key.

pub mod budget;
pub mod fault;
pub mod prefix;
pub mod receipt;
pub mod retry;
pub mod semaphore;
pub mod shutdown;
pub mod turns;
pub mod urgency;

pub use budget::Budget;
pub use fault::{Cause, Fatal, FatalKind, Fault, Rejection};
pub use prefix::Prefix;
pub use receipt::{Ledger, Receipt};
pub use semaphore::PrioritySemaphore;
pub use shutdown::Shutdown;
pub use turns::Turns;
pub use urgency::Urgency;
