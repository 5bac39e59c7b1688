//! The folders of the input, one after the other.

use std::{collections::VecDeque, future::Future};

use object_store::path::Path;
use sohoa_flow::Fault;
use sohoa_schemas::{ledger::Position, manifest::Manifest};
use sohoa_store::{Store, classify, io_kind};

use crate::{
    dossier::{self, Naming, STAGE, Source},
    listing::{Listing, in_litter, list, list_below, litter, name_of, within},
    local,
    manifest::{self, ManifestProblem},
    order::compare,
    owners::Owners,
    resume::{self, Bearing, Counted, bearing, passed},
    window::{self, Entry, From, Window},
};
pub use crate::{listing::count, selection::Selection};

/// How files make dossiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// A manifest where there is one, else a subfolder's files, else single files.
    #[default]
    Auto,
    /// Each file a dossier of its own.
    Flat,
    /// A subfolder's files are a dossier, manifests are not looked at.
    Folders,
    /// Only what a manifest names; every other file is refused.
    Manifest,
}

/// What the walk needs to know.
#[derive(Debug, Clone)]
pub struct Walk {
    /// How files make dossiers.
    pub layout: Layout,
    /// Which files are taken. Of a document with several files, one that is taken takes them all.
    pub selection: Selection,
    /// What names dossiers.
    pub naming: Naming,
    /// What becomes of owners' identifiers.
    pub owners: Owners,
}

/// A source and where it stands.
#[derive(Debug)]
pub struct Found {
    /// The source.
    pub source: Source,
    /// Its place: a walk from here begins with the source after it.
    pub position: Position,
    /// Selected sources of its dossier in the same folder, itself included.
    pub of_dossier: u32,
}

/// Calls `take` with every source of the input, in the order of names, one folder's at a time.
/// `take` answers whether to go on.
///
/// # Errors
/// The input itself cannot be listed, or a bucket does not give a manifest.
pub async fn walk<F, Fut>(input: &Store, walk: &Walk, mut take: F) -> Result<(), Fault>
where
    F: FnMut(Source) -> Fut,
    Fut: Future<Output = bool>,
{
    walk_from(input, walk, None, |found| take(found.source)).await
}

/// Like [`walk`], but goes on behind a position of an earlier walk. Of what comes before it only
/// the folders that it lies in are listed; what was added there since is not seen.
///
/// # Errors
/// As of [`walk`].
pub async fn walk_from<F, Fut>(
    input: &Store,
    walk: &Walk,
    after: Option<&Position>,
    mut take: F,
) -> Result<(), Fault>
where
    F: FnMut(Found) -> Fut,
    Fut: Future<Output = bool>,
{
    walk_holding(input, walk, (after, window::MOST), &mut take).await
}

/// The same, holding at most so many files of a folder of single files.
async fn walk_holding<F, Fut>(
    input: &Store,
    walk: &Walk,
    (after, most): (Option<&Position>, usize),
    take: &mut F,
) -> Result<(), Fault>
where
    F: FnMut(Found) -> Fut,
    Fut: Future<Output = bool>,
{
    // Depth first with the listing of one folder at a time; only folder names wait.
    let mut folders = VecDeque::from([Path::ROOT]);
    while let Some(folder) = folders.pop_front() {
        let bearing = after.map_or(Bearing::Behind, |after| bearing(folder.as_ref(), after));
        let entered = if single_files(walk.layout, &folder) {
            enter_single_files(input, walk, (&folder, &bearing, most), take).await?
        } else {
            let listing = list(input, &folder).await?;
            enter(input, walk, (&folder, &bearing), listing, take).await?
        };
        let Some(mut below) = entered else { return Ok(()) };
        below.retain(|path| !litter(name_of(path.as_ref())) && !bearing.passes(path.as_ref()));
        below.sort_by(|left, right| compare(right.as_ref(), left.as_ref()));
        for path in below {
            folders.push_front(path);
        }
    }
    Ok(())
}

