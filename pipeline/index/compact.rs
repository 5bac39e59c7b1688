//! Compaction: the files of a month become full ones whose rows are in the table's order.
//!
//! The work is cut into units that are committed one by one, so that an interrupted compaction goes
//! on where it stopped: an ordered file says so in its footer and is left alone. A unit reads and
//! writes while others commit; when it is done they may have taken some of its files, and then only
//! those that are left are read again.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use arrow::array::RecordBatch;
use deltalake::{kernel::Add, writer::DeltaWriter as _};
use futures::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;

use crate::{
    Index,
    error::IndexError,
    files::{DataFile, is_ordered},
    log::TableLog,
    merge::month_of,
    order::ordered,
    table::Table,
};

/// Bytes of the files of one unit: bounds the disk that sorting takes, and what a lost race costs.
const UNIT_BYTES: u64 = 1 << 30;

/// How often the rows of a unit are read again because its files were taken.
const READS: usize = 5;

/// How often a commit is made again because another one was first.
const COMMITS: usize = 64;

/// Footers read at the same time.
const PARALLEL_FILES: usize = 16;

/// Files of one month of a table that are compacted together.
#[derive(Debug, Clone, Serialize)]
pub struct Unit {
    /// Name of the table.
    pub table: &'static str,
    /// Province of the month.
    pub province: String,
    /// The month.
    pub month: String,
    /// Number of files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    #[serde(skip)]
    of: Table,
    #[serde(skip)]
    inputs: Vec<DataFile>,
}

impl Unit {
    fn new(of: Table, inputs: Vec<DataFile>) -> Self {
        let (province, month) = inputs.first().map(month_of).unwrap_or_default();
        let bytes = inputs.iter().map(|file| file.size).sum();
        Self { table: of.name(), province, month, files: inputs.len(), bytes, of, inputs }
    }
}

/// What became of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Compacted {
    /// Files that were replaced.
    pub files_before: usize,
    /// Bytes of them.
    pub bytes_before: u64,
    /// Files that hold the rows now.
    pub files_after: usize,
    /// Bytes of them.
    pub bytes_after: u64,
}

impl Index {
    /// The work there is to do on `table`: files whose rows are in no order, and small ones. With
    /// `all` also what is in order already, so that whole months get one order.
    ///
    /// # Errors
    /// [`IndexError::Rebuilding`] while the table is made anew, when the work would be for nothing;
    /// others when the table or a file's footer cannot be read.
    pub async fn compaction(&mut self, table: Table, all: bool) -> Result<Vec<Unit>, IndexError> {
        if table != Table::Events && self.is_being_rebuilt().await? {
            return Err(IndexError::Rebuilding);
        }
        let log = self.log_mut(table);
        log.forget();
        let files = log.files().await?;
        let reader = &log.reader();
        let looked_at = futures::stream::iter(files).map(|file| async move {
            let ordered = is_ordered(table, reader.footer(&file).await?.as_ref());
            Ok::<_, IndexError>((file, ordered))
        });
        let files: Vec<_> = looked_at.buffer_unordered(PARALLEL_FILES).try_collect().await?;
        let mut months: BTreeMap<_, Vec<(DataFile, bool)>> = BTreeMap::new();
        for (file, ordered) in files {
            if all || !ordered || file.is_small(table) {
                months.entry(month_of(&file)).or_default().push((file, ordered));
            }
        }
        // A remainder that is too small for a full file has nothing to be merged with.
        months.retain(|_, files| all || files.len() > 1 || files.iter().any(|(_, done)| !done));
        let months = months.into_values().map(|files| files.into_iter().map(|(file, _)| file));
        Ok(months.flat_map(|files| units(table, files.collect())).collect())
    }

    /// Puts the rows of one unit in order, in full files; the table's content stays what it is.
    ///
    /// # Errors
    /// [`IndexError::Contended`] when other writers took files of the unit again and again; others
    /// when a file cannot be read or written. The table is then as it was.
    pub async fn compact(&mut self, unit: &Unit) -> Result<Compacted, IndexError> {
        let log = self.log_mut(unit.of);
        for _ in 0..READS {
            let live: HashSet<_> = log.files().await?.into_iter().map(|file| file.path).collect();
            let mut inputs = unit.inputs.clone();
            inputs.retain(|file| live.contains(&file.path));
            if inputs.is_empty() {
                return Ok(Compacted::default());
            }
            let adds = Box::pin(log.write_ordered(&inputs)).await?;
            if log.replace(&inputs, &adds).await? {
                let bytes = adds.iter().map(|add| u64::try_from(add.size).unwrap_or_default());
                return Ok(Compacted {
                    files_before: inputs.len(),
                    bytes_before: inputs.iter().map(|file| file.size).sum(),
                    files_after: adds.len(),
                    bytes_after: bytes.sum(),
                });
            }
        }
        Err(IndexError::Contended(unit.table))
    }
}

