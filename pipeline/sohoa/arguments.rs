//! The command line.

pub(crate) mod export;
pub(crate) mod find;
pub(crate) mod import;
pub(crate) mod index;
pub(crate) mod report;
mod timestamp;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sohoa_kafka::Topic;
use sohoa_schemas::config::SignatureLevel;
use sohoa_sign::Corner;
use uuid::Uuid;

use self::import::{Import, Reconcile};
pub(crate) use self::timestamp::Timestamp;
use crate::inputs::NamedInput;

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

/// `sohoa amend`.
#[derive(Debug, Args)]
#[command(after_help = AMEND_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Amend {
    /// CSV file with the columns `document_uid`, field, value, and if you like who and note.
    #[arg(required_unless_present = "list", conflicts_with = "list")]
    pub(crate) file: Option<PathBuf>,
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Who corrects, where the file does not say; stands in the record.
    #[arg(long, conflicts_with = "list")]
    pub(crate) by: Option<String>,
    /// Check the file and say what would change; write nothing.
    #[arg(long = "dry-run", conflicts_with = "list")]
    pub(crate) check_only: bool,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Print what became of it, or the list, as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// List documents that lack a value instead of correcting.
    #[arg(long)]
    pub(crate) list: bool,
    /// Values that are looked for.
    #[arg(long, requires = "list", value_delimiter = ',', default_value = "number,issued_date")]
    pub(crate) field: Vec<String>,
    /// Put a picture of each place where a value stands, or should stand, into this folder.
    #[arg(long, requires = "list", value_name = "DIR")]
    pub(crate) crops: Option<PathBuf>,
    /// Write the list as a CSV file to be filled in and given to sohoa amend.
    #[arg(long, requires = "list", value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Separate the CSV file's columns by semicolons, as Excel in Vietnamese does.
    #[arg(long, requires = "csv")]
    pub(crate) semicolon: bool,
    /// List so many missing values at most.
    #[arg(long, requires = "list")]
    pub(crate) limit: Option<u64>,
}

const AMEND_HELP: &str = "\
Examples:
  sohoa amend --list --output records --csv todo.csv --crops crops
      the documents without a number or date, with a picture of each place; fill in the column
      `value` (a spreadsheet will do; rows left empty wait for another day), then
  sohoa amend todo.csv --output records --by 'Nguyễn Thị Mẫu' --dry-run
      says what is wrong, row by row, or what would change; without --dry-run it changes.

A file of your own needs three columns:
  document_uid,field,value
  6f1c2a34-5b6c-5d7e-8f90-a1b2c3d4e5f6,number,45
  6f1c2a34-5b6c-5d7e-8f90-a1b2c3d4e5f6,issued_date,05/04/2019
  6f1c2a34-5b6c-5d7e-8f90-a1b2c3d4e5f6,type,QĐ

Fields: code_number (number, số), code_notation (ký hiệu), code_full (code: 45/QĐ-UBND in one),
issued_date (date, ngày: 2019-04-05 or 05/04/2019; 04/2019 or 2019 where the paper says no more),
document_year, type_code (type: Quyết định, QĐ or 02), type_name (a printed title), organ_name,
parent_organ_name, issued_place, level_at_issue, subject, signer_name, signer_title,
signer_authority, recipients (separated by ;), archive_line, arrival_number, arrival_date,
urgency_level; and what no page says, but the reports count by: doc_role (role, vai trò: result,
component, verification, attachment, other, unknown), validity_status (validity, hiệu lực: valid,
expired, revoked, unknown) and valid_to (hiệu lực đến: the last day on which the paper holds; it may lie
ahead, and not before the issue). What follows from a value follows: the whole code from number and notation; year and
phase from the date. The value `null` takes a wrong value away that nobody can read.

The file is UTF-8 (in Excel: CSV UTF-8), separated by comma or semicolon. All of it is checked
before anything is written: one wrong row, and nothing is (exit code 6). Each document gets a new
version; the signed PDF stays byte for byte, the old version stays in document_versions. The same
file again changes nothing.

