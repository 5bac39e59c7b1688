//! What has been announced so far, followed while it happens, from a thread that outlives every
//! fault of the broker.
//!
//! A client that hears nothing for long is replaced by a new one, and it is said when the new one
//! hears what the old one should have: a client that stands still is not to be taken for a program
//! that does.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientContext, Message as _, Offset, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
    error::KafkaError,
};
use serde_json::Value;

use crate::kafka::client;

/// Without a message for this long the client is replaced.
const SILENCE: Duration = Duration::from_secs(20);

/// A new client that hears something sooner than this was not waiting for it to happen.
const AT_ONCE: Duration = Duration::from_secs(2);

/// What was said of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its dossier.
    pub dossier: String,
    /// When its first event was heard.
    pub heard: Instant,
    /// Whether one of its events said "published".
    pub published: bool,
    /// Its pages, whatever became of them, by the last event.
    pub pages: u64,
    /// Key of the object that the last event points at, under the output.
    pub key: String,
}

/// What the events said.
#[derive(Debug, Default)]
struct Seen {
    events: usize,
    /// Answers by source.
    sources: BTreeMap<String, Answer>,
}

/// The follower; ends when dropped.
#[derive(Debug)]
pub struct Watch {
    seen: Arc<Mutex<Seen>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Follows the committed messages of a topic from their beginning; all that the client says of
    /// itself, which is much, goes to the file `log`, where there is one.
    pub fn start(bootstrap: &str, (topic, partitions): (&str, i32), log: Option<&Path>) -> Self {
        let (seen, over) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        let mut follower = Follower {
            bootstrap: bootstrap.to_owned(),
            topic: topic.to_owned(),
            next: vec![0; partitions as usize],
            log: log.map(Path::to_owned),
            seen: Arc::clone(&seen),
        };
        let until = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                follower.follow(&until);
            }
        });
        Self { seen, over, thread: Some(thread) }
    }

    /// Events so far, repetitions included.
    pub fn events(&self) -> usize {
        lock(&self.seen).events
    }

    /// Documents that have an event.
    pub fn answered(&self) -> usize {
        lock(&self.seen).sources.len()
    }

    /// Documents that have an event that says "published".
    pub fn published(&self) -> usize {
        lock(&self.seen).sources.values().filter(|answer| answer.published).count()
    }

    /// The answers so far, in no order that means anything.
    pub fn answers(&self) -> Vec<Answer> {
        lock(&self.seen).sources.values().cloned().collect()
    }
}

/// The thread's own.
struct Follower {
    bootstrap: String,
    topic: String,
    /// The next position in each partition.
    next: Vec<i64>,
    log: Option<PathBuf>,
    seen: Arc<Mutex<Seen>>,
}

impl Follower {
    /// Follows with one client until it hears nothing for long.
    fn follow(&mut self, until: &AtomicBool) {
        let consumer = self.consumer();
        let opened = Instant::now();
        let mut heard = opened;
        let mut first = self.next.iter().any(|next| *next > 0);
        while !until.load(Ordering::Relaxed) && heard.elapsed() < SILENCE {
            let message = match consumer.poll(Duration::from_millis(100)) {
                None => continue,
                Some(Ok(message)) => message,
                // Errors pass: the client finds the broker again.
                Some(Err(error)) => {
                    consumer.context().write(&error.to_string());
                    continue;
                }
            };
            if std::mem::take(&mut first) && opened.elapsed() < AT_ONCE {
                println!("the client that follows the events stood still; a new one goes on");
            }
            heard = Instant::now();
            let next = &mut self.next[message.partition() as usize];
            // After a reset it may begin before what it had.
            if message.offset() >= *next {
                *next = message.offset() + 1;
                let event = serde_json::from_slice(message.payload().unwrap_or_default());
                note(&mut lock(&self.seen), &event.unwrap());
            }
        }
    }

    fn consumer(&self) -> BaseConsumer<Log> {
        let mut config = client(&self.bootstrap);
        config
            // The client asks for one; positions are neither kept nor looked for.
            .set("group.id", "sohoa-watch")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("isolation.level", "read_committed");
        let log = self.log.as_ref().map(|log| {
            config.set("debug", "consumer,topic,cgrp").set_log_level(RDKafkaLogLevel::Debug);
            Mutex::new(OpenOptions::new().create(true).append(true).open(log).unwrap())
        });
        let consumer: BaseConsumer<Log> =
            config.create_with_context(Log(log, Instant::now())).unwrap();
        let mut assignment = TopicPartitionList::new();
        for (partition, next) in (0..).zip(&self.next) {
            let from = Offset::Offset(*next);
            assignment.add_partition_offset(&self.topic, partition, from).unwrap();
        }
        consumer.assign(&assignment).unwrap();
        consumer
    }
}

/// What the client says of itself, in a file.
struct Log(Option<Mutex<File>>, Instant);

impl Log {
    fn write(&self, what: &str) {
        let Some(file) = &self.0 else { return };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{:9.3} {what}", self.1.elapsed().as_secs_f64()).unwrap();
    }
}

impl ClientContext for Log {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        self.write(&format!("{facility} {message}"));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.write(&format!("{error}: {reason}"));
    }
}

impl ConsumerContext for Log {}

fn note(seen: &mut Seen, event: &Value) {
    let text = |key: &str| event[key].as_str().unwrap().to_owned();
    seen.events += 1;
    let answer = seen.sources.entry(text("source_uid")).or_insert_with(|| Answer {
        dossier: text("dossier_uid"),
        heard: Instant::now(),
        published: false,
        pages: 0,
        key: String::new(),
    });
    answer.published |= event["outcome"] == "published";
    let pages = ["published", "quarantined", "held"].map(|kind| event["pages"][kind].as_u64());
    answer.pages = pages.into_iter().flatten().sum();
    answer.key = text("key");
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
