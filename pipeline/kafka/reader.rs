//! Reading a topic from given positions, without a group: where the reader stands is somebody
//! else's to remember.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use rdkafka::{
    ClientConfig, ClientContext, Offset, Statistics, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
    error::{KafkaError, RDKafkaErrorCode},
};
use sohoa_flow::{FatalKind, Fault};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::{
    connect::{Complaints, Reach, STAGE, fault},
    raw_message::RawMessage,
    topics::partitions,
};

/// Messages read ahead.
const AHEAD: usize = 1_000;

/// Longest wait for a message, and so for noticing that nobody listens any more.
const POLL: Duration = Duration::from_millis(200);

/// Longest wait for an answer about a partition.
const ASK: Duration = Duration::from_secs(15);

type Consumer = BaseConsumer<Watcher>;

/// Something from a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A committed message.
    Message(RawMessage),
    /// For now there is no more in this partition.
    End {
        /// Partition.
        partition: i32,
        /// Where the next message will be: behind the last one, and behind the ends of transactions
        /// that stand there.
        next: i64,
    },
}

/// A topic whose messages do not follow on what was read of it.
#[derive(Debug, thiserror::Error)]
pub enum Discontinuity {
    /// It holds less than was read: it is another topic of the same name.
    #[error(
        "partition {partition} of {topic} ends at {end}, and {position} messages of it were read \
         before: the topic was made anew. Give the topics another name (kafka.prefix), then run \
         `sohoa index rebuild` for what was announced meanwhile"
    )]
    Shrunk {
        /// Topic.
        topic: String,
        /// Partition.
        partition: i32,
        /// Its end.
        end: i64,
        /// Where the reader stood.
        position: i64,
    },
    /// Messages were removed before they were read.
    #[error(
        "partition {partition} of {topic} begins at {begin}, and the next to be read is \
         {position}: messages were removed unread. The records themselves are there: run \
         `sohoa indexer --skip-removed`, and `sohoa index rebuild` when it has caught up"
    )]
    Removed {
        /// Topic.
        topic: String,
        /// Partition.
        partition: i32,
        /// Its beginning.
        begin: i64,
        /// Where the reader stood.
        position: i64,
    },
}

/// Partitions were added to a topic that is being read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{topic} has {now} partitions, and {read} of them are read: start this again, and it reads all \
     of them"
)]
pub struct Grown {
    topic: String,
    read: usize,
    now: usize,
}

/// What to do where messages were removed before they were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// Do not begin.
    Refuse,
    /// Begin with the first one that is left.
    Skip,
}

/// Reads committed messages of all partitions of a topic.
#[derive(Debug)]
pub struct Reader {
    events: Receiver<Result<Event, Fault>>,
    ends: Arc<Ends>,
    reach: Reach,
}

/// Where the partitions end, as the broker last said.
#[derive(Debug, Default)]
struct Ends(Mutex<BTreeMap<i32, i64>>);

/// Listens to what the client counts.
struct Watcher {
    topic: String,
    ends: Arc<Ends>,
    reach: Reach,
    /// Partitions of the topic, as the broker last said.
    partitions: Arc<AtomicUsize>,
}

impl ClientContext for Watcher {
    fn stats(&self, statistics: Statistics) {
        self.reach.see(&statistics);
        let Some(topic) = statistics.topics.get(&self.topic) else { return };
        self.partitions.store(count(topic.partitions.keys()), Ordering::Relaxed);
        let known = topic.partitions.iter().filter(|(_, partition)| partition.ls_offset >= 0);
        let ends = known.map(|(number, partition)| (*number, partition.ls_offset));
        self.ends.lock().extend(ends);
    }
}

impl ConsumerContext for Watcher {}

/// The client lists one partition of the number -1, for messages that have none yet.
fn count<'a>(numbers: impl Iterator<Item = &'a i32>) -> usize {
    numbers.filter(|number| **number >= 0).count()
}

impl Ends {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<i32, i64>> {
        // Whole after every statement under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    /// Number of partitions of `topic`. Blocks.
    ///
    /// # Errors
    /// `Fatal` when the topic is missing or the broker refuses, `Retry` when it does not answer.
    pub fn partitions(client: &ClientConfig, topic: &str) -> Result<i32, Fault> {
        let counts = partitions(client, &[topic.to_owned()])?;
        Ok(counts.first().map_or(0, |count| i32::try_from(*count).unwrap_or(i32::MAX)))
    }

    /// Reads each partition from its position on; `None` is its beginning. `group` is a name that
    /// the client wants and nothing is committed under. Blocks.
    ///
    /// # Errors
    /// `Fatal` with a [`Discontinuity`] when a position cannot be followed on.
    pub fn open(
        client: &ClientConfig,
        (group, topic): (&str, &str),
        positions: &[(i32, Option<i64>)],
        removed: Removed,
    ) -> Result<Self, Fault> {
        let mut config = client.clone();
        config
            .set("group.id", group)
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "error")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("statistics.interval.ms", "5000");
        let ends = Arc::new(Ends::default());
        let (reach, count) = (Reach::default(), Arc::<AtomicUsize>::default());
        let watcher = Watcher {
            topic: topic.to_owned(),
            ends: Arc::clone(&ends),
            reach: reach.clone(),
            partitions: Arc::clone(&count),
        };
        let consumer = config.create_with_context(watcher).map_err(fault)?;
        let mut assignment = TopicPartitionList::new();
        let mut begins = HashMap::new();
        for (partition, position) in positions {
            let from = begin(&consumer, topic, (*partition, *position), removed)?;
            begins.insert(*partition, from);
            assignment
                .add_partition_offset(topic, *partition, Offset::Offset(from))
                .map_err(fault)?;
        }
        consumer.assign(&assignment).map_err(fault)?;
        let (send, events) = channel(AHEAD);
        let watch = Watch { topic: topic.to_owned(), begins, reach: reach.clone(), count };
        std::thread::Builder::new()
            .name("reader".into())
            .spawn(move || read(&consumer, &watch, &send))
            .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
        Ok(Self { events, ends, reach })
    }

