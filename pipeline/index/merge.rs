//! Keeping the number of files bounded.
//!
//! Every append leaves a small file in each month it touches. When a month has
//! some dozens of them they become one, in a commit that changes no data; so the cost of an open
//! and of a look-up follows the bytes of the index, not the number of
//! appends.

use std::collections::BTreeSet;

use deltalake::{
    kernel::{Action, Add},
    protocol::DeltaOperation,
    writer::DeltaWriter as _,
};

use crate::{
    Index,
    error::IndexError,
    files::DataFile,
    log::{Change, TableLog},
    table::Table,
};

/// Small files of a month that are merged. More would make look-ups slower, fewer would rewrite the
/// same rows more often.
const SMALL_FILES: usize = 24;

impl Index {
    /// Merges the small files of every month of `table` that has `least` of them; says how many
    /// files went.
    ///
    /// # Errors
    /// [`IndexError`] when a file cannot be read or written, or another writer was at the table
    /// meanwhile; the month it stopped at is then as it was.
    pub async fn merge_small(&mut self, table: Table, least: usize) -> Result<usize, IndexError> {
        let log = self.log_mut(table);
        let least = least.max(2);
        let months: BTreeSet<_> = log.small_files().await?.iter().map(month_of).collect();
        let mut merged = 0;
        for month in months {
            let mut files = log.small_files().await?;
            files.retain(|file| month_of(file) == month);
            if files.len() >= least {
                merged += files.len();
                log.merge(&files).await?;
            }
        }
        Ok(merged)
    }

    /// As [`Index::merge_small`], now and then and without an error: an index with more files is slower,
    /// not wrong.
    pub(crate) async fn merge_if_due(&mut self, table: Table) {
        // The tables get files in step; each has its own turn, so that no append pays for all.
        let least = SMALL_FILES + table as usize;
        match Box::pin(self.merge_small(table, least)).await {
            Ok(_) => {}
            Err(IndexError::Busy(_)) => tracing::debug!(table = table.name(), "merging waits"),
            Err(error) => tracing::warn!(
                table = table.name(),
                error = &error as &dyn std::error::Error,
                "small files are not merged"
            ),
        }
    }
}

impl TableLog {
    /// A file that is half full would be copied again and again for little.
    pub(crate) async fn small_files(&mut self) -> Result<Vec<DataFile>, IndexError> {
        let mut files = self.files().await?;
        files.retain(|file| file.is_small(self.table));
        Ok(files)
    }

    async fn merge(&mut self, files: &[DataFile]) -> Result<(), IndexError> {
        if self.table == Table::Events {
            // The chain is read file by file, and files may overlap once others were compacted.
            let adds = Box::pin(self.write_ordered(files)).await?;
            return self.exchange(files, &adds).await;
        }
        let mut writer = self.writer().await?;
        for file in files {
            let mut rows = self.reader().rows(file).await?;
            while let Some(batch) = rows.next().await? {
                writer.write(batch).await.map_err(|error| self.error(error))?;
            }
        }
        let adds = writer.flush().await.map_err(|error| self.error(error))?;
        self.exchange(files, &adds).await
    }

    /// Commits `adds` in place of `files`, whose rows they hold.
    pub(crate) async fn exchange(
        &mut self,
        files: &[DataFile],
        adds: &[Add],
    ) -> Result<(), IndexError> {
        let target_size = adds.iter().map(|add| add.size).max().unwrap_or_default();
        let actions = adds
            .iter()
            .map(|add| Action::Add(Add { data_change: false, ..add.clone() }))
            .chain(files.iter().map(|file| Action::Remove(file.view().remove_action(false))))
            .collect();
        let operation = DeltaOperation::Optimize { predicate: None, target_size };
        self.commit(Change { actions, operation, transactions: Vec::new() }).await
    }
}

pub(crate) fn month_of(file: &DataFile) -> (String, String) {
    (file.province.clone(), file.month.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Batch,
        testing::{APPLICATION, FusedStore, dump, index, published},
    };

    #[tokio::test]
    async fn many_small_appends_leave_few_files_and_every_row() {
        let store = FusedStore::sound();
        let mut index = index(&store);
        // Over two months; the last table's turn comes last.
        let most = SMALL_FILES + Table::ALL.len();
        let appends = 2 * most + 2;
        for seq in 0..appends {
            let rows = published(u32::try_from(seq).unwrap(), 1);
            let seq = i64::try_from(seq).unwrap();
            index.append(APPLICATION, &Batch { seq, keys: Vec::new(), rows }).await.unwrap();
        }
        for table in Table::ALL {
            let files = index.files(table).await.unwrap();
            assert!(files.len() < 2 * most, "{}: {}", table.name(), files.len());
            assert!(files[0].starts_with("s3://bucket/index/"), "{}", files[0]);
            assert!(files[0].contains("/province=H63/ingest_month=2026-1"), "{}", files[0]);
        }
        assert_eq!(dump(&index, Table::Documents).await.len(), appends);
        let before = dump(&index, Table::Pages).await;
        assert_eq!(before.len(), 2 * appends);
        assert!(index.merge_small(Table::Pages, 2).await.unwrap() > 2);
        assert_eq!(index.files(Table::Pages).await.unwrap().len(), 2, "one a month");
        assert_eq!(dump(&index, Table::Pages).await, before);
        // A merged file is looked into like any other.
        let rows = published(3, 2);
        index.append(APPLICATION, &Batch { seq: 999, keys: Vec::new(), rows }).await.unwrap();
        assert_eq!(dump(&index, Table::Documents).await.len(), appends);
    }

    #[tokio::test]
    async fn two_writers_that_merge_the_same_files_keep_each_row_once() {
        let store = FusedStore::sound();
        let (mut one, mut two) = (index(&store), index(&store));
        // Even numbers share a month.
        for (seq, number) in [(1, 8), (2, 10)] {
            let rows = published(number, 1);
            one.append(APPLICATION, &Batch { seq, keys: Vec::new(), rows }).await.unwrap();
        }
        for table in Table::ALL {
            let rows = dump(&one, table).await;
            // Both have read the table, then both merge.
            assert_eq!(two.log_mut(table).files().await.unwrap().len(), 2, "{}", table.name());
            assert_eq!(one.merge_small(table, 2).await.unwrap(), 2);
            let late = two.merge_small(table, 2).await;
            assert!(matches!(late, Err(IndexError::Busy(_))), "{late:?}");
            assert_eq!(dump(&one, table).await, rows, "{}", table.name());
            assert_eq!(two.merge_small(table, 2).await.unwrap(), 0, "seen anew");
        }
    }
}
