//! The tables: their rows, what identifies a row, and how their files are laid out.

use arrow::datatypes::SchemaRef;
use serde_json::Value;
use sohoa_schemas::{
    events::EventRow,
    rows::{DocumentRow, FindingRow, IntakeRow, PageRow, PageTextRow, SignatureRow},
};

use crate::{columns, error::IndexError};

/// Column of the first partition level.
pub const PROVINCE: &str = "province";
/// Column of the second partition level.
pub const INGEST_MONTH: &str = "ingest_month";
/// Partition columns of every table.
pub const PARTITION_COLUMNS: [&str; 2] = [PROVINCE, INGEST_MONTH];
/// Column that rows of every table share, by which known rows are looked up.
pub(crate) const SOURCE_UID: &str = "source_uid";

const MIB: u64 = 1 << 20;

/// A table of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Words of the pages.
    PageText,
    /// Pages.
    Pages,
    /// Signatures found or made.
    Signatures,
    /// What somebody should know.
    Findings,
    /// What was done, by whom and when: chained, and not derived from the records alone.
    Events,
    /// Every version of every document.
    DocumentVersions,
    /// Received files.
    Intake,
    /// Documents, current version only.
    Documents,
}

impl Table {
    /// Every table in the order of commits: a row of a later table implies the rows of the earlier
    /// ones.
    pub const ALL: [Self; 8] = [
        Self::PageText,
        Self::Pages,
        Self::Signatures,
        Self::Findings,
        Self::Events,
        Self::DocumentVersions,
        Self::Intake,
        Self::Documents,
    ];

