//! The order of rows in a compacted month.
//!
//! One column: by its values. More: along a Hilbert curve over the ranks of the first two's values,
//! and by the others where the curve's place is the same. A value's rank is the share of rows below
//! it. Ranks and not the values' bytes, because the codes of all agencies begin alike, and a year has
//! three bits of news. A Hilbert curve and not a Z curve, because that one leaps: of a dozen pieces
//! of it three lie about one agency's year, where one does here.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array as _, RecordBatch, UInt32Array},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use deltalake::datafusion::{
    catalog::streaming::StreamingTable,
    error::DataFusionError,
    execution::{SendableRecordBatchStream, TaskContext, runtime_env::RuntimeEnvBuilder},
    physical_plan::{stream::RecordBatchStreamAdapter, streaming::PartitionStream},
    prelude::{SessionConfig, SessionContext, col},
};
use futures::{StreamExt as _, TryStreamExt as _};

use crate::{
    error::IndexError,
    files::{DataFile, FileReader, text_column},
    table::Table,
};

/// Memory of one ordering; beyond it rows wait on disk.
const SORT_BYTES: usize = 768 << 20;

/// Column that carries the place on the curve while rows are sorted.
const PLACE: &str = "place on the curve";

/// The rows of `files` in the order of their table. Holds the distinct values of the curve's columns
/// where there is one, and [`SORT_BYTES`].
pub(crate) async fn ordered(
    (table, reader): (Table, &FileReader),
    files: &[DataFile],
) -> Result<SendableRecordBatchStream, IndexError> {
    let order = table.order();
    let curve = match order {
        [first, second, ..] => Some(Arc::new(Curve::of(reader, files, [*first, *second]).await?)),
        _ => None,
    };
    let source = Source::new(reader.clone(), files.to_vec(), curve);
    let place = source.curve.iter().map(|_| col(format!("\"{PLACE}\"")));
    let values = order[2 * place.len()..].iter().map(|column| col(*column));
    let by = place.chain(values).map(|column| column.sort(true, true)).collect();
    let runtime = RuntimeEnvBuilder::new().with_memory_limit(SORT_BYTES, 1.0).build_arc()?;
    let config = SessionConfig::new().with_target_partitions(1);
    let context = SessionContext::new_with_config_rt(config, runtime);
    let table = StreamingTable::try_new(Arc::clone(&source.schema), vec![Arc::new(source)])?;
    let names: Vec<&str> = reader.schema.fields().iter().map(|f| f.name().as_str()).collect();
    let rows = context.read_table(Arc::new(table))?.sort(by)?.select_columns(&names)?;
    Ok(rows.execute_stream().await?)
}

