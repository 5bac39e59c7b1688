//! Checkpoints of a table's log.
//!
//! A checkpoint names the files of a state and, for as long as the retention, those that left it. Every
//! append leaves one of these in the end, so that soon they are hundreds to one. Only vacuum asks for
//! them: they lie in row groups of their own, which whoever opens the table passes over by the
//! statistics in the footer, so that an open costs what the files cost that are there.

use std::sync::Arc;

use arrow::{
    array::RecordBatch,
    compute::{filter_record_batch, is_not_null, is_null},
};
use delta_kernel::{
    ActionReconciliationIterator, DeltaResult, Error, Snapshot,
    checkpoint::LastCheckpointHintStats, engine::arrow_data::EngineDataArrowExt as _,
};
use deltalake::logstore::LogStore;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, path::Path};
use parquet::arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions};

/// The column of removed files.
const REMOVE: &str = "remove";
/// The column of files that a checkpoint of a later protocol is spread over.
const SIDECAR: &str = "sidecar";

/// Writes the checkpoint of a version, unless it has one.
///
/// # Errors
/// The log cannot be read, or the store refuses the checkpoint.
pub(crate) async fn write(log_store: &dyn LogStore, version: u64) -> DeltaResult<()> {
    let path = Path::from(format!("_delta_log/{version:020}.checkpoint.parquet"));
    let (root, engine) = (log_store.transaction_url(None), log_store.engine(None));
    let (root, store) = (root.map_err(Error::generic_err)?, log_store.object_store(None));
    match store.head(&path).await {
        Ok(_) => return Ok(()),
        Err(object_store::Error::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let read = {
        let engine = Arc::clone(&engine);
        move || {
            let snapshot =
                Snapshot::builder_for(root).at_version(version).build(engine.as_ref())?;
            let writer = snapshot.create_checkpoint_writer(engine.as_ref())?;
            let actions = writer.checkpoint_data(engine.as_ref())?;
            let counts = actions.state();
            let bytes = encode(actions)?;
            Ok::<_, Error>((writer, counts, bytes))
        }
    };
    let (writer, counts, bytes) = blocking(read).await?;
    let size = bytes.len() as u64;
    match store.put_opts(&path, bytes.into(), PutMode::Create.into()).await {
        Ok(_) => {}
        // Another writer's is as good.
        Err(object_store::Error::AlreadyExists { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    blocking(move || {
        let counts = Arc::into_inner(counts).ok_or_else(|| Error::generic("still being read"))?;
        let hint = LastCheckpointHintStats::from_reconciliation_state(counts, size, 0)?;
        writer.finalize(engine.as_ref(), &hint)
    })
    .await
}

/// The engine waits for the store where it is called.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> DeltaResult<T> + Send + 'static,
) -> DeltaResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::generic_err)?
}

/// The file of a checkpoint: removed files behind everything else, in row groups of their own.
fn encode(actions: ActionReconciliationIterator) -> DeltaResult<Vec<u8>> {
    let mut writer: Option<ArrowWriter<Vec<u8>>> = None;
    let mut removed = Vec::new();
    for batch in actions {
        let mut batch: RecordBatch = batch?.apply_selection_vector().try_into_record_batch()?;
        // Whoever meets this column reads it of every row, to find out that there are none.
        if let Ok(sidecar) = batch.schema().index_of(SIDECAR) {
            batch.remove_column(sidecar);
        }
        let writer = match &mut writer {
            Some(writer) => writer,
            // As other writers of checkpoints do: the log's schema is not Arrow's.
            None => writer.insert(ArrowWriter::try_new_with_options(
                Vec::new(),
                batch.schema(),
                ArrowWriterOptions::new().with_skip_arrow_metadata(true),
            )?),
        };
        let remove = batch.column_by_name(REMOVE).ok_or_else(|| Error::missing_column(REMOVE))?;
        writer.write(&filter_record_batch(&batch, &is_null(remove)?)?)?;
        removed.push(filter_record_batch(&batch, &is_not_null(remove)?)?);
    }
    let mut writer = writer.ok_or_else(|| Error::generic("a version without an action"))?;
    writer.flush()?;
    for batch in removed {
        writer.write(&batch)?;
    }
    Ok(writer.into_inner()?)
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;
    use parquet::file::{
        metadata::RowGroupMetaData,
        reader::{FileReader as _, SerializedFileReader},
    };

    use super::*;
    use crate::{
        Batch, Index, Table,
        testing::{APPLICATION, FusedStore, index, published},
    };

    /// How many rows of a group have a value in a column.
    fn rows_with(column: &str, group: &RowGroupMetaData) -> i64 {
        let mut columns = group.columns().iter();
        let column = columns.find(|one| one.column_path().string() == column).unwrap();
        let absent = column.statistics().unwrap().null_count_opt().unwrap();
        group.num_rows() - i64::try_from(absent).unwrap()
    }

    /// Paths of the files that are there, and of those that are not any more.
    async fn named(index: &Index) -> (Vec<Path>, Vec<Path>) {
        let place = index.log(Table::Pages).place();
        let state = place.newest().await.unwrap().unwrap();
        let files = place.files(&state).unwrap().into_iter().map(|file| file.path);
        let removed = place.tombstones(&state).await.unwrap().into_iter().map(|one| one.path);
        let (mut files, mut removed): (Vec<_>, Vec<_>) = (files.collect(), removed.collect());
        files.sort();
        removed.sort();
        (files, removed)
    }

    #[tokio::test]
    async fn removed_files_lie_in_row_groups_that_an_open_passes_over_and_vacuum_reads() {
        let mut index = index(&FusedStore::sound());
        for number in 0..6 {
            let rows = published(number * 2, 1);
            let batch = Batch { seq: i64::from(number), keys: Vec::new(), rows };
            index.append(APPLICATION, &batch).await.unwrap();
        }
        index.merge_small(Table::Pages, 2).await.unwrap();
        let before = named(&index).await;
        assert_eq!((before.0.len(), before.1.len()), (1, 6));

        let place = index.log(Table::Pages).place();
        let state = place.newest().await.unwrap().unwrap();
        place.checkpoint(&state).await.unwrap();
        assert_eq!(named(&index).await, before);
        let version = state.version().unwrap();
        let store = place.store();
        let hint = store.get(&Path::from("_delta_log/_last_checkpoint")).await.unwrap();
        let hint: serde_json::Value = serde_json::from_slice(&hint.bytes().await.unwrap()).unwrap();
        assert_eq!(hint["version"], version);

        let path = Path::from(format!("_delta_log/{version:020}.checkpoint.parquet"));
        let file = store.get(&path).await.unwrap().bytes().await.unwrap();
        assert_eq!(hint["sizeInBytes"], file.len());
        let file = SerializedFileReader::new(file).unwrap();
        let columns = file.metadata().file_metadata().schema().get_fields();
        assert!(columns.iter().all(|column| column.name() != SIDECAR), "{columns:?}");
        let [state_group, removed] = file.metadata().row_groups() else {
            panic!("{} row groups", file.metadata().num_row_groups())
        };
        for (column, rows) in [("add.path", 1), ("remove.path", 0), ("metaData.id", 1)] {
            assert_eq!(rows_with(column, state_group), rows, "{column}");
        }
        for (column, rows) in [("add.path", 0), ("remove.path", 6), ("txn.appId", 0)] {
            assert_eq!(rows_with(column, removed), rows, "{column}");
        }

        // Without the entries that it stands for.
        let entries: Vec<_> =
            store.list(Some(&Path::from("_delta_log"))).try_collect().await.unwrap();
        for entry in entries.iter().filter(|entry| entry.location.extension() == Some("json")) {
            if entry.location.filename() != Some(&format!("{version:020}.json")) {
                store.delete(&entry.location).await.unwrap();
            }
        }
        assert_eq!(named(&index).await, before);
        // It is written once.
        place.checkpoint(&state).await.unwrap();
        assert_eq!(store.head(&path).await.unwrap().size, hint["sizeInBytes"]);
    }
}
