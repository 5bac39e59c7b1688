//! Where the results are, as most commands are told.

use std::path::PathBuf;

use clap::Args;

/// Where the results are.
#[derive(Debug, Args)]
pub(crate) struct Results {
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
}
