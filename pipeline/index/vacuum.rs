//! Removing data files that nobody reads any more.
//!
//! A removed file is named by the log for as long as the retention, so its age is the time since it
//! left the table, not since it was written. A file that the log does not name belongs to an append,
//! a compaction or a rebuild that is not committed yet, or never was; it is left alone for a day in
//! any case, and for as long as a rebuild goes on, which may take days.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use deltalake::DeltaTable;
use object_store::{ObjectMeta, path::Path};
use serde::Serialize;

use crate::{
    Index,
    error::IndexError,
    place::Place,
    rebuild::{Seen, look},
    stored::Stored,
};

/// Days for which a reader that has opened a state can read it, unless told otherwise.
pub const RETENTION_DAYS: u16 = 7;

/// Table property that says how long the log names removed files.
pub(crate) const DELETED_FILE_RETENTION: &str = "delta.deletedFileRetentionDuration";

/// Age below which a file that the log does not name may still be committed.
const UNCOMMITTED: TimeDelta = TimeDelta::days(1);

/// What a vacuum removed, or would remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Vacuumed {
    /// Name of the table.
    pub table: &'static str,
    /// Data files removed.
    pub removed: u64,
    /// Bytes of them.
    pub removed_bytes: u64,
    /// Data files that left the table within the retention, or may still be committed.
    pub kept: u64,
    /// Bytes of them.
    pub kept_bytes: u64,
    /// Entries removed from the log because a checkpoint stands for them.
    pub log_entries: usize,
}

impl Index {
    /// Deletes the data files of a table that no state of the last `days` names, and shortens its
    /// log; a `dry_run` only counts. Lists the table's folder, and holds its file names in memory.
    /// What is not committed is spared while the tables are made anew.
    ///
    /// `None` when there is no such table yet. Zero days break every running reader of an older
    /// state.
    ///
    /// # Errors
    /// [`IndexError::Delta`] or [`IndexError::Store`] when the store cannot be read or refuses to
    /// delete; a vacuum that was interrupted is run again.
    pub async fn vacuum(
        &mut self,
        table: impl Into<Stored>,
        days: u16,
        dry_run: bool,
    ) -> Result<Option<Vacuumed>, IndexError> {
        let table = table.into();
        let place = self.place(table);
        // Looked for before anything is listed: of a rebuild that begins later every file is young.
        let spared = match look(&self.store).await? {
            Seen::Running => true,
            Seen::Interrupted(ago) => ago < UNCOMMITTED,
            Seen::Nothing => false,
        };
        let sweep = Sweep { days, spared, dry_run };
        let vacuumed = sweep.run(&place).await?;
        if let (Stored::Derived(table), false) = (table, dry_run) {
            self.log_mut(table).forget();
        }
        Ok(vacuumed)
    }
}

/// What is swept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sweep {
    pub(crate) days: u16,
    /// Whether files without a commit stay, however old.
    pub(crate) spared: bool,
    pub(crate) dry_run: bool,
}

impl Sweep {
    pub(crate) async fn run(self, place: &Place) -> Result<Option<Vacuumed>, IndexError> {
        // Listed before the state is read: a file that is committed in between is part of it.
        let objects = place.data_objects().await?;
        let Some(mut state) = place.newest().await? else { return Ok(None) };
        if !self.dry_run && self.days > 0 {
            state = place.keep_tombstones(state, self.days).await?;
        }
        let named = Named { spared: self.spared, ..Named::of(place, &state).await? };
        let now = Utc::now();
        let cutoff = now - TimeDelta::days(i64::from(self.days));
        let mut vacuumed = Vacuumed::none(place.name);
        let mut garbage = Vec::new();
        for object in objects {
            let bytes = object.size;
            match named.fate(&object, cutoff, now) {
                Fate::Current => {}
                Fate::Kept => {
                    vacuumed.kept += 1;
                    vacuumed.kept_bytes += bytes;
                }
                Fate::Removed => {
                    vacuumed.removed += 1;
                    vacuumed.removed_bytes += bytes;
                    garbage.push(object.location);
                }
            }
        }
        if !self.dry_run {
            place.delete(garbage).await?;
            vacuumed.log_entries = place.checkpoint(&state).await?;
        }
        Ok(Some(vacuumed))
    }
}