How the index learns of it: by this command itself, as after sohoa run; where the configuration has
a [kafka] section, by an event that sohoa indexer reads. Interrupted, or with brokers away, run the
same command again; sohoa index rebuild finds everything, too. sohoa run may go on meanwhile, and
keeps corrections even with --reprocess.

Exit codes: 0 done (also when nothing was left to do), 1 usage or a file that is no such table, 6
some row is wrong.";

/// `sohoa run`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa run --input scans --output records\n\nRun it again to go on \
                        where it stopped: finished, unchanged files are skipped. The first Ctrl-C \
                        finishes what is under way, the second stops at once; nothing is lost \
                        either way."
)]
pub(crate) struct Run {
    /// Folder or URL of the scans.
    #[arg(long, value_name = "[NAME=]INPUT")]
    pub(crate) input: NamedInput,
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Print the summary as JSON on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// How files make dossiers.
    #[arg(long, value_enum, default_value_t = LayoutArgument::Auto)]
    pub(crate) layout: LayoutArgument,
    /// Do finished sources again: refusals, or everything as a new version.
    #[arg(long, value_enum)]
    pub(crate) reprocess: Option<Reprocess>,
    /// Stop after so many documents.
    #[arg(long)]
    pub(crate) limit: Option<u64>,
    /// List what would be done and write nothing.
    #[arg(long = "dry-run")]
    pub(crate) list_only: bool,
    /// Take only files whose path relative to the input matches; may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,
    /// Leave out files whose path relative to the input matches; may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
}

/// How files make dossiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LayoutArgument {
    /// A manifest.json decides; else a subfolder's files are a dossier; else each file is one.
    Auto,
    /// Each file is a dossier of its own.
    Flat,
    /// A subfolder's files are a dossier; manifests are not looked at.
    Folders,
    /// Only what a manifest names; every other file is refused.
    Manifest,
}

/// What is done again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reprocess {
    /// Everything: published documents get a new version.
    All,
    /// Published documents, as a new version.
    Published,
    /// Refused documents.
    Quarantined,
}

/// `sohoa backfill`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa backfill --input s3://scans --output s3://records --submission \
                  kho-2 --config sohoa.toml --follow\n\nInterrupted or killed, the same command \
                  goes on where it stopped. ledger/<submission>/ in the output says what was \
                  submitted; `sohoa batch` says what became of it.\n\nOne dossier from the \
                  counter, before all that waits: sohoa backfill --lane live --include \
                  'hs-0412/**' --submission quay-3-0412 --follow …"
)]
pub(crate) struct Backfill {
    /// Folder or URL of the scans, under the name that workers know it by.
    #[arg(long, value_name = "[NAME=]INPUT")]
    pub(crate) input: NamedInput,
    /// Folder or URL of the results, the same as the workers'.
    #[arg(long)]
    pub(crate) output: String,
    /// Name of the submission: the same one goes on.
    #[arg(long)]
    pub(crate) submission: String,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Tell a submission to pause or to go on, or ask how it stands, instead of submitting.
    #[arg(long, value_enum)]
    pub(crate) order: Option<BackfillOrder>,
    /// Lane: bulk fills what live leaves.
    #[arg(long, value_enum, default_value_t = LaneArgument::Bulk)]
    pub(crate) lane: LaneArgument,
    /// Wait until the workers are through with it.
    #[arg(long)]
    pub(crate) follow: bool,
    /// Documents a second at most.
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// Documents that may wait for the workers.
    #[arg(long)]
    pub(crate) in_flight: Option<u64>,
    /// How files make dossiers.
    #[arg(long, value_enum, default_value_t = LayoutArgument::Auto)]
    pub(crate) layout: LayoutArgument,
    /// Stop after so many documents.
    #[arg(long)]
    pub(crate) limit: Option<u64>,
    /// Count what would be submitted; send and write nothing.
    #[arg(long = "dry-run")]
    pub(crate) list_only: bool,
    /// Take only files whose path relative to the input matches; may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,
    /// Leave out files whose path relative to the input matches; may be repeated.
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Print the totals as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LaneArgument {
    /// Waiting people: before everything else.
    Live,
    /// Backfill: when nobody waits.
    Bulk,
}

impl From<LaneArgument> for Topic {
    fn from(lane: LaneArgument) -> Self {
        match lane {
            LaneArgument::Live => Self::Live,
            LaneArgument::Bulk => Self::Bulk,
        }
    }
}

/// What a submission is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BackfillOrder {
    /// Send no more until told to go on.
    Pause,
    /// Go on.
    Resume,
    /// Say how it stands, as JSON.
    Status,
}

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
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

