//! Brokers as provinces have them: with passwords, TLS and rights, or set up wrongly.

use std::{
    fmt::Write as _,
    process::Child,
    sync::{Mutex, PoisonError},
    thread,
};

use serde_json::Value;
use sohoa_harness::{
    Secured, pdf,
    reader::read_committed,
    secured::{Operation, Resource, STRANGER, USER, User},
};
use tempfile::TempDir;

use crate::support::{Ran, World, signal, wait_until};

/// Name, address, properties, and what the answer has to say.
type Case<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>, &'a [&'a str]);

/// Configuration, exit, further arguments, and what the answer has to be.
type Check<'a> = (&'a str, i32, &'a [&'a str], fn(&str));

/// All tests of this file.
pub(crate) const TESTS: [(&str, fn()); 6] = [
    ("brokers::documents_pass_under_every_protection", documents_pass_under_every_protection),
    ("brokers::who_is_not_let_in_is_told_why", who_is_not_let_in_is_told_why),
    ("brokers::every_command_names_the_missing_right", every_command_names_the_missing_right),
    ("brokers::every_command_names_the_wrong_password", every_command_names_the_wrong_password),
    ("brokers::check_says_what_is_there", check_says_what_is_there),
    ("brokers::a_broker_that_goes_away_is_waited_for", a_broker_that_goes_away_is_waited_for),
];

/// One broker for all tests of this file but those that break it.
static SHARED: Mutex<Option<(Secured, TempDir)>> = Mutex::new(None);

/// Ends it.
pub(crate) fn finish() {
    drop(SHARED.lock().unwrap_or_else(PoisonError::into_inner).take());
}

fn start() -> (Secured, TempDir) {
    let folder = TempDir::new().unwrap();
    let mut secured = Secured::start(folder.path());
    for prefix in ["all", "topics", "group", "transactions"] {
        create(&mut secured, prefix);
    }
    secured.allow("all.", &TOPICS);
    secured.allow("all-", &GROUP);
    secured.allow("all-", &TRANSACTIONS);
    secured.allow("topics.", &TOPICS);
    secured.allow("group.", &TOPICS);
    secured.allow("group-", &GROUP);
    secured.allow("transactions.", &TOPICS);
    secured.allow("transactions-", &TRANSACTIONS);
    (secured, folder)
}

fn create(secured: &mut Secured, prefix: &str) {
    let names = ["live", "bulk", "releases", "documents", "deadletters"];
    let names = names.map(|name| format!("{prefix}.{name}.v1"));
    secured.kafka.create_topics(&names.each_ref().map(|name| (name.as_str(), 2)));
}

/// The rights that `deploy/sohoa.example.toml` names.
const TOPICS: [(Resource, Operation); 3] = [
    (Resource::Topics, Operation::Read),
    (Resource::Topics, Operation::Write),
    (Resource::Topics, Operation::DescribeConfigs),
];
const GROUP: [(Resource, Operation); 1] = [(Resource::Groups, Operation::Read)];
const TRANSACTIONS: [(Resource, Operation); 2] =
    [(Resource::Transactions, Operation::Write), (Resource::Transactions, Operation::Describe)];

/// What a client needs to know of the shared broker.
struct Doors {
    plain: String,
    sasl: String,
    tls: String,
    sasl_tls: String,
    authority: String,
}

fn doors() -> Doors {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let (secured, _) = shared.get_or_insert_with(start);
    Doors {
        plain: secured.kafka.bootstrap().to_owned(),
        sasl: secured.sasl.clone(),
        tls: secured.tls.clone(),
        sasl_tls: secured.sasl_tls.clone(),
        authority: secured.authority.to_str().unwrap().to_owned(),
    }
}

/// A folder of scans, and a place for records.
struct Site {
    world: World,
}

impl Site {
    fn new() -> Self {
        let mut world = World::new();
        for folder in ["scans", "out"] {
            std::fs::create_dir(world.path(folder)).unwrap();
        }
        std::fs::write(world.path("scans/1.pdf"), pdf::decision(1, 1)).unwrap();
        let password = ("SOHOA_TEST_PASSWORD", USER.password.to_owned());
        world.use_addresses("scans", "out", vec![password]);
        world.write("password", &format!("{}\n", USER.password));
        Self { world }
    }

    /// A configuration file of this name.
    fn config(&self, name: &str, prefix: &str, brokers: &str, properties: &[(&str, &str)]) {
        let mut text = format!(
            "[workers]\ncount = 1\n[kafka]\nbrokers = \"{brokers}\"\nprefix = \"{prefix}\"\n\
             announce_milliseconds = 50\n[index]\ncommit_seconds = 1\n[kafka.properties]\n"
        );
        for (property, value) in properties {
            writeln!(text, "\"{property}\" = \"{value}\"").unwrap();
        }
        self.world.write(name, &text);
    }

