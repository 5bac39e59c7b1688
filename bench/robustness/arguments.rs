//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Feeds malformed files to real page workers and says what became of them.
#[derive(Debug, Parser)]
#[command(name = "robustness")]
pub(crate) struct Arguments {
    /// Malformed files to make
    #[arg(long, value_name = "N", default_value_t = 3000)]
    pub(crate) files: u64,
    /// The same number makes the same files
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Page workers
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) workers: usize,
    /// Where files that were not answered as they must be are kept
    #[arg(long, value_name = "DIR", default_value = "robustness-failures")]
    pub(crate) keep: PathBuf,
    /// Folders of good files, searched through
    #[arg(required = true, value_name = "DIR")]
    pub(crate) good: Vec<PathBuf>,
}
