//! Data files of a table: how they are written, and reading them without the query engine.
//!
//! The writer's own reads are two: which rows of some sources does the table have already, and all
//! rows of a file that must be written anew. Both read one file at a time; what they keep is bounded
//! by the question, not by the table.

use std::{collections::HashSet, fmt, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray},
    compute::{cast, filter_record_batch},
    datatypes::{DataType, SchemaRef},
};
use deltalake::kernel::LogicalFileView;
use futures::{Stream, TryStreamExt as _};
use object_store::{ObjectStore, path::Path};
use parquet::{
    arrow::{
        ParquetRecordBatchStreamBuilder, ProjectionMask, async_reader::ParquetRecordBatchStream,
    },
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::{
        metadata::{KeyValue, ParquetMetaData},
        properties::{WriterProperties, WriterPropertiesBuilder},
    },
    schema::types::ColumnPath,
};

use crate::{
    error::IndexError,
    object_file::ObjectFile,
    table::{INGEST_MONTH, PROVINCE, SOURCE_UID, Table},
};

/// One lookup in about a hundred reads a row group in vain, for ten bits a key.
const FALSE_POSITIVES: f64 = 0.01;

/// Encoded bytes of a row group, for the tables whose rows are long.
const ROW_GROUP_BYTES: usize = 128 << 20;

/// Key in the footer of a file whose rows are ordered; its value names the columns.
const ORDER: &str = "sohoa.order";

/// How data files of `table` are encoded.
pub(crate) fn writer_properties(table: Table) -> WriterProperties {
    properties(table).build()
}

/// How data files of `table` are encoded whose rows come in the table's order.
pub(crate) fn ordered_properties(table: Table) -> WriterProperties {
    let order = KeyValue::new(ORDER.to_owned(), table.order().join(","));
    properties(table).set_key_value_metadata(Some(vec![order])).build()
}

fn properties(table: Table) -> WriterPropertiesBuilder {
    let level = ZstdLevel::try_new(3).expect("3 is a level of Zstandard");
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(table.group_rows()))
        .set_max_row_group_bytes(Some(ROW_GROUP_BYTES));
    for column in table.bloom_filters() {
        let column = ColumnPath::from(*column);
        properties = properties
            .set_column_bloom_filter_enabled(column.clone(), true)
            .set_column_bloom_filter_fpp(column.clone(), FALSE_POSITIVES)
            // No row group has more keys. The default makes room for a million and folds it later.
            .set_column_bloom_filter_max_ndv(column, table.group_rows() as u64);
    }
    properties
}

/// A data file as the Delta log describes it.
#[derive(Clone)]
pub(crate) struct DataFile {
    pub(crate) path: Path,
    pub(crate) size: u64,
    pub(crate) province: String,
    pub(crate) month: String,
    view: LogicalFileView,
}

impl fmt::Debug for DataFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl DataFile {
    pub(crate) fn new(view: LogicalFileView) -> Self {
        let mut values = view.partition_values_map();
        let mut value = |column: &str| values.remove(column).flatten().unwrap_or_default();
        Self {
            path: view.object_store_path(),
            size: u64::try_from(view.size()).unwrap_or(0),
            province: value(PROVINCE),
            month: value(INGEST_MONTH),
            view,
        }
    }

    /// Whether the file is to be merged with others.
    pub(crate) fn is_small(&self, table: Table) -> bool {
        self.size < table.file_bytes() / 2
    }

    /// Rows, as the log says.
    pub(crate) fn rows(&self) -> Option<u64> {
        self.view.num_records().and_then(|rows| u64::try_from(rows).ok())
    }

    pub(crate) fn view(&self) -> &LogicalFileView {
        &self.view
    }

    /// A whole number of the log's statistics: `minValues` or `maxValues` of a column.
    pub(crate) fn bound(&self, bound: &str, column: &str) -> Option<i64> {
        let statistics: serde_json::Value = serde_json::from_str(&self.view.stats()?).ok()?;
        statistics.get(bound)?.get(column)?.as_i64()
    }

