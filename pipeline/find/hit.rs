//! A document that fits.

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int64Type},
};
use serde::Serialize;
use sohoa_document::mask::mask;
use sohoa_index::IndexError;

/// Columns of `documents` that a hit shows.
pub(crate) const COLUMNS: [&str; 16] = [
    "document_uid",
    "version",
    "code_full",
    "code_number",
    "code_notation",
    "issued_date",
    "issued_date_precision",
    "document_year",
    "type_name",
    "organ_name",
    "parent_organ_name",
    "subject",
    "page_from",
    "page_to",
    "access_mode",
    "object_uri",
];

/// A document that fits, or a page of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The document.
    pub document_uid: String,
    /// Its current version.
    pub version: i64,
    /// Number and notation as printed, or what of it was read.
    pub code: Option<String>,
    /// Date of issue, `2020-06-01`; month or year alone where the paper says no more.
    pub issued_date: Option<String>,
    /// Kind of document.
    pub kind: Option<String>,
    /// Agency that issued it, or else the one above.
    pub agency: Option<String>,
    /// What it is about.
    pub subject: Option<String>,
    /// First page in its file, or the page that has the words.
    pub page: i64,
    /// Last page in its file, or the page that has the words.
    pub page_to: i64,
    /// `01` open, `02` conditional.
    pub access_mode: String,
    /// What stands around the words, folded.
    pub excerpt: Option<String>,
    /// Key of its PDF under the output.
    pub object_uri: String,
}

impl Hit {
    /// From a row with [`COLUMNS`].
    pub(crate) fn of(batch: &RecordBatch, row: usize) -> Result<Self, IndexError> {
        let text = |column: &str| text_at(batch, column, row);
        let need = |column: &str| text(column).map(Option::unwrap_or_default);
        let date = text("issued_date")?;
        let shown = match (date, text("issued_date_precision")?.as_deref()) {
            (Some(date), Some("year")) => date.get(..4).map(ToOwned::to_owned),
            (Some(date), Some("month")) => date.get(..7).map(ToOwned::to_owned),
            (Some(date), _) => Some(date),
            (None, _) => text("document_year")?,
        };
        Ok(Self {
            document_uid: need("document_uid")?,
            version: number_at(batch, "version", row)?,
            code: code(text("code_full")?, text("code_number")?, text("code_notation")?),
            issued_date: shown,
            kind: text("type_name")?,
            agency: match text("organ_name")? {
                Some(name) => Some(name),
                None => text("parent_organ_name")?,
            },
            // It stands beside the hash of its numbers, also in an index from before they were hidden.
            subject: text("subject")?.map(|subject| mask(&subject).into_owned()),
            page: number_at(batch, "page_from", row)?,
            page_to: number_at(batch, "page_to", row)?,
            access_mode: need("access_mode")?,
            excerpt: None,
            object_uri: need("object_uri")?,
        })
    }
}

/// What was not read is shown as three points: `…/QĐ-UBND`.
fn code(full: Option<String>, number: Option<String>, notation: Option<String>) -> Option<String> {
    full.or_else(|| match (number, notation) {
        (None, None) => None,
        (number, notation) => {
            let part = |part: Option<String>| part.unwrap_or_else(|| "…".to_owned());
            Some(format!("{}/{}", part(number), part(notation)))
        }
    })
}

/// One value as text.
pub(crate) fn text_at(
    batch: &RecordBatch,
    column: &str,
    row: usize,
) -> Result<Option<String>, IndexError> {
    let column = batch.column(batch.schema_ref().index_of(column)?).slice(row, 1);
    let text = cast(&column, &DataType::Utf8)?;
    let text = text.as_string::<i32>();
    Ok(text.is_valid(0).then(|| text.value(0).to_owned()))
}

/// One number; 0 for null.
pub(crate) fn number_at(batch: &RecordBatch, column: &str, row: usize) -> Result<i64, IndexError> {
    let column = batch.column(batch.schema_ref().index_of(column)?).slice(row, 1);
    let numbers = cast(&column, &DataType::Int64)?;
    let numbers = numbers.as_primitive::<Int64Type>();
    Ok(if numbers.is_valid(0) { numbers.value(0) } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_read_of_a_code_is_shown_as_missing() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(code(None, None, some("QĐ-UBND")).as_deref(), Some("…/QĐ-UBND"));
        assert_eq!(code(None, some("12"), None).as_deref(), Some("12/…"));
        assert_eq!(code(None, None, None), None);
        assert_eq!(code(some("12/QĐ"), some("12"), None).as_deref(), Some("12/QĐ"));
    }
}
