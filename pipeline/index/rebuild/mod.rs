//! Making the tables anew from the records.
//!
//! New data files are written beside the old ones while readers go on with the old state; then each
//! table changes over in one commit, children first. Interrupted, it is run again: files without a
//! commit are swept later. What applications had committed stays in the logs.
//!
//! A mark lies beside the tables until it is done. While its holder lives, nobody appends to the
//! derived tables: their appends are refused with [`IndexError::Rebuilding`], and an indexer waits. One
//! that was under way when the mark was set has its rows from records that were there before, which
//! this rebuild reads as well; so a table changes over whatever was committed to it meanwhile. After an
//! interruption whoever finds the mark looks everything up that it appends: some tables may have what
//! others have not. Vacuum spares what is not committed; compaction waits.
//!
//! `events` is no such table: the order of its chain stands nowhere else. It stays as it is, and gets
//! the events that the records tell and it lacks, at its end; others go on adding to it. Where one of
//! its files cannot be read, nobody knows which it lacks: it gets none, and the others are made anew.

mod mark;

use std::collections::HashMap;

use deltalake::{
    kernel::{Action, Add},
    protocol::{DeltaOperation, SaveMode},
    writer::{DeltaWriter as _, RecordBatchWriter},
};
use futures::{Stream, StreamExt as _};
use sohoa_schemas::record::Rows;

use self::mark::Mark;
pub(crate) use self::mark::{Seen, look};
use crate::{
    Index,
    append::ATTEMPTS,
    batch::columns,
    chain::Trail,
    error::IndexError,
    known::Known,
    log::Change,
    table::{PARTITION_COLUMNS, Table},
};

/// Encoded bytes of a table that are written before its files are closed. All months of a table
/// have a file open at a time, so this also bounds their memory.
const OPEN_BYTES: usize = 64 << 20;

/// What a rebuild made.
#[derive(Debug)]
pub struct Rebuilt {
    /// Rows of each table; of `events` those that were added.
    pub rows: HashMap<Table, usize>,
    /// Why `events` did not get all that it lacks.
    pub events_left: Option<IndexError>,
}

struct Half {
    writer: RecordBatchWriter,
    adds: Vec<Add>,
    rows: usize,
}

impl Index {
    /// Replaces the content of every table by `batches`.
    ///
    /// All rows of a source, of every version, with those of its quarantine entry, must come in one
    /// item: what replaces what is decided within an item, so that memory does not grow with the
    /// number of documents. What is published after the stream has passed it comes by the indexer,
    /// which waits meanwhile.
    ///
    /// # Errors
    /// The stream's own; [`IndexError::Clock`]; [`IndexError::Busy`] when the store was away for so
    /// long that others may have taken this rebuild for dead. The tables that had not changed over
    /// are as they were.
    pub async fn rebuild<E: From<IndexError>>(
        &mut self,
        batches: impl Stream<Item = Result<Rows, E>>,
    ) -> Result<Rebuilt, E> {
        let mark = Mark::set(&self.store).await?;
        match Box::pin(self.make_anew(&mark, batches)).await {
            Ok(rebuilt) => {
                mark.lift().await?;
                for table in Table::ALL {
                    self.merge_if_due(table).await;
                }
                Ok(rebuilt)
            }
            Err(error) => {
                mark.leave().await;
                Err(error)
            }
        }
    }

    async fn make_anew<E: From<IndexError>>(
        &mut self,
        mark: &Mark,
        batches: impl Stream<Item = Result<Rows, E>>,
    ) -> Result<Rebuilt, E> {
        let derived = || Table::ALL.into_iter().filter(|table| *table != Table::Events);
        let mut halves = Vec::with_capacity(Table::ALL.len());
        for table in derived() {
            halves.push(Box::pin(self.begin(table)).await?);
        }
        let mut trail = Box::pin(self.trail()).await;
        let mut batches = std::pin::pin!(batches);
        while let Some(rows) = batches.next().await {
            let rows = rows?;
            for (table, half) in derived().zip(&mut halves) {
                Box::pin(self.take(table, half, &rows)).await?;
            }
            trail = Box::pin(self.follow(trail, &rows)).await;
        }
        let (added, events_left) = match trail {
            Ok(mut trail) => {
                let last = Box::pin(self.follow_trail(&mut trail, &[], true)).await;
                (trail.added, last.err())
            }
            Err(error) => (0, Some(error)),
        };
        let mut rows = HashMap::from([(Table::Events, added)]);
        for (table, half) in derived().zip(halves) {
            rows.insert(table, half.rows);
            mark.held(table.name())?;
            Box::pin(self.change_over(table, half)).await?;
        }
        Ok(Rebuilt { rows, events_left })
    }

    /// Adds what a source tells to the trail. A trail that could not be followed stays where it is:
    /// the other tables do not hang on it.
    async fn follow(
        &mut self,
        trail: Result<Trail, IndexError>,
        rows: &Rows,
    ) -> Result<Trail, IndexError> {
        let mut trail = trail?;
        Box::pin(self.follow_trail(&mut trail, &rows.events, false)).await?;
        Ok(trail)
    }

