//! The client library's own mock of a broker: for what a real one can hardly be brought to do.
//!
//! It keeps messages, groups and transactions in memory, and speaks enough of the protocol for a
//! client to tell no difference.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use rdkafka::{
    ClientConfig,
    mocking::MockCluster,
    producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer},
    types::{RDKafkaApiKey, RDKafkaRespErr},
};

/// Longest wait for messages to arrive.
const ARRIVE: Duration = Duration::from_secs(30);

/// A cluster of one broker; gone when dropped.
pub struct Mock(MockCluster<'static, DefaultProducerContext>);

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mock").finish_non_exhaustive()
    }
}

impl Mock {
    /// With these topics, of one partition each.
    pub fn start(topics: &[String]) -> Self {
        let cluster = MockCluster::new(1).unwrap();
        for topic in topics {
            cluster.create_topic(topic, 1, 1).unwrap();
        }
        Self(cluster)
    }

    /// Where clients find it.
    pub fn bootstrap(&self) -> String {
        self.0.bootstrap_servers()
    }

    /// Whoever fetches next is told that there is nothing where it stands, as of a topic that was
    /// made anew.
    pub fn lose_positions(&self) {
        let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
        self.0.request_errors(RDKafkaApiKey::Fetch, &[error]);
    }

    /// The next transaction is told that another producer has its name.
    pub fn fence(&self) {
        let error = RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
        self.0.request_errors(RDKafkaApiKey::AddOffsetsToTxn, &[error]);
    }

    /// Every answer takes so long.
    pub fn answer_after(&self, delay: Duration) {
        self.0.broker_round_trip_time(1, delay).unwrap();
    }

    /// Sends so many messages that say nothing, and returns when they are there.
    pub fn send(&self, topic: &str, messages: usize) {
        let empty = || BaseRecord::to(topic).key("k").payload("{}");
        self.send_all((0..messages).map(|_| empty()));
    }

    /// Sends a message that says nothing, and that it was sent at another time.
    pub fn send_as_of(&self, topic: &str, time: SystemTime) {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let since = i64::try_from(since.as_millis()).unwrap();
        self.send_all([BaseRecord::to(topic).key("k").payload("{}").timestamp(since)]);
    }

    fn send_all<'a>(&self, records: impl IntoIterator<Item = BaseRecord<'a, str, str>>) {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.bootstrap());
        let producer: ThreadedProducer<DefaultProducerContext> = config.create().unwrap();
        for record in records {
            producer.send(record).unwrap();
        }
        producer.flush(ARRIVE).unwrap();
    }
}
