//! The texts of a row that words are looked for in.

use std::collections::HashMap;

use arrow::{
    array::{Array, AsArray, RecordBatch, StringArray},
    compute::cast,
    datatypes::DataType,
};
use sohoa_document::fold::fold;
use sohoa_index::IndexError;

/// Columns that words may stand in, beside the folded subject.
const SEARCHED: [&str; 6] = [
    "organ_name",
    "parent_organ_name",
    "type_name",
    "issued_place",
    "signer_name",
    "archive_file_code",
];

/// Folded texts remembered; the same agencies, kinds and places come again and again.
const REMEMBERED: usize = 1 << 14;

/// All columns that are read for a search.
pub(crate) fn all() -> Vec<&'static str> {
    let mut columns = crate::hit::COLUMNS.to_vec();
    let further = SEARCHED.into_iter().chain(["subject_folded", "type_code"]);
    for column in further {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

/// A column as text.
pub(crate) fn text(batch: &RecordBatch, column: &str) -> Result<StringArray, IndexError> {
    let column = batch.column(batch.schema_ref().index_of(column)?);
    Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone())
}

/// The value, empty for null.
pub(crate) fn value(column: &StringArray, row: usize) -> &str {
    if column.is_valid(row) { column.value(row) } else { "" }
}

/// The searched columns of one batch.
pub(crate) struct Texts {
    pub(crate) subject: StringArray,
    pub(crate) subject_folded: StringArray,
    others: Vec<StringArray>,
}

impl Texts {
    pub(crate) fn of(batch: &RecordBatch) -> Result<Self, IndexError> {
        Ok(Self {
            subject: text(batch, "subject")?,
            subject_folded: text(batch, "subject_folded")?,
            others: SEARCHED.iter().map(|c| text(batch, c)).collect::<Result<_, _>>()?,
        })
    }

    /// The issuing agency and the one above it.
    pub(crate) fn agencies(&self, row: usize) -> [&str; 2] {
        [value(&self.others[0], row), value(&self.others[1], row)]
    }

    /// Kind of document as printed.
    pub(crate) fn kind(&self, row: usize) -> &str {
        value(&self.others[2], row)
    }

    /// What is searched beside the subject.
    pub(crate) fn others(&self, row: usize) -> impl Iterator<Item = &str> {
        self.others.iter().map(move |column| value(column, row))
    }
}

/// Folds texts, each once.
#[derive(Debug, Default)]
pub(crate) struct Folder(HashMap<String, String>);

impl Folder {
    /// The texts folded, as one: no word reaches from one into the next.
    pub(crate) fn join<'a>(&mut self, texts: impl Iterator<Item = &'a str>) -> String {
        let mut joined = String::new();
        for text in texts.filter(|text| !text.is_empty()) {
            if self.0.len() > REMEMBERED {
                self.0.clear();
            }
            if let Some(known) = self.0.get(text) {
                joined.push_str(known);
            } else {
                let folded = fold(text);
                joined.push_str(&folded);
                self.0.insert(text.to_owned(), folded);
            }
            joined.push_str(" | ");
        }
        joined
    }
}
