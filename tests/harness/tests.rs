//! The harness against the real services: what it says it does to them happens.
//!
//! Without a service its tests are ignored, and without brokers of its own those that break them,
//! unless `SOHOA_REQUIRE_SERVICES` is set: then they fail.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

use std::{
    env,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::ExitCode,
    thread::spawn,
    time::Duration,
};

use libtest_mimic::{Arguments, Trial};
use rdkafka::{
    consumer::{BaseConsumer, Consumer as _},
    message::{Header, OwnedHeaders},
    producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer},
};
use sohoa_harness::{
    Gateway, Kafka, Proxy, gateway,
    kafka::{self, client},
    reader::{Message, read_committed},
    wait_until,
};

/// Long for an answer of a service on loopback that is well.
const LONG: Duration = Duration::from_mins(1);
/// Time in which a service that is not well must not answer.
const SHORT: Duration = Duration::from_millis(500);
const TOPIC: &str = "harness.v1";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = env::var_os("SOHOA_REQUIRE_SERVICES").is_some();
    let (broker, faults) = (kafka::available(), kafka::faults_available());
    let store = gateway::available();
    let trials: [(&str, fn(), bool); 7] = [
        ("proxy::a_cut_closes_and_refuses", a_cut_closes_and_refuses, true),
        ("proxy::a_freeze_holds_and_loses_nothing", a_freeze_holds_and_loses_nothing, true),
        ("gateway::faults_reach_it", faults_reach_the_gateway, store),
        ("kafka::only_what_is_committed_is_read", only_what_is_committed_is_read, broker),
        ("kafka::a_killed_broker_keeps_what_it_took", a_killed_broker_keeps_what_it_took, faults),
        ("kafka::a_stopped_broker_goes_on", a_stopped_broker_goes_on, faults),
        ("kafka::three_bear_the_loss_of_one", three_bear_the_loss_of_one, faults),
    ];
    let trials = trials.into_iter().map(|(name, test, there)| {
        let run = move || {
            test();
            Ok(())
        };
        Trial::test(name, run).with_ignored_flag(!there && !required)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// A server that says back what it is told.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    spawn(move || {
        for stream in listener.incoming().map(Result::unwrap) {
            // A connection that is cut ends in an error, as it should.
            spawn(move || drop(std::io::copy(&mut &stream, &mut &stream)));
        }
    });
    address
}

fn says(mut stream: &TcpStream, words: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(LONG))?;
    stream.write_all(words)?;
    let mut heard = vec![0; words.len()];
    stream.read_exact(&mut heard)?;
    Ok(heard)
}

fn a_cut_closes_and_refuses() {
    let mut proxy = Proxy::start(echo());
    let stream = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(says(&stream, b"before").unwrap(), b"before");

    proxy.cut();
    assert!(says(&stream, b"during").is_err());
    assert!(TcpStream::connect(proxy.address()).is_err());

    proxy.restore();
    assert!(says(&stream, b"dead").is_err());
    let stream = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(says(&stream, b"after").unwrap(), b"after");
}

fn a_freeze_holds_and_loses_nothing() {
    let mut proxy = Proxy::start(echo());
    let mut stream = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(says(&stream, b"before").unwrap(), b"before");

    proxy.freeze();
    stream.write_all(b"during").unwrap();
    let mut newcomer = TcpStream::connect(proxy.address()).unwrap();
    newcomer.write_all(b"new").unwrap();
    let mut heard = [0; 6];
    for mut frozen in [&stream, &newcomer] {
        frozen.set_read_timeout(Some(SHORT)).unwrap();
        assert!(frozen.read(&mut heard).is_err(), "a byte passed");
        frozen.set_read_timeout(Some(LONG)).unwrap();
    }

    proxy.restore();
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"during");
    newcomer.read_exact(&mut heard[..3]).unwrap();
    assert_eq!(&heard[..3], b"new");

    proxy.cut();
    proxy.freeze();
    drop(TcpStream::connect(proxy.address()).unwrap());
}

/// Whether a server answers a request at all, within a time.
fn answers(address: SocketAddr, limit: Duration) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    stream.set_read_timeout(Some(limit)).unwrap();
    let asked = write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut status = [0; 8];
    asked.is_ok() && stream.read_exact(&mut status).is_ok() && &status == b"HTTP/1.1"
}

fn faults_reach_the_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("buckets");
    std::fs::create_dir_all(root.join("records")).unwrap();
    let mut gateway = Gateway::start(&root);
    let address = gateway.address();
    assert!(answers(address, LONG));

    gateway.stop();
    assert!(!answers(address, SHORT));
    gateway.cont();
    assert!(answers(address, LONG));

    gateway.kill();
    assert!(TcpStream::connect(address).is_err());
    gateway.restart();
    assert_eq!(gateway.address(), address);
    assert!(answers(address, LONG));
    gateway.check();

    drop(gateway);
    assert!(TcpStream::connect(address).is_err());
}