    /// Name of the table and of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PageText => "page_text",
            Self::Pages => "pages",
            Self::Signatures => "signatures",
            Self::Findings => "findings",
            Self::Events => "events",
            Self::DocumentVersions => "document_versions",
            Self::Intake => "intake",
            Self::Documents => "documents",
        }
    }

    /// The table of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// Columns that identify a row.
    pub(crate) const fn key(self) -> &'static [&'static str] {
        match self {
            Self::PageText | Self::Pages => &["page_uid", "version"],
            Self::Signatures => &["signature_uid", "version"],
            Self::Findings => &["finding_uid", "version"],
            Self::Events => &["event_uid"],
            Self::DocumentVersions => &["document_uid", "version"],
            // Changed bytes at a known address are another receipt: the earlier one stays counted.
            Self::Intake => &["intake_uid", SOURCE_UID],
            Self::Documents => &["document_uid"],
        }
    }

    /// Columns by which a row replaces another one of the same key; none where the first row stays.
    pub(crate) const fn rank(self) -> &'static [&'static str] {
        match self {
            Self::Intake => &["version", "settled_at"],
            Self::Documents => &["version"],
            _ => &[],
        }
    }

    /// Whether a row may replace one of another month: a file refused in one month may be published
    /// in a later one. A document keeps the month of its first publication.
    pub(crate) const fn crosses_months(self) -> bool {
        matches!(self, Self::Intake | Self::Findings | Self::Events)
    }

    /// Columns with minimum and maximum in the Delta log. Few: each costs bytes in every commit,
    /// checkpoint and open.
    pub(crate) const fn statistics(self) -> &'static [&'static str] {
        match self {
            Self::PageText | Self::Pages => &["document_uid", "version"],
            Self::Signatures => {
                &["document_uid", "version", "verdict", "trust_domain", "verified_at"]
            }
            Self::Findings => &["version", "code", "severity", "detected_at"],
            Self::Events => &["seq", "occurred_at"],
            Self::DocumentVersions => &["document_uid", "version", "updated_at"],
            Self::Intake => &["source_name", "outcome", "received_at", "settled_at"],
            Self::Documents => &[
                "document_uid",
                "version",
                "type_code",
                "issued_date",
                "document_year",
                "custodian_agency_code",
                "phase",
                "batch_id",
                "first_seen_at",
                "updated_at",
            ],
        }
    }

    /// Columns with a bloom filter in every row group: the keys that people and the writer look up.
    pub(crate) const fn bloom_filters(self) -> &'static [&'static str] {
        match self {
            Self::PageText | Self::Pages => &[SOURCE_UID, "document_uid"],
            Self::Signatures => &[SOURCE_UID, "document_uid", "sha256_object", "cert_sha256"],
            Self::Findings => &[SOURCE_UID, "subject_uid"],
            Self::Events => &[SOURCE_UID, "subject_uid", "dossier_uid"],
            Self::Intake => &[SOURCE_UID, "intake_uid"],
            Self::DocumentVersions => {
                &[SOURCE_UID, "document_uid", "dossier_code", "code_full", "sha256_object"]
            }
            Self::Documents => &[
                SOURCE_UID,
                "document_uid",
                "dossier_code",
                "code_full",
                "sha256_object",
                "owner_id_hmac",
            ],
        }
    }

    /// Columns that rows of a compacted month are ordered by. Of several the first two are
    /// interleaved, so that a question for either reads few files, and one for both reads a row group
    /// or two; within both rows lie by the rest.
    pub(crate) const fn order(self) -> &'static [&'static str] {
        match self {
            Self::PageText | Self::Pages => &["document_uid"],
            Self::DocumentVersions | Self::Documents => {
                &["custodian_agency_code", "document_year", "code_full"]
            }
            // Files of published receipts alone are passed over by appends of other months.
            Self::Intake => &["outcome"],
            Self::Findings | Self::Signatures => &[SOURCE_UID],
            // The chain is read in its order.
            Self::Events => &["seq"],
        }
    }

    /// Rows in a row group: readers skip and parallelise by row group, and hold one in memory.
    pub(crate) const fn group_rows(self) -> usize {
        match self {
            // A look-up by agency, year and code reads one or two of these a month. With fewer rows
            // a look-up by key would ask more filters than it now saves.
            Self::DocumentVersions | Self::Documents => 1 << 16,
            // To go on with a chain, the end of a file's last row group is read.
            Self::Events => 1 << 17,
            _ => 1 << 20,
        }
    }

    /// Size of a full data file, bytes. Tables whose rows are replaced have smaller ones, because a
    /// replaced row costs the rewriting of its file.
    pub(crate) const fn file_bytes(self) -> u64 {
        if self.rank().is_empty() { 128 * MIB } else { 32 * MIB }
    }

    /// Size of a full data file of a compacted month, bytes.
    pub(crate) const fn ordered_file_bytes(self) -> u64 {
        if self.rank().is_empty() { 256 * MIB } else { self.file_bytes() }
    }

    /// Sentence that describes the table.
    pub(crate) fn comment(self) -> String {
        if self == Self::DocumentVersions {
            return "every version of every document, append-only.".to_owned();
        }
        columns::sentence(&self.json_schema())
    }

    /// The columns.
    ///
    /// # Errors
    /// [`IndexError::ColumnType`] when a row type holds what a table cannot.
    pub fn schema(self) -> Result<SchemaRef, IndexError> {
        columns::derive(self.name(), &self.json_schema())
    }

    fn json_schema(self) -> Value {
        match self {
            Self::PageText => columns::json_schema::<PageTextRow>(),
            Self::Pages => columns::json_schema::<PageRow>(),
            Self::Signatures => columns::json_schema::<SignatureRow>(),
            Self::Findings => columns::json_schema::<FindingRow>(),
            Self::Events => columns::json_schema::<EventRow>(),
            Self::Intake => columns::json_schema::<IntakeRow>(),
            Self::DocumentVersions | Self::Documents => columns::json_schema::<DocumentRow>(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_rank_and_order_exist_and_what_the_path_says_is_no_statistic() {
        for table in Table::ALL {
            let schema = table.schema().unwrap();
            for column in table.rank().iter().chain(table.order()) {
                assert!(schema.field_with_name(column).is_ok(), "{}.{column}", table.name());
            }
            schema.field_with_name(SOURCE_UID).unwrap();
            for column in PARTITION_COLUMNS {
                assert!(!table.statistics().contains(&column), "known from the path");
            }
            assert_eq!(Table::from_name(table.name()), Some(table));
            assert!(!table.comment().is_empty());
        }
    }
}