impl Vacuumed {
    const fn none(table: &'static str) -> Self {
        Self { table, removed: 0, removed_bytes: 0, kept: 0, kept_bytes: 0, log_entries: 0 }
    }
}

/// The files a table's log names.
struct Named {
    current: HashSet<Path>,
    /// When they left the table.
    removed: HashMap<Path, Option<DateTime<Utc>>>,
    /// Whether what is neither stays, however old.
    spared: bool,
}

/// What becomes of a file.
enum Fate {
    Current,
    Kept,
    Removed,
}

impl Named {
    async fn of(place: &Place, state: &DeltaTable) -> Result<Self, IndexError> {
        let current = place.files(state)?.into_iter().map(|file| file.path).collect();
        let removed = place
            .tombstones(state)
            .await?
            .into_iter()
            .map(|tombstone| (tombstone.path, tombstone.removed_at))
            .collect();
        Ok(Self { current, removed, spared: false })
    }

    fn fate(&self, object: &ObjectMeta, cutoff: DateTime<Utc>, now: DateTime<Utc>) -> Fate {
        if self.current.contains(&object.location) {
            return Fate::Current;
        }
        let is_old = match self.removed.get(&object.location) {
            Some(removed_at) => removed_at.is_some_and(|at| at <= cutoff),
            None => !self.spared && object.last_modified <= cutoff.min(now - UNCOMMITTED),
        };
        if is_old { Fate::Removed } else { Fate::Kept }
    }
}

/// A file that left the table, as the log tells.
pub(crate) struct Tombstone {
    pub(crate) path: Path,
    pub(crate) removed_at: Option<DateTime<Utc>>,
    pub(crate) size: u64,
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;

    use super::*;
    use crate::{
        Batch, Table,
        testing::{APPLICATION, FusedStore, dump, index, published},
    };

    #[tokio::test]
    async fn how_long_files_are_named_is_told_though_some_left_meanwhile() {
        let mut index = appended(&FusedStore::sound(), 3).await;
        let place = index.place(Table::Intake.into());
        let before = place.newest().await.unwrap().unwrap();
        let batch = Batch { seq: 3, keys: Vec::new(), rows: published(0, 2) };
        index.append(APPLICATION, &batch).await.unwrap();
        let told = place.keep_tombstones(before, 9).await.unwrap();
        assert_eq!(place.retention(&told).unwrap(), 9);
        assert_eq!(place.tombstones(&told).await.unwrap().len(), 1);
    }

    async fn appended(store: &std::sync::Arc<FusedStore>, documents: u32) -> Index {
        let mut index = index(store);
        for number in 0..documents {
            let rows = published(number * 2, 1);
            let batch = Batch { seq: i64::from(number), keys: Vec::new(), rows };
            index.append(APPLICATION, &batch).await.unwrap();
        }
        index
    }

