//! Bringing an object to a local file, with its hash.
//!
//! The page workers read files. An object of a folder is read where it lies; one of a bucket is
//! copied to a temporary file that goes when its [`Fetched`] does.

use std::{io::Write as _, path::PathBuf};

use futures::StreamExt as _;
use object_store::{ObjectStoreExt as _, path::Path};
use sohoa_flow::Fault;
use tempfile::TempPath;

use crate::{
    Store, classify, classify_local,
    hash::{Hasher, sha256_file},
};

/// Name of this step in errors.
const STAGE: &str = "fetch";

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
        match self.local_path(key) {
            Some(path) => hash_in_place(path).await,
            None => self.download(key).await,
        }
    }

    /// The file of `key`, when the store is a folder.
    pub fn local_path(&self, key: &Path) -> Option<PathBuf> {
        self.local.as_ref()?.files.path_to_filesystem(key).ok()
    }

    async fn download(&self, key: &Path) -> Result<Fetched, Fault> {
        let failed = |error| classify(STAGE, error);
        let mut body = self.objects.get(key).await.map_err(failed)?.into_stream();
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
            copy.write_all(&piece).map_err(|error| classify_local(STAGE, error))?;
        }
        let copy = copy.into_temp_path();
        let path = copy.to_path_buf();
        Ok(Fetched { path, sha256: hasher.finish(), size, _copy: Some(copy) })
    }
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
    use super::*;
    use crate::Missing;

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