/// Takes the sources of a folder; gives the folders in it that are to be walked, none when it is
/// enough.
async fn enter<F, Fut>(
    input: &Store,
    walk: &Walk,
    (folder, bearing): (&Path, &Bearing<'_>),
    mut listing: Listing,
    take: &mut F,
) -> Result<Option<Vec<Path>>, Fault>
where
    F: FnMut(Found) -> Fut,
    Fut: Future<Output = bool>,
{
    let mut below = std::mem::take(&mut listing.folders);
    let manifest = manifest_of(walk, folder, &listing);
    let decided = manifest.is_some();
    let sources = match manifest {
        // Files that a manifest names in subfolders belong to its dossier, so that those folders
        // are not dossiers of their own.
        Some(found) => {
            below.clear();
            of_manifest(input, walk, folder, found).await?
        }
        None => of_folder(walk, folder, listing),
    };
    let passed = passed(bearing, (&sources, 0), Source::first, decided);
    let counted = Counted::new(sources.iter().filter(|one| selected(&walk.selection, one)));
    for (index, source) in sources.into_iter().enumerate().skip(passed) {
        if selected(&walk.selection, &source)
            && !take(counted.found(source, folder.as_ref(), index as u64)).await
        {
            return Ok(None);
        }
    }
    Ok(Some(below))
}

/// The same of a folder whose files are each a dossier of its own, unless it has a manifest.
async fn enter_single_files<F, Fut>(
    input: &Store,
    walk: &Walk,
    (folder, bearing, most): (&Path, &Bearing<'_>, usize),
    take: &mut F,
) -> Result<Option<Vec<Path>>, Fault>
where
    F: FnMut(Found) -> Fut,
    Fut: Future<Output = bool>,
{
    let mut window = Window::read(input, folder, From::of(bearing), most).await?;
    if manifest_of(walk, folder, &window.manifest).is_some() {
        let listing = Listing { folders: window.folders, ..window.manifest };
        return enter(input, walk, (folder, bearing), listing, take).await;
    }
    let below = std::mem::take(&mut window.folders);
    let mut passed = passed(bearing, (&window.entries, window.before), Entry::address, false);
    loop {
        let Window { entries, before, more, .. } = window;
        let Some(last) = entries.last().map(|entry| entry.address().to_owned()) else { break };
        let end = before + entries.len() as u64;
        for (index, entry) in (before..).zip(entries).skip(passed) {
            let source = dossier::single(&walk.naming, entry);
            if selected(&walk.selection, &source)
                && !take(Counted::One(1).found(source, folder.as_ref(), index)).await
            {
                return Ok(None);
            }
        }
        if !more {
            break;
        }
        let at = Position { folder: folder.to_string(), address: last.clone(), index: end - 1 };
        window = Window::read(input, folder, From::Address(last), most).await?;
        passed = resume::passed(
            &Bearing::Here(&at),
            (&window.entries, window.before),
            Entry::address,
            false,
        );
    }
    Ok(Some(below))
}

/// Whether each file of a folder without a manifest is a dossier of its own.
fn single_files(layout: Layout, folder: &Path) -> bool {
    match layout {
        Layout::Flat => true,
        Layout::Auto | Layout::Folders => folder.is_root(),
        Layout::Manifest => false,
    }
}

/// Whether any of a source is taken. A manifest is held against all that lies in its folder, so
/// that a file which is there and merely not selected is not missed.
fn selected(selection: &Selection, source: &Source) -> bool {
    if let Some(folder) = &source.stands_for {
        return selection.reaches(folder);
    }
    source.files.iter().any(|file| selection.takes(file.key.as_ref()))
        || source.absent.iter().any(|address| selection.takes(address))
}

/// Where a folder has a manifest that decides: its size, or what is wrong with the entry.
fn manifest_of(
    walk: &Walk,
    folder: &Path,
    listing: &Listing,
) -> Option<Result<u64, ManifestProblem>> {
    if !matches!(walk.layout, Layout::Auto | Layout::Manifest) {
        return None;
    }
    let address = within(folder.as_ref(), manifest::NAME);
    let file = listing.files.iter().find(|file| file.key.as_ref() == address);
    let unusable = || listing.unusable.iter().find(|one| one.address == address);
    let problem = |error: &str| Err(ManifestProblem::Invalid(error.to_owned()));
    file.map(|file| Ok(file.size)).or_else(|| unusable().map(|one| problem(&one.refusal.error)))
}

async fn of_manifest(
    input: &Store,
    walk: &Walk,
    folder: &Path,
    found: Result<u64, ManifestProblem>,
) -> Result<Vec<Source>, Fault> {
    let (naming, path) = (&walk.naming, folder.as_ref());
    let own = within(path, manifest::NAME);
    let mut manifest = match found {
        Ok(size) => read_manifest(input, &own, size).await?,
        Err(problem) => Err(problem),
    };
    if let Ok(manifest) = &mut manifest {
        walk.owners.settle(manifest);
    }
    let named = |litter: &str| {
        manifest.as_ref().is_ok_and(|manifest| {
            let mut files = manifest.documents.iter().flat_map(|document| &document.files);
            let inside = format!("{litter}/");
            files.any(|file| within(path, &file.path).starts_with(&inside))
        })
    };
    let mut all = list_below(input, folder, named).await?;
    all.keep(|address| address != own);
    Ok(match manifest {
        Ok(manifest) => dossier::with_manifest(naming, path, all, manifest),
        Err(problem) => {
            all.keep(|address| !in_litter(address));
            dossier::refused_dossier(naming, path, all, &problem)
        }
    })
}

fn of_folder(walk: &Walk, folder: &Path, mut found: Listing) -> Vec<Source> {
    let (naming, path) = (&walk.naming, folder.as_ref());
    found.keep(|address| !in_litter(address) && name_of(address) != manifest::NAME);
    if walk.layout == Layout::Manifest {
        let problem = ManifestProblem::Invalid("the folder has none".into());
        return dossier::refused_folder(naming, path, found, &problem);
    }
    dossier::folder(naming, path, found)
}

async fn read_manifest(
    input: &Store,
    address: &str,
    size: u64,
) -> Result<Result<Manifest, ManifestProblem>, Fault> {
    if let Err(problem) = manifest::check_size(size) {
        return Ok(Err(problem));
    }
    // The address is a listed one or made of one, so that it parses.
    let key = Path::parse(address).map_err(|error| Fault::retry(STAGE, error))?;
    let error = match input.get_path(&key).await {
        Ok(Some(bytes)) => return Ok(manifest::parse(&bytes)),
        Ok(None) => std::io::ErrorKind::NotFound.into(),
        Err(error) => match (input.folder(), io_kind(&error)) {
            (Some(_), Some(kind)) => kind.into(),
            _ => return Err(classify(STAGE, error)),
        },
    };
    if let Some(root) = input.folder() {
        local::require_root(root)?;
    }
    Ok(Err(ManifestProblem::Invalid(local::why("manifest", &error))))
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet, sync::Arc};

    use object_store::{ObjectStoreExt as _, memory::InMemory};
    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    fn key() -> impl Strategy<Value = String> {
        let part = "(ê|e\u{302}|[ab]|0?[0-2]|10|\\.x){1,2}";
        prop_oneof![
            8 => part.prop_map(String::from),
            2 => (part, part).prop_map(|(folder, name)| format!("{folder}/{name}")),
            1 => Just("manifest.json".to_owned()),
        ]
    }

    async fn bucket(keys: &BTreeSet<String>) -> Store {
        let bucket = InMemory::new();
        for key in keys {
            bucket.put(&Path::parse(key).unwrap(), "{".into()).await.unwrap();
        }
        Store::from_parts(Arc::new(bucket), "memory:///".parse().unwrap())
    }

    /// Addresses, positions and the number of documents of the same dossier, from behind `after`,
    /// with so many files held at once.
    async fn rest(
        store: &Store,
        layout: Layout,
        (after, most): (Option<&Position>, usize),
    ) -> Vec<(String, Position, u32)> {
        let naming = Naming { agency: None, input: "in".into() };
        let selection = Selection::new(&[], &["b*".to_owned()]).unwrap();
        let walk = Walk { layout, selection, naming, owners: Owners::default() };
        let seen = RefCell::new(Vec::new());
        let mut take = |found: Found| {
            let address = found.source.uris().join("+");
            seen.borrow_mut().push((address, found.position, found.of_dossier));
            std::future::ready(true)
        };
        walk_holding(store, &walk, (after, most), &mut take).await.unwrap();
        seen.into_inner()
    }

    proptest! {
        #[test]
        fn a_walk_that_holds_few_files_gives_the_same_and_goes_on_behind_any_of_them(
            keys in btree_set(key(), 0..24),
            layout in 0usize..3,
            most in 1usize..4,
        ) {
            let layout = [Layout::Auto, Layout::Flat, Layout::Folders][layout];
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let store = bucket(&keys).await;
                let all = rest(&store, layout, (None, 1_000)).await;
                prop_assert_eq!(&rest(&store, layout, (None, most)).await, &all);
                for (index, (_, position, _)) in all.iter().enumerate() {
                    let after = Some(position);
                    let few = rest(&store, layout, (after, most)).await;
                    prop_assert_eq!(&few[..], &all[index + 1..]);
                    // As a version that held the whole folder wrote it, or another index.
                    let moved = Position { index: position.index + 7, ..position.clone() };
                    prop_assert_eq!(&rest(&store, layout, (Some(&moved), most)).await, &few);
                }
                Ok(())
            })?;
        }
    }
}
