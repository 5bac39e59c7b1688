//! The command line of `sohoa audit`.

use clap::Args;

use super::Results;
use crate::inputs::NamedInput;

/// `sohoa audit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa audit --output s3://records --input s3://scans\n\nEvery document \
                  that a backfill wrote into its ledger is looked up as well: without an answer it \
                  is still in its lane or, after --settled-within, lost.\n\nThe audit trail, daily, \
                  on a machine that has the agency's key:\n\n  sohoa audit --output s3://records \
                  --config sohoa.toml --events --sign-head\n\nA row that was changed, removed, \
                  inserted or moved, a cut tail and a forged head are each named, and nothing is \
                  signed over them; so are events that no head covers for more than --head-within \
                  days. Heads count that the agency itself signed: what it was called before, or \
                  its certificates, stand in sign.agencies. The authorities of those who signed \
                  them are asked whether they were revoked before; where none speaks of an expired \
                  certificate any more, that is told and no fault."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Audit {
    #[command(flatten)]
    pub(crate) results: Results,
    /// Folder or URL of the scans; then every file of it must be accounted for.
    #[arg(long)]
    pub(crate) input: Option<NamedInput>,
    /// Days after which a submitted document without an answer is lost, and not merely waiting in
    /// its lane. A province's backfill takes weeks.
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    pub(crate) settled_within: u32,
    /// Read every object and compare its hash; without it, sizes are compared.
    #[arg(long)]
    pub(crate) full: bool,
    /// Check the audit trail instead: the chain of table `events`, and every signed head against it.
    #[arg(long, conflicts_with_all = ["full", "input"])]
    pub(crate) events: bool,
    /// Sign the head of a sound trail with the agency's key: daily, by cron.
    #[arg(long, requires = "events")]
    pub(crate) sign_head: bool,
    /// Days that events may stand under no signed head: without one, a cut tail does not show.
    #[arg(long, value_name = "DAYS", default_value_t = 2, requires = "events")]
    pub(crate) head_within: u32,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