/// `sohoa worker`.
#[derive(Debug, Args)]
#[command(after_help = "Example: sohoa worker --input s3://scans --output s3://records --config \
                  sohoa.toml\n\nTakes documents from <prefix>.live.v1 and <prefix>.bulk.v1 \
                  (kafka.prefix), live first, and announces each on <prefix>.documents.v1 once its \
                  record is stored. Several inputs are told apart by names: --input kho=s3://kho \
                  --input quay=s3://quay. TERM or Ctrl-C finishes what is under way, a second one stops \
                  at once; what was not announced comes again, to this or another worker.")]
pub(crate) struct Worker {
    /// Folder or URL of the scans that messages name, or NAME=FOLDER; may be repeated.
    #[arg(long = "input", required = true, value_name = "[NAME=]INPUT")]
    pub(crate) inputs: Vec<NamedInput>,
    /// Folder or URL of the results, the same for all workers.
    #[arg(long)]
    pub(crate) output: String,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Name of this worker: the same after a restart, no other's at the same time. The host's name
    /// unless given.
    #[arg(long)]
    pub(crate) slot: Option<String>,
    /// Print a summary as JSON when it ends.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `sohoa indexer`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa indexer --output s3://records --config sohoa.toml\n\nReads \
                  <prefix>.documents.v1 from where the tables say they stand, so it can be stopped \
                  and started anywhere. A second one beside it does no harm and no good."
)]
pub(crate) struct Indexer {
    /// Folder or URL of the results, the same as the workers'.
    #[arg(long)]
    pub(crate) output: String,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// End when everything announced so far is in the index.
    #[arg(long)]
    pub(crate) once: bool,
    /// Go on with what the topic still holds, after it lost events that were not read; run
    /// `sohoa index rebuild` when it has caught up.
    #[arg(long)]
    pub(crate) skip_removed: bool,
}

/// `sohoa query`.
#[derive(Debug, Args)]
#[command(after_help = "Tables: documents, document_versions, pages, page_text, findings, \
                        signatures, intake, events; agencies, agency_keys, inventory, targets, \
                        procedures, phases, staff, dossiers.\n\nExample: sohoa query --output records \"select \
                        code_full, issued_date, subject from documents order by issued_date\"")]
pub(crate) struct Query {
    /// The SQL; it may begin with a comment.
    #[arg(allow_hyphen_values = true)]
    pub(crate) sql: String,
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Form of the answer.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Show so many rows at most, and say where there are more; 0 for all.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) limit: usize,
}

