//! Decoding and recognition in child processes that may die.
//!
//! Native code crashes, hangs and grows, and hostile files make it. So pages are decoded and
//! recognised in long-lived children of the same binary, one recognition engine each for life.
//! The parent holds a [`Pool`]: it sets every child's memory limit and every page's deadline, and
//! a child that breaks a bound is killed and replaced. That kill *is* the deadline. A page that
//! broke one is tried once more with less care ([`Care::Reduced`]), then fails with its reason
//! ([`PageFailure`]); the pages beside it never notice.
//!
//! A page of the live lane gets the next place that is free, before every page of a backfill
//! ([`Pool::at`]); a page that is being read is never interrupted.
//!
//! In the child, [`serve`] answers one request at a time through a [`PageEngine`], normally
//! [`DecodeAndRecognise`].
//!
//! ```text
//! Pool ── stdin:  Survey | Page ──────────> serve ── PageEngine ── decode, recognise
//!      <─ stdout: Ready | Survey | Page | Failed
//!      <─ stderr: lines, logged at debug
//! ```

mod care;
mod child;
mod config;
mod decode_and_recognise;
mod engine;
mod failure;
#[doc(hidden)]
pub mod fuzzing;
mod lease;
mod message;
mod pool;
mod serve;
mod stats;
mod stderr;
mod wire;

pub use care::Care;
pub use config::{PoolConfig, WorkerCommand};
pub use decode_and_recognise::DecodeAndRecognise;
pub use engine::{PageEngine, PageJob};
pub use failure::{
    Breakage, PageError, PageFailure, PoolError, ServeError, StartRefusal, WireError,
};
pub use pool::Pool;
pub use serve::serve;
pub use stats::{PoolStats, Restarts, WorkerStats};
