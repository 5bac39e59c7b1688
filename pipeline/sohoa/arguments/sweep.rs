//! The command line of `sohoa sweep`.

use clap::Args;

use super::Results;

/// `sohoa sweep`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa sweep --output s3://records --dry-run\n\nSafe beside running \
                  workers: removed is only what lies under a version that has its record and that \
                  no record names. Originals always stay. Beside workers give their configuration: \
                  the brokers know which large messages still wait, however long a backfill \
                  takes. Where workers of other brokers or another kafka.prefix write to the same \
                  output, give --messages-older-than more days than any message waits there. In a \
                  bucket, parts of uploads that were \
                  cut short are no objects: have the bucket abort incomplete multipart uploads \
                  after a day."
)]
pub(crate) struct Sweep {
    #[command(flatten)]
    pub(crate) results: Results,
    /// Leave what was written within so many days.
    #[arg(long, value_name = "DAYS", default_value_t = 1)]
    pub(crate) older_than: u32,
    /// Leave the stored bodies of large messages for so many days [default: 90 where the configuration
    /// names brokers, else for ever]. With brokers those stay too that were written since the oldest
    /// message was sent that waits in a lane.
    #[arg(long, value_name = "DAYS")]
    pub(crate) messages_older_than: Option<u32>,
    /// Only say what would be removed.
    #[arg(long = "dry-run")]
    pub(crate) list_only: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