/// Form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Json,
    /// A table for reading.
    Table,
}

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
                  `sign.unknown_revocation = \"warn\"` does without knowing."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Verify {
    /// PDF files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Roots to trust beside those of the configuration, PEM.
    #[arg(long, value_name = "PEM")]
    pub(crate) root: Vec<PathBuf>,
    /// Code of the agency that has to have signed: one of `sign.agencies`, or without those the
    /// configuration's own.
    #[arg(long, value_name = "CODE")]
    pub(crate) agency: Option<String>,
    /// Ask the authorities (OCSP, revocation lists, issuers that were left out) where a file does not
    /// prove that a certificate was not revoked.
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
                  days. The authorities of those who signed heads are asked whether they were \
                  revoked before; where none speaks of an expired certificate any more, that is \
                  told and no fault."
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Audit {
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Folder or URL of the scans; then every file of it must be accounted for.
    #[arg(long)]
    pub(crate) input: Option<NamedInput>,
    /// Configuration file.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
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

/// `sohoa release`.
#[derive(Debug, Subcommand)]
#[command(
    after_help = "With release.mode = \"manual\" nothing is signed until somebody says so:\n\n  sohoa release list --output s3://records --sample 20 --save /tmp/look\n  sohoa release approve --output s3://records --submission 2026-11 --by \"…\""
)]
pub(crate) enum Release {
    /// Show what waits, with what was read and what somebody should look at.
    List {
        /// Which.
        #[command(flatten)]
        filter: ReleaseFilter,
        /// Only so many, spread over all, the same whenever the same wait.
        #[arg(long, value_name = "N")]
        sample: Option<usize>,
        /// Copy the composed PDFs here, to be opened.
        #[arg(long, value_name = "FOLDER")]
        save: Option<PathBuf>,
    },
    /// Show one document's whole state.
    Show {
        /// Its source's uid.
        id: Uuid,
        /// Copy the composed PDF here, to be opened.
        #[arg(long, value_name = "FOLDER")]
        save: Option<PathBuf>,
        /// Where it waits.
        #[command(flatten)]
        filter: ReleaseFilter,
    },
    /// Sign and publish.
    Approve {
        /// Which.
        #[command(flatten)]
        filter: ReleaseFilter,
        /// Who says so.
        #[command(flatten)]
        verdict: ReleaseVerdict,
    },
    /// Refuse: not signed, not published, listed by `sohoa dead-letters`.
    Reject {
        /// Which.
        #[command(flatten)]
        filter: ReleaseFilter,
        /// Who says so.
        #[command(flatten)]
        verdict: ReleaseVerdict,
        /// Why, for whoever sent it.
        #[arg(long)]
        reason: String,
    },
}

