//! Making the tables anew from the records.
//!
//! New data files are written beside the old ones while readers go on with the old state; then each
//! table changes over in one commit, children first. Interrupted, it is run again: files without a
//! commit are swept later. What applications had committed stays in the logs. A mark lies beside the
//! tables until it is done, and whoever finds it looks everything up that it appends: some tables may
//! have what others have not.
//!
//! `events` is no such table: the order of its chain stands nowhere else. It stays as it is, and gets
//! the events that the records tell and it lacks, at its end.

use std::collections::HashMap;

use deltalake::{
    kernel::{Action, Add},
    protocol::{DeltaOperation, SaveMode},
    writer::{DeltaWriter as _, RecordBatchWriter},
};
use futures::{Stream, StreamExt as _};
use object_store::{ObjectStoreExt as _, PutPayload, path::Path};
use sohoa_schemas::record::Rows;

use crate::{
    Index,
    batch::columns,
    error::IndexError,
    known::Known,
    log::Change,
    table::{PARTITION_COLUMNS, Table},
};

/// Encoded bytes of a table that are written before its files are closed. All months of a table
/// have a file open at a time, so this also bounds their memory.
const OPEN_BYTES: usize = 64 << 20;

/// Lies in the index's folder while the tables are made anew, and after an interruption.
const MARK: &str = "_rebuilding";

struct Half {
    writer: RecordBatchWriter,
    adds: Vec<Add>,
    removes: Vec<Action>,
    rows: usize,
}

impl Index {
    /// Replaces the content of every table by `batches`; says how many rows each table has then, and
    /// of `events` how many were added.
    ///
    /// All rows of a source, of every version, with those of its quarantine entry, must come in one
    /// item: what replaces what is decided within an item, so that memory does not grow with the
    /// number of documents. No indexer may run meanwhile.
    ///
    /// # Errors
    /// The stream's own, and [`IndexError::Busy`] when a table was written meanwhile; the tables
    /// that had not changed over are as they were.
    pub async fn rebuild<E: From<IndexError>>(
        &mut self,
        batches: impl Stream<Item = Result<Rows, E>>,
    ) -> Result<HashMap<Table, usize>, E> {
        self.mark().await?;
        let derived = || Table::ALL.into_iter().filter(|table| *table != Table::Events);
        let mut halves = Vec::with_capacity(Table::ALL.len());
        let mut trail = Box::pin(self.trail()).await?;
        for table in derived() {
            halves.push(Box::pin(self.begin(table)).await?);
        }
        let mut batches = std::pin::pin!(batches);
        while let Some(rows) = batches.next().await {
            let rows = rows?;
            for (table, half) in derived().zip(&mut halves) {
                Box::pin(self.take(table, half, &rows)).await?;
            }
            Box::pin(self.follow_trail(&mut trail, &rows.events, false)).await?;
        }
        Box::pin(self.follow_trail(&mut trail, &[], true)).await?;
        let mut counts = HashMap::from([(Table::Events, trail.added)]);
        for (table, half) in derived().zip(halves) {
            counts.insert(table, half.rows);
            Box::pin(self.change_over(table, half)).await?;
        }
        self.store.delete(&Path::from(MARK)).await.map_err(marked)?;
        for table in Table::ALL {
            self.merge_if_due(table).await;
        }
        Ok(counts)
    }

    async fn mark(&self) -> Result<(), IndexError> {
        let put = self.store.put(&Path::from(MARK), PutPayload::default()).await;
        put.map(drop).map_err(marked)
    }

    /// Whether somebody makes the tables anew, or was interrupted.
    pub(crate) async fn is_being_rebuilt(&self) -> Result<bool, IndexError> {
        match self.store.head(&Path::from(MARK)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(marked(error)),
        }
    }

    async fn begin(&mut self, table: Table) -> Result<Half, IndexError> {
        let log = self.log_mut(table);
        log.forget();
        let removes = log
            .files()
            .await?
            .iter()
            .map(|file| Action::Remove(file.view().remove_action(true)))
            .collect();
        Ok(Half { writer: log.writer().await?, adds: Vec::new(), removes, rows: 0 })
    }

    async fn take(&self, table: Table, half: &mut Half, rows: &Rows) -> Result<(), IndexError> {
        let log = self.log(table);
        let batch = columns(table, &log.schema, rows)?;
        let batch = Known::default().plan(table, &batch)?.added;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        half.rows += batch.num_rows();
        half.writer.write(batch).await.map_err(|error| log.error(error))?;
        if half.writer.buffer_len() >= OPEN_BYTES {
            half.adds.extend(half.writer.flush().await.map_err(|error| log.error(error))?);
        }
        Ok(())
    }

