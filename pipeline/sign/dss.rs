//! The document security store of ISO 32000-2 and EN 319 142-1: evidence kept inside the file.
//!
//! It is read leniently, because what cannot be read only proves less, and written as a further
//! incremental revision that repeats nothing which is there already.

use crate::{
    SignError,
    hash::Hash,
    pdf::{Dictionary, Document, Object, Reference, object::hex},
    revision::{Revision, Written},
    revocation::{Evidence, Pool},
};

/// Pieces of one kind that are read. A renewal adds a handful.
const MAX_PIECES: usize = 512;

/// Bytes that are read; the longest lists of national authorities are a few megabytes.
const MAX_BYTES: usize = 64 << 20;

/// What `/VRI` calls a signature: the digest of its `/Contents`, padding included.
pub(crate) fn key(contents: &[u8]) -> String {
    hex(&Hash::Sha1.of(contents)).to_uppercase()
}

/// All evidence of a document; nothing from an encrypted one, whose streams are noise.
pub(crate) fn read(document: &Document) -> Pool {
    let mut pool = Pool::default();
    let Some(store) = store(document).filter(|_| !document.encrypted()) else { return pool };
    let mut room = MAX_BYTES;
    for (_, bytes) in streams(document, &store, ("Certs", &mut room)) {
        pool.add_certificate(&bytes);
    }
    for (_, bytes) in streams(document, &store, ("OCSPs", &mut room)) {
        pool.add(Evidence::Ocsp(bytes));
    }
    for (_, bytes) in streams(document, &store, ("CRLs", &mut room)) {
        pool.add(Evidence::Crl(bytes));
    }
    pool
}

fn store(document: &Document) -> Option<Dictionary> {
    let (_, catalog) = document.catalog().ok()?;
    match document.entry(&catalog, "DSS").ok()? {
        Object::Dictionary(store) => Some(store),
        _ => None,
    }
}

/// The readable streams of one list, with their places in it, until the room is used up.
fn streams(
    document: &Document,
    store: &Dictionary,
    (list, room): (&str, &mut usize),
) -> Vec<(Object, Vec<u8>)> {
    let items = document.entry(store, list).unwrap_or(Object::Null);
    let mut found = Vec::new();
    for item in items.array().unwrap_or_default().iter().take(MAX_PIECES) {
        let Ok(Object::Stream(stream)) = document.resolve(item) else { continue };
        // Counted before it is decoded too: a file that is at its bound costs nothing more.
        let length = document.stream_length(&stream).unwrap_or(0) as u64;
        if document.source.spend(length).is_err() {
            break;
        }
        let Ok(bytes) = document.stream_data(&stream) else { continue };
        let left = room.checked_sub(bytes.len());
        let (Some(left), Ok(())) = (left, document.source.spend(bytes.len() as u64)) else {
            *room = 0;
            break;
        };
        *room = left;
        found.push((item.clone(), bytes));
    }
    found
}

/// The evidence one signature rests on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Related {
    pub(crate) key: String,
    pub(crate) pool: Pool,
}

/// The revision that adds what `pool` has and the document lacks; `None` when it lacks nothing.
pub(crate) fn revision(
    document: &Document,
    pool: &Pool,
    related: &[Related],
) -> Result<Option<Written>, SignError> {
    let mut revision = Revision::new(document)?;
    let mut store = store(document).unwrap_or_default();
    store.set("Type", "DSS");
    let mut room = MAX_BYTES;
    let mut lists = [
        List::read(document, &store, ("Certs", &mut room)),
        List::read(document, &store, ("OCSPs", &mut room)),
        List::read(document, &store, ("CRLs", &mut room)),
    ];
    let wanted = [&pool.certificates, &pool.ocsps, &pool.crls];
    let mut grown = false;
    for (list, wanted) in lists.iter_mut().zip(wanted) {
        for bytes in wanted {
            grown |= list.add(&mut revision, bytes);
        }
        if !list.items.is_empty() {
            store.set(list.key, list.items.clone());
        }
    }
    let mut named = match document.entry(&store, "VRI")? {
        Object::Dictionary(named) => named,
        _ => Dictionary::new(),
    };
    for one in related {
        grown |= named.get(&one.key).is_none();
        named.set(&one.key, entry(&lists, &one.pool));
    }
    if !grown {
        return Ok(None);
    }
    store.set("VRI", named);
    hang_up(document, &mut revision, &store)?;
    revision.write(document).map(Some)
}

/// One list of the store while it grows.
struct List {
    key: &'static str,
    items: Vec<Object>,
    known: Vec<(Object, Vec<u8>)>,
}

impl List {
    fn read(
        document: &Document,
        store: &Dictionary,
        (key, room): (&'static str, &mut usize),
    ) -> Self {
        let items = document.entry(store, key).unwrap_or(Object::Null);
        let items = items.array().unwrap_or_default().to_vec();
        Self { key, items, known: streams(document, store, (key, room)) }
    }

    fn add(&mut self, revision: &mut Revision, bytes: &[u8]) -> bool {
        let new = self.place(bytes).is_none();
        if new {
            let stream: Object = revision.add_stream(Dictionary::new(), bytes).into();
            self.items.push(stream.clone());
            self.known.push((stream, bytes.to_vec()));
        }
        new
    }

    fn place(&self, bytes: &[u8]) -> Option<Object> {
        self.known.iter().find(|(_, known)| known == bytes).map(|(place, _)| place.clone())
    }
}

/// What `/VRI` says of one signature.
fn entry(lists: &[List; 3], pool: &Pool) -> Dictionary {
    let mut entry = Dictionary::new();
    let kinds = [("Cert", &pool.certificates), ("OCSP", &pool.ocsps), ("CRL", &pool.crls)];
    for ((key, wanted), list) in kinds.into_iter().zip(lists) {
        let places: Vec<_> = wanted.iter().filter_map(|bytes| list.place(bytes)).collect();
        if !places.is_empty() {
            entry.set(key, places);
        }
    }
    entry
}

/// Hangs the store up in the catalog, and says there that a PDF of before 2.0 has one.
fn hang_up(
    document: &Document,
    revision: &mut Revision,
    store: &Dictionary,
) -> Result<(), SignError> {
    let (root, mut catalog) = document.catalog()?;
    let store = Object::Dictionary(store.clone());
    let known: Option<Reference> = catalog.get("DSS").and_then(Object::reference);
    if let Some(place) = known {
        revision.put_object(place, &store);
        return Ok(());
    }
    catalog.set("DSS", revision.add(&store));
    // An indirect dictionary belongs to whoever wrote it; the entry is advice, not a rule.
    if catalog.get("Extensions").is_none_or(|value| value.dictionary().is_some()) {
        let mut extensions =
            catalog.get("Extensions").and_then(Object::dictionary).cloned().unwrap_or_default();
        if extensions.get("ESIC").is_none() {
            let mut etsi = Dictionary::new();
            etsi.set("BaseVersion", "1.7");
            etsi.set("ExtensionLevel", 1);
            extensions.set("ESIC", etsi);
            catalog.set("Extensions", extensions);
        }
    }
    revision.put_object(root, &catalog.into());
    Ok(())
}
