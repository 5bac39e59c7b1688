//! Whether a table's files are what its log says.
//!
//! What a reader relies on without looking: that every file the log names is there with its size and
//! number of rows, that its columns are the table's, and that row groups carry the statistics and
//! bloom filters by which they are passed over. [`Depth::Whole`] reads every row, too.

use std::collections::{HashMap, HashSet};

use arrow::datatypes::Schema;
use futures::StreamExt as _;
use object_store::path::Path;
use parquet::{
    arrow::parquet_to_arrow_schema,
    file::{
        metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData},
        statistics::Statistics,
    },
};
use serde::Serialize;

use crate::{
    Index,
    error::IndexError,
    files::{DataFile, FileReader},
    stored::Stored,
};

/// Files looked into at the same time.
const PARALLEL_FILES: usize = 8;

/// What to do about a file that is missing or damaged.
const REBUILD: &str = "sohoa index rebuild";
/// What to do about a file that is sound, but slow to look into.
const REWRITE: &str = "sohoa index compact --all";

/// How closely files are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Sizes and footers.
    Footers,
    /// Every row.
    Whole,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Name of the table.
    pub table: &'static str,
    /// The file, by its key under the table; `None` where it is about rows.
    pub file: Option<String>,
    /// What is wrong.
    pub what: String,
    /// The command that repairs it.
    pub repair: &'static str,
}

impl Index {
    /// Looks at every file of `table`; `seen` is called after each.
    ///
    /// # Errors
    /// [`IndexError`] when the log or the folder cannot be read; what is wrong with a file is in the
    /// answer.
    pub async fn verify_files(
        &mut self,
        table: impl Into<Stored>,
        depth: Depth,
        seen: &(dyn Fn() + Sync),
    ) -> Result<Vec<Difference>, IndexError> {
        let table = table.into();
        let place = self.place(table);
        let Some(state) = place.newest().await? else { return Ok(Vec::new()) };
        let files = place.files(&state)?;
        // Listed after the log was read, so that every file it names should be there.
        let sizes: HashMap<Path, u64> = place
            .data_objects()
            .await?
            .into_iter()
            .map(|object| (object.location, object.size))
            .collect();
        let reader =
            &FileReader { name: place.name, store: place.store(), schema: table.schema()? };
        let sizes = &sizes;
        let looked_at = futures::stream::iter(files).map(|file| async move {
            let size = sizes.get(&file.path).copied();
            let found = one((table, reader), &file, size, depth).await;
            seen();
            futures::stream::iter(found)
        });
        Ok(looked_at.buffer_unordered(PARALLEL_FILES).flatten().collect().await)
    }
}

async fn one(
    (table, reader): (Stored, &FileReader),
    file: &DataFile,
    size: Option<u64>,
    depth: Depth,
) -> Vec<Difference> {
    let differs = |what: String, repair| Difference {
        table: table.name(),
        file: Some(file.path.to_string()),
        what,
        repair,
    };
    match size {
        None => return vec![differs("is missing".into(), REBUILD)],
        Some(size) if size != file.size => {
            let what = format!("has {size} bytes, the log says {}", file.size);
            return vec![differs(what, REBUILD)];
        }
        Some(_) => {}
    }
    let footer = match reader.footer(file).await {
        Ok(footer) => footer,
        Err(error) => return vec![differs(said(&error), REBUILD)],
    };
    let rewrite = if matches!(table, Stored::Derived(_)) { REWRITE } else { REBUILD };
    let mut found: Vec<_> = slow(table, &footer).map(|what| differs(what, rewrite)).collect();
    let columns = other_columns((table, reader), &footer).into_iter();
    found.extend(columns.map(|what| differs(what, REBUILD)));
    let mut rows = u64::try_from(footer.file_metadata().num_rows()).unwrap_or_default();
    if depth == Depth::Whole && found.is_empty() {
        match count(reader, file).await {
            Ok(counted) => rows = counted,
            Err(error) => found.push(differs(said(&error), REBUILD)),
        }
    }
    if file.rows() != Some(rows) {
        let said = file.rows().map_or("no number".to_owned(), |rows| rows.to_string());
        found.push(differs(format!("has {rows} rows, the log says {said}"), REBUILD));
    }
    found
}

