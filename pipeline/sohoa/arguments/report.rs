//! `sohoa report`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use sohoa_report::{AgencyCode, Period};

/// `sohoa report`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    subcommand_value_name = "list",
    after_help = HELP
)]
pub(crate) struct Report {
    /// `sohoa report list`.
    #[command(subcommand)]
    pub(crate) command: Option<ReportCommand>,
    /// R1 to R15, or the name in words; `sohoa report list` shows them.
    #[arg(required = true)]
    pub(crate) name: Option<String>,
    /// 2026-Q3, 2026-09, 2026-H1, 2026 or 2026-01-01..2026-03-31.
    #[arg(long, required = true)]
    pub(crate) period: Option<Period>,
    /// Folder or URL of the results.
    #[arg(long, required = true)]
    pub(crate) output: Option<String>,
    /// Code of an agency: it and the agencies whose codes begin with it.
    #[arg(long)]
    pub(crate) agency: Option<AgencyCode>,
    /// Code of a province; every one in the index otherwise.
    #[arg(long)]
    pub(crate) province: Option<AgencyCode>,
    /// Agencies and their levels as they were at issue, or as they are now.
    #[arg(long, value_enum, default_value_t = LevelAt::Issue)]
    pub(crate) level_at: LevelAt,
    /// Form of the report; the ending of --to says it otherwise.
    #[arg(long, value_enum)]
    pub(crate) format: Option<Form>,
    /// File to write; standard output otherwise.
    #[arg(long)]
    pub(crate) to: Option<PathBuf>,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
}

/// What else `sohoa report` does.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// The reports: names, what they say, what they need.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Which agencies and levels are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelAt {
    /// As they were when the document was issued or the dossier taken in.
    Issue,
    /// As they are today.
    Now,
}

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Comma-separated values with a header.
    Csv,
    /// A page to be printed on A4, with its chart.
    Html,
    /// One JSON object.
    Json,
    /// The SQL with its parameters, for DuckDB or `sohoa query`.
    Sql,
    /// A table for reading.
    Table,
    /// An Excel workbook.
    Xlsx,
}

const HELP: &str = "\
A quarter's data are from the 15th of the month before it to the 14th of its last month, and so are a
half-year's and a year's; a month's from the 15th of the month before to its own 14th.

Every report shows what is unknown as a row of its own. One whose input is missing says
`no data: missing …`, and `sohoa import` brings the input.

Examples:
  sohoa report list
  sohoa report R1 --period 2026-Q3 --output records
  sohoa report R1 --period 2026-Q3 --output records --to R1-2026-Q3.html
  sohoa report level-attainment --period 2026 --level-at now --output records --to R2.xlsx
  sohoa report R9 --period 2026-01-01..2026-03-31 --agency H08.12 --format csv --output s3://bucket/records
  sohoa report R1 --period 2026-Q3 --output records --format sql | duckdb";
