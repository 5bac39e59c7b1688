//! The rows of the reference tables: what the province says of itself and the pipeline cannot know.
//! They come from files by `sohoa import`; each row names the accepted import it stands in.
//!
//! Written as [`crate::rows`]: fields are columns, their documentation is the column's description,
//! `standard` is the name the law or the plans give the same thing. Agencies are referred to by
//! `agency_code` as the file gives it and by `agency_uid`, which no renaming changes; the uid is null
//! where the table of agencies does not know the code. `province` is the one whose index it is, as
//! in the other tables, also in rows of agencies that came from another province; only `phases` and
//! `targets` name the province that decided the plan.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Table `agencies`: one row an agency and period in which nothing about it changed.
///
/// A changed name, code, level or parent closes the row (`valid_to`) and opens another of the same
/// `agency_uid`. "Today" is `valid_to is null`; "as of" a day is
/// `coalesce(valid_from <= day, true) and coalesce(day < valid_to, true)`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgencyRow {
    /// Identity of the agency; the same over changes of name, code, level and parent.
    pub agency_uid: Uuid,
    /// Province whose index it is, by its agency code.
    pub province: String,
    /// Code, in the spelling of Decision 20/2020 where it is one of QCVN 102:2016.
    #[schemars(extend("standard" = "mã định danh(35)"))]
    pub code: String,
    /// Code as the file gave it.
    pub code_as_sent: String,
    /// `QD20`, `QCVN102` or `local`: where `code_as_sent` is from.
    pub code_system: String,
    /// Name.
    #[schemars(extend("standard" = "organName(200)"))]
    pub name: String,
    /// `name` in lower case without diacritics.
    pub name_folded: String,
    /// Other names in use at the same time.
    pub aliases: Vec<String>,
    /// `central`, `province`, `district` or `commune`.
    pub level: String,
    /// Code of the agency above it.
    pub parent_code: Option<String>,
    /// The agency above it.
    pub parent_uid: Option<Uuid>,
    /// Statistical code of the province; its meaning changed on 1 July 2025, see `stat_system`.
    pub province_code_stat: Option<String>,
    /// Statistical code of the commune.
    pub commune_code_stat: Option<String>,
    /// `QD124` before 1 July 2025, `QD19-2025` since.
    pub stat_system: Option<String>,
    /// Takes in dossiers: a one-stop unit or public administrative service centre.
    #[schemars(extend("standard" = "Bộ phận Một cửa"))]
    pub is_one_stop_unit: bool,
    /// A post office.
    pub is_post_office: bool,
    /// Remote or very difficult area, for which the plans set lower targets.
    #[schemars(extend("standard" = "vùng sâu, vùng xa, đặc biệt khó khăn"))]
    pub remote_area: bool,
    /// First day the row holds; null: since before anybody wrote it down.
    pub valid_from: Option<NaiveDate>,
    /// First day it no longer holds; null: holds today.
    pub valid_to: Option<NaiveDate>,
    /// Agencies that took over when this one ended; empty while it exists.
    pub successor_uids: Vec<Uuid>,
    /// Their codes.
    pub successor_codes: Vec<String>,
    /// SHA-256 of the certificates it signs with.
    pub signing_cert_sha256: Vec<String>,
    /// The decision or list it is from.
    pub source_ref: Option<String>,
    /// Key of the import it stands in.
    pub import_key: String,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// Table `agency_keys`: every code and name of every agency in the spellings that documents use, so
/// that a join by equality finds the agency. Derived from `agencies`.
///
/// `kind = 'code' and key = custodian_agency_code`, or `kind = 'name' and key = lower(organ_name)`,
/// each with `not ambiguous` and the day asked about between `valid_from` and `valid_to`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgencyKeyRow {
    /// `code` or `name`.
    pub kind: String,
    /// A code as documents may carry it, or a name in lower case with its diacritics (NFC).
    pub key: String,
    /// The agency.
    pub agency_uid: Uuid,
    /// Province whose index it is, by its agency code.
    pub province: String,
    /// First day the agency was called so; null: since before anybody wrote it down.
    pub valid_from: Option<NaiveDate>,
    /// First day it no longer was; null: today.
    pub valid_to: Option<NaiveDate>,
    /// Another agency is called the same at the same time: decides nothing by itself.
    pub ambiguous: bool,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// Table `inventory`: how many papers there are to digitise, the denominators of the plans. One row
