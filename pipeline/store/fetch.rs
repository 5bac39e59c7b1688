//! Bringing an object to a local file, with its hash.
//!
//! The page workers read files. An object of a folder is read where it lies; one of a bucket is
//! copied to a temporary file that goes when its [`Fetched`] does.

use std::{io::Write as _, path::PathBuf};

use futures::StreamExt as _;
use object_store::{ObjectStoreExt as _, path::Path};
use sohoa_flow::Fault;
use sohoa_schemas::Code;
use tempfile::TempPath;

use crate::{
    Store, classify, classify_local,
    hash::{Hasher, sha256_file},
};

/// Name of this step in errors.
const STAGE: &str = "fetch";

/// Objects that are asked for, to know whether any can be read.
const LOOKED_AT: usize = 16;

/// A local file.
#[derive(Debug)]
pub struct Fetched {
    /// Where it is.
    pub path: PathBuf,
    /// Its hash.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// Removes the copy, where it is one.
    _copy: Option<TempPath>,
}

impl Store {
    /// Brings `key` to a local file and hashes it.
    ///
    /// # Errors
    /// `Retry` when the store or disk fails; `Fatal` when it is full or forbidden.
    pub async fn fetch(&self, key: &Path) -> Result<Fetched, Fault> {
        self.fetch_at_most(key, u64::MAX).await
    }

    /// The same, but copies nothing that is longer than `most` bytes: one file must not fill the
    /// disk that all share. A file that is local already is not copied, whatever its length.
    ///
    /// # Errors
    /// `Reject` when it is longer, and as [`Self::fetch`].
    pub async fn fetch_at_most(&self, key: &Path, most: u64) -> Result<Fetched, Fault> {
        match self.local_path(key) {
            Some(path) => hash_in_place(path).await,
            None => self.download(key, most).await,
        }
    }

    /// Whether any of a few other objects can be read: then it is not the key that has no rights,
    /// but `closed` that is closed to it.
    pub async fn reads_beside(&self, closed: &Path) -> bool {
        let others = self.objects.list(None).filter_map(|listed| {
            std::future::ready(listed.ok().filter(|meta| meta.location != *closed))
        });
        let mut others = std::pin::pin!(others.take(LOOKED_AT));
        while let Some(other) = others.next().await {
            if self.objects.head(&other.location).await.is_ok() {
                return true;
            }
        }
        false
    }

    /// The file of `key`, when the store is a folder.
    pub fn local_path(&self, key: &Path) -> Option<PathBuf> {
        self.local.as_ref()?.files.path_to_filesystem(key).ok()
    }

    async fn download(&self, key: &Path, most: u64) -> Result<Fetched, Fault> {
        let failed = |error| classify(STAGE, error);
        let within = |size| if size > most { Err(too_large(size, most)) } else { Ok(()) };
        let found = self.objects.get(key).await.map_err(failed)?;
        within(found.meta.size)?;
        let mut body = found.into_stream();
        let mut copy = tempfile::Builder::new()
            .prefix("sohoa-")
            .tempfile()
            .map_err(|error| classify_local(STAGE, error))?;
        let mut hasher = Hasher::default();
        let mut size = 0;
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(failed)?;
            hasher.update(&piece);
            size += piece.len() as u64;
            within(size)?;
            copy.write_all(&piece).map_err(|error| classify_local(STAGE, error))?;
        }
        let copy = copy.into_temp_path();
        let path = copy.to_path_buf();
        Ok(Fetched { path, sha256: hasher.finish(), size, _copy: Some(copy) })
    }
}

fn too_large(size: u64, most: u64) -> Fault {
    let error = format!("the file has {size} bytes, and {most} are accepted (input.max_file_mib)");
    Fault::reject(Code::F06TooLarge, STAGE, error)
}

async fn hash_in_place(path: PathBuf) -> Result<Fetched, Fault> {
    let hashed = tokio::task::spawn_blocking(move || {
        let size = std::fs::metadata(&path)?.len();
        sha256_file(&path).map(|sha256| Fetched { path, sha256, size, _copy: None })
    });
    match hashed.await {
        Ok(fetched) => fetched.map_err(|error| Fault::retry(STAGE, error)),
        Err(error) => Err(Fault::retry(STAGE, error)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::memory::InMemory;

    use super::*;
    use crate::Missing;

    async fn in_memory(keys: &[&str]) -> Store {
        let objects = Arc::new(InMemory::new());
        for key in keys {
            objects.put(&Path::from(*key), key.as_bytes().to_vec().into()).await.unwrap();
        }
        Store::from_parts(objects, "memory:///".parse().unwrap())
    }

    #[tokio::test]
    async fn what_is_longer_than_is_accepted_is_not_copied() {
        let store = in_memory(&["12345"]).await;
        let key = Path::from("12345");
        assert_eq!(store.fetch_at_most(&key, 5).await.unwrap().size, 5);
        let Err(Fault::Reject(rejection)) = store.fetch_at_most(&key, 4).await else {
            panic!("it has a byte more")
        };
        assert_eq!(rejection.code, Code::F06TooLarge);
    }

    #[tokio::test]
    async fn another_object_tells_a_closed_one_from_a_key_without_rights() {
        let closed = Path::from("closed");
        assert!(!in_memory(&["closed"]).await.reads_beside(&closed).await);
        assert!(in_memory(&["closed", "open"]).await.reads_beside(&closed).await);
    }

    #[tokio::test]
    async fn a_file_with_any_name_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        for name in ["Quyết định số 5 (bản 2).pdf", "50% #1?.tif", "a%41~b*{c}.png"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let listed: Vec<_> = store.objects().list(None).collect().await;
        assert_eq!(listed.len(), 3);
        for object in listed {
            let fetched = store.fetch(&object.unwrap().location).await.unwrap();
            let name = fetched.path.file_name().unwrap().to_str().unwrap();
            assert_eq!(std::fs::read_to_string(&fetched.path).unwrap(), name);
        }
    }
}
