//! The manifest a postal partner sends with a dossier: `manifest.json`, uploaded last.
//!
//! Unknown fields are refused: a misspelt field would otherwise be a lost one.

use chrono::{DateTime, FixedOffset, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Largest manifest that is read, in bytes.
pub const MAX_BYTES: u64 = 1 << 20;

/// One dossier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `1.0`.
    pub manifest_version: String,
    /// The partner's own identifier, a ULID.
    pub manifest_id: String,
    /// When it was written.
    pub created_at: DateTime<FixedOffset>,
    /// Who sends it.
    pub partner: Partner,
    /// The batch it belongs to.
    #[serde(default)]
    pub batch: Option<Batch>,
    /// Why it was scanned, such as `backfill_valid_results`; for the sender, not read here.
    #[serde(default)]
    pub purpose: Option<String>,
    /// Where the paper came from.
    #[serde(default)]
    pub custody: Option<Custody>,
    /// The dossier.
    pub dossier: Dossier,
    /// Its documents.
    pub documents: Vec<Document>,
    /// Totals, checked against `documents`.
    #[serde(default)]
    pub counts: Option<Counts>,
    /// The partner's signature over the manifest. Taken so that one manifest serves several receivers;
    /// not verified, and not kept.
    #[serde(default)]
    pub signature: Option<Signature>,
}

/// The sender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    /// Identifier, e.g. `vnpost-binhdinh`.
    pub id: String,
    /// Code of the post office.
    #[serde(default)]
    pub office_code: Option<String>,
    /// Pseudonym of the operator.
    #[serde(default)]
    pub operator_ref: Option<String>,
    /// Number of the contract it is scanned under.
    #[serde(default)]
    pub contract_ref: Option<String>,
}

/// A batch of manifests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Identifier, unique for the partner.
    pub id: String,
    /// Place in the batch, from 1.
    #[serde(default)]
    pub sequence: Option<u32>,
    /// Manifests in the batch.
    #[serde(default)]
    pub total: Option<u32>,
}

/// Handover of the paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Custody {
    /// Agency that handed the paper over.
    #[serde(default)]
    pub received_from_agency_code: Option<String>,
    /// Number of the minutes of the handover.
    #[serde(default)]
    pub handover_minutes_no: Option<String>,
    /// Labels of the boxes that it came in.
    #[serde(default)]
    pub boxes: Vec<String>,
    /// Originals handed over; must equal the number of documents.
    #[serde(default)]
    pub originals_count: Option<u32>,
}

/// The dossier and its codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dossier {
    /// Code of the administrative dossier.
    #[serde(default)]
    pub dossier_code: Option<String>,
    /// Code of the archive file.
    #[serde(default)]
    pub archive_file_code: Option<String>,
    /// Code of the paper file.
    #[serde(default)]
    pub paper_file_code: Option<String>,
    /// Code of the procedure.
    #[serde(default)]
    pub procedure_code: Option<String>,
    /// Title of the dossier.
    #[serde(default)]
    pub title: Option<String>,
    /// Agency that handled it.
    #[serde(default)]
    pub handling_agency_code: Option<String>,
    /// `province`, `district` or `commune`.
    #[serde(default)]
    pub level: Option<String>,
    /// Code of the commune it concerns, by `commune_code_system`.
    #[serde(default)]
    pub commune_code: Option<String>,
    /// Code list of `commune_code`.
    #[serde(default)]
    pub commune_code_system: Option<String>,
    /// Day on which the dossier was received from the citizen.
    #[serde(default)]
    pub received_on: Option<NaiveDate>,
    /// Day on which its result was issued.
    #[serde(default)]
    pub resolved_on: Option<NaiveDate>,
    /// Year the documents were formed.
    #[serde(default)]
    pub document_year: Option<i32>,
    /// Code of the retention period.
    #[serde(default)]
    pub retention_code: Option<String>,
    /// The owner; the identifier is never stored in clear.
    #[serde(default)]
    pub owner: Option<Owner>,
}

/// The owner of a dossier.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// Kind of the number: `cccd` (citizen identity card), `cmnd` (the older card), `mst` (tax code), or
    /// another word.
    pub kind: String,
    /// The identifier encrypted to the province's key: a JWE in compact form (RFC 7516), `alg`
    /// RSA-OAEP-256, `enc` A256GCM, its content the identifier as text.
    #[serde(default)]
    pub id_enc: Option<String>,
    /// The partner's own HMAC; ignored, since only the province's key counts.
    #[serde(default)]
    pub id_hmac: Option<String>,
}

