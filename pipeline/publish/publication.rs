//! Parts under the attempt's own prefix, then the record: create-if-absent, last.

use std::path::Path;

use bytes::Bytes;
use sohoa_flow::Fault;
use sohoa_schemas::record::{Part, Record};
use sohoa_store::{Created, Store, classify, hash::sha256};
use uuid::Uuid;

use crate::{STAGE, from_json, keys, read_json, to_json};

/// What came of publishing.
#[derive(Debug)]
pub enum Published {
    /// Another attempt was first; its record counts, our parts are gone.
    Before(Box<Record>),
    /// This attempt is the publication; the SHA-256 of its record.
    Now(String),
}

/// The record of a version, if it is published.
pub async fn find(output: &Store, source: Uuid, version: i32) -> Result<Option<Record>, Fault> {
    read_json(output, &keys::record(source, version)).await
}

/// The highest published version and its record.
pub async fn latest(output: &Store, source: Uuid) -> Result<Option<Record>, Fault> {
    let mut held = None;
    for version in 1.. {
        match find(output, source, version).await? {
            Some(record) => held = Some(record),
            None => break,
        }
    }
    Ok(held)
}

/// How a version came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// It was read from the paper: all its parts were made with it.
    Read,
    /// The version before it, with something added to the signed file.
    Raised,
    /// The version before it, with other rows.
    Corrected,
}

/// How a version came about, as the places of its parts tell.
pub fn making(record: &Record) -> Making {
    let own = keys::part(record.source_uid, record.version, &record.attempt, "");
    let made =
        |role| record.parts.iter().any(|part| part.role == role && part.key.starts_with(&own));
    match (made("text"), made("document")) {
        (true, _) => Making::Read,
        (false, true) => Making::Raised,
        (false, false) => Making::Corrected,
    }
}

/// The reading that was published under this version, or under a later one, where others had made
/// theirs of the version before meanwhile.
pub async fn reading(output: &Store, source: Uuid, from: i32) -> Result<Option<Record>, Fault> {
    for version in from.. {
        match find(output, source, version).await? {
            Some(record) if making(&record) == Making::Read => return Ok(Some(record)),
            Some(_) => {}
            None => break,
        }
    }
    Ok(None)
}

/// Where an attempt's parts go.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The source.
    pub source: Uuid,
    /// Version of the record.
    pub version: i32,
    /// Start of the hash of its parts' hashes.
    pub name: String,
}

impl Attempt {
    /// An attempt named by the hashes of all its parts: two workers, of two versions of the program
    /// perhaps, make the same document at once, and neither may write over what the other's record
    /// names.
    pub fn new(source: Uuid, version: i32, parts: &[&str]) -> Self {
        let name = sha256(parts.concat().as_bytes());
        Self { source, version, name: name.chars().take(16).collect() }
    }

    /// Writes a part that is a file.
    pub async fn put_file(
        &self,
        output: &Store,
        file: &Path,
        mut part: Part,
    ) -> Result<Part, Fault> {
        part.key = self.key(&part.key);
        part.size = output.put_file(STAGE, &part.key, file, &part.sha256).await?;
        Ok(part)
    }

    /// Writes a part from memory.
    pub async fn put(
        &self,
        output: &Store,
        (role, name, media_type): (&str, &str, &str),
        bytes: Bytes,
    ) -> Result<Part, Fault> {
        let key = self.key(name);
        let part = Part {
            role: role.into(),
            size: bytes.len() as u64,
            sha256: sha256(&bytes),
            media_type: media_type.into(),
            key: key.clone(),
        };
        output.put(STAGE, &key, bytes).await?;
        Ok(part)
    }

    fn key(&self, name: &str) -> String {
        keys::part(self.source, self.version, &self.name, name)
    }
}

/// Creates the record: the moment of publication.
pub async fn publish(output: &Store, record: &Record) -> Result<Published, Fault> {
    let key = keys::record(record.source_uid, record.version);
    let json = to_json(record)?;
    let hash = sha256(&json);
    match output.create(STAGE, &key, json).await? {
        Created::New => Ok(Published::Now(hash)),
        Created::Existed(bytes) => {
            let winner: Record = from_json(&key, &bytes)?;
            remove_own_parts(output, record, &winner).await?;
            Ok(Published::Before(Box::new(winner)))
        }
    }
}

/// Removes the loser's parts: what lies under its own attempt, but nothing that the winner's record
/// names. Originals are everybody's, and the parts that an amended version names belong to the
/// version before it.
async fn remove_own_parts(output: &Store, loser: &Record, winner: &Record) -> Result<(), Fault> {
    let own = keys::part(loser.source_uid, loser.version, &loser.attempt, "");
    let kept = |key: &str| winner.parts.iter().any(|part| part.key == key);
    let parts = loser.parts.iter().filter(|part| part.key.starts_with(&own) && !kept(&part.key));
    for part in parts {
        output.remove(&part.key).await.map_err(|error| classify(STAGE, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sohoa_store::Missing;

    use super::*;

    fn record(version: i32, attempt: &Attempt, parts: Vec<Part>) -> Record {
        let (source_uid, attempt) = (attempt.source, attempt.name.clone());
        Record { source_uid, version, attempt, parts, ..Record::default() }
    }

    async fn put(store: &Store, attempt: &Attempt) -> Part {
        let text = ("text", "text.txt", "text/plain");
        attempt.put(store, text, attempt.name.clone().into()).await.unwrap()
    }

    #[tokio::test]
    async fn a_loser_takes_its_own_parts_away_and_those_of_no_other_version() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let first = Attempt::new(Uuid::nil(), 1, &["first"]);
        let held = put(&store, &first).await;
        let amended = record(2, &first, vec![held.clone()]);
        let anew = Attempt::new(Uuid::nil(), 2, &["anew"]);
        let own = put(&store, &anew).await;
        let reprocessed = record(2, &anew, vec![own.clone()]);

        assert!(matches!(publish(&store, &amended).await.unwrap(), Published::Now(_)));
        let lost = publish(&store, &reprocessed).await.unwrap();
        assert!(matches!(lost, Published::Before(winner) if *winner == amended));
        assert!(!store.holds(STAGE, &own.key, own.size).await.unwrap());
        assert!(store.holds(STAGE, &held.key, held.size).await.unwrap());

        assert_eq!((making(&amended), making(&reprocessed)), (Making::Corrected, Making::Read));
        let file = Part { role: "document".into(), key: own.key.clone(), ..held.clone() };
        assert_eq!(making(&record(2, &anew, vec![file, held.clone()])), Making::Raised);
        // A corrected version is no reading; the one on top of it is.
        assert!(reading(&store, Uuid::nil(), 2).await.unwrap().is_none());
        let third = Attempt::new(Uuid::nil(), 3, &["anew"]);
        let third = record(3, &third, vec![put(&store, &third).await]);
        assert!(matches!(publish(&store, &third).await.unwrap(), Published::Now(_)));
        assert_eq!(reading(&store, Uuid::nil(), 2).await.unwrap(), Some(third));

        let late = record(2, &first, vec![held.clone()]);
        let late = Record { province: "H09".into(), ..late };
        assert!(matches!(publish(&store, &late).await.unwrap(), Published::Before(_)));
        assert!(store.holds(STAGE, &held.key, held.size).await.unwrap(), "version 1 names it");
    }
}
