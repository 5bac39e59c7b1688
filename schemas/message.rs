//! The messages on the topics, as JSON: what is to be made, what became of it, what was refused.
//!
//! Each carries `CloudEvents` headers (`ce_type`, `ce_id`, …). A message of a version or form that is
//! not known is a dead letter, never a crash; fields that are not known are refused, so that none is
//! lost unseen.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    code::Code,
    manifest::{self, Manifest},
    record::Released,
    rows::Outcome,
};

/// Version of all message formats here.
pub const VERSION: i16 = 1;

/// `ce_type` of a [`Submission`].
pub const SUBMISSION_TYPE: &str = "vn.sohoa.submission.v1";
/// `ce_type` of a [`Release`].
pub const RELEASE_TYPE: &str = "vn.sohoa.release.v1";
/// `ce_type` of a [`DocumentEvent`].
pub const DOCUMENT_TYPE: &str = "vn.sohoa.document.v1";
/// `ce_type` of a [`DeadLetter`].
pub const DEAD_LETTER_TYPE: &str = "vn.sohoa.deadletter.v1";

/// On the live and the bulk topic: one document that is to be made. The key is the dossier's uid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// 1.
    pub schema_version: i16,
    /// The backfill or upload it belongs to: 1 to 100 letters, digits, dots, dashes and underlines,
    /// beginning with a letter or digit.
    #[serde(default)]
    pub submission: Option<String>,
    /// Name of the input under which the files lie; the worker knows its address.
    pub input: String,
    /// Its dossier.
    pub dossier: SubmittedDossier,
    /// Place in the dossier, from 1.
    pub ordinal: u32,
    /// Its files in page order; empty only when it is refused.
    pub files: Vec<SubmittedFile>,
    /// Addresses of what belongs to it and can never be read.
    #[serde(default)]
    pub absent: Vec<String>,
    /// What the manifest says of it.
    #[serde(default)]
    pub declared: Option<manifest::Document>,
    /// Why it is to be refused unread.
    #[serde(default)]
    pub refused: Option<SubmittedRefusal>,
}

/// On the live and the bulk topic in place of a [`Submission`] that is too large for a message: it
/// lies in the output at `messages/<first two digits>/<sha256>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoredSubmission {
    /// 1.
    pub schema_version: i16,
    /// The submission's JSON.
    pub stored: StoredBody,
}

/// An object that is named by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoredBody {
    /// SHA-256 in hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
}

/// What the documents of a dossier share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmittedDossier {
    /// Its identity.
    pub uid: Uuid,
    /// Its folder in the input.
    pub folder: String,
    /// Documents that were submitted of it.
    #[serde(default)]
    pub documents_expected: Option<u32>,
    /// Its manifest without the documents; of the owner's identifiers the province's own keyed hash
    /// alone.
    #[serde(default)]
    pub manifest: Option<Manifest>,
}

/// A file as the store listed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmittedFile {
    /// Key in the input.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Entity tag.
    #[serde(default)]
    pub etag: Option<String>,
    /// Last change.
    pub modified_at: DateTime<Utc>,
    /// What the manifest says of it.
    #[serde(default)]
    pub declared: Option<manifest::File>,
}

/// Why a document is to be refused unread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmittedRefusal {
    /// The code.
    pub code: Code,
    /// What is wrong.
    pub error: String,
}

/// On the releases topic: an agency's word on one held document. The key is the source's uid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// 1.
    pub schema_version: i16,
    /// The source that is held.
    pub source_uid: Uuid,
    /// Version that was decided on; another one waits for its own decision.
    #[serde(default)]
    pub version: Option<i32>,
    /// SHA-256 of the composed PDF that was decided on.
    #[serde(default)]
    pub composed_sha256: Option<String>,
    /// Whether it may be signed.
    pub verdict: Verdict,
    /// Why not; free text without personal data.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who says so.
    pub released: Released,
}

/// What an agency says of a held document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may be signed.
    Approve,
    /// It may not.
    Reject,
}

/// On the documents topic: what became of a document. Points at the object, does not repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentEvent {
    /// 1.
    pub schema_version: i16,
    /// The document's source.
    pub source_uid: Uuid,
    /// Its dossier.
    pub dossier_uid: Uuid,
    /// The backfill or upload it belongs to.
    #[serde(default)]
    pub submission: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Key of the object that holds the rows, under the output.
    pub key: String,
    /// SHA-256 of that object as it was announced; a quarantine entry may be written anew later.
    pub sha256: String,
    /// Pages by outcome.
    pub pages: EventPages,
    /// Why, when it was refused.
    #[serde(default)]
    pub code: Option<Code>,
    /// When its outcome was settled.
    pub settled_at: DateTime<Utc>,
}

/// Pages by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventPages {
    /// In the record.
    pub published: u32,
    /// Refused.
    pub quarantined: u32,
    /// Waiting for release.
    pub held: u32,
}

impl EventPages {
    /// All of them.
    pub fn total(&self) -> u64 {
        [self.published, self.quarantined, self.held].into_iter().map(u64::from).sum()
    }
}

/// On the dead-letters topic: a document or message that was refused. The entry under
/// `quarantine/` is what counts; this announces it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    /// 1.
    pub schema_version: i16,
    /// Key of the quarantine entry, under the output.
    pub key: String,
    /// The code.
    pub code: Code,
    /// Stage that refused it.
    pub stage: String,
    /// The backfill or upload it belongs to.
    #[serde(default)]
    pub submission: Option<String>,
    /// The message it came by.
    pub position: MessagePosition,
    /// When.
    pub at: DateTime<Utc>,
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessagePosition {
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
}
