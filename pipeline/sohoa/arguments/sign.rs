//! The command line of `sohoa sign`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sohoa_schemas::config::SignatureLevel;
use sohoa_sign::Corner;

/// `sohoa sign`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa sign in.pdf --output signed.pdf --config sohoa.toml --level B-T\n\nThe \
                  signature is a further revision: what was signed before stays valid. It is judged \
                  before the output is there; exit code 6, and nothing is written, when it or one \
                  before it does not hold.\n\nWith --trail or `sign.trail` the audit trail (sohoa audit \
                  --events) is told who signed, with which certificate, and the hash of the signed \
                  file. That stands there before the file does: exit code 4, and nothing is written, \
                  when it cannot be told. Try again then. Without either no trace is left, and that \
                  is said."
)]
pub(crate) struct Sign {
    /// The PDF.
    pub(crate) input: PathBuf,
    /// Where the signed file goes.
    #[arg(long)]
    pub(crate) output: PathBuf,
    /// Replace a file that is there.
    #[arg(long)]
    pub(crate) force: bool,
    /// Level of the signature; without it that of sign.level.
    #[arg(long, value_enum)]
    pub(crate) level: Option<Level>,
    /// Name of the signature field; a number is appended where the form has it already.
    #[arg(long, default_value = "SohoaAgency")]
    pub(crate) field: String,
    /// What is shown on page 1.
    #[arg(long, value_enum, default_value_t = Shown::Copy)]
    pub(crate) appearance: Shown,
    /// Corner it is shown in, clear of what is printed there where it can be; without it that of
    /// sign.corner, and the officer's mark top left.
    #[arg(long, value_enum)]
    pub(crate) corner: Option<ShownIn>,
    /// Name of the officer who made the copy, for `--appearance officer`.
    #[arg(long, value_name = "NAME", required_if_eq("appearance", "officer"))]
    pub(crate) officer: Option<String>,
    /// Why it is signed.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Where it is signed.
    #[arg(long)]
    pub(crate) location: Option<String>,
    /// Folder or URL of the results in whose audit trail it is noted; without it that of sign.trail.
    #[arg(long, value_name = "OUTPUT")]
    pub(crate) trail: Option<String>,
    /// Configuration file.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What a signature shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shown {
    /// Form of copy, agency and time (Decree 30/2020).
    Copy,
    /// The same with the conversion mark of a record made from paper.
    Converted,
    /// The scanning officer's mark: name and time of copying (Circular 01/2023).
    Officer,
    /// Nothing.
    None,
}

/// A corner of page 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum ShownIn {
    /// The scanning officer's.
    TopLeft,
    /// The agency's (Decree 30/2020).
    TopRight,
    /// Below on the left.
    BottomLeft,
    /// Below on the right.
    BottomRight,
}

impl From<ShownIn> for Corner {
    fn from(corner: ShownIn) -> Self {
        match corner {
            ShownIn::TopLeft => Self::TopLeft,
            ShownIn::TopRight => Self::TopRight,
            ShownIn::BottomLeft => Self::BottomLeft,
            ShownIn::BottomRight => Self::BottomRight,
        }
    }
}

/// A `PAdES` level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// The signature alone.
    #[value(name = "B-B")]
    BB,
    /// With a time-stamp.
    #[value(name = "B-T")]
    BT,
    /// With the evidence that no certificate was revoked.
    #[value(name = "B-LT")]
    BLt,
    /// And a time-stamp over all of it, to be renewed before it grows old.
    #[value(name = "B-LTA")]
    BLta,
}

impl From<Level> for SignatureLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::BB => Self::BB,
            Level::BT => Self::BT,
            Level::BLt => Self::BLt,
            Level::BLta => Self::BLta,
        }
    }
}
