//! The command line: a file a command.

mod amend;
mod audit;
mod backfill;
mod batch;
mod check;
mod dead_letters;
pub(crate) mod export;
mod files;
pub(crate) mod find;
pub(crate) mod import;
pub(crate) mod index;
mod indexer;
mod page_worker;
mod query;
mod release;
pub(crate) mod report;
mod results;
mod run;
mod schemas;
mod sign;
mod sweep;
mod timestamp;
mod verify;
mod worker;

use clap::{Parser, Subcommand};

use self::import::{Import, Reconcile};
pub(crate) use self::{
    amend::Amend,
    audit::Audit,
    backfill::{Backfill, BackfillOrder},
    batch::Batch,
    check::Check,
    dead_letters::{DeadLetters, LetterFilter},
    files::{Files, LayoutArgument},
    index::{Index, IndexCommand},
    indexer::Indexer,
    page_worker::PageWorker,
    query::{Format, Query},
    release::{Release, ReleaseFilter, ReleaseVerdict},
    results::Results,
    run::{Reprocess, Run},
    schemas::Schemas,
    sign::{Level, Shown, Sign},
    sweep::Sweep,
    timestamp::Timestamp,
    verify::Verify,
    worker::Worker,
};

/// Turns scanned government papers into signed, searchable, indexed records.
#[derive(Debug, Parser)]
#[command(
    name = "sohoa",
    version,
    after_help = "Exit codes: 0 done, 1 usage, 2 configuration, 3 missing dependency, 4 service \
                  unreachable, 5 some documents quarantined, 6 a check failed, 70 internal, 130 \
                  interrupted."
)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Log more to standard error; twice for debugging. `SOHOA_LOG` sets filters.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Log as JSON lines.
    #[arg(long, global = true)]
    pub(crate) log_json: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Correct documents from a CSV file, or list what is missing for a clerk to type.
    Amend(Amend),
    /// Prove that nothing is lost: every page accounted for, every object as its record says.
    Audit(Audit),
    /// Submit a folder or bucket of scans to the workers' bulk lane.
    Backfill(Backfill),
    /// Say what became of each document of a submission.
    Batch(Batch),
    /// Say whether everything a run needs is there and usable.
    Check(Check),
    /// List, show and send again what was refused.
    #[command(subcommand)]
    DeadLetters(DeadLetters),
    /// Import reference and operational data from CSV and XLSX files.
    Import(Import),
    /// Write a catalogue of what everybody may know.
    Export(export::Export),
    /// Look documents up, without SQL.
    Find(find::Find),
    /// Maintain the index.
    Index(Index),
    /// Write the index from the events of the workers.
    Indexer(Indexer),
    /// Read one file's pages for a parent process.
    #[command(hide = true)]
    PageWorker(PageWorker),
    /// Query the index with SQL.
    Query(Query),
    /// Hold inventory and dossier lists against what was scanned.
    Reconcile(Reconcile),
    /// List, look at, sign or refuse the documents that wait for the agency's clerk.
    #[command(subcommand)]
    Release(Release),
    /// Make one of the province's reports.
    Report(report::Report),
    /// Process a folder or bucket of scans.
    Run(Run),
    /// List the published schemas, or write them into a folder.
    Schemas(Schemas),
    /// Sign one PDF with the agency's key.
    Sign(Sign),
    /// Remove what interrupted work left in an output.
    Sweep(Sweep),
    /// Raise signatures to a higher level, and renew time-stamps before they end.
    Timestamp(Timestamp),
    /// Verify the signatures of PDF files.
    Verify(Verify),
    /// Process the documents that come by Kafka; as many workers as there are machines.
    Worker(Worker),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
