//! The text of a row that is hashed; `sohoa_schemas::events::HASHED` describes it.

use arrow::{
    array::{Array as _, AsArray, Int64Array, RecordBatch, StringArray},
    compute::cast,
    datatypes::{DataType, Int64Type},
};
use ring::digest::{SHA256, digest};
use sohoa_schemas::events::{HASH_FORM, HASHED};

use crate::{error::IndexError, files::text_column};

/// Columns that [`Place`] gives.
const PLACED: usize = 2;

/// Where a row stands: its number, and the hash of the row before it.
pub(super) type Place<'a> = (i64, &'a str);

enum Column {
    Number(Int64Array),
    Text(StringArray),
}

/// The hashed columns of a batch, but for a row's place.
pub(super) struct Canonical(Vec<Column>);

impl Canonical {
    pub(super) fn of(batch: &RecordBatch) -> Result<Self, IndexError> {
        let column = |name: &&str| -> Result<Column, IndexError> {
            let data = batch.column(batch.schema_ref().index_of(name)?);
            Ok(match data.data_type() {
                DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::Timestamp(..) => {
                    Column::Number(number_column(batch, name)?)
                }
                _ => Column::Text(text_column(batch, name)?),
            })
        };
        HASHED[PLACED..].iter().map(column).collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// Hash of a row at a place, lower-case hex.
    pub(super) fn hash(&self, row: usize, place: Place<'_>) -> String {
        let hash = digest(&SHA256, self.text(row, place).as_bytes());
        hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn text(&self, row: usize, (seq, before): Place<'_>) -> String {
        let mut text = format!("[{},{seq},{}", quoted(HASH_FORM), quoted(before));
        for column in &self.0 {
            text.push(',');
            match column {
                Column::Number(numbers) if numbers.is_valid(row) => {
                    text += &numbers.value(row).to_string();
                }
                Column::Text(texts) if texts.is_valid(row) => text += &quoted(texts.value(row)),
                _ => text += "null",
            }
        }
        text.push(']');
        text
    }
}

/// A string of JSON, escaped no more than it must be: as RFC 8785 has it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A column as whole numbers; times in microseconds.
pub(super) fn number_column(batch: &RecordBatch, name: &str) -> Result<Int64Array, IndexError> {
    let numbers = cast(batch.column(batch.schema_ref().index_of(name)?), &DataType::Int64)?;
    Ok(numbers.as_primitive::<Int64Type>().clone())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use sohoa_schemas::{
        events::{Action, EventRow, GENESIS},
        record::Rows,
    };
    use uuid::Uuid;

    use super::*;
    use crate::{batch::columns, table::Table};

    #[test]
    fn the_text_is_the_documented_one() {
        let at = DateTime::from_timestamp_micros(1_764_230_400_000_123).unwrap();
        let uid = Uuid::from_u128(7);
        let mut event = EventRow::new(Action::Released, ("source", uid), ("H08", at), "1");
        event.event_uid = uid;
        event.version = Some(1);
        event.actor_ref = Some("Nguyễn \"Mẫu\"\n\u{1f}/\u{7f}".into());
        let rows = Rows { events: vec![event], ..Rows::default() };
        let batch = columns(Table::Events, &Table::Events.schema().unwrap(), &rows).unwrap();
        let canonical = Canonical::of(&batch).unwrap();
        let text = canonical.text(0, (1, GENESIS));
        let uid = "00000000-0000-0000-0000-000000000007";
        assert_eq!(
            text,
            format!(
                "[\"sohoa-event-1\",1,\"{GENESIS}\",\"{uid}\",\"H08\",\"2025-11\",1764230400000123,\
                 \"release\",\"released\",\"source\",\"{uid}\",\"{uid}\",1,null,null,null,null,null,\
                 \"service\",\"Nguyễn \\\"Mẫu\\\"\\n\\u001f/\u{7f}\",null,null,null,\"ok\",null,null,\
                 null,1]"
            )
        );
        assert_eq!(canonical.hash(0, (1, GENESIS)).len(), 64);
        assert_ne!(canonical.hash(0, (1, GENESIS)), canonical.hash(0, (2, GENESIS)));
    }
}
