//! From what happens to what operators see.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sohoa_flow::Fault;
use sohoa_kafka::{Desk, Lane};
use sohoa_metrics::{
    Drain, Endpoint, Failure as StageFailure, Health, Outcome, PageRead, Recorder, Restart,
    Sampler, Stage, record,
};
use sohoa_page_workers::Pool;
use sohoa_publish::holding;
use sohoa_schemas::rows;
use sohoa_store::Store;

use crate::{
    context::{Context, now},
    exit::{Exit, Failure},
    stages::Settled,
};

/// Between two counts of what is held; a listing costs as much as there is.
const HELD_EVERY: Duration = Duration::from_mins(1);

/// Counts a document through a stage, with the time it takes there.
pub(crate) async fn measured<T>(
    context: &Context,
    stage: Stage,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let working = context.line.stage(stage).enter();
    let done = work.await;
    match &done {
        Ok(_) => working.done(),
        Err(Fault::Fatal(_)) => working.failed(StageFailure::Fatal),
        Err(Fault::Retry(_)) => working.failed(StageFailure::Retry),
        Err(Fault::Reject(rejection)) => working.failed(StageFailure::Reject(rejection.code)),
    }
    done
}

/// Serves metrics and health where the configuration says so. `refresh` is called before each
/// scrape.
pub(crate) fn serve(
    listen: Option<&str>,
    health: &Health,
    refresh: impl FnMut() + Send + 'static,
) -> Result<Option<Endpoint>, Failure> {
    let Some(listen) = listen else { return Ok(None) };
    let recorder =
        Recorder::install().map_err(|error| Failure::from_error(Exit::Internal, &error))?;
    let endpoint = Endpoint::start(listen, recorder, health.clone(), refresh);
    let endpoint = endpoint.map_err(|error| Failure::from_error(Exit::Configuration, &error))?;
    Ok(Some(endpoint))
}

/// Documents and pages settled since the start, by lane.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    documents: [AtomicU64; 2],
    pages: [AtomicU64; 2],
}

impl Counts {
    /// A document of a lane is settled.
    pub(crate) fn settled(&self, lane: Lane, settled: &Settled) {
        let pages = u64::try_from(settled.pages.total()).unwrap_or(0);
        self.documents[lane as usize].fetch_add(1, Ordering::Relaxed);
        self.pages[lane as usize].fetch_add(pages, Ordering::Relaxed);
        let outcome = match settled.outcome {
            rows::Outcome::Held => Outcome::Held,
            rows::Outcome::Published => Outcome::Published,
            rows::Outcome::Quarantined => Outcome::Quarantined,
        };
        record::settled(lane.into(), outcome, pages);
    }
}

/// Reads what a worker has: its line, its page workers, its budget, its lanes.
pub(crate) fn refresher(
    context: &Context,
    desk: Desk,
    counts: Arc<Counts>,
) -> impl FnMut() + Send + 'static {
    let (line, pool, budget) = (context.line.clone(), context.pool.clone(), context.budget.clone());
    let mut sampler = Sampler::new(line.clone());
    let mut drains = [Drain::default(), Drain::default()];
    move || {
        let now = Instant::now();
        pages(&pool);
        let edge = line.edge_into(Stage::Ocr);
        edge.set_pushing(u32::try_from(pool.waiting()).unwrap_or(u32::MAX));
        let idle = pool.places().saturating_sub(pool.busy());
        edge.set_pulling(u32::try_from(idle).unwrap_or(u32::MAX));
        for lane in Lane::ALL {
            record::budget(lane.into(), budget.total(), budget.used_by(lane.into()));
            lag(lane, &desk, (&counts, &mut drains[lane as usize]), now);
        }
        sampler.sample(now);
    }
}

fn lag(lane: Lane, desk: &Desk, (counts, drain): (&Counts, &mut Drain), now: Instant) {
    let settled = counts.documents[lane as usize].load(Ordering::Relaxed);
    let pages = counts.pages[lane as usize].load(Ordering::Relaxed);
    drain.observe(now, settled);
    let lag = desk.lag(lane);
    let pages = (settled > 0).then(|| pages as f64 / settled as f64 * lag as f64);
    record::lag(lane.into(), lag, pages, drain.eta(lag));
}

/// Counts what waits for a release or a signature, now and then, until the process ends.
pub(crate) async fn watch_held(output: Store) {
    loop {
        match holding::waiting(&output).await {
            Ok((documents, oldest)) => {
                let age = oldest.map(|oldest| (now() - oldest).to_std().unwrap_or_default());
                record::held(documents, age);
            }
            Err(fault) => tracing::info!(?fault, "held documents cannot be counted"),
        }
        tokio::time::sleep(HELD_EVERY).await;
    }
}

fn pages(pool: &Pool) {
    let stats = pool.stats();
    record::page_workers(pool.places(), pool.busy());
    let restarts = stats.restarts;
    for (reason, count) in [
        (Restart::Crashed, restarts.crashed),
        (Restart::TimedOut, restarts.timed_out),
        (Restart::OutOfMemory, restarts.out_of_memory),
        (Restart::Protocol, restarts.protocol),
        (Restart::Cancelled, restarts.cancelled),
        (Restart::Retired, restarts.retired),
    ] {
        record::page_worker_restarts(reason, count);
    }
    for (result, count) in [
        (PageRead::Given, stats.pages),
        (PageRead::Retried, stats.pages_retried),
        (PageRead::Rejected, stats.pages_rejected),
        (PageRead::Broken, stats.pages_broken),
    ] {
        record::page_reads(result, count);
    }
}
