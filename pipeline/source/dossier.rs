//! A folder's files made into sources.

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Utc};
use object_store::{ObjectMeta, path::Path};
use sohoa_schemas::{
    Code,
    manifest::{self, Manifest},
};
use uuid::Uuid;

use crate::{
    identity::{DossierName, dossier_uid},
    manifest::{Declared, ManifestProblem, check_document, check_totals},
    order::compare,
};

/// Name of this stage in errors.
pub const STAGE: &str = "source";

/// What all sources of a dossier share.
#[derive(Debug)]
pub struct Dossier {
    /// Its identity.
    pub uid: Uuid,
    /// Its folder, relative to the input; of a single file, the file.
    pub folder: String,
    /// Its manifest, where it has a sound one.
    pub manifest: Option<Manifest>,
}

/// One file as the store lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceFile {
    /// Key in the input.
    pub key: Path,
    /// Bytes.
    pub size: u64,
    /// Entity tag.
    pub etag: Option<String>,
    /// Last change.
    pub modified: DateTime<Utc>,
    /// What the manifest says of it.
    pub declared: Option<manifest::File>,
}

impl SourceFile {
    pub(crate) fn listed(meta: &ObjectMeta) -> Self {
        Self {
            key: meta.location.clone(),
            size: meta.size,
            etag: meta.e_tag.clone(),
            modified: meta.last_modified,
            declared: None,
        }
    }
}

/// The file or files of one document as received.
#[derive(Debug)]
pub struct Source {
    /// Its dossier.
    pub dossier: Arc<Dossier>,
    /// Place in the dossier, from 1.
    pub ordinal: u32,
    /// Its files, in page order; empty only when a manifest names none that exist.
    pub files: Vec<SourceFile>,
    /// What the manifest says of the document.
    pub declared: Option<manifest::Document>,
    /// Why it must be refused before any work.
    pub refused: Option<Refusal>,
}

/// Why a source must be refused before any work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Reason code.
    pub code: Code,
    /// What is wrong.
    pub error: String,
}

impl Source {
    /// The addresses of its files, relative to the input; of a document none of whose files are
    /// there, those its manifest names.
    pub fn uris(&self) -> Vec<String> {
        if let Some(declared) = self.declared.as_ref().filter(|_| self.files.is_empty()) {
            let address = |file: &manifest::File| format!("{}/{}", self.dossier.folder, file.path);
            return declared.files.iter().map(address).collect();
        }
        self.files.iter().map(|file| file.key.to_string()).collect()
    }
}

/// What names dossiers without a code.
#[derive(Debug, Clone)]
pub struct Naming {
    /// Code of the agency, if any.
    pub agency: Option<String>,
    /// Configured name of the input.
    pub input: String,
}

impl Naming {
    fn of_path(&self, path: &str) -> Uuid {
        dossier_uid(self.agency.as_deref(), &DossierName::Path(&self.input, path))
    }

    fn of_manifest(&self, manifest: &Manifest, path: &str) -> Uuid {
        let dossier = &manifest.dossier;
        let name =
            match (&dossier.dossier_code, &dossier.archive_file_code, &dossier.paper_file_code) {
                (Some(code), _, _) => DossierName::Dossier(code),
                (_, Some(code), _) => DossierName::ArchiveFile(code),
                (_, _, Some(code)) => DossierName::PaperFile(code),
                _ if manifest.manifest_id.is_empty() => DossierName::Path(&self.input, path),
                _ => DossierName::Manifest(&manifest.partner.id, &manifest.manifest_id),
            };
        dossier_uid(dossier.handling_agency_code.as_deref().or(self.agency.as_deref()), &name)
    }
}

/// Each file a dossier of its own.
pub(crate) fn single_files(naming: &Naming, mut files: Vec<SourceFile>) -> Vec<Source> {
    sort(&mut files);
    let single = |file: SourceFile| {
        let uid = naming.of_path(file.key.as_ref());
        let dossier = Arc::new(Dossier { uid, folder: file.key.to_string(), manifest: None });
        Source { dossier, ordinal: 1, files: vec![file], declared: None, refused: None }
    };
    files.into_iter().map(single).collect()
}

/// The files of a folder without a manifest: one dossier, each file a document.
pub(crate) fn folder(naming: &Naming, path: &str, mut files: Vec<SourceFile>) -> Vec<Source> {
    sort(&mut files);
    let dossier =
        Arc::new(Dossier { uid: naming.of_path(path), folder: path.into(), manifest: None });
    one_each(&dossier, files, || None)
}

/// The files of a folder whose manifest cannot be used: all refused, since none of them can be
/// trusted to be what it should be.
pub(crate) fn refused_folder(
    naming: &Naming,
    path: &str,
    mut files: Vec<SourceFile>,
    problem: &ManifestProblem,
) -> Vec<Source> {
    sort(&mut files);
    let dossier =
        Arc::new(Dossier { uid: naming.of_path(path), folder: path.into(), manifest: None });
    one_each(&dossier, files, || Some(Refusal { code: problem.code(), error: problem.to_string() }))
}

/// The documents a manifest declares, then the files it does not name.
pub(crate) fn with_manifest(
    naming: &Naming,
    path: &Path,
    files: Vec<SourceFile>,
    manifest: Manifest,
) -> Vec<Source> {
    if let Err(problem) = check_totals(&manifest) {
        return refused_folder(naming, path.as_ref(), files, &problem);
    }
    let uid = naming.of_manifest(&manifest, path.as_ref());
    let documents = manifest.documents.clone();
    let dossier = Arc::new(Dossier { uid, folder: path.to_string(), manifest: Some(manifest) });
    let declared = Declared::new(path, &files);
    let mut named = HashSet::new();
    let mut sources = Vec::new();
    for document in documents {
        let (found, problem) = check_document(&declared, &document);
        named.extend(found.iter().map(|file| file.key.clone()));
        let refused =
            problem.map(|problem| Refusal { code: problem.code(), error: problem.to_string() });
        let (ordinal, dossier) = (document.ordinal, Arc::clone(&dossier));
        sources.push(Source { dossier, ordinal, files: found, declared: Some(document), refused });
    }
    let mut unlisted: Vec<_> =
        files.into_iter().filter(|file| !named.contains(&file.key)).collect();
    sort(&mut unlisted);
    let refuse = || {
        let error = "the manifest does not name this file".to_owned();
        Some(Refusal { code: Code::F11UnlistedFile, error })
    };
    sources.extend(one_each(&dossier, unlisted, refuse));
    sources
}

fn one_each(
    dossier: &Arc<Dossier>,
    files: Vec<SourceFile>,
    refused: impl Fn() -> Option<Refusal>,
) -> Vec<Source> {
    let source = |(index, file)| Source {
        dossier: Arc::clone(dossier),
        ordinal: index as u32 + 1,
        files: vec![file],
        declared: None,
        refused: refused(),
    };
    files.into_iter().enumerate().map(source).collect()
}

fn sort(files: &mut [SourceFile]) {
    files.sort_by(|left, right| compare(left.key.as_ref(), right.key.as_ref()));
}
