//! The bulk lane of a real broker: proof of delivery, a group's progress, and what is said when
//! something is not as it should be. Without a broker (see `sohoa_harness::kafka`) these are
//! ignored, unless `SOHOA_REQUIRE_SERVICES` is set.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    process::ExitCode,
    sync::{Arc, Mutex},
};

use libtest_mimic::{Arguments, Trial};
use object_store::{ObjectStoreExt as _, memory::InMemory, path::Path};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer as _},
};
use sohoa_backfill::{Backfill, Bounds, KafkaLane, Outcome, Progress, Request, Watch};
use sohoa_flow::{Fatal, FatalKind, Fault, Shutdown};
use sohoa_harness::{
    Kafka,
    kafka::{self, client},
    reader::{Message, read_committed},
};
use sohoa_kafka::{Event, Submitter, Topic, stored, submit::Verbatim, topics::workers_group};
use sohoa_schemas::{config, message::Submission};
use sohoa_source::{Layout, from_message};
use sohoa_store::Store;
use url::Url;

const PARTITIONS: i32 = 3;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = env::var_os("SOHOA_REQUIRE_SERVICES").is_some();
    let there = kafka::available();
    let trials: [(&str, fn(), bool); 6] = [
        ("what_is_written_down_is_with_the_broker", written_down_is_there, there),
        ("a_broker_killed_on_the_way_loses_nothing", killed_broker, kafka::faults_available()),
        ("the_groups_positions_say_what_is_settled", positions, there),
        ("what_a_broker_refuses_names_the_setting", refusals, there),
        ("a_document_larger_than_a_message_lies_in_the_output", large_document, there),
        ("no_broker_names_the_setting", no_broker, true),
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

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work)
}

/// A cluster, a prefix of the test's own and the stores.
struct World {
    _folder: tempfile::TempDir,
    kafka: Kafka,
    settings: config::Kafka,
    input: Store,
    output: Store,
}

impl World {
    fn new(prefix: &str, documents: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut kafka = Kafka::start(&folder.path().join("kafka"), 1);
        // The broker may be a user's, where an earlier run left its topics.
        let prefix = format!("{prefix}-{}", uuid::Uuid::new_v4());
        kafka.create_topics(&[(&Topic::Bulk.name(&prefix), PARTITIONS)]);
        let brokers = kafka.bootstrap().to_owned();
        let settings = config::Kafka { brokers, prefix, ..config::Kafka::default() };
        let (input, output) = (InMemory::new(), InMemory::new());
        for number in 0..documents {
            let key = Path::parse(format!("hộp {}/{number}.tif", number % 50)).unwrap();
            block_on(input.put(&key, "scan".into())).unwrap();
        }
        let store = |objects| Store::from_parts(objects, Url::parse("memory:///").unwrap());
        let (input, output) = (store(Arc::new(input)), store(Arc::new(output)));
        Self { _folder: folder, kafka, settings, input, output }
    }

    fn topic(&self) -> String {
        Topic::Bulk.name(&self.settings.prefix)
    }

    async fn process(&self, bounds: Bounds, shutdown: &Shutdown) -> Backfill<KafkaLane> {
        let lane = KafkaLane::open(&self.settings, Topic::Bulk, self.output.clone()).await.unwrap();
        let request = Request {
            submission: "2026-11".into(),
            input: "scans".into(),
            agency: None,
            layout: Layout::Auto,
            include: Vec::new(),
            exclude: Vec::new(),
            limit: None,
            owners: sohoa_source::Owners::default(),
        };
        let stores = (self.input.clone(), self.output.clone());
        Backfill::new(stores, lane, request, bounds, shutdown.clone()).unwrap()
    }

    fn submitter(&self) -> Submitter {
        let base = client(self.kafka.bootstrap());
        let output = self.output.clone();
        Submitter::open(&base, &self.settings.prefix, &[Topic::Bulk], output).unwrap()
    }

    fn messages(&self) -> Vec<Message> {
        read_committed(self.kafka.bootstrap(), &self.topic())
    }

