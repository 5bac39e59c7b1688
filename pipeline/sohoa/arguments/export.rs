//! The command line of `sohoa export`.

use clap::Args;

use super::Results;

/// `sohoa export`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Export {
    /// What everybody may know; there is no other export.
    #[arg(long, required = true)]
    pub(crate) public: bool,
    #[command(flatten)]
    pub(crate) results: Results,
    /// Folder or URL of the catalogue; its files are replaced.
    #[arg(long, required_unless_present = "list_only")]
    pub(crate) to: Option<String>,
    /// Documents of this agency and those below it, by its code, alone.
    #[arg(long, value_name = "CODE")]
    pub(crate) agency: Option<String>,
    /// Documents of this year or these years, `2015-2019`, alone.
    #[arg(long)]
    pub(crate) year: Option<String>,
    /// Say how many documents are public and why the others are not; write nothing.
    #[arg(long = "dry-run")]
    pub(crate) list_only: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

const HELP: &str = "\
Examples:
  sohoa export --public --output records --dry-run
  sohoa export --public --output records --to catalogue
  sohoa export --public --output s3://records --to s3://open-data/records --agency H08.12 --year 2015-2019

A document is in it where its access mode is 01 (open), its secrecy none and its state published;
whatever is unknown stays. Of it go the columns that schemas/tables/public.txt lists,
never page text, signers, recipients, owners, dossiers or addresses. Subjects go as the agency worded
them, since the paper itself is open: numbers of nine digits and more become ###, and where the owner of
the paper or of its dossier is known there is none.

Written are documents.parquet, documents.csv and, last, export.json with their rows, sizes and
SHA-256: each whole or not at all, and together what export.json says. They are made in the
system's temporary folder (TMPDIR) first.";
