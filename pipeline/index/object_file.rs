//! A data file on the object store, as the Parquet reader wants it.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use futures::{FutureExt as _, TryFutureExt as _, future::BoxFuture};
use object_store::{ObjectStore, ObjectStoreExt as _, path::Path};
use parquet::{
    arrow::{arrow_reader::ArrowReaderOptions, async_reader::AsyncFileReader},
    errors::Result,
    file::metadata::{ParquetMetaData, ParquetMetaDataReader},
};

/// End of a file read at once: holds the footer of all but the largest files.
const FOOTER_BYTES: usize = 64 << 10;

/// One file of known size.
#[derive(Debug, Clone)]
pub(crate) struct ObjectFile {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) path: Path,
    pub(crate) size: u64,
}

impl AsyncFileReader for ObjectFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        let (store, path) = (Arc::clone(&self.store), self.path.clone());
        async move { Ok(store.get_range(&path, range).await?) }.boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        let (store, path) = (Arc::clone(&self.store), self.path.clone());
        async move { Ok(store.get_ranges(&path, &ranges).await?) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        let size = self.size;
        let reader = ParquetMetaDataReader::new()
            .with_metadata_options(options.map(|options| options.metadata_options().clone()))
            .with_prefetch_hint(Some(FOOTER_BYTES));
        reader.load_and_finish(self, size).map_ok(Arc::new).boxed()
    }
}