impl std::fmt::Debug for Owner {
    /// Shows the kind only: an identifier, even encrypted, has no place in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owner").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// One document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Place in the dossier, from 1.
    pub ordinal: u32,
    /// `result`, `component`, `verification`, `attachment` or `other`.
    #[serde(default)]
    pub role: Option<String>,
    /// Code of the paper type.
    #[serde(default)]
    pub paper_type_code: Option<String>,
    /// Type as the partner reads it.
    #[serde(default)]
    pub declared_type: Option<String>,
    /// Number and notation as the partner reads them.
    #[serde(default)]
    pub code_full: Option<String>,
    /// Date of issue as the partner reads it.
    #[serde(default)]
    pub issued_on: Option<NaiveDate>,
    /// `original`, `ecopy_register`, `ecopy_certified` or `ephoto_with_original`.
    #[serde(default)]
    pub original_kind: Option<String>,
    /// `valid`, `expired`, `revoked` or `unknown`.
    #[serde(default)]
    pub validity: Option<String>,
    /// End of validity.
    #[serde(default)]
    pub valid_to: Option<NaiveDate>,
    /// Sheets of paper.
    #[serde(default)]
    pub physical_sheets: Option<u32>,
    /// Sides with content.
    #[serde(default)]
    pub physical_pages: Option<u32>,
    /// State of the paper.
    #[serde(default)]
    pub physical_state: Option<String>,
    /// Legal basis of digitising it.
    #[serde(default)]
    pub scope_basis: Option<String>,
    /// `01`, `02` or `03`.
    #[serde(default)]
    pub access_mode: Option<String>,
    /// Its files, in page order.
    pub files: Vec<File>,
}

/// One file of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Path relative to the manifest; no `..`.
    pub path: String,
    /// Media type.
    #[serde(default)]
    pub media_type: Option<String>,
    /// Bytes; checked.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// SHA-256, hex; checked.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Pages; checked.
    #[serde(default)]
    pub pages: Option<u32>,
    /// Resolution of the scan in dots per inch.
    #[serde(default)]
    pub dpi: Option<u32>,
    /// `rgb24`, `gray8` or `bitonal`.
    #[serde(default)]
    pub colour: Option<String>,
    /// Size of the scan against the paper, in per cent; not read here.
    #[serde(default)]
    pub scale_percent: Option<u32>,
    /// Page numbers in the document; not read here.
    #[serde(default)]
    pub page_map: Option<Vec<u32>>,
    /// Pages copied twice, with and without a note on them; not read here.
    #[serde(default)]
    pub annotation_pairs: Option<Vec<AnnotationPair>>,
    /// When it was scanned.
    #[serde(default)]
    pub scanned_at: Option<DateTime<FixedOffset>>,
    /// Pseudonym of the scanner's operator.
    #[serde(default)]
    pub scanner_operator_ref: Option<String>,
    /// Make and model of the scanner.
    #[serde(default)]
    pub device: Option<String>,
    /// The operator's personal signature.
    #[serde(default)]
    pub personal_signature: Option<PersonalSignature>,
}

/// A page with a note and its twin without.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnotationPair {
    /// Page with the note.
    pub with_note: u32,
    /// Page without it.
    pub without_note: u32,
}

/// The operator's personal signature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonalSignature {
    /// Whether the file carries one.
    pub present: bool,
    /// Its certificate.
    #[serde(default)]
    pub cert_sha256: Option<String>,
}

/// Totals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Number of documents.
    #[serde(default)]
    pub documents: Option<u32>,
    /// Number of their files.
    #[serde(default)]
    pub files: Option<u32>,
    /// Number of pages in the files.
    #[serde(default)]
    pub pages: Option<u32>,
    /// Bytes of the files.
    #[serde(default)]
    pub bytes: Option<u64>,
}

/// The partner's signature over the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Algorithm, as JWS names it.
    pub alg: String,
    /// Identifier of the key.
    pub kid: String,
    /// Detached JWS.
    pub jws_detached: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_manifest_to_its_last_field() {
        let example: serde_json::Value =
            serde_json::from_str(include_str!("../deploy/manifest.example.json")).unwrap();
        let manifest: Manifest = serde_json::from_value(example.clone()).unwrap();
        let read = serde_json::to_value(manifest).unwrap();
        assert_eq!(without_nulls(read), example);
    }

    fn without_nulls(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(fields) => {
                let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
                fields.map(|(key, value)| (key, without_nulls(value))).collect()
            }
            serde_json::Value::Array(values) => values.into_iter().map(without_nulls).collect(),
            other => other,
        }
    }
}
