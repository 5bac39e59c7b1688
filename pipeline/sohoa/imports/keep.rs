//! An accepted import becomes an object, once.

use std::collections::HashMap;

use futures::TryStreamExt as _;
use sohoa_publish::survey;
use sohoa_registers::{Import, Kind, Rows, import};
use sohoa_schemas::registers::{DossierRow, ImportHeader};
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
    rows: &Rows,
) -> Result<Kept, Failure> {
    let internal = |error: &serde_json::Error| Failure::from_error(Exit::Internal, error);
    let kind = rows.kind();
    let lines = import::lines(rows).map_err(|error| internal(&error))?;
    // Where rows name no day the file's day counts, so it is part of what was said.
    header.rows_sha256 = sha256(format!("{} {lines}", header.as_of).as_bytes());
    let held = keys(store, kind).await?;
    let same = |key: &&String| import::rows_hash(key) == Some(header.rows_sha256.as_str());
    // Events that come again say nothing new; of the others an import may take back what came after
    // its first time. Where one of dossiers is empty it takes nothing back.
    let existing = match (rows, held.iter().rposition(|key| same(&key))) {
        (Rows::Events(_), Some(at)) => Some(&held[at]),
        (Rows::Dossiers(rows), Some(at)) => {
            let is_taken_back = contradicted(store, rows, &held[at + 1..]).await?;
            Some(&held[at]).filter(|_| !is_taken_back)
        }
        (_, Some(at)) if at + 1 == held.len() => Some(&held[at]),
        _ => None,
    };
    if let Some(key) = existing {
        return Ok(Kept { key: key.clone(), existed: true });
    }
    let key = import::key(kind, header.imported_at, &header.rows_sha256);
    let object = import::object(&header, &lines).map_err(|error| internal(&error))?;
    let created = store.create(STAGE, &key, object.into()).await?;
    Ok(Kept { existed: created != Created::New, key })
}

/// Whether a later import says otherwise of one of these dossiers, and of the same day: that of another
/// day decides whichever came first.
async fn contradicted(
    store: &Store,
    rows: &[DossierRow],
    later: &[String],
) -> Result<bool, Failure> {
    let said: HashMap<&str, &DossierRow> =
        rows.iter().map(|row| (row.dossier_code.as_str(), row)).collect();
    for key in later {
        let Rows::Dossiers(others) = load(store, key).await?.rows else { continue };
        let is_other = |other: &DossierRow| {
            let row = said.get(other.dossier_code.as_str());
            row.is_some_and(|row| row.listed_at == other.listed_at && **row != *other)
        };
        if others.iter().any(is_other) {
            return Ok(true);
        }
    }
    Ok(false)
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