    #[tokio::test]
    async fn a_reader_of_a_state_within_the_retention_is_not_disturbed() {
        let store = FusedStore::sound();
        let mut index = appended(&store, 6).await;
        // The reader has opened its state and planned its query, then the files are replaced.
        let open = index.query("SELECT * FROM pages").await.unwrap();
        index.merge_small(Table::Pages, 2).await.unwrap();
        let dry = index.vacuum(Table::Pages, 7, true).await.unwrap().unwrap();
        assert_eq!((dry.removed, dry.kept), (0, 6));
        assert_eq!(index.vacuum(Table::Pages, 1, false).await.unwrap().unwrap().removed, 0);
        let read: Vec<_> = open.try_collect().await.unwrap();
        assert_eq!(read.iter().map(arrow::array::RecordBatch::num_rows).sum::<usize>(), 12);

        let before = dump(&index, Table::Pages).await;
        let other = index.query("SELECT * FROM pages").await.unwrap();
        drop(other);
        let dry = index.vacuum(Table::Pages, 0, true).await.unwrap().unwrap();
        let done = index.vacuum(Table::Pages, 0, false).await.unwrap().unwrap();
        assert_eq!((done.removed, done.removed_bytes), (6, dry.removed_bytes));
        assert_eq!(dump(&index, Table::Pages).await, before);
        assert_eq!(index.vacuum(Table::Pages, 0, false).await.unwrap().unwrap().removed, 0);
        // The table goes on, and the writer's own state with it.
        let batch = Batch { seq: 99, keys: Vec::new(), rows: published(99, 1) };
        index.append(APPLICATION, &batch).await.unwrap();
        assert_eq!(dump(&index, Table::Pages).await.len(), 14);
    }

    #[tokio::test]
    async fn files_that_are_not_committed_yet_are_spared() {
        let store = FusedStore::sound();
        let mut index = appended(&store, 2).await;
        // Written, and then the commit did not come.
        store.break_after(0);
        let unit = index.compaction(Table::Pages, false).await.unwrap().remove(0);
        index.compact(&unit).await.unwrap_err();
        store.mend();
        let spared = index.vacuum(Table::Pages, 0, false).await.unwrap().unwrap();
        assert_eq!((spared.removed, spared.kept), (0, 1), "somebody may be about to commit it");
        let missing =
            crate::testing::index(&FusedStore::sound()).vacuum(Table::Pages, 7, false).await;
        assert_eq!(missing.unwrap(), None, "no table is no error");
    }

    #[test]
    fn age_counts_from_the_removal_and_not_from_the_writing() {
        let now = Utc::now();
        let days = |days| now - TimeDelta::days(days);
        let named = Named {
            current: HashSet::from([Path::from("current")]),
            removed: HashMap::from([
                (Path::from("lately"), Some(days(2))),
                (Path::from("long ago"), Some(days(9))),
                (Path::from("undated"), None),
            ]),
            spared: false,
        };
        let beside = Named { current: HashSet::new(), removed: HashMap::new(), spared: true };
        let fate_in = |named: &Named, name: &str, written: i64, retention: i64| {
            let object = ObjectMeta {
                location: Path::from(name),
                last_modified: days(written),
                size: 1,
                e_tag: None,
                version: None,
            };
            matches!(named.fate(&object, days(retention), now), Fate::Removed)
        };
        let fate = |name: &str, written, retention| fate_in(&named, name, written, retention);
        assert!(!fate("current", 400, 0));
        assert!(!fate("lately", 400, 7));
        assert!(fate("lately", 400, 1));
        assert!(fate("long ago", 400, 7));
        assert!(!fate("undated", 400, 7));
        assert!(!fate("never committed", 0, 0));
        assert!(!fate("never committed", 3, 7));
        assert!(fate("never committed", 8, 7));
        assert!(!fate_in(&beside, "of a rebuild that goes on", 8, 7));
    }

    #[tokio::test]
    async fn the_log_names_removed_files_as_long_as_the_retention() {
        let store = FusedStore::sound();
        let mut index = appended(&store, 2).await;
        let property = async |index: &Index| {
            let state = index.log(Table::Pages).newest().await.unwrap().unwrap();
            let metadata = state.snapshot().unwrap().metadata().clone();
            metadata.configuration()[DELETED_FILE_RETENTION].clone()
        };
        assert_eq!(property(&index).await, "interval 7 days");
        index.vacuum(Table::Pages, 30, true).await.unwrap();
        assert_eq!(property(&index).await, "interval 7 days");
        index.vacuum(Table::Pages, 30, false).await.unwrap();
        assert_eq!(property(&index).await, "interval 30 days");
        index.vacuum(Table::Pages, 0, false).await.unwrap();
        assert_eq!(property(&index).await, "interval 30 days", "a single exception");
    }
}
