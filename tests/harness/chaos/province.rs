//! A province under test: brokers, a store behind a network, and our processes, each started again
//! when it ends, as a supervisor does.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Output, Stdio},
    time::{Duration, Instant},
};

use sohoa_harness::{
    Gateway, Kafka, Proxy, holds_within,
    process::Process,
    programs,
    watch::{Answer, Watch},
};

/// First part of the topics' names.
const PREFIX: &str = "chaos";

/// Topics and their partitions.
const TOPICS: [(&str, i32); 5] =
    [("live", 2), ("bulk", 6), ("releases", 1), ("documents", 2), ("deadletters", 1)];

/// The codes that the program says it ends with; another end of its own accord is a defect.
const DOCUMENTED: [i32; 8] = [0, 1, 2, 3, 4, 5, 6, 130];

/// How often one kind of end is said when it happens; the sum is said at the end.
const SAID: usize = 3;

/// A supervisor does not start the same process again sooner.
const AGAIN: Duration = Duration::from_secs(1);

/// One of ours, by role and name; what it is started with follows from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Submits; is done when it ends with 0.
    Backfill,
    /// Releases what is held at the moment; is done when it ends with 0.
    Clerk,
    /// Writes the index.
    Indexer(&'static str),
    /// Works under a slot.
    Worker(String),
}

#[derive(Debug)]
struct Ours {
    process: Option<Process>,
    started: Instant,
}

/// Services, processes, and what was noticed of them.
#[derive(Debug)]
pub(crate) struct Province {
    pub(crate) folder: PathBuf,
    pub(crate) brokers: usize,
    pub(crate) kafka: Kafka,
    pub(crate) gateway: Gateway,
    pub(crate) network: Proxy,
    pub(crate) watch: Watch,
    ours: BTreeMap<Role, Ours>,
    backfill_done: bool,
    /// Documents a second that the backfill sends at most.
    rate: u64,
    /// How often a process that ended by itself was started again, by role and code.
    pub(crate) restarts: BTreeMap<String, usize>,
    /// Ends that the program does not document.
    pub(crate) defects: Vec<String>,
    began: Instant,
}

impl Province {
    /// Starts the services; `folder/buckets/scans` is there already.
    pub(crate) fn start(folder: &Path, brokers: usize, rate: u64) -> Self {
        let buckets = folder.join("buckets");
        for made in ["buckets/records", "logs"] {
            fs::create_dir_all(folder.join(made)).unwrap();
        }
        let gateway = Gateway::start(&buckets);
        let network = Proxy::start(gateway.address());
        let mut kafka = Kafka::start(&folder.join("kafka"), brokers);
        assert!(kafka.is_ours(), "faults need brokers of their own: unset SOHOA_KAFKA_BROKERS");
        let names = TOPICS.map(|(name, partitions)| (topic(name), partitions));
        let names: Vec<_> = names.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        kafka.create_topics(&names);
        fs::write(folder.join("sohoa.toml"), config(kafka.bootstrap())).unwrap();
        let watch = Watch::start(
            kafka.bootstrap(),
            (&topic("documents"), TOPICS[3].1),
            Some(&folder.join("logs/watch.log")),
        );
        Self {
            folder: folder.to_owned(),
            brokers,
            kafka,
            gateway,
            network,
            watch,
            ours: BTreeMap::new(),
            backfill_done: false,
            rate,
            restarts: BTreeMap::new(),
            defects: Vec::new(),
            began: Instant::now(),
        }
    }

    /// Says something with the time since the start.
    pub(crate) fn say(&self, what: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        println!("{seconds:7.1} s, {:5} events: {what}", self.watch.events());
    }

    /// Whether everything was submitted.
    pub(crate) fn submitted(&self) -> bool {
        self.backfill_done
    }

    /// Whether a process of this role is meant to run.
    pub(crate) fn has(&self, role: &Role) -> bool {
        self.ours.contains_key(role)
    }

    /// Starts a process that is kept running from now on.
    pub(crate) fn launch(&mut self, role: Role) {
        let process = Some(self.spawn(&role));
        self.ours.insert(role, Ours { process, started: Instant::now() });
    }

    /// Kills a process (SIGKILL); it is kept running no more.
    pub(crate) fn kill(&mut self, role: &Role) {
        self.ours.remove(role);
    }

    /// Asks a process to end (SIGTERM), without keeping it running, and says how it ended.
    pub(crate) fn end(&mut self, role: &Role, limit: Duration) -> Option<ExitStatus> {
        let mut process = self.ours.remove(role)?.process?;
        process.ask_to_end();
        let mut ended = None;
        holds_within(limit, || {
            ended = process.ended();
            ended.is_some()
        });
        ended
    }