/// an agency, procedure, result type and span of years; the newest count of a key stands, and of spans
/// that have years in common the newest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InventoryRow {
    /// Identity of the key that was counted: all columns up to `year_to`.
    pub inventory_uid: Uuid,
    /// Province whose index it is, by its agency code.
    pub province: String,
    /// The agency that keeps the papers.
    pub agency_uid: Option<Uuid>,
    /// Its code.
    pub agency_code: String,
    /// Administrative procedure without the province's suffix; null: not counted by procedure.
    #[schemars(extend("standard" = "mã TTHC"))]
    pub procedure_base: Option<String>,
    /// Kind of result; null: not counted by kind.
    #[schemars(extend("standard" = "mã loại kết quả"))]
    pub result_type_code: Option<String>,
    /// First document year; null with `year_to`: the year is not known.
    pub year_from: Option<i32>,
    /// Last document year.
    pub year_to: Option<i32>,
    /// `central`, `province`, `district` or `commune`: the agency's level when it counted.
    pub level: Option<String>,
    /// Phase that all its years belong to by the rule of boundary years; null where they belong to
    /// several or are not known.
    #[schemars(extend("standard" = "giai đoạn"))]
    pub phase: Option<i32>,
    /// Valid papers, to be digitised.
    pub valid_paper_count: i64,
    /// Pages of them, where they were counted.
    pub page_count: Option<i64>,
    /// Day of the count.
    pub counted_at: NaiveDate,
    /// `count` or `estimate`.
    pub method: String,
    /// Minutes or list it is from.
    pub source_ref: Option<String>,
    /// Key of the import it stands in.
    pub import_key: String,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// Table `targets`: what the plans demand, one row a metric, scope and end of period; a later import
/// of the same replaces it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetRow {
    /// Identity of metric, scope and period.
    pub target_uid: Uuid,
    /// Province whose plan it is, by its agency code.
    pub province: String,
    /// What is measured, for instance `results_digitised`.
    pub metric: String,
    /// Report that computes it, `R1` to `R15`; null where none does.
    pub report: Option<String>,
    /// `province` (the whole of it), `level`, `agency` or `area` (remote or other).
    pub scope: String,
    /// The level, the agency's code, or `remote` or `other`; null for the province.
    pub scope_value: Option<String>,
    /// The agency, for that scope.
    pub agency_uid: Option<Uuid>,
    /// First day counted; null: everything up to `period_end`.
    pub period_start: Option<NaiveDate>,
    /// Day by which it is to be reached, counted itself.
    pub period_end: NaiveDate,
    /// The value.
    pub value: f64,
    /// `percent`, `points`, `minutes`, `dossiers_per_staff_year`, `count`.
    pub unit: String,
    /// `at_least` or `at_most`.
    pub comparison: String,
    /// Plan that sets it.
    pub source_doc: String,
    /// What one should know when comparing.
    pub note: Option<String>,
    /// Key of the import it stands in.
    pub import_key: String,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// Table `procedures`: the administrative procedures, as the national database lists them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcedureRow {
    /// Code without the province's suffix.
    #[schemars(extend("standard" = "mã TTHC"))]
    pub procedure_base: String,
    /// Province whose index it is, by its agency code.
    pub province: String,
    /// Code as the file gave it.
    pub procedure_code: String,
    /// Name.
    pub name: String,
    /// `name` in lower case without diacritics.
    pub name_folded: String,
    /// Code of the field.
    pub field_code: Option<String>,
    /// Field.
    #[schemars(extend("standard" = "lĩnh vực"))]
    pub field_name: Option<String>,
    /// `central`, `province`, `district` or `commune`: where it is handled.
    pub level: Option<String>,
    /// `full`, `partial` or `none`: how much of it is online.
    #[schemars(extend("standard" = "dịch vụ công trực tuyến toàn trình / một phần"))]
    pub online_level: Option<String>,
    /// Whether it ends in a paper; where not, a resolved dossier needs none (R5).
    pub has_result: bool,
    /// Papers that are handed in, by their code.
    #[schemars(extend("standard" = "mã loại giấy tờ"))]
    pub component_codes: Vec<String>,
    /// Results it ends in, by their code.
    #[schemars(extend("standard" = "mã loại kết quả"))]
    pub result_type_codes: Vec<String>,
    /// First day it is offered.
    pub valid_from: Option<NaiveDate>,
    /// First day it no longer is.
    pub valid_to: Option<NaiveDate>,
    /// Key of the import it stands in.
    pub import_key: String,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// Table `phases`: the phases of a province's plan. `province` is the one that decided the plan
/// (Bình Định `H08`, Phú Yên `H45`), also where it has merged into another since.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseRow {
    /// Province whose plan it is, by its agency code.
    pub province: String,
    /// Number; 0 for what is made electronically at issue.
    #[schemars(extend("standard" = "giai đoạn"))]
    pub phase: i32,
    /// First document year as printed; null: no beginning, or no years at all (phase 1).
    pub printed_from: Option<i32>,
    /// Last document year as printed.
    pub printed_to: Option<i32>,
    /// First document year that counts here: a year printed in two phases belongs to the one that is
    /// scheduled earlier.
    pub year_from: Option<i32>,
    /// Last document year that counts here; null with `year_from`: no years; alone: no end.
    pub year_to: Option<i32>,
    /// First day of the work.
    pub window_from: NaiveDate,
    /// Last day of the work; null: goes on.
    pub window_to: Option<NaiveDate>,
    /// What is done.
    pub title: Option<String>,
    /// Plan that sets it.
    pub source_doc: String,
    /// Key of the import it stands in.
    pub import_key: String,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// Table `dossiers`: administrative dossiers as the province's case systems list them, one row a
