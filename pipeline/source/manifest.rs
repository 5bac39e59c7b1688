//! Reading a manifest, and holding it against the folder it lies in.
//!
//! What can be checked without reading a scan is checked here: the schema, the totals, that every
//! file is there, listed once, with its size. Hashes and page counts are checked where the bytes
//! are read.

use std::collections::{HashMap, HashSet};

use object_store::path::Path;
use sohoa_schemas::{
    Code,
    manifest::{Document, MAX_BYTES, Manifest},
};

use crate::dossier::SourceFile;

/// Name of the manifest in its folder.
pub const NAME: &str = "manifest.json";

/// How a manifest fails.
#[derive(Debug, thiserror::Error)]
pub enum ManifestProblem {
    /// A named file is not there.
    #[error("the manifest names `{0}`, which is not there")]
    FileMissing(String),
    /// A file appears twice.
    #[error("the manifest names `{0}` twice")]
    FileTwice(String),
    /// It breaks its schema.
    #[error("the manifest cannot be used: {0}")]
    Invalid(String),
    /// A document without files.
    #[error("document {0} of the manifest has no files")]
    NoFiles(u32),
    /// A photocopy is out of scope.
    #[error("document {0} is declared as `{1}`")]
    NotOriginal(u32, String),
    /// A path leads out of the dossier.
    #[error("the path `{0}` leads out of the dossier")]
    Path(String),
    /// A size is wrong.
    #[error("`{0}` has {1} bytes and the manifest says {2}")]
    Size(String, u64, u64),
    /// Totals do not add up.
    #[error("the manifest counts {1} {0} and lists {2}")]
    Totals(&'static str, u64, u64),
}

impl ManifestProblem {
    /// The reason code.
    pub fn code(&self) -> Code {
        match self {
            Self::FileMissing(_) | Self::NoFiles(_) => Code::F10MissingFile,
            Self::NotOriginal(..) => Code::S03CopyNotOriginal,
            Self::Size(..) => Code::F01HashMismatch,
            Self::FileTwice(_) | Self::Invalid(_) | Self::Path(_) | Self::Totals(..) => {
                Code::F12ManifestInvalid
            }
        }
    }
}

/// Reads a manifest's bytes.
pub fn parse(bytes: &[u8]) -> Result<Manifest, ManifestProblem> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ManifestProblem::Invalid(format!("it is larger than {MAX_BYTES} bytes")));
    }
    let manifest: Manifest = serde_json::from_slice(bytes)
        .map_err(|error| ManifestProblem::Invalid(error.to_string()))?;
    if manifest.manifest_version != "1.0" {
        let version = &manifest.manifest_version;
        return Err(ManifestProblem::Invalid(format!("its version is `{version}`, not `1.0`")));
    }
    let mut ordinals = HashSet::new();
    for document in &manifest.documents {
        if !ordinals.insert(document.ordinal) {
            let ordinal = document.ordinal;
            return Err(ManifestProblem::Invalid(format!("ordinal {ordinal} occurs twice")));
        }
    }
    Ok(manifest)
}

/// Holds the manifest's totals against its own documents.
pub(crate) fn check_totals(manifest: &Manifest) -> Result<(), ManifestProblem> {
    let files = || manifest.documents.iter().flat_map(|document| &document.files);
    let mut seen = HashSet::new();
    if let Some(twice) = files().find(|file| !seen.insert(&file.path)) {
        return Err(ManifestProblem::FileTwice(twice.path.clone()));
    }
    let documents = manifest.documents.len() as u64;
    let counts = manifest.counts.as_ref();
    let originals = manifest.custody.as_ref().and_then(|custody| custody.originals_count);
    let sum = |one: fn(&sohoa_schemas::manifest::File) -> Option<u64>| {
        files().map(one).sum::<Option<u64>>()
    };
    let declared = |one: fn(&sohoa_schemas::manifest::Counts) -> Option<u64>| counts.and_then(one);
    let totals = [
        ("originals", originals.map(u64::from), Some(documents)),
        ("documents", declared(|c| c.documents.map(u64::from)), Some(documents)),
        ("files", declared(|c| c.files.map(u64::from)), Some(files().count() as u64)),
        ("pages", declared(|c| c.pages.map(u64::from)), sum(|f| f.pages.map(u64::from))),
        ("bytes", declared(|c| c.bytes), sum(|f| f.bytes)),
    ];
    for (what, counted, listed) in totals {
        if let (Some(counted), Some(listed)) = (counted, listed)
            && counted != listed
        {
            return Err(ManifestProblem::Totals(what, counted, listed));
        }
    }
    Ok(())
}

