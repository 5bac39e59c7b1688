//! The command line of `sohoa release`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::Results;

/// `sohoa release`.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "With release.mode = \"manual\" nothing is signed until somebody says so:\n\n  sohoa release list --output s3://records --sample 20 --save /tmp/look\n  sohoa release approve --output s3://records --submission 2026-11 --by \"…\""
)]
pub(crate) enum Release {
    /// Show what waits, with what was read and what somebody should look at.
    List {
        /// Which.
        #[command(flatten)]
        filter: ReleaseFilter,
        /// Only so many, spread over all, the same whenever the same wait.
        #[arg(long, value_name = "N")]
        sample: Option<usize>,
        /// Copy the composed PDFs here, to be opened.
        #[arg(long, value_name = "FOLDER")]
        save: Option<PathBuf>,
    },
    /// Show one document's whole state.
    Show {
        /// Its source's uid.
        id: Uuid,
        /// Copy the composed PDF here, to be opened.
        #[arg(long, value_name = "FOLDER")]
        save: Option<PathBuf>,
        /// Where it waits.
        #[command(flatten)]
        filter: ReleaseFilter,
    },
    /// Sign and publish.
    Approve {
        /// Which.
        #[command(flatten)]
        filter: ReleaseFilter,
        /// Who says so.
        #[command(flatten)]
        verdict: ReleaseVerdict,
    },
    /// Refuse: not signed, not published, listed by `sohoa dead-letters`.
    Reject {
        /// Which.
        #[command(flatten)]
        filter: ReleaseFilter,
        /// Who says so.
        #[command(flatten)]
        verdict: ReleaseVerdict,
        /// Why, for whoever sent it.
        #[arg(long)]
        reason: String,
    },
}

/// Which held documents.
#[derive(Debug, Args)]
pub(crate) struct ReleaseFilter {
    #[command(flatten)]
    pub(crate) results: Results,
    /// Of these sources; may be given several times.
    #[arg(long, value_name = "UID")]
    pub(crate) id: Vec<Uuid>,
    /// Of the dossiers of these submissions; may be given several times.
    #[arg(long)]
    pub(crate) submission: Vec<String>,
    /// Print JSON; of the list, an object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A clerk's decision.
#[derive(Debug, Args)]
pub(crate) struct ReleaseVerdict {
    /// All that are held.
    #[arg(long)]
    pub(crate) all: bool,
    /// Those of a list that was looked at, as they were then: the lines of `sohoa release list
    /// --json`. What was composed anew since stays held.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["all", "id", "submission"])]
    pub(crate) batch: Option<PathBuf>,
    /// Who decides; stands in the record.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: String,
    /// Have the workers do it, where the key is theirs alone; else it is done here and now.
    #[arg(long)]
    pub(crate) send: bool,
    /// Number of the minutes or name of the batch; stands in every row. Without it, the time.
    #[arg(long)]
    pub(crate) reference: Option<String>,
    /// Only say how many it would be.
    #[arg(long = "dry-run")]
    pub(crate) list_only: bool,
}
