//! `record.json`: the object whose creation *is* publication, and its siblings.
//!
//! Everything the index shows of a document stands here, so that the index can be rebuilt from the
//! records alone.

use chrono::{DateTime, FixedOffset, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    code::Code,
    events::EventRow,
    message::{MessagePosition, Submission},
    rows::{DocumentRow, FindingRow, IntakeRow, PageRow, PageTextRow, SignatureRow},
};

/// One stored object that a record vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// `document`, `text`, `alto`, `original`, or `evidence`: what the authorities said of the signer
    /// before the document was signed, where it does not hold that itself.
    pub role: String,
    /// Key under the output, e.g. `originals/ab/ab12…`.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// Media type.
    pub media_type: String,
}

/// The complete index rows of one source.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rows {
    /// One row a document (segment) of the source.
    pub documents: Vec<DocumentRow>,
    /// One row a page.
    pub pages: Vec<PageRow>,
    /// One row a page with text.
    pub page_text: Vec<PageTextRow>,
    /// One row a signature found or made.
    pub signatures: Vec<SignatureRow>,
    /// One row a finding.
    pub findings: Vec<FindingRow>,
    /// One row a received file.
    pub intake: Vec<IntakeRow>,
    /// Events that the objects themselves do not tell; those that they tell are read off them on
    /// the way to the index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventRow>,
}

impl Rows {
    /// Adds the rows of another source, or of another object of the same.
    pub fn extend(&mut self, other: Self) {
        self.documents.extend(other.documents);
        self.pages.extend(other.pages);
        self.page_text.extend(other.page_text);
        self.signatures.extend(other.signatures);
        self.findings.extend(other.findings);
        self.intake.extend(other.intake);
        self.events.extend(other.events);
    }
}

/// One value that a person set by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Amendment {
    /// The document.
    pub document_uid: Uuid,
    /// The column.
    pub field: String,
    /// What stood there in the version before; none where nothing did.
    pub before: Option<String>,
    /// What stands there now; none where the value was wrong and the right one cannot be read.
    pub value: Option<String>,
    /// Who set it.
    pub who: String,
    /// Why, as the person wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// `documents/<uu>/<uid>/v<version>/record.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Version of this format.
    pub schema_version: i16,
    /// The source this is the record of; equals the first document's uid.
    pub source_uid: Uuid,
    /// The dossier it belongs to.
    pub dossier_uid: Uuid,
    /// 1, or one more for each reprocessing or amendment.
    pub version: i32,
    /// Start of the hash of its parts' hashes: the prefix under which this attempt's parts lie. An
    /// amended version names the parts of the version before it, and has its attempt.
    pub attempt: String,
    /// Hash of the configuration that made it.
    pub config_sha256: String,
    /// Month the index files it under, `2026-11`; from the first publication, never from a later clock.
    pub ingest_month: String,
    /// Province the index files it under.
    pub province: String,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// Every object that belongs to it; those of an amended version lie where the version before
    /// put them.
    pub parts: Vec<Part>,
    /// What was set by hand in this version; what was before stands in the versions before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amendments: Vec<Amendment>,
    /// Who let it be signed; none where a written delegation does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Released>,
    /// Its index rows.
    pub rows: Rows,
}

/// A clerk's word that a document may be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// Who.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Name of the batch that was released together, or the number of its minutes.
    pub reference: String,
}

/// `work/<uid>/v<version>/prepared.json`: a composed document that waits for its signature.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prepared {
    /// The record as it will be, without the signed document's part, hash and signature row.
    pub record: Record,
    /// Key of the composed, unsigned PDF; `None` when the original is the record.
    pub composed: Option<Part>,
    /// Key of its words with their places, as ALTO.
    #[serde(default)]
    pub alto: Option<Part>,
    /// The lines of the signature's appearance but for the time.
    pub appearance: Vec<String>,
    /// What is printed in that corner of page 1: left, top, width and height of each word in points,
    /// on the page as it is displayed. The appearance keeps clear of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub printed: Vec<[f32; 4]>,
    /// When it was composed, in the province's time.
    pub composed_at: DateTime<FixedOffset>,
    /// What it waits for: `release`, `token`, `timestamp` or `evidence`.
    pub waiting_for: String,
    /// The message it came by, if it came by one: refused, it can be sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Box<Submission>>,
    /// Where that message stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<MessagePosition>,
    /// Its `traceparent`: sent again, it is of the same trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// `quarantine/messages/<topic>/<partition>-<offset>.json`: a message that is no submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BrokenMessage {
    /// Version of this format.
    pub schema_version: i16,
    /// The code.
    pub code: Code,
    /// What was wrong and what to do.
    pub sentence: String,
    /// Where it stood.
    pub position: MessagePosition,
    /// Its key, Base64; none of a message without one.
    #[serde(default)]
    pub key_base64: Option<String>,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body as it came, Base64.
    pub payload_base64: String,
    /// When it was refused.
    pub quarantined_at: DateTime<Utc>,
    /// When it was last sent again; refused once more, it has an entry more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed_at: Option<DateTime<Utc>>,
}

/// `quarantine/<uu>/<source_uid>.json`: why a source was refused, and where it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quarantine {
    /// Version of this format.
    pub schema_version: i16,
    /// The refused source.
    pub source_uid: Uuid,
    /// Its dossier.
    pub dossier_uid: Uuid,
    /// The code.
    pub code: Code,
    /// What was wrong and what to do, for the scanning clerk.
    pub sentence: String,
    /// Stage that refused it.
    pub stage: String,
    /// The error and its causes, outermost first; no page text, no personal data.
    pub error_chain: Vec<String>,
    /// How often it was tried, as the errors say that refused it; the same refusal of the same bytes
    /// again counts once.
    pub attempts: i32,
    /// Where the bytes are: the files as received.
    pub sources: Vec<String>,
    /// Copies kept under `originals/`; empty for a secret paper.
    pub originals: Vec<Part>,
    /// Month the index files its rows under.
    pub ingest_month: String,
    /// Province the index files its rows under.
    pub province: String,
    /// When it was refused.
    pub quarantined_at: DateTime<Utc>,
    /// The message it came by, if it came by one, so that it can be sent again; none of a secret
    /// paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Submission>,
    /// Where that message stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<MessagePosition>,
    /// Its `traceparent`: sent again, it is of the same trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The partner that sent it, where its manifest says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// `postal`, `counter` or `bulk`; none where it was refused before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The backfill or upload it came with; none of `sohoa run`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<String>,
    /// Who refused it, where the agency's clerk did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_by: Option<Released>,
    /// `intake` and `findings` rows, and the events of refusals that this one replaces.
    pub rows: Rows,
}

/// `evidence/stamps.json`: how long the certificates last that the archive's signatures rest on, as the
/// last `sohoa timestamp` over all of it left them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArchiveStamps {
    /// Version of this format.
    pub schema_version: i16,
    /// When that was.
    pub seen_at: DateTime<Utc>,
    /// When the first of these certificates ends; none where no record rests on any.
    pub first_end: Option<DateTime<Utc>>,
}
