//! The command line of `sohoa backfill`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sohoa_kafka::Topic;

use super::Files;
use crate::inputs::NamedInput;

/// `sohoa backfill`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa backfill --input s3://scans --output s3://records --submission \
                  kho-2 --config sohoa.toml --follow\n\nInterrupted or killed, the same command \
                  goes on where it stopped. ledger/<submission>/ in the output says what was \
                  submitted; `sohoa batch` says what became of it.\n\nOne dossier from the \
                  counter, before all that waits: sohoa backfill --lane live --include \
                  'hs-0412/**' --submission quay-3-0412 --follow …\n\nThe names of the subfolders \
                  of one folder are held at once, and are listed again by \
                  each start: lay millions of dossiers into several folders (by year, by box)."
)]
pub(crate) struct Backfill {
    /// Folder or URL of the scans, under the name that workers know it by.
    #[arg(long, value_name = "[NAME=]INPUT")]
    pub(crate) input: NamedInput,
    /// Folder or URL of the results, the same as the workers'.
    #[arg(long)]
    pub(crate) output: String,
    /// Name of the submission: the same one goes on.
    #[arg(long)]
    pub(crate) submission: String,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Tell a submission to pause or to go on, or ask how it stands, instead of submitting.
    #[arg(long, value_enum)]
    pub(crate) order: Option<BackfillOrder>,
    /// Lane: bulk fills what live leaves.
    #[arg(long, value_enum, default_value_t = LaneArgument::Bulk)]
    pub(crate) lane: LaneArgument,
    /// Wait until the workers are through with it.
    #[arg(long)]
    pub(crate) follow: bool,
    /// Documents a second at most.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Documents that may wait for the workers.
    #[arg(long)]
    pub(crate) in_flight: Option<u64>,
    #[command(flatten)]
    pub(crate) files: Files,
    /// Count what would be submitted; send and write nothing.
    #[arg(long = "dry-run")]
    pub(crate) list_only: bool,
    /// Print the totals as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LaneArgument {
    /// Waiting people: before everything else.
    Live,
    /// Backfill: when nobody waits.
    Bulk,
}

impl From<LaneArgument> for Topic {
    fn from(lane: LaneArgument) -> Self {
        match lane {
            LaneArgument::Live => Self::Live,
            LaneArgument::Bulk => Self::Bulk,
        }
    }
}

/// What a submission is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackfillOrder {
    /// Send no more until told to go on.
    Pause,
    /// Go on.
    Resume,
    /// Say how it stands, as JSON: what is submitted, and, where the configuration names brokers,
    /// what the workers have consumed and settled of it, and about how long the rest takes at the
    /// mean speed since it was begun.
    Status,
}