/// dossier; in each column stands the newest that a list says. A list without a column, or with an
/// empty cell, takes nothing back; one that is older than what is there only fills in. What was
/// scanned of a dossier is in `documents`, by `dossier_uid` or `dossier_code`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DossierRow {
    /// Identity, the same as that of its documents where they carry the code.
    pub dossier_uid: Uuid,
    /// Province whose index it is, by its agency code.
    pub province: String,
    /// Month of reception as the code says it, `unknown` where it says none.
    pub received_month: String,
    /// Code.
    #[schemars(extend("standard" = "mã số hồ sơ TTHC"))]
    pub dossier_code: String,
    /// Administrative procedure as the file gave it.
    #[schemars(extend("standard" = "mã TTHC"))]
    pub procedure_code: Option<String>,
    /// The same without the province's suffix.
    pub procedure_base: Option<String>,
    /// Name of the procedure.
    pub procedure_name: Option<String>,
    /// Code of the field.
    #[schemars(extend("standard" = "lĩnh vực"))]
    pub field_code: Option<String>,
    /// `central`, `province`, `district` or `commune`: level of the procedure.
    pub procedure_level: Option<String>,
    /// One-stop unit that took it in, by its code.
    pub receiving_unit_code: Option<String>,
    /// The same, by identity.
    pub receiving_unit_uid: Option<Uuid>,
    /// Agency that decides, by its code.
    pub handling_agency_code: Option<String>,
    /// The same, by identity.
    pub handling_agency_uid: Option<Uuid>,
    /// Level of the receiving unit on the day of reception.
    pub level_at_receipt: Option<String>,
    /// `counter`, `online`, `post` or `bulk_backfill`.
    pub channel: Option<String>,
    /// Status by its number in the national case system, `0` to `10` (0, 1 and 3: not taken in); as
    /// the file gave it where it is none of these, which an import warns of.
    pub status: Option<String>,
    /// Whether it is resolved; null where neither a date nor the status says so. Of several lists the
    /// newest that says it counts.
    pub resolved: Option<bool>,
    /// When the number for the queue was drawn.
    pub ticket_at: Option<DateTime<Utc>>,
    /// When the applicant was served.
    pub served_at: Option<DateTime<Utc>>,
    /// Reception.
    #[schemars(extend("standard" = "ngày tiếp nhận"))]
    pub received_at: Option<DateTime<Utc>>,
    /// When it was found complete and accepted.
    pub accepted_at: Option<DateTime<Utc>>,
    /// Day appointed for the result.
    #[schemars(extend("standard" = "ngày hẹn trả"))]
    pub appointed_at: Option<DateTime<Utc>>,
    /// When it was decided.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When the result was handed out.
    #[schemars(extend("standard" = "ngày trả kết quả"))]
    pub returned_at: Option<DateTime<Utc>>,
    /// `granted`, `refused`, `withdrawn` or `unknown`.
    pub outcome: String,
    /// Kind of the owner's identifier.
    pub owner_id_kind: Option<String>,
    /// Keyed HMAC-SHA-256 of the owner's identifier.
    #[schemars(extend("standard" = "số định danh"))]
    pub owner_id_hmac: Option<String>,
    /// Papers handed in.
    pub component_count: Option<i32>,
    /// Of these digitised.
    pub components_digitised: Option<i32>,
    /// Of these reused from what was digitised before.
    pub components_reused: Option<i32>,
    /// One of them came from the national portal.
    pub reused_from_national_portal: Option<bool>,
    /// Results.
    pub result_count: Option<i32>,
    /// Of these digitised.
    pub results_digitised: Option<i32>,
    /// The result was issued electronically.
    pub result_electronic: Option<bool>,
    /// A paper was asked for again that had been accepted before.
    pub resubmission_demanded: Option<bool>,
    /// The paper dossier was demanded beside the electronic one.
    pub paper_parallel: Option<bool>,
    /// Minutes of waiting.
    pub waiting_minutes: Option<i32>,
    /// Minutes of reception and processing at the counter.
    pub processing_minutes: Option<i32>,
    /// Keyed HMAC of who took it in.
    pub staff_ref: Option<String>,
    /// Received in a remote or very difficult area.
    pub remote_area: Option<bool>,
    /// Code of the archive file.
    #[schemars(extend("standard" = "arcFileCode(100)"))]
    pub archive_file_code: Option<String>,
    /// Code of the paper file.
    #[schemars(extend("standard" = "paperFileCode(100)"))]
    pub paper_file_code: Option<String>,
    /// Title of the file.
    #[schemars(extend("standard" = "title(1000)"))]
    pub title: Option<String>,
    /// Retention, `01` permanent to `07`.
    #[schemars(extend("standard" = "maintenance(100)"))]
    pub retention_code: Option<String>,
    /// First day of the file.
    #[schemars(extend("standard" = "startDate"))]
    pub start_date: Option<NaiveDate>,
    /// Last day of the file.
    #[schemars(extend("standard" = "endDate"))]
    pub end_date: Option<NaiveDate>,
    /// Documents it should hold.
    #[schemars(extend("standard" = "totalDoc"))]
    pub documents_expected: Option<i32>,
    /// Pages it should hold.
    #[schemars(extend("standard" = "numberOfPage"))]
    pub pages_expected: Option<i32>,
    /// When the newest list was made that names it.
    pub listed_at: DateTime<Utc>,
    /// Key of that list's import.
    pub import_key: String,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// Table `staff`: who takes dossiers in, for productivity; pseudonymous. One row a person, unit and
