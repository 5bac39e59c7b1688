//! An answer as text, as data, as a workbook, as a page.

mod chart;
mod data;
mod page;
mod table;
mod vietnamese;
mod workbook;

use std::io;

use crate::answer::Answer;

/// Form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, RFC 4180, each row with its report and period.
    Csv,
    /// A page to be printed on A4, without anything outside it.
    Html,
    /// One JSON object.
    Json,
    /// Lines for a terminal.
    Table,
    /// An Excel workbook.
    Xlsx,
}

/// An answer that could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// Comma-separated values.
    #[error("cannot write CSV")]
    Csv(#[from] csv::Error),
    /// JSON.
    #[error("cannot write JSON")]
    Json(#[from] serde_json::Error),
    /// The output takes nothing.
    #[error("cannot write the report")]
    Output(#[from] io::Error),
    /// A workbook.
    #[error("cannot make the workbook")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

/// An answer in its form, whole.
///
/// # Errors
/// [`RenderError`] when the form cannot hold the answer.
pub fn render(answer: &Answer, format: Format) -> Result<Vec<u8>, RenderError> {
    Ok(match format {
        Format::Csv => data::csv(answer)?,
        Format::Html => page::page(answer).into_bytes(),
        Format::Json => data::json(answer)?,
        Format::Table => table::table(answer).into_bytes(),
        Format::Xlsx => workbook::workbook(answer)?,
    })
}
