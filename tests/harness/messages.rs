//! Messages in, and what a group has written beside its positions.

use std::time::Duration;

use rdkafka::{
    TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::RDKafkaErrorCode,
    producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer},
};

use crate::kafka::client;

/// Time a broker has for one answer.
const ANSWER: Duration = Duration::from_secs(20);

/// Sends one message and returns when the broker has it.
pub fn send(bootstrap: &str, topic: &str, key: &str, payload: &[u8]) {
    let sender = Sender::new(bootstrap);
    sender.send(topic, key, payload);
    sender.flush();
}

/// Sends many, or one without a moment's delay.
pub struct Sender(ThreadedProducer<DefaultProducerContext>);

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Sender").finish_non_exhaustive()
    }
}

impl Sender {
    /// Connects when it has something to send.
    pub fn new(bootstrap: &str) -> Self {
        let mut config = client(bootstrap);
        Self(config.set("enable.idempotence", "true").set("linger.ms", "0").create().unwrap())
    }

    /// Learns where a topic lies, so that its first message need not wait for that.
    pub fn meet(&self, topic: &str) {
        self.0.client().fetch_metadata(Some(topic), ANSWER).unwrap();
    }

    /// Sends a message and does not wait; in order, and none twice.
    pub fn send(&self, topic: &str, key: &str, payload: &[u8]) {
        let mut record = BaseRecord::to(topic).key(key).payload(payload);
        while let Err((error, back)) = self.0.send(record) {
            assert!(error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull), "{error}");
            self.flush();
            record = back;
        }
    }

    /// Returns when the broker has everything.
    pub fn flush(&self) {
        self.0.flush(ANSWER).unwrap();
    }
}

/// What `group` has written beside its position in a partition; none while it has none there or no
/// broker answers.
pub fn note(bootstrap: &str, group: &str, topic: &str, partition: i32) -> Option<String> {
    let consumer: BaseConsumer = client(bootstrap).set("group.id", group).create().unwrap();
    let mut asked = TopicPartitionList::new();
    asked.add_partition(topic, partition);
    let committed = consumer.committed_offsets(asked, ANSWER).ok()?;
    let element = committed.find_partition(topic, partition)?;
    Some(element.metadata().to_owned())
}
