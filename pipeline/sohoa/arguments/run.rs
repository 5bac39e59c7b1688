//! The command line of `sohoa run`.

use clap::{Args, ValueEnum};

use super::{Files, Results};
use crate::inputs::NamedInput;

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
    #[arg(long, value_name = "[NAME=]INPUT")]
    pub(crate) input: NamedInput,
    #[command(flatten)]
    pub(crate) results: Results,
    /// Print the summary as JSON on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) files: Files,
    /// Do finished sources again: refusals, or everything as a new version.
    #[arg(long, value_enum)]
    pub(crate) reprocess: Option<Reprocess>,
    /// List what would be done and write nothing.
    #[arg(long = "dry-run")]
    pub(crate) list_only: bool,
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
