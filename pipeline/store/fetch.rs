//! Bringing an object to a local file, with its hash.
//!
//! The page workers read files. An object of a folder is read where it lies; one of a bucket is
//! copied to a temporary file that goes when its [`Fetched`] does.

use std::{
    io::Write as _,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

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

/// Objects of a folder that are asked for, to know whether any can be read.
const LOOKED_AT: usize = 4;

/// Folders of a level whose objects are asked for.
const FOLDERS: usize = 16;

/// Levels of folders whose objects are asked for.
const LEVELS: usize = 4;

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
    /// but `closed` that is closed to it. Asks first for what was read last, since what can be read
    /// may lie behind any number of objects that cannot.
    pub async fn reads_beside(&self, closed: &Path) -> bool {
        let read = lock(&self.read).clone();
        if let Some(read) = read.filter(|read| read != closed)
            && self.objects.head(&read).await.is_ok()
        {
            return true;
        }
        for level in 1..=closed.parts().count().clamp(1, LEVELS) {
            if self.reads_at(level, closed).await {
                return true;
            }
        }
        false
    }

    /// Asks for a few objects of each of the first folders at a level, the topmost being 1.
    async fn reads_at(&self, level: usize, closed: &Path) -> bool {
        let mut passed: Option<Path> = None;
        for _ in 0..FOLDERS {
            let listing = match &passed {
                None => self.objects.list(None),
                Some(passed) => self.objects.list_with_offset(None, passed),
            };
            let found: Vec<Path> = listing
                .filter_map(|listed| std::future::ready(listed.ok().map(|meta| meta.location)))
                .take(LOOKED_AT)
                .collect()
                .await;
            for other in found.iter().filter(|other| *other != closed) {
                if self.objects.head(other).await.is_ok() {
                    self.remember(other);
                    return true;
                }
            }
            let Some(last) = found.last() else { return false };
            passed = Some(behind(last, level));
        }
        false
    }

    fn remember(&self, read: &Path) {
        *lock(&self.read) = Some(read.clone());
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
        self.remember(key);
        let copy = copy.into_temp_path();
        let path = copy.to_path_buf();
        Ok(Fetched { path, sha256: hasher.finish(), size, _copy: Some(copy) })
    }
}

/// A key behind all that lies in the folder of `key` at a level: `0` comes after `/`.
fn behind(key: &Path, level: usize) -> Path {
    let folder: Path = key.parts().take(level).collect();
    Path::parse(format!("{folder}0")).unwrap_or(folder)
}

fn lock(read: &Mutex<Option<Path>>) -> MutexGuard<'_, Option<Path>> {
    // Nothing panics while it is held.
    read.lock().unwrap_or_else(PoisonError::into_inner)
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

    use async_trait::async_trait;
    use futures::stream::BoxStream;
    use object_store::{
        CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
        PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, memory::InMemory,
    };

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

    /// Lets only what lies below `open` be read.
    #[derive(Debug)]
    struct MostlyClosed {
        inner: InMemory,
        open: &'static str,
    }

    impl std::fmt::Display for MostlyClosed {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("mostly closed")
        }
    }

    #[async_trait]
    impl ObjectStore for MostlyClosed {
        async fn put_opts(
            &self,
            location: &Path,
            payload: PutPayload,
            options: PutOptions,
        ) -> Result<PutResult> {
            self.inner.put_opts(location, payload, options).await
        }

        async fn put_multipart_opts(
            &self,
            location: &Path,
            options: PutMultipartOptions,
        ) -> Result<Box<dyn MultipartUpload>> {
            self.inner.put_multipart_opts(location, options).await
        }

        async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
            if !location.as_ref().starts_with(self.open) {
                let (path, source) = (location.to_string(), "closed".into());
                return Err(object_store::Error::PermissionDenied { path, source });
            }
            self.inner.get_opts(location, options).await
        }

        fn delete_stream(
            &self,
            locations: BoxStream<'static, Result<Path>>,
        ) -> BoxStream<'static, Result<Path>> {
            self.inner.delete_stream(locations)
        }

        fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
            self.inner.list(prefix)
        }

        async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
            self.inner.list_with_delimiter(prefix).await
        }

        async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
            self.inner.copy_opts(from, to, options).await
        }
    }

    async fn mostly_closed(open: &'static str, folders: &[String]) -> Store {
        let objects = MostlyClosed { inner: InMemory::new(), open };
        for folder in folders {
            for number in 0..20 {
                let key = Path::from(format!("{folder}/{number:02}.tif"));
                objects.put(&key, "x".into()).await.unwrap();
            }
        }
        Store::from_parts(Arc::new(objects), "memory:///".parse().unwrap())
    }

    #[tokio::test]
    async fn a_closed_folder_that_is_listed_first_does_not_hide_what_can_be_read() {
        let folders = ["a", "b/2023", "b/2024"].map(str::to_owned);
        for (open, closed) in
            [("b", "a/00.tif"), ("b/2024", "b/2023/00.tif"), ("b/2024", "a/7.tif")]
        {
            let store = mostly_closed(open, &folders).await;
            assert!(store.reads_beside(&Path::from(closed)).await, "{open} beside {closed}");
        }
        let store = mostly_closed("nothing", &folders).await;
        assert!(!store.reads_beside(&Path::from("a/00.tif")).await);
    }

    #[tokio::test]
    async fn what_was_read_before_is_asked_for_first_and_again() {
        let folders: Vec<String> = (0..40).map(|number| format!("{number:02}")).collect();
        let closed = Path::from("00/00.tif");
        let store = mostly_closed("39", &folders).await;
        assert!(!store.reads_beside(&closed).await, "it lies behind too many that are closed");
        store.fetch(&Path::from("39/00.tif")).await.unwrap();
        assert!(store.clone().reads_beside(&closed).await);
        // Rights that were taken away since are no rights.
        store.objects().delete(&Path::from("39/00.tif")).await.unwrap();
        assert!(!store.reads_beside(&closed).await);
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
