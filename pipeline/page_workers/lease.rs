//! A place in the pool, held by one caller: the child in it, started when there is none.
//!
//! A lease that is dropped in the middle of a question takes its child with it, since nobody
//! could tell the late answer from the next one; the place comes back empty.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sohoa_flow::{
    PrioritySemaphore, Urgency,
    semaphore::{Closed, Permit},
};
use sohoa_schemas::summary::StepSeconds;

use crate::{
    child::Worker,
    config::PoolConfig,
    failure::{Breakage, PoolError, chain},
    message::{Reply, Request},
    stats::Counters,
};

/// Between two starts of the same child; after the last there is none.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5)];

/// What all handles of a pool share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: PoolConfig,
    pub(crate) counters: Counters,
    /// One unit a place. Nothing is reserved: a free place is idle for nobody's sake.
    permits: PrioritySemaphore,
    /// Free places; those with a living child last, where they are taken first.
    free: Mutex<Vec<(usize, Option<Worker>)>>,
}

/// Why a question has no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The child broke.
    Broken(Breakage),
    /// There was none to ask.
    NoChild(PoolError),
}

impl Shared {
    /// A pool with its first child already started.
    pub(crate) fn new(config: PoolConfig, first: Worker) -> Self {
        let places = config.workers.max(1);
        let counters = Counters::new(places);
        counters.worker(0, |worker| worker.pid = first.pid());
        let mut free: Vec<_> = (1..places).rev().map(|place| (place, None)).collect();
        free.push((0, Some(first)));
        let permits = PrioritySemaphore::new(places as u64, 0);
        Self { config, counters, permits, free: Mutex::new(free) }
    }

    /// Waits for a free place, which goes to live first, then in order of asking.
    pub(crate) async fn lease(self: &Arc<Self>, urgency: Urgency) -> Result<Lease, PoolError> {
        let permit = self.permits.acquire(urgency, 1).await;
        let permit = permit.map_err(|Closed| PoolError::ShutDown)?;
        // There are as many places as permits, and a place is put back before its permit.
        let (place, worker) = self.free().pop().ok_or(PoolError::ShutDown)?;
        Ok(Lease { shared: Arc::clone(self), place, worker, asking: false, _permit: permit })
    }

    /// Leases that are out.
    pub(crate) fn leased(&self) -> usize {
        self.permits.granted_in_all() as usize
    }

    /// Those that wait for one.
    pub(crate) fn waiting(&self) -> usize {
        self.permits.waiting()
    }

    /// Gives no more leases, and takes the children that are free.
    pub(crate) fn close(&self) -> Vec<Worker> {
        self.permits.close();
        self.free().iter_mut().filter_map(|(_, worker)| worker.take()).collect()
    }

    /// Starts a child. A machine that is short of memory or processes for a moment starts the next.
    async fn start(&self, place: usize) -> Result<Worker, PoolError> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let error = match Worker::start(&self.config).await {
                Ok((worker, _)) => return Ok(worker),
                Err(error) => error,
            };
            // What it says of itself it says again.
            let passes = !matches!(error, PoolError::Refused(_) | PoolError::ShutDown);
            let Some(pause) = pauses.next().filter(|_| passes && !self.permits.is_closed()) else {
                return Err(error);
            };
            tracing::warn!(place, why = chain(&error), "no page worker; trying again");
            tokio::time::sleep(pause).await;
        }
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<(usize, Option<Worker>)>> {
        // The list is whole between two statements, whoever panicked.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the pool.
#[derive(Debug)]
pub(crate) struct Lease {
    shared: Arc<Shared>,
    place: usize,
    worker: Option<Worker>,
    asking: bool,
    _permit: Permit,
}

impl Lease {
    /// Asks the child of this place, which is started when there is none.
    pub(crate) async fn ask(
        &mut self,
        request: &Request,
        deadline: Duration,
    ) -> Result<Reply, Unanswered> {
        let worker = self.living().await.map_err(Unanswered::NoChild)?;
        let counters = &self.shared.counters;
        self.asking = true;
        let started = Instant::now();
        let answer = worker.ask(request, deadline).await;
        self.asking = false;
        counters.worker(self.place, |worker| worker.busy += started.elapsed());
        match answer {
            Ok((worker, reply)) => {
                self.keep(worker);
                Ok(reply)
            }
            Err(reason) => {
                counters.worker(self.place, |worker| worker.pid = None);
                counters.broken(&reason);
                tracing::warn!(place = self.place, %reason, "a page worker broke and is replaced");
                Err(Unanswered::Broken(reason))
            }
        }
    }

    /// Counts a page of this place.
    pub(crate) fn count_page(&self, cpu: StepSeconds) {
        self.shared.counters.worker(self.place, |worker| worker.pages += 1);
        let mut stats = self.shared.counters.lock();
        stats.pages += 1;
        stats.cpu += cpu;
    }

    async fn living(&mut self) -> Result<Worker, PoolError> {
        if let Some(mut worker) = self.worker.take() {
            match worker.died_idle() {
                None => return Ok(worker),
                Some(reason) => self.shared.counters.broken(&reason),
            }
        }
        let worker = self.shared.start(self.place).await?;
        self.shared.counters.worker(self.place, |stats| stats.pid = worker.pid());
        Ok(worker)
    }

    /// Keeps the child for the next question, unless it has answered its share.
    fn keep(&mut self, worker: Worker) {
        if worker.asked() < self.shared.config.requests_per_worker {
            self.worker = Some(worker);
            return;
        }
        self.shared.counters.lock().restarts.retired += 1;
        self.shared.counters.worker(self.place, |stats| stats.pid = None);
        tokio::spawn(worker.dismiss());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.asking {
            self.shared.counters.lock().restarts.cancelled += 1;
            self.shared.counters.worker(self.place, |stats| stats.pid = None);
        }
        let mut free = self.shared.free();
        // Asked under the lock of the list, or a child could come back after the list was emptied.
        let worker = self.worker.take().filter(|_| !self.shared.permits.is_closed());
        let at = if worker.is_some() { free.len() } else { 0 };
        free.insert(at, (self.place, worker));
    }
}
