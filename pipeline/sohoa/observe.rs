//! From what happens to what operators see.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use sohoa_flow::Fault;
use sohoa_kafka::{Lane, LaneHandle};
use sohoa_metrics::{
    Drain, Endpoint, Failure as StageFailure, Health, Line, Outcome, PageRead, Recorder, Restart,
    Sampler, Stage, Working, record,
};
use sohoa_page_workers::{Pool, PoolStats};
use sohoa_publish::holding;
use sohoa_schemas::{Code, rows};
use sohoa_sign::TimeStampAuthority;
use sohoa_store::Store;

use crate::{
    authority::Authority,
    context::{Context, Office, now},
    exit::{Exit, Failure},
    levels,
    renew::seen,
    stages::Settled,
    trail,
};

/// Between two counts of what is held, at least.
const HELD_EVERY: Duration = Duration::from_mins(1);

/// Between two looks at the audit trail's head, which moves once a day.
const TRAIL_EVERY: Duration = Duration::from_mins(10);

/// Between two questions to the time-stamp authority when its certificate ends: each takes a stamp, and
/// some are paid for.
const AUTHORITY_EVERY: Duration = Duration::from_hours(24);

/// A look is a listing, which costs as much as is held, and every worker looks: so the pause is at
/// least so many times as long as the look took, and the store has a fiftieth of a listing to bear.
const HELD_REST: u32 = 50;

/// Counts a document through a stage, with the time it takes there.
pub(crate) async fn measured<T>(
    office: &Office,
    stage: Stage,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let working = office.line.stage(stage).enter();
    ended(working, work.await)
}

/// The same for a stage whose time is measured where the work is done.
pub(crate) async fn counted<T>(
    context: &Context,
    stage: Stage,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let working = context.line.stage(stage).enter_in_parts();
    ended(working, work.await)
}

/// What came of a document's way through a stage.
pub(crate) fn ended<T>(working: Working, done: Result<T, Fault>) -> Result<T, Fault> {
    match &done {
        Ok(_) => working.done(),
        Err(Fault::Fatal(_)) => working.failed(StageFailure::Fatal),
        Err(Fault::Retry(_)) => working.failed(StageFailure::Retry),
        Err(Fault::Reject(rejection)) => working.failed(StageFailure::Reject(rejection.code)),
    }
    done
}

/// A document is refused outside the stages that are measured: it counts where it came in.
pub(crate) fn turned_back(code: Code) {
    record::failed(Stage::Fetch, StageFailure::Reject(code));
}

/// Something at a stage failed and is tried again.
pub(crate) fn tried_again(stage: &'static str) {
    let stage = Stage::ALL.iter().find(|one| one.as_str() == stage);
    // What has another name writes objects of its own: originals, refusals, announcements.
    record::failed(stage.copied().unwrap_or(Stage::Publish), StageFailure::Retry);
}

/// Does `work`, and says `every` so often how things are, however long it takes.
pub(crate) async fn saying<T>(
    every: Duration,
    mut say: impl FnMut(),
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = tokio::time::sleep(every) => say(),
        }
    }
}

/// How many wait for what in a worker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    /// Documents for a slot.
    pub(crate) documents: usize,
    /// Slots for a document.
    pub(crate) slots: usize,
    /// Documents that have a slot, for the bytes they may take.
    pub(crate) permits: usize,
    /// Questions for a page worker.
    pub(crate) questions: usize,
    /// Page workers for a question.
    pub(crate) page_workers: usize,
}

