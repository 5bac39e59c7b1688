//! From Kafka to a bucket: workers and an indexer against real brokers and a real store.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Child,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;
use sohoa_harness::{
    Gateway, Kafka, messages,
    reader::{Message, read_committed},
    thread::HeldThread,
};

use crate::{
    stamps,
    support::{Ran, World, children, json_lines, signal, signal_process, wait_until},
};

/// All tests of this file.
pub(crate) const TESTS: [(&str, fn()); 22] = [
    ("lanes::what_a_run_makes_a_worker_makes", what_a_run_makes_a_worker_makes),
    ("lanes::a_worker_takes_several_inputs_by_both_lanes", a_worker_takes_several_inputs),
    ("lanes::killed_workers_lose_and_repeat_nothing", killed_workers_lose_and_repeat_nothing),
    (
        "lanes::a_refused_document_that_is_published_late_is_not_lost",
        a_refused_document_that_is_published_late_is_not_lost,
    ),
    (
        "lanes::a_record_that_nobody_announced_is_announced_with_its_receipt",
        a_record_that_nobody_announced_is_announced,
    ),
    (
        "lanes::a_document_longer_than_the_poll_interval_stays_its_workers",
        a_document_longer_than_the_poll_interval_stays,
    ),
    (
        "lanes::a_worker_whose_client_does_not_come_back_ends",
        a_worker_whose_client_does_not_come_back_ends,
    ),
    ("lanes::partitions_that_come_back_go_on", partitions_that_come_back_go_on),
    (
        "lanes::a_drain_that_takes_too_long_is_left_in_order",
        a_drain_that_takes_too_long_is_left_in_order,
    ),
    ("lanes::a_document_that_kills_twice_is_refused", a_document_that_kills_twice_is_refused),
    ("lanes::a_broken_message_is_kept_and_the_lane_goes_on", a_broken_message_is_kept),
    ("lanes::an_event_that_is_none_is_kept_and_the_index_goes_on", an_event_that_is_none_is_kept),
    ("lanes::an_input_that_a_worker_lacks_is_named", an_input_that_a_worker_lacks_is_named),
    ("lanes::a_topic_emptied_by_retention_is_no_loss", a_topic_emptied_by_retention_is_no_loss),
    ("lanes::a_workers_log_names_documents_and_traces", a_workers_log_names_documents_and_traces),
    ("lanes::operators_see_what_a_worker_does", operators_see_what_a_worker_does),
    ("lanes::an_indexer_whose_store_is_away_says_so", an_indexer_whose_store_is_away_says_so),
    ("lanes::a_release_is_carried_out_by_a_worker", a_release_is_carried_out_by_a_worker),
    (
        "lanes::what_met_a_silent_authority_is_signed_when_it_answers",
        what_met_a_silent_authority_is_signed_when_it_answers,
    ),
    (
        "lanes::a_message_for_an_input_nobody_knows_stops_the_lane_once",
        a_message_for_an_input_nobody_knows_stops_the_lane_once,
    ),
    (
        "lanes::a_backfill_keeps_to_its_limit_and_waits_while_it_is_paused",
        a_backfill_keeps_to_its_limit_and_waits_while_it_is_paused,
    ),
    ("lanes::what_is_missing_is_named_with_its_setting", what_is_missing_is_named),
];

/// The shortest the client takes beside sessions of six seconds.
const POLL_INTERVAL: Duration = Duration::from_secs(6);

/// A province with brokers, buckets, and samples in one of them.
pub(crate) struct Province {
    pub(crate) world: World,
    kafka: Kafka,
    gateway: Gateway,
    pub(crate) documents: i64,
}

impl Province {
    pub(crate) fn new(dossiers: &str, partitions: i32) -> Self {
        let mut world = World::with_samples(&["--dossiers", dossiers]);
        let buckets = world.path("buckets");
        std::fs::create_dir_all(buckets.join("records")).unwrap();
        std::fs::rename(world.path("samples/scans"), buckets.join("scans")).unwrap();
        let gateway = Gateway::start(&buckets);
        world.use_addresses("s3://scans", "s3://records/out", gateway.environment());
        let mut kafka = Kafka::start(&world.path("kafka"), 1);
        let prefix = format!("t{}", std::process::id());
        let topics = ["live", "bulk", "releases", "documents", "deadletters"].map(topic);
        let topics: Vec<(&str, i32)> =
            topics.iter().map(|topic| (topic.as_str(), partitions)).collect();
        kafka.create_topics(&topics);
        // Short sessions, so that a killed worker's partitions are soon another's.
        let config = format!(
            "[kafka]\nbrokers = \"{}\"\nprefix = \"{prefix}\"\nannounce_milliseconds = 50\n\
             [kafka.properties]\n\"session.timeout.ms\" = \"6000\"\n\
             \"reconnect.backoff.max.ms\" = \"200\"\n\
             [index]\ncommit_seconds = 1\n",
            kafka.bootstrap()
        );
        world.write("sohoa.toml", &config);
        let documents = json_lines(&world.path("samples/truth.jsonl")).len() as i64;
        Self { world, kafka, gateway, documents }
    }

    /// Lets workers show what they do at a port from now on.
    pub(crate) fn listen(&self, port: u16) {
        let config = std::fs::read_to_string(self.world.path("sohoa.toml")).unwrap();
        let config = format!("{config}[metrics]\nlisten = \"127.0.0.1:{port}\"\n");
        self.world.write("sohoa.toml", &config);
    }