    /// The process of a role, unless it is about to be started again.
    pub(crate) fn running(&mut self, role: &Role) -> Option<&mut Process> {
        self.ours.get_mut(role)?.process.as_mut()
    }

    /// Starts again what ended by itself.
    pub(crate) fn supervise(&mut self) {
        let roles: Vec<Role> = self.ours.keys().cloned().collect();
        for role in roles {
            let Some(ours) = self.ours.get_mut(&role) else { continue };
            if let Some(status) = ours.process.as_mut().and_then(Process::ended) {
                ours.process = None;
                if !(status.success() && self.done(&role)) {
                    self.noticed(&role, status);
                }
            } else if ours.process.is_none() && ours.started.elapsed() >= AGAIN {
                self.launch(role);
            }
        }
    }

    /// Whether a process that ended well is not started again.
    fn done(&mut self, role: &Role) -> bool {
        let done = matches!(role, Role::Backfill | Role::Clerk);
        if done {
            self.ours.remove(role);
        }
        if *role == Role::Backfill {
            self.backfill_done = true;
            self.say("everything is submitted");
        }
        done
    }

    fn noticed(&mut self, role: &Role, status: ExitStatus) {
        let kind = match role {
            Role::Backfill => "backfill",
            Role::Clerk => "clerk",
            Role::Indexer(_) => "indexer",
            Role::Worker(_) => "worker",
        };
        let times = self.restarts.entry(format!("{kind}: {status}")).or_default();
        *times += 1;
        if *times <= SAID {
            self.say(&format!("{role:?} ended by itself, {status}; it is started again"));
        }
        if !status.code().is_some_and(|code| DOCUMENTED.contains(&code)) {
            self.defects.push(format!("{role:?} ended with {status}"));
        }
    }

    /// Documents that wait for the clerk, as far as was announced.
    pub(crate) fn held(&self) -> usize {
        let waits = |answer: &Answer| !answer.published && answer.key.starts_with("work/");
        self.watch.answers().iter().filter(|answer| waits(answer)).count()
    }

    /// Supervises until `done`, at most for `limit`; whether it came to be.
    pub(crate) fn within(&mut self, limit: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        holds_within(limit, || {
            self.supervise();
            done(self)
        })
    }

    /// Runs one of our commands to its end, its errors to a log.
    pub(crate) fn run(&self, name: &str, arguments: &[&str]) -> Output {
        let output = self.command().args(arguments).stdin(Stdio::null()).output().unwrap();
        let log = self.folder.join("logs").join(format!("{name}.log"));
        fs::write(log, [&output.stdout[..], &output.stderr[..]].concat()).unwrap();
        output
    }

    fn command(&self) -> Command {
        programs::sohoa(&self.folder, self.gateway.environment_through(self.network.address()))
    }

    fn spawn(&self, role: &Role) -> Process {
        let places = ["--output", "s3://records/out", "--config", "sohoa.toml", "-v", "--log-json"];
        let mut command = self.command();
        let name = match role {
            Role::Backfill => {
                let rate = self.rate.to_string();
                command.args(["backfill", "--input", "s3://scans", "--submission", "chaos"]);
                command.args(["--rate", &rate]);
                "backfill".to_owned()
            }
            Role::Clerk => {
                command.args(["release", "approve", "--send", "--all", "--by", "a clerk"]);
                "clerk".to_owned()
            }
            Role::Indexer(name) => {
                command.arg("indexer");
                format!("indexer-{name}")
            }
            Role::Worker(slot) => {
                command.args(["worker", "--input", "s3://scans", "--slot", slot]);
                format!("worker-{slot}")
            }
        };
        command.args(places);
        let log = self.folder.join("logs").join(format!("{name}.log"));
        Process::start(&name, &mut command, &log)
    }
}

/// A topic's whole name.
pub(crate) fn topic(name: &str) -> String {
    format!("{PREFIX}.{name}.v1")
}

/// Short sessions, so that a killed worker's partitions are soon another's.
fn config(bootstrap: &str) -> String {
    format!(
        "[kafka]\nbrokers = \"{bootstrap}\"\nprefix = \"{PREFIX}\"\nannounce_milliseconds = 50\n\
         [kafka.properties]\n\"session.timeout.ms\" = \"6000\"\n\
         \"reconnect.backoff.max.ms\" = \"200\"\n\
         [index]\ncommit_seconds = 1\n[release]\nmode = \"manual\"\n"
    )
}
