//! Documents onto a lane: an idempotent producer that knows what the broker has.
//!
//! [`Submitter::send`] hands a message to the client and waits while too much is under way;
//! [`Submitter::flush`] returns once the broker has everything that was sent, or with the fault
//! that kept it from that. Order and number are kept over the client's own retries. A process that
//! ends before a flush has sent an unknown part; sending that again is harmless, since a worker
//! finds the record of what was done.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rdkafka::{
    ClientConfig, ClientContext, Message as _,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer},
};
use sohoa_flow::{FatalKind, Fault};
use sohoa_schemas::{ledger::DeliveredRange, message::Submission};
use sohoa_store::Store;
use tokio::sync::Notify;

use crate::{
    announcement::{Announcement, Event, owned},
    connect::{STAGE, fault},
    stored,
    topics::{Topic, partitions},
};

/// Between two lines about a broker that takes nothing.
const COMPLAINT: Duration = Duration::from_secs(30);

/// Messages and bytes under way: enough that a broker across a network is kept busy.
const MESSAGES: usize = 10_000;
const BYTES: usize = 64 << 20;

/// What the client is told unless the configuration says otherwise.
const DEFAULTS: [(&str, &str); 6] = [
    ("compression.type", "zstd"),
    ("linger.ms", "20"),
    // Long enough for a broker's restart or a short cut of the network; then the process ends,
    // which loses nothing.
    ("message.timeout.ms", "600000"),
    // A broken message that is sent again may be as large as a topic takes.
    ("message.max.bytes", "33554432"),
    ("queue.buffering.max.messages", "20000"),
    ("queue.buffering.max.kbytes", "262144"),
];

/// A message as it came from a topic.
#[derive(Debug, Clone, Copy)]
pub struct Verbatim<'a> {
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its body.
    pub payload: &'a [u8],
    /// Its headers.
    pub headers: &'a [(String, String)],
}

/// The broker has these messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// Of this topic.
    pub topic: Topic,
    /// Where.
    pub range: DeliveredRange,
}

/// A producer of submissions, and of events that no worker announces.
pub struct Submitter {
    producer: ThreadedProducer<Reports>,
    reports: Reports,
    prefix: String,
    /// Where bodies are put that are too large for a message.
    output: Store,
}

impl std::fmt::Debug for Submitter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submitter").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Submitter {
    /// Looks whether the broker answers and has the topics. Blocks. `output` is where the workers
    /// write.
    ///
    /// # Errors
    /// `Fatal` when the broker refuses or a topic is missing, `Retry` when it does not answer.
    pub fn open(
        base: &ClientConfig,
        prefix: &str,
        topics: &[Topic],
        output: Store,
    ) -> Result<Self, Fault> {
        let names: Vec<_> = topics.iter().map(|topic| topic.name(prefix)).collect();
        partitions(base, &names)?;
        let mut config = base.clone();
        for (property, value) in DEFAULTS {
            if config.get(property).is_none() {
                config.set(property, value);
            }
        }
        config.set("enable.idempotence", "true");
        let reports = Reports::default();
        let producer: ThreadedProducer<_> =
            config.create_with_context(reports.clone()).map_err(fault)?;
        Ok(Self { producer, reports, prefix: prefix.to_owned(), output })
    }

    /// Sends a document, keyed by its dossier; waits while too much is under way. One that is too
    /// large for a message is put into the output, and the message says so.
    ///
    /// # Errors
    /// `Fatal` when the broker refuses this message or an earlier one; the store's own.
    pub async fn send(
        &self,
        topic: Topic,
        submission: &Submission,
        event: Event<'_>,
    ) -> Result<(), Fault> {
        let mut payload = serde_json::to_vec(submission)
            .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
        if payload.len() > stored::LARGEST {
            payload = stored::put(&self.output, payload).await?;
        }
        let key = submission.dossier.uid.to_string();
        self.pass(topic, (Some(key.as_bytes()), &payload), &event.headers(topic)).await
    }

    /// Sends an event of a document that no worker has to announce; waits as [`Submitter::send`]
    /// does.
    ///
    /// # Errors
    /// `Fatal` when the broker refuses this message or an earlier one.
    pub async fn announce(&self, announcement: &Announcement) -> Result<(), Fault> {
        let Announcement { topic, key, payload, headers } = announcement;
        self.pass(*topic, (Some(key.as_bytes()), payload), headers).await
    }

    /// Sends a message once more as it came, whatever it says.
    ///
    /// # Errors
    /// `Fatal` when the broker refuses this message or an earlier one.
    pub async fn send_verbatim(&self, topic: Topic, message: Verbatim<'_>) -> Result<(), Fault> {
        self.pass(topic, (message.key, message.payload), message.headers).await
    }

    async fn pass(
        &self,
        topic: Topic,
        (key, payload): (Option<&[u8]>, &[u8]),
        headers: &[(String, String)],
    ) -> Result<(), Fault> {
        let name = topic.name(&self.prefix);
        loop {
            self.reports.until(|state| state.room_for(payload.len())).await?;
            let record = BaseRecord::<[u8], [u8], usize>::with_opaque_to(&name, payload.len())
                .payload(payload)
                .headers(owned(headers));
            let record = match key {
                Some(key) => record.key(key),
                None => record,
            };
            // Counted first: the report may come before `send` returns.
            self.reports.state().begin(payload.len());
            let Err((error, _)) = self.producer.send(record) else { return Ok(()) };
            self.reports.state().end(payload.len());
            match error.rdkafka_error_code() {
                // The client's own queue is shared with its retries.
                Some(RDKafkaErrorCode::QueueFull) => self.reports.until_reported().await?,
                _ => return Err(refused(&name, payload.len(), error)),
            }
        }
    }

    /// Waits until the broker has everything that was sent, and says where: what was delivered
    /// since the last flush, by topic and partition.
    ///
    /// # Errors
    /// `Fatal` when a message was refused or could not be delivered in time: then nothing is known
    /// of what was sent since the last flush.
    pub async fn flush(&self) -> Result<Vec<Delivered>, Fault> {
        self.reports.until(|state| state.messages == 0).await?;
        let ranges = std::mem::take(&mut self.reports.state().ranges);
        let topic =
            |name: &str| Topic::ALL.into_iter().find(|topic| topic.name(&self.prefix) == name);
        let delivered = ranges
            .into_iter()
            .filter_map(|((name, _), range)| topic(&name).map(|topic| Delivered { topic, range }));
        Ok(delivered.collect())
    }

    /// Messages that were sent and are not known to be there.
    pub fn in_flight(&self) -> usize {
        self.reports.state().messages
    }
}

