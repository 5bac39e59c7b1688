//! Composed documents that wait for release. They cost no memory and block nobody; signing resumes
//! from here, never from recognition.

use std::{collections::HashMap, path::Path};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use sohoa_flow::Fault;
use sohoa_schemas::record::{Part, Prepared};
use sohoa_store::{Store, classify, hash::sha256_file};
use uuid::Uuid;

use crate::{CameBy, STAGE, from_json, keys, read_json, survey::objects, to_json};

/// Name of the composed, unsigned document.
const COMPOSED: &str = "composed.pdf";
/// Name of its words with their places.
const ALTO: &str = "alto.xml";
/// Name of the state beside them, written last.
pub const PREPARED: &str = "prepared.json";

/// What a held document waits for: the agency's word.
pub const FOR_RELEASE: &str = "release";
/// The same: a time-stamp, which was not to be had.
pub const FOR_STAMP: &str = "timestamp";
/// The same: the token with the key, which was away or did not answer.
pub const FOR_TOKEN: &str = "token";
/// The same: word from the authorities that no certificate was revoked.
pub const FOR_EVIDENCE: &str = "evidence";

/// Stores the composed document and its words with their places, then the state that makes it held;
/// answers with that state.
pub async fn hold(
    output: &Store,
    (composed, alto): (&Path, &Path),
    mut prepared: Prepared,
) -> Result<Prepared, Fault> {
    let at = (prepared.record.source_uid, prepared.record.version);
    let document = ("document", COMPOSED, "application/pdf");
    prepared.composed = Some(part(output, composed, at, document).await?);
    let layout = ("alto", ALTO, "application/xml");
    prepared.alto = Some(part(output, alto, at, layout).await?);
    keep(output, &prepared).await?;
    Ok(prepared)
}

async fn part(
    output: &Store,
    file: &Path,
    (source, version): (Uuid, i32),
    (role, name, media_type): (&str, &str, &str),
) -> Result<Part, Fault> {
    let hash = sha256_file(file).map_err(|error| Fault::retry(STAGE, error))?;
    let key = keys::work(source, version, name);
    let size = output.put_file(STAGE, &key, file, &hash).await?;
    Ok(Part { role: role.into(), key, size, sha256: hash, media_type: media_type.into() })
}

/// Writes the state of a held document, over what was there.
pub async fn keep(output: &Store, prepared: &Prepared) -> Result<(), Fault> {
    let (source, version) = (prepared.record.source_uid, prepared.record.version);
    output.put(STAGE, &keys::work(source, version, PREPARED), to_json(prepared)?).await
}

/// Adds to the held state at `key` the message the source came by, so that it can be sent again when
/// the clerk refuses it. One that was decided meanwhile stays away.
pub async fn remember(
    output: &Store,
    key: &str,
    CameBy { message, position, traceparent }: CameBy<'_>,
) -> Result<(), Fault> {
    let add = |held: Prepared| {
        if held.position.as_ref() == Some(position) {
            return None;
        }
        let message = Some(Box::new(message.clone()));
        let (position, traceparent) = (Some(position.clone()), traceparent.map(str::to_owned));
        Some(Prepared { message, position, traceparent, ..held })
    };
    change(output, key, add).await
}

/// Changes the held state at `key`, if `to` answers with another. One that was decided meanwhile
/// stays away.
pub async fn change(
    output: &Store,
    key: &str,
    to: impl Fn(Prepared) -> Option<Prepared> + Sync,
) -> Result<(), Fault> {
    let change = |bytes: Option<Bytes>| {
        let Some(bytes) = bytes else { return Ok(None) };
        to(from_json(key, &bytes)?).as_ref().map(to_json).transpose()
    };
    output.update(STAGE, key, change).await
}

/// The held state of a source, if it is held.
pub async fn find(output: &Store, source: Uuid, version: i32) -> Result<Option<Prepared>, Fault> {
    read_json(output, &keys::work(source, version, PREPARED)).await
}

/// The held state of a source, whatever version it is of.
pub async fn of(output: &Store, source: Uuid) -> Result<Option<Prepared>, Fault> {
    let mut listing = std::pin::pin!(objects(output, &format!("{}/{source}", keys::WORK)));
    let mut found = None;
    while let Some(meta) = listing.try_next().await? {
        if meta.location.filename() == Some(PREPARED) {
            found = read_json(output, meta.location.as_ref()).await?.or(found);
        }
    }
    Ok(found)
}

/// Clears a held state, the deciding object first, once the record is published.
pub async fn clear(output: &Store, source: Uuid, version: i32) -> Result<(), Fault> {
    for name in [PREPARED, COMPOSED, ALTO] {
        let key = keys::work(source, version, name);
        output.remove(&key).await.map_err(|error| classify(STAGE, error))?;
    }
    Ok(())
}

/// Documents that are held, and since when the oldest of them. The age is the composed document's: the
/// state beside it is written again whenever the same bytes come again.
pub async fn waiting(output: &Store) -> Result<(u64, Option<DateTime<Utc>>), Fault> {
    let mut listing = std::pin::pin!(objects(output, keys::WORK));
    let mut waiting = Waiting::default();
    while let Some(meta) = listing.try_next().await? {
        waiting.see(&meta.location, meta.last_modified);
    }
    Ok((waiting.documents, waiting.oldest))
}

/// What a listing says of held documents, in whatever order.
#[derive(Debug, Default)]
struct Waiting {
    documents: u64,
    oldest: Option<DateTime<Utc>>,
    /// Of versions whose other object was not listed yet: whether it is held, and its time.
    half: HashMap<String, Option<DateTime<Utc>>>,
}

impl Waiting {
    fn see(&mut self, key: &object_store::path::Path, time: DateTime<Utc>) {
        let composed = match key.filename() {
            Some(PREPARED) => None,
            Some(COMPOSED) => Some(time),
            _ => return,
        };
        self.documents += u64::from(composed.is_none());
        let version = key.as_ref().rsplit_once('/').map_or("", |(version, _)| version);
        match self.half.remove(version) {
            None => drop(self.half.insert(version.to_owned(), composed)),
            Some(other) => {
                let time = composed.or(other).unwrap_or(time);
                self.oldest = Some(self.oldest.map_or(time, |oldest| oldest.min(time)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_document_is_as_old_as_what_was_composed() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let mut waiting = Waiting::default();
        let mut see = |key: &str, seconds| waiting.see(&key.into(), at(seconds));
        see("work/a/v1/alto.xml", 1);
        see("work/a/v1/composed.pdf", 20);
        see("work/a/v1/prepared.json", 90);
        see("work/b/v2/prepared.json", 80);
        see("work/b/v2/composed.pdf", 10);
        // An interruption left it, and nobody waits for it.
        see("work/c/v1/composed.pdf", 5);
        assert_eq!((waiting.documents, waiting.oldest), (2, Some(at(10))));
    }
}
