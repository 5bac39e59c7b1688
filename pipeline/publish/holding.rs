//! Composed documents that wait for release. They cost no memory and block nobody; signing resumes
//! from here, never from recognition.
//!
//! Two workers may hold the same document at once, one of them taken for dead. As with records, each
//! writes its files under a prefix of its own and then *creates* the state that names them: whoever
//! is second goes by the first one's.

use std::{collections::HashMap, path::Path};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt as _;
use sohoa_flow::Fault;
use sohoa_schemas::record::{Part, Prepared};
use sohoa_store::{
    Created, Store, classify,
    hash::{sha256, sha256_file},
};
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

/// What came of holding.
#[derive(Debug)]
pub enum Holding {
    /// It is held by these files.
    Now(Box<Prepared>),
    /// Another was first; its state counts, our files are gone.
    Before,
}

/// Stores the composed document and its words with their places, then the state that makes it held.
pub async fn hold(
    output: &Store,
    (composed, alto): (&Path, &Path),
    mut prepared: Prepared,
) -> Result<Holding, Fault> {
    let hash = |file| sha256_file(file).map_err(|error| Fault::retry(STAGE, error));
    let hashes = [hash(composed)?, hash(alto)?];
    let attempt: String = sha256(hashes.concat().as_bytes()).chars().take(16).collect();
    let [composed_hash, alto_hash] = hashes;
    let (source, version) = (prepared.record.source_uid, prepared.record.version);
    let part = |(role, name, media_type): (&str, &str, &str), sha256| Part {
        role: role.into(),
        key: keys::work(source, version, &format!("{attempt}/{name}")),
        size: 0,
        sha256,
        media_type: media_type.into(),
    };
    let document = part(("document", COMPOSED, "application/pdf"), composed_hash);
    let layout = part(("alto", ALTO, "application/xml"), alto_hash);
    prepared.composed = Some(put(output, composed, document).await?);
    prepared.alto = Some(put(output, alto, layout).await?);
    let key = keys::work(source, version, PREPARED);
    let Created::Existed(bytes) = output.create(STAGE, &key, to_json(&prepared)?).await? else {
        return Ok(Holding::Now(Box::new(prepared)));
    };
    let first: Prepared = from_json(&key, &bytes)?;
    if is_same_reading(&first, &prepared) {
        return Ok(Holding::Now(Box::new(first)));
    }
    remove(output, files(&prepared)).await?;
    Ok(Holding::Before)
}

/// Whether both states name the same files: what was made of one reading.
pub fn is_same_reading(one: &Prepared, other: &Prepared) -> bool {
    (&one.composed, &one.alto) == (&other.composed, &other.alto)
}

async fn put(output: &Store, file: &Path, mut part: Part) -> Result<Part, Fault> {
    part.size = output.put_file(STAGE, &part.key, file, &part.sha256).await?;
    Ok(part)
}

/// The keys of a held document's own files.
fn files(prepared: &Prepared) -> impl Iterator<Item = &str> {
    prepared.composed.iter().chain(&prepared.alto).map(|part| part.key.as_str())
}

async fn remove(output: &Store, keys: impl Iterator<Item = &str>) -> Result<(), Fault> {
    for key in keys {
        output.remove(key).await.map_err(|error| classify(STAGE, error))?;
    }
    Ok(())
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
    change(output, key, add).await.map(drop)
}

