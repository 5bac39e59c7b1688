//! Reading a manifest, and holding it against the folder it lies in.
//!
//! What can be checked without reading a scan is checked here: the schema, the totals, that every
//! file is there, listed once, with its size. Hashes and page counts are checked where the bytes
//! are read.

use std::collections::{HashMap, HashSet};

use sohoa_schemas::{
    Code,
    manifest::{Document, MAX_BYTES, Manifest},
};

use unicode_normalization::UnicodeNormalization as _;

use crate::{
    dossier::{Refusal, SourceFile},
    listing::{Listing, Unusable, within},
};

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
    /// What lies at a named path, or at a folder of it, cannot be read.
    #[error("the manifest names `{0}`, and of that: {error}", error = .1.error)]
    Unusable(String, Refusal),
}

impl ManifestProblem {
    /// The reason code.
    pub fn code(&self) -> Code {
        match self {
            Self::FileMissing(_) | Self::NoFiles(_) => Code::F10MissingFile,
            Self::NotOriginal(..) => Code::S03CopyNotOriginal,
            Self::Size(..) => Code::F01HashMismatch,
            Self::Unusable(_, refusal) => refusal.code,
            Self::FileTwice(_) | Self::Invalid(_) | Self::Path(_) | Self::Totals(..) => {
                Code::F12ManifestInvalid
            }
        }
    }
}

impl From<&ManifestProblem> for Refusal {
    fn from(problem: &ManifestProblem) -> Self {
        Self { code: problem.code(), error: problem.to_string() }
    }
}

/// Reads a manifest's bytes.
pub fn parse(bytes: &[u8]) -> Result<Manifest, ManifestProblem> {
    check_size(bytes.len() as u64)?;
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

/// Whether a manifest of so many bytes is read at all.
pub(crate) fn check_size(bytes: u64) -> Result<(), ManifestProblem> {
    if bytes > MAX_BYTES {
        return Err(ManifestProblem::Invalid(format!("it is larger than {MAX_BYTES} bytes")));
    }
    Ok(())
}

/// Holds the manifest's totals against its own documents.
pub(crate) fn check_totals(manifest: &Manifest) -> Result<(), ManifestProblem> {
    let files = || manifest.documents.iter().flat_map(|document| &document.files);
    let mut seen = HashSet::new();
    if let Some(twice) = files().find(|file| !seen.insert(composed(&file.path))) {
        return Err(ManifestProblem::FileTwice(twice.path.clone()));
    }
    let documents = manifest.documents.len() as u64;
    let counts = manifest.counts.as_ref();
    let originals = manifest.custody.as_ref().and_then(|custody| custody.originals_count);
    let sum = |one: fn(&sohoa_schemas::manifest::File) -> Option<u64>| {
        // Numbers of a partner's choice: a sum past all numbers is no declared total.
        files().map(one).try_fold(0_u64, |sum, number| Some(sum.saturating_add(number?)))
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

/// A name as manifests write it; file systems and archives of some makers keep accents apart.
fn composed(name: &str) -> String {
    name.nfc().collect()
}

/// What lies in the dossier, by the paths a manifest may use.
pub(crate) struct Declared<'a> {
    folder: &'a str,
    exact: HashMap<&'a str, Entry<'a>>,
    composed: HashMap<String, Entry<'a>>,
}

#[derive(Clone, Copy)]
enum Entry<'a> {
    File(&'a SourceFile),
    Unusable(&'a Unusable),
}

impl<'a> Declared<'a> {
    pub(crate) fn new(folder: &'a str, found: &'a Listing) -> Self {
        let files = found.files.iter().map(|file| (file.key.as_ref(), Entry::File(file)));
        let unusable =
            found.unusable.iter().map(|one| (one.address.as_str(), Entry::Unusable(one)));
        let exact: HashMap<_, _> = files.chain(unusable).collect();
        let composed = exact.iter().map(|(address, entry)| (composed(address), *entry)).collect();
        Self { folder, exact, composed }
    }

    fn find(&self, path: &str) -> Result<Entry<'a>, ManifestProblem> {
        let inside = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !inside || path.contains('\\') {
            return Err(ManifestProblem::Path(path.to_owned()));
        }
        let address = within(self.folder, path);
        let found = self.exact.get(address.as_str());
        if let Some(found) = found.or_else(|| self.composed.get(&composed(&address))) {
            return Ok(*found);
        }
        // What lies in a folder that cannot be listed is not known to be missing.
        let mut above = address.match_indices('/').map(|(end, _)| &address[..end]);
        match above.find_map(|folder| self.exact.get(folder)) {
            Some(Entry::Unusable(one)) => {
                Err(ManifestProblem::Unusable(path.to_owned(), one.refusal.clone()))
            }
            _ => Err(ManifestProblem::FileMissing(path.to_owned())),
        }
    }
}

/// What came of holding a declared document against its folder.
pub(crate) struct Checked {
    /// Its files that are there.
    pub(crate) files: Vec<SourceFile>,
    /// The addresses of those that are not, or cannot be read.
    pub(crate) absent: Vec<String>,
    /// The first thing wrong with it.
    pub(crate) problem: Option<ManifestProblem>,
}

/// Holds a declared document against its folder.
pub(crate) fn check_document(declared: &Declared<'_>, document: &Document) -> Checked {
    let mut problem = check_scope(document).err();
    let (mut files, mut absent) = (Vec::new(), Vec::new());
    for file in &document.files {
        let wrong = match declared.find(&file.path) {
            Ok(Entry::File(listed)) => {
                files.push(SourceFile { declared: Some(file.clone()), ..listed.clone() });
                let differs = file.bytes.filter(|&bytes| bytes != listed.size);
                differs.map(|bytes| ManifestProblem::Size(file.path.clone(), listed.size, bytes))
            }
            Ok(Entry::Unusable(one)) => {
                absent.push(one.address.clone());
                Some(ManifestProblem::Unusable(file.path.clone(), one.refusal.clone()))
            }
            Err(missing) => {
                absent.push(within(declared.folder, &file.path));
                Some(missing)
            }
        };
        problem = problem.or(wrong);
    }
    Checked { files, absent, problem }
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
        let found = Listing::default();
        let declared = Declared::new("d", &found);
        for path in ["../x.tif", "a/../x.tif", "/etc/passwd", "a//b", "a\\..\\b"] {
            assert!(matches!(declared.find(path), Err(ManifestProblem::Path(_))), "{path}");
        }
    }

    #[test]
    fn sizes_past_all_numbers_do_not_add_up_to_a_small_total() {
        let file = |path| format!(r#"{{"path":"{path}","bytes":{}}}"#, u64::MAX);
        let files = format!("{},{}", file("a.tif"), file("b.tif"));
        let mut manifest = manifest(&format!(r#"{{"ordinal":1,"files":[{files}]}}"#)).unwrap();
        // What the sum would be if it began anew at nought.
        manifest.counts =
            serde_json::from_str(&format!(r#"{{"bytes":{}}}"#, u64::MAX - 1)).unwrap();
        assert!(matches!(check_totals(&manifest), Err(ManifestProblem::Totals("bytes", ..))));
    }

    #[test]
    fn a_file_named_twice_is_refused() {
        let one = r#"{"ordinal":1,"files":[{"path":"a.tif"}]}"#;
        let two = r#"{"ordinal":2,"files":[{"path":"a.tif"}]}"#;
        let manifest = manifest(&format!("{one},{two}")).unwrap();
        assert!(matches!(check_totals(&manifest), Err(ManifestProblem::FileTwice(_))));
    }
}
