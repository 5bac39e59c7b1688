//! The public columns: their schema, and the page that publishes it.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, AsArray, RecordBatch, StringArray},
    compute::{cast, is_not_null, nullif, or},
    datatypes::{Schema, SchemaRef},
};
use sohoa_document::mask::mask;
use sohoa_index::{COMMENT, IndexError, STANDARD, Table};
use sohoa_schemas::public::{ABOUT_OWNER, COLUMNS, FREE_TEXT, PRIVATE};

use crate::owners::{NAMES, Owned};

/// Column that decides what [`ABOUT_OWNER`] says, beside the dossier's names; none leaves itself.
const OWNER: &str = "owner_id_kind";

/// The columns that are read for an export.
pub(crate) fn read() -> Vec<&'static str> {
    COLUMNS.iter().copied().chain([OWNER]).chain(NAMES).collect()
}

/// The columns of an export with their descriptions.
pub(crate) fn schema() -> Result<SchemaRef, IndexError> {
    let whole = Table::Documents.schema()?;
    let fields = COLUMNS.iter().map(|column| whole.field_with_name(column).cloned());
    Ok(Arc::new(Schema::new(fields.collect::<Result<Vec<_>, _>>()?)))
}

/// Rows as they leave: the columns of the schema by name, numbers of persons replaced.
pub(crate) fn publish(
    batch: &RecordBatch,
    schema: &SchemaRef,
    owned: &Owned,
) -> Result<RecordBatch, IndexError> {
    let by_paper = is_not_null(batch.column(batch.schema_ref().index_of(OWNER)?))?;
    let owned = or(&by_paper, &owned.of(batch)?)?;
    let columns = schema.fields().iter().map(|field| {
        let name = field.name().as_str();
        let column = batch.column(batch.schema_ref().index_of(name)?);
        let mut column = cast(column, field.data_type())?;
        if FREE_TEXT.contains(&name) {
            column = masked(&column);
        }
        Ok(if ABOUT_OWNER.contains(&name) { nullif(&column, &owned)? } else { column })
    });
    let columns = columns.collect::<Result<Vec<ArrayRef>, IndexError>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

fn masked(column: &ArrayRef) -> ArrayRef {
    let texts = column.as_string::<i32>().iter();
    Arc::new(texts.map(|text| text.map(mask)).collect::<StringArray>())
}

/// The page: what is public, and what is not and why. A column of neither list is private.
///
/// # Errors
/// [`IndexError`] when a declared column is not in the table.
pub fn page() -> Result<String, IndexError> {
    let mut page = String::from(
        "# public: the columns of `sohoa export --public`. A document is in it where its access \
         mode is 01, its secrecy none and its state published.\n",
    );
    let mut line = |line: &str| {
        page.push_str(line);
        page.push('\n');
    };
    for field in schema()?.fields() {
        let text = |key: &str| field.metadata().get(key).cloned().unwrap_or_default();
        let standard = text(STANDARD);
        let standard = if standard.is_empty() { standard } else { format!("[{standard}] ") };
        let masked = if FREE_TEXT.contains(&field.name().as_str()) {
            " Numbers of nine digits and more are replaced by ###."
        } else {
            ""
        };
        let withheld = if ABOUT_OWNER.contains(&field.name().as_str()) {
            " Null where the owner of the paper or of its dossier is known."
        } else {
            ""
        };
        line(&format!("{:<24} {standard}{}{masked}{withheld}", field.name(), text(COMMENT)));
    }
    line("\n# private, and why");
    let whole = Table::Documents.schema()?;
    for field in whole.fields().iter().filter(|field| !COLUMNS.contains(&field.name().as_str())) {
        let name = field.name().as_str();
        let why = PRIVATE.iter().find(|(_, columns)| columns.contains(&name));
        line(&format!("{name:<24} {}", why.map_or("not decided yet", |(why, _)| why)));
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf};

    use arrow::datatypes::DataType;

    use super::*;

    /// `SOHOA_UPDATE=1 cargo test -p sohoa-export` writes the page anew.
    #[test]
    fn the_published_page_is_that_of_the_lists() {
        let file =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas/tables/public.txt");
        let text = page().unwrap();
        if env::var_os("SOHOA_UPDATE").is_some() {
            fs::write(&file, &text).unwrap();
        }
        let published = fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(published, text, "SOHOA_UPDATE=1 writes {}", file.display());
    }

    #[test]
    fn every_named_column_exists_once() {
        let whole = Table::Documents.schema().unwrap();
        let private = PRIVATE.iter().flat_map(|(_, columns)| columns.iter());
        let mut named: Vec<&str> = COLUMNS.iter().chain(private).copied().collect();
        for column in &named {
            assert!(whole.field_with_name(column).is_ok(), "{column}");
        }
        let all = named.len();
        named.sort_unstable();
        named.dedup();
        assert_eq!(named.len(), all, "public and private");
        for column in FREE_TEXT {
            assert!(COLUMNS.contains(&column), "{column}");
            assert_eq!(
                *whole.field_with_name(column).unwrap().data_type(),
                DataType::Utf8,
                "{column}"
            );
        }
    }

    #[test]
    fn nothing_of_owners_signers_or_pages_is_public() {
        let telling =
            ["owner", "signer_name", "recipient", "dossier", "text", "ocr", "field_", "uri"];
        for column in COLUMNS {
            assert!(!telling.iter().any(|word| column.contains(word)), "{column}");
        }
    }
}
