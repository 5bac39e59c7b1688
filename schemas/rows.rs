//! The rows of the index tables. Fields are columns; their documentation is the column's
//! description; `standard` is the name that Decree 30, Circular 05/2025/TT-BNV or another text
//! gives the same thing, with the length it allows. The index keeps full text: lengths are
//! enforced at export, never by cutting here.
//!
//! Every table is partitioned by `province` and `ingest_month`.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::code::{Code, Severity};

/// Version of the row types; rises with every change of a column's meaning.
pub const SCHEMA_VERSION: i16 = 1;

/// What became of a source or document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Composed, waiting for release, token or time-stamp.
    Held,
    /// In the record.
    Published,
    /// Refused with a code.
    Quarantined,
}

impl Outcome {
    /// As written in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Published => "published",
            Self::Quarantined => "quarantined",
        }
    }
}

/// Table `documents`: one row a document, its current version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentRow {
    /// Identity of the document; stable over versions and re-submission.
    pub document_uid: Uuid,
    /// Identity of the file or files it came in.
    pub source_uid: Uuid,
    /// Version of the record, from 1.
    pub version: i32,
    /// Province, by its agency code.
    pub province: String,
    /// Month of first publication.
    pub ingest_month: String,
    /// File code and ordinal.
    #[schemars(extend("standard" = "docId(25)"))]
    pub doc_id: Option<String>,
    /// File code and seven-digit ordinal.
    #[schemars(extend("standard" = "docCode(100)"))]
    pub doc_code: Option<String>,
    /// The dossier.
    pub dossier_uid: Uuid,
    /// Code of the administrative dossier.
    #[schemars(extend("standard" = "mã số hồ sơ TTHC"))]
    pub dossier_code: Option<String>,
    /// Code of the archive file.
    #[schemars(extend("standard" = "arcFileCode(100)"))]
    pub archive_file_code: Option<String>,
    /// Code of the paper file it lies in.
    #[schemars(extend("standard" = "paperFileCode(100)"))]
    pub paper_file_code: Option<String>,
    /// Place in the dossier, from 1.
    #[schemars(extend("standard" = "docOrdinal"))]
    pub doc_ordinal: i32,
    /// `result`, `component`, `verification`, `attachment`, `other`, or `unknown` where nobody has said.
    pub doc_role: String,
    /// Code of the administrative procedure.
    #[schemars(extend("standard" = "mã TTHC"))]
    pub procedure_code: Option<String>,
    /// `procedure_code` without the province's suffix, as in `inventory` and `procedures`; null where it
    /// is no such code.
    #[schemars(extend("standard" = "mã TTHC"))]
    #[serde(default)]
    pub procedure_base: Option<String>,
    /// Code of the kind of paper, as the manifest says; of a result it is that of its kind in the
    /// national database (`inventory.result_type_code`).
    #[schemars(extend("standard" = "mã loại giấy tờ, mã loại kết quả (TT 01/2023)"))]
    #[serde(default)]
    pub paper_type_code: Option<String>,
    /// Statistical code of the commune whose dossier it is, as the manifest says.
    #[schemars(extend("standard" = "mã đơn vị hành chính cấp xã"))]
    #[serde(default)]
    pub commune_code: Option<String>,
    /// `QD124` before 1 July 2025, `QD19-2025` since: the list that `commune_code` is of, as the
    /// manifest says. Without it the code has no certain meaning.
    #[serde(default)]
    pub admin_code_system: Option<String>,
    /// Kind of document, `01` to `32`.
    #[schemars(extend("standard" = "typeName(10)"))]
    pub type_code: Option<String>,
    /// Abbreviation of the kind, as in notations.
    pub type_abbr: Option<String>,
    /// Kind of document as printed.
    #[schemars(extend("standard" = "TypeName(100)"))]
    pub type_name: Option<String>,
    /// Number.
    #[schemars(extend("standard" = "codeNumber(11)"))]
    pub code_number: Option<String>,
    /// Notation.
    #[schemars(extend("standard" = "codeNotation(30)"))]
    pub code_notation: Option<String>,
    /// Number and notation as printed.
    pub code_full: Option<String>,
    /// Date of issue.
    #[schemars(extend("standard" = "issuedDate"))]
    pub issued_date: Option<NaiveDate>,
    /// `day`, `month` or `year`.
    pub issued_date_precision: Option<String>,
    /// Place of issue.
    #[schemars(extend("standard" = "địa danh"))]
    pub issued_place: Option<String>,
    /// Issuing agency.
    #[schemars(extend("standard" = "organName(200)"))]
    pub organ_name: Option<String>,
    /// The agency above it, as printed.
    pub parent_organ_name: Option<String>,
    /// `central`, `province`, `district` or `commune`, at the time of issue.
    pub level_at_issue: Option<String>,
    /// Agency that keeps the document: whom its manifest names, else that of the configuration, which
    /// signs its record in either case.
    pub custodian_agency_code: Option<String>,
    /// What it is about.
    #[schemars(extend("standard" = "subject(500)"))]
    pub subject: Option<String>,
    /// `subject` in lower case without diacritics.
    pub subject_folded: Option<String>,
    /// `TM`, `KT`, `TL`, `TUQ` or `Q`, comma-separated in their order.
    #[schemars(extend("standard" = "quyền hạn"))]
    pub signer_authority: Option<String>,
    /// Position of the signer.
    #[schemars(extend("standard" = "SignerInfo.Position(100)"))]
    pub signer_title: Option<String>,
    /// Name of the signer.
    #[schemars(extend("standard" = "SignerInfo.FullName(50)"))]
    pub signer_name: Option<String>,
    /// Recipients.
    #[schemars(extend("standard" = "To.OrganName(200)"))]
    pub recipients: Option<Vec<String>>,
    /// Where copies are kept.
    #[schemars(extend("standard" = "Lưu"))]
    pub archive_line: Option<String>,
    /// `none`, `mat`, `toi_mat`, `tuyet_mat` or `unknown`.
    pub secrecy_level: String,
    /// `none`, `khan`, `thuong_khan`, `hoa_toc`.
    #[schemars(extend("standard" = "Priority"))]
    pub urgency_level: String,
    /// Number in the incoming stamp.
    #[schemars(extend("standard" = "ArrivalNumber(10)"))]
    pub arrival_number: Option<String>,
    /// Date in the incoming stamp.
    #[schemars(extend("standard" = "ArrivalDate"))]
    pub arrival_date: Option<NaiveDate>,
    /// Languages, `01` is Vietnamese.
    #[schemars(extend("standard" = "language(100)"))]
    pub language_codes: Vec<String>,
    /// Pages of this document.
    #[schemars(extend("standard" = "numberOfPage(4)"))]
    pub page_count: i32,
    /// Sheets of paper, as the manifest says of the whole document.
    #[schemars(extend("standard" = "numberOfPaper(10)"))]
    #[serde(default)]
    pub sheet_count: Option<i32>,
    /// Its pages in pages of A4: one of A3 is two, of A0 sixteen, of A5 a half; each is of the size of
    /// the A series nearest to it. Null where the size of a page is not known.
    #[serde(default)]
    pub a4_equiv: Option<f32>,
    /// First page in the source file.
    pub page_from: i32,
    /// Last page in the source file.
    pub page_to: i32,
    /// For a plan, regulation or list issued with a decision in the same file: that decision.
    pub parent_document_uid: Option<Uuid>,
    /// Pages of the range that could not be read and are missing from the text.
    pub pages_quarantined: i32,
    /// `01` open, `02` conditional, `03` secret.
    #[schemars(extend("standard" = "mode(20)"))]
    pub access_mode: String,
    /// `01` born digital, `02` digitised, `03` mixed.
    #[schemars(extend("standard" = "confidenceLevel(30)"))]
    pub confidence_level: String,
    /// State of the paper: `01` good, `02` fair, `03` damaged.
    #[schemars(extend("standard" = "format(50)"))]
    pub physical_state: Option<String>,
    /// Retention, `01` permanent to `07`.
    #[schemars(extend("standard" = "maintenance(100)"))]
    pub retention_code: Option<String>,
    /// Version of the code lists used in this row.
    pub code_list_version: String,
    /// `valid`, `expired`, `revoked` or `unknown`.
    pub validity_status: String,
    /// Last day on which it holds, as the page says, else the manifest; null: nobody says that it ends.
    #[schemars(extend("standard" = "thời hạn có hiệu lực (TT 01/2023)"))]
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    /// Kind of the owner's identifier.
    pub owner_id_kind: Option<String>,
    /// Keyed HMAC-SHA-256 of the owner's identifier.
    pub owner_id_hmac: Option<String>,
    /// Digitisation phase by document year: 2 to 5, 0 for 2022 and later.
    pub phase: Option<i32>,
    /// Whether the year is printed in two phases of the plans (1996, 2006, 2016).
    pub phase_boundary_year: bool,
    /// Year the document was formed.
    pub document_year: Option<i32>,
    /// `postal`, `counter` or `bulk`.
    pub intake_channel: String,
    /// Postal partner.
    pub partner_id: Option<String>,
    /// Batch of the partner.
    pub batch_id: Option<String>,
    /// When it was scanned, as the manifest says.
    pub scanned_at: Option<DateTime<Utc>>,
    /// The mark that says the record was converted from paper.
    #[schemars(extend("standard" = "NĐ 137/2024 Điều 4"))]
    pub conversion_mark_text: Option<String>,
    /// When it was converted.
    pub converted_at: Option<DateTime<Utc>>,
    /// Agency that converted it.
    pub converting_agency: Option<String>,
    /// `PDF/A-2b`, or `original` for a born-digital record.
    pub pdf_profile: String,
    /// Largest colour depth among the pages, bits a pixel.
    pub colour_depth_bits: Option<i32>,
    /// Smallest density among the pages.
    pub min_dpi: Option<f32>,
    /// SHA-256 of the source files, in order.
    pub sha256_source_list: Vec<String>,
    /// SHA-256 of the record's document.
    pub sha256_object: String,
    /// Address of the record's document under the output.
    pub object_uri: String,
    /// Bytes of the record's document.
    pub object_size: i64,
    /// `ok`, `missing` or `faulty`: the best of the agency signatures.
    pub signature_state: String,
    /// `delegated` or `manual`.
    pub release_mode: Option<String>,
    /// Reference of the written delegation or of the release batch.
    pub release_ref: Option<String>,
    /// Mean of `field_conf`.
    pub extraction_confidence: Option<f32>,
    /// Mandatory fields without a value.
    pub fields_missing: Vec<String>,
    /// Whether somebody should look at it.
    pub needs_review: bool,
    /// Probability of being right, by column.
    pub field_conf: BTreeMap<String, f32>,
    /// `page`, `manifest`, `qr` (any barcode) or `amended`, by column.
    pub field_source: BTreeMap<String, String>,
    /// Who set a value by hand and when, `<time> <who>`, by column; null where nothing was.
    pub field_amended: Option<BTreeMap<String, String>>,
    /// Box on the page each value was read from, `page:x0,y0,x1,y1` in points, by column.
    pub field_box: BTreeMap<String, String>,
    /// Engine and version.
    pub ocr_engine: Option<String>,
    /// Language model.
    pub ocr_lang: Option<String>,
    /// Mean confidence of the engine, 0 to 1.
    pub ocr_mean_conf: Option<f32>,
    /// Characters read.
    pub ocr_char_count: i32,
    /// `published`.
    pub state: String,
    /// First publication.
    pub first_seen_at: DateTime<Utc>,
    /// This version's publication.
    pub updated_at: DateTime<Utc>,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// Table `pages`: one row a page, without text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageRow {
    /// Identity of the page.
    pub page_uid: Uuid,
    /// Its document.
    pub document_uid: Uuid,
    /// The source.
    pub source_uid: Uuid,
    /// Version of the record.
    pub version: i32,
    /// Its dossier.
    pub dossier_uid: Uuid,
    /// Province, by its agency code.
    pub province: String,
    /// Month of first publication.
    pub ingest_month: String,
    /// Number in the record, from 1.
    pub page_no: i32,
    /// SHA-256 of the file it came in.
    pub source_file_sha256: String,
    /// Number in that file, from 1.
    pub source_page_no: i32,
    /// `published` or `quarantined`.
    pub outcome: String,
    /// Pixels across.
    pub width_px: Option<i32>,
    /// Pixels down.
    pub height_px: Option<i32>,
    /// Density across, dots per inch.
    pub dpi_x: Option<f32>,
    /// Density down, dots per inch.
    pub dpi_y: Option<f32>,
    /// Width in points as displayed.
    pub width_pt: f32,
    /// Height in points as displayed.
    pub height_pt: f32,
    /// Clockwise turn from the scan to upright.
    pub orientation_fixed_deg: i32,
    /// Skew, degrees.
    pub skew_deg: Option<f32>,
    /// `bitonal`, `gray`, `rgb`, `cmyk` or `palette`.
    pub colour_mode: String,
    /// Bits a sample.
    pub bit_depth: Option<i32>,
    /// A blank page.
    pub blank: bool,
    /// `layer`, `ocr` or `none`.
    pub text_origin: String,
    /// Mean confidence of the engine, 0 to 1.
    pub ocr_mean_conf: Option<f32>,
    /// Words read.
    pub ocr_word_count: i32,
    /// Share of words below 0.6 confidence.
    pub low_conf_word_share: Option<f32>,
    /// Share of letters that carry a Vietnamese diacritic or are `đ`.
    pub words_diacritic_share: Option<f32>,
    /// Barcodes on the page, `symbology:x0,y0,x1,y1` in points; what they say is in `page_text`.
    #[serde(default)]
    pub barcodes: Option<Vec<String>>,
    /// How many of the barcodes read say something about a person; nothing of that is kept.
    #[serde(default)]
    pub personal_barcodes: Option<i32>,
    /// Milliseconds to decode.
    pub decode_ms: i32,
    /// Milliseconds to recognise.
    pub ocr_ms: i32,
    /// Finding codes of the page.
    pub fault_codes: Vec<String>,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// Table `page_text`: the words of the pages, under a prefix of its own so that a bucket policy can
