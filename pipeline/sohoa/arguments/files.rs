//! Which files of an input are taken, and how they make dossiers.

use clap::{Args, ValueEnum};

/// Which files of an input are taken.
#[derive(Debug, Args)]
pub(crate) struct Files {
    /// How files make dossiers.
    #[arg(long, value_enum, default_value_t = LayoutArgument::Auto)]
    pub(crate) layout: LayoutArgument,
    /// Take only files whose path relative to the input matches; may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,
    /// Leave out files whose path relative to the input matches; may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Stop after so many documents.
    #[arg(long)]
    pub(crate) limit: Option<u64>,
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
