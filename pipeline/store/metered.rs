//! A store whose operations are timed for operators. It changes nothing else.
//!
//! The time of a listing is that of a whole answer with folders; a stream of names is not timed,
//! since its reader decides how long it takes. Of an upload in pieces each piece is a put.

use std::{fmt, ops::Range, sync::Arc, time::Instant};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    Result, UploadPart, path::Path,
};
use sohoa_metrics::{Operation, StoreResult, record};

/// The timed store.
#[derive(Debug)]
pub(crate) struct Metered(pub(crate) Arc<dyn ObjectStore>);

impl fmt::Display for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

pub(crate) async fn timed<T>(
    operation: Operation,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let began = Instant::now();
    let done = work.await;
    let result = match &done {
        Ok(_) => StoreResult::Ok,
        Err(Error::NotFound { .. }) => StoreResult::Absent,
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => StoreResult::Exists,
        Err(_) => StoreResult::Error,
    };
    record::store_operation(operation, result, began.elapsed());
    done
}

#[async_trait]
impl ObjectStore for Metered {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let operation =
            if options.mode == PutMode::Create { Operation::Create } else { Operation::Put };
        timed(operation, self.0.put_opts(location, payload, options)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let begun = timed(Operation::Put, self.0.put_multipart_opts(location, options)).await?;
        Ok(Box::new(MeteredUpload(begun)))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        timed(Operation::Get, self.0.get_opts(location, options)).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        timed(Operation::Get, self.0.get_ranges(location, ranges)).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let began = Instant::now();
        let deleted = self.0.delete_stream(locations);
        let counted = move |one: &Result<Path>| {
            let result = match one {
                Ok(_) => StoreResult::Ok,
                Err(Error::NotFound { .. }) => StoreResult::Absent,
                Err(_) => StoreResult::Error,
            };
            record::store_operation(Operation::Delete, result, began.elapsed());
        };
        deleted.inspect(counted).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        timed(Operation::List, self.0.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        timed(Operation::Put, self.0.copy_opts(from, to, options)).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        timed(Operation::Put, self.0.rename_opts(from, to, options)).await
    }
}

/// An upload in pieces.
#[derive(Debug)]
struct MeteredUpload(Box<dyn MultipartUpload>);

#[async_trait]
impl MultipartUpload for MeteredUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        Box::pin(timed(Operation::Put, self.0.put_part(data)))
    }

    async fn complete(&mut self) -> Result<PutResult> {
        timed(Operation::Put, self.0.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        timed(Operation::Delete, self.0.abort()).await
    }
}