/// Cuts the files of a month into units.
fn units(table: Table, mut files: Vec<DataFile>) -> Vec<Unit> {
    // The chain's files must not overlap: it is read file by file.
    files.sort_by(|a, b| a.path.cmp(&b.path));
    if table == Table::Events {
        files.sort_by_key(|file| file.bound("minValues", "seq"));
    }
    let mut units = Vec::new();
    let mut inputs: Vec<DataFile> = Vec::new();
    for file in files {
        let bytes: u64 = inputs.iter().map(|file| file.size).sum();
        if !inputs.is_empty() && bytes + file.size > UNIT_BYTES {
            units.push(Unit::new(table, std::mem::take(&mut inputs)));
        }
        inputs.push(file);
    }
    units.push(Unit::new(table, inputs));
    units
}

impl TableLog {
    /// Writes the rows of `files` in order; nobody sees the new files yet.
    pub(crate) async fn write_ordered(
        &mut self,
        files: &[DataFile],
    ) -> Result<Vec<Add>, IndexError> {
        let mut writer = self.ordered_writer().await?;
        let mut rows = ordered((self.table, &self.reader()), files).await?;
        while let Some(batch) = rows.try_next().await? {
            let batch = RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec())?;
            writer.write(batch).await.map_err(|error| self.error(error))?;
        }
        writer.flush().await.map_err(|error| self.error(error))
    }

    /// Commits `adds` in place of `files` on whatever the newest state is; `false` when one of them
    /// is no longer part of it, because its rows live elsewhere then.
    async fn replace(&mut self, files: &[DataFile], adds: &[Add]) -> Result<bool, IndexError> {
        for _ in 0..COMMITS {
            let live: HashSet<_> = self.files().await?.into_iter().map(|file| file.path).collect();
            if !files.iter().all(|file| live.contains(&file.path)) {
                return Ok(false);
            }
            match self.exchange(files, adds).await {
                Ok(()) => return Ok(true),
                // The state was dropped: the next round looks at the store.
                Err(IndexError::Busy(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(IndexError::Contended(self.table.name()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arrow::{
        array::{ArrayRef, StringArray, UInt32Array},
        compute::{cast, take_record_batch},
        datatypes::SchemaRef,
    };

    use super::*;
    use crate::{
        Batch,
        batch::columns,
        files::FileReader,
        testing::{APPLICATION, FusedStore, dump, index, join, published, select},
    };

    async fn append(index: &mut Index, seq: i64, rows: sohoa_schemas::record::Rows) {
        index.append(APPLICATION, &Batch { seq, keys: Vec::new(), rows }).await.unwrap();
    }

    async fn compact_all(index: &mut Index, table: Table) -> Compacted {
        let mut sum = Compacted::default();
        for unit in index.compaction(table, false).await.unwrap() {
            let done = index.compact(&unit).await.unwrap();
            sum.files_before += done.files_before;
            sum.files_after += done.files_after;
        }
        sum
    }

    #[tokio::test]
    async fn a_compacted_month_is_one_ordered_file_with_the_same_rows() {
        let store = FusedStore::sound();
        let mut index = index(&store);
        for seq in 0..7 {
            let first = u32::try_from(seq).unwrap() * 10;
            append(&mut index, seq, join((first..first + 10).map(|n| published(n, 1)))).await;
        }
        for table in Table::ALL {
            let before = dump(&index, table).await;
            let done = compact_all(&mut index, table).await;
            assert_eq!((done.files_before, done.files_after), (14, 2), "{}", table.name());
            assert_eq!(dump(&index, table).await, before, "{}", table.name());
            assert!(index.compaction(table, false).await.unwrap().is_empty(), "nothing is left");
            assert_eq!(
                index.compaction(table, true).await.unwrap().len(),
                2,
                "unless all is asked"
            );
        }
        let log = index.log_mut(Table::Pages);
        let (files, reader) = (log.files().await.unwrap(), log.reader());
        let mut rows = reader.rows(&files[0]).await.unwrap();
        let batch = rows.next().await.unwrap().unwrap();
        let documents = crate::files::text_column(&batch, "document_uid").unwrap();
        assert!(documents.iter().is_sorted(), "pages lie by document");
        // Later appends find what lies in ordered files.
        append(&mut index, 9, published(3, 2)).await;
        assert_eq!(dump(&index, Table::Documents).await.len(), 70);
    }

    #[tokio::test]
    async fn documents_lie_by_agency_and_year_together() {
        let store = FusedStore::sound();
        let mut index = index(&store);
        let mut rows = join((0..200).map(|n| published(n * 2, 1)));
        for (n, row) in (0..).zip(&mut rows.documents) {
            row.document_year = Some(1976 + n * 7 % 50);
        }
        append(&mut index, 1, rows).await;
        compact_all(&mut index, Table::Documents).await;
        let log = index.log_mut(Table::Documents);
        let (files, reader) = (log.files().await.unwrap(), log.reader());
        let mut rows = reader.rows(&files[0]).await.unwrap();
        let batch = rows.next().await.unwrap().unwrap();
        let year = crate::files::text_column(&batch, "document_year").unwrap();
        let agency = crate::files::text_column(&batch, "custodian_agency_code").unwrap();
        // A quarter of the rows holds about half of the agencies and half of the years.
        let distinct = |column: &StringArray| column.iter().take(50).collect::<HashSet<_>>().len();
        assert!(distinct(&year) <= 30, "{} of 50 years", distinct(&year));
        assert!(distinct(&agency) <= 3, "{} of 5 agencies", distinct(&agency));
    }

    /// Rows of one month, in no order: the same papers again and again, of other agencies and years and
    /// with other codes.
    fn province(schema: &SchemaRef, rows: u32, cell: impl Fn(u32) -> (u32, u32)) -> RecordBatch {
        let papers = join((0..32).map(|n| published(n * 2, 1)));
        let papers = columns(Table::Documents, schema, &papers).unwrap();
        let again: UInt32Array = (0..rows).map(|row| row % 32).collect();
        let papers = take_record_batch(&papers, &again).unwrap();
        let text = |value: &dyn Fn(u32) -> String| -> ArrayRef {
            Arc::new(StringArray::from_iter_values((0..rows).map(value)))
        };
        let columns = schema.fields().iter().zip(papers.columns()).map(|(field, column)| {
            let other = match field.name().as_str() {
                "custodian_agency_code" => text(&|row| format!("H63.{:02}", cell(row).0)),
                "document_year" => text(&|row| (1980 + cell(row).1).to_string()),
                "code_full" => text(&|row| format!("{}/QĐ-UBND", row * 7919 % 4000)),
                _ => Arc::clone(column),
            };
            cast(&other, field.data_type()).unwrap()
        });
        RecordBatch::try_new(Arc::clone(schema), columns.collect()).unwrap()
    }

    #[tokio::test]
    async fn a_look_up_by_agency_year_and_code_reads_few_row_groups() {
        const ROWS: u32 = 200_000;
        const CELLS: u32 = 30 * 20;
        let store = FusedStore::sound();
        let mut index = index(&store);
        let log = index.log_mut(Table::Documents);
        // Some agencies and years have many more papers than others.
        let cell = |row: u32| {
            let drawn = f64::from(row.wrapping_mul(2_654_435_761)) / f64::from(u32::MAX);
            let cell = (drawn * drawn * f64::from(CELLS)) as u32;
            (cell / 20, cell % 20)
        };
        let rows = province(&log.schema, ROWS, cell);
        let mut writer = log.writer().await.unwrap();
        writer.write(rows).await.unwrap();
        let adds = writer.flush().await.unwrap();
        log.exchange(&[], &adds).await.unwrap();
        compact_all(&mut index, Table::Documents).await;

        let log = index.log_mut(Table::Documents);
        let (files, reader) = (log.files().await.unwrap(), log.reader());
        let mut groups = Vec::new();
        for file in &files {
            let footer = reader.footer(file).await.unwrap();
            for group in footer.row_groups() {
                assert!(group.num_rows() <= 1 << 16);
                let of = |name: &str| {
                    let columns = group.columns();
                    let column = columns.iter().find(|c| c.column_path().string() == name).unwrap();
                    let statistics = column.statistics().unwrap();
                    let bound = |bytes: Option<&[u8]>| bytes.unwrap().to_vec();
                    (bound(statistics.min_bytes_opt()), bound(statistics.max_bytes_opt()))
                };
                groups.push((of("custodian_agency_code"), of("document_year")));
            }
        }
        assert!(groups.len() >= 4, "{}", groups.len());
        let mut sum = 0;
        for cell in 0..CELLS {
            let agency = format!("H63.{:02}", cell / 20).into_bytes();
            let year = i64::from(1980 + cell % 20);
            let number =
                |bytes: &[u8]| bytes.iter().rev().fold(0, |sum, byte| sum << 8 | i64::from(*byte));
            let read = groups.iter().filter(|((first, last), (from, to))| {
                (first..=last).contains(&&agency) && (number(from)..=number(to)).contains(&year)
            });
            let read = read.count();
            assert!((1..=3).contains(&read), "{read} of {} for {cell}", groups.len());
            sum += read;
        }
        assert!(f64::from(CELLS) * 1.5 >= sum as f64, "{sum} row groups for {CELLS} look-ups");
        lie_by_code(&files, &reader).await;
    }

    /// Within an agency's year rows lie by their codes.
    async fn lie_by_code(files: &[DataFile], reader: &FileReader) {
        let mut codes: HashMap<(String, String), String> = HashMap::new();
        for file in files {
            let mut rows = reader.rows(file).await.unwrap();
            while let Some(batch) = rows.next().await.unwrap() {
                let [agency, year, code] = ["custodian_agency_code", "document_year", "code_full"]
                    .map(|column| crate::files::text_column(&batch, column).unwrap());
                for row in 0..batch.num_rows() {
                    let cell = (agency.value(row).to_owned(), year.value(row).to_owned());
                    let last = codes.insert(cell, code.value(row).to_owned());
                    assert!(last.is_none_or(|last| last.as_str() <= code.value(row)));
                }
            }
        }
    }

    #[tokio::test]
    async fn an_append_during_compaction_loses_nothing() {
        let store = FusedStore::sound();
        let (mut one, mut two) = (index(&store), index(&store));
        append(&mut one, 1, join((0..8).map(|n| published(n * 2, 1)))).await;
        append(&mut one, 2, join((8..16).map(|n| published(n * 2, 1)))).await;
        let log = two.log_mut(Table::Documents);
        let inputs = log.files().await.unwrap();
        let adds = log.write_ordered(&inputs).await.unwrap();
        // Another document: the commit is made again on top of it.
        append(&mut one, 3, published(100, 1)).await;
        assert!(two.log_mut(Table::Documents).replace(&inputs, &adds).await.unwrap());
        assert_eq!(dump(&one, Table::Documents).await.len(), 17);

        // A new version of a document in one of the files: they are read again.
        let unit = two.compaction(Table::Documents, true).await.unwrap().remove(0);
        let log = two.log_mut(Table::Documents);
        let adds = log.write_ordered(&unit.inputs).await.unwrap();
        append(&mut one, 4, published(2, 2)).await;
        assert!(!two.log_mut(Table::Documents).replace(&unit.inputs, &adds).await.unwrap());
        two.compact(&unit).await.unwrap();
        let rows = select(&one, "SELECT count(*) AS n, max(version) AS v FROM documents").await;
        assert_eq!(rows, [r#"{"n":17,"v":2}"#]);
    }

    #[tokio::test]
    async fn a_compaction_that_was_killed_goes_on() {
        for after in [false, true] {
            let store = FusedStore::sound();
            let mut first = index(&store);
            append(&mut first, 1, join((0..4).map(|n| published(n, 1)))).await;
            append(&mut first, 2, join((4..8).map(|n| published(n, 1)))).await;
            let before = dump(&first, Table::Pages).await;
            // The second of two months' commits fails, or its answer is lost.
            if after {
                store.lose_answer(1);
            } else {
                store.break_after(1);
            }
            for unit in first.compaction(Table::Pages, false).await.unwrap() {
                drop(first.compact(&unit).await);
            }
            store.mend();
            let mut next = index(&store);
            let left = next.compaction(Table::Pages, false).await.unwrap().len();
            assert_eq!(left, usize::from(!after), "what was committed is not done again");
            compact_all(&mut next, Table::Pages).await;
            assert_eq!(next.files(Table::Pages).await.unwrap().len(), 2);
            assert_eq!(dump(&next, Table::Pages).await, before);
        }
    }
}
