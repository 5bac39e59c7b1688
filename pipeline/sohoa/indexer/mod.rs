//! `sohoa indexer`: events in, rows into the tables.
//!
//! Where it stands is written in the tables themselves, with the rows: `txn(topic/partition, next
//! offset)`. So it can be killed anywhere; on its start it reads on from where the least advanced
//! table stands, and the others leave out what they have. A second indexer finds its commits made
//! already.
//!
//! An event names an object; the rows are read from there.

mod entries;
mod signs;

use std::{collections::BTreeMap, time::Duration};

use sohoa_flow::{
    FatalKind, Fault, Shutdown,
    retry::{Policy, retry},
};
use sohoa_index::{Appended, Index};
use sohoa_kafka::{
    RawMessage, Reader, Topic, connect,
    reader::{Event, Removed},
    topics,
};
use sohoa_metrics::{CommitResult, Health, Line, Skipped, Stage, Table, edge::Lying, record};
use sohoa_schemas::{
    config::Kafka,
    message::{DocumentEvent, MessagePosition, VERSION},
    record::Rows,
};
use sohoa_store::Store;
use tokio::time::Instant;

use self::signs::Signs;
use crate::{
    broken::Refuser,
    observe::{ended, saying, tried_again},
    run::{Bounds, index_fault},
};

const STAGE: &str = "index";

/// Between two signs of life of an indexer that has nothing to do.
const BEAT: Duration = Duration::from_secs(5);

/// Pages whose rows are committed at once, whatever the number of documents: what is in memory grows
/// with pages, and a document may have thousands.
const PAGES: u64 = 20_000;

/// What a message of the topic announces; else why it is none.
fn understand(payload: &[u8]) -> Result<DocumentEvent, String> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        schema_version: i64,
    }
    // The version first: one that is not known may have any form.
    match serde_json::from_slice(payload) {
        Ok(Versioned { schema_version }) if schema_version != i64::from(VERSION) => Err(format!(
            "The event has schema_version {schema_version}, and this indexer knows {VERSION}: \
             bring it to the version of the workers, then send the event again with \
             sohoa dead-letters replay"
        )),
        _ => serde_json::from_slice(payload)
            .map_err(|error| format!("The message is not an event of a document: {error}")),
    }
}

/// When it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// When everything announced by now is in the index.
    CaughtUp,
    /// When told.
    Told,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Indexed {
    /// Events read.
    pub(crate) documents: u64,
    /// Batches committed.
    pub(crate) commits: u64,
}

/// Indexes until told to end.
///
/// # Errors
/// `Fatal` when the topic does not follow on what was read of it; the broker's and the store's own.
pub(crate) async fn run(
    kafka: &Kafka,
    store: &Store,
    bounds: Bounds,
    (until, removed): (Until, Removed),
    (shutdown, health, line): (Shutdown, Health, Line),
) -> Result<Indexed, Fault> {
    let opening = Indexer::open(kafka, store, (bounds, removed), (shutdown.clone(), health, line));
    match shutdown.unless_drained(opening).await.transpose()? {
        Some((indexer, reader, partitions)) => indexer.work(reader, partitions, until).await,
        None => Ok(Indexed::default()),
    }
}

/// Name under which the batches of a partition are counted in the tables.
fn application(topic: &str, partition: i32) -> String {
    format!("{topic}/{partition}")
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?
}

/// Events of a partition that wait for their commit.
#[derive(Debug, Default)]
struct Waiting {
    events: Vec<(DocumentEvent, Lying)>,
    next_offset: i64,
}

struct Indexer<'a> {
    index: Index,
    store: &'a Store,
    refuser: Refuser<'a>,
    topic: String,
    bounds: Bounds,
    waiting: BTreeMap<i32, Waiting>,
    /// By partition: the next offset, committed or waiting for it.
    positions: BTreeMap<i32, i64>,
    /// When the oldest waiting event has to be committed.
    due: Instant,
    indexed: Indexed,
    shutdown: Shutdown,
    signs: Signs<'a>,
    line: Line,
}

