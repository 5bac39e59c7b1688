//! The hidden command line of a page worker.

use std::path::PathBuf;

use clap::Args;

/// The hidden child command.
#[derive(Debug, Args)]
pub(crate) struct PageWorker {
    /// Language model.
    #[arg(long)]
    pub(crate) language: String,
    /// Its variant: a name or a folder.
    #[arg(long)]
    pub(crate) model: String,
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