    /// Has the group wait no longer than that for a worker that does not poll.
    fn set_poll_interval(&self) {
        let config = std::fs::read_to_string(self.world.path("sohoa.toml")).unwrap();
        let interval = POLL_INTERVAL.as_millis();
        let properties = format!("[kafka.properties]\n\"max.poll.interval.ms\" = \"{interval}\"\n");
        self.world.write("sohoa.toml", &config.replace("[kafka.properties]\n", &properties));
    }

    pub(crate) fn backfill(&self, submission: &str) {
        self.submit(submission, "s3://scans", &[]);
    }

    fn submit(&self, submission: &str, input: &str, more: &[&str]) {
        let places = ["--output", "s3://records/out", "--config", "sohoa.toml", "--json"];
        let backfill = ["backfill", "--input", input, "--submission", submission];
        let ran = self.world.sohoa(&[&backfill[..], &places, more].concat());
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
    }

    pub(crate) fn worker(&self, slot: &str) -> Child {
        self.worker_of(slot, &["--input", "s3://scans"])
    }

    fn worker_of(&self, slot: &str, inputs: &[&str]) -> Child {
        let places = ["--output", "s3://records/out", "--config", "sohoa.toml"];
        self.world.start(&[&["worker", "--slot", slot][..], &places, inputs].concat())
    }

    /// One that says what it does, into a file.
    fn worker_saying(&self, slot: &str, said: &Path) -> Child {
        let places = ["--output", "s3://records/out", "--config", "sohoa.toml"];
        let worker = ["worker", "-v", "--slot", slot, "--input", "s3://scans"];
        self.world.start_saying(&[&worker[..], &places].concat(), said)
    }

    /// The events by what they announce.
    fn events(&self) -> Vec<Value> {
        let events = read_committed(self.kafka.bootstrap(), &topic("documents"));
        events.iter().map(|event| json(event.payload.as_deref())).collect()
    }

    fn wait_for_events(&self, wanted: i64) {
        wait_until("the events", || self.events().len() as i64 >= wanted);
    }

    fn index_once(&self, more: &[&str]) -> Ran {
        let indexer =
            ["indexer", "--output", "s3://records/out", "--config", "sohoa.toml", "--once"];
        self.world.sohoa(&[&indexer, more].concat())
    }

    fn index(&self) {
        let indexed = self.index_once(&[]);
        assert_eq!(indexed.exit, 0, "{}", indexed.stderr);
    }

    /// Ends a worker in order.
    pub(crate) fn end(worker: &mut Child) {
        signal(worker, "TERM");
        assert_eq!(worker.wait().unwrap().code(), Some(0));
    }

    /// Sends refused documents again and lets a worker do them. A kill that hits a document twice
    /// while it is alone looks like the document's doing.
    fn replay(&self) -> i64 {
        let refused = self.refused().len() as i64;
        if refused > 0 {
            // What was published without an announcement is told from the index.
            self.index();
            let replayed = self.world.sohoa(&[
                "dead-letters",
                "replay",
                "--output",
                "s3://records/out",
                "--config",
                "sohoa.toml",
            ]);
            assert_eq!(replayed.exit, 0, "{}", replayed.stderr);
            let mut worker = self.worker("one");
            self.wait_for_events(self.documents + refused);
            Self::end(&mut worker);
        }
        refused
    }

    fn refused(&self) -> Vec<Value> {
        let events = self.events().into_iter();
        events.filter(|event| event["outcome"] == "quarantined").collect()
    }

    /// Every document is there once: in events, in the index, in the store.
    fn check(&self) {
        let mut announced: BTreeMap<(String, String), usize> = BTreeMap::new();
        for event in self.events() {
            let text = |key: &str| event[key].as_str().unwrap().to_owned();
            *announced.entry((text("outcome"), text("source_uid"))).or_default() += 1;
        }
        assert!(announced.values().all(|times| *times == 1), "{announced:?}");
        self.check_results();
    }

    /// The same, where documents were sent again and are told of again.
    fn check_results(&self) {
        let events = self.events().into_iter();
        let published = events.filter(|event| event["outcome"] == "published").count();
        assert_eq!(published as i64, self.documents);
        assert_eq!(self.world.number("select count(*) as n from documents"), self.documents);
        assert_eq!(self.world.number("select max(version) as n from documents"), 1);
        self.world.audit();
    }
}

/// A topic of this process: several may test against the same brokers.
fn topic(name: &str) -> String {
    format!("t{}.{name}.v1", std::process::id())
}

fn json(payload: Option<&[u8]>) -> Value {
    serde_json::from_slice(payload.unwrap()).unwrap()
}

