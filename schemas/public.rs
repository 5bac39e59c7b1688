//! Which columns of `documents` may leave the house: what `sohoa export --public` contains.
//!
//! A column that is not declared here is private, one that comes later as well. What makes a
//! *document* public is decided apart: access mode `01`, no secrecy, published.

/// The public columns, in the order of an export.
pub const COLUMNS: [&str; 45] = [
    "document_uid",
    "version",
    "province",
    "doc_id",
    "doc_code",
    "archive_file_code",
    "doc_role",
    "procedure_code",
    "procedure_base",
    "paper_type_code",
    "type_code",
    "type_abbr",
    "type_name",
    "code_number",
    "code_notation",
    "code_full",
    "issued_date",
    "issued_date_precision",
    "issued_place",
    "organ_name",
    "parent_organ_name",
    "level_at_issue",
    "custodian_agency_code",
    "subject",
    "signer_title",
    "urgency_level",
    "language_codes",
    "page_count",
    "sheet_count",
    "a4_equiv",
    "access_mode",
    "confidence_level",
    "retention_code",
    "code_list_version",
    "validity_status",
    "valid_to",
    "phase",
    "document_year",
    "converted_at",
    "converting_agency",
    "pdf_profile",
    "sha256_object",
    "object_size",
    "signature_state",
    "updated_at",
];

/// Public columns that are withheld from a paper whose owner is known, or its dossier's: what they say is about a person.
/// No kind of owner is certainly none, since a household business's tax code (`mst`) is its owner's
/// personal number from July 2025 on.
pub const ABOUT_OWNER: [&str; 1] = ["subject"];

/// Public columns whose text somebody wrote: a number of nine digits and more in it may be a
/// citizen's, and is replaced.
pub const FREE_TEXT: [&str; 6] =
    ["type_name", "issued_place", "organ_name", "parent_organ_name", "subject", "signer_title"];

/// Why other columns are private; one that is in neither list has not been decided.
pub const PRIVATE: [(&str, &[&str]); 6] = [
    (
        "names or identifies a person",
        &[
            "signer_name",
            "recipients",
            "archive_line",
            "owner_id_kind",
            "owner_id_hmac",
            "field_amended",
        ],
    ),
    (
        "leads to a citizen's dossier",
        &[
            "dossier_uid",
            "dossier_code",
            "doc_ordinal",
            "source_uid",
            "parent_document_uid",
            "sha256_source_list",
            // Of the holder, as often as of the office.
            "commune_code",
            "admin_code_system",
        ],
    ),
    ("says where papers and objects lie", &["paper_file_code", "physical_state", "object_uri"]),
    (
        "is about the agency's own work",
        &[
            "arrival_number",
            "arrival_date",
            "signer_authority",
            "release_mode",
            "release_ref",
            "intake_channel",
            "partner_id",
            "batch_id",
            "scanned_at",
            "first_seen_at",
            "needs_review",
            "fields_missing",
            "pages_quarantined",
        ],
    ),
    (
        "says how the scan was read, or serves the index alone",
        &[
            "field_conf",
            "field_source",
            "field_box",
            "extraction_confidence",
            "ocr_engine",
            "ocr_lang",
            "ocr_mean_conf",
            "ocr_char_count",
            "subject_folded",
            "page_from",
            "page_to",
            "colour_depth_bits",
            "min_dpi",
            "conversion_mark_text",
            "phase_boundary_year",
            "schema_version",
        ],
    ),
    (
        "is the same in every row, or a folder of the index",
        &["secrecy_level", "state", "ingest_month"],
    ),
];