    /// Whether somebody makes the tables anew at this moment: appends are refused until it is done.
    ///
    /// # Errors
    /// [`IndexError::Store`] when the store does not say.
    pub async fn is_being_rebuilt(&self) -> Result<bool, IndexError> {
        Ok(look(&self.store).await? == Seen::Running)
    }

    async fn begin(&mut self, table: Table) -> Result<Half, IndexError> {
        let log = self.log_mut(table);
        log.forget();
        Ok(Half { writer: log.writer().await?, adds: Vec::new(), rows: 0 })
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

    /// Puts the new files in place of whatever the table has by now.
    async fn change_over(&mut self, table: Table, mut half: Half) -> Result<(), IndexError> {
        let log = self.log_mut(table);
        half.adds.extend(half.writer.flush().await.map_err(|error| log.error(error))?);
        let mut attempt = 1;
        loop {
            log.forget();
            let files = log.files().await?;
            let removes = files.iter().map(|file| Action::Remove(file.view().remove_action(true)));
            let adds = half.adds.iter().cloned().map(Action::Add);
            let operation = DeltaOperation::Write {
                mode: SaveMode::Overwrite,
                partition_by: Some(PARTITION_COLUMNS.map(str::to_owned).to_vec()),
                predicate: None,
            };
            let actions = removes.chain(adds).collect();
            match log.commit(Change { actions, operation, transactions: Vec::new() }).await {
                Err(IndexError::Busy(_)) if attempt < ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use object_store::{ObjectStoreExt as _, PutPayload, path::Path};

    use super::{
        mark::tests::{age, hide},
        *,
    };
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
        let rebuilt = empty.rebuild(futures::stream::iter(records())).await.unwrap();
        assert_eq!(rebuilt.rows[&Table::DocumentVersions], 3);
        assert!(rebuilt.events_left.is_none());
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
            age(&store).await;
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

    /// An append that looked for the mark just before it was set has rows of records that lie there
    /// already, and commits while the tables are made anew.
    #[tokio::test]
    async fn an_append_that_was_under_way_is_not_lost_and_a_later_one_waits() {
        let store = FusedStore::sound();
        let mut rebuilt = index(&store);
        let mut other = index(&store);
        let batch = |seq, number| Batch { seq, keys: Vec::new(), rows: published(number, 1) };
        other.append(APPLICATION, &batch(1, 7)).await.unwrap();
        let stream = futures::stream::once(async {
            let refused = other.append(APPLICATION, &batch(3, 11)).await.unwrap_err();
            assert!(matches!(refused, IndexError::Rebuilding), "{refused:?}");
            let refused = other.compaction(Table::Pages, true).await.unwrap_err();
            assert!(matches!(refused, IndexError::Rebuilding), "{refused:?}");
            hide(&store).await;
            other.append(APPLICATION, &batch(2, 9)).await?;
            Ok::<_, IndexError>(join([published(7, 1), published(9, 1)]))
        });
        let made = rebuilt.rebuild(stream).await.unwrap();
        assert_eq!(made.rows[&Table::Documents], 2);
        assert_eq!(dump(&rebuilt, Table::Documents).await.len(), 2, "once each");
        assert_eq!(dump(&rebuilt, Table::PageText).await.len(), 4);
        assert_eq!(dump(&rebuilt, Table::Events).await.len(), 2, "told by the append already");
        other.append(APPLICATION, &batch(3, 11)).await.unwrap();
        assert_eq!(dump(&other, Table::Documents).await.len(), 3);
        assert_eq!(other.verify_relations().await.unwrap(), []);
    }

    #[tokio::test]
    async fn events_that_cannot_be_read_do_not_keep_the_others_from_being_made_anew() {
        let store = FusedStore::sound();
        let mut index = index(&store);
        append(&mut index).await;
        let before = dump_all(&index).await;
        let files = index.files(Table::Events).await.unwrap();
        let (_, key) = files[0].split_once("/index/").unwrap();
        let key = Path::from_url_path(key).unwrap();
        let whole = store.get(&key).await.unwrap().bytes().await.unwrap();
        store.put(&key, PutPayload::from_static(b"no Parquet at all")).await.unwrap();
        store.remove("documents").await;
        index.log_mut(Table::Documents).forget();
        let rebuilt = index.rebuild(futures::stream::iter(records())).await.unwrap();
        assert_eq!(rebuilt.rows[&Table::Documents], 2);
        assert_eq!(rebuilt.rows[&Table::Events], 0);
        let why = rebuilt.events_left.unwrap().to_string();
        assert!(why.contains("`events`") && why.contains(".parquet"), "{why}");
        assert!(!index.is_being_rebuilt().await.unwrap());
        store.put(&key, whole.into()).await.unwrap();
        assert_eq!(dump_all(&index).await, before, "no event twice");
    }
}