/// Which held documents.
#[derive(Debug, Args)]
pub(crate) struct ReleaseFilter {
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Of these sources; may be given several times.
    #[arg(long, value_name = "UID")]
    pub(crate) id: Vec<Uuid>,
    /// Of the dossiers of these submissions; may be given several times.
    #[arg(long)]
    pub(crate) submission: Vec<String>,
    /// Configuration file.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Print JSON; of the list, an object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A clerk's decision.
#[derive(Debug, Args)]
pub(crate) struct ReleaseVerdict {
    /// All that are held.
    #[arg(long)]
    pub(crate) all: bool,
    /// Those of a list that was looked at, as they were then: the lines of `sohoa release list
    /// --json`. What was composed anew since stays held.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["all", "id", "submission"])]
    pub(crate) batch: Option<PathBuf>,
    /// Who decides; stands in the record.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: String,
    /// Have the workers do it, where the key is theirs alone; else it is done here and now.
    #[arg(long)]
    pub(crate) send: bool,
    /// Number of the minutes or name of the batch; stands in every row. Without it, the time.
    #[arg(long)]
    pub(crate) reference: Option<String>,
    /// Only say how many it would be.
    #[arg(long = "dry-run")]
    pub(crate) list_only: bool,
}

/// `sohoa sweep`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa sweep --output s3://records --dry-run\n\nSafe beside running \
                  workers: removed is only what lies under a version that has its record and that \
                  no record names. Originals always stay. In a bucket, parts of uploads that were \
                  cut short are no objects: have the bucket abort incomplete multipart uploads \
                  after a day."
)]
pub(crate) struct Sweep {
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Configuration file.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Leave what was written within so many days.
    #[arg(long, value_name = "DAYS", default_value_t = 1)]
    pub(crate) older_than: u32,
    /// Leave the stored bodies of large messages for so many days: longer than the lanes' topics
    /// keep a message, and than a backfill waits in them.
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    pub(crate) messages_older_than: u32,
    /// Only say what would be removed.
    #[arg(long = "dry-run")]
    pub(crate) list_only: bool,
    /// Print the result as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `sohoa check`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sohoa check --config sohoa.toml --input s3://scans --output s3://records\n\n\
                  A line for each thing tried. The exit code is that of the first failure."
)]
pub(crate) struct Check {
    /// Folder or URL of the scans.
    #[arg(long)]
    pub(crate) input: Option<String>,
    /// Folder or URL of the results, to be tried out.
    #[arg(long)]
    pub(crate) output: Option<String>,
    /// Configuration file.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Look at the brokers even where the configuration says nothing of them.
    #[arg(long)]
    pub(crate) kafka: bool,
    /// Print the findings as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `sohoa dead-letters`.
#[derive(Debug, Subcommand)]
pub(crate) enum DeadLetters {
    /// List refusals whose documents were not published since.
    List {
        /// Which.
        #[command(flatten)]
        filter: LetterFilter,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print one refusal whole: error chain, original message, where the bytes are.
    Show {
        /// Its source's uid, or its key.
        id: String,
        /// Folder or URL of the results.
        #[arg(long)]
        output: String,
        /// Configuration file; see schemas/configuration.md.
        #[arg(long)]
        config: Option<PathBuf>,
    },
    /// Send refused documents again. Doing it twice does no harm.
    Replay {
        /// Which.
        #[command(flatten)]
        filter: LetterFilter,
        /// Into the live lane instead of the bulk lane.
        #[arg(long)]
        live: bool,
        /// Say what would be sent and send nothing.
        #[arg(long = "dry-run")]
        list_only: bool,
    },
}

/// Which refusals.
#[derive(Debug, Args)]
pub(crate) struct LetterFilter {
    /// Folder or URL of the results.
    #[arg(long)]
    pub(crate) output: String,
    /// Configuration file; see schemas/configuration.md.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// One refusal alone, by its source's uid or its key, whatever became of it; may be repeated.
    #[arg(long)]
    pub(crate) id: Vec<String>,
    /// A code or the beginning of one (`F`, `F04`); may be repeated.
    #[arg(long)]
    pub(crate) code: Vec<String>,
    /// The stage that refused.
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// The partner that sent it, as its manifest says. A secret paper or a refusal of sohoa run that
    /// an earlier version wrote says none.
    #[arg(long)]
    pub(crate) partner: Option<String>,
    /// The backfill or upload it came with; sohoa run has none.
    #[arg(long)]
    pub(crate) submission: Option<String>,
    /// Refused at or after: a date, or a time with its offset.
    #[arg(long)]
    pub(crate) since: Option<String>,
    /// Refused before.
    #[arg(long)]
    pub(crate) until: Option<String>,
    /// Also those whose documents were published since.
    #[arg(long)]
    pub(crate) all: bool,
}

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
    #[command(after_help = index::REBUILD)]
    Rebuild {
        /// Folder or URL of the results.
        #[arg(long)]
        output: String,
    },
    /// Merge files and put their rows in order.
    Compact(index::Compact),
    /// Remove files that nobody reads any more.
    Vacuum(index::Vacuum),
    /// Hold the tables against their logs, each other and the records; exit 0 or 6.
    Verify(index::Verify),
    /// Rows, files, bytes and log of every table.
    Stats(index::Of),
}

/// The hidden child command.
#[derive(Debug, Args)]
pub(crate) struct PageWorker {
    /// Language model.
    #[arg(long)]
    pub(crate) language: String,
    /// Its variant: a name or a folder.
    #[arg(long)]
    pub(crate) model: String,
    /// Folder of the language models.
    #[arg(long)]
    pub(crate) tessdata: Option<PathBuf>,
    /// Largest page, in megapixels.
    #[arg(long)]
    pub(crate) max_page_megapixels: u64,
    /// Largest file, in mebibytes.
    #[arg(long)]
    pub(crate) max_file_mib: u64,
    /// Most pages of a file.
    #[arg(long)]
    pub(crate) max_pages: u32,
}

/// `sohoa schemas`.
#[derive(Debug, Args)]
pub(crate) struct Schemas {
    /// Write the files into this folder instead of listing them.
    #[arg(long)]
    pub(crate) write: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