    /// Whether a broker answers, as the client last said; it says so every few seconds.
    pub fn is_reached(&self) -> bool {
        self.reach.is_there()
    }

    /// Where each partition ends, as the broker last said.
    pub fn ends(&self) -> BTreeMap<i32, i64> {
        self.ends.lock().clone()
    }

    /// The next event. Ends with a fault or never.
    pub async fn next(&mut self) -> Result<Event, Fault> {
        let gone = || Fault::fatal(FatalKind::Internal, STAGE, "the thread that reads broke");
        self.events.recv().await.unwrap_or_else(|| Err(gone()))
    }
}

/// Where to begin, if that is possible.
fn begin(
    consumer: &Consumer,
    topic: &str,
    (partition, position): (i32, Option<i64>),
    removed: Removed,
) -> Result<i64, Fault> {
    let (begin, end) = consumer.fetch_watermarks(topic, partition, ASK).map_err(fault)?;
    let topic = || topic.to_owned();
    let broken = |problem| Err(Fault::fatal(FatalKind::Configuration, STAGE, problem));
    match position {
        // A new index lacks what was removed before it was begun.
        None if begin > 0 && removed == Removed::Refuse => {
            broken(Discontinuity::Removed { topic: topic(), partition, begin, position: 0 })
        }
        None => Ok(begin),
        Some(position) if position > end => {
            broken(Discontinuity::Shrunk { topic: topic(), partition, end, position })
        }
        Some(position) if position < begin && removed == Removed::Skip => {
            tracing::warn!(partition, position, begin, "events that were removed are passed over");
            Ok(begin)
        }
        Some(position) if position < begin => {
            broken(Discontinuity::Removed { topic: topic(), partition, begin, position })
        }
        Some(position) => Ok(position),
    }
}

/// What the thread that reads has an eye on.
struct Watch {
    topic: String,
    /// Where it began, by partition that is read.
    begins: HashMap<i32, i64>,
    reach: Reach,
    /// Partitions of the topic, as the broker last said.
    count: Arc<AtomicUsize>,
}

impl Watch {
    /// Whether there are partitions that nobody reads. Started again, the same reads them.
    fn grown(&self) -> Option<Grown> {
        let (read, now) = (self.begins.len(), self.count.load(Ordering::Relaxed));
        (now > read).then(|| Grown { topic: self.topic.clone(), read, now })
    }
}

fn read(consumer: &Consumer, watch: &Watch, send: &Sender<Result<Event, Fault>>) {
    let mut complaints = Complaints::default();
    while !send.is_closed() {
        let polled = consumer.poll(POLL);
        if let Some(grown) = watch.grown() {
            // Nobody listens any more.
            send.blocking_send(Err(Fault::retry("reader", grown))).unwrap_or_default();
            return;
        }
        let event = match polled {
            None => continue,
            Some(Ok(message)) => Ok(Event::Message(RawMessage::of(&message))),
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                let begin = watch.begins.get(&partition).copied().unwrap_or_default();
                Ok(Event::End { partition, next: position(consumer, partition).unwrap_or(begin) })
            }
            Some(Err(error)) => match judge(error, (&mut complaints, &watch.reach)) {
                Err(fault) => Err(fault),
                Ok(()) => continue,
            },
        };
        let last = event.is_err();
        if send.blocking_send(event).is_err() || last {
            return;
        }
    }
}

/// Where the consumer stands in a partition, if it has read anything of it.
fn position(consumer: &Consumer, partition: i32) -> Option<i64> {
    let positions = consumer.position().ok()?;
    let elements = positions.elements();
    let element = elements.iter().find(|element| element.partition() == partition)?;
    match element.offset() {
        Offset::Offset(next) => Some(next),
        _ => None,
    }
}

/// An error that ends the reading; one that passes is only said.
fn judge(error: KafkaError, (complaints, reach): (&mut Complaints, &Reach)) -> Result<(), Fault> {
    if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AutoOffsetReset) {
        return Err(Fault::fatal(FatalKind::Configuration, STAGE, error));
    }
    complaints.pass(error, reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_that_were_added_are_noticed() {
        let begins = HashMap::from([(0, 0), (1, 7)]);
        let count = Arc::new(AtomicUsize::new(0));
        let watch =
            Watch { topic: "t".into(), begins, reach: Reach::default(), count: Arc::clone(&count) };
        assert_eq!(watch.grown(), None, "the broker has not said");
        for (partitions, grown) in [([-1, 0, 1].as_slice(), false), (&[-1, 0, 1, 2], true)] {
            count.store(super::count(partitions.iter()), Ordering::Relaxed);
            assert_eq!(watch.grown().is_some(), grown, "{partitions:?}");
        }
        assert!(watch.grown().is_some_and(|grown| grown.to_string().contains("3 partitions")));
    }
}
