//! What lies in a folder of the input: its folders, its files, and what cannot be a file.
//!
//! A bucket is listed by its store. A local folder is listed by [`crate::local`], because the
//! store's own listing of one leaves names out and stops at others.

use futures::StreamExt as _;
use object_store::path::Path;
use sohoa_flow::{FatalKind, Fault};
use sohoa_store::{Store, classify};

use crate::{
    dossier::{Refusal, STAGE, SourceFile},
    local, manifest,
    selection::Selection,
};

/// Something that lies in the input and is never opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unusable {
    /// Its path relative to the input; where that is not text, what can be shown of it.
    pub(crate) address: String,
    /// Why.
    pub(crate) refusal: Refusal,
    /// Whether it is or may be a folder, so that it may hide any number of files.
    pub(crate) may_be_folder: bool,
}

/// What lies in a folder, or in it and below.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) folders: Vec<Path>,
    pub(crate) files: Vec<SourceFile>,
    pub(crate) unusable: Vec<Unusable>,
}

impl Listing {
    /// Leaves out every file, usable or not, whose address is not to be kept.
    pub(crate) fn keep(&mut self, keep: impl Fn(&str) -> bool) {
        self.files.retain(|file| keep(file.key.as_ref()));
        self.unusable.retain(|one| keep(&one.address));
    }
}

/// What file managers leave behind; not part of any dossier.
pub(crate) fn litter(name: &str) -> bool {
    name.starts_with('.') || matches!(name, "Thumbs.db" | "desktop.ini" | "__MACOSX")
}

/// Whether an address is litter or lies in it.
pub(crate) fn in_litter(address: &str) -> bool {
    address.split('/').any(litter)
}

/// The last part of an address.
pub(crate) fn name_of(address: &str) -> &str {
    address.rsplit('/').next().unwrap_or(address)
}

/// The address of `name` in `folder`.
pub(crate) fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// What lies directly in `folder`, litter included.
pub(crate) async fn list(input: &Store, folder: &Path) -> Result<Listing, Fault> {
    if input.folder().is_some() {
        let (input, folder) = (input.clone(), folder.clone());
        let listed = tokio::task::spawn_blocking(move || local::list(&input, &folder)).await;
        return listed.map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
    }
    let prefix = (!folder.is_root()).then_some(folder);
    let listed = input.objects().list_with_delimiter(prefix).await;
    let listed = listed.map_err(|error| classify(STAGE, error))?;
    let files = listed.objects.iter().map(SourceFile::listed).collect();
    Ok(Listing { folders: listed.common_prefixes, files, unusable: Vec::new() })
}

/// What lies in `folder` and below it; of litter, only the folders that `named` asks for.
pub(crate) async fn list_below(
    input: &Store,
    folder: &Path,
    named: impl Fn(&str) -> bool,
) -> Result<Listing, Fault> {
    let mut all = Listing::default();
    if input.folder().is_none() {
        let mut objects = input.objects().list((!folder.is_root()).then_some(folder));
        while let Some(meta) = objects.next().await {
            all.files.push(SourceFile::listed(&meta.map_err(|error| classify(STAGE, error))?));
        }
        return Ok(all);
    }
    let mut folders = vec![folder.clone()];
    while let Some(folder) = folders.pop() {
        let one = list(input, &folder).await?;
        let enter = |path: &Path| !litter(name_of(path.as_ref())) || named(path.as_ref());
        folders.extend(one.folders.into_iter().filter(enter));
        all.files.extend(one.files);
        all.unusable.extend(one.unusable);
    }
    Ok(all)
}

/// Counts the files and bytes the walk will meet, for progress; nothing is held but the names of
/// folders.
///
/// Counts by file: which documents a manifest makes of them is not looked at.
pub async fn count(input: &Store, selection: &Selection) -> Result<(u64, u64), Fault> {
    let mut count = Count { selection: selection.clone(), files: 0, bytes: 0 };
    if input.folder().is_none() {
        let mut listing = input.objects().list(None);
        while let Some(meta) = listing.next().await {
            let meta = meta.map_err(|error| classify(STAGE, error))?;
            count.file(meta.location.as_ref(), meta.size);
        }
        return Ok((count.files, count.bytes));
    }
    let mut folders = vec![Path::ROOT];
    while let Some(folder) = folders.pop() {
        let input = input.clone();
        let counted = tokio::task::spawn_blocking(move || count.folder(&input, &folder)).await;
        let below;
        (count, below) =
            counted.map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))??;
        folders.extend(below.into_iter().filter(|path| !litter(name_of(path.as_ref()))));
    }
    Ok((count.files, count.bytes))
}

/// Files and bytes that are taken.
struct Count {
    selection: Selection,
    files: u64,
    bytes: u64,
}

impl Count {
    fn file(&mut self, address: &str, size: u64) {
        self.add(address, size, self.selection.takes(address));
    }

    fn add(&mut self, address: &str, size: u64, taken: bool) {
        if taken && !in_litter(address) && name_of(address) != manifest::NAME {
            self.files += 1;
            self.bytes += size;
        }
    }

    /// Adds what lies in a local folder; gives the folders in it.
    fn folder(mut self, input: &Store, folder: &Path) -> Result<(Self, Vec<Path>), Fault> {
        let listed = local::list_through(input, folder, |listing| {
            for file in listing.files.drain(..) {
                self.file(file.key.as_ref(), file.size);
            }
        })?;
        let (folders, unusable) = match listed {
            Ok(listing) => (listing.folders, listing.unusable),
            Err(closed) => (Vec::new(), vec![closed]),
        };
        for other in unusable {
            let taken = self.selection.takes_unusable(&other.address, other.may_be_folder);
            self.add(&other.address, 0, taken);
        }
        Ok((self, folders))
    }
}
