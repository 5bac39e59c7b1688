//! Messages as a submitter sends them, one a document, without the listing that a backfill does.

use std::{
    fs,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use sohoa_schemas::message::{Submission, SubmittedDossier, SubmittedFile, VERSION};
use uuid::Uuid;

/// A file in the input bucket, which is a document whenever it is submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scan {
    key: String,
    size: u64,
    modified: DateTime<Utc>,
}

impl Scan {
    /// Its bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The message that submits it in a dossier of its own, under which it is a document of its
    /// own, however often the same file is submitted.
    pub(crate) fn message(&self, input: &str, dossier: Uuid) -> Vec<u8> {
        let folder = self.key.rsplit_once('/').map_or("", |(folder, _)| folder);
        let submission = Submission {
            schema_version: VERSION,
            submission: Some("lanes".to_owned()),
            input: input.to_owned(),
            dossier: SubmittedDossier {
                uid: dossier,
                folder: folder.to_owned(),
                documents_expected: Some(1),
                manifest: None,
            },
            ordinal: 1,
            files: vec![SubmittedFile {
                key: self.key.clone(),
                size: self.size,
                etag: None,
                modified_at: self.modified,
                declared: None,
            }],
            absent: Vec::new(),
            declared: None,
            refused: None,
        };
        serde_json::to_vec(&submission).unwrap()
    }
}

/// The scans under a folder of the bucket, in order of their names.
pub(crate) fn scans(bucket: &Path, folder: &str) -> Vec<Scan> {
    let files = files(&bucket.join(folder)).into_iter();
    let scans = files.filter(|path| path.file_name().is_some_and(|name| name != "manifest.json"));
    let scan = |path: PathBuf| {
        let known = fs::metadata(&path).unwrap();
        let key = path.strip_prefix(bucket).unwrap().to_str().unwrap().to_owned();
        Scan { key, size: known.len(), modified: known.modified().unwrap().into() }
    };
    scans.map(scan).collect()
}

/// All files below a folder, in order of their names.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let to = if entry.file_type().unwrap().is_dir() { &mut folders } else { &mut found };
            to.push(entry.path());
        }
    }
    found.sort();
    found
}
