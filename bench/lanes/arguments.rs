//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Measures `sohoa worker` between Kafka and an S3 store.
///
/// A short try of any figure: bench/lanes/run cpu --rounds 1 --dossiers 2
#[derive(Debug, Parser)]
#[command(name = "bench/lanes/run", verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// What is measured.
    #[command(subcommand)]
    pub(crate) figure: Figure,
}

/// The figures.
#[derive(Debug, Subcommand)]
pub(crate) enum Figure {
    /// CPU seconds a page of `sohoa worker`, beside `sohoa run` on the same pages
    Cpu(Cpu),
    /// Time from submission to event of live documents while bulk documents wait, and while none do
    Latency(Latency),
    /// Peak memory with a huge TIFF, ordinary documents and hostile files at once
    Memory(Memory),
    /// Memory over many small documents
    Slope(Slope),
    /// Small born-digital documents a CPU second, beside a plain copy
    Small(Small),
    /// The plain copy itself
    #[command(hide = true)]
    Copy(Copy),
}

/// What all figures share.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// Print one JSON object on standard output, and the lines on standard error
    #[arg(long)]
    pub(crate) json: bool,
    /// Page workers; one a core unless given
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<usize>,
    /// What is made follows from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Folder to work in; the system's temporary one unless given
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// Arguments of `cpu`.
#[derive(Debug, Args)]
pub(crate) struct Cpu {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Goes of each program, in alternating order
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) rounds: usize,
    /// Folder of scans; samples are made unless given
    #[arg(long, value_name = "DIR")]
    pub(crate) input: Option<PathBuf>,
    /// Dossiers of samples, of two or three documents each
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub(crate) dossiers: usize,
}

/// Arguments of `latency`.
#[derive(Debug, Args)]
pub(crate) struct Latency {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Goes of each kind, in alternating order
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) rounds: usize,
    /// Live documents in a go
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(crate) live: usize,
    /// Milliseconds between two live documents, on average
    #[arg(long, value_name = "N", default_value_t = 4_000)]
    pub(crate) interval: u64,
    /// Documents in the bulk lane
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) bulk: usize,
    /// Different scans that the bulk documents are
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(crate) scans: usize,
}

/// Arguments of `memory`.
#[derive(Debug, Args)]
pub(crate) struct Memory {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Pages of the huge TIFF (A4, group 4)
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub(crate) pages: usize,
    /// Its resolution
    #[arg(long, value_name = "N", default_value_t = 600)]
    pub(crate) dpi: u32,
    /// Ordinary documents
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(crate) documents: usize,
    /// `workers.budget_mib`; the program's own default unless given
    #[arg(long, value_name = "MIB")]
    pub(crate) budget: Option<u64>,
    /// Milliseconds between two looks
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) every: u64,
}

/// Arguments of `slope`.
#[derive(Debug, Args)]
pub(crate) struct Slope {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Small documents
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(crate) documents: usize,
    /// Milliseconds between two looks
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) every: u64,
}

/// Arguments of `small`.
#[derive(Debug, Args)]
pub(crate) struct Small {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Goes of each program, in alternating order
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) rounds: usize,
    /// Small documents
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    pub(crate) documents: usize,
}

/// Arguments of the plain copy.
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// `bootstrap.servers`
    #[arg(long)]
    pub(crate) brokers: String,
    /// First part of the topics' names
    #[arg(long)]
    pub(crate) prefix: String,
    /// URL of the scans
    #[arg(long)]
    pub(crate) input: String,
    /// URL of the copies
    #[arg(long)]
    pub(crate) output: String,
    /// Documents after which it ends
    #[arg(long)]
    pub(crate) documents: usize,
    /// Documents at once
    #[arg(long)]
    pub(crate) at_once: usize,
    /// Milliseconds between two transactions
    #[arg(long)]
    pub(crate) announce: u64,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
