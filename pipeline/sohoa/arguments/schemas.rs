//! The command line of `sohoa schemas`.

use std::path::PathBuf;

use clap::Args;

/// `sohoa schemas`.
#[derive(Debug, Args)]
pub(crate) struct Schemas {
    /// Write the files into this folder instead of listing them.
    #[arg(long)]
    pub(crate) write: Option<PathBuf>,
}
