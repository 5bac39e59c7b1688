//! The command line of `sohoa run`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
