//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Turns scanned government papers into signed, searchable, indexed records.
#[derive(Debug, Parser)]
#[command(
    name = "sohoa",
    version,
    after_help = "Exit codes: 0 done, 1 usage, 2 configuration, 3 missing dependency, 4 service \
                  unreachable, 5 some documents quarantined, 6 a check failed, 70 internal, 130 \
                  interrupted."
)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Log more to standard error; twice for debugging. `SOHOA_LOG` sets filters.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Log as JSON lines.
    #[arg(long, global = true)]
    pub(crate) log_json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prove that nothing is lost: every page accounted for, every object as its record says.
    Audit(Audit),
    /// Say whether everything a run needs is there and usable.
    Check(Check),
    /// Maintain the index.
    Index(Index),
    /// Read one file's pages for a parent process.
    #[command(hide = true)]
    PageWorker(PageWorker),
    /// Query the index with SQL.
    Query(Query),
    /// Process a folder or bucket of scans.
    Run(Run),
    /// Print or write the published schemas.
    Schemas(Schemas),
    /// Verify the signatures of PDF files.
    Verify(Verify),
}

/// `sohoa run`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa run --input scans --output records\n\nRun it again to go on \
                        where it stopped: finished, unchanged files are skipped. The first Ctrl-C \
                        finishes what is under way, the second stops at once; nothing is lost \
                        either way."
)]
pub(crate) struct Run {
    /// Folder or URL of the scans.
    #[arg(long)]
    pub(crate) input: String,
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Print the summary as JSON on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// How files make dossiers.
    #[arg(long, value_enum, default_value_t = LayoutArgument::Auto)]
    pub(crate) layout: LayoutArgument,
    /// Do finished sources again: refusals, or everything as a new version.
    #[arg(long, value_enum)]
    pub(crate) reprocess: Option<Reprocess>,
    /// Stop after so many documents.
    #[arg(long)]
    pub(crate) limit: Option<u64>,
    /// List what would be done and write nothing.
    #[arg(long = "dry-run")]
    pub(crate) list_only: bool,
    /// Take only files whose path relative to the input matches; may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,
    /// Leave out files whose path relative to the input matches; may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
}

/// How files make dossiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LayoutArgument {
    /// A manifest.json decides; else a subfolder's files are a dossier; else each file is one.
    Auto,
    /// Each file is a dossier of its own.
    Flat,
    /// A subfolder's files are a dossier; manifests are not looked at.
    Folders,
    /// Only what a manifest names; every other file is refused.
    Manifest,
}

/// What is done again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reprocess {
    /// Everything: published documents get a new version.
    All,
    /// Published documents, as a new version.
    Published,
    /// Refused documents.
    Quarantined,
}

/// `sohoa query`.
#[derive(Debug, Args)]
#[command(after_help = "Tables: documents, document_versions, pages, page_text, findings, \
                        signatures, intake.\n\nExample: sohoa query --output records \"select \
                        code_full, issued_date, subject from documents order by issued_date\"")]
pub(crate) struct Query {
    /// The SQL.
    pub(crate) sql: String,
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
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

/// `sohoa verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0 when every signature of every file is valid under the trusted \
                        roots, else 6. A file without a signature fails."
)]
pub(crate) struct Verify {
    /// PDF files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Roots to trust beside those of the configuration, PEM.
    #[arg(long, value_name = "PEM")]
    pub(crate) root: Vec<PathBuf>,
    /// Configuration file.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Print the report as JSON, one file a line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `sohoa audit`.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Folder or URL of the scans; then every file of it must be accounted for.
    #[arg(long)]
    pub(crate) input: Option<String>,
    /// Configuration file.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Read every object and compare its hash; without it, sizes are compared.
    #[arg(long)]
    pub(crate) full: bool,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `sohoa check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Folder or URL of the results, to be tried out.
    #[arg(long)]
    pub(crate) output: Option<String>,
    /// Configuration file.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Print the findings as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `sohoa index`.
#[derive(Debug, Args)]
pub(crate) struct Index {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: IndexCommand,
}

/// Maintenance of the index.
#[derive(Debug, Subcommand)]
pub(crate) enum IndexCommand {
    /// List a table's current Parquet files, for readers that do not know Delta Lake.
    Files {
        /// The table.
        table: String,
        /// Folder or URL of the results.
        #[arg(long)]
        output: String,
    },
    /// Write the index anew from the records.
    Rebuild {
        /// Folder or URL of the results.
        #[arg(long)]
        output: String,
    },
}

/// The hidden child command.
#[derive(Debug, Args)]
pub(crate) struct PageWorker {
    /// Language model.
    #[arg(long)]
    pub(crate) language: String,
    /// Folder of the language models.
    #[arg(long)]
    pub(crate) tessdata: Option<PathBuf>,
    /// Largest page, in megapixels.
    #[arg(long)]
    pub(crate) max_page_megapixels: u64,
    /// Largest file, in mebibytes.
    #[arg(long)]
    pub(crate) max_file_mib: u64,
    /// Most pages of a file.
    #[arg(long)]
    pub(crate) max_pages: u32,
}

/// `sohoa schemas`.
#[derive(Debug, Args)]
pub(crate) struct Schemas {
    /// Write the files into this folder instead of listing them.
    #[arg(long)]
    pub(crate) write: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
