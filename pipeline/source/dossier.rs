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
    listing::{Listing, Unusable, in_litter, within},
    manifest::{self as held, Checked, Declared, ManifestProblem, check_document, check_totals},
    order::compare,
    window::Entry,
};

/// Name of this stage in errors.
pub const STAGE: &str = "source";

/// What all sources of a dossier share.
#[derive(Debug)]
pub struct Dossier {
    /// Its identity.
    pub uid: Uuid,
    /// Its folder, relative to the input; of a single file, the file; empty when the whole input
    /// is one dossier.
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
    /// Its files, in page order; empty only when it is refused.
    pub files: Vec<SourceFile>,
    /// Addresses, relative to the input, of what else belongs to it and can never be read: files
    /// that its manifest names and that are not there, or what lies there and is no file.
    pub absent: Vec<String>,
    /// What the manifest says of the document.
    pub declared: Option<manifest::Document>,
    /// Why it must be refused before any work.
    pub refused: Option<Refusal>,
    /// The folder it may stand for as a whole, beyond the addresses it names.
    pub(crate) stands_for: Option<String>,
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
    /// The addresses of its files, relative to the input, in their order; then those of what
    /// belongs to it and cannot be read. Never empty.
    pub fn uris(&self) -> Vec<String> {
        let files = self.files.iter().map(|file| file.key.to_string());
        files.chain(self.absent.iter().cloned()).collect()
    }

    fn of_file(dossier: Arc<Dossier>, file: SourceFile, refused: Option<Refusal>) -> Self {
        let (files, absent) = (vec![file], Vec::new());
        Self { dossier, ordinal: 1, files, absent, declared: None, refused, stands_for: None }
    }

    fn of_absent(dossier: Arc<Dossier>, address: String, refusal: Refusal) -> Self {
        let (files, absent, refused) = (Vec::new(), vec![address], Some(refusal));
        Self { dossier, ordinal: 1, files, absent, declared: None, refused, stands_for: None }
    }

    fn of_unusable(dossier: Arc<Dossier>, unusable: Unusable) -> Self {
        let Unusable { address, refusal, may_be_folder } = unusable;
        let stands_for = may_be_folder.then(|| address.clone());
        Self { stands_for, ..Self::of_absent(dossier, address, refusal) }
    }

    /// The first of its addresses.
    pub(crate) fn first(&self) -> &str {
        let absent = || self.absent.first().map_or("", String::as_str);
        self.files.first().map_or_else(absent, |file| file.key.as_ref())
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

/// A file that is a dossier of its own.
pub(crate) fn single(naming: &Naming, entry: Entry) -> Source {
    let dossier = without_manifest(naming, entry.address());
    match entry {
        Entry::File(file) => Source::of_file(dossier, *file, None),
        Entry::Unusable(unusable) => Source::of_unusable(dossier, unusable),
    }
}

/// The files of a folder without a manifest: one dossier, each file a document.
pub(crate) fn folder(naming: &Naming, path: &str, found: Listing) -> Vec<Source> {
    let dossier = without_manifest(naming, path);
    numbered(one_each(&dossier, found, || None))
}

/// The files of a folder whose manifest cannot be used: all refused, since none of them can be
/// trusted to be what it should be.
pub(crate) fn refused_folder(
    naming: &Naming,
    path: &str,
    found: Listing,
    problem: &ManifestProblem,
) -> Vec<Source> {
    let dossier = without_manifest(naming, path);
    numbered(one_each(&dossier, found, || Some(problem.into())))
}

/// The files of a dossier whose manifest cannot be used; where there are none, the manifest itself
/// is refused, so that the upload does not vanish.
pub(crate) fn refused_dossier(
    naming: &Naming,
    path: &str,
    found: Listing,
    problem: &ManifestProblem,
) -> Vec<Source> {
    let alone = found.files.is_empty();
    let mut sources = refused_folder(naming, path, found, problem);
    if alone {
        sources.push(of_manifest(without_manifest(naming, path), problem));
    }
    numbered(sources)
}

/// The documents a manifest declares, then the files it does not name. `found` is all that lies in
/// the dossier and below, litter included, since a manifest may name any file.
pub(crate) fn with_manifest(
    naming: &Naming,
    path: &str,
    mut found: Listing,
    manifest: Manifest,
) -> Vec<Source> {
    if let Err(problem) = check_totals(&manifest) {
        found.keep(|address| !in_litter(address));
        return refused_dossier(naming, path, found, &problem);
    }
    let uid = naming.of_manifest(&manifest, path);
    let documents = manifest.documents.clone();
    let dossier = Arc::new(Dossier { uid, folder: path.to_owned(), manifest: Some(manifest) });
    let mut named = HashSet::new();
    let mut sources = Vec::new();
    let declared = Declared::new(path, &found);
    for document in documents {
        let Checked { files, absent, problem } = check_document(&declared, &document);
        let mut source = Source {
            dossier: Arc::clone(&dossier),
            ordinal: document.ordinal,
            files,
            absent,
            declared: Some(document),
            refused: problem.as_ref().map(Refusal::from),
            stands_for: None,
        };
        named.extend(source.uris());
        if source.files.is_empty() && source.absent.is_empty() {
            // No file can have this address: names ending in # and a number are not stored.
            source.absent.push(format!("{}#{}", within(path, held::NAME), source.ordinal));
            source.stands_for = Some(path.to_owned());
        }
        sources.push(source);
    }
    found.keep(|address| !named.contains(address) && !in_litter(address));
    let unlisted = || {
        let error = "the manifest does not name this file".to_owned();
        Some(Refusal { code: Code::F11UnlistedFile, error })
    };
    sources.extend(numbered(one_each(&dossier, found, unlisted)));
    if sources.is_empty() {
        let problem = ManifestProblem::Invalid("it names no documents".into());
        sources.push(of_manifest(dossier, &problem));
    }
    sources
}

fn without_manifest(naming: &Naming, path: &str) -> Arc<Dossier> {
    Arc::new(Dossier { uid: naming.of_path(path), folder: path.into(), manifest: None })
}

fn of_manifest(dossier: Arc<Dossier>, problem: &ManifestProblem) -> Source {
    let folder = dossier.folder.clone();
    let address = within(&folder, held::NAME);
    Source { stands_for: Some(folder), ..Source::of_absent(dossier, address, problem.into()) }
}

/// What is not a file keeps its own reason.
fn one_each(
    dossier: &Arc<Dossier>,
    found: Listing,
    refused: impl Fn() -> Option<Refusal>,
) -> Vec<Source> {
    let files = found.files.into_iter();
    let files = files.map(|file| Source::of_file(Arc::clone(dossier), file, refused()));
    let unusable = found.unusable.into_iter();
    files.chain(unusable.map(|one| Source::of_unusable(Arc::clone(dossier), one))).collect()
}

fn numbered(sources: Vec<Source>) -> Vec<Source> {
    let mut sources = in_order(sources);
    for (ordinal, source) in (1..).zip(&mut sources) {
        source.ordinal = ordinal;
    }
    sources
}

fn in_order(mut sources: Vec<Source>) -> Vec<Source> {
    sources.sort_by(|left, right| compare(left.first(), right.first()));
    sources
}