/// close it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageTextRow {
    /// Identity of the page.
    pub page_uid: Uuid,
    /// Its document.
    pub document_uid: Uuid,
    /// The source.
    pub source_uid: Uuid,
    /// Version of the record.
    pub version: i32,
    /// Province, by its agency code.
    pub province: String,
    /// Month of first publication.
    pub ingest_month: String,
    /// Number in the record, from 1.
    pub page_no: i32,
    /// The text as read, NFC.
    pub text: String,
    /// In lower case without diacritics; runs of 9 and of 12 digits replaced by their keyed HMAC.
    pub text_folded: String,
    /// What the page's barcodes say, but for those about persons; runs of 9 and of 12 digits replaced
    /// by their keyed HMAC.
    #[serde(default)]
    pub barcode_texts: Option<Vec<String>>,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// Table `findings`: what somebody should know about a document or page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingRow {
    /// Identity of the finding.
    pub finding_uid: Uuid,
    /// The source.
    pub source_uid: Uuid,
    /// Version of the record.
    pub version: i32,
    /// Province, by its agency code.
    pub province: String,
    /// Month of first publication.
    pub ingest_month: String,
    /// `dossier`, `document`, `page`, `signature`.
    pub subject_kind: String,
    /// Identity of what it is about.
    pub subject_uid: Uuid,
    /// The code.
    pub code: Code,
    /// Its weight.
    pub severity: Severity,
    /// Column it is about.
    pub field: Option<String>,
    /// What was seen; never an owner's number.
    pub observed: Option<String>,
    /// What was expected.
    pub expected: Option<String>,
    /// Stage that found it.
    pub stage: String,
    /// When.
    pub detected_at: DateTime<Utc>,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// Table `signatures`: one row a signature found or made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureRow {
    /// Identity of the signature.
    pub signature_uid: Uuid,
    /// Its document.
    pub document_uid: Uuid,
    /// The source.
    pub source_uid: Uuid,
    /// Version of the record.
    pub version: i32,
    /// Province, by its agency code.
    pub province: String,
    /// Month of first publication.
    pub ingest_month: String,
    /// SHA-256 of the file that carries it.
    pub sha256_object: String,
    /// Order in the file, from 1.
    pub seq: i32,
    /// Name of the signature field.
    pub field_name: String,
    /// Made here, or found.
    pub made_by_sohoa: bool,
    /// `scanner_person`, `agency_copy`, `original_person`, `original_agency`, `citizen` or
    /// `timestamp_doc`.
    pub role: String,
    /// `top_left`, `top_right`, `block_7c`, `block_8`, `other` or `invisible`.
    pub position: String,
    /// Page it shows on, from 1.
    pub page_no: Option<i32>,
    /// `organisation`, `person`, `person_in_organisation` or `unknown`.
    pub subject_kind: String,
    /// Rule that decided `subject_kind`.
    pub subject_kind_basis: String,
    /// Subject, most specific part first; citizens' numbers are left out.
    #[serde(default)]
    pub subject_dn: Option<String>,
    /// Subject's common name.
    pub subject_cn: Option<String>,
    /// Subject's organisation.
    pub subject_o: Option<String>,
    /// Tax code of the subject.
    pub subject_mst: Option<String>,
    /// Budget code of the subject.
    pub subject_mns: Option<String>,
    /// Issuer's distinguished name.
    pub issuer_dn: Option<String>,
    /// Serial number of the certificate, hex.
    pub serial_hex: Option<String>,
    /// SHA-256 of the certificate.
    pub cert_sha256: Option<String>,
    /// SHA-256 of the root it chains to.
    pub chain_root_sha256: Option<String>,
    /// `gov_cipher`, `public_ca`, `foreign`, `test` or `untrusted`.
    pub trust_domain: String,
    /// Agency that the certificate belongs to, by its code: one of `sign.agencies`, or without those
    /// the configuration's own.
    #[serde(default)]
    pub agency_code: Option<String>,
    /// That agency keeps the record; empty where no registered agency has the certificate.
    #[serde(default)]
    pub agency_match: Option<bool>,
    /// `/SubFilter`.
    pub sub_filter: String,
    /// Digest of the signed bytes.
    pub digest_alg: Option<String>,
    /// Signature algorithm.
    pub sig_alg: Option<String>,
    /// Bits of the key.
    pub key_bits: Option<i32>,
    /// Time the signer claims.
    pub signing_time_claimed: Option<DateTime<Utc>>,
    /// Time of the time-stamp.
    pub timestamp_time: Option<DateTime<Utc>>,
    /// Who gave it.
    #[serde(default)]
    pub tsa_dn: Option<String>,
    /// End of the validity of that authority's certificate, until when the time-stamp proves its time
    /// by itself.
    #[serde(default)]
    pub tsa_not_after: Option<DateTime<Utc>>,
    /// Start of the certificate's validity.
    pub cert_not_before: Option<DateTime<Utc>>,
    /// End of the certificate's validity.
    pub cert_not_after: Option<DateTime<Utc>>,
    /// What the file's own evidence says of the certificate: `ocsp`, `crl` or `none`.
    #[serde(default)]
    pub revocation_method: Option<String>,
    /// `good`, `revoked` or `unknown`.
    #[serde(default)]
    pub revocation_status: Option<String>,
    /// The time that the evidence speaks of.
    #[serde(default)]
    pub revocation_checked_at: Option<DateTime<Utc>>,
    /// Key of the object that keeps certificate and evidence (Circular 15/2025): the file itself, where
    /// it holds some, else what was answered before it was signed (`evidence/revocation/`).
    #[serde(default)]
    pub evidence_uri: Option<String>,
    /// Covers the whole file as it is now.
    pub byte_range_covers_all: bool,
    /// Something was changed after it in a way that is not allowed.
    pub modified_after: bool,
    /// `B-B`, `B-T`, `B-LT`, `B-LTA` or `legacy`.
    pub pades_level: String,
    /// `ok`, `ok_legacy_alg`, `indeterminate_revocation`, `untrusted_chain`, `expired_at_signing`,
    /// `revoked`, `altered`, `wrong_subject_kind`, `wrong_agency` or `missing`.
    pub verdict: String,
    /// When it was verified.
    pub verified_at: DateTime<Utc>,
    /// Version of the program that verified it.
    #[serde(default)]
    pub verifier_version: Option<String>,
    /// Version of this row's schema.
    pub schema_version: i16,
}

