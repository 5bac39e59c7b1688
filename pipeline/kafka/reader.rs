//! Reading a topic from given positions, without a group: where the reader stands is somebody
//! else's to remember.

use std::time::{Duration, Instant};

use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
};
use sohoa_flow::{FatalKind, Fault};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::{
    connect::{STAGE, fault},
    topics::partitions,
};

/// Messages read ahead.
const AHEAD: usize = 1_000;

/// Longest wait for a message, and so for noticing that nobody listens any more.
const POLL: Duration = Duration::from_millis(200);

/// Longest wait for an answer about a partition.
const ASK: Duration = Duration::from_secs(15);

/// Between two lines about the same trouble.
const COMPLAINT: Duration = Duration::from_secs(30);

/// Something from a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A committed message.
    Message {
        /// Partition.
        partition: i32,
        /// Offset.
        offset: i64,
        /// Body.
        payload: Vec<u8>,
    },
    /// For now there is no more in this partition.
    End {
        /// Partition.
        partition: i32,
    },
}

/// A topic whose messages do not follow on what was read of it.
#[derive(Debug, thiserror::Error)]
pub enum Discontinuity {
    /// It holds less than was read: it is another topic of the same name.
    #[error(
        "partition {partition} of {topic} ends at {end}, and {position} messages of it were read \
         before: the topic was made anew"
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
         {position}: messages were removed unread"
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

/// Reads committed messages of all partitions of a topic.
#[derive(Debug)]
pub struct Reader {
    events: Receiver<Result<Event, Fault>>,
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
    ) -> Result<Self, Fault> {
        let mut config = client.clone();
        config
            .set("group.id", group)
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "error")
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true");
        let consumer: BaseConsumer = config.create().map_err(fault)?;
        let mut assignment = TopicPartitionList::new();
        for (partition, position) in positions {
            let from = begin(&consumer, topic, *partition, *position)?;
            assignment
                .add_partition_offset(topic, *partition, Offset::Offset(from))
                .map_err(fault)?;
        }
        consumer.assign(&assignment).map_err(fault)?;
        let (send, events) = channel(AHEAD);
        std::thread::Builder::new()
            .name("reader".into())
            .spawn(move || read(&consumer, &send))
            .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
        Ok(Self { events })
    }

    /// The next event. Ends with a fault or never.
    pub async fn next(&mut self) -> Result<Event, Fault> {
        let gone = || Fault::fatal(FatalKind::Internal, STAGE, "the thread that reads broke");
        self.events.recv().await.unwrap_or_else(|| Err(gone()))
    }
}

/// Where to begin, if that is possible.
fn begin(
    consumer: &BaseConsumer,
    topic: &str,
    partition: i32,
    position: Option<i64>,
) -> Result<i64, Fault> {
    let (begin, end) = consumer.fetch_watermarks(topic, partition, ASK).map_err(fault)?;
    let topic = || topic.to_owned();
    let broken = |problem| Err(Fault::fatal(FatalKind::Configuration, STAGE, problem));
    match position {
        None => Ok(begin),
        Some(position) if position > end => {
            broken(Discontinuity::Shrunk { topic: topic(), partition, end, position })
        }
        Some(position) if position < begin => {
            broken(Discontinuity::Removed { topic: topic(), partition, begin, position })
        }
        Some(position) => Ok(position),
    }
}

fn read(consumer: &BaseConsumer, send: &Sender<Result<Event, Fault>>) {
    let mut complained_at: Option<Instant> = None;
    while !send.is_closed() {
        let event = match consumer.poll(POLL) {
            None => continue,
            Some(Ok(message)) => Ok(Event::Message {
                partition: message.partition(),
                offset: message.offset(),
                payload: message.payload().unwrap_or_default().to_vec(),
            }),
            Some(Err(KafkaError::PartitionEOF(partition))) => Ok(Event::End { partition }),
            Some(Err(error)) => match judge(error, &mut complained_at) {
                Some(fault) => Err(fault),
                None => continue,
            },
        };
        let last = event.is_err();
        if send.blocking_send(event).is_err() || last {
            return;
        }
    }
}

/// An error that ends the reading; one that passes is only said.
fn judge(error: KafkaError, complained_at: &mut Option<Instant>) -> Option<Fault> {
    if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AutoOffsetReset) {
        return Some(Fault::fatal(FatalKind::Configuration, STAGE, error));
    }
    let said = error.to_string();
    match fault(error) {
        Fault::Retry(_) => {
            if complained_at.is_none_or(|at| at.elapsed() > COMPLAINT) {
                *complained_at = Some(Instant::now());
                tracing::warn!(error = said, "the broker is in trouble; trying again");
            }
            None
        }
        fault => Some(fault),
    }
}