    fn arguments<'a>(command: &'a str, config: &'a str, further: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec![command, "--output", "out", "--config", config];
        all.extend(match command {
            "worker" => &["--input", "scans", "--slot", "one"][..],
            "backfill" => &["--input", "scans", "--submission", "first"],
            "indexer" => &["--once"],
            _ => &[],
        });
        all.extend(further);
        all
    }

    fn sohoa(&self, command: &str, config: &str) -> Ran {
        self.world.sohoa(&Self::arguments(command, config, &[]))
    }

    /// All of them stop, each with code 2, or 4 after it was tried again, and a sentence that says
    /// these words.
    fn all_refuse(&self, cases: &[(&str, &str, &[&str])]) {
        thread::scope(|scope| {
            for (command, config, words) in cases {
                scope.spawn(move || {
                    let ran = self.sohoa(command, config);
                    let exit = if words.contains(&"trying again") { 4 } else { 2 };
                    assert_eq!(ran.exit, exit, "{command}, {config}: {}", ran.stderr);
                    says(&ran.stderr, words);
                });
            }
        });
    }
}

fn says(stderr: &str, words: &[&str]) {
    for word in words {
        assert!(stderr.contains(word), "`{word}` is missing in: {stderr}");
    }
    let secrets = [USER.password, STRANGER.password, "wrong-password"];
    assert!(secrets.iter().all(|secret| !stderr.contains(secret)), "a secret: {stderr}");
    assert!(stderr.lines().count() < 8 && stderr.len() < 1_500, "not for people: {stderr}");
}

fn as_user<'a>(protocol: &'a str, mechanism: &'a str, user: User) -> Vec<(&'a str, &'a str)> {
    vec![
        ("security.protocol", protocol),
        ("sasl.mechanism", mechanism),
        ("sasl.username", user.name),
        ("sasl.password", user.password),
    ]
}

fn documents_pass_under_every_protection() {
    let doors = doors();
    let site = Site::new();
    let file = format!("file:{}", site.world.path("password").display());
    let trusted = ("ssl.ca.location", doors.authority.as_str());
    let mut by_variable = as_user("SASL_PLAINTEXT", "PLAIN", USER);
    by_variable[3].1 = "env:SOHOA_TEST_PASSWORD";
    let mut by_file = as_user("SASL_PLAINTEXT", "SCRAM-SHA-256", USER);
    by_file[3].1 = &file;
    let mut over_tls = as_user("SASL_SSL", "SCRAM-SHA-512", USER);
    over_tls[3].1 = &file;
    over_tls.push(trusted);
    let cases = [
        ("one.toml", &doors.sasl, by_variable),
        ("two.toml", &doors.sasl, by_file),
        ("three.toml", &doors.tls, vec![("security.protocol", "SSL"), trusted]),
        ("four.toml", &doors.sasl_tls, over_tls),
    ];
    for (config, brokers, properties) in &cases {
        site.config(config, "all", brokers, properties);
    }
    // Each command through another door, as who has exactly the documented rights.
    let sent = site.sohoa("backfill", "one.toml");
    assert_eq!(sent.exit, 0, "{}", sent.stderr);
    let mut worker = site.world.start(&Site::arguments("worker", "four.toml", &[]));
    let events = || read_committed(&doors.plain, "all.documents.v1");
    wait_until("the event", || {
        assert!(worker.try_wait().unwrap().is_none(), "the worker ended");
        !events().is_empty()
    });
    end(&mut worker);
    let indexed = site.sohoa("indexer", "two.toml");
    assert_eq!(indexed.exit, 0, "{}", indexed.stderr);
    assert_eq!(site.world.number("select count(*) as n from documents"), 1);
    let again = site.sohoa("indexer", "three.toml");
    assert_eq!(again.exit, 0, "{}", again.stderr);
    a_correction_is_announced(&site);
}

