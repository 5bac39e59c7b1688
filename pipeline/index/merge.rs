//! Keeping the number of files bounded.
//!
//! Every append leaves a small file in each month it touches. When a month has
//! some dozens of them they become one, in a commit that changes no data; so the cost of an open
//! and of a look-up follows the bytes of the index, not the number of
//! appends. A file that is larger than all that would join it waits until there is more: else every few
//! appends would copy the whole month.

use std::{cmp::Reverse, collections::BTreeSet};

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
    /// Merges the small files of every month of `table` that has `least` of them, but for those that
    /// outweigh the others; says how many files went.
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
                let files = worth_merging(table, files);
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

/// Of the small files of a month those that are merged now.
fn worth_merging(table: Table, mut files: Vec<DataFile>) -> Vec<DataFile> {
    match table {
        // The chain is read file by file, so that what is merged has to be its end.
        Table::Events => files.sort_by_key(|file| Reverse(file.bound("minValues", "seq"))),
        _ => files.sort_by_key(|file| file.size),
    }
    files.truncate(together(files.iter().map(|file| file.size)));
    files
}

/// How many of the first files are merged: up to the last that is no larger than those before it
/// together; all, where there is none.
fn together(sizes: impl ExactSizeIterator<Item = u64>) -> usize {
    let (all, mut before, mut last) = (sizes.len(), 0, None);
    for (place, size) in sizes.enumerate() {
        if place > 0 && size <= before {
            last = Some(place + 1);
        }
        before += size;
    }
    last.unwrap_or(all)
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

    #[test]
    fn a_file_waits_for_as_much_as_it_holds_itself() {
        let of = |sizes: &[u64]| together(sizes.iter().copied());
        assert_eq!(of(&[16, 16, 16, 17, 90]), 4);
        assert_eq!(of(&[16, 16, 16, 17, 60]), 5);
        assert_eq!(of(&[16, 17, 32, 400, 900]), 3);
        assert_eq!(of(&[1, 2, 4, 8]), 4, "none is worth less than another");
        assert_eq!(of(&[16, 17]), 2);
        // What a month of appends copies: each row with as many others, and few files wait.
        let (mut files, mut copied) = (Vec::new(), 0);
        for _ in 0..20_000 {
            files.push(16_u64);
            if files.len() >= SMALL_FILES {
                files.sort_unstable();
                let merged: u64 = files.drain(..together(files.clone().into_iter())).sum();
                copied += merged;
                files.push(merged);
            }
            assert!(files.len() <= SMALL_FILES);
        }
        assert!(copied < 12 * 16 * 20_000, "{} copies of a row", copied / (16 * 20_000));
    }

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
