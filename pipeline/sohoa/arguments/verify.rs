//! The command line of `sohoa verify`.

use std::path::PathBuf;

use clap::Args;

/// `sohoa verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sohoa verify signed.pdf --config sohoa.toml\n  sohoa verify *.pdf \
                  --root government-root.pem --agency H08.12 --json\n\nExit code 0 when every \
                  signature of every file is valid under the trusted roots, else 6. A file without a \
                  signature fails, and so does one to which something was added after signing but \
                  further signatures, time-stamps and their evidence, and what its certification \
                  allows: fields filled in that nothing locks (2), and notes (3).\n\nWhere a file does not prove that a \
                  certificate was not revoked (levels B-B and B-T), nothing is asked without \
                  --online: the signature is `indeterminate_revocation` and not valid, until \
                  --online learns more, or --accept-unknown-revocation or \
                  `sign.unknown_revocation = \"warn\"` does without knowing. What a file does prove \
                  may be older than a revocation: only --online learns of one that came after."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Verify {
    /// PDF files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Roots to trust beside those of the configuration, PEM.
    #[arg(long, value_name = "PEM")]
    pub(crate) root: Vec<PathBuf>,
    /// Code of the agency that has to have signed, by a certificate for official duty: one of
    /// `sign.agencies`, or without those the configuration's own.
    #[arg(long, value_name = "CODE")]
    pub(crate) agency: Option<String>,
    /// Ask the authorities (OCSP, revocation lists, issuers that were left out) about every certificate,
    /// whatever the file itself proves. Who does not answer is named as not learnt, and what the file
    /// proves decides. Without it nobody is asked.
    #[arg(long)]
    pub(crate) online: bool,
    /// Count a signature as valid although it stays unknown whether its certificate was revoked. Unsafe:
    /// one made with a stolen and revoked key then passes too.
    #[arg(long)]
    pub(crate) accept_unknown_revocation: bool,
    /// Never count a signature of unknown revocation as valid, whatever `sign.unknown_revocation` says.
    #[arg(long, conflicts_with = "accept_unknown_revocation")]
    pub(crate) strict: bool,
    /// Configuration file.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Print the report as JSON, one file a line.
    #[arg(long)]
    pub(crate) json: bool,
}
