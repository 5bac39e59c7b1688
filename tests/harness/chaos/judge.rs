//! What became of the documents, by what lies in the index, in the store and on the topic, held
//! against the list of what was submitted.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;
use sohoa_harness::reader::read_committed;

use crate::{
    documents::{Files, Kind},
    province::{Province, topic},
};

/// Lines of each kind that are printed.
const SHOWN: usize = 20;

/// The verdict, each entry a sentence's worth of evidence.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) documents: usize,
    /// Files without a published document.
    pub(crate) lost: BTreeSet<String>,
    /// Files, versions and announcements that are there more than once.
    pub(crate) duplicated: BTreeSet<String>,
    /// Rows without their object.
    pub(crate) unreferenced: BTreeSet<String>,
    /// Everything else that is not as it should be.
    pub(crate) problems: Vec<String>,
}

impl Verdict {
    /// Nothing is wrong.
    pub(crate) fn is_good(&self) -> bool {
        let counted = [&self.lost, &self.duplicated, &self.unreferenced];
        self.problems.is_empty() && counted.into_iter().all(BTreeSet::is_empty)
    }

    /// Prints the evidence.
    pub(crate) fn explain(&self) {
        let kinds = [
            ("lost", &self.lost),
            ("duplicated", &self.duplicated),
            ("unreferenced", &self.unreferenced),
        ];
        for (kind, found) in kinds {
            for one in found.iter().take(SHOWN) {
                println!("{kind}: {one}");
            }
        }
        for problem in &self.problems {
            println!("problem: {problem}");
        }
    }
}

/// Brings the index up to date, and judges.
pub(crate) fn judge(province: &mut Province, files: &Files, drained: Vec<String>) -> Verdict {
    let mut verdict = Verdict { documents: files.len(), problems: drained, ..Verdict::default() };
    verdict.problems.append(&mut province.defects);
    let indexed = province.run(
        "indexer-once",
        &["indexer", "--output", "s3://records/out", "--config", "sohoa.toml", "--once", "-v"],
    );
    if !indexed.status.success() {
        verdict.problems.push(format!("`indexer --once` ended with {}", indexed.status));
    }
    let tables = Tables {
        intake: query(province, "select uri, source_uid, outcome, version from intake"),
        documents: query(
            province,
            "select source_uid, document_uid, version, object_uri, object_size from documents",
        ),
        versions: query(province, "select document_uid, version from document_versions"),
    };
    tables.judge(&mut verdict, files, &province.folder);
    announcements(province, &mut verdict);
    audit(province, &mut verdict);
    verdict
}

fn query(province: &Province, sql: &str) -> Vec<Value> {
    let arguments = ["query", "--output", "s3://records/out", "--format", "json", sql];
    let asked = province.run("query", &arguments);
    assert!(asked.status.success(), "{sql}: {}", String::from_utf8_lossy(&asked.stderr));
    let rows = String::from_utf8(asked.stdout).unwrap();
    rows.lines().map(|row| serde_json::from_str(row).unwrap()).collect()
}

struct Tables {
    intake: Vec<Value>,
    documents: Vec<Value>,
    versions: Vec<Value>,
}

