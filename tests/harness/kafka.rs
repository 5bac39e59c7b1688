//! A Kafka cluster of a test's own: one broker, or three that survive the loss of one.
//!
//! With `SOHOA_KAFKA_BROKERS` (a list of `host:port`) tests talk to those brokers instead, and
//! faults are refused: a test that needs them is for when [`faults_available`].
//!
//! A broker tells its clients where its cluster lies, so a proxy in front of one only sees their
//! first question.

use std::{collections::BTreeSet, env, path::Path, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::executor::block_on;
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer as _},
    error::RDKafkaErrorCode,
    metadata::Metadata,
};

use crate::{
    broker::{Broker, Extra, Ports},
    ports::free_each,
    process::Process,
    wait::wait_until,
};

/// Time a broker has for one answer; then it is asked again.
const ANSWER: Duration = Duration::from_secs(5);

/// As many copies as the cluster makes by its own settings.
const BY_DEFAULT: i32 = -1;

/// Whether the environment names brokers (`SOHOA_KAFKA_BROKERS`) or the jars to start some from
/// (`SOHOA_KAFKA_JARS`).
pub fn available() -> bool {
    brokers_of_the_user().is_some() || env::var_os("SOHOA_KAFKA_JARS").is_some()
}

/// Whether a cluster that is started now can be killed and stopped: it is not the user's.
pub fn faults_available() -> bool {
    available() && brokers_of_the_user().is_none()
}

fn brokers_of_the_user() -> Option<String> {
    env::var("SOHOA_KAFKA_BROKERS").ok().filter(|brokers| !brokers.is_empty())
}

/// A client's settings for brokers on loopback that come and go.
pub fn client(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", bootstrap)
        .set("broker.address.family", "v4")
        // A broker that comes back is to be found at once, not up to ten seconds later.
        .set("reconnect.backoff.ms", "20")
        .set("reconnect.backoff.max.ms", "200")
        // A broker that stands still is left for another one within this time, not within a minute.
        .set("socket.timeout.ms", "5000");
    config
}

/// A cluster; every broker of it is killed when dropped.
#[derive(Debug)]
pub struct Kafka {
    bootstrap: String,
    /// Empty when the brokers are the user's.
    brokers: Vec<Broker>,
}

impl Kafka {
    /// Starts 1 or 3 brokers on free ports of the loopback and returns when all of them answer.
    ///
    /// Everything of broker N lies under `folder/broker-N`: its data under `data`, what it says in
    /// `kafka.log`. The folder must be new.
    pub fn start(folder: &Path, brokers: usize) -> Self {
        assert!(matches!(brokers, 1 | 3), "a cluster of a test has one broker or three");
        if let Some(bootstrap) = brokers_of_the_user() {
            return Self { bootstrap, brokers: Vec::new() };
        }
        Self::start_ours(folder, brokers, &Extra::default())
    }

    /// Starts one broker with something beside, whatever brokers the user has.
    pub(crate) fn start_with(folder: &Path, extra: &Extra) -> Self {
        Self::start_ours(folder, 1, extra)
    }

    fn start_ours(folder: &Path, brokers: usize, extra: &Extra) -> Self {
        let ports = free_each(2 * brokers);
        let ports = ports.chunks_exact(2);
        let ports: Vec<_> =
            ports.map(|pair| Ports { clients: pair[0], controllers: pair[1] }).collect();
        let brokers = 0..brokers;
        let brokers: Vec<_> =
            brokers.map(|number| Broker::new(folder, number, &ports, extra)).collect();
        // Its first bytes are a time: a cluster's name must not begin with a dash.
        let cluster = URL_SAFE_NO_PAD.encode(uuid::Uuid::now_v7());
        let formatting: Vec<_> = brokers.iter().map(|broker| broker.format(&cluster)).collect();
        formatting.into_iter().for_each(Process::finish);

        let addresses: Vec<_> = brokers.iter().map(Broker::address).collect();
        let mut kafka = Self { bootstrap: addresses.join(","), brokers };
        kafka.brokers.iter_mut().for_each(Broker::launch);
        kafka.wait_ready();
        kafka
    }

    /// The brokers' addresses, as `bootstrap.servers` takes them.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Whether the brokers were started here, so that faults are possible.
    pub fn is_ours(&self) -> bool {
        !self.brokers.is_empty()
    }

