//! Listing what is there, source by source: records, refusals and held states.

use std::collections::BTreeMap;

use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectMeta, path::Path};
use sohoa_flow::Fault;
use sohoa_schemas::{
    record::{Prepared, Quarantine, Record, Rows},
    rows::IntakeRow,
};
use sohoa_store::{Store, classify};
use uuid::Uuid;

use crate::{STAGE, from_json, keys, trail};

/// An object that rows come from.
#[derive(Debug)]
pub enum Entry {
    /// A further receipt of bytes that are published.
    Again(Rows),
    /// An object that cannot be understood: what is wrong with it.
    Damaged(String),
    /// A composed document that waits.
    Held(Box<Prepared>),
    /// A published document.
    Published(Box<Record>),
    /// A refusal.
    Quarantined(Box<Quarantine>),
}

impl Entry {
    /// Its index rows, with the events that it tells.
    pub fn into_rows(self) -> Rows {
        match self {
            Self::Again(rows) => trail::receipt_rows(rows),
            Self::Damaged(_) => Rows::default(),
            Self::Held(held) => trail::held_rows(*held),
            Self::Published(record) => trail::record_rows(*record),
            Self::Quarantined(entry) => trail::refusal_rows(*entry),
        }
    }
}

/// Everything that is there of one source.
#[derive(Debug)]
pub struct SourceEntries {
    /// The source's uid, as its folder is named.
    pub uid: String,
    /// The objects that rows come from, with their keys, versions rising.
    pub entries: Vec<(String, Entry)>,
    /// All other objects of the source: parts, with their sizes.
    pub parts: BTreeMap<String, u64>,
}

impl SourceEntries {
    /// All its index rows.
    pub fn into_rows(self) -> Rows {
        let mut all = Rows::default();
        for (_, entry) in self.entries {
            all.extend(entry.into_rows());
        }
        all
    }
}

/// The objects of one source, by key.
type Objects = BTreeMap<Path, u64>;

/// Every source, one at a time. The keys of a 256th of the output are in memory at once, and those
/// of everything held.
pub fn sources(output: &Store) -> impl Stream<Item = Result<SourceEntries, Fault>> + '_ {
    stream::once(async { by_source(output, keys::WORK, 1).await })
        .map_ok(move |held| {
            stream::iter(0..=u8::MAX).then(move |shard| {
                let of_shard: BTreeMap<_, _> =
                    held.iter().filter(|(uid, _)| in_shard(uid, shard)).map(clone).collect();
                shard_sources(output, shard, of_shard)
            })
        })
        .try_flatten()
        .map_ok(move |sources| {
            stream::iter(sources).then(move |(uid, objects)| read_all(output, uid, objects))
        })
        .try_flatten()
}

fn clone((uid, objects): (&String, &Objects)) -> (String, Objects) {
    (uid.clone(), objects.clone())
}

fn in_shard(uid: &str, shard: u8) -> bool {
    uid.get(..2) == Some(format!("{shard:02x}").as_str())
}

async fn shard_sources(
    output: &Store,
    shard: u8,
    mut sources: BTreeMap<String, Objects>,
) -> Result<BTreeMap<String, Objects>, Fault> {
    for prefix in [keys::DOCUMENTS, keys::QUARANTINE] {
        let found = by_source(output, &format!("{prefix}/{shard:02x}"), 2).await?;
        for (uid, objects) in found {
            sources.entry(uid).or_default().extend(objects);
        }
    }
    Ok(sources)
}

/// The objects below `prefix` by the uid that is the `depth`th part of their keys.
async fn by_source(
    output: &Store,
    prefix: &str,
    depth: usize,
) -> Result<BTreeMap<String, Objects>, Fault> {
    let mut sources: BTreeMap<String, Objects> = BTreeMap::new();
    let mut listing = std::pin::pin!(objects(output, prefix));
    while let Some(ObjectMeta { location, size, .. }) = listing.try_next().await? {
        let part = location.parts().nth(depth);
        let Some(uid) = part.map(|part| part.as_ref().trim_end_matches(".json").to_owned()) else {
            continue;
        };
        sources.entry(uid).or_default().insert(location, size);
    }
    Ok(sources)
}