impl Tables {
    fn judge(&self, verdict: &mut Verdict, files: &Files, folder: &Path) {
        let by_source = by(&self.documents, |row| row["source_uid"].to_string());
        let published: Vec<&Value> =
            self.intake.iter().filter(|row| row["outcome"] == "published").collect();
        let by_file = by(published, |row| row["uri"].as_str().unwrap().to_owned());
        for (file, kind) in files {
            let rows = by_file.get(file).map_or(&[][..], Vec::as_slice);
            let of = |row: &&Value| by_source.get(&row["source_uid"].to_string());
            let documents: Vec<_> = rows.iter().filter_map(of).flatten().copied().collect();
            if documents.is_empty() {
                verdict.lost.insert(format!("{file}: {} rows say published", rows.len()));
            }
            if rows.len() > 1 || documents.len() > 1 {
                let counts = format!("{} intake, {} documents", rows.len(), documents.len());
                verdict.duplicated.insert(format!("{file}: {counts}"));
            }
            for document in documents {
                if let Some(why) = object(folder, document, (file, *kind)) {
                    verdict.unreferenced.insert(why);
                }
            }
        }
        for file in by_file.keys().filter(|file| !files.contains_key(*file)) {
            verdict.problems.push(format!("`{file}` is published and was never submitted"));
        }
        if self.documents.len() != files.len() {
            let rows = self.documents.len();
            verdict.problems.push(format!("{} files have {rows} documents", files.len()));
        }
        let version = |row: &&Value| format!("{} version {}", row["document_uid"], row["version"]);
        for (table, rows) in [("documents", &self.documents), ("versions", &self.versions)] {
            let versions = by(rows, |row| version(&row));
            let repeated = versions.into_iter().filter(|(_, rows)| rows.len() > 1);
            verdict.duplicated.extend(repeated.map(|(version, _)| format!("{table}: {version}")));
        }
        if self.versions.len() != self.documents.len() {
            let (rows, versions) = (self.documents.len(), self.versions.len());
            verdict.problems.push(format!("{rows} documents have {versions} versions"));
        }
    }
}

fn by<'a>(
    rows: impl IntoIterator<Item = &'a Value>,
    key: impl Fn(&'a Value) -> String,
) -> BTreeMap<String, Vec<&'a Value>> {
    let mut found: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for row in rows {
        found.entry(key(row)).or_default().push(row);
    }
    found
}

/// What is wrong with a row's object. That of a born-digital file is the file itself.
fn object(folder: &Path, row: &Value, (file, kind): (&str, Kind)) -> Option<String> {
    let key = row["object_uri"].as_str().unwrap();
    let stored = match fs::read(folder.join("buckets/records/out").join(key)) {
        Ok(stored) => stored,
        Err(error) => return Some(format!("{file}: `{key}`: {error}")),
    };
    let wanted = row["object_size"].as_u64().unwrap();
    if stored.len() as u64 != wanted {
        return Some(format!("{file}: `{key}` has {} bytes, not {wanted}", stored.len()));
    }
    let original = || fs::read(folder.join("buckets/scans").join(file)).unwrap();
    (kind == Kind::Tiny && stored != original()).then(|| format!("{file}: `{key}` is another file"))
}

/// One outcome of one source is announced once for each message it came by. A release is announced at
/// least once, by the same id.
fn announcements(province: &Province, verdict: &mut Verdict) {
    let events = read_committed(province.kafka.bootstrap(), &topic("documents"));
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for event in &events {
        let body: Value = serde_json::from_slice(event.payload.as_deref().unwrap()).unwrap();
        let id = event.headers.iter().find(|(name, _)| name == "ce_id").unwrap();
        let id = String::from_utf8_lossy(&id.1);
        if event
            .headers
            .iter()
            .any(|(name, value)| name == "ce_source" && value == b"sohoa/release")
        {
            continue;
        }
        let said = format!("{} of {} for message {id}", body["outcome"], body["source_uid"]);
        *times.entry(said).or_default() += 1;
    }
    println!("{} events", events.len());
    let repeated = times.into_iter().filter(|(_, times)| *times > 1);
    let repeated = repeated.map(|(said, times)| format!("announced {times} times: {said}"));
    verdict.duplicated.extend(repeated);
}

/// The program's own opinion; garbage is said, and no fault.
fn audit(province: &Province, verdict: &mut Verdict) {
    let arguments =
        ["audit", "--full", "--output", "s3://records/out", "--input", "s3://scans", "--json"];
    let audited = province.run("audit", &arguments);
    if let Ok(report) = serde_json::from_slice::<Value>(&audited.stdout) {
        let (garbage, bytes) = (&report["garbage"], &report["garbage_bytes"]);
        println!("audit: {} records; garbage {garbage} objects, {bytes} bytes", report["records"]);
        let problems = report["problems"].as_array().into_iter().flatten();
        verdict.problems.extend(problems.map(|problem| format!("audit: {problem}")));
    }
    if !audited.status.success() {
        verdict.problems.push(format!("the audit ended with {}", audited.status));
    }
}
