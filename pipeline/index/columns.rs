//! The Arrow schema of a table, derived from the JSON Schema of its row type, so that a column is
//! written down once: as a documented field of a struct in `sohoa-schemas`.
//!
//! Names of list elements and map entries are the ones Delta gives them, so that no batch has to be
//! cast on its way to a file.

use std::{collections::HashMap, sync::Arc};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use schemars::{JsonSchema, schema_for};
use serde_json::{Map, Value};

use crate::error::IndexError;

/// Key under which Delta, and readers such as DuckDB and Spark, look for a column's description.
pub const COMMENT: &str = "comment";
/// Key of the description in the row type's own words.
pub const DESCRIPTION: &str = "description";
/// Key of the name the law gives the column.
pub const STANDARD: &str = "standard";

/// The JSON Schema of a row type.
pub(crate) fn json_schema<Row: JsonSchema>() -> Value {
    schema_for!(Row).to_value()
}

/// What a row type says of its table, behind the table's name.
pub(crate) fn sentence(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_once(": ").map_or(text, |(_, sentence)| sentence).replace('\n', " ")
}

/// Derives the columns of `table` from the JSON Schema of its rows, in the order of the fields.
pub(crate) fn derive(table: &'static str, schema: &Value) -> Result<SchemaRef, IndexError> {
    let unknown = |column: &str| IndexError::ColumnType { table, column: column.to_owned() };
    let properties =
        schema.get("properties").and_then(Value::as_object).ok_or_else(|| unknown("(all)"))?;
    let definitions = schema.get("$defs").and_then(Value::as_object);
    let fields = properties
        .iter()
        .map(|(name, property)| {
            let (data_type, nullable) =
                column_type(property, definitions).ok_or_else(|| unknown(name))?;
            Ok(Field::new(name, data_type, nullable).with_metadata(metadata(property)))
        })
        .collect::<Result<Vec<_>, IndexError>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

/// A readable form of a schema, one line a column, kept beside the row types so that a change of
/// the tables shows in review.
pub(crate) fn describe(name: &str, comment: &str, schema: &Schema) -> String {
    let columns = schema.fields().iter().map(|field| {
        let text = |key: &str| field.metadata().get(key).map(String::as_str);
        let null = if field.is_nullable() { "null" } else { "not null" };
        let standard = text(STANDARD).map(|s| format!(" [{s}]")).unwrap_or_default();
        format!(
            "{:<24} {:<18} {null:<9}{standard} {}\n",
            field.name(),
            type_name(field.data_type()),
            text(COMMENT).unwrap_or_default()
        )
    });
    std::iter::once(format!("# {name}: {comment}\n")).chain(columns).collect()
}

fn column_type(
    property: &Value,
    definitions: Option<&Map<String, Value>>,
) -> Option<(DataType, bool)> {
    if let Some(choices) = property.get("anyOf").and_then(Value::as_array) {
        let (null, real): (Vec<_>, Vec<_>) = choices.iter().partition(|choice| is_null(choice));
        let [real] = real.as_slice() else { return None };
        let (data_type, nullable) = column_type(real, definitions)?;
        return Some((data_type, nullable || !null.is_empty()));
    }
    if let Some(reference) = property.get("$ref").and_then(Value::as_str) {
        let name = reference.strip_prefix("#/$defs/")?;
        return column_type(definitions?.get(name)?, definitions);
    }
    if let Some(choices) = property.get("oneOf").and_then(Value::as_array) {
        let text = choices.iter().all(|choice| json_type(choice) == Some("string"));
        return text.then_some((DataType::Utf8, false));
    }
    let nullable = property
        .get("type")
        .and_then(Value::as_array)
        .is_some_and(|types| types.iter().any(|t| t == "null"));
    let format = property.get("format").and_then(Value::as_str);
    let data_type = match (json_type(property)?, format) {
        ("boolean", _) => DataType::Boolean,
        ("integer", Some("int16")) => DataType::Int16,
        ("integer", Some("int32")) => DataType::Int32,
        ("integer", Some("int64")) => DataType::Int64,
        ("number", Some("float")) => DataType::Float32,
        ("number", Some("double")) => DataType::Float64,
        ("string", Some("date")) => DataType::Date32,
        ("string", Some("date-time")) => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        }
        ("string", None | Some("uuid")) => DataType::Utf8,
        ("array", _) => list(column_type(property.get("items")?, definitions)?),
        ("object", _) => map(column_type(property.get("additionalProperties")?, definitions)?),
        _ => return None,
    };
    Some((data_type, nullable))
}

