//! A folder whose files are each a dossier of its own, a part of it at a time: a folder of millions
//! of scans is never held whole.
//!
//! A walk goes by the order of names, and a store or a disk lists in an order of its own. So each
//! part is what comes first behind a place, found by going through the whole listing: a folder of a
//! million files is listed ten times. That grows with the square, so
//! that many millions are better laid into folders. Such files share nothing, so that no more of the
//! folder need be known at once.

use std::{cmp::Ordering, collections::BTreeSet};

use futures::TryStreamExt as _;
use object_store::path::Path;
use sohoa_flow::{FatalKind, Fault};
use sohoa_store::{Store, classify};

use crate::{
    dossier::{STAGE, SourceFile},
    listing::{Listing, Unusable, in_litter, name_of, within},
    local, manifest,
    order::compare,
    resume::Bearing,
};

/// Entries that are held at once: keys, sizes and times, tens of megabytes.
pub(crate) const MOST: usize = 100_000;

/// Entries that can have the same address: a file, and what is no file and is shown alike.
const ALIKE: usize = 2;

/// Something that lies in the folder and becomes a source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    File(Box<SourceFile>),
    Unusable(Unusable),
}

impl Entry {
    pub(crate) fn address(&self) -> &str {
        match self {
            Self::File(file) => file.key.as_ref(),
            Self::Unusable(unusable) => &unusable.address,
        }
    }
}

/// From where on a part is wanted.
#[derive(Debug, Clone)]
pub(crate) enum From {
    /// From the first entry.
    Start,
    /// From the entry of an address, itself included.
    Address(String),
    /// Every entry was passed.
    End,
}

impl From {
    pub(crate) fn of(bearing: &Bearing<'_>) -> Self {
        match bearing {
            Bearing::Behind => Self::Start,
            Bearing::Here(after) => Self::Address(after.address.clone()),
            Bearing::Above(_) => Self::End,
        }
    }
}

/// A part of a folder.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The folders in it, all of them.
    pub(crate) folders: Vec<Path>,
    /// Its manifest, or what lies in its place.
    pub(crate) manifest: Listing,
    /// The part, in order.
    pub(crate) entries: Vec<Entry>,
    /// Entries before the part.
    pub(crate) before: u64,
    /// Whether there are entries behind the part.
    pub(crate) more: bool,
}

impl Window {
    /// Lists `folder` for at most so many entries, and the few that are alike to the first.
    pub(crate) async fn read(
        input: &Store,
        folder: &Path,
        from: From,
        most: usize,
    ) -> Result<Self, Fault> {
        let mut sieve = Sieve::new(folder, from, most);
        if input.folder().is_some() {
            let (input, folder) = (input.clone(), folder.clone());
            let listed = tokio::task::spawn_blocking(move || sieve.local(&input, &folder)).await;
            return listed.map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
        }
        let failed = |error| classify(STAGE, error);
        let mut pages = input.pages(folder);
        let mut folders = Vec::new();
        while let Some(page) = pages.try_next().await.map_err(failed)? {
            folders.extend(page.common_prefixes);
            for meta in &page.objects {
                sieve.take(Entry::File(Box::new(SourceFile::listed(meta))));
            }
        }
        folders.sort();
        folders.dedup();
        Ok(sieve.window(folders))
    }
}

/// An entry in the order of names.
struct Kept(Entry);

impl Ord for Kept {
    fn cmp(&self, other: &Self) -> Ordering {
        let unusable = |entry: &Entry| matches!(entry, Entry::Unusable(_));
        compare(self.0.address(), other.0.address())
            .then_with(|| unusable(&self.0).cmp(&unusable(&other.0)))
    }
}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Kept {}

/// Keeps of all entries the first ones behind a place.
struct Sieve {
    /// The address of the folder's manifest.
    manifest: String,
    from: From,
    most: usize,
    kept: BTreeSet<Kept>,
    window: Window,
}

