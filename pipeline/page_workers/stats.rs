//! What the pool has done, for metrics and tests.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sohoa_schemas::summary::StepSeconds;

use crate::failure::Breakage;

/// Children that had to be replaced, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Restarts {
    /// A signal or an exit of its own.
    pub crashed: u64,
    /// Past a deadline.
    pub timed_out: u64,
    /// Past the memory limit.
    pub out_of_memory: u64,
    /// Said something that is no answer.
    pub protocol: u64,
    /// Whoever waited for its answer went away.
    pub cancelled: u64,
    /// Served its number of requests.
    pub retired: u64,
}

/// One place of the pool, whichever child fills it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkerStats {
    /// Process id of the child, when there is one.
    pub pid: Option<u32>,
    /// Time spent waiting for its answers.
    pub busy: Duration,
    /// Pages it gave.
    pub pages: u64,
}

/// What the pool has done since its start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PoolStats {
    /// Replaced children.
    pub restarts: Restarts,
    /// Pages given.
    pub pages: u64,
    /// Pages given only at the second attempt.
    pub pages_retried: u64,
    /// Pages refused as the file's or page's own fault.
    pub pages_rejected: u64,
    /// Pages that broke every child that tried.
    pub pages_broken: u64,
    /// CPU seconds of the pages given, by step.
    pub cpu: StepSeconds,
    /// Each place of the pool.
    pub workers: Vec<WorkerStats>,
}

/// The counters, shared.
#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<PoolStats>);

impl Counters {
    pub(crate) fn new(workers: usize) -> Self {
        let workers = vec![WorkerStats::default(); workers];
        Self(Mutex::new(PoolStats { workers, ..PoolStats::default() }))
    }

    /// The counters; a panic elsewhere leaves them countable.
    pub(crate) fn lock(&self) -> MutexGuard<'_, PoolStats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn broken(&self, reason: &Breakage) {
        let restarts = &mut self.lock().restarts;
        *match reason {
            Breakage::Crashed { .. } | Breakage::Exited { .. } => &mut restarts.crashed,
            Breakage::OutOfMemory => &mut restarts.out_of_memory,
            Breakage::TimedOut { .. } => &mut restarts.timed_out,
            Breakage::Protocol { .. } => &mut restarts.protocol,
        } += 1;
    }

    /// Changes one place's numbers.
    pub(crate) fn worker(&self, place: usize, change: impl FnOnce(&mut WorkerStats)) {
        if let Some(worker) = self.lock().workers.get_mut(place) {
            change(worker);
        }
    }
}
