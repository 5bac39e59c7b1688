//! Where everything lies under the output. No key holds a personal datum.

use uuid::Uuid;

/// Folder of the index's tables.
pub const INDEX: &str = "index";
/// Folder of the documents and their records.
pub const DOCUMENTS: &str = "documents";
/// Folder of the files as received.
pub const ORIGINALS: &str = "originals";
/// Folder of refusals.
pub const QUARANTINE: &str = "quarantine";
/// Folder of composed documents that wait.
pub const WORK: &str = "work";
/// Name of a record in its version's folder.
pub const RECORD: &str = "record.json";
/// Beginning of the names of further receipts.
pub const AGAIN: &str = "again-";
/// Folder of what proves: signed heads of the audit trail, by province, and what authorities said of
/// signers.
pub const EVIDENCE: &str = "evidence";
/// The embedded default's own root, the one thing the test authority leaves in the output.
pub const TEST_ROOT: &str = "trust/test-root.pem";

/// `originals/ab/<sha256>`.
pub fn original(sha256: &str) -> String {
    format!("{ORIGINALS}/{}/{sha256}", sha256.get(..2).unwrap_or("--"))
}

/// `documents/<uu>/<uid>/v<version>`.
pub fn version(source: Uuid, version: i32) -> String {
    format!("{DOCUMENTS}/{}/{source}/v{version}", shard(source))
}

/// `documents/<uu>/<uid>/v<version>/record.json`.
pub fn record(source: Uuid, number: i32) -> String {
    format!("{}/{RECORD}", version(source, number))
}

/// `documents/<uu>/<uid>/v<version>/<attempt>/<name>`.
pub fn part(source: Uuid, number: i32, attempt: &str, name: &str) -> String {
    format!("{}/{attempt}/{name}", version(source, number))
}

/// `documents/<uu>/<uid>/v1/again-<intake_uid>.json`: a further receipt of the same bytes.
pub fn again(source: Uuid, intake: Uuid) -> String {
    format!("{}/{AGAIN}{intake}.json", version(source, 1))
}

/// `quarantine/<uu>/<source_uid>.json`.
pub fn quarantine(source: Uuid) -> String {
    format!("{QUARANTINE}/{}/{source}.json", shard(source))
}

/// `evidence/<province>/heads/`: where a province's signed heads lie.
pub fn heads(province: &str) -> String {
    format!("{EVIDENCE}/{province}/heads/")
}

/// `evidence/<province>/heads/<number>.p7m`. One number is one head, so that of two processes that
/// sign at once one is first, and each head can name the one before it.
pub fn head(province: &str, number: i64) -> String {
    format!("{}{number:08}.p7m", heads(province))
}

/// `evidence/revocation/ab/<sha256>.p7c`: what the authorities said of a signer before he signed. All
/// documents that were signed by one answer name the same.
pub fn revocation(sha256: &str) -> String {
    format!("{EVIDENCE}/revocation/{}/{sha256}.p7c", sha256.get(..2).unwrap_or("--"))
}

/// What `sohoa timestamp` saw of the archive's stamps.
pub const STAMPS: &str = "evidence/stamps.json";

/// Where refused messages lie.
pub fn messages() -> String {
    format!("{QUARANTINE}/messages/")
}

/// `quarantine/messages/<topic>/<partition>-<offset>.json`: a message that is no submission.
pub fn message(topic: &str, partition: i32, offset: i64) -> String {
    format!("{}{topic}/{partition}-{offset}.json", messages())
}

/// `work/<uid>/v<version>/<name>`.
pub fn work(source: Uuid, version: i32, name: &str) -> String {
    format!("{WORK}/{source}/v{version}/{name}")
}

/// The first two hex digits spread millions of folders over 256; v5 uids are hashes.
fn shard(uid: Uuid) -> String {
    format!("{:02x}", uid.as_bytes()[0])
}