/// beginning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffRow {
    /// Keyed HMAC of the staff number; the same as in `dossiers` and `events`.
    pub staff_ref: String,
    /// Province whose index it is, by its agency code.
    pub province: String,
    /// Unit, by identity.
    pub agency_uid: Option<Uuid>,
    /// Unit, by its code.
    pub agency_code: String,
    /// `reception`, `processing`, `scanning`, `clerk` or `other`.
    pub role: String,
    /// Share of a full-time post, above 0 to 1.
    pub fte: f64,
    /// First day in the unit.
    pub from_date: NaiveDate,
    /// First day no longer there; null: still there.
    pub to_date: Option<NaiveDate>,
    /// Works in a remote or very difficult area.
    pub remote_area: bool,
    /// Key of the import it stands in.
    pub import_key: String,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// What stands in the first line of an import (`imports/<kind>/<time>-<sha256>.jsonl`); each line
/// after it is a row as it was read. Accepted imports never change, and the reference tables are made
/// from them alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportHeader {
    /// What was imported: `agencies`, `dossiers`, `events`, `inventory`, `phases`, `procedures`,
    /// `staff` or `targets`.
    pub kind: String,
    /// Name of the file.
    pub file_name: String,
    /// SHA-256 of the file's bytes.
    pub file_sha256: String,
    /// SHA-256 of the rows as they were read: the same rows again are the same import.
    pub rows_sha256: String,
    /// Sheet that was read.
    pub sheet: Option<String>,
    /// When.
    pub imported_at: DateTime<Utc>,
    /// By whom.
    pub imported_by: String,
    /// Day the file speaks of, where its rows do not say.
    pub as_of: NaiveDate,
    /// Rows.
    pub rows: u64,
    /// Version of the rows' schema.
    pub schema_version: i16,
}

/// What a file says of an agency from a day on; a row of an import of agencies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgencyStatement {
    /// Code, normalised.
    pub code: String,
    /// Code as given.
    pub code_as_sent: String,
    /// `QD20`, `QCVN102` or `local`.
    pub code_system: String,
    /// Code the same agency had before.
    pub previous_code: Option<String>,
    /// Province, by its agency code.
    pub province: String,
    /// Name.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Level.
    pub level: String,
    /// Code of the agency above it.
    pub parent_code: Option<String>,
    /// Statistical code of the province.
    pub province_code_stat: Option<String>,
    /// Statistical code of the commune.
    pub commune_code_stat: Option<String>,
    /// Which list these are of.
    pub stat_system: Option<String>,
    /// Takes in dossiers.
    pub is_one_stop_unit: bool,
    /// A post office.
    pub is_post_office: bool,
    /// Remote or very difficult area.
    pub remote_area: bool,
    /// First day it holds.
    pub valid_from: Option<NaiveDate>,
    /// First day it no longer holds.
    pub valid_to: Option<NaiveDate>,
    /// Codes of those that took over.
    pub successor_codes: Vec<String>,
    /// Certificates.
    pub signing_cert_sha256: Vec<String>,
    /// Decision or list.
    pub source_ref: Option<String>,
}

/// The digitisation phase of a document year: the earlier scheduled of the phases whose printed
/// windows overlap, so that nothing counts twice; 0 for 2022 and later.
pub const fn phase_of_year(year: i32) -> i32 {
    match year {
        2022.. => 0,
        2016..=2021 => 2,
        2006..=2015 => 3,
        1996..=2005 => 4,
        _ => 5,
    }
}