    /// Whether every row has `value` in `column`, as far as the log's statistics tell.
    pub(crate) fn holds_only(&self, column: &str, value: &str) -> bool {
        let Some(statistics) = self.view.stats() else { return false };
        let Ok(statistics) = serde_json::from_str::<serde_json::Value>(&statistics) else {
            return false;
        };
        ["minValues", "maxValues"].iter().all(|bound| {
            statistics.pointer(&format!("/{bound}/{column}")).is_some_and(|v| v == value)
        })
    }
}

/// Opens data files of one table.
#[derive(Debug, Clone)]
pub(crate) struct FileReader {
    /// Name of the table.
    pub(crate) name: &'static str,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) schema: SchemaRef,
}

impl FileReader {
    async fn open(
        &self,
        file: &DataFile,
    ) -> Result<ParquetRecordBatchStreamBuilder<ObjectFile>, ParquetError> {
        ParquetRecordBatchStreamBuilder::new(ObjectFile {
            store: Arc::clone(&self.store),
            path: file.path.clone(),
            size: file.size,
        })
        .await
    }

    /// The footer of a file.
    pub(crate) async fn footer(&self, file: &DataFile) -> Result<Arc<ParquetMetaData>, IndexError> {
        let fail = |error| IndexError::data_file(self.name, file.path.as_ref())(error);
        Ok(Arc::clone(self.open(file).await.map_err(fail)?.metadata()))
    }

    /// All rows of a file, with the partition columns, in the table's column order.
    pub(crate) async fn rows(&self, file: &DataFile) -> Result<Rows, IndexError> {
        let fail = |error| IndexError::data_file(self.name, file.path.as_ref())(error);
        let stream = self.open(file).await.map_err(fail)?.build().map_err(fail)?;
        Ok(Rows { reader: self.clone(), file: file.clone(), stream })
    }

    /// All columns of all rows of a file, as they stand in it.
    pub(crate) async fn whole(&self, file: &DataFile) -> Result<Columns, IndexError> {
        let fail = |error| IndexError::data_file(self.name, file.path.as_ref())(error);
        let stream = self.open(file).await.map_err(fail)?.build().map_err(fail)?;
        Ok(Columns { name: self.name, path: file.path.to_string(), stream })
    }

    /// Some columns of all rows of a file, as they stand in it.
    pub(crate) async fn columns(
        &self,
        file: &DataFile,
        columns: &[&str],
    ) -> Result<Columns, IndexError> {
        self.project(file, columns, 0).await
    }

    /// The same of its last row group alone.
    pub(crate) async fn last_rows(
        &self,
        file: &DataFile,
        columns: &[&str],
    ) -> Result<Columns, IndexError> {
        self.project(file, columns, usize::MAX).await
    }

    /// Some columns of the row groups from one on, or of the last.
    async fn project(
        &self,
        file: &DataFile,
        columns: &[&str],
        from: usize,
    ) -> Result<Columns, IndexError> {
        let fail = |error| IndexError::data_file(self.name, file.path.as_ref())(error);
        let builder = self.open(file).await.map_err(fail)?;
        let groups = builder.metadata().num_row_groups();
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let stream = builder
            .with_row_groups((from.min(groups.saturating_sub(1))..groups).collect())
            .with_projection(mask)
            .build()
            .map_err(fail)?;
        Ok(Columns { name: self.name, path: file.path.to_string(), stream })
    }

    /// `columns` of the rows whose source is one of `sources`. Row groups whose bloom filter knows
    /// none of them are not read.
    pub(crate) async fn rows_of_sources(
        &self,
        file: &DataFile,
        columns: &[&str],
        sources: &HashSet<String>,
    ) -> Result<Vec<RecordBatch>, IndexError> {
        let fail = |error| IndexError::data_file(self.name, file.path.as_ref())(error);
        let mut builder = self.open(file).await.map_err(fail)?;
        let groups = candidate_groups(&mut builder, sources).await.map_err(fail)?;
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let mut stream =
            builder.with_row_groups(groups).with_projection(mask).build().map_err(fail)?;
        let mut found = Vec::new();
        while let Some(batch) = stream.try_next().await.map_err(fail)? {
            let batch = filter_by(&batch, SOURCE_UID, |source| sources.contains(source))?;
            if batch.num_rows() > 0 {
                found.push(batch);
            }
        }
        Ok(found)
    }
}

