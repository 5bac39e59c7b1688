//! A broker that outlives processes, an input in memory, and looking on.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures::poll;
use object_store::{ObjectStoreExt as _, memory::InMemory, path::Path};
use sohoa_backfill::{Backfill, Bounds, BulkLane, Ending, Ledger, Progress, Request, Watch};
use sohoa_flow::{Fault, Shutdown};
use sohoa_kafka::{Event, PartitionProgress};
use sohoa_schemas::{
    ledger::{ChunkDocument, DeliveredRange},
    message::Submission,
};
use sohoa_source::Layout;
use sohoa_store::Store;
use url::Url;

/// Partitions of the topic.
const PARTITIONS: usize = 3;

/// Outlives every process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Broker(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Every message, in the order of arrival.
    pub(crate) messages: Vec<Submission>,
    ends: [i64; PARTITIONS],
    committed: [i64; PARTITIONS],
    begins: [i64; PARTITIONS],
    /// The most that ever waited.
    pub(crate) most: i64,
}

impl Broker {
    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap()
    }

    /// Addresses of all messages, in the order of arrival.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.log().messages.iter().map(|message| address(&message.files)).collect()
    }

    /// How far the workers are.
    pub(crate) fn progress(&self) -> Vec<PartitionProgress> {
        let log = self.log();
        let partition = |index: usize| PartitionProgress {
            partition: index as i32,
            begin: log.begins[index],
            end: log.ends[index],
            committed: Some(log.committed[index]),
        };
        (0..PARTITIONS).map(partition).collect()
    }

    /// Deletes all messages by age.
    pub(crate) fn forget(&self) {
        let mut log = self.log();
        log.begins = log.ends;
    }

    /// Commits one message of every partition that has one.
    pub(crate) fn consume(&self) {
        let mut log = self.log();
        let Log { ends, committed, .. } = &mut *log;
        for (committed, end) in committed.iter_mut().zip(ends) {
            *committed = (*committed + 1).min(*end);
        }
    }
}

impl Log {
    fn take(&mut self, message: Submission) -> (i32, i64) {
        let partition = message.dossier.uid.as_bytes()[0] as usize % PARTITIONS;
        self.messages.push(message);
        let offset = self.ends[partition];
        self.ends[partition] += 1;
        let waiting = self.ends.iter().sum::<i64>() - self.committed.iter().sum::<i64>();
        self.most = self.most.max(waiting);
        (partition as i32, offset)
    }
}

/// One process's way to the broker.
#[derive(Debug)]
pub(crate) struct Lane {
    broker: Broker,
    state: Mutex<Client>,
    /// Whether messages arrive by themselves, or with the flush only.
    eager: bool,
}

#[derive(Debug, Default)]
struct Client {
    held: Vec<Submission>,
    arrived: Vec<DeliveredRange>,
}

impl Lane {
    fn deliver(&self) {
        let mut state = self.state.lock().unwrap();
        let Client { held, arrived } = &mut *state;
        for message in held.drain(..) {
            let (partition, first) = self.broker.log().take(message);
            arrived.push(DeliveredRange { partition, first, next: first + 1, messages: 1 });
        }
    }
}

impl BulkLane for Lane {
    fn topic(&self) -> String {
        "sohoa.bulk.v1".into()
    }

    async fn send(&self, submission: &Submission, _: Event<'_>) -> Result<(), Fault> {
        self.state.lock().unwrap().held.push(submission.clone());
        if self.eager {
            self.deliver();
        }
        tokio::task::yield_now().await;
        Ok(())
    }

    async fn flush(&self) -> Result<Vec<DeliveredRange>, Fault> {
        tokio::task::yield_now().await;
        self.deliver();
        tokio::task::yield_now().await;
        Ok(std::mem::take(&mut self.state.lock().unwrap().arrived))
    }

    fn in_flight(&self) -> usize {
        self.state.lock().unwrap().held.len()
    }

    async fn progress(&self) -> Result<Vec<PartitionProgress>, Fault> {
        Ok(self.broker.progress())
    }
}

/// What outlives a process.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) input: Store,
    pub(crate) output: Store,
    pub(crate) broker: Broker,
    pub(crate) request: Request,
    pub(crate) bounds: Bounds,
    pub(crate) eager: bool,
}

