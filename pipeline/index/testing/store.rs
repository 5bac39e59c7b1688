//! A store in memory that fails where a test wants it to.

use std::{
    fmt,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, memory::InMemory, path::Path,
};

/// A store in memory that breaks at a chosen commit, before or after doing it, and stays broken
/// until it is mended: what a killed process looks like to the store.
#[derive(Debug)]
pub(crate) struct FusedStore {
    inner: InMemory,
    /// Log entries that still succeed; negative when broken.
    commits: AtomicI64,
    /// Whether the breaking commit is done.
    after: bool,
    /// Log entries until one that is done, but answered with an error.
    lost_answer: AtomicI64,
    pub(crate) bytes_read: AtomicUsize,
}

impl FusedStore {
    pub(crate) fn sound() -> Arc<Self> {
        Self::breaking(i64::MAX, false)
    }

    pub(crate) fn breaking(commits: i64, after: bool) -> Arc<Self> {
        Arc::new(Self {
            inner: InMemory::new(),
            commits: AtomicI64::new(commits),
            after,
            lost_answer: AtomicI64::new(i64::MAX),
            bytes_read: AtomicUsize::new(0),
        })
    }

    pub(crate) fn mend(&self) {
        self.commits.store(i64::MAX, Ordering::SeqCst);
    }

    pub(crate) fn break_after(&self, commits: i64) {
        self.commits.store(commits, Ordering::SeqCst);
    }

    /// Takes a folder away.
    pub(crate) async fn remove(&self, prefix: &str) {
        let found = self.inner.list(Some(&Path::from(prefix))).map_ok(|meta| meta.location).boxed();
        self.inner.delete_stream(found).try_collect::<Vec<_>>().await.unwrap();
    }

    pub(crate) fn lose_answer(&self, commits: i64) {
        self.lost_answer.store(commits, Ordering::SeqCst);
    }

    fn broken() -> object_store::Error {
        object_store::Error::Generic { store: "fused", source: "the fuse has blown".into() }
    }
}

impl fmt::Display for FusedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fused")
    }
}

#[async_trait::async_trait]
impl ObjectStore for FusedStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        let is_commit =
            location.as_ref().contains("_delta_log/") && location.extension() == Some("json");
        let left = if is_commit {
            self.commits.fetch_sub(1, Ordering::SeqCst)
        } else {
            self.commits.load(Ordering::SeqCst)
        };
        if left < 0 || (left == 0 && is_commit && !self.after) {
            return Err(Self::broken());
        }
        let lost = is_commit && self.lost_answer.fetch_sub(1, Ordering::SeqCst) == 0;
        let done = self.inner.put_opts(location, payload, opts).await;
        if lost || (left == 0 && is_commit) { Err(Self::broken()) } else { done }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let result = self.inner.get_opts(location, options).await?;
        let read = usize::try_from(result.range.end - result.range.start).unwrap();
        self.bytes_read.fetch_add(read, Ordering::SeqCst);
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    /// From the last to the first: no store promises an order.
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let inner = self.inner.list(prefix);
        futures::stream::once(async move {
            let mut objects: Vec<_> = inner.try_collect().await?;
            objects.reverse();
            Ok::<_, object_store::Error>(futures::stream::iter(objects.into_iter().map(Ok)))
        })
        .try_flatten()
        .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// Text of every object whose key ends so.
pub(crate) async fn texts(store: &FusedStore, end: &str) -> Vec<String> {
    use object_store::ObjectStoreExt as _;
    let mut found: Vec<_> = store.list(None).try_collect::<Vec<_>>().await.unwrap();
    found.retain(|object| object.location.as_ref().ends_with(end));
    found.sort_by(|a, b| a.location.cmp(&b.location));
    let mut texts = Vec::new();
    for object in found {
        let bytes = store.get(&object.location).await.unwrap().bytes().await.unwrap();
        texts.push(String::from_utf8(bytes.to_vec()).unwrap());
    }
    texts
}
