//! A table's folder on the store, whichever table it is: its log, and the files beside it.

use std::{collections::HashMap, sync::Arc};

use chrono::DateTime;
use deltalake::{
    DeltaTable, DeltaTableError,
    checkpoints::cleanup_metadata,
    logstore::{LogStoreRef, StorageConfig, default_logstore},
};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::{ObjectMeta, ObjectStore, path::Path, prefix::PrefixStore};
use url::Url;

use crate::{
    checkpoint,
    error::IndexError,
    files::DataFile,
    vacuum::{DELETED_FILE_RETENTION, RETENTION_DAYS, Tombstone},
};

/// Address of the tables inside Delta. The scheme is our own: the store at hand is used for every
/// access, and no factory for `s3` or other schemes is needed. The end of the host is the one of S3's
/// directory buckets: by it Delta knows a store that lists in no order, and sorts, as local folders
/// need. Where listings are ordered this costs the sorting of some dozen names.
const INSIDE: &str = "sohoa-index://tables--x-s3/";

/// How often a property is set anew because others changed the table meanwhile.
const MOST_RETRIES: u32 = 8;

/// A table's folder.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The table's name.
    pub(crate) name: &'static str,
    log_store: LogStoreRef,
}

impl Place {
    /// Names the folder under `store`, which is rooted at the index; touches nothing.
    pub(crate) fn new(name: &'static str, store: &Arc<dyn ObjectStore>) -> Self {
        let url = Url::parse(&format!("{INSIDE}{name}/"))
            .expect("a fixed scheme and a table name make a URL");
        let own: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(Arc::clone(store), name));
        let log_store = default_logstore(own, Arc::clone(store), &url, &StorageConfig::default());
        Self { name, log_store }
    }

    pub(crate) fn log_store(&self) -> LogStoreRef {
        Arc::clone(&self.log_store)
    }

    /// The store, rooted at the folder.
    pub(crate) fn store(&self) -> Arc<dyn ObjectStore> {
        self.log_store.object_store(None)
    }

    pub(crate) fn error(&self, error: DeltaTableError) -> IndexError {
        IndexError::delta(self.name)(error)
    }

    /// The newest state on the store, read afresh; `None` when the table does not exist.
    pub(crate) async fn newest(&self) -> Result<Option<DeltaTable>, IndexError> {
        let mut table = DeltaTable::new(self.log_store());
        match table.load().await {
            Ok(()) => Ok(Some(table)),
            Err(DeltaTableError::NotATable(_)) => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    /// The data files of a state.
    pub(crate) fn files(&self, state: &DeltaTable) -> Result<Vec<DataFile>, IndexError> {
        let snapshot = state.snapshot().map_err(|error| self.error(error))?;
        Ok(snapshot.log_data().iter().map(DataFile::new).collect())
    }

    /// Every Parquet file under the folder, whether the log names it or not.
    pub(crate) async fn data_objects(&self) -> Result<Vec<ObjectMeta>, IndexError> {
        let store = self.store();
        let listed = store.list(None).try_filter(|object| {
            let path = object.location.as_ref();
            std::future::ready(!path.starts_with("_delta_log/") && path.ends_with(".parquet"))
        });
        Ok(listed.try_collect().await?)
    }

    /// The files the log names as removed.
    pub(crate) async fn tombstones(
        &self,
        state: &DeltaTable,
    ) -> Result<Vec<Tombstone>, IndexError> {
        let snapshot = state.snapshot().map_err(|error| self.error(error))?;
        let views: Vec<_> = snapshot
            .all_tombstones(self.log_store.as_ref())
            .try_collect()
            .await
            .map_err(|error| self.error(error))?;
        let tombstones = views.iter().map(|view| {
            let path = view.path();
            Tombstone {
                path: Path::parse(&path).unwrap_or_else(|_| Path::from(path.as_ref())),
                removed_at: view.deletion_timestamp().and_then(DateTime::from_timestamp_millis),
                size: view.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            }
        });
        Ok(tombstones.collect())
    }

    /// Sees to it that the log names removed files for so many days from now on.
    pub(crate) async fn keep_tombstones(
        &self,
        mut state: DeltaTable,
        days: u16,
    ) -> Result<DeltaTable, IndexError> {
        let wanted = format!("interval {days} days");
        let mut retries = 0;
        loop {
            let snapshot = state.snapshot().map_err(|error| self.error(error))?;
            let configuration = snapshot.metadata().configuration();
            if configuration.get(DELETED_FILE_RETENTION) == Some(&wanted) {
                return Ok(state);
            }
            let wanted = HashMap::from([(DELETED_FILE_RETENTION.to_owned(), wanted.clone())]);
            match state.set_tbl_properties().with_properties(wanted).await {
                // Files that left the table meanwhile count as read by this.
                Err(DeltaTableError::Transaction { .. }) if retries < MOST_RETRIES => {
                    retries += 1;
                    state = self.newest().await?.ok_or(IndexError::Busy(self.name))?;
                }
                told => return told.map_err(|error| self.error(error)),
            }
        }
    }

    /// For how many days the log names removed files.
    pub(crate) fn retention(&self, state: &DeltaTable) -> Result<u16, IndexError> {
        let snapshot = state.snapshot().map_err(|error| self.error(error))?;
        let told = snapshot.metadata().configuration().get(DELETED_FILE_RETENTION).cloned();
        let days = told.and_then(|told| told.split(' ').nth(1)?.parse().ok());
        Ok(days.unwrap_or(RETENTION_DAYS).max(RETENTION_DAYS))
    }

    /// Writes a checkpoint of a state and drops expired log entries; says how many.
    pub(crate) async fn checkpoint(&self, state: &DeltaTable) -> Result<usize, IndexError> {
        let version = state.version().unwrap_or_default();
        let written = checkpoint::write(self.log_store.as_ref(), version).await;
        written.map_err(|error| self.error(error.into()))?;
        cleanup_metadata(state, None).await.map_err(|error| self.error(error))
    }

    pub(crate) async fn delete(&self, paths: Vec<Path>) -> Result<(), IndexError> {
        let store = self.store();
        let paths = futures::stream::iter(paths.into_iter().map(Ok)).boxed();
        let mut deleted = store.delete_stream(paths);
        loop {
            match deleted.try_next().await {
                Ok(None) => return Ok(()),
                // Not found: another vacuum was there first.
                Ok(Some(_)) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
