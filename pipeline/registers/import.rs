//! An accepted import: one object that never changes, from which the tables are made.
//!
//! JSON lines: the header, then a row a line. Its name has the time first, so that a listing is in
//! the order of acceptance, and the hash of the rows, by which the same import is known again.

use chrono::{DateTime, Utc};
use sohoa_schemas::registers::ImportHeader;

use crate::kinds::{Kind, Rows};

/// Folder of the imports under the output.
pub const IMPORTS: &str = "imports";

/// An import.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// Where it is from.
    pub header: ImportHeader,
    /// Its rows, as they were read.
    pub rows: Rows,
}

/// An object that is no import.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It has no first line, or another version's.
    #[error("`{key}` is no import that this version of the program reads")]
    Header {
        /// The object.
        key: String,
        /// Why.
        #[source]
        source: Option<serde_json::Error>,
    },
    /// A row cannot be read, or rows are missing.
    #[error("`{key}`: a row is damaged or missing")]
    Row {
        /// The object.
        key: String,
        /// Why.
        #[source]
        source: Option<serde_json::Error>,
    },
}

/// Folder of a kind's imports.
pub fn folder(kind: Kind) -> String {
    format!("{IMPORTS}/{kind}")
}

/// Key of an import.
pub fn key(kind: Kind, at: DateTime<Utc>, rows_sha256: &str) -> String {
    format!("{}/{}-{rows_sha256}.jsonl", folder(kind), at.format("%Y%m%dT%H%M%S%6fZ"))
}

/// Hash of the rows of an import's key.
pub fn rows_hash(key: &str) -> Option<&str> {
    key.rsplit('/').next()?.strip_suffix(".jsonl")?.split_once('-').map(|(_, hash)| hash)
}

/// Rows as text, a line each.
///
/// # Errors
/// A row that cannot be written as JSON.
pub fn lines(rows: &Rows) -> serde_json::Result<String> {
    rows.lines()
}

/// The object: header and rows, both as lines.
///
/// # Errors
/// A header that cannot be written as JSON.
pub fn object(header: &ImportHeader, rows: &str) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_string(header)?;
    text.push('\n');
    text.push_str(rows);
    Ok(text.into_bytes())
}

/// Reads the object at `key`.
///
/// # Errors
/// [`ImportError`]: an object of this folder that is no whole import is damage.
pub fn parse(key: &str, bytes: &[u8]) -> Result<Import, ImportError> {
    let header_error = |source| ImportError::Header { key: key.to_owned(), source };
    let row_error = |source| ImportError::Row { key: key.to_owned(), source };
    let text = std::str::from_utf8(bytes).map_err(|_| header_error(None))?;
    let mut lines = text.lines();
    let first = lines.next().ok_or_else(|| header_error(None))?;
    let header: ImportHeader =
        serde_json::from_str(first).map_err(|error| header_error(Some(error)))?;
    let kind = Kind::from_name(&header.kind).ok_or_else(|| header_error(None))?;
    let rows = kind.parse(lines).map_err(|error| row_error(Some(error)))?;
    if rows.len() as u64 != header.rows {
        return Err(row_error(None));
    }
    Ok(Import { header, rows })
}