/// What the client reports of its messages; called on the client's thread.
#[derive(Debug, Clone, Default)]
struct Reports(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    reported: Notify,
}

#[derive(Debug, Default)]
struct State {
    messages: usize,
    bytes: usize,
    ranges: BTreeMap<(String, i32), DeliveredRange>,
    /// The first message that did not arrive.
    failed: Option<Failed>,
}

#[derive(Debug)]
struct Failed {
    topic: String,
    bytes: usize,
    error: KafkaError,
}

impl State {
    /// One message larger than the bound goes alone.
    fn room_for(&self, bytes: usize) -> bool {
        self.messages == 0 || (self.messages < MESSAGES && self.bytes + bytes <= BYTES)
    }

    fn begin(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes;
    }

    fn end(&mut self, bytes: usize) {
        self.messages -= 1;
        self.bytes -= bytes;
    }

    fn arrived(&mut self, topic: &str, partition: i32, offset: i64) {
        let at = (topic.to_owned(), partition);
        let empty = DeliveredRange { partition, first: offset, next: offset, messages: 0 };
        let range = self.ranges.entry(at).or_insert(empty);
        range.first = range.first.min(offset);
        range.next = range.next.max(offset + 1);
        range.messages += 1;
    }
}

impl Reports {
    fn state(&self) -> MutexGuard<'_, State> {
        // The counts are whole after every statement under the lock.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a state, and says now and then that it waits. The client's own time limit bounds
    /// the wait: after it every message is reported as failed.
    async fn until(&self, reached: impl Fn(&State) -> bool) -> Result<(), Fault> {
        loop {
            let next = self.0.reported.notified();
            tokio::pin!(next);
            next.as_mut().enable();
            {
                let state = self.state();
                // Stays: after a failure nothing more can be proven.
                if let Some(Failed { topic, bytes, error }) = &state.failed {
                    return Err(refused(topic, *bytes, error.clone()));
                }
                if reached(&state) {
                    return Ok(());
                }
            }
            self.next_report(next).await;
        }
    }

    /// Waits for any report, or a while.
    async fn until_reported(&self) -> Result<(), Fault> {
        let next = self.0.reported.notified();
        if tokio::time::timeout(Duration::from_millis(100), next).await.is_err() {
            tracing::debug!("the client's queue is full and nothing was reported");
        }
        self.until(|_| true).await
    }

    async fn next_report(&self, next: impl Future<Output = ()>) {
        if tokio::time::timeout(COMPLAINT, next).await.is_err() {
            let waiting = self.state().messages;
            tracing::warn!(waiting, "the broker takes no messages; still trying");
        }
    }
}

