//! The order of the steps: list, send, prove, write down.

use std::sync::Arc;

use sohoa_flow::{FatalKind, Fault, Shutdown, retry};
use sohoa_kafka::{PartitionProgress, progress::lag};
use sohoa_schemas::ledger::{Chunk, Done, Position, Totals, VERSION};
use sohoa_source::{Found, walk_from};
use sohoa_store::Store;

use crate::{
    STAGE,
    chunk::{Open, add},
    lane::BulkLane,
    ledger::Ledger,
    listing::Listing,
    look::Look,
    message::{Message, line},
    now,
    outstanding::{Mark, Outstanding},
    pace::Pace,
    progress::{Progress, State, Watch},
    request::{Bounds, Request, RequestError},
};

/// A submission that can be begun or gone on with.
#[derive(Debug)]
pub struct Backfill<L> {
    input: Store,
    ledger: Ledger,
    lane: Arc<L>,
    request: Request,
    bounds: Bounds,
    shutdown: Shutdown,
}

/// How a start of a submission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// How.
    pub outcome: Outcome,
    /// What was submitted and written down, earlier starts included.
    pub totals: Totals,
    /// Chunks of the ledger.
    pub chunks: u64,
}

/// How a start of a submission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It had ended before.
    AlreadyDone,
    /// The whole input is submitted.
    Completed,
    /// It was told to stop; the same submission goes on.
    Interrupted,
    /// The limit ended it before the input did.
    Limited,
}

/// What would be submitted, and whether the limit would end it. Nothing is written or sent.
///
/// # Errors
/// The request cannot be carried out, or the input cannot be listed.
pub async fn dry_run(
    input: &Store,
    request: &Request,
    watch: &dyn Watch,
    shutdown: &Shutdown,
) -> Result<(Totals, Outcome), Fault> {
    let walk = request.walk().map_err(settings)?;
    let mut progress = Progress::default();
    let mut limited = false;
    let counted = walk_from(input, &walk, None, |found| {
        limited = request.limit.is_some_and(|limit| progress.listed >= limit);
        if !limited {
            progress.listed += 1;
            add(&mut progress.submitted, &line(found.source));
            watch.progress(&progress);
        }
        std::future::ready(!limited && !shutdown.draining())
    });
    let interrupted = tokio::select! {
        biased;
        () = shutdown.drained() => true,
        counted = counted => { counted?; shutdown.draining() }
    };
    let outcome = match (interrupted, limited) {
        (true, _) => Outcome::Interrupted,
        (false, true) => Outcome::Limited,
        (false, false) => Outcome::Completed,
    };
    Ok((progress.submitted, outcome))
}

impl<L: BulkLane> Backfill<L> {
    /// A submission of `input` by way of `lane`, written down in `output`.
    pub fn new(
        (input, output): (Store, Store),
        lane: L,
        request: Request,
        bounds: Bounds,
        shutdown: Shutdown,
    ) -> Result<Self, RequestError> {
        bounds.check()?;
        request.walk()?;
        let ledger = Ledger::new(output, &request.submission)?;
        Ok(Self { input, ledger, lane: Arc::new(lane), request, bounds, shutdown })
    }

    /// Its ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Submits everything that is not written down yet. The first request to shut down writes the
    /// open chunk down, the second drops it.
    ///
    /// # Errors
    /// `Fatal` when the order differs from the plan, another process goes on with the submission,
    /// or the broker refuses; `Retry` when a store stays away.
    pub async fn run(&self, watch: &dyn Watch) -> Result<Ending, Fault> {
        let order = self.request.order(&self.input, self.lane.topic());
        self.ledger.begin(order).await?;
        if let Some(Done { totals, chunks, .. }) = self.ledger.done().await? {
            return Ok(Ending { outcome: Outcome::AlreadyDone, totals, chunks });
        }
        let mut run = Run::resume(self, watch).await?;
        let outcome = tokio::select! {
            biased;
            () = self.shutdown.until_stopped() => Outcome::Interrupted,
            outcome = run.submit_all() => outcome?,
        };
        let (chunks, totals) = (run.chunks, run.recorded);
        if outcome != Outcome::Interrupted {
            let submission = self.request.submission.clone();
            let limited = outcome == Outcome::Limited;
            let (schema_version, done_at) = (VERSION, now());
            let done = Done { schema_version, submission, chunks, totals, limited, done_at };
            self.ledger.end(&done).await?;
        }
        Ok(Ending { outcome, totals, chunks })
    }

