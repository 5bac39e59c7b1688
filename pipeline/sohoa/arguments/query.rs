//! The command line of `sohoa query`.

use clap::{Args, ValueEnum};

use super::Results;

/// `sohoa query`.
#[derive(Debug, Args)]
#[command(after_help = "Tables: documents, document_versions, pages, page_text, findings, \
                        signatures, intake, events; agencies, agency_keys, inventory, targets, \
                        procedures, phases, staff, dossiers.\n\nExample: sohoa query --output records \"select \
                        code_full, issued_date, subject from documents order by issued_date\"")]
pub(crate) struct Query {
    /// The SQL; it may begin with a comment.
    #[arg(allow_hyphen_values = true)]
    pub(crate) sql: String,
    #[command(flatten)]
    pub(crate) results: Results,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Show so many rows at most, and say where there are more; 0 for all.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) limit: usize,
}

/// Form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Json,
    /// A table for reading.
    Table,
}