/// The index has one writer: a correction goes to it the way a document does.
fn a_correction_is_announced(site: &Site) {
    let uid = &site.world.query("select document_uid from documents")[0]["document_uid"];
    let row = format!("document_uid,field,value\n{},number,4567\n", uid.as_str().unwrap());
    site.world.write("a.csv", &row);
    let arguments = Site::arguments("amend", "one.toml", &["a.csv", "--by", "Lan"]);
    let amended = site.world.sohoa(&arguments);
    assert_eq!(amended.exit, 0, "{}", amended.stderr);
    assert!(amended.stdout.contains("announced to sohoa indexer"), "{}", amended.stdout);
    let version = || site.world.number("select version as n from documents");
    assert_eq!(version(), 1);
    assert_eq!(site.sohoa("indexer", "two.toml").exit, 0);
    assert_eq!(version(), 2);
    // The same file again has nothing more to tell.
    assert_eq!(site.world.sohoa(&arguments).exit, 0);
    assert_eq!(site.sohoa("indexer", "three.toml").exit, 0);
    assert_eq!(site.world.number("select count(*) as n from document_versions"), 2);
}

fn end(worker: &mut Child) {
    signal(worker, "TERM");
    assert_eq!(worker.wait().unwrap().code(), Some(0));
}

fn who_is_not_let_in_is_told_why() {
    let doors = doors();
    let site = Site::new();
    let trusted = ("ssl.ca.location", doors.authority.as_str());
    let wrong = User { password: "wrong-password", ..USER };
    let mut mechanism = as_user("SASL_SSL", "PLAIN", USER);
    mechanism.push(trusted);
    let plain = |protocol| vec![("security.protocol", protocol)];
    let protocol: &[&str] = &["security.protocol"];
    let password: &[&str] = &["sasl.password", "does not let us in"];
    // They may be starting behind somebody who answers for them: they have all the time there is.
    let hangs_up: &[&str] = &["trying again", "hangs up", "security.protocol"];
    let cases: [Case<'_>; 9] = [
        ("plain-password", &doors.sasl, as_user("SASL_PLAINTEXT", "PLAIN", wrong), password),
        (
            "salted-password",
            &doors.sasl,
            as_user("SASL_PLAINTEXT", "SCRAM-SHA-512", wrong),
            password,
        ),
        ("mechanism", &doors.sasl_tls, mechanism, &["sasl.mechanism", "SCRAM-SHA-512"]),
        ("tls-to-plain", &doors.plain, vec![("security.protocol", "SSL"), trusted], protocol),
        ("plain-to-tls", &doors.tls, plain("PLAINTEXT"), hangs_up),
        ("plain-to-sasl", &doors.sasl, plain("PLAINTEXT"), hangs_up),
        ("sasl-to-plain", &doors.plain, as_user("SASL_PLAINTEXT", "PLAIN", USER), protocol),
        ("authority", &doors.tls, plain("SSL"), &["ssl.ca.location", "certificate"]),
        ("variable", &doors.sasl, vec![("sasl.password", "env:SOHOA_NONE")], &["SOHOA_NONE"]),
    ];
    for (name, brokers, properties, _) in &cases {
        site.config(name, "all", brokers, properties);
    }
    let cases = cases.each_ref().map(|(name, _, _, words)| ("backfill", *name, *words));
    site.all_refuse(&cases);
}

fn every_command_names_the_wrong_password() {
    let doors = doors();
    let site = Site::new();
    let wrong = User { password: "wrong-password", ..USER };
    let mut properties = as_user("SASL_SSL", "SCRAM-SHA-512", wrong);
    properties.push(("ssl.ca.location", &doors.authority));
    site.config("wrong", "all", &doors.sasl_tls, &properties);
    let words: &[&str] = &["sasl.password", "does not let us in"];
    let commands = ["worker", "indexer", "backfill"];
    site.all_refuse(&commands.map(|command| (command, "wrong", words)));
}

fn every_command_names_the_missing_right() {
    let doors = doors();
    let site = Site::new();
    let known = as_user("SASL_PLAINTEXT", "PLAIN", USER);
    let stranger = as_user("SASL_PLAINTEXT", "PLAIN", STRANGER);
    site.config("stranger", "all", &doors.sasl, &stranger);
    site.config("topics", "topics", &doors.sasl, &known);
    site.config("group", "group", &doors.sasl, &known);
    site.config("transactions", "transactions", &doors.sasl, &known);
    // For who may do everything there is no such topic; for others there might be.
    site.config("missing", "nothing", &doors.plain, &[]);
    let stranger: &[&str] = &["does not permit", "topic `all.", "sasl.username"];
    let missing: &[&str] = &["has no topic", "nothing.", "kafka.prefix"];
    site.all_refuse(&[
        ("worker", "stranger", stranger),
        ("indexer", "stranger", stranger),
        ("backfill", "stranger", stranger),
        ("worker", "topics", &["does not permit", "transactional id"]),
        ("worker", "group", &["does not permit", "transactional id"]),
        ("worker", "transactions", &["does not permit", "consumer group"]),
        ("backfill", "topics", &["does not permit", "consumer group"]),
        ("worker", "missing", missing),
        ("indexer", "missing", missing),
        ("backfill", "missing", missing),
    ]);
}

