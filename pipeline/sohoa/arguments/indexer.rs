//! The command line of `sohoa indexer`.

use std::path::PathBuf;

use clap::Args;

/// `sohoa indexer`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa indexer --output s3://records --config sohoa.toml\n\nReads \
                  <prefix>.documents.v1 from where the tables say they stand, so it can be stopped \
                  and started anywhere. A second one beside it does no harm and no good."
)]
pub(crate) struct Indexer {
    /// Folder or URL of the results, the same as the workers'.
    #[arg(long)]
    pub(crate) output: String,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// End when everything announced so far is in the index.
    #[arg(long)]
    pub(crate) once: bool,
    /// Go on with what the topic still holds, after it lost events that were not read; run
    /// `sohoa index rebuild` when it has caught up.
    #[arg(long)]
    pub(crate) skip_removed: bool,
}
