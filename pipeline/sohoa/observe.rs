//! From what happens to what operators see.

use std::time::Instant;

use sohoa_flow::{Fault, Urgency};
use sohoa_metrics::{
    Endpoint, Failure as StageFailure, Health, Lane, PageRead, Recorder, Restart, Sampler, Stage,
    record,
};
use sohoa_page_workers::Pool;

use crate::{
    context::Context,
    exit::{Exit, Failure},
};

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

/// Reads what a process with stages has: its line, its page workers, its budget.
pub(crate) fn refresher(context: &Context) -> impl FnMut() + Send + 'static {
    let (line, pool, budget) = (context.line.clone(), context.pool.clone(), context.budget.clone());
    let mut sampler = Sampler::new(line.clone());
    move || {
        pages(&pool);
        let busy = pool.busy();
        let edge = line.edge_into(Stage::Ocr);
        edge.set_pushing(u32::try_from(pool.waiting()).unwrap_or(u32::MAX));
        edge.set_pulling(u32::try_from(pool.places() - busy).unwrap_or(u32::MAX));
        for (urgency, lane) in [(Urgency::Live, Lane::Live), (Urgency::Bulk, Lane::Bulk)] {
            record::budget(lane, budget.total(), budget.used_by(urgency));
        }
        sampler.sample(Instant::now());
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
