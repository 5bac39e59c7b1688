//! Good files made malformed: bits, lengths, cuts, splices, repetitions, and parts of the format put
//! where they do not belong.
//!
//! Most files get one or two changes, so that what lies behind the first check is reached too.

mod der;
mod files;
mod json;
mod text;

use crate::{
    chance::Chance,
    good::{Good, Kind},
};

/// Values that counters and lengths break at.
const EDGES: [u64; 12] = [
    0,
    1,
    0x7f,
    0xff,
    0x100,
    0x7fff,
    0xffff,
    0x0001_0000,
    0x7fff_ffff,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

/// One malformed file.
#[derive(Debug)]
pub struct Malformed {
    /// The good file it was made of.
    pub of: String,
    /// What that was.
    pub kind: Kind,
    /// What was done to it, in order.
    pub changes: Vec<&'static str>,
    /// What it is now.
    pub bytes: Vec<u8>,
}

type Change = (&'static str, fn(&mut Vec<u8>, &mut Chance, &Good));

/// Each with another good file of the same kind at hand.
const CHANGES: [Change; 12] = [
    ("bits flipped", |bytes, chance, _| flip(bytes, chance)),
    ("bytes overwritten", |bytes, chance, _| overwrite(bytes, chance)),
    ("cut", |bytes, chance, _| bytes.truncate(chance.within(0..bytes.len()))),
    ("bytes put in", |bytes, chance, _| insert(bytes, chance)),
    ("bytes taken out", |bytes, chance, _| remove(bytes, chance)),
    ("spliced with another", splice),
    ("a length changed", length),
    ("a part repeated", |bytes, chance, _| repeat(bytes, chance)),
    ("two parts exchanged", |bytes, chance, _| exchange(bytes, chance)),
    // What knows the format reaches furthest, so it comes up three times as often.
    ("structure changed", structure),
    ("structure changed", structure),
    ("structure changed", structure),
];

/// The file with this number, at most `largest` bytes: kinds in turn, so that each has its share.
///
/// # Panics
/// Without good files.
pub fn make(good: &[Good], seed: u64, number: u64, largest: usize) -> Malformed {
    let mut chance = Chance::of(seed, number);
    let kinds: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| good.iter().any(|one| one.kind == *kind)).collect();
    let kind = kinds[number as usize % kinds.len()];
    let alike: Vec<&Good> = good.iter().filter(|one| one.kind == kind).collect();
    let of = *chance.one_of(&alike);
    let mut bytes = of.bytes.clone();
    let mut changes = Vec::new();
    for _ in 0..=chance.within(0..8) / 3 {
        let (name, change) = *chance.one_of(&CHANGES);
        let other = *chance.one_of(&alike);
        change(&mut bytes, &mut chance, other);
        changes.push(name);
    }
    bytes.truncate(largest);
    Malformed { of: of.name.clone(), kind, changes, bytes }
}

/// A place to change: headers more often than data, which is most of a file.
fn place(bytes: &[u8], chance: &mut Chance) -> usize {
    let end = match chance.within(0..4) {
        0 => bytes.len().min(64),
        1 => bytes.len().min(1024),
        _ => bytes.len(),
    };
    let at = chance.within(0..end);
    // Directories of TIFF and the tables of PDF stand at the end.
    if chance.within(0..3) == 0 { bytes.len().saturating_sub(1 + at) } else { at }
}

/// Places where a mark stands.
fn places(bytes: &[u8], mark: &[u8]) -> Vec<usize> {
    bytes.windows(mark.len()).enumerate().filter(|(_, w)| *w == mark).map(|(at, _)| at).collect()
}

fn structure(bytes: &mut Vec<u8>, chance: &mut Chance, other: &Good) {
    match other.kind {
        Kind::Der => der::change(bytes, chance, &other.bytes),
        Kind::Jpeg => files::segments(bytes, chance),
        Kind::Jpeg2000 => files::boxes(bytes, chance),
        Kind::Json => json::change(bytes, chance),
        Kind::Plain => overwrite(bytes, chance),
        Kind::Pdf => files::objects(bytes, chance),
        Kind::Png => files::chunks(bytes, chance),
        Kind::Text => text::change(bytes, chance),
        Kind::Tiff => files::directories(bytes, chance),
    }
}

fn flip(bytes: &mut [u8], chance: &mut Chance) {
    for _ in 0..=chance.within(0..16) {
        let (at, bit) = (place(bytes, chance), chance.within(0..8));
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << bit;
        }
    }
}

