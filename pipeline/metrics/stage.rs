//! A stage's work: documents in and out, errors, time spent.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    labels::Stage,
    occupancy::Occupancy,
    record::{self, Failure},
};

/// The measure of a stage; a handle that can be cloned.
#[derive(Debug, Clone)]
pub struct StageMeter {
    stage: Stage,
    busy: Arc<Occupancy>,
}

/// A document is worked on. Dropped without a word it counts as in, and neither as out nor as an
/// error: that is what a cancelled document is.
#[derive(Debug)]
#[must_use = "the work ends when this is dropped"]
pub struct Working(Busy);

/// Someone works; no longer when dropped.
#[derive(Debug)]
#[must_use = "the work ends when this is dropped"]
pub struct Busy(StageMeter);

impl StageMeter {
    pub(crate) fn new(stage: Stage, now: Instant) -> Self {
        Self { stage, busy: Arc::new(Occupancy::new(now)) }
    }

    /// A document enters and is worked on.
    pub fn enter(&self) -> Working {
        record::entered(self.stage);
        Working(self.busy())
    }

    /// Someone works on a part of a document, a page for example.
    pub fn busy(&self) -> Busy {
        self.busy.enter(Instant::now());
        Busy(self.clone())
    }

    /// So many work from now on: for a stage that knows their number, not each of them.
    pub fn set_busy(&self, working: u32) {
        self.busy.set(Instant::now(), working);
    }

    /// Time worked up to `now`, summed over all who worked.
    pub fn busy_time(&self, now: Instant) -> Duration {
        self.busy.total(now)
    }
}

impl Working {
    /// The document is handed on.
    pub fn done(self) {
        record::left(self.0.0.stage);
    }

    /// The stage failed on the document.
    pub fn failed(self, failure: Failure) {
        record::failed(self.0.0.stage, failure);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.leave(Instant::now());
    }
}