    /// Commits positions as the workers would.
    fn commit(&self, share: impl Fn(i64) -> i64) {
        let consumer: BaseConsumer = client(self.kafka.bootstrap())
            .set("group.id", workers_group(&self.settings.prefix))
            .create()
            .unwrap();
        let mut positions = TopicPartitionList::new();
        for (partition, end) in ends(&self.messages()) {
            let offset = Offset::Offset(share(end));
            positions.add_partition_offset(&self.topic(), partition, offset).unwrap();
        }
        consumer.commit(&positions, CommitMode::Sync).unwrap();
    }
}

fn ends(messages: &[Message]) -> BTreeMap<i32, i64> {
    messages.iter().map(|message| (message.partition, message.offset + 1)).collect()
}

fn documents(messages: &[Message]) -> Vec<String> {
    let read = |message: &Message| {
        let submission: Submission =
            serde_json::from_slice(message.payload.as_ref().unwrap()).unwrap();
        assert_eq!(message.key, Some(submission.dossier.uid.to_string().into_bytes()));
        from_message(submission).unwrap().uris().join("+")
    };
    messages.iter().map(read).collect()
}

fn small() -> Bounds {
    Bounds { chunk_documents: 100, ..Bounds::default() }
}

/// Asks for a drain once so many documents are written down.
struct StopAt(u64, Shutdown);

impl Watch for StopAt {
    fn progress(&self, progress: &Progress) {
        if progress.recorded >= self.0 && !self.1.draining() {
            self.1.request();
        }
    }
}

fn written_down_is_there() {
    let world = World::new("delivered", 1_000);
    block_on(async {
        let shutdown = Shutdown::default();
        let process = world.process(small(), &shutdown).await;
        let ending = process.run(&StopAt(300, shutdown)).await.unwrap();
        assert_eq!(ending.outcome, Outcome::Interrupted);
        let ledger = process.ledger().clone();
        let last = ledger.chunk(ending.chunks).await.unwrap();
        let there = last.delivered.iter().map(|range| (range.partition, range.next)).collect();
        assert_eq!(ends(&world.messages()), there);
        drop(process);

        let process = world.process(small(), &Shutdown::default()).await;
        let ending = process.run(&()).await.unwrap();
        assert_eq!((ending.outcome, ending.totals.documents), (Outcome::Completed, 1_000));
    });
    let messages = world.messages();
    let documents = documents(&messages);
    assert_eq!((documents.len(), documents.iter().collect::<BTreeSet<_>>().len()), (1_000, 1_000));
    let names: Vec<_> = messages[0].headers.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["ce_specversion", "ce_type", "ce_source", "ce_id", "ce_time", "content-type"];
    assert_eq!((&names[..6], names[6]), (&expected[..], "traceparent"));
    let ids: BTreeSet<_> = messages.iter().map(|message| &message.headers[3].1).collect();
    assert_eq!(ids.len(), 1_000);
}

/// Kills the broker once, when so many documents are written down, and starts it again.
struct KillAt<'a>(u64, Mutex<Option<&'a mut Kafka>>);

impl Watch for KillAt<'_> {
    fn progress(&self, progress: &Progress) {
        if progress.recorded >= self.0
            && let Some(kafka) = self.1.lock().unwrap().take()
        {
            kafka.kill(0);
            kafka.launch(0);
        }
    }
}

fn killed_broker() {
    let mut world = World::new("killed", 3_000);
    block_on(async {
        let process = world.process(small(), &Shutdown::default()).await;
        let watch = KillAt(500, Mutex::new(Some(&mut world.kafka)));
        let ending = process.run(&watch).await.unwrap();
        assert!(watch.1.lock().unwrap().is_none());
        assert_eq!((ending.outcome, ending.totals.documents), (Outcome::Completed, 3_000));
    });
    let documents = documents(&world.messages());
    // Idempotent: what was tried again for want of an answer is there once.
    assert_eq!(documents.len(), 3_000);
    assert_eq!(documents.into_iter().collect::<BTreeSet<_>>().len(), 3_000);
}

#[derive(Default)]
struct Last(Mutex<Progress>);

impl Watch for Last {
    fn progress(&self, progress: &Progress) {
        *self.0.lock().unwrap() = *progress;
    }
}