/// An error with its causes.
fn said(error: &IndexError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

async fn count(reader: &FileReader, file: &DataFile) -> Result<u64, IndexError> {
    let mut rows = reader.whole(file).await?;
    let mut counted = 0;
    while let Some(batch) = rows.next().await? {
        counted += batch.num_rows() as u64;
    }
    Ok(counted)
}

/// Columns that are not the table's. One that the file lacks is younger than the file.
fn other_columns((table, reader): (Stored, &FileReader), footer: &ParquetMetaData) -> Vec<String> {
    let metadata = footer.file_metadata();
    let pairs = metadata.key_value_metadata();
    let stored: Schema = match parquet_to_arrow_schema(metadata.schema_descr(), pairs) {
        Ok(stored) => stored,
        Err(error) => return vec![format!("its columns cannot be read: {error}")],
    };
    let own = &reader.schema;
    let unlike =
        stored.fields().iter().filter_map(|field| match own.field_with_name(field.name()) {
            Err(_) => Some(format!("column `{}` is not the table's", field.name())),
            Ok(own) if own.data_type() != field.data_type() => {
                Some(format!("column `{}` has another type than the table's", field.name()))
            }
            Ok(_) => None,
        });
    let missing = own.fields().iter().filter(|field| {
        let partition = table.partition_columns().contains(&field.name().as_str());
        !field.is_nullable() && !partition && stored.field_with_name(field.name()).is_err()
    });
    let missing = missing.map(|field| format!("column `{}` is missing", field.name()));
    unlike.chain(missing).collect()
}

/// What makes look-ups read more than they have to.
fn slow(table: Stored, footer: &ParquetMetaData) -> impl Iterator<Item = String> {
    let mut without_statistics = HashSet::new();
    let mut without_filter = HashSet::new();
    for column in footer.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let path = column.column_path().string();
        let named = |of: &[&'static str]| of.iter().copied().find(|name| *name == path);
        if let Some(name) = named(table.statistics())
            && column.statistics().is_none()
        {
            without_statistics.insert(name);
        }
        if let Some(name) = named(table.bloom_filters())
            && column.bloom_filter_offset().is_none()
            // A column without values has nothing to look up.
            && column.statistics().and_then(Statistics::null_count_opt) != Some(rows_of(column))
        {
            without_filter.insert(name);
        }
    }
    let statistics =
        without_statistics.into_iter().map(|name| format!("no statistics of `{name}`"));
    let filters = without_filter.into_iter().map(|name| format!("no bloom filter of `{name}`"));
    statistics.chain(filters).collect::<Vec<_>>().into_iter()
}

fn rows_of(column: &ColumnChunkMetaData) -> u64 {
    u64::try_from(column.num_values()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use object_store::ObjectStoreExt as _;
    use sohoa_schemas::record::Rows;

    use super::*;
    use crate::{
        Batch, Table,
        testing::{APPLICATION, FusedStore, index, join, published},
    };

    async fn appended(store: &Arc<FusedStore>) -> Index {
        let mut index = index(store);
        for seq in 0..3 {
            let first = u32::try_from(seq).unwrap() * 4;
            let rows: Rows = join((first..first + 4).map(|n| published(n, 1)));
            index.append(APPLICATION, &Batch { seq, keys: Vec::new(), rows }).await.unwrap();
        }
        index
    }

    async fn files(index: &mut Index, table: Table, depth: Depth) -> Vec<Difference> {
        index.verify_files(table, depth, &|| {}).await.unwrap()
    }

    #[tokio::test]
    async fn sound_tables_have_no_difference() {
        let store = FusedStore::sound();
        let mut index = appended(&store).await;
        for table in Table::ALL {
            for unit in index.compaction(table, false).await.unwrap().into_iter().skip(1) {
                index.compact(&unit).await.unwrap();
            }
            for depth in [Depth::Footers, Depth::Whole] {
                let seen = AtomicUsize::new(0);
                let count = || _ = seen.fetch_add(1, Ordering::SeqCst);
                let found = index.verify_files(table, depth, &count).await.unwrap();
                assert_eq!(found, [], "{}", table.name());
                assert_eq!(seen.into_inner(), 4, "three of one month, one of the other");
            }
        }
    }

    #[tokio::test]
    async fn a_missing_a_cut_and_a_spoiled_file_are_named() {
        let store = FusedStore::sound();
        let mut index = appended(&store).await;
        let (listed, place) = {
            let log = index.log_mut(Table::Pages);
            (log.files().await.unwrap(), log.reader().store)
        };
        let [missing, cut, spoiled] = [0, 1, 2].map(|at| listed[at].path.clone());
        place.delete(&missing).await.unwrap();
        let bytes = place.get(&cut).await.unwrap().bytes().await.unwrap();
        place.put(&cut, bytes.slice(..bytes.len() - 9).into()).await.unwrap();
        let mut bytes = place.get(&spoiled).await.unwrap().bytes().await.unwrap().to_vec();
        // Inside the first column, which footers say nothing of.
        bytes[8..40].fill(0xFF);
        place.put(&spoiled, bytes.into()).await.unwrap();

        let found = files(&mut index, Table::Pages, Depth::Footers).await;
        let of = |path: &Path| -> Vec<&Difference> {
            found.iter().filter(|d| d.file.as_deref() == Some(path.as_ref())).collect()
        };
        assert_eq!(of(&missing)[0].what, "is missing");
        assert!(of(&cut)[0].what.contains("bytes, the log says"), "{:?}", of(&cut));
        assert_eq!(of(&missing)[0].repair, REBUILD);
        assert_eq!(found.len(), 2);
        let found = files(&mut index, Table::Pages, Depth::Whole).await;
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().any(|d| d.file.as_deref() == Some(spoiled.as_ref())));
    }

    #[tokio::test]
    async fn a_file_without_filters_is_slow_and_not_wrong() {
        use deltalake::writer::{DeltaWriter as _, RecordBatchWriter};
        let store = FusedStore::sound();
        let mut index = appended(&store).await;
        let rows = join([published(40, 1)]);
        let log = index.log_mut(Table::Pages);
        let batch = crate::batch::columns(Table::Pages, &log.schema, &rows).unwrap();
        let mut writer = RecordBatchWriter::for_table(log.ready().await.unwrap()).unwrap();
        writer.write(batch).await.unwrap();
        let adds = writer.flush().await.unwrap();
        log.exchange(&[], &adds).await.unwrap();
        let found = files(&mut index, Table::Pages, Depth::Footers).await;
        let mut said: Vec<_> = found.iter().map(|d| (d.what.as_str(), d.repair)).collect();
        said.sort_unstable();
        assert_eq!(
            said,
            [
                ("no bloom filter of `document_uid`", REWRITE),
                ("no bloom filter of `source_uid`", REWRITE)
            ]
        );
    }
}