/// A producer of one transaction after the other.
struct Teller(ThreadedProducer<DefaultProducerContext>);

impl Teller {
    /// One that the broker gives up after a time without a commit.
    fn new(kafka: &Kafka, name: &str, patience: Duration) -> Self {
        let producer: ThreadedProducer<_> = client(kafka.bootstrap())
            .set("transactional.id", name)
            .set("transaction.timeout.ms", patience.as_millis().to_string())
            .create()
            .unwrap();
        producer.init_transactions(LONG).unwrap();
        Self(producer)
    }

    fn begin(&self, words: &str) {
        self.0.begin_transaction().unwrap();
        let headers = OwnedHeaders::new().insert(Header { key: "ce_type", value: Some("word") });
        let record = BaseRecord::to(TOPIC).key("k").payload(words).headers(headers);
        self.0.send(record).map_err(|(error, _)| error).unwrap();
        self.0.flush(LONG).unwrap();
    }

    fn tell(&self, words: &str) {
        self.begin(words);
        self.0.commit_transaction(LONG).unwrap();
    }
}

fn words(messages: &[Message]) -> Vec<&str> {
    let payloads = messages.iter().map(|message| message.payload.as_deref().unwrap());
    payloads.map(|payload| std::str::from_utf8(payload).unwrap()).collect()
}

fn cluster(brokers: usize) -> (tempfile::TempDir, Kafka) {
    let folder = tempfile::tempdir().unwrap();
    let mut kafka = Kafka::start(folder.path(), brokers);
    kafka.create_topics(&[(TOPIC, 2)]);
    (folder, kafka)
}

fn only_what_is_committed_is_read() {
    let (_folder, mut kafka) = cluster(1);
    // Whose topics are the user's may hold what an earlier run left.
    let before = read_committed(kafka.bootstrap(), TOPIC).len();
    let first = Teller::new(&kafka, "harness-first", LONG);
    first.tell("one");
    first.begin("taken back");
    first.0.abort_transaction(LONG).unwrap();

    // Left open by somebody who is gone: it hides what follows until it is given up.
    let second = Teller::new(&kafka, "harness-second", Duration::from_secs(6));
    second.begin("left open");
    drop(second);
    first.tell("two");

    let messages = read_committed(kafka.bootstrap(), TOPIC);
    let new = &messages[before..];
    assert_eq!(words(new), ["one", "two"]);
    assert_eq!(new[0].key.as_deref(), Some(&b"k"[..]));
    assert_eq!(new[0].headers, [("ce_type".to_owned(), b"word".to_vec())]);
    assert_eq!(new[0].partition, new[1].partition);
    assert!(new[0].offset < new[1].offset);
    kafka.create_topics(&[(TOPIC, 2)]);
    kafka.check();
}

fn a_killed_broker_keeps_what_it_took() {
    let (_folder, mut kafka) = cluster(1);
    let address: SocketAddr = kafka.bootstrap().parse().unwrap();
    Teller::new(&kafka, "harness", LONG).tell("kept");
    kafka.kill(0);
    assert!(TcpStream::connect(address).is_err());
    kafka.restart(0);
    Teller::new(&kafka, "harness", LONG).tell("new");
    assert_eq!(words(&read_committed(kafka.bootstrap(), TOPIC)), ["kept", "new"]);
}

fn a_stopped_broker_goes_on() {
    let (_folder, mut kafka) = cluster(1);
    let teller = Teller::new(&kafka, "harness", LONG);
    teller.tell("before");
    let consumer: BaseConsumer = client(kafka.bootstrap()).create().unwrap();
    assert!(consumer.fetch_metadata(None, LONG).is_ok());

    kafka.stop(0);
    assert!(consumer.fetch_metadata(None, SHORT).is_err());
    kafka.cont(0);
    assert!(consumer.fetch_metadata(None, LONG).is_ok());
    teller.tell("after");
    assert_eq!(words(&read_committed(kafka.bootstrap(), TOPIC)), ["before", "after"]);
}

fn three_bear_the_loss_of_one() {
    let (_folder, mut kafka) = cluster(3);
    let teller = Teller::new(&kafka, "harness", LONG);
    teller.tell("with three");
    kafka.kill(1);
    teller.tell("with two");
    kafka.restart(1);
    kafka.stop(2);
    teller.tell("with another two");
    kafka.cont(2);
    kafka.wait_ready();
    let told = ["with three", "with two", "with another two"];
    assert_eq!(words(&read_committed(kafka.bootstrap(), TOPIC)), told);

    let consumer: BaseConsumer = client(kafka.bootstrap()).create().unwrap();
    wait_until("all copies", || {
        kafka.check();
        let Ok(known) = consumer.fetch_metadata(Some(TOPIC), LONG) else { return false };
        let mut partitions = known.topics()[0].partitions().iter();
        partitions.all(|partition| partition.isr().len() == 3)
    });
}
