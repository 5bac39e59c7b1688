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
pub struct Working {
    meter: StageMeter,
    _busy: Option<Busy>,
}

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
        Working { meter: self.clone(), _busy: Some(self.busy()) }
    }

    /// A document enters whose work is measured by its parts: [`Self::busy`], [`Self::worked`].
    pub fn enter_in_parts(&self) -> Working {
        record::entered(self.stage);
        Working { meter: self.clone(), _busy: None }
    }

    /// Someone works on a part of a document, a page for example.
    pub fn busy(&self) -> Busy {
        self.busy.enter(Instant::now());
        Busy(self.clone())
    }

    /// Someone has worked so long, by somebody else's clock.
    pub fn worked(&self, time: Duration) {
        self.busy.add(Instant::now(), time);
    }

    /// How many work now.
    pub fn working(&self) -> u32 {
        self.busy.present(Instant::now())
    }

    /// Time worked up to `now`, summed over all who worked.
    pub fn busy_time(&self, now: Instant) -> Duration {
        self.busy.total(now)
    }
}

impl Working {
    /// The document is handed on.
    pub fn done(self) {
        record::left(self.meter.stage);
    }

    /// The stage failed on the document.
    pub fn failed(self, failure: Failure) {
        record::failed(self.meter.stage, failure);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.leave(Instant::now());
    }
}