fn check_says_what_is_there() {
    let doors = doors();
    let site = Site::new();
    let known = as_user("SASL_PLAINTEXT", "SCRAM-SHA-512", USER);
    site.config("good", "all", &doors.sasl, &known);
    site.config("missing", "nothing", &doors.plain, &[]);
    site.config("topics", "topics", &doors.sasl, &known);
    // Nothing listens on the discard port of the loopback.
    site.config("away", "all", "127.0.0.1:9", &[]);
    let checks: [Check<'_>; 4] = [
        ("good", 0, &["--input", "scans"], is_good),
        ("missing", 2, &["--json"], lacks_topics),
        ("topics", 2, &[], lacks_rights),
        ("away", 4, &[], is_away),
    ];
    thread::scope(|scope| {
        for (config, exit, further, judge) in checks {
            let site = &site;
            scope.spawn(move || {
                let ran = site.world.sohoa(&Site::arguments("check", config, further));
                assert_eq!(ran.exit, exit, "{config}: {}{}", ran.stdout, ran.stderr);
                says(&ran.stderr, &[]);
                judge(&ran.stdout);
            });
        }
    });
}

fn is_good(stdout: &str) {
    for line in [
        "ok     input: ",
        "ok     output: ",
        "SASL_PLAINTEXT, SCRAM-SHA-512 as `service`",
        "ok     topic all.bulk.v1: 2 partitions, 1 copies, min.insync.replicas 1",
        "ok     consumer group all-workers",
        "ok     transactional id all-worker-check",
    ] {
        assert!(stdout.contains(line), "`{line}` is missing in\n{stdout}");
    }
}

fn lacks_topics(stdout: &str) {
    let lines: Vec<Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |what: &str| lines.iter().find(|line| line["what"] == what).unwrap();
    assert_eq!(of("Kafka brokers")["ok"], true);
    let topic = of("topic nothing.live.v1");
    assert_eq!(topic["ok"], false);
    assert!(topic["detail"].as_str().unwrap().contains("kafka.prefix"), "{topic}");
}

fn lacks_rights(stdout: &str) {
    for line in ["FAILED consumer group topics-workers: ", "FAILED transactional id topics-"] {
        let found = stdout.lines().find(|found| found.starts_with(line));
        assert!(found.is_some_and(|found| found.contains("does not permit")), "{stdout}");
    }
}

fn is_away(stdout: &str) {
    let line = stdout.lines().find(|line| line.starts_with("FAILED Kafka brokers")).unwrap();
    assert!(line.contains("kafka.brokers") && line.contains("refused"), "{line}");
}

/// What was said is read while it runs.
fn a_broker_that_goes_away_is_waited_for() {
    let folder = TempDir::new().unwrap();
    let mut secured = Secured::start(folder.path());
    create(&mut secured, "all");
    let site = Site::new();
    site.config("plain", "all", secured.kafka.bootstrap(), &[("reconnect.backoff.max.ms", "200")]);
    let mut worker = Running::start(&site, "worker");
    worker.wait_for("takes documents");
    let mut indexer = Running::start(&site, "indexer");
    indexer.wait_for("takes events");
    secured.kafka.kill(0);
    for one in [&mut worker, &mut indexer] {
        one.wait_for("trying again");
    }
    secured.kafka.restart(0);
    let sent = site.sohoa("backfill", "plain");
    assert_eq!(sent.exit, 0, "{}", sent.stderr);
    let events = || read_committed(secured.kafka.bootstrap(), "all.documents.v1");
    wait_until("the event", || !events().is_empty());
    wait_until("the row", || site.world.files("out/index/documents").len() > 1);
    end(&mut worker.child);
    end(&mut indexer.child);
}

/// A command that runs on, and what it says.
struct Running {
    child: Child,
    said: std::path::PathBuf,
}

impl Running {
    fn start(site: &Site, command: &str) -> Self {
        let said = site.world.path(&format!("{command}.log"));
        let mut arguments = Site::arguments(command, "plain", &["-v"]);
        arguments.retain(|argument| *argument != "--once");
        Self { child: site.world.start_saying(&arguments, &said), said }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.said).unwrap_or_default()
    }

    fn wait_for(&mut self, words: &str) {
        wait_until(words, || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{ended:?}: {}", self.said());
            self.said().contains(words)
        });
    }
}
