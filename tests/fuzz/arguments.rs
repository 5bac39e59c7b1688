//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Feeds malformed input to every parser of outside bytes.
///
/// Cases are made of good input by a seed, and run in child processes: a panic, an abort, a stack
/// that is too deep, a case that hangs or takes more than its time or memory is found, kept and made
/// small. Exit status 1 when one was found.
///
/// Examples:
///   tests/fuzz/run                                every target, 1000 cases each
///   tests/fuzz/run tiff jpeg --cases 200000 --seed 7
///   tests/fuzz/run --minutes 5                    each target as long as that
///   tests/fuzz/run tiff --file CASE               one input again
#[derive(Debug, Parser)]
#[command(name = "fuzz", verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// Targets; all of them where none is named
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Cases a target
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) cases: u64,
    /// Minutes a target, in place of a number of cases
    #[arg(long, value_name = "N", conflicts_with = "cases")]
    pub(crate) minutes: Option<u64>,
    /// The same number makes the same cases
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Targets at once; as many as there are cores where nothing is said
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Feeds this file to the one target named, in this process
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Where input that a parser fails on is kept
    #[arg(long, value_name = "DIR", default_value = "fuzz-found")]
    pub(crate) keep: PathBuf,
    /// Lists the targets
    #[arg(long)]
    pub(crate) list: bool,
    /// Makes and feeds the cases from this number on, in this process
    #[arg(long, hide = true)]
    pub(crate) child_from: Option<u64>,
}
