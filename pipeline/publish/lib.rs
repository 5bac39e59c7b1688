//! Objects, and the one moment of publication.
//!
//! Signatures and times differ between two attempts at the same work, so fixed keys alone cannot
//! make a retry harmless. One object decides: an attempt writes its parts under its own prefix and
//! then *creates* `record.json`. Whoever creates it has published; a loser removes its own parts
//! and goes by the winner's record. Parts that no record names are garbage.
//!
//! * `keys`: where everything lies.
//! * `original`: the files as received, by their hash.
//! * `evidence`: what authorities said of signers, by its hash.
//! * `publication`: parts, then the record.
//! * `holding`: composed documents that wait for release.
//! * `quarantine`: refusals.
//! * `garbage`: what of it nobody will ever name.
//! * `survey`: listing what is there, for the audit and for rebuilding the index.

mod came_by;
pub mod evidence;
pub mod garbage;
pub mod holding;
pub mod keys;
pub mod original;
pub mod publication;
pub mod quarantine;
pub mod survey;
pub mod trail;

pub use came_by::CameBy;
pub use publication::Published;

/// Name of this stage in errors.
pub const STAGE: &str = "publish";

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use sohoa_flow::{FatalKind, Fault};
use sohoa_schemas::Code;
use sohoa_store::{Store, classify};

/// JSON as it is stored: one line a small object, so that a human can still read it with any tool.
fn to_json<T: Serialize>(value: &T) -> Result<Bytes, Fault> {
    let text = serde_json::to_vec_pretty(value);
    text.map(Bytes::from).map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))
}

/// A stored object that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("`{key}` is not what this version of the program writes")]
struct Unreadable {
    key: String,
    #[source]
    source: serde_json::Error,
}

async fn read_json<T: DeserializeOwned>(output: &Store, key: &str) -> Result<Option<T>, Fault> {
    let bytes = output.get(key).await.map_err(|error| classify(STAGE, error))?;
    bytes.map(|bytes| from_json(key, &bytes)).transpose()
}

/// An object that is damaged, or of another program: it concerns one source and stops no other.
fn from_json<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(bytes).map_err(|source| {
        let error = Unreadable { key: key.to_owned(), source };
        Fault::reject(Code::X01StageFailed, STAGE, error)
    })
}
