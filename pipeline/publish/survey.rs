//! Listing what is there: every object, and every record, refusal and held state.

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::{ObjectMeta, path::Path};
use sohoa_flow::Fault;
use sohoa_schemas::record::{Prepared, Quarantine, Record, Rows};
use sohoa_store::{Store, classify};

use crate::{STAGE, from_json, keys};

/// An object that rows come from.
#[derive(Debug)]
pub enum Entry {
    /// A further receipt of bytes that are published.
    Again(Rows),
    /// A composed document that waits.
    Held(Box<Prepared>),
    /// A refusal.
    Quarantined(Box<Quarantine>),
    /// A published document.
    Published(Box<Record>),
}

impl Entry {
    /// Its index rows.
    pub fn into_rows(self) -> Rows {
        match self {
            Self::Again(rows) => rows,
            // A held document has no row but its receipt: it is not in the record yet.
            Self::Held(held) => Rows { intake: held.record.rows.intake, ..Rows::default() },
            Self::Quarantined(entry) => entry.rows,
            Self::Published(record) => record.rows,
        }
    }
}

/// All objects below `prefix`.
pub fn objects(output: &Store, prefix: &str) -> impl Stream<Item = Result<ObjectMeta, Fault>> + use<> {
    let listing = output.objects().list(Some(&Path::from(prefix)));
    listing.map_err(|error| classify(STAGE, error))
}

/// Every object that rows come from, with its key, in no particular order; one in memory at a time.
pub fn entries(output: &Store) -> impl Stream<Item = Result<(String, Entry), Fault>> + '_ {
    let prefixes = [keys::DOCUMENTS, keys::QUARANTINE, keys::WORK];
    futures::stream::iter(prefixes)
        .flat_map(|prefix| objects(output, prefix))
        .try_filter(|meta| std::future::ready(decides(&meta.location)))
        .and_then(|meta| read(output, meta))
}

/// Whether an object holds rows.
fn decides(location: &Path) -> bool {
    let name = location.filename().unwrap_or_default();
    let first = location.parts().next();
    match first.as_ref().map(AsRef::as_ref) {
        Some(keys::DOCUMENTS) => name == keys::RECORD || name.starts_with("again-"),
        Some(keys::QUARANTINE) => name.ends_with(".json"),
        Some(keys::WORK) => name == "prepared.json",
        _ => false,
    }
}

async fn read(output: &Store, meta: ObjectMeta) -> Result<(String, Entry), Fault> {
    let key = meta.location.to_string();
    let bytes = output.get_path(&meta.location).await.map_err(|error| classify(STAGE, error))?;
    let bytes = bytes.unwrap_or_default();
    let entry = if key.starts_with(keys::QUARANTINE) {
        Entry::Quarantined(from_json(&key, &bytes)?)
    } else if key.starts_with(keys::WORK) {
        Entry::Held(from_json(&key, &bytes)?)
    } else if key.ends_with(keys::RECORD) {
        Entry::Published(from_json(&key, &bytes)?)
    } else {
        Entry::Again(from_json(&key, &bytes)?)
    };
    Ok((key, entry))
}
