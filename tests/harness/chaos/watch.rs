//! What has been announced so far, followed while it happens, from a thread that outlives every
//! fault of the broker.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
};
use serde_json::Value;
use sohoa_harness::kafka::client;

/// What the events said.
#[derive(Debug, Default)]
struct Seen {
    events: usize,
    /// Sources and whether one of their events said "published".
    sources: BTreeMap<String, bool>,
}

/// The follower; ends when dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    seen: Arc<Mutex<Seen>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Follows the committed messages of a topic from their beginning.
    pub(crate) fn start(bootstrap: &str, topic: &str, partitions: i32) -> Self {
        let consumer: BaseConsumer = client(bootstrap)
            .set("group.id", "sohoa-chaos")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("isolation.level", "read_committed")
            .create()
            .unwrap();
        let mut assignment = TopicPartitionList::new();
        for partition in 0..partitions {
            assignment.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        }
        consumer.assign(&assignment).unwrap();
        let (seen, over) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let (theirs, until) = (Arc::clone(&seen), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                // Errors pass: the client finds the broker again.
                if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
                    let event = serde_json::from_slice(message.payload().unwrap_or_default());
                    note(&mut lock(&theirs), &event.unwrap());
                }
            }
        });
        Self { seen, over, thread: Some(thread) }
    }

    /// Events so far, repetitions included.
    pub(crate) fn events(&self) -> usize {
        lock(&self.seen).events
    }

    /// Documents that have an event.
    pub(crate) fn answered(&self) -> usize {
        lock(&self.seen).sources.len()
    }

    /// Documents that have an event that says "published".
    pub(crate) fn published(&self) -> usize {
        lock(&self.seen).sources.values().filter(|published| **published).count()
    }
}

fn note(seen: &mut Seen, event: &Value) {
    seen.events += 1;
    let source = event["source_uid"].as_str().unwrap().to_owned();
    *seen.sources.entry(source).or_default() |= event["outcome"] == "published";
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed.
            drop(thread.join());
        }
    }
}
