//! What a submission keeps to, whatever happens to it: over stores in memory and a lane that loses
//! what was not flushed.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod bounds;
mod crashes;
mod ledger;
mod support;