impl<'a> Indexer<'a> {
    /// Opens the tables and the topic, which is read on from where they stand.
    async fn open(
        kafka: &'a Kafka,
        store: &'a Store,
        (bounds, removed): (Bounds, Removed),
        (shutdown, health, line): (Shutdown, Health, Line),
    ) -> Result<(Self, Reader, i32), Fault> {
        let (objects, url) = store.below(sohoa_publish::keys::INDEX);
        let mut index = Index::open(&objects, url).map_err(index_fault)?;
        let topic = Topic::Documents.name(&kafka.prefix);
        let client = connect::base(kafka)
            .map_err(|error| Fault::fatal(FatalKind::Configuration, STAGE, error))?;
        let (asked, name) = (client.clone(), topic.clone());
        let partitions = blocking(move || Reader::partitions(&asked, &name)).await?;
        let mut positions = Vec::new();
        for partition in 0..partitions {
            let application = application(&topic, partition);
            let position = index.position(&application).await.map_err(index_fault)?;
            positions.push((partition, position.complete));
        }
        let name = topic.clone();
        let known = positions.iter().filter_map(|(partition, next)| Some((*partition, (*next)?)));
        let known: BTreeMap<i32, i64> = known.collect();
        let group = topics::readers_group(&kafka.prefix);
        let open = move || Reader::open(&client, (&group, &name), &positions, removed);
        let reader = blocking(open).await?;
        tracing::info!(partitions, "the indexer takes events");
        let indexer = Self {
            index,
            store,
            refuser: Refuser::new("sohoa/indexer", kafka, (store, Policy::default())),
            topic,
            bounds,
            waiting: BTreeMap::new(),
            positions: known.clone(),
            due: Instant::now(),
            indexed: Indexed::default(),
            shutdown,
            signs: Signs::new((health, line.clone()), store, known),
            line,
        };
        Ok((indexer, reader, partitions))
    }

    async fn work(
        mut self,
        mut reader: Reader,
        partitions: i32,
        until: Until,
    ) -> Result<Indexed, Fault> {
        let shutdown = self.shutdown.clone();
        let mut open: Vec<i32> = (0..partitions).collect();
        let caught_up = |open: &[i32]| until == Until::CaughtUp && open.is_empty();
        while !shutdown.draining() && !caught_up(&open) {
            let waits = !self.waiting.is_empty();
            self.signs.show(&reader);
            tokio::select! {
                biased;
                () = shutdown.drained() => {}
                () = tokio::time::sleep(BEAT) => {}
                () = tokio::time::sleep_until(self.due), if waits => self.commit(&reader).await?,
                event = reader.next() => match event? {
                    Event::Message(message) => self.take(&message, &reader).await?,
                    Event::End { partition, next } => {
                        open.retain(|one| *one != partition);
                        self.move_on(partition, next);
                    }
                },
            }
        }
        self.commit(&reader).await?;
        Ok(self.indexed)
    }

    /// What is to be committed of a partition, up to `next`.
    fn waiting(&mut self, partition: i32, next: i64) -> &mut Waiting {
        if self.waiting.is_empty() {
            self.due = Instant::now() + self.bounds.age;
        }
        self.positions.insert(partition, next);
        let waiting = self.waiting.entry(partition).or_default();
        waiting.next_offset = next;
        waiting
    }

    /// Goes on behind the ends of transactions as well. They count as offsets, and retention
    /// removes them in time: a position before them would look like events that were removed
    /// unread.
    fn move_on(&mut self, partition: i32, next: i64) {
        if self.positions.get(&partition).copied().unwrap_or(0) < next {
            self.waiting(partition, next);
        }
    }

    async fn take(&mut self, message: &RawMessage, reader: &Reader) -> Result<(), Fault> {
        let MessagePosition { partition, offset, .. } = message.position;
        let event = match understand(&message.payload) {
            Ok(event) => event,
            // The position goes past it, so it has to be kept first.
            Err(why) => {
                if self.refuse(message, &why, reader).await? {
                    self.move_on(partition, offset + 1);
                }
                return Ok(());
            }
        };
        let lying = self.line.edge_into(Stage::Index).put(message.payload.len() as u64);
        self.waiting(partition, offset + 1).events.push((event, lying));
        let pages = self.events().map(|event| event.pages.total()).sum::<u64>();
        let full = self.events().count() >= self.bounds.documents || pages >= PAGES;
        if full { self.commit(reader).await } else { Ok(()) }
    }

    /// Keeps and announces a message that is no event, as workers do theirs. The document's own
    /// object is there, so that `sohoa index rebuild` finds it as well. `false` when it was told to
    /// end meanwhile: the message comes again.
    async fn refuse(
        &mut self,
        message: &RawMessage,
        why: &str,
        reader: &Reader,
    ) -> Result<bool, Fault> {
        let (shutdown, signs) = (self.shutdown.clone(), self.signs.clone());
        let refuser = tokio::sync::Mutex::new(&mut self.refuser);
        let refuse = || async { refuser.lock().await.refuse(message, why).await };
        tokio::select! {
            biased;
            () = shutdown.drained() => return Ok(false),
            refused = saying(BEAT, || signs.show(reader), retry(patience(), refuse)) => refused?,
        }
        record::index_skipped(Skipped::Unreadable);
        Ok(true)
    }