/// Table `intake`: one row a received file; what conservation is counted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntakeRow {
    /// Identity of the receipt: the dossier and the file's address.
    pub intake_uid: Uuid,
    /// The source it belongs to.
    pub source_uid: Uuid,
    /// Its dossier.
    pub dossier_uid: Uuid,
    /// Province, by its agency code.
    pub province: String,
    /// Month of first publication.
    pub ingest_month: String,
    /// Configured name of the input.
    pub source_name: String,
    /// Address of the file, relative to the input.
    pub uri: String,
    /// Entity tag of the store, when it gives one.
    pub etag: Option<String>,
    /// Bytes.
    pub size: i64,
    /// Last change as the store says.
    pub modified_at: DateTime<Utc>,
    /// SHA-256; none when the file was refused unread.
    pub sha256: Option<String>,
    /// Media type found.
    pub media_type: Option<String>,
    /// Pages the container holds; 0 when it could not be opened.
    pub pages: i32,
    /// Pages in the record.
    pub pages_published: i32,
    /// Pages refused.
    pub pages_quarantined: i32,
    /// Pages waiting for release.
    pub pages_held: i32,
    /// What became of the file.
    pub outcome: Outcome,
    /// Why it was refused.
    pub code: Option<Code>,
    /// What to do, for the scanning clerk.
    pub sentence: Option<String>,
    /// Set when the same bytes were received before in the dossier: the intake row they are counted in.
    pub duplicate_of: Option<Uuid>,
    /// Version of the record this outcome belongs to.
    pub version: i32,
    /// When it was taken in.
    pub received_at: DateTime<Utc>,
    /// When its outcome was settled.
    pub settled_at: DateTime<Utc>,
    /// Version of this row's schema.
    pub schema_version: i16,
}