impl ClientContext for Reports {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka");
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, report: &DeliveryResult<'_>, bytes: usize) {
        let mut state = self.state();
        state.end(bytes);
        match report {
            Ok(message) => state.arrived(message.topic(), message.partition(), message.offset()),
            Err((error, message)) => {
                let topic = message.topic().to_owned();
                state.failed.get_or_insert(Failed { topic, bytes, error: error.clone() });
            }
        }
        drop(state);
        self.0.reported.notify_waiters();
    }
}

/// Why nothing goes.
#[derive(Debug, thiserror::Error)]
enum SubmitError {
    #[error(
        "the broker lets this client not write to `{topic}`: give the account of \
             kafka.properties.\"sasl.username\" that right"
    )]
    NotAllowed { topic: String, source: KafkaError },
    #[error("there is no topic `{topic}`: create it, or correct kafka.prefix")]
    NoTopic { topic: String, source: KafkaError },
    #[error(
        "a document's message of {bytes} bytes is larger than is taken: raise \
             max.message.bytes of the topic `{topic}` (and kafka.properties.\"message.max.bytes\")"
    )]
    TooLarge { topic: String, bytes: usize, source: KafkaError },
    #[error(
        "the broker did not take a message for `{topic}` within \
             kafka.properties.\"message.timeout.ms\"; what was not delivered is sent again by the \
             next start"
    )]
    TimedOut { topic: String, source: KafkaError },
    #[error("the broker refuses a message for `{topic}`")]
    Refused { topic: String, source: KafkaError },
}

fn refused(topic: &str, bytes: usize, source: KafkaError) -> Fault {
    use RDKafkaErrorCode as E;
    let topic = topic.to_owned();
    let configuration = FatalKind::Configuration;
    let (kind, error) = match source.rdkafka_error_code() {
        Some(E::MessageSizeTooLarge | E::MessageBatchTooLarge) => {
            (configuration, SubmitError::TooLarge { topic, bytes, source })
        }
        Some(E::TopicAuthorizationFailed | E::ClusterAuthorizationFailed) => {
            (configuration, SubmitError::NotAllowed { topic, source })
        }
        Some(E::UnknownTopic | E::UnknownTopicOrPartition | E::UnknownPartition) => {
            (configuration, SubmitError::NoTopic { topic, source })
        }
        Some(E::MessageTimedOut) => {
            (FatalKind::Unreachable, SubmitError::TimedOut { topic, source })
        }
        _ => (FatalKind::Unreachable, SubmitError::Refused { topic, source }),
    };
    Fault::fatal(kind, STAGE, error)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn what_arrived_is_known_by_partition() {
        let mut state = State::default();
        for (topic, partition, offset) in [("b", 1, 7), ("b", 0, 3), ("b", 1, 9), ("b", 1, 8)] {
            state.arrived(topic, partition, offset);
        }
        let ranges: Vec<_> = state.ranges.into_values().collect();
        let range =
            |partition, first, next, messages| DeliveredRange { partition, first, next, messages };
        assert_eq!(ranges, [range(0, 3, 4, 1), range(1, 7, 10, 3)]);
    }

    #[test]
    fn one_large_message_goes_alone() {
        let mut state = State::default();
        assert!(state.room_for(2 * BYTES));
        state.begin(2 * BYTES);
        assert!(!state.room_for(1));
        state.end(2 * BYTES);
        assert_eq!((state.messages, state.bytes), (0, 0));
    }

    #[tokio::test]
    async fn a_message_that_did_not_arrive_fails_the_flush() {
        let reports = Reports::default();
        reports.state().begin(5);
        assert!(reports.until(|state| state.messages == 0).now_or_never().is_none());
        let error = KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge);
        let mut state = reports.state();
        state.end(5);
        state.failed = Some(Failed { topic: "x.bulk.v1".into(), bytes: 5, error });
        drop(state);
        let failed = reports.until(|state| state.messages == 0).now_or_never();
        let Some(Err(Fault::Fatal(fatal))) = failed else { panic!("{failed:?}") };
        assert_eq!(fatal.kind, FatalKind::Configuration);
        assert!(
            fatal.cause.error.to_string().contains("max.message.bytes of the topic `x.bulk.v1`")
        );
    }

    #[test]
    fn every_refusal_names_what_to_set() {
        use RDKafkaErrorCode as E;
        let cases = [
            (E::TopicAuthorizationFailed, "sasl.username"),
            (E::UnknownTopic, "kafka.prefix"),
            (E::MessageTimedOut, "message.timeout.ms"),
        ];
        for (code, setting) in cases {
            let Fault::Fatal(fatal) = refused("t", 1, KafkaError::MessageProduction(code)) else {
                panic!("{code:?} is final");
            };
            assert!(fatal.cause.error.to_string().contains(setting), "{code:?}");
        }
    }
}
