//! `ledger/<submission>/`: what a backfill was told to submit, what it has submitted, and where it
//! goes on.
//!
//! A chunk is written after the broker has all of its messages, so what no chunk holds may have
//! been submitted, and what a chunk holds certainly was. Chunks of a submission are numbered from 1
//! without gaps and have no document in common.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::code::Code;

/// Version of all formats here.
pub const VERSION: i16 = 1;

/// `ledger/<submission>/plan.json`: what is to be submitted. Never changes once it is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// 1.
    pub schema_version: i16,
    /// The submission.
    pub submission: String,
    /// What it was told.
    pub order: Order,
    /// When it was begun.
    pub begun_at: DateTime<Utc>,
}

/// What a backfill was told; two that differ are two submissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Name of the input.
    pub input: String,
    /// Its address, without credentials.
    pub address: String,
    /// Code of the agency that names dossiers without a code.
    pub agency: Option<String>,
    /// `auto`, `flat`, `folders` or `manifest`.
    pub layout: String,
    /// Globs of the files that are taken; none for all.
    pub include: Vec<String>,
    /// Globs of the files that are not.
    pub exclude: Vec<String>,
    /// Documents at most.
    pub limit: Option<u64>,
    /// Topic they go to.
    pub topic: String,
}

/// `ledger/<submission>/<number>.json`: documents that were submitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// 1.
    pub schema_version: i16,
    /// The submission.
    pub submission: String,
    /// From 1.
    pub number: u64,
    /// Its documents, in the order of the input.
    pub documents: Vec<ChunkDocument>,
    /// The place in the input of the last of them.
    pub position: Position,
    /// Where the broker has the messages of this chunk and all before it, by partition. Once the
    /// workers have committed every `next`, all of them have their answer.
    pub delivered: Vec<DeliveredRange>,
    /// Totals of this chunk and all before it.
    pub totals: Totals,
    /// When it was written.
    pub written_at: DateTime<Utc>,
}

/// A submitted document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChunkDocument {
    /// Its dossier.
    pub dossier_uid: Uuid,
    /// Place in the dossier, from 1.
    pub ordinal: u32,
    /// Its files in page order.
    pub files: Vec<ChunkFile>,
    /// Addresses of what belongs to it and can never be read.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Why it is to be refused unread.
    #[serde(default)]
    pub refused: Option<Code>,
}

/// A file as it was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChunkFile {
    /// Key in the input.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// Entity tag.
    #[serde(default)]
    pub etag: Option<String>,
    /// Last change.
    pub modified_at: DateTime<Utc>,
}

/// A place in the order of the input: behind a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Folder whose listing gave the document, relative to the input; empty for the input itself.
    pub folder: String,
    /// First address of the document.
    pub address: String,
    /// Place among that folder's documents, from 0, when the position was taken.
    pub index: u64,
}

/// A submission's messages in one partition. Others may stand between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveredRange {
    /// Partition.
    pub partition: i32,
    /// Offset of the first.
    pub first: i64,
    /// Offset behind the last.
    pub next: i64,
    /// How many.
    pub messages: u64,
}

/// What was submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Documents.
    pub documents: u64,
    /// Files of them that are there.
    pub files: u64,
    /// Bytes of those files.
    pub bytes: u64,
    /// Documents that are to be refused unread.
    pub refused: u64,
}

/// `ledger/<submission>/done.json`: everything is submitted. What came of it, the index says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// 1.
    pub schema_version: i16,
    /// The submission.
    pub submission: String,
    /// Chunks written.
    pub chunks: u64,
    /// What was submitted.
    pub totals: Totals,
    /// Whether the limit ended it before the input did.
    pub limited: bool,
    /// When it ended.
    pub done_at: DateTime<Utc>,
}
