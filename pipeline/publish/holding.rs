//! Composed documents that wait for release. They cost no memory and block nobody; signing resumes
//! from here, never from recognition.

use std::path::Path;

use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use sohoa_flow::Fault;
use sohoa_schemas::record::{Part, Prepared};
use sohoa_store::{Store, classify, hash::sha256_file};
use uuid::Uuid;

use crate::{STAGE, keys, read_json, survey::objects, to_json};

/// Name of the composed, unsigned document.
const COMPOSED: &str = "composed.pdf";
/// Name of the state beside it, written last.
const PREPARED: &str = "prepared.json";

/// Stores the composed document, then the state that makes it held; answers where the document is.
pub async fn hold(output: &Store, composed: &Path, prepared: &Prepared) -> Result<Part, Fault> {
    let (source, version) = (prepared.record.source_uid, prepared.record.version);
    let hash = sha256_file(composed).map_err(|error| Fault::retry(STAGE, error))?;
    let key = keys::work(source, version, COMPOSED);
    let size = output.put_file(STAGE, &key, composed, &hash).await?;
    let media_type = "application/pdf".into();
    let part = Part { role: "document".into(), key, size, sha256: hash, media_type };
    keep(output, &Prepared { composed: Some(part.clone()), ..prepared.clone() }).await?;
    Ok(part)
}

/// Writes the state of a held document, over what was there.
pub async fn keep(output: &Store, prepared: &Prepared) -> Result<(), Fault> {
    let (source, version) = (prepared.record.source_uid, prepared.record.version);
    output.put(STAGE, &keys::work(source, version, PREPARED), to_json(prepared)?).await
}

/// The held state of a source, if it is held.
pub async fn find(output: &Store, source: Uuid, version: i32) -> Result<Option<Prepared>, Fault> {
    read_json(output, &keys::work(source, version, PREPARED)).await
}

/// Clears a held state, the deciding object first, once the record is published.
pub async fn clear(output: &Store, source: Uuid, version: i32) -> Result<(), Fault> {
    for name in [PREPARED, COMPOSED] {
        let key = keys::work(source, version, name);
        output.remove(&key).await.map_err(|error| classify(STAGE, error))?;
    }
    Ok(())
}

/// Documents that are held, and since when the oldest of them.
pub async fn waiting(output: &Store) -> Result<(u64, Option<DateTime<Utc>>), Fault> {
    let mut listing = std::pin::pin!(objects(output, keys::WORK));
    let (mut documents, mut oldest) = (0, None);
    while let Some(meta) = listing.try_next().await? {
        if meta.location.filename() == Some(PREPARED) {
            documents += 1;
            oldest = Some(
                oldest.map_or(meta.last_modified, |at: DateTime<Utc>| at.min(meta.last_modified)),
            );
        }
    }
    Ok((documents, oldest))
}