/// The files of the folder, by the paths a manifest may use.
pub(crate) struct Declared<'a> {
    folder: Path,
    by_key: HashMap<&'a Path, &'a SourceFile>,
}

impl<'a> Declared<'a> {
    pub(crate) fn new(folder: &Path, files: &'a [SourceFile]) -> Self {
        let by_key = files.iter().map(|file| (&file.key, file)).collect();
        Self { folder: folder.clone(), by_key }
    }

    fn find(&self, path: &str) -> Result<&'a SourceFile, ManifestProblem> {
        let inside = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !inside || path.contains('\\') {
            return Err(ManifestProblem::Path(path.to_owned()));
        }
        let key = path.split('/').fold(self.folder.clone(), Path::join);
        self.by_key.get(&key).copied().ok_or_else(|| ManifestProblem::FileMissing(path.to_owned()))
    }
}

/// The files of one declared document that are there, and the first thing wrong with it.
pub(crate) fn check_document(
    declared: &Declared<'_>,
    document: &Document,
) -> (Vec<SourceFile>, Option<ManifestProblem>) {
    let mut problem = check_scope(document).err();
    let mut found = Vec::new();
    for file in &document.files {
        let listed = match declared.find(&file.path) {
            Ok(listed) => listed,
            Err(missing) => {
                problem = problem.or(Some(missing));
                continue;
            }
        };
        if let Some(bytes) = file.bytes
            && bytes != listed.size
        {
            let size = ManifestProblem::Size(file.path.clone(), listed.size, bytes);
            problem = problem.or(Some(size));
        }
        found.push(SourceFile { declared: Some(file.clone()), ..listed.clone() });
    }
    (found, problem)
}

/// Whether Circular 01/2023 allows the document to be digitised at all.
fn check_scope(document: &Document) -> Result<(), ManifestProblem> {
    if document.files.is_empty() {
        return Err(ManifestProblem::NoFiles(document.ordinal));
    }
    match document.original_kind.as_deref() {
        None | Some("original" | "ecopy_register" | "ecopy_certified" | "ephoto_with_original") => {
            Ok(())
        }
        Some(other) => Err(ManifestProblem::NotOriginal(document.ordinal, other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(documents: &str) -> Result<Manifest, ManifestProblem> {
        let text = format!(
            r#"{{"manifest_version":"1.0","manifest_id":"01X","created_at":"2026-11-20T08:15:02+07:00",
            "partner":{{"id":"p"}},"dossier":{{}},"documents":[{documents}]}}"#
        );
        parse(text.as_bytes())
    }

    #[test]
    fn an_unknown_field_is_named() {
        let problem = manifest(r#"{"ordinal":1,"files":[],"colour":"red"}"#).unwrap_err();
        assert_eq!(problem.code(), Code::F12ManifestInvalid);
        assert!(problem.to_string().contains("`colour`"), "{problem}");
    }

    #[test]
    fn a_path_out_of_the_dossier_is_refused() {
        let declared = Declared::new(&Path::from("d"), &[]);
        for path in ["../x.tif", "a/../x.tif", "/etc/passwd", "a//b", "a\\..\\b"] {
            assert!(matches!(declared.find(path), Err(ManifestProblem::Path(_))), "{path}");
        }
    }

    #[test]
    fn a_file_named_twice_is_refused() {
        let one = r#"{"ordinal":1,"files":[{"path":"a.tif"}]}"#;
        let two = r#"{"ordinal":2,"files":[{"path":"a.tif"}]}"#;
        let manifest = manifest(&format!("{one},{two}")).unwrap();
        assert!(matches!(check_totals(&manifest), Err(ManifestProblem::FileTwice(_))));
    }
}