    /// Waits until the workers are through with all that is written down; answers whether they
    /// are, and not merely told to shut down.
    ///
    /// # Errors
    /// As of [`Self::run`].
    pub async fn follow(&self, watch: &dyn Watch) -> Result<bool, Fault> {
        let mut run = Run::resume(self, watch).await?;
        loop {
            run.look.look().await?;
            run.show(State::Following);
            if run.look.expired() > 0 {
                let error = Expired(run.look.expired());
                return Err(Fault::fatal(FatalKind::Configuration, STAGE, error));
            }
            if run.progress.settled >= run.progress.recorded {
                return Ok(true);
            }
            tokio::select! {
                biased;
                () = self.shutdown.drained() => return Ok(false),
                () = run.look.wait(None) => {}
            }
        }
    }
}

/// How far the workers are with what a submission has written down to its `last` chunk, by what the
/// broker says of the lane.
///
/// # Errors
/// A chunk cannot be read.
pub async fn standing(
    (ledger, last): (&Ledger, &Chunk),
    seen: &[PartitionProgress],
) -> Result<Progress, Fault> {
    let mut outstanding = outstanding(ledger, seen, (last.number, &mark_of(last))).await?;
    let (consumed, settled) = outstanding.passed(seen);
    let recorded = last.totals.documents;
    Ok(Progress {
        state: State::Following,
        listed: recorded,
        submitted: last.totals,
        recorded,
        consumed,
        settled,
        lag: Some(lag(seen)),
    })
}

fn settings(error: RequestError) -> Fault {
    Fault::fatal(FatalKind::Configuration, STAGE, error)
}

/// Messages that nobody answers any more; the positions move past them as if they were.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} messages of the lane were deleted by age before a worker came to them: raise retention.ms of \
     the topic and submit anew under another name; `sohoa audit` says which documents have no answer"
)]
struct Expired(u64);

/// The broker says it has another number of messages than it was sent.
#[derive(Debug, thiserror::Error)]
#[error("{sent} messages were sent and {arrived} are reported as delivered")]
struct Miscounted {
    sent: u64,
    arrived: u64,
}

/// One start of a submission.
struct Run<'a, L> {
    backfill: &'a Backfill<L>,
    watch: &'a dyn Watch,
    look: Look<L>,
    pace: Pace,
    outstanding: Outstanding,
    progress: Progress,
    /// Documents of earlier starts.
    listed_before: u64,
    /// Chunks that are written down.
    chunks: u64,
    /// Behind their last document.
    position: Option<Position>,
    /// What they hold.
    recorded: Totals,
    /// Where the broker has it.
    mark: Mark,
    open: Open,
}

impl<'a, L: BulkLane> Run<'a, L> {
    /// Goes on behind the last chunk.
    async fn resume(backfill: &'a Backfill<L>, watch: &'a dyn Watch) -> Result<Self, Fault> {
        let Backfill { ledger, lane, bounds, .. } = backfill;
        let chunks = ledger.chunks().await?;
        let last = if chunks == 0 { None } else { Some(ledger.chunk(chunks).await?) };
        let mark = last.as_ref().map_or_else(Mark::default, mark_of);
        let seen = retry::retry(retry::Policy::default(), || lane.progress()).await?;
        let mut run = Self {
            backfill,
            watch,
            look: Look::new(Arc::clone(lane), ledger.clone(), bounds.look_every),
            pace: Pace::new(bounds.per_second),
            outstanding: outstanding(ledger, &seen, (chunks, &mark)).await?,
            progress: Progress::default(),
            listed_before: 0,
            chunks,
            recorded: last.as_ref().map_or_else(Totals::default, |last| last.totals),
            position: last.map(|last| last.position),
            mark,
            open: Open::default(),
        };
        run.progress.submitted = run.recorded;
        run.progress.listed = run.recorded.documents;
        run.listed_before = run.recorded.documents;
        Ok(run)
    }

    /// Sends until the input, the limit or the patience of the operator ends.
    async fn submit_all(&mut self) -> Result<Outcome, Fault> {
        let walk = self.backfill.request.walk().map_err(settings)?;
        let mut listing = Listing::start(self.backfill.input.clone(), walk, self.position.clone());
        let outcome = loop {
            match self.step(&mut listing).await {
                Ok(None) => {}
                Ok(Some(outcome)) => break outcome,
                // What was sent before a listing failed is written down.
                Err(Fault::Retry(cause)) => {
                    self.close().await?;
                    return Err(Fault::Retry(cause));
                }
                Err(fault) => return Err(fault),
            }
        };
        self.close().await?;
        Ok(outcome)
    }