fn positions() {
    let world = World::new("positions", 600);
    block_on(async {
        let shutdown = Shutdown::default();
        let process = world.process(small(), &shutdown).await;
        process.run(&()).await.unwrap();
        world.commit(|end| end / 2);
        let last = Last::default();
        let (followed, ()) = tokio::join!(process.follow(&last), async {
            // Until the positions are seen.
            while last.0.lock().unwrap().lag.is_none() {
                tokio::task::yield_now().await;
            }
            let half = *last.0.lock().unwrap();
            assert!(half.consumed.abs_diff(300) <= 2, "{half:?}");
            assert!(half.settled <= half.consumed && half.lag.unwrap().abs_diff(300) <= 2);
            tokio::task::block_in_place(|| world.commit(|end| end));
        });
        assert!(followed.unwrap());
        let last = last.0.lock().unwrap();
        assert_eq!((last.consumed, last.settled, last.lag), (600, 600, Some(0)));
    });
}

fn fatal<T: std::fmt::Debug>(result: Result<T, Fault>) -> (FatalKind, String) {
    let Err(Fault::Fatal(Fatal { kind, cause })) = result else { panic!("{result:?}") };
    (kind, cause.error.to_string())
}

fn refusals() {
    let world = World::new("refusals", 1);
    let base = client(world.kafka.bootstrap());
    let (kind, said) =
        fatal(Submitter::open(&base, "no-such-prefix", &[Topic::Bulk], world.output.clone()));
    assert_eq!(kind, FatalKind::Configuration);
    assert!(said.contains("no-such-prefix.bulk.v1"), "{said}");

    let submitter = world.submitter();
    let too_large = block_on(async {
        let process = world.process(small(), &Shutdown::default()).await;
        process.run(&()).await.unwrap();
        let payload = large();
        let message = Verbatim { key: None, payload: payload.as_bytes(), headers: &[] };
        match submitter.send_verbatim(Topic::Bulk, message).await {
            Ok(()) => submitter.flush().await.map(drop),
            refused => refused,
        }
    });
    let (kind, said) = fatal(too_large);
    assert_eq!(kind, FatalKind::Configuration);
    assert!(said.contains("max.message.bytes"), "{said}");
    assert_eq!(world.messages().len(), 1);
}

/// Text that does not compress, twice what a topic takes by default.
fn large() -> String {
    (0..60_000).map(|_| uuid::Uuid::new_v4().to_string()).collect()
}

fn large_document() {
    let world = World::new("large", 1);
    let submitter = world.submitter();
    let submission = block_on(async {
        let process = world.process(small(), &Shutdown::default()).await;
        process.run(&()).await.unwrap();
        let message = world.messages().remove(0);
        let mut submission: Submission = serde_json::from_slice(&message.payload.unwrap()).unwrap();
        submission.absent = vec![large()];
        let event = Event { id: "1", source: "t", time: "2026-11-20T01:15:02Z", traceparent: None };
        submitter.send(Topic::Bulk, &submission, event).await.unwrap();
        submitter.flush().await.unwrap();
        submission
    });
    let mut messages = world.messages();
    messages.sort_by_key(|message| message.payload.as_ref().map(Vec::len));
    let payload = messages.remove(0).payload.unwrap();
    assert!(payload.len() < 200, "{}", payload.len());
    let read = block_on(stored::submission(&world.output, &payload)).unwrap();
    assert_eq!(read, submission);
}

fn no_broker() {
    // The port is free: whoever held it has just let it go.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let brokers = format!("127.0.0.1:{port}");
    let settings = config::Kafka { brokers: brokers.clone(), ..config::Kafka::default() };
    let memory = Url::parse("memory:///").unwrap();
    let output = Store::from_parts(Arc::new(InMemory::new()), memory);
    let opened = block_on(KafkaLane::open(&settings, Topic::Bulk, output));
    let Err(Fault::Retry(cause)) = opened else { panic!("there is no broker") };
    let said = cause.error.to_string();
    assert!(said.contains("kafka.brokers") && said.contains(&brokers), "{said}");
}
