//! Changes that know what a scan or a PDF is made of: parts in one another, circles, entries.

use super::{EDGES, places};
use crate::chance::Chance;

/// Arrays in arrays, dictionaries in dictionaries, or a reference turned to another object.
pub(super) fn objects(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let depth = *chance.one_of(&[8, 100, 1_000, 50_000]);
    let (mark, new): (&[u8], Vec<u8>) = match chance.within(0..4) {
        0 => (b"/", b"[".repeat(depth)),
        1 => (b"<<", b"<</K".repeat(depth)),
        2 => (b"stream", b"q ".repeat(depth)),
        _ => {
            let found = places(bytes, b" 0 R");
            if found.is_empty() {
                return;
            }
            let at = *chance.one_of(&found);
            // The digit before it: most files here have fewer than ten objects.
            if let Some(digit) = at.checked_sub(1).and_then(|at| bytes.get_mut(at)) {
                *digit = b'1' + chance.within(0..9) as u8;
            }
            return;
        }
    };
    let found = places(bytes, mark);
    if !found.is_empty() {
        let at = *chance.one_of(&found);
        bytes.splice(at..at, new);
    }
}

/// A directory that is followed by itself or by one before it, or holds itself; or an entry of it
/// with another tag, type, count or value.
pub(super) fn directories(bytes: &mut [u8], chance: &mut Chance) {
    let little = bytes.starts_with(b"II");
    let Some(Ok(first)) = bytes.get(4..8).map(<[u8; 4]>::try_from) else { return };
    let first = if little { u32::from_le_bytes(first) } else { u32::from_be_bytes(first) };
    let entry = (first as usize).saturating_add(2 + 12 * chance.within(0..16));
    let (at, value) = match chance.within(0..5) {
        // Where the last directory of most writers tells the next.
        0 => (bytes.len().saturating_sub(4), first),
        1 => (entry + 8, first.wrapping_add(*chance.one_of(&[0, 2, 12]))),
        // Tag and type in one.
        2 => (entry, chance.number() as u32 & 0x000f_03ff),
        3 => (entry + 4, *chance.one_of(&EDGES) as u32),
        _ => (entry + 8, *chance.one_of(&EDGES) as u32),
    };
    let word = if little { value.to_le_bytes() } else { value.to_be_bytes() };
    for (byte, digit) in bytes.iter_mut().skip(at).zip(word) {
        *byte = digit;
    }
}

/// A segment again and again, or a whole picture inside a comment of itself.
pub(super) fn segments(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let marker = *chance.one_of(&[0xc0, 0xc4, 0xda, 0xdb, 0xdd, 0xe1]);
    let Some(at) = places(bytes, &[0xff, marker]).first().copied() else { return };
    let Some(&[high, low]) = bytes.get(at + 2..at + 4) else { return };
    let end = (at + 2 + usize::from(u16::from_be_bytes([high, low]))).min(bytes.len());
    let again = bytes[at..end].repeat(*chance.one_of(&[1, 8, 500]));
    bytes.splice(at..at, again);
}

/// A box inside a box inside a box.
pub(super) fn boxes(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let inner: Vec<u8> = bytes.iter().skip(12).copied().collect();
    let kind = *chance.one_of(&[b"jp2h", b"jp2c", b"res ", b"asoc"]);
    let mut nested = inner;
    for _ in 0..*chance.one_of(&[1, 4, 200]) {
        let length = (nested.len() + 8) as u32;
        nested.splice(0..0, length.to_be_bytes().into_iter().chain(*kind));
    }
    bytes.truncate(12);
    bytes.extend(nested);
}

/// Every chunk of a kind again, or a palette and a picture exchanged.
pub(super) fn chunks(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let kind = *chance.one_of(&[b"IHDR", b"PLTE", b"IDAT", b"pHYs", b"IEND", b"tRNS"]);
    let Some(at) = places(bytes, kind).first().and_then(|at| at.checked_sub(4)) else { return };
    let Some(Ok(length)) = bytes.get(at..at + 4).map(<[u8; 4]>::try_from) else { return };
    let end = (at + 12).saturating_add(u32::from_be_bytes(length) as usize).min(bytes.len());
    let again = bytes[at..end].repeat(*chance.one_of(&[1, 8, 2_000]));
    bytes.splice(end..end, again);
}