    /// Creates topics by name and number of partitions, and returns when every running broker knows
    /// a leader for each partition. A topic that is there already must have as many partitions.
    pub fn create_topics(&mut self, topics: &[(&str, i32)]) {
        let admin: AdminClient<DefaultClientContext> = client(&self.bootstrap).create().unwrap();
        let wanted = topics.iter();
        let wanted: Vec<_> = wanted
            .map(|(name, partitions)| {
                NewTopic::new(name, *partitions, TopicReplication::Fixed(BY_DEFAULT))
            })
            .collect();
        let created = block_on(admin.create_topics(&wanted, &AdminOptions::new())).unwrap();
        for topic in created {
            let there = matches!(&topic, Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)));
            assert!(there, "{topic:?}");
        }
        wait_until("new topics", || {
            self.check();
            let mut known = self.addresses().into_iter().map(|address| metadata(&address));
            known.all(|known| known.is_some_and(|known| has_all(&known, topics)))
        });
    }

    /// Removes all that a topic holds, as retention does in time.
    pub fn empty(&self, topic: &str, partitions: i32) {
        let admin: AdminClient<DefaultClientContext> = client(&self.bootstrap).create().unwrap();
        let mut ends = TopicPartitionList::new();
        for partition in 0..partitions {
            ends.add_partition_offset(topic, partition, Offset::End).unwrap();
        }
        let removed = block_on(admin.delete_records(&ends, &AdminOptions::new())).unwrap();
        for element in removed.elements() {
            element.error().unwrap();
        }
    }

    /// Panics when a broker has ended by itself, with the last lines of its log.
    pub fn check(&mut self) {
        self.brokers.iter_mut().filter_map(Broker::process).for_each(Process::check);
    }

    /// Kills a broker (SIGKILL).
    pub fn kill(&mut self, number: usize) {
        self.ours(number).kill();
    }

    /// Stops a broker (SIGSTOP): its connections stay, its answers do not come.
    pub fn stop(&mut self, number: usize) {
        self.running(number).stop();
    }

    /// Lets a stopped broker go on (SIGCONT).
    pub fn cont(&mut self, number: usize) {
        self.running(number).cont();
    }

    /// Starts a broker again on its ports and folder, killing it first where it runs; does not wait
    /// until it answers.
    pub fn launch(&mut self, number: usize) {
        self.ours(number).launch();
    }

    /// Starts a broker again as [`Self::launch`] does and returns when all that run answer.
    pub fn restart(&mut self, number: usize) {
        self.launch(number);
        self.wait_ready();
    }

    /// Returns when every broker that was not killed answers, and counts each other in.
    pub fn wait_ready(&mut self) {
        wait_until("the Kafka brokers", || {
            self.check();
            let running: BTreeSet<_> =
                self.brokers.iter().filter(|broker| broker.launched()).map(Broker::id).collect();
            let mut known = self.addresses().into_iter().map(|address| metadata(&address));
            known.all(|known| known.is_some_and(|known| running.is_subset(&ids(&known))))
        });
    }

    /// Where each running broker is reached.
    fn addresses(&self) -> Vec<String> {
        if self.brokers.is_empty() {
            return vec![self.bootstrap.clone()];
        }
        self.brokers.iter().filter(|broker| broker.launched()).map(Broker::address).collect()
    }

    fn ours(&mut self, number: usize) -> &mut Broker {
        assert!(self.is_ours(), "faults are for brokers started here, not for SOHOA_KAFKA_BROKERS");
        &mut self.brokers[number]
    }

    fn running(&mut self, number: usize) -> &mut Process {
        self.ours(number).process().expect("the broker was killed and not started again")
    }
}

/// What the broker at an address knows. A client that knows others asks any of them, hence a new
/// one each time.
fn metadata(address: &str) -> Option<Metadata> {
    let client: BaseConsumer = client(address).create().unwrap();
    client.fetch_metadata(None, ANSWER).ok()
}

fn ids(known: &Metadata) -> BTreeSet<i32> {
    known.brokers().iter().map(rdkafka::metadata::MetadataBroker::id).collect()
}

fn has_all(known: &Metadata, topics: &[(&str, i32)]) -> bool {
    topics.iter().all(|(name, partitions)| {
        let Some(topic) = known.topics().iter().find(|topic| topic.name() == *name) else {
            return false;
        };
        let led = topic.partitions().iter().filter(|partition| partition.leader() >= 0).count();
        let there = topic.partitions().len();
        assert!(there == 0 || there == *partitions as usize, "{name} has {there} partitions");
        led == there && there > 0
    })
}