fn what_a_run_makes_a_worker_makes() {
    let province = Province::new("2", 3);
    province.backfill("first");
    let mut worker = province.worker("one");
    province.wait_for_events(province.documents);
    Province::end(&mut worker);
    province.index();
    province.check();
    let batch = province.world.sohoa(&[
        "batch",
        "first",
        "--output",
        "s3://records/out",
        "--format",
        "json",
    ]);
    let answers: Vec<Value> =
        batch.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len() as i64, province.documents, "{}", batch.stderr);
    assert!(answers.iter().all(|answer| answer["outcome"] == "published"), "{}", batch.stdout);
    let run = province.world.sohoa(&[
        "run",
        "--input",
        "s3://scans",
        "--output",
        "s3://records/out",
        "--json",
    ]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let again = run.count("documents", "skipped") as i64;
    assert_eq!(again, province.documents, "a run over the same finds all of it done");
    // The same again at new offsets: found done, announced, and in the index once.
    let before = province.events().len() as i64;
    province.backfill("second");
    let mut worker = province.worker("one");
    province.wait_for_events(before + province.documents);
    Province::end(&mut worker);
    province.index();
    let rows = province.world.number("select count(*) as n from documents");
    assert_eq!(rows, province.documents);
    province.world.audit();
}

fn a_worker_takes_several_inputs() {
    let province = Province::new("3", 1);
    let (store, counter) = (province.world.path("buckets/scans"), "buckets/counter");
    let dossier = std::fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path());
    let dossier = dossier.filter(|path| path.is_dir()).min().unwrap();
    let counter = province.world.path(counter);
    std::fs::create_dir_all(&counter).unwrap();
    std::fs::rename(&dossier, counter.join(dossier.file_name().unwrap())).unwrap();
    let (store, counter) = ("kho=s3://scans", "quay=s3://counter");
    province.submit("kho-2", store, &[]);
    province.submit("quay-3", counter, &["--lane", "live"]);
    let live = read_committed(province.kafka.bootstrap(), &topic("live")).len() as i64;
    assert!(live > 0, "the dossier goes by the live lane");

    let mut worker = province.worker_of("one", &["--input", store, "--input", counter]);
    province.wait_for_events(province.documents);
    Province::end(&mut worker);
    province.index();
    let from = |input: &str| {
        let rows = format!("select count(*) as n from intake where source_name = '{input}'");
        province.world.number(&rows)
    };
    assert!(from("quay") >= live && from("kho") > 0);
    for input in [store, counter] {
        let audit = ["audit", "--full", "--output", "s3://records/out", "--input", input];
        let audited = province.world.sohoa(&audit);
        assert_eq!(audited.exit, 0, "{}{}", audited.stdout, audited.stderr);
    }

    // One name for two places would make two inputs one.
    let twice = ["worker", "--input", "s3://a/x", "--input", "s3://b/x", "--output", "out"];
    let refused = province.world.sohoa(&twice);
    assert_eq!(refused.exit, 1, "{}", refused.stderr);
    assert!(refused.stderr.contains("NAME=ADDRESS"), "{}", refused.stderr);
}

fn killed_workers_lose_and_repeat_nothing() {
    let province = Province::new("3", 4);
    province.backfill("first");
    let mut one = province.worker("one");
    let mut two = province.worker("two");
    for killed in [1, 3, 6] {
        province.wait_for_events(killed.min(province.documents - 1));
        signal(&one, "KILL");
        one.wait().unwrap();
        one = province.worker("one");
    }
    province.wait_for_events(province.documents);
    Province::end(&mut one);
    Province::end(&mut two);
    province.replay();
    province.index();
    province.check();
}

/// A worker whose lane is paused, since its slots are taken, gives partitions up and gets them back.
fn partitions_that_come_back_go_on() {
    let province = Province::new("8", 6);
    assert!(province.documents > 16, "too few documents to fill a worker");
    province.backfill("first");
    let mut one = province.worker("one");
    province.wait_for_events(1);
    for slot in ["two", "three"] {
        let before = province.events().len() as i64;
        let said = province.world.path(&format!("{slot}.log"));
        let mut other = province.worker_saying(slot, &said);
        wait_until("partitions of its own", || {
            std::fs::read_to_string(&said).unwrap().contains("partitions are taken on")
        });
        province.wait_for_events((before + 3).min(province.documents));
        Province::end(&mut other);
    }
    province.wait_for_events(province.documents);
    Province::end(&mut one);
    province.index();
    province.check();
}

/// A worker that is told to end and cannot finish in time leaves its documents without suspicion.
fn a_drain_that_takes_too_long_is_left_in_order() {
    let province = Province::new("8", 1);
    assert!(province.documents > 16, "too few documents to fill a worker");
    let config = std::fs::read_to_string(province.world.path("sohoa.toml")).unwrap();
    province.world.write("sohoa.toml", &format!("{config}[workers]\ndrain_seconds = 0\n"));
    province.backfill("first");
    let mut worker = province.worker("one");
    province.wait_for_events(1);
    signal(&worker, "TERM");
    assert_eq!(worker.wait().unwrap().code(), Some(130));
    let group = format!("t{}-workers", std::process::id());
    let note = messages::note(province.kafka.bootstrap(), &group, &topic("bulk"), 0);
    assert_eq!(note.as_deref(), Some("{}"));
    let mut worker = province.worker("one");
    province.wait_for_events(province.documents);
    signal(&worker, "TERM");
    worker.wait().unwrap();
    province.index();
    province.check();
}