async fn read_all(output: &Store, uid: String, objects: Objects) -> Result<SourceEntries, Fault> {
    let mut source = SourceEntries { uid, entries: Vec::new(), parts: BTreeMap::new() };
    for (location, size) in objects {
        if decides(&location) {
            source.entries.push(read(output, &location).await?);
        } else {
            source.parts.insert(location.to_string(), size);
        }
    }
    source.entries.sort_by_key(|(_, entry)| match entry {
        Entry::Damaged(_) | Entry::Quarantined(_) => 0,
        Entry::Again(_) => 1,
        Entry::Published(record) => record.version + 1,
        Entry::Held(_) => i32::MAX,
    });
    Ok(source)
}

/// The receipts of a source's bytes that came again after they were published.
///
/// # Errors
/// The store's own; one that cannot be understood is the audit's to name.
pub async fn receipts(output: &Store, source: Uuid) -> Result<Vec<IntakeRow>, Fault> {
    let mut receipts = Vec::new();
    let mut listing = std::pin::pin!(objects(output, &keys::version(source, 1)));
    while let Some(meta) = listing.try_next().await? {
        let is_one = meta.location.filename().is_some_and(|name| name.starts_with(keys::AGAIN));
        if is_one && let Some(Entry::Again(rows)) = entry(output, meta.location.as_ref()).await? {
            receipts.extend(rows.intake);
        }
    }
    Ok(receipts)
}

/// All objects below `prefix`.
pub fn objects(
    output: &Store,
    prefix: &str,
) -> impl Stream<Item = Result<ObjectMeta, Fault>> + use<> {
    let listing = output.objects().list(Some(&Path::from(prefix)));
    listing.map_err(|error| classify(STAGE, error))
}

/// Whether an object holds rows.
fn decides(location: &Path) -> bool {
    let name = location.filename().unwrap_or_default();
    let first = location.parts().next();
    match first.as_ref().map(AsRef::as_ref) {
        Some(keys::DOCUMENTS) => name == keys::RECORD || name.starts_with(keys::AGAIN),
        Some(keys::QUARANTINE) => true,
        Some(keys::WORK) => name == "prepared.json",
        _ => false,
    }
}

async fn read(output: &Store, location: &Path) -> Result<(String, Entry), Fault> {
    let key = location.to_string();
    // One that is gone since it was listed is damage as well.
    let entry = entry(output, &key).await?.unwrap_or_else(|| Entry::Damaged("it is gone".into()));
    Ok((key, entry))
}

/// The entry at `key`, if there is an object.
///
/// # Errors
/// The store's own; an object that cannot be understood is [`Entry::Damaged`].
pub async fn entry(output: &Store, key: &str) -> Result<Option<Entry>, Fault> {
    let bytes = output.get(key).await.map_err(|error| classify(STAGE, error))?;
    let Some(bytes) = bytes else { return Ok(None) };
    match parse(key, &bytes) {
        Ok(entry) => Ok(Some(entry)),
        Err(Fault::Reject(why)) => Ok(Some(Entry::Damaged(why.cause.chain().join(": ")))),
        Err(fault) => Err(fault),
    }
}

fn parse(key: &str, bytes: &[u8]) -> Result<Entry, Fault> {
    Ok(if key.starts_with(keys::QUARANTINE) {
        Entry::Quarantined(from_json(key, bytes)?)
    } else if key.starts_with(keys::WORK) {
        Entry::Held(from_json(key, bytes)?)
    } else if key.ends_with(keys::RECORD) {
        Entry::Published(from_json(key, bytes)?)
    } else {
        Entry::Again(from_json(key, bytes)?)
    })
}