fn overwrite(bytes: &mut [u8], chance: &mut Chance) {
    let at = place(bytes, chance);
    let count = 1 + chance.within(0..32);
    let value = *chance.one_of(&[None, Some(0), Some(0xff), Some(0x80), Some(b' ')]);
    for byte in bytes.iter_mut().skip(at).take(count) {
        *byte = value.unwrap_or(chance.number() as u8);
    }
}

fn insert(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let at = place(bytes, chance).min(bytes.len());
    let count = 1 + chance.within(0..64);
    let new: Vec<u8> = (0..count).map(|_| chance.number() as u8).collect();
    bytes.splice(at..at, new);
}

fn remove(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let at = place(bytes, chance).min(bytes.len());
    let end = (at + 1 + chance.within(0..64)).min(bytes.len());
    bytes.drain(at..end);
}

fn splice(bytes: &mut Vec<u8>, chance: &mut Chance, other: &Good) {
    bytes.truncate(chance.within(0..bytes.len()));
    let from = chance.within(0..other.bytes.len()).min(other.bytes.len());
    bytes.extend_from_slice(&other.bytes[from..]);
}

/// A number of two, four or eight bytes in either order, or one of digits.
fn length(bytes: &mut Vec<u8>, chance: &mut Chance, other: &Good) {
    let value = *chance.one_of(&EDGES);
    let in_digits = matches!(other.kind, Kind::Pdf | Kind::Json | Kind::Text);
    if in_digits && text::number(bytes, chance, value) {
        return;
    }
    let width = *chance.one_of(&[2, 4, 8]);
    let digits = match chance.number() & 1 {
        0 => value.to_le_bytes()[..width].to_vec(),
        _ => value.to_be_bytes()[8 - width..].to_vec(),
    };
    // Fields of most of these formats lie at even places.
    let at = place(bytes, chance) & !1;
    for (byte, digit) in bytes.iter_mut().skip(at).zip(digits) {
        *byte = digit;
    }
}

fn repeat(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let at = place(bytes, chance).min(bytes.len());
    let end = (at + 1 + chance.within(0..256)).min(bytes.len());
    let times = *chance.one_of(&[1, 2, 16, 256, 2048]);
    let again = bytes[at..end].repeat(times);
    bytes.splice(end..end, again);
}

fn exchange(bytes: &mut [u8], chance: &mut Chance) {
    let (a, b) = (place(bytes, chance), place(bytes, chance));
    let count = 1 + chance.within(0..64);
    for step in 0..count {
        let (a, b) = (a + step, b + step);
        if a < bytes.len() && b < bytes.len() {
            bytes.swap(a, b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(kind: Kind, bytes: &[u8]) -> Good {
        Good { name: "good".into(), kind, bytes: bytes.to_vec() }
    }

    #[test]
    fn a_seed_makes_the_same_files_and_another_makes_others() {
        let files = [good(Kind::Text, b"So: 12/QD-UBND"), good(Kind::Json, br#"{"a":[1,2]}"#)];
        let all = |seed| (0..200).map(|n| make(&files, seed, n, 1 << 16).bytes).collect::<Vec<_>>();
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
    }

    #[test]
    fn every_change_bears_every_file_and_keeps_to_the_bound() {
        let small: [&[u8]; 4] = [b"", b"x", b"II*\0\x08\0\0\0", b"\x30\x03\x02\x01\x05"];
        for kind in Kind::ALL {
            let files = small.map(|bytes| good(kind, bytes));
            for number in 0..2_000 {
                let made = make(&files, 7, number, 4_096);
                assert!(made.bytes.len() <= 4_096 && !made.changes.is_empty());
            }
        }
    }
}