fn list((element, nullable): (DataType, bool)) -> DataType {
    DataType::List(Arc::new(Field::new("element", element, nullable)))
}

fn map((value, nullable): (DataType, bool)) -> DataType {
    let entry = DataType::Struct(
        vec![Field::new("key", DataType::Utf8, false), Field::new("value", value, nullable)].into(),
    );
    DataType::Map(Arc::new(Field::new("key_value", entry, false)), false)
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|t| t == "null")
}

/// The one type a schema allows beside null.
fn json_type(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(one) => Some(one),
        Value::Array(several) => {
            let mut real = several.iter().filter_map(Value::as_str).filter(|t| *t != "null");
            let first = real.next()?;
            real.next().is_none().then_some(first)
        }
        _ => None,
    }
}

fn metadata(property: &Value) -> HashMap<String, String> {
    let text = |key: &str| property.get(key).and_then(Value::as_str).map(str::to_owned);
    let description = text("description").map(|d| d.replace('\n', " "));
    [(COMMENT, description.clone()), (DESCRIPTION, description), (STANDARD, text("standard"))]
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect()
}

pub(crate) fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 => "string".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Int16 => "short".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Int64 => "long".to_owned(),
        DataType::Float32 => "float".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::List(element) => format!("array<{}>", type_name(element.data_type())),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => {
                let types: Vec<_> = fields.iter().map(|f| type_name(f.data_type())).collect();
                format!("map<{}>", types.join(","))
            }
            other => other.to_string(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::{JsonSchema, schema_for};
    use serde::Serialize;

    use super::*;

    #[derive(Serialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Colour {
        /// Like blood.
        Red,
        Blue,
    }

    #[derive(Serialize, JsonSchema)]
    struct Every {
        /// Two words.
        #[schemars(extend("standard" = "hai từ"))]
        short: i16,
        integer: Option<i32>,
        long: i64,
        single: Option<f32>,
        double: f64,
        yes: bool,
        text: Option<String>,
        uid: uuid::Uuid,
        day: Option<chrono::NaiveDate>,
        moment: chrono::DateTime<chrono::Utc>,
        list: Option<Vec<String>>,
        numbers: BTreeMap<String, f32>,
        words: BTreeMap<String, String>,
        colour: Colour,
        perhaps: Option<Colour>,
    }

    #[test]
    fn every_type_of_field_has_a_column_type() {
        let schema = derive("t", &schema_for!(Every).to_value()).unwrap();
        let text = describe("t", "all of them.", &schema);
        let columns: Vec<Vec<&str>> =
            text.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(columns[0], ["short", "short", "not", "null", "[hai", "từ]", "Two", "words."]);
        let types: Vec<String> = columns[1..].iter().map(|line| line[1..].join(" ")).collect();
        assert_eq!(
            types,
            [
                "integer null",
                "long not null",
                "float null",
                "double not null",
                "boolean not null",
                "string null",
                "string not null",
                "date null",
                "timestamp not null",
                "array<string> null",
                "map<string,float> not null",
                "map<string,string> not null",
                "string not null",
                "string null",
            ]
        );
        let comment = &schema.field(0).metadata()[COMMENT];
        assert_eq!(comment, "Two words.");
        assert_eq!(schema.field(0).metadata()[STANDARD], "hai từ");
    }

    #[derive(Serialize, JsonSchema)]
    struct Nested {
        inner: Vec<Every>,
    }

    #[test]
    fn a_field_no_table_can_hold_is_named() {
        let error = derive("t", &schema_for!(Nested).to_value()).unwrap_err();
        assert!(error.to_string().contains("`inner`"), "{error}");
    }
}
