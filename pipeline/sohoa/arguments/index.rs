//! The command line of `sohoa index`: the upkeep of the index.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `sohoa index`.
#[derive(Debug, Args)]
pub(crate) struct Index {
    /// Configuration file; see schemas/configuration.md.
    #[arg(long, global = true)]
    pub(crate) config: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: IndexCommand,
}

/// Maintenance of the index.
#[derive(Debug, Subcommand)]
pub(crate) enum IndexCommand {
    /// List a table's current Parquet files, for readers that do not know Delta Lake.
    Files {
        /// The table.
        table: String,
        /// Folder or URL of the results.
        #[arg(long)]
        output: String,
    },
    /// Write the index anew from the records.
    #[command(after_help = REBUILD)]
    Rebuild {
        /// Folder or URL of the results.
        #[arg(long)]
        output: String,
    },
    /// Merge files and put their rows in order.
    Compact(Compact),
    /// Remove files that nobody reads any more.
    Vacuum(Vacuum),
    /// Hold the tables against their logs, each other and the records; exit 0 or 6.
    Verify(Verify),
    /// Rows, files, bytes and log of every table.
    Stats(Of),
}

/// Which index, which of its tables, and how the answer is written.
#[derive(Debug, Args)]
pub(crate) struct Of {
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Only this table; may be given again.
    #[arg(long = "table", value_name = "TABLE")]
    pub(crate) tables: Vec<String>,
    /// One JSON object instead of lines for people.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `sohoa index compact`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sohoa index compact --output records --dry-run\n  \
                        sohoa index compact --output s3://records\n\nFiles of a month become full \
                        ones, documents by agency and year together, pages by document; questions \
                        for those then read few files. It may run beside sohoa run, indexer and \
                        readers, say every night: commits of others come first, and what they \
                        changed is read again. Interrupted, run it again: what is done stays done. \
                        The files it replaces stay until sohoa index vacuum.")]
pub(crate) struct Compact {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Also rewrite files that are in order already, so that each month becomes one sorted run: worth it
    /// after months of daily compactions.
    #[arg(long)]
    pub(crate) all: bool,
    /// Only say what would be done.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `sohoa index vacuum`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sohoa index vacuum --output records --dry-run\n  \
                        sohoa index vacuum --output s3://records\n\nRemoves data files that left \
                        their table longer ago than the retention, and what interrupted commits \
                        left; shortens the logs. A reader that opened the index within the retention \
                        is not disturbed, nor is a running writer.")]
pub(crate) struct Vacuum {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Days for which opened states stay readable; `index.retention_days` of the configuration unless
    /// given.
    #[arg(long, value_name = "DAYS")]
    pub(crate) retention_days: Option<u16>,
    /// Allows less than a day: nobody reads the index now.
    #[arg(long)]
    pub(crate) no_readers: bool,
    /// Only say what would be removed.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `sohoa index verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sohoa index verify --output records\n  \
                        sohoa index verify --output records --deep --json\n\nHolds every file \
                        against the log (there, size, rows, columns, statistics, bloom filters), \
                        looks for keys that come twice, holds each document against its pages, \
                        signatures and findings, and the rows of some records, chosen at random, \
                        against the tables. --deep reads every row of every file and every record. \
                        Exit 6 on any difference. That every row has a record is sohoa audit's part.")]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) of: Of,
    /// Records looked at without --deep.
    #[arg(long, default_value_t = 200, value_name = "COUNT")]
    pub(crate) records: usize,
    /// Every row of every file, and every record.
    #[arg(long)]
    pub(crate) deep: bool,
}

/// What `sohoa index rebuild` does, for its help.
pub(crate) const REBUILD: &str = "\
Examples:
  sohoa index rebuild --output records

Reads every record, refusal and held state, and every import, and makes the tables anew beside the old
ones, which readers go on with; then each changes over in one commit. sohoa run cannot go on meanwhile;
sohoa indexer may, and waits until it is done; what adds rows itself (amend, release without Kafka) is
refused meanwhile. Interrupted, run it again. The audit trail (events) is kept and gets what it lacks.

Exit 6 where a record is damaged (it is left out and named) or a file of events cannot be read (events
then stays as it is; the other tables are whole all the same).";