    /// Sends one document, or waits for what keeps it from that.
    async fn step(&mut self, listing: &mut Listing) -> Result<Option<Outcome>, Fault> {
        let Backfill { bounds, shutdown, request, .. } = self.backfill;
        if shutdown.draining() {
            return Ok(Some(Outcome::Interrupted));
        }
        if self.open.is_due(bounds) {
            self.close().await?;
        }
        self.look.look().await?;
        let (state, longest) = if self.look.paused() {
            self.close().await?;
            (State::Paused, None)
        } else if !self.look.has_room(bounds.in_flight) {
            (State::Full, self.open.left(bounds))
        } else {
            (State::Submitting, self.pace.wait().or_else(|| self.open.left(bounds)))
        };
        self.progress.listed = self.listed_before + listing.count();
        self.show(state);
        let submitted = self.progress.submitted.documents;
        let ready = state == State::Submitting && self.pace.wait().is_none();
        tokio::select! {
            biased;
            () = shutdown.drained() => return Ok(Some(Outcome::Interrupted)),
            next = listing.next(), if ready => match next {
                None => return Ok(Some(Outcome::Completed)),
                Some(Ok(_)) if request.limit.is_some_and(|limit| limit <= submitted) => {
                    return Ok(Some(Outcome::Limited));
                }
                Some(found) => self.send(found?).await?,
            },
            () = self.look.wait(longest) => {}
        }
        Ok(None)
    }

    async fn send(&mut self, found: Found) -> Result<(), Fault> {
        let Backfill { lane, request, .. } = self.backfill;
        let message = Message::new(&found, &request.input, &request.submission);
        lane.send(&message.submission, message.event()).await?;
        self.look.sent();
        self.pace.went();
        let document = line(found.source);
        add(&mut self.progress.submitted, &document);
        self.open.push(document, found.position);
        Ok(())
    }

    /// Proves that the open chunk is with the broker, then writes it down.
    async fn close(&mut self) -> Result<(), Fault> {
        let Open { documents, position: Some(position), .. } = std::mem::take(&mut self.open)
        else {
            return Ok(());
        };
        let Backfill { lane, ledger, request, .. } = self.backfill;
        let delivered = lane.flush().await?;
        let arrived = delivered.iter().map(|range| range.messages).sum();
        let sent = documents.len() as u64;
        if arrived != sent {
            return Err(Fault::fatal(FatalKind::Internal, STAGE, Miscounted { sent, arrived }));
        }
        let mark = self.mark.then(&delivered);
        let chunk = Chunk {
            schema_version: VERSION,
            submission: request.submission.clone(),
            number: self.chunks + 1,
            documents,
            position: position.clone(),
            delivered: mark.ranges(),
            totals: self.progress.submitted,
            written_at: now(),
        };
        ledger.write(&chunk).await?;
        self.chunks = chunk.number;
        self.position = Some(position);
        self.recorded = chunk.totals;
        self.outstanding.push(mark.clone());
        self.mark = mark;
        Ok(())
    }

    fn show(&mut self, state: State) {
        if let Some(seen) = self.look.progress() {
            (self.progress.consumed, self.progress.settled) = self.outstanding.passed(seen);
        }
        self.progress.state = state;
        self.progress.recorded = self.recorded.documents;
        self.progress.lag = self.look.lag();
        self.watch.progress(&self.progress);
    }
}

fn mark_of(chunk: &Chunk) -> Mark {
    Mark::new(chunk.totals.documents, &chunk.delivered)
}

/// What of the chunks that are there the workers are not through with. Reads a few of them,
/// however many there are: every chunk before a settled one is settled.
async fn outstanding(
    ledger: &Ledger,
    progress: &[PartitionProgress],
    (chunks, last): (u64, &Mark),
) -> Result<Outstanding, Fault> {
    let (mut settled, mut base) = (0, Mark::default());
    let mut open = chunks;
    if last.is_settled(progress) {
        return Ok(Outstanding::new(last.clone()));
    }
    while settled + 1 < open {
        let middle = settled.midpoint(open);
        let mark = mark_of(&ledger.chunk(middle).await?);
        if mark.is_settled(progress) {
            (settled, base) = (middle, mark);
        } else {
            open = middle;
        }
    }
    let mut outstanding = Outstanding::new(base);
    outstanding.push(last.clone());
    Ok(outstanding)
}
