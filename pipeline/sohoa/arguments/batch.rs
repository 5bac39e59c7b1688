//! The command line of `sohoa batch`.

use clap::Args;

use super::{Format, Results};

/// `sohoa batch`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa batch kho-2 --output s3://records --format csv > kho-2.csv\n\n\
                  Outcomes: published, held, quarantined (with a code and what to do), or waiting \
                  while the index has no answer yet."
)]
pub(crate) struct Batch {
    /// Name of the submission.
    pub(crate) submission: String,
    #[command(flatten)]
    pub(crate) results: Results,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}
