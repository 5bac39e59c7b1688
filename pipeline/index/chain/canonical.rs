//! The text of a row that is hashed; `sohoa_schemas::events::HASHED` describes it.

use arrow::{
    array::{Array as _, AsArray, Int64Array, RecordBatch, StringArray},
    compute::cast,
    datatypes::{DataType, Int64Type},
};
use ring::digest::{SHA256, digest};
use sohoa_schemas::events::{FIRST_HASH_FORM, HASH_FORM, HASHED, NOT_IN_FIRST};

use crate::{error::IndexError, files::text_column};

/// Of hexadecimal numbers.
const DIGITS: [u8; 16] = *b"0123456789abcdef";

/// Columns that [`Place`] gives.
const PLACED: usize = 2;

/// Where a row stands: its number, and the hash of the row before it.
pub(super) type Place<'a> = (i64, &'a str);

enum Column {
    Number(Int64Array),
    Text(StringArray),
}

impl Column {
    fn is_valid(&self, row: usize) -> bool {
        match self {
            Self::Number(numbers) => numbers.is_valid(row),
            Self::Text(texts) => texts.is_valid(row),
        }
    }
}

/// The hashed columns of a batch, but for a row's place.
pub(super) struct Canonical {
    /// With whether rows of the first version have it.
    columns: Vec<(bool, Column)>,
    versions: Int64Array,
}

impl Canonical {
    pub(super) fn of(batch: &RecordBatch) -> Result<Self, IndexError> {
        let column = |name: &&str| -> Result<(bool, Column), IndexError> {
            let data = batch.column(batch.schema_ref().index_of(name)?);
            let column = match data.data_type() {
                DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::Timestamp(..) => {
                    Column::Number(number_column(batch, name)?)
                }
                _ => Column::Text(text_column(batch, name)?),
            };
            Ok((!NOT_IN_FIRST.contains(name), column))
        };
        let columns = HASHED[PLACED..].iter().map(column).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { columns, versions: number_column(batch, "schema_version")? })
    }

    /// Hash of a row at a place, lower-case hex.
    pub(super) fn hash(&self, row: usize, place: Place<'_>) -> String {
        let hash = digest(&SHA256, self.text(row, place).as_bytes());
        let halves = hash.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
        halves.map(|half| char::from(DIGITS[usize::from(half)])).collect()
    }

    /// Whether a row has the first form. One that has since been given a value in a younger column
    /// has not: its hash is another than it states.
    fn is_first(&self, row: usize) -> bool {
        let mut younger = self.columns.iter().filter(|(in_first, _)| !in_first);
        self.versions.value(row) < 2 && younger.all(|(_, column)| !column.is_valid(row))
    }

    fn text(&self, row: usize, (seq, before): Place<'_>) -> String {
        let is_first = self.is_first(row);
        let form = if is_first { FIRST_HASH_FORM } else { HASH_FORM };
        let mut text = format!("[{},{seq},{}", quoted(form), quoted(before));
        for (in_first, column) in &self.columns {
            if is_first && !in_first {
                continue;
            }
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
        event.dossier_code = Some("H08.12-240115-0007".into());
        event.actor_ref = Some("Nguyễn \"Mẫu\"\n\u{1f}/\u{7f}".into());
        let rows = Rows { events: vec![event], ..Rows::default() };
        let canonical = |rows: &Rows| {
            let batch = columns(Table::Events, &Table::Events.schema().unwrap(), rows).unwrap();
            Canonical::of(&batch).unwrap()
        };
        let of_first = |code: Option<&str>| {
            let mut rows = rows.clone();
            rows.events[0].schema_version = 1;
            rows.events[0].dossier_code = code.map(str::to_owned);
            canonical(&rows).text(0, (1, GENESIS))
        };
        let (first, changed) = (of_first(None), of_first(Some("H08.12-240115-0007")));
        let canonical = canonical(&rows);
        let text = canonical.text(0, (1, GENESIS));
        let uid = "00000000-0000-0000-0000-000000000007";
        assert_eq!(
            text,
            format!(
                "[\"sohoa-event-2\",1,\"{GENESIS}\",\"{uid}\",\"H08\",\"2025-11\",1764230400000123,\
                 \"release\",\"released\",\"source\",\"{uid}\",\"{uid}\",1,null,\
                 \"H08.12-240115-0007\",null,null,null,null,\"service\",\"Nguyễn \\\"Mẫu\\\"\\n\\u001f/\u{7f}\",null,null,null,\"ok\",null,null,\
                 null,2]"
            )
        );
        assert_eq!(
            first,
            text.replace("sohoa-event-2", "sohoa-event-1")
                .replace("null,2]", "null,1]")
                .replace("\"H08.12-240115-0007\",", ""),
            "as rows of before the column were hashed"
        );
        assert!(changed.contains("H08.12-240115-0007"), "{changed}");
        assert_eq!(canonical.hash(0, (1, GENESIS)).len(), 64);
        assert_ne!(canonical.hash(0, (1, GENESIS)), canonical.hash(0, (2, GENESIS)));
    }
}
