//! Brokers and a store, and in them one measured go after another, each with topics, a group and
//! an output of its own: nothing that an earlier go did is found done by a later one.

use std::{
    env, fs,
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use sohoa_harness::{
    Gateway, Kafka, holds_within, messages::Sender, process::Process, programs, watch::Watch,
};
use uuid::Uuid;

use crate::{account, arguments::Common, machine, submission::Scan};

/// Topics and their partitions: more than one worker has slots, as a province has.
const TOPICS: [(&str, i32); 5] =
    [("live", 2), ("bulk", 6), ("releases", 1), ("documents", 2), ("deadletters", 1)];

/// Without an event for this long, none is expected any more; a document of hundreds of pages
/// takes minutes.
const STILL: Duration = Duration::from_mins(30);

/// No go takes longer: it hangs.
const LONGEST: Duration = Duration::from_hours(24);

/// The input's name, which is its bucket's as well, and its URL.
const NAME: &str = "scans";
pub(crate) const INPUT: &str = "s3://scans";

/// A folder; kept when the measurement fails.
#[derive(Debug)]
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("everything is kept in {}", self.0.display());
        } else {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }
}

/// The services, and what is shared by all goes.
#[derive(Debug)]
pub(crate) struct World {
    kafka: Kafka,
    gateway: Gateway,
    sender: Sender,
    /// Page workers.
    pub(crate) workers: usize,
    // Last, so that what runs in it is gone before it.
    folder: Folder,
}

impl World {
    /// Starts the services in a new folder.
    pub(crate) fn start(common: &Common) -> Self {
        account::adopt();
        let place = common.folder.clone().unwrap_or_else(env::temp_dir);
        let folder = place.join(format!("sohoa-lanes-{}", std::process::id()));
        let folder = Folder(std::path::absolute(folder).unwrap());
        for made in ["buckets/records", "buckets/scans", "logs"] {
            fs::create_dir_all(folder.0.join(made)).unwrap();
        }
        let gateway = Gateway::start(&folder.0.join("buckets"));
        let kafka = Kafka::start(&folder.0.join("kafka"), 1);
        let sender = Sender::new(kafka.bootstrap());
        let workers = common.workers.unwrap_or_else(machine::cores);
        Self { kafka, gateway, sender, workers, folder }
    }

    /// A path in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    /// The folder behind the input bucket.
    pub(crate) fn bucket(&self) -> PathBuf {
        self.path("buckets").join(NAME)
    }

    /// A go with its topics; `settings` are further lines of `[workers]`.
    pub(crate) fn go(&mut self, name: &str, settings: &str) -> Go {
        // Several may measure with the same brokers.
        let prefix = format!("lanes{}-{name}", std::process::id());
        let topics = TOPICS.map(|(topic, partitions)| (format!("{prefix}.{topic}.v1"), partitions));
        let named: Vec<_> = topics.iter().map(|(topic, count)| (topic.as_str(), *count)).collect();
        self.kafka.create_topics(&named);
        let brokers = self.kafka.bootstrap();
        let workers = self.workers;
        let config = format!(
            "[workers]\ncount = {workers}\n{settings}[kafka]\nbrokers = \"{brokers}\"\n\
             prefix = \"{prefix}\"\n"
        );
        fs::write(self.path(&format!("{name}.toml")), config).unwrap();
        let watch = Watch::start(brokers, (&topics[3].0, topics[3].1), None);
        Go { name: name.to_owned(), prefix, watch, brokers: brokers.to_owned() }
    }

