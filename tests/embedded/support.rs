//! A scratch folder with samples, and the program to run on them.

#![allow(dead_code, reason = "two test programs share this file, and neither needs all of it")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest wait for anything; far beyond what a loaded machine takes.
pub(crate) const DEADLINE: Duration = Duration::from_mins(10);

/// One test's world.
pub(crate) struct World {
    folder: TempDir,
    input: String,
    output: String,
    environment: Vec<(&'static str, String)>,
}

/// Where the program lies.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_sohoa"))
}

impl World {
    /// An empty world.
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            input: "samples/scans".into(),
            output: "out".into(),
            environment: Vec::new(),
        }
    }

    /// Lets the program read and write elsewhere, with more in its environment.
    pub(crate) fn use_addresses(
        &mut self,
        input: &str,
        output: &str,
        environment: Vec<(&'static str, String)>,
    ) {
        (self.input, self.output) = (input.into(), output.into());
        self.environment = environment;
    }

    /// Sets a variable in the program's environment.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.environment.push((name, value.to_owned()));
    }

    /// A world with sample dossiers under `samples/`.
    pub(crate) fn with_samples(arguments: &[&str]) -> Self {
        let world = Self::new();
        let samples = world.path("samples");
        let mut command = vec!["--output", samples.to_str().unwrap()];
        command.extend(arguments);
        Self::make_samples(&command);
        world
    }

    /// Runs the sample maker.
    pub(crate) fn make_samples(arguments: &[&str]) {
        let maker = program().with_file_name("sohoa-samples");
        assert!(maker.exists(), "build the sample maker first: cargo build -p sohoa-samples");
        let made = Command::new(maker).args(arguments).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// A path in the world.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn sohoa(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// Starts the program.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Starts the program; what it says goes to a file.
    pub(crate) fn start_saying(&self, arguments: &[&str], said: &Path) -> Child {
        let file = std::fs::File::create(said).unwrap();
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(file).spawn().unwrap()
    }

    /// `sohoa run` over the input with the JSON summary.
    pub(crate) fn run(&self, further: &[&str]) -> Ran {
        let mut arguments = vec!["run", "--input", &self.input, "--output", &self.output, "--json"];
        arguments.extend(further);
        self.sohoa(&arguments)
    }

    /// The rows of a query.
    pub(crate) fn query(&self, sql: &str) -> Vec<Value> {
        let ran = self.sohoa(&["query", "--output", &self.output, "--format", "json", sql]);
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The first value of a query's only row, as a number.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        let rows = self.query(sql);
        rows[0].as_object().unwrap().values().next().unwrap().as_i64().unwrap()
    }

    /// Asserts that a full audit finds nothing wrong.
    pub(crate) fn audit(&self) {
        let ran =
            self.sohoa(&["audit", "--full", "--output", &self.output, "--input", &self.input]);
        assert_eq!(ran.exit, 0, "{}{}", ran.stdout, ran.stderr);
    }

    /// Asserts that every published text has a layout of the same words in the same order.
    pub(crate) fn check_layouts(&self) {
        let texts = self.named("out/documents", "text.txt");
        assert!(!texts.is_empty());
        for text in texts {
            let alto = std::fs::read_to_string(text.with_file_name("alto.xml")).unwrap();
            let text = std::fs::read_to_string(text).unwrap();
            let strings = alto.split("<String CONTENT=\"").skip(1);
            let words: Vec<String> =
                strings.map(|string| unescaped(string.split_once('"').unwrap().0)).collect();
            assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
        }
    }

    /// Every file below a folder of the world with its bytes' length.
    pub(crate) fn files(&self, name: &str) -> BTreeMap<PathBuf, u64> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.path(name)];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for entry in entries.map(Result::unwrap) {
                match entry.metadata() {
                    Ok(meta) if meta.is_dir() => folders.push(entry.path()),
                    Ok(meta) => drop(found.insert(entry.path(), meta.len())),
                    // Gone between the listing and the look: the program is at work.
                    Err(_) => {}
                }
            }
        }
        found
    }

    /// Files below a folder with this name.
    pub(crate) fn named(&self, folder: &str, name: &str) -> Vec<PathBuf> {
        self.files(folder).into_keys().filter(|path| path.ends_with(name)).collect()
    }

    /// Puts a refusal of a published document beside its record, later than any clock says; answers
    /// with the source.
    pub(crate) fn refuse_later(&self, output: &str) -> String {
        let path = self.named(&format!("{output}/documents"), "record.json")[0].clone();
        let record: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut intake = record["rows"]["intake"].clone();
        for row in intake.as_array_mut().unwrap() {
            row["pages_quarantined"] = row["pages"].clone();
            row["pages_published"] = 0.into();
            row["outcome"] = "quarantined".into();
            row["code"] = "X03_KILLED_WORKER".into();
            row["settled_at"] = "2999-01-01T00:00:00Z".into();
        }
        let refusal = json!({
            "schema_version": 1, "source_uid": record["source_uid"],
            "dossier_uid": record["dossier_uid"], "code": "X03_KILLED_WORKER", "sentence": "",
            "stage": "process", "error_chain": [], "attempts": 1, "sources": [], "originals": [],
            "ingest_month": record["ingest_month"], "province": record["province"],
            "quarantined_at": "2999-01-01T00:00:00Z", "message": null, "position": null,
            "rows": { "intake": intake },
        });
        let source = record["source_uid"].as_str().unwrap().to_owned();
        let folder = self.path(&format!("{output}/quarantine")).join(&source[..2]);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{source}.json")), refusal.to_string()).unwrap();
        source
    }
}

fn unescaped(text: &str) -> String {
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, char)| text.replace(entity, char))
}

/// What a finished run said.
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// A count of the JSON summary, e.g. `("documents", "published")`.
    pub(crate) fn count(&self, unit: &str, outcome: &str) -> u64 {
        let summary: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr));
        summary[unit][outcome].as_u64().unwrap()
    }
}

/// Makes a folder a copy of another one.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::remove_dir_all(to).unwrap_or_default();
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// Lines of JSON.
pub(crate) fn json_lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Polls until `done`; a child that ends meanwhile is noticed by the caller.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < DEADLINE, "waited too long for {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Sends a signal.
pub(crate) fn signal(child: &Child, name: &str) {
    signal_process(child.id(), name);
}

/// Sends a signal to a process by its number.
pub(crate) fn signal_process(process: u32, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &process.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// The processes that a process has started and that run, of all its threads.
pub(crate) fn children(child: &Child) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let of = |thread: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(thread.unwrap().path().join("children")).unwrap_or_default()
    };
    threads
        .map(of)
        .collect::<Vec<_>>()
        .iter()
        .flat_map(|of| of.split_whitespace())
        .map(|process| process.parse().unwrap())
        .collect()
}