/// Some columns of one file.
pub(crate) struct Columns {
    name: &'static str,
    path: String,
    stream: ParquetRecordBatchStream<ObjectFile>,
}

impl Columns {
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, IndexError> {
        let fail = |error| IndexError::data_file(self.name, self.path.clone())(error);
        self.stream.try_next().await.map_err(fail)
    }
}

/// The rows of one file.
pub(crate) struct Rows {
    reader: FileReader,
    file: DataFile,
    stream: ParquetRecordBatchStream<ObjectFile>,
}

impl Rows {
    pub(crate) async fn next(&mut self) -> Result<Option<RecordBatch>, IndexError> {
        let batch = self
            .stream
            .try_next()
            .await
            .map_err(IndexError::data_file(self.reader.name, self.file.path.as_ref()))?;
        batch.map(|batch| self.complete(&batch)).transpose()
    }

    pub(crate) fn into_stream(self) -> impl Stream<Item = Result<RecordBatch, IndexError>> + Send {
        futures::stream::try_unfold(self, |mut rows| async move {
            Ok(rows.next().await?.map(|batch| (batch, rows)))
        })
    }

    /// Adds the partition columns, and NULL for columns younger than the file.
    fn complete(&self, batch: &RecordBatch) -> Result<RecordBatch, IndexError> {
        let rows = batch.num_rows();
        let constant = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value; rows])) };
        let columns = self
            .reader
            .schema
            .fields()
            .iter()
            .map(|field| match field.name().as_str() {
                PROVINCE => Ok(constant(&self.file.province)),
                INGEST_MONTH => Ok(constant(&self.file.month)),
                name => match batch.column_by_name(name) {
                    Some(column) if column.data_type() == field.data_type() => {
                        Ok(Arc::clone(column))
                    }
                    Some(column) => cast(column, field.data_type()),
                    None => Ok(arrow::array::new_null_array(field.data_type(), rows)),
                },
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(RecordBatch::try_new(Arc::clone(&self.reader.schema), columns)?)
    }
}

/// Whether the rows of a file came in the order that `table` has now.
pub(crate) fn is_ordered(table: Table, footer: &ParquetMetaData) -> bool {
    let pairs = footer.file_metadata().key_value_metadata();
    let order = pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key == ORDER));
    order.and_then(|pair| pair.value.as_ref()).is_some_and(|v| *v == table.order().join(","))
}

async fn candidate_groups(
    builder: &mut ParquetRecordBatchStreamBuilder<ObjectFile>,
    sources: &HashSet<String>,
) -> Result<Vec<usize>, ParquetError> {
    let column =
        builder.parquet_schema().columns().iter().position(|c| c.path().string() == SOURCE_UID);
    let mut groups = Vec::new();
    for group in 0..builder.metadata().num_row_groups() {
        let filter = match column {
            Some(column) => builder.get_row_group_column_bloom_filter(group, column).await?,
            None => None,
        };
        if filter.is_none_or(|filter| sources.iter().any(|s| filter.check(s.as_str()))) {
            groups.push(group);
        }
    }
    Ok(groups)
}

/// The rows of `batch` whose text in `column` passes.
pub(crate) fn filter_by(
    batch: &RecordBatch,
    column: &str,
    passes: impl Fn(&str) -> bool,
) -> Result<RecordBatch, IndexError> {
    let text = text_column(batch, column)?;
    let mask: BooleanArray =
        (0..text.len()).map(|row| Some(text.is_valid(row) && passes(text.value(row)))).collect();
    Ok(filter_record_batch(batch, &mask)?)
}

/// A column as text.
pub(crate) fn text_column(batch: &RecordBatch, column: &str) -> Result<StringArray, IndexError> {
    let index = batch.schema_ref().index_of(column)?;
    let text = cast(batch.column(index), &DataType::Utf8)?;
    Ok(text.as_any().downcast_ref::<StringArray>().expect("cast to text above").clone())
}
