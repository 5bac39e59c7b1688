//! The command line of `sohoa check`.

use std::path::PathBuf;

use clap::Args;

/// `sohoa check`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa check --config sohoa.toml --input s3://scans --output s3://records\n\n\
                  A line for each thing tried. The exit code is that of the first failure."
)]
pub(crate) struct Check {
    /// Folder or URL of the scans.
    #[arg(long)]
    pub(crate) input: Option<String>,
    /// Folder or URL of the results, to be tried out.
    #[arg(long)]
    pub(crate) output: Option<String>,
    /// Configuration file.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Look at the brokers even where the configuration says nothing of them.
    #[arg(long)]
    pub(crate) kafka: bool,
    /// Print the findings as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