/// Changes the held state at `key`, if `to` answers with another, and says what is held then. One
/// that was decided meanwhile stays away.
pub async fn change(
    output: &Store,
    key: &str,
    to: impl Fn(Prepared) -> Option<Prepared> + Sync,
) -> Result<Option<Prepared>, Fault> {
    let mut held: Option<Prepared> = None;
    let change = |bytes: Option<Bytes>| {
        held = bytes.map(|bytes| from_json(key, &bytes)).transpose()?;
        let Some(changed) = held.clone().and_then(&to) else { return Ok(None) };
        let json = to_json(&changed)?;
        held = Some(changed);
        Ok(Some(json))
    };
    output.update(STAGE, key, change).await?;
    Ok(held)
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

/// What a held document consists of, the deciding object first.
pub fn objects_of(prepared: &Prepared) -> Vec<String> {
    let (source, version) = (prepared.record.source_uid, prepared.record.version);
    let state = keys::work(source, version, PREPARED);
    [state].into_iter().chain(files(prepared).map(str::to_owned)).collect()
}

/// Clears a held document, once the record is published; `held` is what it consists of.
pub async fn clear(output: &Store, held: &[String]) -> Result<(), Fault> {
    remove(output, held.iter().map(String::as_str)).await
}

/// Clears whatever a version holds, its state first, though that may be damaged and name nothing.
pub async fn clear_all(output: &Store, source: Uuid, version: i32) -> Result<(), Fault> {
    remove(output, std::iter::once(keys::work(source, version, PREPARED).as_str())).await?;
    let folder = keys::work(source, version, "");
    let mut listing = std::pin::pin!(objects(output, folder.trim_end_matches('/')));
    while let Some(meta) = listing.try_next().await? {
        remove(output, std::iter::once(meta.location.as_ref())).await?;
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
    /// Of versions whose other object was not listed yet: the time of what was composed, or that it
    /// is held.
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
        // What was composed lies a folder deeper, under the prefix of its attempt.
        let version: Vec<_> = key.parts().take(3).map(|part| part.as_ref().to_owned()).collect();
        let version = version.join("/");
        match (self.half.remove(&version), composed) {
            (None, _) => drop(self.half.insert(version, composed)),
            // An attempt that was interrupted has left its own.
            (Some(Some(one)), Some(other)) => {
                self.half.insert(version, Some(one.min(other)));
            }
            (Some(other), _) => {
                let time = composed.or(other).unwrap_or(time);
                self.oldest = Some(self.oldest.map_or(time, |oldest| oldest.min(time)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sohoa_schemas::record::Record;
    use sohoa_store::Missing;

    use super::*;

    #[test]
    fn a_held_document_is_as_old_as_what_was_composed() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let mut waiting = Waiting::default();
        let mut see = |key: &str, seconds| waiting.see(&key.into(), at(seconds));
        see("work/a/v1/0a/alto.xml", 1);
        see("work/a/v1/0a/composed.pdf", 20);
        see("work/a/v1/0b/composed.pdf", 25);
        see("work/a/v1/prepared.json", 90);
        see("work/b/v2/prepared.json", 80);
        see("work/b/v2/0a/composed.pdf", 10);
        // An interruption left it, and nobody waits for it.
        see("work/c/v1/0a/composed.pdf", 5);
        assert_eq!((waiting.documents, waiting.oldest), (2, Some(at(10))));
    }

    fn prepared() -> Prepared {
        let record = Record { version: 1, ..Record::default() };
        Prepared { record, waiting_for: FOR_RELEASE.into(), ..Prepared::default() }
    }

    async fn hashes(store: &Store) -> Vec<(String, String)> {
        let held = find(store, Uuid::nil(), 1).await.unwrap().unwrap();
        let parts = held.composed.into_iter().chain(held.alto);
        let mut hashes = Vec::new();
        for part in parts {
            let bytes = store.get(&part.key).await.unwrap().unwrap();
            hashes.push((part.sha256, sha256(&bytes)));
        }
        hashes
    }

    #[tokio::test]
    async fn of_two_that_hold_at_once_the_second_goes_by_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("out").to_str().unwrap(), Missing::Create);
        let store = store.unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, name).unwrap();
            path
        };
        let alto = file("alto");
        let (first, second) = (file("first"), file("second"));
        let held = hold(&store, (&first, &alto), prepared()).await.unwrap();
        assert!(matches!(held, Holding::Now(_)));
        let again = hold(&store, (&first, &alto), prepared()).await.unwrap();
        assert!(matches!(again, Holding::Now(_)), "an interrupted one goes on");
        let other = hold(&store, (&second, &alto), prepared()).await.unwrap();
        assert!(matches!(other, Holding::Before));
        for (said, is) in hashes(&store).await {
            assert_eq!(said, is);
        }
        let left = || async { objects(&store, keys::WORK).try_collect::<Vec<_>>().await.unwrap() };
        assert_eq!(left().await.len(), 3, "the second one's files are gone");
        let state = find(&store, Uuid::nil(), 1).await.unwrap().unwrap();
        clear(&store, &objects_of(&state)).await.unwrap();
        assert!(left().await.is_empty());
        hold(&store, (&first, &alto), prepared()).await.unwrap();
        clear_all(&store, Uuid::nil(), 1).await.unwrap();
        assert!(left().await.is_empty());
    }
}