impl World {
    /// An input of folders with so many files each.
    pub(crate) async fn new(folders: &[usize]) -> Self {
        let input = InMemory::new();
        for (folder, &files) in folders.iter().enumerate() {
            for file in 0..files {
                let key = Path::parse(format!("hộp {folder}/{file}.tif")).unwrap();
                input.put(&key, "scan".into()).await.unwrap();
            }
        }
        let store = |objects| Store::from_parts(objects, Url::parse("memory:///").unwrap());
        let request = Request {
            submission: "2026-11".into(),
            input: "scans".into(),
            agency: None,
            layout: Layout::Auto,
            include: Vec::new(),
            exclude: Vec::new(),
            limit: None,
            owners: sohoa_source::Owners::default(),
        };
        let bounds = Bounds { chunk_documents: 4, ..Bounds::default() };
        let (input, output) = (store(Arc::new(input)), store(Arc::new(InMemory::new())));
        Self { input, output, broker: Broker::default(), request, bounds, eager: false }
    }

    /// A process.
    pub(crate) fn process(&self, shutdown: &Shutdown) -> Backfill<Lane> {
        let state = Mutex::default();
        let lane = Lane { broker: self.broker.clone(), state, eager: self.eager };
        let stores = (self.input.clone(), self.output.clone());
        Backfill::new(stores, lane, self.request.clone(), self.bounds, shutdown.clone()).unwrap()
    }

    /// Runs a process to its end.
    pub(crate) async fn run(&self) -> Result<Ending, Fault> {
        let looking = Looking::default();
        self.process(&Shutdown::default()).run(&looking).await
    }

    /// Runs a process for so many turns, then kills it; none when it was killed.
    pub(crate) async fn run_for(&self, turns: usize) -> Option<Result<Ending, Fault>> {
        let process = self.process(&Shutdown::default());
        let looking = Looking::default();
        let mut run = Box::pin(process.run(&looking));
        for _ in 0..turns {
            if let std::task::Poll::Ready(ending) = poll!(&mut run) {
                return Some(ending);
            }
            tokio::task::yield_now().await;
        }
        None
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::new(self.output.clone(), &self.request.submission).unwrap()
    }

    /// Addresses of the documents that are written down, chunk by chunk.
    pub(crate) async fn recorded(&self) -> Vec<Vec<String>> {
        let ledger = self.ledger();
        let mut chunks = Vec::new();
        for number in 1..=ledger.chunks().await.unwrap() {
            let chunk = ledger.chunk(number).await.unwrap();
            assert_eq!((chunk.number, chunk.submission.as_str()), (number, "2026-11"));
            let keys = |document: &ChunkDocument| {
                document.files.iter().map(|file| file.key.clone()).collect::<Vec<_>>().join("+")
            };
            chunks.push(chunk.documents.iter().map(keys).collect());
        }
        chunks
    }

    /// Addresses of all documents, in the order of the input.
    pub(crate) fn all(folders: &[usize]) -> Vec<String> {
        let folders = folders.iter().enumerate();
        folders
            .flat_map(|(folder, &files)| (0..files).map(move |f| format!("hộp {folder}/{f}.tif")))
            .collect()
    }
}

fn address(files: &[sohoa_schemas::message::SubmittedFile]) -> String {
    files.iter().map(|file| file.key.clone()).collect::<Vec<_>>().join("+")
}

/// Looks on and checks that every figure is at most the one before it and none goes back.
#[derive(Debug, Default)]
pub(crate) struct Looking(pub(crate) Mutex<Progress>);

impl Watch for Looking {
    fn progress(&self, now: &Progress) {
        let mut before = self.0.lock().unwrap();
        let figures =
            |p: &Progress| [p.listed, p.submitted.documents, p.recorded, p.consumed, p.settled];
        assert!(figures(now).windows(2).all(|pair| pair[0] >= pair[1]), "{now:?}");
        let pairs = figures(now).into_iter().zip(figures(&before));
        assert!(pairs.clone().all(|(now, before)| now >= before), "{before:?} then {now:?}");
        *before = *now;
    }
}

/// Workers that commit a message of each partition every so often, until dropped.
pub(crate) fn workers(broker: &Broker, every: Duration) -> tokio::task::JoinSet<()> {
    let (broker, mut tasks) = (broker.clone(), tokio::task::JoinSet::new());
    tasks.spawn(async move {
        loop {
            tokio::time::sleep(every).await;
            broker.consume();
        }
    });
    tasks
}
