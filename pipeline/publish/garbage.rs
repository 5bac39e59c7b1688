//! What interrupted attempts left behind, and what of it can be removed while workers go on.
//!
//! A version that has a record is decided for ever: whoever else works on it loses and takes its own
//! parts away. So what lies under such a version and is named by no record of the source is
//! nobody's. Under a version without a record anything may be about to be named; it stays, and so do
//! originals, which every new attempt finds by their hash and does not write again.
//!
//! What waits for a release is decided by a reading only. A correction may take the number that a
//! waiting reading was to have; the reading goes on waiting, and will be published on top of it.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::{
    keys,
    publication::{Making, making},
    survey::{Entry, SourceEntries},
};

/// What of a source no record names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Garbage {
    /// Objects that nobody will ever name, with their sizes.
    pub removable: Vec<(String, u64)>,
    /// Objects of work that is under way, or was given up and may be begun again.
    pub unfinished: u64,
    /// Bytes of those.
    pub unfinished_bytes: u64,
}

/// The garbage of a source. Of one with a damaged object nothing can be said, so all of it stays.
pub fn of(source: &SourceEntries) -> Garbage {
    let mut garbage = Garbage::default();
    let is_damaged = source.entries.iter().any(|(_, entry)| matches!(entry, Entry::Damaged(_)));
    let decided = if is_damaged { Vec::new() } else { decided(source) };
    let named = named(source, &decided);
    for (key, size) in &source.parts {
        if named.contains(key.as_str()) {
            continue;
        }
        if decided.iter().any(|folder| key.starts_with(folder)) {
            garbage.removable.push((key.clone(), *size));
        } else {
            garbage.unfinished += 1;
            garbage.unfinished_bytes += size;
        }
    }
    // Last, so that what is left of a sweep that is interrupted is found again.
    let held = source.entries.iter().filter(|(_, entry)| matches!(entry, Entry::Held(_)));
    let left = held.filter(|(key, _)| decided.iter().any(|folder| key.starts_with(folder)));
    garbage.removable.extend(left.map(|(key, _)| (key.clone(), 0)));
    garbage
}

/// The folders in which everything is decided: those of the versions that have a record, and, up to
/// the last reading, those of what waited to become one.
fn decided(source: &SourceEntries) -> Vec<String> {
    let Ok(uid) = source.uid.parse::<Uuid>() else { return Vec::new() };
    let records = || {
        source.entries.iter().filter_map(|(_, entry)| match entry {
            Entry::Published(record) => Some(record),
            _ => None,
        })
    };
    let readings = records().filter(|record| making(record) == Making::Read);
    let last = readings.map(|record| record.version).max().unwrap_or(0);
    let work = (1..=last).map(|number| keys::work(uid, number, ""));
    records().map(|record| keys::version(uid, record.version) + "/").chain(work).collect()
}

/// The parts that a record names, or a held state that is still to be released.
fn named<'a>(source: &'a SourceEntries, decided: &[String]) -> BTreeSet<&'a str> {
    let mut named = BTreeSet::new();
    for (key, entry) in &source.entries {
        match entry {
            Entry::Published(record) => named.extend(record.parts.iter().map(|part| &*part.key)),
            Entry::Held(held) if !decided.iter().any(|folder| key.starts_with(folder)) => {
                let parts = held.record.parts.iter().chain(&held.composed).chain(&held.alto);
                named.extend(parts.map(|part| &*part.key));
            }
            _ => {}
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sohoa_schemas::record::{Part, Prepared, Record};

    use super::*;

    const UID: Uuid = Uuid::from_u128(0xab << 120);

    fn part(key: &str) -> Part {
        let text = String::new;
        Part { role: "text".into(), key: key.into(), size: 1, sha256: text(), media_type: text() }
    }

    fn record(version: i32, parts: &[String]) -> Record {
        let parts = parts.iter().map(|key| part(key)).collect();
        Record { source_uid: UID, version, attempt: "a".into(), parts, ..Record::default() }
    }

    fn published(version: i32, parts: &[String]) -> (String, Entry) {
        (keys::record(UID, version), Entry::Published(Box::new(record(version, parts))))
    }

    fn held(version: i32) -> (String, Entry) {
        let prepared = Prepared {
            record: record(version, &[]),
            composed: Some(part(&keys::work(UID, version, "composed.pdf"))),
            ..Prepared::default()
        };
        (keys::work(UID, version, "prepared.json"), Entry::Held(Box::new(prepared)))
    }

    fn source(entries: Vec<(String, Entry)>, parts: &[&String]) -> SourceEntries {
        let parts: BTreeMap<_, _> = parts.iter().map(|key| ((*key).clone(), 10)).collect();
        SourceEntries { uid: UID.to_string(), entries, parts }
    }

    fn removable(source: &SourceEntries) -> Vec<String> {
        of(source).removable.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn what_a_decided_version_does_not_name_is_removable() {
        let (won, lost) = (keys::part(UID, 1, "a", "x"), keys::part(UID, 1, "b", "x"));
        let next = keys::part(UID, 2, "c", "x");
        let composed = keys::work(UID, 1, "composed.pdf");
        let entries = vec![published(1, std::slice::from_ref(&won)), held(1)];
        let source = source(entries, &[&won, &lost, &next, &composed]);
        let prepared = keys::work(UID, 1, "prepared.json");
        assert_eq!(removable(&source), [lost, composed, prepared]);
        assert_eq!((of(&source).unfinished, of(&source).unfinished_bytes), (1, 10), "version 2");
    }

    #[test]
    fn parts_of_an_earlier_version_that_a_later_one_names_stay() {
        let first = keys::part(UID, 1, "a", "x");
        let entries = vec![published(1, &[]), published(2, std::slice::from_ref(&first))];
        assert!(removable(&source(entries, &[&first])).is_empty());
    }

    #[test]
    fn a_reading_that_waits_beside_a_correction_of_its_number_stays() {
        let (read, composed) = (keys::part(UID, 1, "a", "x"), keys::work(UID, 2, "composed.pdf"));
        let named = std::slice::from_ref(&read);
        let before = || vec![published(1, named), published(2, named), held(2)];
        assert_eq!(of(&source(before(), &[&read, &composed])), Garbage::default());
        let third = keys::part(UID, 3, "a", "x");
        let mut entries = before();
        entries.push(published(3, std::slice::from_ref(&third)));
        let prepared = keys::work(UID, 2, "prepared.json");
        assert_eq!(removable(&source(entries, &[&read, &composed, &third])), [composed, prepared]);
    }

    #[test]
    fn what_waits_and_what_is_damaged_stays() {
        let composed = keys::work(UID, 1, "composed.pdf");
        let waiting = source(vec![held(1)], &[&composed]);
        assert_eq!(of(&waiting), Garbage::default());
        let lost = keys::part(UID, 1, "b", "x");
        let damaged = (keys::record(UID, 2), Entry::Damaged("cut".into()));
        let source = source(vec![published(1, &[]), damaged], &[&lost]);
        assert!(removable(&source).is_empty());
        assert_eq!(of(&source).unfinished, 1);
    }
}
