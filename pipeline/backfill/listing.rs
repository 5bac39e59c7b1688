//! The input, listed beside the sending, from behind a position.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sohoa_flow::Fault;
use sohoa_schemas::ledger::Position;
use sohoa_source::{Found, Walk, walk_from};
use sohoa_store::Store;
use tokio::{sync::mpsc, task::JoinSet};

/// Documents listed ahead of sending: enough that a listing's round trip is not waited for.
const AHEAD: usize = 256;

/// Times in a row that a listing which gives nothing is tried again; with the pauses two minutes.
const ATTEMPTS: u32 = 7;

/// A listing under way; ends when dropped.
#[derive(Debug)]
pub(crate) struct Listing {
    found: mpsc::Receiver<Result<Found, Fault>>,
    count: Arc<AtomicU64>,
    _task: JoinSet<()>,
}

/// Where found documents go.
struct Sink {
    send: mpsc::Sender<Result<Found, Fault>>,
    count: Arc<AtomicU64>,
}

impl Listing {
    /// Begins to list.
    pub(crate) fn start(input: Store, walk: Walk, after: Option<Position>) -> Self {
        let (send, found) = mpsc::channel(AHEAD);
        let count = Arc::default();
        let sink = Sink { send, count: Arc::clone(&count) };
        let mut task = JoinSet::new();
        task.spawn(async move {
            if let Err(fault) = list(&input, &walk, after, &sink).await
                && sink.send.send(Err(fault)).await.is_err()
            {
                tracing::debug!("nobody waits for the listing any more");
            }
        });
        Self { found, count, _task: task }
    }

    /// Documents found so far.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The next document; none after the last.
    pub(crate) async fn next(&mut self) -> Option<Result<Found, Fault>> {
        self.found.recv().await
    }
}

/// Lists, and after a store's trouble goes on where it was.
async fn list(
    input: &Store,
    walk: &Walk,
    mut after: Option<Position>,
    Sink { send, count }: &Sink,
) -> Result<(), Fault> {
    let mut failures = 0;
    loop {
        let mut latest = None;
        let take = |found: Found| {
            latest = Some(found.position.clone());
            count.fetch_add(1, Ordering::Relaxed);
            async move { send.send(Ok(found)).await.is_ok() }
        };
        let ended = walk_from(input, walk, after.as_ref(), take).await;
        if latest.is_some() {
            failures = 0;
            after = latest;
        }
        let Err(Fault::Retry(cause)) = ended else { return ended };
        failures += 1;
        if failures >= ATTEMPTS {
            return Err(Fault::Retry(cause));
        }
        // The error may name a received file, and names of files are people's names.
        tracing::warn!(failures, "the input cannot be listed; trying again");
        tracing::debug!(error = %cause.error, "because");
        tokio::time::sleep(Duration::from_secs(1 << failures)).await;
    }
}
