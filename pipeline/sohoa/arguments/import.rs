//! The command line of `sohoa import` and `sohoa reconcile`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use sohoa_registers::Kind;

use super::Results;
use crate::arguments::Format;

/// `sohoa import`.
#[derive(Debug, Args)]
#[command(after_help = IMPORT_HELP)]
pub(crate) struct Import {
    /// What the files hold: agencies, inventory, targets, procedures, phases, dossiers, staff, events.
    #[arg(value_parser = kind)]
    pub(crate) kind: Kind,
    /// CSV or XLSX files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) results: Results,
    /// Who imports; stands in the import.
    #[arg(long, required_unless_present = "check_only")]
    pub(crate) by: Option<String>,
    /// Check the files and say what is wrong with them; write nothing.
    #[arg(long = "dry-run")]
    pub(crate) check_only: bool,
    /// Sheet of a spreadsheet; may be repeated. Otherwise all that have the headings, as one list.
    #[arg(long)]
    pub(crate) sheet: Vec<String>,
    /// A heading, or a column's letters, and the field it holds; may be repeated.
    #[arg(long, value_name = "COLUMN=FIELD", value_parser = pair)]
    pub(crate) map: Vec<(String, String)>,
    /// Day the files speak of, where their rows do not say; today otherwise.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) as_of: Option<NaiveDate>,
    /// Take rows of agencies that are not in the table of agencies.
    #[arg(long)]
    pub(crate) accept_unknown_agencies: bool,
    /// Print what became of the files as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

fn kind(name: &str) -> Result<Kind, String> {
    Kind::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        format!("one of {}", names.join(", "))
    })
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (column, field) = text.rsplit_once('=').ok_or("COLUMN=FIELD, such as 'SL=page_count'")?;
    Ok((column.trim().to_owned(), field.trim().to_owned()))
}

const IMPORT_HELP: &str = "\
Examples:
  sohoa import agencies co-quan.xlsx --output records --by 'Lê Thị Mẫu'
  sohoa import phases deploy/registers/phases.csv --output records --by VP
  sohoa import inventory kiem-ke.xlsx --output records --dry-run
      everything that is wrong, with sheet, row and column; nothing is written
  sohoa import inventory kiem-ke.csv --output records --by VP --map 'SL bản=valid_paper_count'

A file is CSV (comma, semicolon or tab; UTF-8, UTF-16, or Windows-1258, TCVN3 and VNI where the words
leave no doubt) or XLSX, of which every sheet with the headings is read; letters of --map are none.
Titles above the headings, headings of two rows, merged cells, rows of sums, remarks below a list and
further columns do no harm. Headings are Vietnamese or English, with or without diacritics; --map
names the others, by heading or by letter. Days are 05/04/2019 (day first), 2019-04-05 or a
spreadsheet's own; numbers 1234 or 1.234.

Columns (* = needed):
  agencies    code* (mã định danh), name* (tên), level* (cấp), parent_code (mã cấp trên),
              previous_code (mã cũ), aliases (tên khác; by ;), valid_from, valid_to,
              successor_codes (sáp nhập vào), is_one_stop_unit (một cửa), is_post_office,
              remote_area (vùng sâu, vùng xa), province_code_stat, commune_code_stat, stat_system,
              signing_cert_sha256, source_ref; a row with valid_to alone ends what held before
  inventory   agency_code*, valid_paper_count* (số lượng), document_year or year_from and year_to,
              procedure_code (mã TTHC), result_type_code, page_count (số trang),
              counted_at (ngày kiểm kê), method (count, estimate, withdrawn), level, source_ref; no
              year of an agency, procedure and kind of result twice, nor of all procedures in one
              import and of each in another; an agency is one under all its codes. withdrawn (rút)
              takes back the count of this agency, procedure, kind and years, also of an agency that
              has ended; it comes back by a count of a later day. A sheet without years beside
              sheets with them may add them up: it is refused until --sheet names it
  targets     metric*, scope* (province, level, agency, area), scope_value, period_end*, value*,
              unit* (percent, points, minutes, dossiers_per_staff_year, count), source_doc*, report,
              comparison (at_least, at_most), period_start, province, note
  procedures  procedure_code*, name*, field_code, field_name, level, online_level, has_result,
              component_codes, result_type_codes, valid_from, valid_to
  phases      phase*, window_from*, source_doc*, window_to, printed_from, printed_to, year_from,
              year_to, province, title
  dossiers    dossier_code* (mã hồ sơ), and what schemas/tables/dossiers.txt names; owner_id
              (số định danh) and staff_ref (mã cán bộ) are hashed as they are read, owner_id only
              where it is one: 9 or 12 digits, 10 or 13 of a tax code, a passport; a zero that a
              spreadsheet took away is put back. status: 0 to 10 of the national system, or its name
  staff       staff_ref* (mã cán bộ; hashed), agency_code*, from_date*, to_date, role, fte,
              remote_area; a newer row of a person takes the place of the older one of the same
              agency and role, and of any other where both together are more than one post. One with
              a to_date does so until then, and only in the same agency: to say that a post has
              ended, repeat its row with its from_date
  events      action*, occurred_at*, dossier_code or document_uid or batch_id, unit_code, agency_code,
              staff (hashed), partner_id, outcome, error_code, duration_seconds, attempt, component,
              reused_from, files, pages

All files are checked first: one error in one of them, and nothing of any is written (exit code 6).
The same rows again change nothing. Accepted rows are kept under imports/ and never change; the
tables are made from them, also by sohoa index rebuild. A changed name or code of an agency closes
its row and opens another; a newer count replaces an older one, also one of other years if it holds
them all. Of a dossier the newest list counts, column by column: it takes nothing back of which it
does not speak, be it a column it lacks or an empty cell, and an older one that comes late only fills
in. No finding shows a citizen's number.

Exit codes: 0 done, 1 usage, 6 a file is wrong.";

/// `sohoa reconcile`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  sohoa reconcile inventory --output records --agency H08.12\n  sohoa \
                  reconcile dossiers --output records --format csv > chenh-lech.csv\n\nBoth are SQL \
                  over the index (schemas/reconcile/); sohoa query runs them, too. Verdicts of \
                  inventory: not_scanned, partly_scanned, more_than_counted, pages_differ, \
                  not_counted; of dossiers: not_scanned, not_listed, documents_differ, pages_differ."
)]
pub(crate) struct Reconcile {
    /// What is held against the scans.
    #[arg(value_enum)]
    pub(crate) what: Against,
    #[command(flatten)]
    pub(crate) results: Results,
    /// Only this agency and those below it, by its code.
    #[arg(long)]
    pub(crate) agency: Option<String>,
    /// Also what agrees.
    #[arg(long)]
    pub(crate) all: bool,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

/// What scans are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Against {
    /// Dossiers of the case system, with the documents and pages each should have.
    Dossiers,
    /// Counts by agency, procedure and year.
    Inventory,
}
