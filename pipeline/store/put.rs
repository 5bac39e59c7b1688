//! Writing objects: at most once where it matters, in pieces where they are large.

use std::path::{Path as FilePath, PathBuf};

use bytes::Bytes;
use object_store::{
    Extensions, MultipartUpload, ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions,
    PutPayload, path::Path,
};
use sohoa_flow::Fault;
use tokio::{io::AsyncReadExt as _, task::JoinSet};

use crate::{
    Store, classify, classify_local,
    hash::{self, Hasher},
    object_lock::Kept,
};

/// Bytes of one piece of a large upload; S3 wants at least 5 MiB.
const PIECE: usize = 8 << 20;

/// Pieces under way at once; with `PIECE` the memory one upload may take.
const PIECES_IN_FLIGHT: usize = 4;

/// What came of creating an object that may exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It was created by this call.
    New,
    /// Another was there before; its bytes.
    Existed(Bytes),
}

/// The file is no longer the one that was hashed.
#[derive(Debug, thiserror::Error)]
#[error("the file `{path}` changed while it was read")]
pub struct FileChanged {
    path: PathBuf,
}

impl Store {
    /// Creates `key` unless it exists. Exactly one of several simultaneous callers gets `New`.
    ///
    /// A store's answer "exists already" is not believed before it is read back: after a lost
    /// reply, a retried request meets the object that its first try made.
    pub async fn create(
        &self,
        stage: &'static str,
        key: &str,
        bytes: Bytes,
    ) -> Result<Created, Fault> {
        let path = Path::from(key);
        let options = self.put_options(key, PutMode::Create);
        let payload = PutPayload::from_bytes(bytes.clone());
        match self.objects.put_opts(&path, payload, options).await {
            Ok(_) => {
                self.make_durable(stage, &path).await?;
                Ok(Created::New)
            }
            Err(object_store::Error::AlreadyExists { .. }) => {
                let held = self.get(key).await.map_err(|error| classify(stage, error))?;
                match held {
                    Some(held) if held == bytes => Ok(Created::New),
                    Some(held) => Ok(Created::Existed(held)),
                    None => Err(Fault::retry(stage, format!("`{key}` exists and does not"))),
                }
            }
            Err(error) => Err(classify(stage, error)),
        }
    }

    /// Writes a small object, replacing what was there.
    pub async fn put(&self, stage: &'static str, key: &str, bytes: Bytes) -> Result<(), Fault> {
        let path = Path::from(key);
        let options = self.put_options(key, PutMode::Overwrite);
        let put = self.objects.put_opts(&path, PutPayload::from_bytes(bytes), options).await;
        put.map_err(|error| classify(stage, error))?;
        self.make_durable(stage, &path).await
    }

    /// Writes a file under `key`, in pieces when it is large, and checks that its hash is the
    /// expected one; an object of other bytes is removed again.
    pub async fn put_file(
        &self,
        stage: &'static str,
        key: &str,
        file: &FilePath,
        sha256: &str,
    ) -> Result<u64, Fault> {
        let path = Path::from(key);
        let meta = tokio::fs::metadata(file).await;
        let size = meta.map_err(|error| classify_local(stage, error))?.len();
        if size <= PIECE as u64 {
            return self.put_small_file(stage, key, file, sha256).await;
        }
        let options =
            PutMultipartOptions { extensions: self.marks(key), ..PutMultipartOptions::default() };
        let upload = self.objects.put_multipart_opts(&path, options).await;
        let mut upload = Pieces::new(upload.map_err(|error| classify(stage, error))?);
        let (size, hash) = match upload.copy(file).await {
            Ok(done) => done,
            Err(error) => {
                upload.abort().await;
                return Err(classify_local(stage, error));
            }
        };
        if hash != sha256 {
            upload.abort().await;
            return Err(Fault::retry(stage, FileChanged { path: file.to_owned() }));
        }
        upload.finish().await.map_err(|error| classify(stage, error))?;
        self.make_durable(stage, &path).await?;
        Ok(size)
    }

    pub(crate) fn put_options(&self, key: &str, mode: PutMode) -> PutOptions {
        PutOptions { mode, extensions: self.marks(key), ..PutOptions::default() }
    }

    /// What goes with a request that makes this object.
    fn marks(&self, key: &str) -> Extensions {
        let mut marks = Extensions::new();
        if self.kept.iter().any(|prefix| key.starts_with(prefix.as_str())) {
            marks.insert(Kept);
        }
        marks
    }

