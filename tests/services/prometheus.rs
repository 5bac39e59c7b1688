//! A real Prometheus reads a worker and evaluates the alert rules that are delivered.

use std::{
    env,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::Command,
};

use serde_json::Value;
use sohoa_harness::process::Process;

use crate::{
    lanes::{Province, free_port},
    support::wait_until,
};

/// All tests of this file.
pub(crate) const TESTS: [(&str, fn()); 1] = [(
    "prometheus::a_worker_is_scraped_and_every_rule_is_evaluated",
    a_worker_is_scraped_and_every_rule_is_evaluated,
)];

/// Whether `SOHOA_PROMETHEUS` names the folder of the program.
pub(crate) fn available() -> bool {
    env::var_os("SOHOA_PROMETHEUS").is_some()
}

/// A Prometheus of the test's own.
struct Prometheus {
    process: Process,
    port: u16,
}

impl Prometheus {
    /// Starts one that scrapes a worker and reads the rules of `deploy/`, every second.
    fn start(folder: &Path, worker: u16) -> Self {
        let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/alerts.yml");
        let config = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
             rule_files: [\"{rules}\"]\n\
             scrape_configs:\n  \
             - job_name: sohoa-worker\n    \
             static_configs: [{{ targets: [\"127.0.0.1:{worker}\"] }}]\n"
        );
        std::fs::write(folder.join("prometheus.yml"), config).unwrap();
        let programs = env::var_os("SOHOA_PROMETHEUS").expect("see tests/services/obtain");
        let port = free_port();
        let mut command = Command::new(Path::new(&programs).join("prometheus"));
        command
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("prometheus").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let process = Process::start("Prometheus", &mut command, &folder.join("prometheus.log"));
        Self { process, port }
    }

    /// What it answers; nothing before it listens.
    fn ask(&mut self, path: &str) -> Option<Value> {
        self.process.check();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: prometheus\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        let answer: Value = serde_json::from_str(body).ok()?;
        Some(answer["data"].clone())
    }

    /// The value of the first series that a query gives.
    fn value(&mut self, query: &str) -> Option<f64> {
        let found = self.ask(&format!("/api/v1/query?query={query}"))?;
        found["result"][0]["value"][1].as_str()?.parse().ok()
    }

    /// The rules by name, as it sees them.
    fn rules(&mut self) -> Vec<Value> {
        let rules = self.ask("/api/v1/rules");
        let rules = rules.and_then(|rules| rules["groups"][0]["rules"].as_array().cloned());
        rules.unwrap_or_default()
    }
}

fn a_worker_is_scraped_and_every_rule_is_evaluated() {
    let province = Province::new("1", 1);
    let port = free_port();
    province.listen(port);
    province.backfill("first");
    let mut worker = province.worker("one");
    let mut prometheus = Prometheus::start(&province.world.path(""), port);
    wait_until("a scraped worker", || prometheus.value("up") == Some(1.0));
    wait_until("the documents of the lane", || {
        let settled = prometheus.value("sum(sohoa_documents_total)");
        settled == Some(province.documents as f64)
    });
    let began = prometheus.value("sohoa_process_start_timestamp_seconds").unwrap();
    let now = prometheus.value("vector(time())").unwrap();
    assert!(began <= now && now - began < 86_400.0, "it began at {began}, and it is {now}");
    wait_until("rules that are evaluated", || {
        let rules = prometheus.rules();
        !rules.is_empty() && rules.iter().all(|rule| rule["health"] != "unknown")
    });
    let rules = prometheus.rules();
    let delivered = include_str!("../../deploy/alerts.yml").matches("- alert:").count();
    assert_eq!(rules.len(), delivered);
    for rule in &rules {
        assert_eq!(rule["health"], "ok", "{}: {}", rule["name"], rule["lastError"]);
    }
    // There is no indexer here, and a worker that does what it should.
    let state = |name: &str| {
        let rule = rules.iter().find(|rule| rule["name"] == name).unwrap();
        rule["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("SohoaTargetDown"), "pending");
    assert_eq!(state("SohoaRestartsAgainAndAgain"), "inactive");
    Province::end(&mut worker);
}
