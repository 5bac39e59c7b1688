//! Documents whose message would be larger than brokers take: the body lies in the output, and the
//! message names it by its hash.
//!
//! A document of thousands of files, each with what its manifest says, is megabytes of JSON, while
//! a topic takes one unless its administrator says otherwise. What is stored stays for as long as
//! its message may wait in a lane or be sent again; then `sohoa sweep` removes it.

use bytes::Bytes;
use sohoa_flow::{
    FatalKind, Fault,
    retry::{Policy, retry},
};
use sohoa_schemas::message::{StoredBody, StoredSubmission, Submission, VERSION};
use sohoa_store::{Store, classify, hash::sha256};

use crate::connect::STAGE;

/// Largest body of a message: what is stored for a topic that takes 1 MiB, its headers included.
pub(crate) const LARGEST: usize = 768 << 10;

/// Largest body that is read: a million files, far beyond any document.
const LARGEST_STORED: u64 = 512 << 20;

/// Folder of stored bodies in the output.
pub const FOLDER: &str = "messages";

/// A message that gives no document.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no submission.
    #[error("The message is not a submission: {0}")]
    NotOne(#[source] serde_json::Error),
    /// Its version is not known here.
    #[error("The message has schema_version {0}, and only {VERSION} is known")]
    Version(i16),
    /// What it names is not there, or is something else.
    #[error("The message's body should lie at `{0}` in the output, and does not")]
    Body(String),
    /// The store does not answer.
    #[error("The message's body cannot be read")]
    Store(Fault),
}

/// Puts a body into the output; what the message says instead of it.
pub(crate) async fn put(output: &Store, payload: Vec<u8>) -> Result<Vec<u8>, Fault> {
    let sha256 = sha256(&payload);
    let (key, bytes) = (key(&sha256), Bytes::from(payload));
    let size = bytes.len() as u64;
    retry(Policy::default(), || output.put(STAGE, &key, bytes.clone())).await?;
    let stored = StoredBody { sha256, size };
    serde_json::to_vec(&StoredSubmission { schema_version: VERSION, stored })
        .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))
}

/// The submission of a message, from its body or from where that lies.
///
/// # Errors
/// The message is to be refused, unless it is the store that does not answer.
pub async fn submission(output: &Store, payload: &[u8]) -> Result<Submission, Unreadable> {
    let error = match serde_json::from_slice(payload) {
        Ok(submission) => return Ok(submission),
        Err(error) => error,
    };
    let Ok(StoredSubmission { schema_version, stored }) = serde_json::from_slice(payload) else {
        return Err(Unreadable::NotOne(error));
    };
    if schema_version != VERSION {
        return Err(Unreadable::Version(schema_version));
    }
    let body = body(output, &stored).await?;
    serde_json::from_slice(&body).map_err(Unreadable::NotOne)
}

/// Where the body of a message lies in the output; none of a message that holds its own.
pub fn key_of(payload: &[u8]) -> Option<String> {
    let named = serde_json::from_slice::<StoredSubmission>(payload).ok()?;
    Some(key(&named.stored.sha256))
}

/// A stored body, with its hash checked: a message comes from outside and may name anything.
async fn body(output: &Store, stored: &StoredBody) -> Result<Bytes, Unreadable> {
    let StoredBody { sha256: hash, size } = stored;
    let gone = || Unreadable::Body(key(hash));
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_hash || *size > LARGEST_STORED {
        return Err(gone());
    }
    let key = key(hash);
    let get = || async {
        if !output.holds(STAGE, &key, *size).await? {
            return Ok(None);
        }
        output.get(&key).await.map_err(|error| classify(STAGE, error))
    };
    let bytes = retry(Policy::default(), get).await.map_err(Unreadable::Store)?;
    bytes.filter(|bytes| sha256(bytes) == *hash).ok_or_else(gone)
}

fn key(sha256: &str) -> String {
    format!("{FOLDER}/{}/{sha256}.json", sha256.get(..2).unwrap_or("--"))
}

#[cfg(test)]
mod tests {
    use sohoa_store::Missing;

    use super::*;

    fn output() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        (folder, store)
    }

    const MESSAGE: &str = r#"{"schema_version":1,"input":"scans","ordinal":1,
        "dossier":{"uid":"7ff95965-b70b-59f7-bd3c-a312d92f8ffc","folder":"a"},
        "files":[{"key":"a/1.tif","size":1,"modified_at":"2026-11-20T01:15:02Z"}]}"#;

    #[tokio::test]
    async fn a_body_comes_back_from_the_message_or_from_the_output() {
        let (_folder, output) = output();
        let plain = submission(&output, MESSAGE.as_bytes()).await.unwrap();
        let stored = put(&output, MESSAGE.as_bytes().to_vec()).await.unwrap();
        assert!(stored.len() < 200);
        assert_eq!(key_of(&stored), Some(key(&sha256(MESSAGE.as_bytes()))));
        assert_eq!(key_of(MESSAGE.as_bytes()), None);
        assert_eq!(submission(&output, &stored).await.unwrap(), plain);
    }

    #[tokio::test]
    async fn what_is_not_there_as_named_is_refused() {
        let (folder, output) = output();
        let stored = put(&output, MESSAGE.as_bytes().to_vec()).await.unwrap();
        let hash = sha256(MESSAGE.as_bytes());
        let said = |message: Vec<u8>| {
            let output = output.clone();
            async move { submission(&output, &message).await.unwrap_err().to_string() }
        };
        assert!(said(b"not json".to_vec()).await.contains("not a submission"));
        let newer = br#"{"schema_version":9,"stored":{"sha256":"00","size":1}}"#;
        assert!(said(newer.to_vec()).await.contains("schema_version 9"));
        let elsewhere = br#"{"schema_version":1,"stored":{"sha256":"../../x","size":1}}"#;
        assert!(said(elsewhere.to_vec()).await.contains("does not"));
        std::fs::write(folder.path().join(key(&hash)), MESSAGE.replace("a/1", "b/1")).unwrap();
        assert!(said(stored.clone()).await.contains(&hash), "other bytes of the same size");
        std::fs::remove_file(folder.path().join(key(&hash))).unwrap();
        assert!(said(stored).await.contains(&hash));
    }
}
