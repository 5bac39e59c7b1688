//! Every committed message of a topic, for those who judge what was said.

use std::time::Duration;

use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, RDKafkaErrorCode},
    message::{BorrowedMessage, Headers as _},
};

use crate::{kafka::client, wait::wait_until};

/// Time for one answer of a broker; then it is asked again.
const ANSWER: Duration = Duration::from_secs(5);

/// A message as it lies in its topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its partition.
    pub partition: i32,
    /// Its position there.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its body; none is a deletion.
    pub payload: Option<Vec<u8>>,
    /// Its headers in order; one without a value has an empty one.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// All committed messages of a topic, by partition and position.
///
/// What lay in the topic at the time of the call is read to its end. A transaction open then is
/// waited for, since it hides all that others committed after it began.
pub fn read_committed(bootstrap: &str, topic: &str) -> Vec<Message> {
    let partitions = partitions(bootstrap, topic);
    let ends = ends(bootstrap, topic, partitions);
    let consumer = consumer(bootstrap, "read_committed");
    wait_until("open transactions to end", || {
        let mut settled = ends.iter().zip(0..);
        settled.all(|(end, partition)| {
            let settled = consumer.fetch_watermarks(topic, partition, ANSWER);
            settled.is_ok_and(|(_, settled)| settled >= *end)
        })
    });

    let mut assignment = TopicPartitionList::new();
    for partition in 0..partitions {
        assignment.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&assignment).unwrap();
    let mut messages = Vec::new();
    let mut at_end = vec![false; partitions as usize];
    wait_until("the end of a topic", || {
        // Many to a look: the pause between two looks is longer than a message takes.
        while let Some(polled) = consumer.poll(Duration::from_millis(50)) {
            match polled {
                Ok(message) => messages.push(owned(&message)),
                Err(KafkaError::PartitionEOF(partition)) => at_end[partition as usize] = true,
                // The client tries again by itself; a broker that stays away ends the wait.
                Err(_) => {}
            }
            if at_end.iter().all(|at_end| *at_end) {
                return true;
            }
        }
        false
    });
    messages.sort_by_key(|message| (message.partition, message.offset));
    messages
}

/// Number of a topic's partitions.
fn partitions(bootstrap: &str, topic: &str) -> i32 {
    let consumer = consumer(bootstrap, "read_uncommitted");
    let mut count = 0;
    wait_until("the topic's partitions", || {
        let Ok(known) = consumer.fetch_metadata(Some(topic), ANSWER) else { return false };
        let Some(found) = known.topics().first() else { return false };
        let error = found.error().map(RDKafkaErrorCode::from);
        assert!(error != Some(RDKafkaErrorCode::UnknownTopicOrPartition), "no topic {topic}");
        count = found.partitions().len();
        count > 0
    });
    count as i32
}

/// The ends of a topic's partitions, open transactions included.
fn ends(bootstrap: &str, topic: &str, partitions: i32) -> Vec<i64> {
    let consumer = consumer(bootstrap, "read_uncommitted");
    let end = |partition| {
        let mut end = 0;
        wait_until("the end of a partition", || {
            let watermarks = consumer.fetch_watermarks(topic, partition, ANSWER);
            watermarks.map(|(_, high)| end = high).is_ok()
        });
        end
    };
    (0..partitions).map(end).collect()
}

fn consumer(bootstrap: &str, isolation: &str) -> BaseConsumer {
    client(bootstrap)
        // The client asks for one; positions are neither kept nor looked for.
        .set("group.id", "sohoa-judge")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("enable.partition.eof", "true")
        .set("isolation.level", isolation)
        .create()
        .unwrap()
}

fn owned(message: &BorrowedMessage<'_>) -> Message {
    let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
    Message {
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        payload: message.payload().map(<[u8]>::to_vec),
        headers: headers
            .map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec()))
            .collect(),
    }
}