    /// Submits scans in this order, each as a document of its own; their dossiers.
    pub(crate) fn submit<'a>(
        &self,
        go: &Go,
        lane: &str,
        scans: impl IntoIterator<Item = &'a Scan>,
    ) -> Vec<String> {
        let topic = go.topic(lane);
        self.sender.meet(&topic);
        let send = |scan: &Scan| {
            let dossier = Uuid::new_v4();
            let key = dossier.to_string();
            self.sender.send(&topic, &key, &scan.message(NAME, dossier));
            key
        };
        let dossiers = scans.into_iter().map(send).collect();
        self.sender.flush();
        dossiers
    }

    /// Submits one scan and does not wait; its dossier, and when.
    pub(crate) fn submit_now(&self, go: &Go, lane: &str, scan: &Scan) -> (String, Instant) {
        let dossier = Uuid::new_v4();
        let message = scan.message(NAME, dossier);
        let at = Instant::now();
        self.sender.send(&go.topic(lane), &dossier.to_string(), &message);
        (dossier.to_string(), at)
    }

    /// Starts one of our commands on the input, with the output and the settings of a go.
    pub(crate) fn start_command(&self, go: &Go, arguments: &[&str]) -> Running {
        let mut command = programs::sohoa(&self.folder.0, self.gateway.environment());
        command.args(arguments).args(["--config", &format!("{}.toml", go.name)]);
        command.args(["--output", &go.output()]);
        if arguments[0] != "indexer" {
            command.args(["--input", INPUT]);
        }
        self.start_program(go, arguments[0], &mut command)
    }

    /// Starts the worker of a go.
    pub(crate) fn worker(&self, go: &Go) -> Running {
        self.start_command(go, &["worker", "--slot", "one"])
    }

    /// Starts any program that finds the store by its environment.
    pub(crate) fn start_program(&self, go: &Go, what: &str, command: &mut Command) -> Running {
        let log = self.path("logs").join(format!("{}-{what}.log", go.name));
        let process = Process::start(what, command.envs(self.gateway.environment()), &log);
        Running { process, log, began: Instant::now() }
    }

    /// An object of a go's output.
    pub(crate) fn object(&self, go: &Go, key: &str) -> Vec<u8> {
        fs::read(self.records(go).join(key)).unwrap()
    }

    /// The folder behind a go's output.
    pub(crate) fn records(&self, go: &Go) -> PathBuf {
        self.path("buckets/records").join(&go.name)
    }
}

/// Topics, group and output of one go, and what was announced in it.
#[derive(Debug)]
pub(crate) struct Go {
    name: String,
    /// First part of the topics' names.
    pub(crate) prefix: String,
    /// `bootstrap.servers`.
    pub(crate) brokers: String,
    /// What is announced.
    pub(crate) watch: Watch,
}

impl Go {
    /// URL of its output.
    pub(crate) fn output(&self) -> String {
        format!("s3://records/{}", self.name)
    }

    /// Pages of all documents that have an answer.
    pub(crate) fn pages(&self) -> u64 {
        self.watch.answers().iter().map(|answer| answer.pages).sum()
    }

    /// Waits until so many events are there, as long as they come and the program runs.
    pub(crate) fn wait(&self, running: &mut Running, events: usize) {
        let mut seen = self.watch.events();
        while seen < events {
            let more = holds_within(STILL, || {
                running.process.check();
                self.watch.events() > seen
            });
            assert!(more, "of {events} events only {seen} came");
            seen = self.watch.events();
        }
    }

    fn topic(&self, lane: &str) -> String {
        format!("{}.{lane}.v1", self.prefix)
    }
}

/// What a program has cost.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cost {
    /// CPU seconds, its children's included.
    pub(crate) cpu: f64,
    /// Seconds from its start to its end.
    pub(crate) wall: f64,
    said: String,
}

impl Cost {
    /// The JSON object that it printed as a line of its own.
    pub(crate) fn summary(&self) -> Value {
        let object = |line| serde_json::from_str::<Value>(line).ok().filter(Value::is_object);
        let summary = self.said.lines().rev().find_map(object);
        summary.unwrap_or_else(|| panic!("no summary in:\n{}", self.said))
    }
}

/// A program under measurement; killed when dropped.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) process: Process,
    log: PathBuf,
    began: Instant,
}

impl Running {
    /// Tells it to end.
    pub(crate) fn end(mut self) -> Cost {
        self.process.ask_to_end();
        self.finish(&[0])
    }

    /// Waits for its end by itself, with one of these codes.
    pub(crate) fn finish(mut self, codes: &[i32]) -> Cost {
        let over = holds_within(LONGEST, || self.process.is_over());
        let wall = self.began.elapsed().as_secs_f64();
        assert!(over, "a program does not end; it says so far:\n{}", self.said());
        let cpu = account::settle(&self.process);
        let code = self.process.ended().and_then(|status| status.code());
        let wanted = code.is_some_and(|code| codes.contains(&code));
        assert!(wanted, "it ended with {code:?} and said:\n{}", self.said());
        Cost { cpu, wall, said: self.said() }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}
