//! `sohoa timestamp`.

use clap::Args;

use super::{Level, Results};

/// `sohoa timestamp`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct Timestamp {
    #[command(flatten)]
    pub(crate) results: Results,
    /// Level to raise signatures to; without it that of sign.level in the configuration.
    #[arg(long, value_enum)]
    pub(crate) level: Option<Level>,
    /// Renew what rests on a certificate that ends within so many days: an authority's that stamped, or
    /// the signer's while the file holds no evidence of it.
    #[arg(long, value_name = "DAYS", default_value_t = 180)]
    pub(crate) within: u32,
    /// Only records of the agency of this code and of its units; may be given several times.
    #[arg(long, value_name = "CODE")]
    pub(crate) agency: Vec<String>,
    /// Only records first published in this month; may be given several times.
    #[arg(long, value_name = "YYYY-MM")]
    pub(crate) month: Vec<String>,
    /// Only the dossiers of these submissions; may be given several times.
    #[arg(long)]
    pub(crate) submission: Vec<String>,
    /// Do records too that a throw-away TEST key signed, which need not be proven for long; without it
    /// they are left out, and counted.
    #[arg(long)]
    pub(crate) test_keys: bool,
    /// Do so many records at most.
    #[arg(long)]
    pub(crate) limit: Option<u64>,
    /// Say what would be done; write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print an object a record, and one with the counts at the end.
    #[arg(long)]
    pub(crate) json: bool,
}

const HELP: &str = "\
Examples:
  sohoa timestamp --output records --config sohoa.toml --dry-run
      which signatures are below the configured level, and which rest on what ends soon
  sohoa timestamp --output records --config sohoa.toml
      raises and renews them; run it every month. Interrupted, the same command does the rest
  sohoa timestamp --output records --config sohoa.toml --level B-LTA --month 2026-11 --limit 1000
      a thousand of one month's records, to the highest level

Needs sign.timestamp_url, its root in sign.timestamp_roots, the signers' roots in sign.roots, and no
key. A raised record is a new version: published
objects are never written over. What ends first comes first: with a time-stamp over the whole file
(B-LTA) that is its authority's certificate; at B-LT that of the authority that stamped the signature;
below, the signer's too, and such a record becomes B-LTA, whatever the level. After 16 records that an
authority does not answer for, the rest of its records is left for another time; those of others are
done. Exit code 4 then, and 6 when some records cannot be raised, because their certificates are
forgotten, for one, or when the time-stamp authority ends within the same days itself and has no newer
certificate yet. Of the whole archive, when its first certificate ends is left in evidence/stamps.json,
which the workers show as a metric.";