/// Sets who waits for whom in a worker. Between the stages of a document nothing is queued: it holds
/// one slot from the first to the last, and its bytes nearly as long. So a slow stage shows by where
/// the documents are while others wait for a slot or for bytes, and page workers for a page. Where
/// neither those before the pages nor those behind them hold the others up, it is who is busiest.
pub(crate) fn weigh(line: &Line, waits: Waits) {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let working = |stage| line.stage(stage).working();
    let (questions, idle) = (count(waits.questions), count(waits.page_workers));
    let waiting = count(waits.documents.saturating_add(waits.permits));
    let before = working(Stage::Fetch);
    let behind = working(Stage::Compose) + working(Stage::Sign) + working(Stage::Publish);
    // Page workers are idle although documents wait: fetching does not feed them, or those behind
    // them hold what the next ones need, or those in their hands do.
    let fed = waiting > 0 && behind >= before;
    let blocked = fed && behind > 0;

    let into_fetch = line.edge_into(Stage::Fetch);
    into_fetch.set_pushing(waiting);
    into_fetch.set_pulling(if waiting == 0 { count(waits.slots) } else { 0 });
    let into_decode = line.edge_into(Stage::Decode);
    into_decode.set_pushing(questions);
    into_decode.set_pulling(if fed { 0 } else { idle });
    let behind_pages = line.edge_into(Stage::Extract);
    behind_pages.set_pushing(if blocked { idle } else { 0 });
    behind_pages.set_pulling(questions);
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
    record::started(now().timestamp());
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
    handle: LaneHandle,
    counts: Arc<Counts>,
) -> impl FnMut() + Send + 'static {
    let (line, pool, budget) = (context.line.clone(), context.pool.clone(), context.budget.clone());
    let clock = context.clock.clone();
    let mut sampler = Sampler::new(line.clone());
    let mut drains = [Drain::default(), Drain::default()];
    let mut shown = Duration::ZERO;
    move || {
        let now = Instant::now();
        let stats = pool.stats();
        pages(&pool, &stats);
        record::step_cpu(&clock.with(stats.cpu).by_step());
        // What a page worker does is to decode, but for the time it said it recognised.
        let busy: Duration = stats.workers.iter().map(|worker| worker.busy).sum();
        let decoded = busy.saturating_sub(line.stage(Stage::Ocr).busy_time(now));
        line.stage(Stage::Decode).worked(decoded.saturating_sub(shown));
        shown = shown.max(decoded);
        for lane in Lane::ALL {
            let part = budget.part_of(lane.into());
            record::budget(lane.into(), part, budget.used_by(lane.into()));
            lag(lane, &handle, (&counts, &mut drains[lane as usize]), now);
        }
        sampler.sample(now);
    }
}

fn lag(lane: Lane, handle: &LaneHandle, (counts, drain): (&Counts, &mut Drain), now: Instant) {
    let settled = counts.documents[lane as usize].load(Ordering::Relaxed);
    let pages = counts.pages[lane as usize].load(Ordering::Relaxed);
    drain.observe(now, settled);
    let lag = handle.lag(lane);
    let each = (settled > 0).then(|| pages as f64 / settled as f64);
    let pages = each.zip(lag).map(|(each, lag)| each * lag as f64);
    record::lag(lane.into(), lag, pages, lag.and_then(|lag| drain.eta(lag)));
}

/// Shows when the signing certificate ends.
pub(crate) fn certificate(office: &Office) {
    if let Some(end) = office.authority.ends() {
        let days = office.settings.config.sign.warn_days;
        record::certificate(end.timestamp(), Duration::from_hours(24) * days);
    }
}

/// Counts what waits for a release or a signature, now and then, until the process ends.
pub(crate) async fn watch_held(output: Store) {
    loop {
        let began = Instant::now();
        match holding::waiting(&output).await {
            Ok((documents, oldest)) => {
                let age = oldest.map(|oldest| (now() - oldest).to_std().unwrap_or_default());
                record::held(documents, age);
            }
            Err(fault) => tracing::info!(?fault, "held documents cannot be counted"),
        }
        tokio::time::sleep(rest(began.elapsed()).max(HELD_EVERY)).await;
    }
}

/// Shows when the audit trail's last head was signed, now and then, until the process ends.
pub(crate) async fn watch_trail(output: Store, province: String) {
    loop {
        match trail::last_signed(&output, &province).await {
            Ok(signed) => record::trail_head(signed.map_or(0, |signed| signed.timestamp())),
            Err(fault) => tracing::info!(?fault, "the trail's last head cannot be read"),
        }
        tokio::time::sleep(TRAIL_EVERY).await;
    }
}

/// Shows how long the archive's stamps last, as was last seen, now and then, until the process ends.
pub(crate) async fn watch_stamps(output: Store) {
    loop {
        match seen::last(&output).await {
            Ok(last) => {
                let end = last.as_ref().and_then(|last| last.first_end);
                let seconds = |at: Option<DateTime<Utc>>| at.map_or(0, |at| at.timestamp());
                record::archive_stamps(seconds(end), seconds(last.map(|last| last.seen_at)));
            }
            Err(fault) => tracing::info!(?fault, "what was seen of the stamps cannot be read"),
        }
        tokio::time::sleep(TRAIL_EVERY).await;
    }
}

