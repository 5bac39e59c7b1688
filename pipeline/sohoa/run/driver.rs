//! Feeding sources to the stages: so many at once, so many bytes, until the input or the patience
//! of the operator ends.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use indicatif::MultiProgress;
use sohoa_flow::{FatalKind, Fault, Ledger, Receipt};
use sohoa_index::{Index, IndexError, Position};
use sohoa_schemas::{Code, summary::Summary};
use sohoa_source::{Source, Walk};
use sohoa_store::Lease;
use tokio::{
    sync::mpsc,
    task::{Id, JoinError, JoinSet},
};

use super::{
    indexing::{self, APPLICATION, Bounds, index_fault},
    progress::Progress,
    skip,
};
use crate::{
    context::Context,
    stages::{
        self, Settled,
        take_in::{footprint, largest},
    },
};

/// Sources listed ahead of processing: enough that a listing's round trip is not waited for.
const LISTED_AHEAD: usize = 64;

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Plan {
    /// How the input is walked.
    pub(crate) walk: Walk,
    /// Documents at most.
    pub(crate) limit: Option<u64>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ending {
    /// Counts.
    pub(crate) summary: Summary,
    /// Of the skipped documents, those that an earlier run refused.
    pub(crate) refused_before: u64,
    /// Whether it was told to end early.
    pub(crate) interrupted: bool,
    /// Documents that were begun and have no answer.
    pub(crate) not_done: u64,
}

/// Runs the whole input through.
///
/// # Errors
/// The first fault that no document can get past; everything settled before it stays settled.
pub(crate) async fn drive(
    context: Arc<Context>,
    plan: Plan,
    lease: &Lease,
    bars: &MultiProgress,
) -> Result<Ending, Fault> {
    let (objects, url) = context.output.below(sohoa_publish::keys::INDEX);
    let mut index = Index::open(&objects, url).map_err(index_fault)?;
    let position = index.position(APPLICATION).await.map_err(index_fault)?;
    // A killed run's last batch may be in some tables only, its sources come again in any later
    // batch, and once a batch is whole nothing says so any more.
    index.doubt();
    let config = &context.settings.config;
    let settled =
        skip::Settled::load(&index, &context.input_name, context.reprocess, config.release.mode)
            .await
            .map_err(index_fault)?;
    let bounds = Bounds {
        documents: config.index.commit_documents,
        age: Duration::from_secs(config.index.commit_seconds),
    };
    let progress = Progress::begin(bars);
    count_ahead(&context, &plan, &progress);
    let sources = list(Arc::clone(&context), plan.walk);
    let writer = Writer::start(index, position, bounds);
    let driver = Driver {
        context,
        settled,
        limit: plan.limit.unwrap_or(u64::MAX),
        ledger: Ledger::default(),
        refused_after_all: 0,
        tasks: JoinSet::new(),
        running: HashMap::new(),
        progress,
    };
    driver.run(sources, writer, lease).await
}

/// Counts the input's files for the progress display, beside the work.
fn count_ahead(context: &Arc<Context>, plan: &Plan, progress: &Progress) {
    let (context, total) = (Arc::clone(context), progress.total());
    let selection = plan.walk.selection.clone();
    tokio::spawn(async move {
        match sohoa_source::count(&context.input, &selection).await {
            Ok((files, _)) => total.store(files, Ordering::Relaxed),
            Err(fault) => tracing::info!(?fault, "the input cannot be counted ahead"),
        }
    });
}

/// The listing, as a task of its own: its fault comes as the channel's last item.
fn list(context: Arc<Context>, walk: Walk) -> mpsc::Receiver<Result<Source, Fault>> {
    let (send, receive) = mpsc::channel(LISTED_AHEAD);
    tokio::spawn(async move {
        let take = |source| {
            let send = send.clone();
            async move { send.send(Ok(source)).await.is_ok() }
        };
        if let Err(fault) = sohoa_source::walk(&context.input, &walk, take).await
            && send.send(Err(fault)).await.is_err()
        {
            tracing::debug!("nobody waits for the listing any more");
        }
    });
    receive
}

/// Another process has taken the output over.
#[derive(Debug, thiserror::Error)]
#[error("another run has taken the output over, because this one gave no sign of life for long")]
struct TakenOver;

/// The index writer and the way to it.
struct Writer {
    send: mpsc::Sender<Settled>,
    task: tokio::task::JoinHandle<Result<(), IndexError>>,
}

impl Writer {
    fn start(index: Index, position: Position, bounds: Bounds) -> Self {
        let (send, receive) = indexing::channel(bounds);
        Self { send, task: tokio::spawn(indexing::write(index, position, bounds, receive)) }
    }

    async fn end(self) -> Result<(), Fault> {
        drop(self.send);
        match self.task.await {
            Ok(written) => written.map_err(index_fault),
            Err(error) => Err(Fault::fatal(FatalKind::Internal, "index", error)),
        }
    }
}

type Done = (Result<Settled, Fault>, Receipt);

struct Driver {
    context: Arc<Context>,
    settled: skip::Settled,
    limit: u64,
    ledger: Ledger,
    /// Documents whose processing panicked, and which were refused then.
    refused_after_all: u64,
    tasks: JoinSet<Done>,
    /// What each task works on, for the case that it panics.
    running: HashMap<Id, Arc<Source>>,
    progress: Progress,
}

impl Driver {
    async fn run(
        mut self,
        mut sources: mpsc::Receiver<Result<Source, Fault>>,
        writer: Writer,
        lease: &Lease,
    ) -> Result<Ending, Fault> {
        let at_once = self.context.settings.slots();
        let shutdown = self.context.shutdown.clone();
        let lost = lease.lost();
        let mut listing = true;
        let mut fault = None;
        loop {
            if shutdown.draining() || self.ledger.taken() >= self.limit || fault.is_some() {
                listing = false;
            }
            if !listing && self.tasks.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                () = shutdown.until_stopped() => break,
                () = lost.cancelled() => {
                    return Err(Fault::fatal(FatalKind::Configuration, "lease", TakenOver));
                }
                Some(done) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                    if let Err(new) = self.finish(done, &writer).await {
                        fault.get_or_insert(new);
                        self.tasks.abort_all();
                    }
                }
                next = sources.recv(), if listing && self.tasks.len() < at_once => match next {
                    Some(Ok(source)) => self.start(source),
                    Some(Err(new)) => fault = Some(new),
                    None => listing = false,
                },
                () = shutdown.drained(), if listing => {}
            }
        }
        let interrupted = shutdown.draining();
        self.tasks.shutdown().await;
        self.running.clear();
        // What is settled goes into the index even after a fault elsewhere; who asks a second time
        // does not wait for it, and the next run finds what is missing.
        let indexed = tokio::select! {
            biased;
            indexed = writer.end() => indexed,
            () = shutdown.until_stopped() => Ok(()),
        };
        let not_done = self.ledger.taken() - self.ledger.settled() - self.refused_after_all;
        let refused_before = self.progress.refused_before();
        let summary = Summary {
            cpu_seconds: self.context.clock.with(self.context.pool.stats().cpu),
            ..self.progress.end()
        };
        // The index writer's own fault explains the driver's, not the other way round.
        indexed?;
        fault.map_or(Ok(Ending { summary, refused_before, interrupted, not_done }), Err)
    }

    /// Skips a source, or sets a task to work on it.
    fn start(&mut self, source: Source) {
        if let Some(known) = self.settled.skip(&source) {
            self.progress.skipped(known);
            return;
        }
        let source = Arc::new(source);
        let receipt = self.ledger.take();
        let (context, work) = (Arc::clone(&self.context), Arc::clone(&source));
        let task = self.tasks.spawn(async move {
            let permit = context.budget.acquire(footprint(&work, largest(&context))).await;
            (stages::process(&context, work, permit).await, receipt)
        });
        self.running.insert(task.id(), source);
    }

    async fn finish(
        &mut self,
        done: Result<(Id, Done), JoinError>,
        writer: &Writer,
    ) -> Result<(), Fault> {
        let (settled, receipt) = match done {
            Ok((id, (settled, receipt))) => {
                self.running.remove(&id);
                (settled?, Some(receipt))
            }
            Err(error) => {
                let source = self.running.remove(&error.id());
                let Some(source) = source.filter(|_| error.is_panic()) else { return Ok(()) };
                let why = (Code::X01StageFailed, error);
                let refused = stages::process::refuse_unless_done(&self.context, source, why);
                let settled = refused.await?;
                // Its receipt went with the panic.
                self.refused_after_all += 1;
                (settled, None)
            }
        };
        self.progress.settled(&settled);
        let sent = writer.send.send(settled).await;
        // The objects are durable whatever becomes of the index; the next run announces them.
        if let Some(receipt) = receipt {
            receipt.settle();
        }
        sent.map_err(|_| Fault::fatal(FatalKind::Unreachable, "index", "the index writer ended"))
    }
}