    async fn change_over(&mut self, table: Table, mut half: Half) -> Result<(), IndexError> {
        let log = self.log_mut(table);
        half.adds.extend(half.writer.flush().await.map_err(|error| log.error(error))?);
        let mut actions = half.removes;
        actions.extend(half.adds.into_iter().map(Action::Add));
        let operation = DeltaOperation::Write {
            mode: SaveMode::Overwrite,
            partition_by: Some(PARTITION_COLUMNS.map(str::to_owned).to_vec()),
            predicate: None,
        };
        log.commit(Change { actions, operation, transactions: Vec::new() }).await
    }
}

fn marked(error: object_store::Error) -> IndexError {
    IndexError::delta("of a rebuild")(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Batch,
        testing::{APPLICATION, FusedStore, dump, held, index, join, published, quarantined},
    };

    async fn dump_all(index: &Index) -> Vec<Vec<String>> {
        let mut tables = Vec::new();
        for table in Table::ALL {
            tables.push(dump(index, table).await);
        }
        tables
    }

    /// Everything there is to know of some sources, each source in one item.
    fn records() -> Vec<Result<Rows, IndexError>> {
        vec![
            Ok(join([published(0, 1), published(0, 2), quarantined(0)])),
            Ok(join([held(1), published(2, 1)])),
            Ok(quarantined(4)),
        ]
    }

    async fn appended() -> Index {
        let mut index = index(&FusedStore::sound());
        append(&mut index).await;
        index
    }

    async fn append(index: &mut Index) {
        let history = [
            quarantined(0),
            held(1),
            published(0, 1),
            join([published(2, 1), quarantined(4)]),
            published(0, 2),
        ];
        for (seq, rows) in (1..).zip(history) {
            let batch = Batch { seq, keys: Vec::new(), rows };
            index.append(APPLICATION, &batch).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_rebuilt_index_equals_the_appended_one() {
        let expected = dump_all(&appended().await).await;
        let mut empty = index(&FusedStore::sound());
        let counts = empty.rebuild(futures::stream::iter(records())).await.unwrap();
        assert_eq!(counts[&Table::DocumentVersions], 3);
        assert_eq!(dump_all(&empty).await, expected);

        let mut full = appended().await;
        full.rebuild(futures::stream::iter(records())).await.unwrap();
        assert_eq!(dump_all(&full).await, expected);
        let position = full.position(APPLICATION).await.unwrap();
        assert_eq!(position.complete, Some(5), "what was committed stays committed");
        // The index goes on from there.
        let batch = Batch { seq: 6, keys: Vec::new(), rows: published(0, 2) };
        full.append(APPLICATION, &batch).await.unwrap();
        assert_eq!(dump_all(&full).await, expected);
    }

    #[tokio::test]
    async fn an_interrupted_rebuild_is_run_again() {
        for commits in 0..16 {
            let store = FusedStore::breaking(commits, false);
            let mut killed = index(&store);
            killed.rebuild(futures::stream::iter(records())).await.unwrap_err();
            store.mend();
            let mut next = index(&store);
            next.rebuild(futures::stream::iter(records())).await.unwrap();
            assert_eq!(dump_all(&next).await, dump_all(&appended().await).await, "{commits}");
        }
    }

    /// The indexer has not read these documents yet, and some tables have them already.
    #[tokio::test]
    async fn what_comes_after_an_interrupted_rebuild_is_not_doubled() {
        let expected = dump_all(&appended().await).await;
        for commits in 0..16 {
            let store = FusedStore::breaking(commits, true);
            let mut killed = index(&store);
            let outcome = killed.rebuild(futures::stream::iter(records())).await;
            store.mend();
            let mut next = index(&store);
            assert_eq!(next.is_being_rebuilt().await.unwrap(), outcome.is_err());
            append(&mut next).await;
            let found = dump_all(&next).await;
            for (table, (found, expected)) in Table::ALL.iter().zip(found.iter().zip(&expected)) {
                assert_eq!(found, expected, "{table:?} after {commits}");
            }
        }
    }

    #[tokio::test]
    async fn a_failing_stream_changes_nothing() {
        let mut index = appended().await;
        let before = dump_all(&index).await;
        let broken = records().into_iter().chain([Err(IndexError::Busy("records"))]);
        index.rebuild(futures::stream::iter(broken)).await.unwrap_err();
        assert_eq!(dump_all(&index).await, before);
    }

    #[tokio::test]
    async fn a_table_written_meanwhile_is_not_overwritten() {
        let store = FusedStore::sound();
        let mut rebuilt = index(&store);
        let mut other = index(&store);
        let batch = |seq| Batch { seq, keys: Vec::new(), rows: published(7, 1) };
        other.append(APPLICATION, &batch(1)).await.unwrap();
        let stream = futures::stream::once(async {
            other.append(APPLICATION, &batch(2)).await?;
            Ok::<_, IndexError>(published(0, 1))
        });
        let error = rebuilt.rebuild(stream).await.unwrap_err();
        assert!(matches!(error, IndexError::Busy("events")), "{error:?}");
        assert_eq!(dump(&rebuilt, Table::PageText).await.len(), 2);
    }
}
