//! Whether a thread still comes round.
//!
//! The client library has calls that wait for ever after some troubles of brokers, whatever limit of
//! time they are given; a thread that is in one can say so no more.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// When a thread last began a call, and how long a call may take.
#[derive(Debug)]
pub(crate) struct Pulse {
    last: Mutex<Instant>,
    longest: Duration,
}

impl Pulse {
    /// Of a thread that begins now.
    pub(crate) fn new(longest: Duration) -> Self {
        Self { last: Mutex::new(Instant::now()), longest }
    }

    /// It has come round, or from one call to the next.
    pub(crate) fn beat(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Whether it is in a call for longer than one may take.
    pub(crate) fn has_stopped(&self) -> bool {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.elapsed() > self.longest
    }
}