/// Ranks of the values of two columns.
#[derive(Debug)]
pub(crate) struct Curve {
    columns: [&'static str; 2],
    ranks: [BTreeMap<Value, u16>; 2],
}

/// A value as text, numbers before longer ones.
type Value = Option<(usize, String)>;

impl Curve {
    async fn of(
        reader: &FileReader,
        files: &[DataFile],
        columns: [&'static str; 2],
    ) -> Result<Self, IndexError> {
        let mut counts: [BTreeMap<Value, u64>; 2] = Default::default();
        for file in files {
            let mut batches = reader.columns(file, &columns).await?;
            while let Some(batch) = batches.next().await? {
                for (column, counts) in columns.iter().zip(&mut counts) {
                    for value in values(&batch, column)? {
                        *counts.entry(value).or_default() += 1;
                    }
                }
            }
        }
        Ok(Self { columns, ranks: counts.map(|counts| ranks(&counts)) })
    }

    #[cfg(feature = "measure")]
    pub(crate) fn of_batch(
        columns: [&'static str; 2],
        batch: &RecordBatch,
    ) -> Result<Self, IndexError> {
        let mut counts: [BTreeMap<Value, u64>; 2] = Default::default();
        for (column, counts) in columns.iter().zip(&mut counts) {
            for value in values(batch, column)? {
                *counts.entry(value).or_default() += 1;
            }
        }
        Ok(Self { columns, ranks: counts.map(|counts| ranks(&counts)) })
    }

    pub(crate) fn places(&self, batch: &RecordBatch) -> Result<UInt32Array, IndexError> {
        let [first, second] = [0, 1].map(|at| {
            let values = values(batch, self.columns[at])?;
            let rank = |value| self.ranks[at].get(&value).copied().unwrap_or_default();
            Ok::<Vec<u16>, IndexError>(values.into_iter().map(rank).collect())
        });
        Ok(first?.into_iter().zip(second?).map(|(a, b)| along(a, b)).collect())
    }
}

/// Values of a column; none where the file is older than the column.
fn values(batch: &RecordBatch, column: &str) -> Result<Vec<Value>, IndexError> {
    let Some(array) = batch.column_by_name(column) else {
        return Ok(vec![None; batch.num_rows()]);
    };
    let pad = |text: &str| if array.data_type().is_numeric() { text.len() } else { 0 };
    let text = text_column(batch, column)?;
    Ok(text.iter().map(|value| value.map(|value| (pad(value), value.to_owned()))).collect())
}

/// For each value the share of rows before it, in the range of 16 bits.
fn ranks(counts: &BTreeMap<Value, u64>) -> BTreeMap<Value, u16> {
    let total: u64 = counts.values().sum::<u64>().max(1);
    let mut before = 0;
    let rank = |(value, count): (&Value, &u64)| {
        let rank = u128::from(before) * u128::from(u16::MAX) / u128::from(total);
        before += count;
        (value.clone(), u16::try_from(rank).unwrap_or(u16::MAX))
    };
    counts.iter().map(rank).collect()
}

/// The distance of a point along the Hilbert curve of its square: from quarter to quarter, each of
/// them turned so that the next begins where it ends.
fn along(mut first: u16, mut second: u16) -> u32 {
    let mut distance = 0;
    for at in (0..16).rev() {
        let (right, upper) = (first >> at & 1, second >> at & 1);
        distance = distance << 2 | u32::from((3 * right) ^ upper);
        if upper == 0 {
            if right == 1 {
                (first, second) = (!first, !second);
            }
            (first, second) = (second, first);
        }
    }
    distance
}

/// The rows of some files as a table of one stream.
#[derive(Debug)]
struct Source {
    reader: FileReader,
    files: Vec<DataFile>,
    curve: Option<Arc<Curve>>,
    schema: SchemaRef,
}

impl Source {
    fn new(reader: FileReader, files: Vec<DataFile>, curve: Option<Arc<Curve>>) -> Self {
        let mut fields: Vec<_> = reader.schema.fields().iter().cloned().collect();
        if curve.is_some() {
            fields.push(Arc::new(Field::new(PLACE, DataType::UInt32, false)));
        }
        Self { reader, files, curve, schema: Arc::new(Schema::new(fields)) }
    }
}

impl PartitionStream for Source {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (reader, curve) = (self.reader.clone(), self.curve.clone());
        let schema = Arc::clone(&self.schema);
        let batches = futures::stream::iter(self.files.clone())
            .then(move |file| {
                let reader = reader.clone();
                async move { Ok::<_, IndexError>(reader.rows(&file).await?.into_stream()) }
            })
            .try_flatten()
            .map(move |batch| placed(&batch?, curve.as_deref(), &schema))
            .map_err(|error| DataFusionError::External(Box::new(error)));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

/// The batch with its rows' places on the curve, where there is one.
fn placed(
    batch: &RecordBatch,
    curve: Option<&Curve>,
    schema: &SchemaRef,
) -> Result<RecordBatch, IndexError> {
    let mut columns = batch.columns().to_vec();
    if let Some(curve) = curve {
        columns.push(Arc::new(curve.places(batch)?));
    }
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_along_the_curve_is_a_step_in_one_column() {
        let quarter = |a: u16, b: u16| along(a << 15, b << 15) >> 30;
        assert_eq!([quarter(0, 0), quarter(0, 1), quarter(1, 1), quarter(1, 0)], [0, 1, 2, 3]);
        // The first of 2^10 cells a side, and the way through all of them.
        let cells = (0..1 << 10).flat_map(|a: u16| (0..1 << 10).map(move |b: u16| (a, b)));
        let mut way: Vec<_> = cells.map(|(a, b)| (along(a << 6, b << 6), a, b)).collect();
        way.sort_unstable();
        for pair in way.windows(2) {
            let step = pair[0].1.abs_diff(pair[1].1) + pair[0].2.abs_diff(pair[1].2);
            assert_eq!(step, 1, "{pair:?}");
        }
    }

    #[test]
    fn a_value_is_placed_by_the_rows_before_it() {
        let value = |text: &str| Some((0, text.to_owned()));
        let counts = BTreeMap::from([(value("b"), 2), (None, 1), (value("a"), 1)]);
        let ranks = ranks(&counts);
        assert_eq!(ranks[&None], 0);
        assert_eq!(ranks[&value("a")], u16::MAX / 4);
        assert_eq!(ranks[&value("b")], u16::MAX / 2);
    }
}
