//! The command line of `sohoa worker`.

use std::path::PathBuf;

use clap::Args;

use crate::inputs::NamedInput;

/// `sohoa worker`.
#[derive(Debug, Args)]
#[command(after_help = "Example: sohoa worker --input s3://scans --output s3://records --config \
                  sohoa.toml\n\nTakes documents from <prefix>.live.v1 and <prefix>.bulk.v1 \
                  (kafka.prefix), live first, and announces each on <prefix>.documents.v1 once its \
                  record is stored. Several inputs are told apart by names: --input kho=s3://kho \
                  --input quay=s3://quay. TERM or Ctrl-C finishes what is under way, a second one stops \
                  at once; what was not announced comes again, to this or another worker.")]
pub(crate) struct Worker {
    /// Folder or URL of the scans that messages name, or NAME=FOLDER; may be repeated.
    #[arg(long = "input", required = true, value_name = "[NAME=]INPUT")]
    pub(crate) inputs: Vec<NamedInput>,
    /// Folder or URL of the results, the same for all workers.
    #[arg(long)]
    pub(crate) output: String,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Name of this worker: the same after a restart, no other's at the same time. The host's name
    /// unless given.
    #[arg(long)]
    pub(crate) slot: Option<String>,
    /// Print a summary as JSON when it ends.
    #[arg(long)]
    pub(crate) json: bool,
}