/// Shows when the time-stamp authority's certificate ends, now and then, until the process ends.
pub(crate) async fn watch_authority(authority: Arc<Authority>) {
    loop {
        let asked = Arc::clone(&authority);
        let ask = move || asked.stamps.as_ref().map(TimeStampAuthority::ends_now).transpose();
        match tokio::task::spawn_blocking(ask).await {
            Ok(Ok(end)) => {
                let Some(end) = end else { return };
                record::timestamp_authority(end.timestamp());
            }
            Ok(Err(error)) => {
                let why = levels::told(&error);
                tracing::info!(why, "the time-stamp authority does not say when it ends");
            }
            Err(error) => tracing::info!(%error, "the time-stamp authority cannot be asked"),
        }
        tokio::time::sleep(AUTHORITY_EVERY).await;
    }
}

/// The least pause after a look through all that is held that took so long.
pub(crate) fn rest(took: Duration) -> Duration {
    took.saturating_mul(HELD_REST)
}

fn pages(pool: &Pool, stats: &PoolStats) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is named after ten seconds like this.
    fn named(waits: Waits, working: &[(Stage, usize)]) -> Option<Stage> {
        let line = Line::new(Stage::Fetch..=Stage::Publish);
        let mut sampler = Sampler::new(line.clone());
        let start = Instant::now();
        sampler.sample(start);
        let busy = |(stage, count): &(Stage, usize)| {
            (0..*count).map(|_| line.stage(*stage).busy()).collect::<Vec<_>>()
        };
        let _busy: Vec<_> = working.iter().map(busy).collect();
        weigh(&line, waits);
        sampler.sample(start + Duration::from_secs(10))
    }

    #[tokio::test(start_paused = true)]
    async fn how_things_are_is_said_while_something_hangs() {
        let (heard, hangs) = tokio::sync::oneshot::channel();
        let (mut said, mut heard) = (0, Some(heard));
        let say = || {
            said += 1;
            // Who hangs is freed by the third word only.
            if let Some(heard) = heard.take_if(|_| said == 3) {
                heard.send("done").unwrap();
            }
        };
        assert_eq!(saying(Duration::from_secs(5), say, hangs).await, Ok("done"));
        assert_eq!(said, 3);
    }

    #[test]
    fn a_long_count_is_followed_by_a_longer_pause() {
        assert_eq!(rest(Duration::from_millis(20)), Duration::from_secs(1));
        assert_eq!(rest(Duration::from_secs(30)), Duration::from_mins(25));
    }

    #[test]
    fn the_stage_that_holds_the_documents_is_named() {
        let busy = Waits { documents: 9, slots: 0, permits: 0, questions: 4, page_workers: 0 };
        assert_eq!(named(busy, &[(Stage::Ocr, 2), (Stage::Publish, 1)]), Some(Stage::Ocr));
        assert_eq!(named(busy, &[(Stage::Decode, 2), (Stage::Ocr, 1)]), Some(Stage::Decode));
        let idle = Waits { questions: 0, page_workers: 2, ..busy };
        assert_eq!(named(idle, &[(Stage::Publish, 4), (Stage::Fetch, 1)]), Some(Stage::Publish));
        assert_eq!(named(idle, &[(Stage::Sign, 4), (Stage::Publish, 1)]), Some(Stage::Sign));
        assert_eq!(named(idle, &[(Stage::Fetch, 4), (Stage::Publish, 1)]), Some(Stage::Fetch));
    }

    #[test]
    fn the_stage_that_holds_the_bytes_is_named_while_documents_wait_for_some() {
        let full = Waits { documents: 9, slots: 0, permits: 3, questions: 0, page_workers: 2 };
        let few = Waits { documents: 0, slots: 4, ..full };
        for waits in [full, few] {
            assert_eq!(named(waits, &[(Stage::Ocr, 1)]), Some(Stage::Ocr));
            assert_eq!(named(waits, &[(Stage::Decode, 1)]), Some(Stage::Decode));
            assert_eq!(named(waits, &[(Stage::Sign, 1)]), Some(Stage::Sign));
            assert_eq!(named(waits, &[(Stage::Fetch, 1)]), Some(Stage::Fetch));
        }
        let busy = Waits { questions: 4, page_workers: 0, ..full };
        assert_eq!(named(busy, &[(Stage::Ocr, 2)]), Some(Stage::Ocr));
    }

    #[test]
    fn a_worker_with_nothing_to_do_is_held_up_by_no_stage() {
        let idle = Waits { documents: 0, slots: 4, permits: 0, questions: 0, page_workers: 2 };
        assert_eq!(named(idle, &[]), None);
        assert_eq!(named(Waits { page_workers: 1, ..idle }, &[(Stage::Ocr, 1)]), None);
    }
}
