//! What a table is made of, as its log tells.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use object_store::path::Path;
use serde::Serialize;

use crate::{Index, error::IndexError, place::Place, stored::Stored};

/// Counts of one table; all zero for a table that does not exist yet.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TableStats {
    /// Name of the table.
    pub table: &'static str,
    /// Rows.
    pub rows: u64,
    /// Data files.
    pub files: u64,
    /// Bytes of the data files.
    pub bytes: u64,
    /// Bytes a row; `None` without rows.
    pub bytes_per_row: Option<f64>,
    /// Data files that are less than half full.
    pub small_files: u64,
    /// Provinces and months; 1 of a table that is not cut up.
    pub partitions: u64,
    /// Newest version; `None` where there is no table.
    pub version: Option<u64>,
    /// Oldest version that can still be opened.
    pub oldest_version: Option<u64>,
    /// Objects of the log.
    pub log_files: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Files that left the table and may still be read by those who opened an older version.
    pub removed_files: u64,
    /// Bytes of them.
    pub removed_bytes: u64,
}

impl Index {
    /// Counts one table. Reads its log and lists that, no data file.
    ///
    /// # Errors
    /// [`IndexError::Delta`] or [`IndexError::Store`] when the log cannot be read or listed.
    pub async fn stats(&self, table: impl Into<Stored>) -> Result<TableStats, IndexError> {
        let table = table.into();
        let place = self.place(table);
        let mut stats = TableStats { table: table.name(), ..TableStats::default() };
        let Some(state) = place.newest().await? else { return Ok(stats) };
        let mut partitions = BTreeSet::new();
        for file in place.files(&state)? {
            stats.rows += file.rows().unwrap_or_default();
            stats.files += 1;
            stats.bytes += file.size;
            // Reference tables are written whole: their files are as large as they get.
            stats.small_files +=
                u64::from(matches!(table, Stored::Derived(table) if file.is_small(table)));
            partitions.insert(folder(&file.path));
        }
        stats.partitions = partitions.len() as u64;
        stats.bytes_per_row = (stats.rows > 0).then(|| stats.bytes as f64 / stats.rows as f64);
        stats.version = state.version();
        for tombstone in place.tombstones(&state).await? {
            stats.removed_files += 1;
            stats.removed_bytes += tombstone.size;
        }
        count_entries(&place, &mut stats).await?;
        Ok(stats)
    }
}

async fn count_entries(place: &Place, stats: &mut TableStats) -> Result<(), IndexError> {
    let store = place.store();
    let folder = Path::from("_delta_log");
    let mut entries = store.list(Some(&folder));
    let mut openable: Option<u64> = None;
    while let Some(entry) = entries.try_next().await? {
        stats.log_files += 1;
        stats.log_bytes += entry.size;
        if let Some(version) = openable_version(entry.location.filename().unwrap_or_default()) {
            openable = Some(openable.map_or(version, |oldest| oldest.min(version)));
        }
    }
    stats.oldest_version = openable;
    Ok(())
}

/// The folder of a file, which is its partition.
fn folder(path: &Path) -> String {
    path.as_ref().rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned())
}

/// The version that an entry makes readable without any before it: a checkpoint, or the first.
fn openable_version(name: &str) -> Option<u64> {
    let (number, kind) = name.split_once('.')?;
    let version = number.parse().ok()?;
    (version == 0 && kind == "json" || kind.starts_with("checkpoint")).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Batch, Table,
        testing::{APPLICATION, FusedStore, index, published},
    };

    #[tokio::test]
    async fn a_table_is_counted_from_its_log() {
        let mut index = index(&FusedStore::sound());
        let none = index.stats(Table::Pages).await.unwrap();
        assert_eq!((none.rows, none.version, none.bytes_per_row), (0, None, None));
        for number in 0..4 {
            let rows = published(number, 1);
            let batch = Batch { seq: i64::from(number), keys: Vec::new(), rows };
            index.append(APPLICATION, &batch).await.unwrap();
        }
        index.merge_small(Table::Pages, 2).await.unwrap();
        let stats = index.stats(Table::Pages).await.unwrap();
        assert_eq!((stats.rows, stats.files, stats.small_files, stats.partitions), (8, 2, 2, 2));
        assert_eq!((stats.version, stats.oldest_version), (Some(6), Some(0)));
        assert_eq!(stats.removed_files, 4);
        // Its entries, a checkpoint and what points to it.
        assert_eq!(stats.log_files, 9);
        assert!(stats.removed_bytes > 0 && stats.log_bytes > 0);
        assert_eq!(stats.bytes_per_row, Some(stats.bytes as f64 / 8.0));
    }

    #[test]
    fn a_version_is_openable_from_a_checkpoint_or_from_the_start() {
        assert_eq!(openable_version("00000000000000000000.json"), Some(0));
        assert_eq!(openable_version("00000000000000000031.json"), None);
        assert_eq!(openable_version("00000000000000000032.checkpoint.parquet"), Some(32));
        assert_eq!(openable_version("_last_checkpoint"), None);
    }
}
