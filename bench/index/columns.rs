//! Columns of synthetic rows.

use std::sync::Arc;

use arrow::{
    array::{
        Array as _, ArrayRef, BooleanArray, Date32Array, Float32Array, Int16Array, Int32Array,
        Int64Array, ListArray, MapArray, RecordBatch, StringArray, StructArray,
        TimestampMicrosecondArray, new_empty_array, new_null_array,
    },
    buffer::OffsetBuffer,
    datatypes::{DataType, Field, SchemaRef},
};

/// Rows of a batch.
pub(crate) const ROWS: usize = 1 << 15;

/// Midnight of 1 November 2026, microseconds.
const NOW: i64 = 1_793_491_200_000_000;

/// A batch whose columns `fill` makes by name, where it does; the others get a constant.
pub(crate) fn batch(
    schema: &SchemaRef,
    rows: usize,
    fill: impl Fn(&str) -> Option<ArrayRef>,
) -> RecordBatch {
    let columns = schema
        .fields()
        .iter()
        .map(|field| fill(field.name()).unwrap_or_else(|| constant(field, rows)))
        .collect();
    RecordBatch::try_new(Arc::clone(schema), columns).expect("columns of the schema")
}

pub(crate) fn text(values: impl Iterator<Item = String>) -> ArrayRef {
    // Collected: the array wants to know their number beforehand.
    Arc::new(StringArray::from_iter_values(values.collect::<Vec<_>>()))
}

pub(crate) fn words<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values.collect::<Vec<_>>()))
}

pub(crate) fn numbers(values: impl Iterator<Item = i32>) -> ArrayRef {
    Arc::new(Int32Array::from_iter_values(values))
}

pub(crate) fn floats(values: impl Iterator<Item = f32>) -> ArrayRef {
    Arc::new(Float32Array::from_iter_values(values))
}

pub(crate) fn days(values: impl Iterator<Item = i32>) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(values))
}

/// A map column in which every row has the same keys; `values` run through the rows.
pub(crate) fn map(field: &Field, keys: &[&str], values: ArrayRef) -> ArrayRef {
    let DataType::Map(entry, is_sorted) = field.data_type() else {
        panic!("`{}` is no map", field.name())
    };
    let DataType::Struct(fields) = entry.data_type() else { panic!("entries are structs") };
    let rows = values.len() / keys.len();
    let names = words((0..rows).flat_map(|_| keys.iter().copied()));
    let entries = StructArray::new(fields.clone(), vec![names, values], None);
    let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(keys.len(), rows));
    Arc::new(MapArray::new(Arc::clone(entry), offsets, entries, None, *is_sorted))
}

fn constant(field: &Field, rows: usize) -> ArrayRef {
    if field.is_nullable() {
        return new_null_array(field.data_type(), rows);
    }
    match field.data_type() {
        DataType::Utf8 => words(std::iter::repeat_n("none", rows)),
        DataType::Boolean => Arc::new(BooleanArray::from(vec![false; rows])),
        DataType::Int16 => Arc::new(Int16Array::from(vec![1; rows])),
        DataType::Int32 => numbers(std::iter::repeat_n(1, rows)),
        DataType::Int64 => Arc::new(Int64Array::from(vec![150_000; rows])),
        DataType::Float32 => floats(std::iter::repeat_n(595.25, rows)),
        DataType::Timestamp(..) => {
            Arc::new(TimestampMicrosecondArray::from(vec![NOW; rows]).with_timezone("UTC"))
        }
        DataType::List(element) => {
            let values = new_empty_array(element.data_type());
            let offsets = OffsetBuffer::new_zeroed(rows);
            Arc::new(ListArray::new(Arc::clone(element), offsets, values, None))
        }
        DataType::Map(entry, is_sorted) => {
            let entries = new_empty_array(entry.data_type());
            let entries = entries.as_any().downcast_ref::<StructArray>().expect("a struct").clone();
            let offsets = OffsetBuffer::new_zeroed(rows);
            Arc::new(MapArray::new(Arc::clone(entry), offsets, entries, None, *is_sorted))
        }
        other => panic!("`{}` is {other}", field.name()),
    }
}