impl Sieve {
    fn new(folder: &Path, from: From, most: usize) -> Self {
        let manifest = within(folder.as_ref(), manifest::NAME);
        // Those at its address are passed, and others have to come behind them.
        let most = most + ALIKE;
        Self { manifest, from, most, kept: BTreeSet::new(), window: Window::default() }
    }

    fn take(&mut self, entry: Entry) {
        let address = entry.address();
        if address == self.manifest {
            match entry {
                Entry::File(file) => self.window.manifest.files.push(*file),
                Entry::Unusable(unusable) => self.window.manifest.unusable.push(unusable),
            }
            return;
        }
        if in_litter(address) || name_of(address) == manifest::NAME {
            return;
        }
        let passed = match &self.from {
            From::Start => false,
            From::Address(from) => compare(address, from).is_lt(),
            From::End => true,
        };
        if passed {
            self.window.before += 1;
            return;
        }
        self.kept.insert(Kept(entry));
        if self.kept.len() > self.most {
            self.kept.pop_last();
            self.window.more = true;
        }
    }

    fn local(mut self, input: &Store, folder: &Path) -> Result<Window, Fault> {
        let (from, most) = (self.from.clone(), self.most - ALIKE);
        let take = |listing: &mut Listing| {
            for file in listing.files.drain(..) {
                self.take(Entry::File(Box::new(file)));
            }
        };
        let (folders, unusable) = match local::list_through(input, folder, take)? {
            Ok(listing) => (listing.folders, listing.unusable),
            // Of a folder that ends in the middle nothing is taken.
            Err(closed) => {
                self = Self::new(folder, from, most);
                (Vec::new(), vec![closed])
            }
        };
        for one in unusable {
            self.take(Entry::Unusable(one));
        }
        Ok(self.window(folders))
    }

    fn window(self, folders: Vec<Path>) -> Window {
        let entries = self.kept.into_iter().map(|kept| kept.0).collect();
        Window { folders, entries, ..self.window }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::{ObjectStoreExt as _, memory::InMemory};
    use sohoa_store::Missing;

    use super::*;

    #[tokio::test]
    async fn a_part_is_what_comes_first_whatever_the_order_of_the_listing() {
        let bucket = InMemory::new();
        for key in ["10.tif", "2.tif", "1.tif", "manifest.json", "30.tif", ".x", "d/1", "e/1"] {
            bucket.put(&Path::from(key), "".into()).await.unwrap();
        }
        let store = Store::from_parts(Arc::new(bucket), "memory:///".parse().unwrap());
        let read = async |from| Window::read(&store, &Path::ROOT, from, 1).await.unwrap();
        let addresses = |window: &Window| {
            window.entries.iter().map(|entry| entry.address().to_owned()).collect::<Vec<_>>()
        };
        let first = read(From::Start).await;
        assert_eq!(addresses(&first), ["1.tif", "2.tif", "10.tif"]);
        assert_eq!((first.before, first.more), (0, true));
        assert_eq!(first.folders, ["d", "e"].map(Path::from));
        assert_eq!(first.manifest.files.len(), 1);
        let second = read(From::Address("10.tif".into())).await;
        assert_eq!(addresses(&second), ["10.tif", "30.tif"]);
        assert_eq!((second.before, second.more), (2, false));
        let none = read(From::End).await;
        assert_eq!((none.entries.len(), none.before, none.more), (0, 4, false));
        assert_eq!(none.folders.len(), 2);
    }

    #[tokio::test]
    async fn a_local_folder_gives_what_is_no_file_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["1.tif", "3.tif", "4.tif"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::os::unix::fs::symlink("nowhere", folder.path().join("2.tif")).unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let window = Window::read(&store, &Path::ROOT, From::Start, 1).await.unwrap();
        let [Entry::File(_), Entry::Unusable(link), Entry::File(third)] = &window.entries[..]
        else {
            panic!("{window:?}")
        };
        assert_eq!((link.address.as_str(), third.key.as_ref()), ("2.tif", "3.tif"));
        assert!(window.more);
    }
}