/// A worker is killed with the document in hand, then once more when nothing else is.
fn a_document_that_kills_twice_is_refused() {
    let province = Province::new("1", 1);
    province.backfill("first");
    let group = format!("t{}-workers", std::process::id());
    let bulk = topic("bulk");
    let note = || messages::note(province.kafka.bootstrap(), &group, &bulk, 0).unwrap_or_default();
    let mut worker = province.worker("one");
    wait_until("a document in hand", || note().contains("hand"));
    signal(&worker, "KILL");
    worker.wait().unwrap();
    let mut worker = province.worker("one");
    wait_until("a suspect alone", || note().contains("alone"));
    signal(&worker, "KILL");
    worker.wait().unwrap();
    let mut worker = province.worker("one");
    province.wait_for_events(province.documents);
    Province::end(&mut worker);
    let refused = province.refused();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0]["code"], "X03_KILLED_WORKER");
    assert_eq!(province.replay(), 1);
    province.index();
    province.check();
}

/// A worker that was only taken for dead publishes what another refused meanwhile. Its answer counts
/// for nothing, so the refusal stays work until it is sent again, and then the record is announced.
fn a_refused_document_that_is_published_late_is_not_lost() {
    let province = Province::new("1", 1);
    province.backfill("first");
    let group = format!("t{}-workers", std::process::id());
    let bulk = topic("bulk");
    let note = || messages::note(province.kafka.bootstrap(), &group, &bulk, 0).unwrap_or_default();
    let mut killed = province.worker("one");
    wait_until("a document in hand", || note().contains("hand"));
    signal(&killed, "KILL");
    killed.wait().unwrap();
    let mut stopped = province.worker("two");
    wait_until("a suspect alone", || note().contains("alone"));
    signal(&stopped, "STOP");
    let mut judge = province.worker("three");
    wait_until("a refusal", || !province.refused().is_empty());
    signal(&stopped, "CONT");
    let refused = province.refused()[0]["source_uid"].as_str().unwrap().to_owned();
    let folder = format!("buckets/records/out/documents/{}/{refused}/v1", &refused[..2]);
    let record = province.world.path(&folder).join("record.json");
    wait_until("a late publication", || record.is_file());
    province.wait_for_events(province.documents);
    Province::end(&mut judge);
    Province::end(&mut stopped);
    assert_eq!(province.replay(), 1);
    province.index();
    province.check();
}

