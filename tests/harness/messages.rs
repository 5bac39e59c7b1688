//! Single messages in, and what a group has written beside its positions.

use std::time::Duration;

use rdkafka::{
    TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    producer::{BaseProducer, BaseRecord, Producer as _},
};

use crate::kafka::client;

/// Time a broker has for one answer.
const ANSWER: Duration = Duration::from_secs(20);

/// Sends one message and returns when the broker has it.
pub fn send(bootstrap: &str, topic: &str, key: &str, payload: &[u8]) {
    let producer: BaseProducer = client(bootstrap).create().unwrap();
    let record = BaseRecord::to(topic).key(key).payload(payload);
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(ANSWER).unwrap();
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