    /// All events that wait for their commit.
    fn events(&self) -> impl Iterator<Item = &DocumentEvent> {
        self.waiting.values().flat_map(|waiting| &waiting.events).map(|(event, _)| event)
    }

    /// Commits what waits of all partitions at once.
    async fn commit(&mut self, reader: &Reader) -> Result<(), Fault> {
        if self.waiting.is_empty() || !self.may_append(reader).await? {
            return Ok(());
        }
        let documents = self.events().count();
        let stage = self.line.stage(Stage::Index).clone();
        let working: Vec<_> = (0..documents).map(|_| stage.enter_in_parts()).collect();
        let edge = self.line.edge_into(Stage::Index).clone();
        edge.set_pushing(1);
        let busy = stage.busy();
        let began = Instant::now();
        let signs = self.signs.clone();
        let mut done = saying(BEAT, || signs.show(reader), self.append_waiting()).await;
        drop(busy);
        edge.set_pushing(0);
        for one in working {
            done = ended(one, done);
        }
        done?;
        self.indexed.documents += documents as u64;
        self.indexed.commits += 1;
        let waiting = std::mem::take(&mut self.waiting);
        let next = waiting.iter().map(|(partition, waiting)| (*partition, waiting.next_offset));
        self.signs.committed.extend(next);
        let milliseconds = began.elapsed().as_millis() as u64;
        tracing::info!(partitions = waiting.len(), documents, milliseconds, "committed");
        Ok(())
    }

    /// Waits while the tables are made anew. Told to end meanwhile, it commits nothing: what waits
    /// comes again.
    async fn may_append(&self, reader: &Reader) -> Result<bool, Fault> {
        let mut told = false;
        while saying(BEAT, || self.signs.show(reader), self.is_being_rebuilt()).await? {
            self.signs.show_rebuilding();
            if self.shutdown.draining() {
                return Ok(false);
            }
            if !std::mem::replace(&mut told, true) {
                tracing::info!("waiting: sohoa index rebuild makes the tables anew");
            }
            tokio::select! {
                () = self.shutdown.drained() => {}
                () = tokio::time::sleep(BEAT) => {}
            }
        }
        Ok(true)
    }

    async fn is_being_rebuilt(&self) -> Result<bool, Fault> {
        let ask = || async {
            let asked = self.index.is_being_rebuilt().await;
            asked.map_err(|error| sohoa_store::classify_local(STAGE, error))
        };
        retry(patience(), ask).await
    }

    async fn append_waiting(&mut self) -> Result<(), Fault> {
        let rows = entries::rows(self.store, self.events()).await?;
        let position = |(partition, waiting): (&i32, &Waiting)| {
            (application(&self.topic, *partition), waiting.next_offset)
        };
        let positions: Vec<_> = self.waiting.iter().map(position).collect();
        let began = Instant::now();
        let appended = self.append(&positions, &rows).await;
        let result = if appended.is_ok() { CommitResult::Committed } else { CommitResult::Failed };
        record::index_committed(result, began.elapsed());
        for (table, rows) in appended?.added {
            if let Some(table) = Table::named(table.name()) {
                record::rows_appended(table, rows as u64);
            }
        }
        Ok(())
    }

    /// Appends, and again while the store is away: an append that was interrupted adds nothing twice.
    async fn append(
        &mut self,
        positions: &[(String, i64)],
        rows: &Rows,
    ) -> Result<Appended, Fault> {
        let index = tokio::sync::Mutex::new(&mut self.index);
        let append = || async {
            let mut index = index.lock().await;
            let appended = index.append_all(positions, rows).await;
            appended.map_err(|error| sohoa_store::classify_local(STAGE, error))
        };
        retry(patience(), append).await
    }
}

/// How long a store may be away.
fn patience() -> Policy {
    let (within, on_retry) = (Duration::from_mins(5), Some(tried_again as fn(&'static str)));
    Policy { within, attempts: 20, on_retry, ..Policy::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_is_not_known_is_told_from_a_message_that_is_none() {
        let why = |payload: &[u8]| understand(payload).unwrap_err();
        let newer = why(br#"{"schema_version": 2, "rows": []}"#);
        assert!(newer.contains("schema_version 2") && newer.contains("replay"), "{newer}");
        for none in [&br#"{"schema_version": "two"}"#[..], br#"{"schema_version": 1}"#, b"no json"]
        {
            assert!(why(none).contains("not an event"));
        }
    }
}