/// A record that is older than its document's refusal has no event of its own. When the document
/// comes again, both the record and the receipt that ends the refusal are announced.
fn a_record_that_nobody_announced_is_announced() {
    let province = Province::new("1", 1);
    assert_eq!(province.world.run(&[]).exit, 0);
    let source = province.world.refuse_later("buckets/records/out");
    std::fs::remove_dir_all(province.world.path("buckets/records/out/index")).unwrap();
    province.backfill("first");
    let mut worker = province.worker("one");
    province.wait_for_events(province.documents + 1);
    Province::end(&mut worker);
    let of_it: Vec<String> = province
        .events()
        .iter()
        .filter(|event| event["source_uid"] == source.as_str())
        .map(|event| event["key"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(of_it.len(), 2, "{of_it:?}");
    assert_eq!(of_it[0], "record.json");
    assert!(of_it[1].starts_with("again-"), "{of_it:?}");
    province.index();
    let rows = |sql: &str| province.world.number(&format!("select count(*) as n from {sql}"));
    assert_eq!(rows("documents"), province.documents);
    assert_eq!(rows("intake where outcome <> 'published'"), 0);
    province.world.audit();
}

/// While a document is read for longer than the group lets a consumer be away from its polling, the
/// worker polls on, and nobody takes its partitions.
fn a_document_longer_than_the_poll_interval_stays() {
    let province = Province::new("1", 1);
    province.set_poll_interval();
    province.backfill("first");
    let said = province.world.path("worker.log");
    let mut worker = province.worker_saying("one", &said);
    let group = format!("t{}-workers", std::process::id());
    let note = messages::note;
    wait_until("a document in hand", || {
        let note = note(province.kafka.bootstrap(), &group, &topic("bulk"), 0);
        note.unwrap_or_default().contains("hand")
    });
    let pages = children(&worker);
    assert!(!pages.is_empty(), "no page workers");
    for page in &pages {
        signal_process(*page, "STOP");
    }
    let stopped = Instant::now();
    wait_until("twice the poll interval", || stopped.elapsed() > 2 * POLL_INTERVAL);
    for page in &pages {
        signal_process(*page, "CONT");
    }
    province.wait_for_events(province.documents);
    Province::end(&mut worker);
    let said = std::fs::read_to_string(said).unwrap();
    assert!(!said.contains("MAXPOLL") && !said.contains("poll interval"), "{said}");
    assert_eq!(said.matches("partitions are taken on").count(), 1, "{said}");
    province.index();
    province.check();
}

/// The client library knows calls that never return. The worker's work is then another's, and it says
/// why it ended; told to end it would wait for ever too.
fn a_worker_whose_client_does_not_come_back_ends() {
    let province = Province::new("1", 1);
    province.set_poll_interval();
    let said = province.world.path("worker.log");
    let mut stuck = province.worker_saying("one", &said);
    let words = |what: &str| std::fs::read_to_string(&said).unwrap().contains(what);
    wait_until("its partitions", || words("partitions are taken on"));
    let held = HeldThread::hold(stuck.id(), "lanes");
    province.backfill("first");
    held.wait_for_its_end();
    assert_eq!(stuck.wait().unwrap().code(), Some(4));
    assert!(words("does not come back from a call"), "{}", std::fs::read_to_string(said).unwrap());
    let mut next = province.worker("two");
    province.wait_for_events(province.documents);
    Province::end(&mut next);
    province.index();
    province.check();
}

/// What waits for the agency's clerk is signed by the workers, which have the key.
fn a_release_is_carried_out_by_a_worker() {
    let province = Province::new("2", 2);
    let config = std::fs::read_to_string(province.world.path("sohoa.toml")).unwrap();
    province.world.write("sohoa.toml", &format!("{config}[release]\nmode = \"manual\"\n"));
    province.backfill("first");
    // What is under way is finished, also by a worker that carries releases out.
    let mut first = province.worker("one");
    province.wait_for_events(1);
    Province::end(&mut first);
    let mut worker = province.worker("one");
    province.wait_for_events(province.documents);
    let held = province.events().iter().filter(|event| event["outcome"] == "held").count();
    assert!(held > 0);
    messages::send(province.kafka.bootstrap(), &topic("releases"), "k", b"not json");
    let places = ["--output", "s3://records/out", "--config", "sohoa.toml"];
    let decide = |arguments: &[&str]| {
        let decided = province.world.sohoa(&[&["release"], arguments, &places].concat());
        assert_eq!(decided.exit, 0, "{}", decided.stderr);
        decided.stdout
    };
    let send = |verb: &[&str]| {
        let sent = decide(&[verb, &["--send", "--submission", "first", "--by", "A"]].concat());
        assert!(sent.starts_with(&format!("{held} sent")), "{sent}");
    };
    // Of two words that wait for a worker the first one stands: nothing refused is signed.
    Province::end(&mut worker);
    send(&["reject", "--reason", "mờ"]);
    send(&["approve"]);
    let mut worker = province.worker("one");
    province.wait_for_events(province.documents + held as i64);
    let published = || {
        let events = province.events().into_iter();
        events.filter(|event| event["outcome"] == "published").count() as i64
    };
    assert_eq!(published(), province.documents - held as i64);
    // What the clerk refuses by mistake is sent again, and waits again.
    let replay = province.world.sohoa(&[&["dead-letters", "replay"], &places[..]].concat());
    assert_eq!(replay.exit, 0, "{}", replay.stderr);
    // The broken release is not.
    assert!(replay.stdout.contains(&format!("{held} sent, 1 not")), "{}", replay.stdout);
    province.wait_for_events(province.documents + 2 * held as i64);
    send(&["approve"]);
    province.wait_for_events(province.documents + 3 * held as i64);
    Province::end(&mut worker);
    province.index();
    province.check_results();
    let unpublished = "select count(*) as n from intake where outcome <> 'published'";
    assert_eq!(province.world.number(unpublished), 0);
    let list = ["dead-letters", "list", "--json"];
    let letters = province.world.sohoa(&[&list[..], &places].concat());
    assert!(letters.stdout.contains("X02_BROKEN_MESSAGE"), "{}", letters.stdout);
    let announced = read_committed(province.kafka.bootstrap(), &topic("deadletters"));
    let of_release = |letter: &&Message| {
        json(letter.payload.as_deref())["position"]["topic"] == topic("releases")
    };
    assert_eq!(announced.iter().filter(of_release).count(), 1);
    // What the clerk refused is announced as what a worker refuses is, and whoever follows the
    // submission hears of every step.
    let refused = announced.iter().filter(|letter| {
        let letter = json(letter.payload.as_deref());
        letter["code"] == "Q09_RELEASE_REFUSED" && letter["submission"] == "first"
    });
    assert_eq!(refused.count(), held);
    for event in province.events() {
        assert_eq!(event["submission"], "first", "{event}");
    }
}

/// Nobody's word is waited for: the agency has delegated it.
fn what_met_a_silent_authority_is_signed_when_it_answers() {
    let province = Province::new("1", 1);
    let authority = stamps::Authority::new();
    let answers = Arc::new(AtomicBool::new(false));
    let url = stamps::serve({
        let (authority, answers) = (authority.clone(), Arc::clone(&answers));
        move |query| {
            if answers.load(Ordering::SeqCst) {
                stamps::response("200 OK", &authority.reply(query))
            } else {
                stamps::response("503 Busy", b"later")
            }
        }
    });
    let config = std::fs::read_to_string(province.world.path("sohoa.toml")).unwrap();
    let root = authority.root_file().display().to_string();
    let config = format!(
        "{config}[sign]\ntimestamp_url = \"{url}\"\ntimestamp_roots = [\"{root}\"]\n\
         [release]\nretry_seconds = 1\n[store]\nretry_seconds = 1\n"
    );
    province.world.write("sohoa.toml", &config);
    let port = free_port();
    province.listen(port);
    province.backfill("first");
    let mut worker = province.worker("one");
    province.wait_for_events(province.documents);
    let held = province.events().iter().filter(|event| event["outcome"] == "held").count();
    assert!(held > 0);
    let tried = |result: &str| {
        let name = format!("sohoa_held_retries_total{{result=\"{result}\"}} ");
        let metrics = get(port, "/metrics");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or("0");
        line.trim().parse::<f64>().unwrap()
    };
    wait_until("a try that meets the silence", || tried("silent") >= 1.0);
    answers.store(true, Ordering::SeqCst);
    province.wait_for_events(province.documents + held as i64);
    wait_until("the tries that did not", || tried("published") >= held as f64);
    Province::end(&mut worker);
    province.index();
    province.check_results();
    let unpublished = "select count(*) as n from intake where outcome <> 'published'";
    assert_eq!(province.world.number(unpublished), 0);
    let stamped =
        "select count(*) as n from signatures where made_by_sohoa and pades_level = 'B-T'";
    assert_eq!(province.world.number(stamped), held as i64);
}

/// Once it may be the worker that lacks an input; the second time it is the message that is wrong.
fn a_message_for_an_input_nobody_knows_stops_the_lane_once() {
    let province = Province::new("1", 1);
    province.backfill("first");
    let bulk = read_committed(province.kafka.bootstrap(), &topic("bulk"));
    let sent = json(bulk[0].payload.as_deref());
    let mut other = sent.clone();
    other["input"] = "khoo".into();
    let other = other.to_string();
    messages::send(province.kafka.bootstrap(), &topic("live"), "k", other.as_bytes());
    let mut worker = province.worker("one");
    assert_eq!(worker.wait().unwrap().code(), Some(2));
    let mut worker = province.worker("two");
    province.wait_for_events(province.documents);
    let places = ["--output", "s3://records/out", "--json"];
    let list = || province.world.sohoa(&[&["dead-letters", "list"], &places[..]].concat()).stdout;
    wait_until("the message's entry", || list().contains("X02_BROKEN_MESSAGE"));
    Province::end(&mut worker);
    assert!(list().contains("--input khoo=ADDRESS"), "{}", list());
    province.index();
    province.check();
}

fn a_broken_message_is_kept() {
    let province = Province::new("1", 1);
    let bulk = topic("bulk");
    let live = topic("live");
    messages::send(province.kafka.bootstrap(), &bulk, "k", b"not json");
    messages::send(province.kafka.bootstrap(), &live, "k", br#"{"schema_version": 99}"#);
    province.backfill("first");
    let mut worker = province.worker("one");
    province.wait_for_events(province.documents);
    Province::end(&mut worker);
    let letters = read_committed(province.kafka.bootstrap(), &topic("deadletters"));
    let codes: Vec<Value> =
        letters.iter().map(|letter| json(letter.payload.as_deref())["code"].clone()).collect();
    assert_eq!(codes, ["X02_BROKEN_MESSAGE", "X02_BROKEN_MESSAGE"]);
    let listed = || {
        let list = ["dead-letters", "list", "--output", "s3://records/out", "--json"];
        province.world.sohoa(&list).stdout.lines().count()
    };
    assert_eq!(listed(), 2);
    province.index();
    province.check();
    // A worker that knows more may be sent them again, as they came; one that is refused again is
    // still one message.
    let bodies = [&b"not json"[..], br#"{"schema_version": 99}"#];
    let again = |round: usize| {
        let replay = ["dead-letters", "replay", "--config", "sohoa.toml"];
        let replayed =
            province.world.sohoa(&[&replay[..], &["--output", "s3://records/out"]].concat());
        assert_eq!(replayed.exit, 0, "{}", replayed.stderr);
        let sent = read_committed(province.kafka.bootstrap(), &bulk);
        for (body, before) in bodies.iter().zip([1, 0]) {
            let same = |message: &&Message| message.payload.as_deref() == Some(*body);
            let same: Vec<_> = sent.iter().filter(same).collect();
            assert_eq!(same.len(), before + round, "{}", replayed.stdout);
            assert!(same.iter().all(|message| message.key.as_deref() == Some(&b"k"[..])));
        }
    };
    again(1);
    assert_eq!(listed(), 0, "they are on their way");
    let mut worker = province.worker("one");
    let letters = || read_committed(province.kafka.bootstrap(), &topic("deadletters")).len();
    wait_until("both refused again", || letters() == 4);
    Province::end(&mut worker);
    assert_eq!(listed(), 2, "these are work again");
    again(2);
}

/// A newer worker's event stops no index; it is kept for an indexer that knows it.
fn an_event_that_is_none_is_kept() {
    let province = Province::new("1", 1);
    let bodies = [&br#"{"schema_version": 99, "new": true}"#[..], b"not json"];
    for body in bodies {
        messages::send(province.kafka.bootstrap(), &topic("documents"), "k", body);
    }
    province.backfill("first");
    let mut worker = province.worker("one");
    let said = || read_committed(province.kafka.bootstrap(), &topic("documents")).len() as i64;
    wait_until("the events", || said() == province.documents + 2);
    Province::end(&mut worker);
    province.index();
    assert_eq!(province.world.number("select count(*) as n from documents"), province.documents);
    let letters = read_committed(province.kafka.bootstrap(), &topic("deadletters"));
    let letters: Vec<Value> =
        letters.iter().map(|letter| json(letter.payload.as_deref())).collect();
    let of_events = |letter: &&Value| letter["position"]["topic"] == topic("documents");
    assert_eq!(letters.iter().filter(of_events).count(), 2, "{letters:?}");
    let places = ["--output", "s3://records/out", "--config", "sohoa.toml"];
    let list = province.world.sohoa(&[&["dead-letters", "list"], &places[..]].concat());
    assert!(list.stdout.contains("schema_version 99"), "{}", list.stdout);
    // An indexer that knows more may be sent them again, as they came.
    let replayed = province.world.sohoa(&[&["dead-letters", "replay"], &places[..]].concat());
    assert!(replayed.stdout.contains("2 sent, 0 not"), "{} {}", replayed.stdout, replayed.stderr);
    let events = read_committed(province.kafka.bootstrap(), &topic("documents"));
    for body in bodies {
        let same = events.iter().filter(|event| event.payload.as_deref() == Some(body));
        assert_eq!(same.count(), 2);
    }
    province.index();
}

/// A worker that was not told of an input refuses nothing: it stops, and one that was goes on.
fn an_input_that_a_worker_lacks_is_named() {
    let province = Province::new("1", 1);
    province.submit("quay-1", "quay=s3://scans", &["--lane", "live"]);
    let places = ["--output", "s3://records/out", "--config", "sohoa.toml"];
    let worker = ["worker", "--slot", "one", "--input", "s3://scans"];
    let ended = province.world.sohoa(&[&worker[..], &places].concat());
    assert_eq!(ended.exit, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("--input quay="), "{}", ended.stderr);
    let letters = read_committed(province.kafka.bootstrap(), &topic("deadletters"));
    assert_eq!(letters.len(), 0);
    let mut worker = province.worker_of("one", &["--input", "quay=s3://scans"]);
    province.wait_for_events(province.documents);
    Province::end(&mut worker);
    assert_eq!(province.refused(), [] as [Value; 0]);
    province.index();
    assert_eq!(province.world.number("select count(*) as n from documents"), province.documents);
}

fn a_topic_emptied_by_retention_is_no_loss() {
    let partitions = 2;
    let province = Province::new("2", partitions);
    province.backfill("first");
    let mut worker = province.worker("one");
    province.wait_for_events(province.documents);
    province.index();
    province.kafka.empty(&topic("documents"), partitions);
    // All that was there is indexed: behind the last event there were only ends of transactions.
    province.index();
    province.backfill("second");
    province.wait_for_events(province.documents);
    Province::end(&mut worker);
    province.kafka.empty(&topic("documents"), partitions);
    let lost = province.index_once(&[]);
    assert_eq!(lost.exit, 2, "{}", lost.stderr);
    assert!(lost.stderr.contains("removed unread"), "{}", lost.stderr);
    let gone_on = province.index_once(&["--skip-removed"]);
    assert_eq!(gone_on.exit, 0, "{}", gone_on.stderr);
    province.index();
}

/// Each document can be followed by its own name and by its sender's trace.
fn a_workers_log_names_documents_and_traces() {
    let province = Province::new("1", 1);
    province.backfill("first");
    let log = province.world.path("worker.log");
    let settings = ["--slot", "one", "--input", "s3://scans", "--config", "sohoa.toml"];
    let worker = ["worker", "-v", "--log-json", "--output", "s3://records/out"];
    let mut worker = province.world.start_saying(&[&worker[..], &settings].concat(), &log);
    province.wait_for_events(province.documents);
    Province::end(&mut worker);
    let said = std::fs::read_to_string(&log).unwrap();
    for event in read_committed(province.kafka.bootstrap(), &topic("documents")) {
        let source = json(event.payload.as_deref())["source_uid"].as_str().unwrap().to_owned();
        let trace = event.headers.iter().find(|(name, _)| name == "traceparent");
        let trace = trace.map(|(_, value)| String::from_utf8(value.clone()).unwrap());
        let trace = trace.expect("a trace");
        let told = |line: &str| [&source, &trace].iter().all(|id| line.contains(id.as_str()));
        assert!(said.lines().any(told), "{source} {trace}\n{said}");
    }
}

fn operators_see_what_a_worker_does() {
    let mut province = Province::new("1", 1);
    province.backfill("first");
    let port = free_port();
    province.listen(port);
    let mut worker = province.worker("one");
    province.wait_for_events(province.documents);
    let settled = format!(
        "sohoa_documents_total{{lane=\"bulk\",outcome=\"published\"}} {}",
        province.documents
    );
    wait_until("the settled documents", || get(port, "/metrics").contains(&settled));
    wait_until("an empty lane", || {
        get(port, "/metrics").contains("sohoa_lane_lag_documents{lane=\"bulk\"} 0")
    });
    let metrics = get(port, "/metrics");
    for wanted in [
        "sohoa_kafka_partitions_assigned{lane=\"live\"} 1",
        "sohoa_announce_seconds_count{result=\"committed\"}",
        "sohoa_store_operation_seconds_count{operation=\"create\",result=\"ok\"}",
        "sohoa_stage_documents_out_total{stage=\"publish\"}",
    ] {
        assert!(metrics.contains(wanted), "{wanted} is missing in\n{metrics}");
    }
    assert!(get(port, "/healthz").starts_with("HTTP/1.0 200"));
    wait_until("a ready worker", || get(port, "/readyz").starts_with("HTTP/1.0 200"));
    if !province.kafka.is_ours() {
        return Province::end(&mut worker);
    }
    // A worker without a broker lives and waits; nobody needs to start it again.
    province.kafka.kill(0);
    wait_until("a worker that says what it lacks", || {
        let ready = get(port, "/readyz");
        ready.starts_with("HTTP/1.0 503") && ready.contains("no Kafka broker answers")
    });
    assert!(get(port, "/healthz").starts_with("HTTP/1.0 200"));
    province.kafka.launch(0);
    province.kafka.wait_ready();
    wait_until("a ready worker again", || get(port, "/readyz").starts_with("HTTP/1.0 200"));
    Province::end(&mut worker);
}

/// A commit waits for the store for minutes, and meanwhile a supervisor knows.
fn an_indexer_whose_store_is_away_says_so() {
    let mut province = Province::new("1", 1);
    province.backfill("first");
    let mut worker = province.worker("one");
    province.wait_for_events(province.documents);
    Province::end(&mut worker);
    let port = free_port();
    province.listen(port);
    let indexer = ["indexer", "--output", "s3://records/out", "--config", "sohoa.toml"];
    let mut indexer = province.world.start(&indexer);
    wait_until("the indexer", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let rows = format!("sohoa_index_rows_total{{table=\"documents\"}} {}", province.documents);
    wait_until("the rows", || get(port, "/metrics").contains(&rows));
    wait_until("a ready indexer", || get(port, "/readyz").starts_with("HTTP/1.0 200"));
    province.gateway.kill();
    let event = read_committed(province.kafka.bootstrap(), &topic("documents")).remove(0);
    let (key, event) = (event.key.unwrap(), event.payload.unwrap());
    let key = String::from_utf8(key).unwrap();
    messages::send(province.kafka.bootstrap(), &topic("documents"), &key, &event);
    wait_until("an indexer that says what it lacks", || {
        get(port, "/readyz").starts_with("HTTP/1.0 503")
    });
    assert!(get(port, "/healthz").starts_with("HTTP/1.0 200"));
    province.gateway.restart();
    wait_until("a ready indexer again", || get(port, "/readyz").starts_with("HTTP/1.0 200"));
    Province::end(&mut indexer);
    let documents = province.world.number("select count(*) as n from documents");
    assert_eq!(documents, province.documents);
    province.world.audit();
}

/// A port of the loopback that nobody has.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    // Version 1.0, since an answer in chunks has their lengths amid its lines.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: sohoa\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn a_backfill_keeps_to_its_limit_and_waits_while_it_is_paused() {
    let province = Province::new("1", 1);
    assert!(province.documents > 2);
    let sent = || read_committed(province.kafka.bootstrap(), &topic("bulk")).len() as i64;
    let bounds = ["--limit", "2", "--rate", "500", "--in-flight", "1000"];
    province.submit("first", "s3://scans", &bounds);
    assert_eq!(sent(), 2);

    // Paused before it begins, it sends nothing until it is told to go on.
    let second = ["--submission", "second", "--config", "sohoa.toml"];
    let places = ["backfill", "--input", "s3://scans", "--output", "s3://records/out"];
    let second = [&places[..], &second].concat();
    let order = |word: &str| province.world.sohoa(&[&second[..], &["--order", word]].concat());
    assert_eq!(order("pause").exit, 1, "it was never begun");
    let ledger = province.world.path("buckets/records/out/ledger/second");
    std::fs::create_dir_all(&ledger).unwrap();
    std::fs::write(ledger.join("pause"), "").unwrap();
    let mut backfill = province.world.start(&second);
    wait_until("a plan", || ledger.join("plan.json").exists());
    assert_eq!(sent(), 2);
    let status: Value = serde_json::from_str(&order("status").stdout).unwrap();
    assert_eq!((&status["paused"], &status["done"]), (&true.into(), &false.into()), "{status}");
    assert_eq!(status["settled"], Value::Null, "nothing is submitted yet");
    let resumed = order("resume");
    assert_eq!(resumed.exit, 0, "{}", resumed.stderr);
    assert_eq!(backfill.wait().unwrap().code(), Some(0));
    assert_eq!(sent(), 2 + province.documents);
    let status: Value = serde_json::from_str(&order("status").stdout).unwrap();
    assert_eq!((&status["paused"], &status["done"]), (&false.into(), &true.into()), "{status}");
    assert_eq!(status["submitted"]["documents"], province.documents);
    // No worker has come yet; both submissions wait in the lane.
    assert_eq!((&status["consumed"], &status["settled"]), (&0.into(), &0.into()), "{status}");
    assert_eq!(status["lag"], 2 + province.documents);
}

fn what_is_missing_is_named() {
    let province = Province::new("1", 1);
    let start = |config: &str| {
        province.world.write("other.toml", config);
        province.world.sohoa(&[
            "worker",
            "--input",
            "s3://scans",
            "--output",
            "s3://records/out",
            "--config",
            "other.toml",
            "--slot",
            "one",
        ])
    };
    // Nothing listens on the discard port of the loopback.
    let away = start("[kafka]\nbrokers = \"127.0.0.1:9\"\n");
    assert_eq!(away.exit, 4, "{}", away.stderr);
    assert!(away.stderr.contains("kafka.brokers"), "{}", away.stderr);
    let brokers = province.kafka.bootstrap();
    let missing = start(&format!("[kafka]\nbrokers = \"{brokers}\"\nprefix = \"nobody\"\n"));
    assert_eq!(missing.exit, 2, "{}", missing.stderr);
    assert!(missing.stderr.contains("nobody.live.v1"), "{}", missing.stderr);
    let unknown = start(&format!(
        "[kafka]\nbrokers = \"{brokers}\"\n[kafka.properties]\n\"no.such\" = \"1\"\n"
    ));
    assert_eq!(unknown.exit, 2, "{}", unknown.stderr);
    assert!(unknown.stderr.contains("no.such"), "{}", unknown.stderr);
}
