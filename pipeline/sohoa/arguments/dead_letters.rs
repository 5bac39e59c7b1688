//! The command line of `sohoa dead-letters`.

use clap::{Args, Subcommand};

use super::Results;

/// `sohoa dead-letters`.
#[derive(Debug, Subcommand)]
pub(crate) enum DeadLetters {
    /// List refusals whose documents were not published since.
    List {
        /// Which.
        #[command(flatten)]
        filter: LetterFilter,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print one refusal whole: error chain, original message, where the bytes are.
    Show {
        /// Its source's uid, or its key.
        id: String,
        /// Where the results are.
        #[command(flatten)]
        results: Results,
    },
    /// Send refused documents again. Doing it twice does no harm.
    Replay {
        /// Which.
        #[command(flatten)]
        filter: LetterFilter,
        /// Into the live lane instead of the bulk lane.
        #[arg(long)]
        live: bool,
        /// Say what would be sent and send nothing.
        #[arg(long = "dry-run")]
        list_only: bool,
    },
}

/// Which refusals.
#[derive(Debug, Args)]
pub(crate) struct LetterFilter {
    #[command(flatten)]
    pub(crate) results: Results,
    /// One refusal alone, by its source's uid or its key, whatever became of it; may be repeated.
    #[arg(long)]
    pub(crate) id: Vec<String>,
    /// A code or the beginning of one (`F`, `F04`); may be repeated.
    #[arg(long)]
    pub(crate) code: Vec<String>,
    /// The stage that refused.
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// The partner that sent it, as its manifest says. A secret paper or a refusal of sohoa run that
    /// an earlier version wrote says none.
    #[arg(long)]
    pub(crate) partner: Option<String>,
    /// The backfill or upload it came with; sohoa run has none.
    #[arg(long)]
    pub(crate) submission: Option<String>,
    /// Refused at or after: a date, or a time with its offset.
    #[arg(long)]
    pub(crate) since: Option<String>,
    /// Refused before.
    #[arg(long)]
    pub(crate) until: Option<String>,
    /// Also those whose documents were published since.
    #[arg(long)]
    pub(crate) all: bool,
}
