//! The command line of `sohoa amend`.

use std::path::PathBuf;

use clap::Args;

use super::Results;

/// `sohoa amend`.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Amend {
    /// CSV file with the columns `document_uid`, field, value, and if you like who and note.
    #[arg(required_unless_present = "list", conflicts_with = "list")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) results: Results,
    /// Who corrects, where the file does not say; stands in the record.
    #[arg(long, conflicts_with = "list")]
    pub(crate) by: Option<String>,
    /// Check the file and say what would change; write nothing.
    #[arg(long = "dry-run", conflicts_with = "list")]
    pub(crate) check_only: bool,
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

const HELP: &str = "\
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
