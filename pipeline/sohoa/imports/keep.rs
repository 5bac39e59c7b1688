//! An accepted import becomes an object, once.

use futures::TryStreamExt as _;
use sohoa_publish::survey;
use sohoa_registers::{Import, Kind, import};
use sohoa_schemas::registers::ImportHeader;
use sohoa_store::{Created, Store, classify, hash::sha256};

use super::STAGE;
use crate::exit::{Exit, Failure};

/// What became of an import.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Its key.
    pub(crate) key: String,
    /// Whether the same rows were imported before: then nothing was written.
    pub(crate) existed: bool,
}

/// Keeps an import, unless the same rows are kept already.
pub(crate) async fn keep(
    store: &Store,
    mut header: ImportHeader,
    rows: &sohoa_registers::Rows,
) -> Result<Kept, Failure> {
    let internal = |error: &serde_json::Error| Failure::from_error(Exit::Internal, error);
    let kind = rows.kind();
    let lines = import::lines(rows).map_err(|error| internal(&error))?;
    // Where rows name no day the file's day counts, so it is part of what was said.
    header.rows_sha256 = sha256(format!("{} {lines}", header.as_of).as_bytes());
    let held = keys(store, kind).await?;
    let same = |key: &&String| import::rows_hash(key) == Some(header.rows_sha256.as_str());
    // Dossiers and events that come again say nothing new; of the others an import may take back what
    // came after its first time.
    let in_order = !matches!(kind, Kind::Dossiers | Kind::Events);
    let from = if in_order { held.len().saturating_sub(1) } else { 0 };
    if let Some(key) = held[from..].iter().find(same) {
        return Ok(Kept { key: key.clone(), existed: true });
    }
    let key = import::key(kind, header.imported_at, &header.rows_sha256);
    let object = import::object(&header, &lines).map_err(|error| internal(&error))?;
    let created = store.create(STAGE, &key, object.into()).await?;
    Ok(Kept { existed: created != Created::New, key })
}

/// Keys of all imports of a kind, in the order of acceptance.
pub(super) async fn keys(store: &Store, kind: Kind) -> Result<Vec<String>, Failure> {
    let listing = survey::objects(store, &import::folder(kind));
    let mut keys: Vec<String> = listing
        .map_ok(|object| object.location.to_string())
        .try_filter(|key| std::future::ready(import::rows_hash(key).is_some()))
        .try_collect()
        .await
        .map_err(Failure::from)?;
    keys.sort();
    Ok(keys)
}

/// Reads an import.
pub(crate) async fn load(store: &Store, key: &str) -> Result<Import, Failure> {
    let bytes = store.get(key).await.map_err(|error| Failure::from(classify(STAGE, error)))?;
    let bytes = bytes.ok_or_else(|| {
        Failure::new(Exit::CheckFailed, format!("the import `{key}` is gone"))
            .hint("restore it from a backup: the reference tables are made from imports")
    })?;
    import::parse(key, &bytes).map_err(|error| {
        Failure::from_error(Exit::CheckFailed, &error)
            .hint("restore the object from a backup: accepted imports never change")
    })
}