    /// The same in one request: an upload in pieces takes three.
    async fn put_small_file(
        &self,
        stage: &'static str,
        key: &str,
        file: &FilePath,
        sha256: &str,
    ) -> Result<u64, Fault> {
        let bytes = tokio::fs::read(file).await.map_err(|error| classify_local(stage, error))?;
        if hash::sha256(&bytes) != sha256 {
            return Err(Fault::retry(stage, FileChanged { path: file.to_owned() }));
        }
        let size = bytes.len() as u64;
        self.put(stage, key, bytes.into()).await?;
        Ok(size)
    }

    /// In a folder, has the system write the file and its name to the disk: an object that a
    /// record vouches for survives a power cut. A bucket's answer says that already.
    pub(crate) async fn make_durable(&self, stage: &'static str, key: &Path) -> Result<(), Fault> {
        let Some(path) = self.local_path(key) else { return Ok(()) };
        let synced = tokio::task::spawn_blocking(move || {
            std::fs::File::open(&path)?.sync_all()?;
            path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
        });
        let synced = synced.await.map_err(|error| Fault::retry(stage, error))?;
        synced.map_err(|error| classify_local(stage, error))
    }

    /// Whether `key` exists with exactly `size` bytes.
    pub async fn holds(&self, stage: &'static str, key: &str, size: u64) -> Result<bool, Fault> {
        match self.objects.head(&Path::from(key)).await {
            Ok(found) => Ok(found.size == size),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(classify(stage, error)),
        }
    }
}

/// An upload in pieces. What is not finished is given back: a store keeps pieces, unseen and paid
/// for, until it is told to drop them.
struct Pieces {
    upload: Box<dyn MultipartUpload>,
    under_way: JoinSet<object_store::Result<()>>,
}

impl Pieces {
    fn new(upload: Box<dyn MultipartUpload>) -> Self {
        Self { upload, under_way: JoinSet::new() }
    }

    async fn copy(&mut self, file: &FilePath) -> Result<(u64, String), CopyError> {
        let mut reader = tokio::fs::File::open(file).await?;
        let mut hasher = Hasher::default();
        let mut size = 0;
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            if (&mut reader).take(PIECE as u64).read_to_end(&mut piece).await? == 0 {
                break;
            }
            hasher.update(&piece);
            size += piece.len() as u64;
            self.wait_for_fewer_than(PIECES_IN_FLIGHT).await?;
            self.under_way.spawn(self.upload.put_part(piece.into()));
        }
        self.wait_for_fewer_than(1).await?;
        Ok((size, hasher.finish()))
    }

    async fn wait_for_fewer_than(&mut self, count: usize) -> Result<(), CopyError> {
        while self.under_way.len() >= count
            && let Some(put) = self.under_way.join_next().await
        {
            put.map_err(std::io::Error::other)??;
        }
        Ok(())
    }

    async fn finish(mut self) -> object_store::Result<()> {
        let done = self.upload.complete().await.map(drop);
        if done.is_err() {
            self.abort().await;
        }
        done
    }

    async fn abort(mut self) {
        self.under_way.shutdown().await;
        if let Err(error) = self.upload.abort().await {
            tracing::info!(%error, "pieces of an upload are left at the store");
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum CopyError {
    #[error("the file cannot be read")]
    Read(#[from] std::io::Error),
    #[error("a piece cannot be written")]
    Write(#[from] object_store::Error),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Missing, hash::sha256};

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        (folder, store)
    }

    #[tokio::test]
    async fn the_second_create_gets_what_the_first_wrote() {
        let (_folder, store) = store();
        let first = store.create("t", "a/record.json", "one".into()).await.unwrap();
        let again = store.create("t", "a/record.json", "one".into()).await.unwrap();
        let second = store.create("t", "a/record.json", "two".into()).await.unwrap();
        assert_eq!((first, again), (Created::New, Created::New));
        assert_eq!(second, Created::Existed("one".into()));
    }

    #[tokio::test]
    async fn a_file_that_changed_leaves_no_object() {
        let (folder, store) = store();
        let file = folder.path().join("scan");
        // In one request, and in pieces.
        for size in [10, 9 << 20] {
            let bytes = vec![7; size];
            std::fs::write(&file, &bytes).unwrap();
            let key = format!("o/{size}");
            let wrong = store.put_file("t", &key, &file, &sha256(b"other")).await;
            assert!(matches!(wrong, Err(Fault::Retry(_))));
            assert!(store.get(&key).await.unwrap().is_none());
            let put = store.put_file("t", &key, &file, &sha256(&bytes)).await.unwrap();
            assert_eq!(put, size as u64);
            assert!(store.holds("t", &key, size as u64).await.unwrap());
        }
    }
}
