//! Cross-reference tables, streams and hybrids, from the newest revision to the oldest.
//!
//! The first entry found for an object wins, as the format says; every section is remembered, so
//! that the verifier can tell which revision an object belongs to.

use std::collections::{HashMap, HashSet};

use super::{
    PdfError, Source,
    filter::decode,
    lexer::{Fault, Lexer},
    object::{Dictionary, Object},
};

/// More revisions than any real file has; each costs one read.
const MAX_SECTIONS: usize = 4096;

/// Eight million objects; a larger table is an attack on memory.
const MAX_ENTRIES: usize = 8 << 20;

/// Where an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    Free,
    /// At this byte of the file.
    Plain {
        offset: u64,
    },
    /// The `index`th object of an object stream.
    Packed {
        stream: u32,
        index: u32,
    },
}

/// How a revision wrote its cross-reference; the next revision must write the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Table,
    Stream,
}

/// One revision's cross-reference.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    /// Its position in the file.
    pub(crate) offset: u64,
    pub(crate) style: Style,
}

/// All revisions together.
#[derive(Debug)]
pub(crate) struct CrossReference {
    pub(crate) entries: HashMap<u32, Entry>,
    /// Newest first.
    pub(crate) sections: Vec<Section>,
    /// The newest trailer.
    pub(crate) trailer: Dictionary,
    /// The value of the last `startxref`, as written.
    pub(crate) startxref: u64,
    /// Added to every offset found in the file: 0, or the length of the junk before the header.
    pub(crate) shift: u64,
}

struct Parsed {
    style: Style,
    entries: Vec<(u32, Entry)>,
    dictionary: Dictionary,
}

impl CrossReference {
    pub(crate) fn read(source: &Source) -> Result<Self, PdfError> {
        let startxref = find_startxref(source)?;
        let (shift, newest) = match read_section(source, startxref, 0) {
            Ok(section) => (0, section),
            Err(error) if source.base() == 0 => return Err(error),
            Err(_) => {
                let shift = source.base();
                (shift, read_section(source, startxref, shift)?)
            }
        };
        let mut whole = Self {
            entries: HashMap::new(),
            sections: Vec::new(),
            trailer: newest.dictionary.clone(),
            startxref,
            shift,
        };
        whole.follow(source, startxref, newest)?;
        Ok(whole)
    }

    fn follow(&mut self, source: &Source, start: u64, newest: Parsed) -> Result<(), PdfError> {
        let mut seen = HashSet::from([start]);
        let mut next = Some((start, newest));
        while let Some((at, section)) = next.take() {
            let offset = at + self.shift;
            self.sections.push(Section { offset, style: section.style });
            if self.sections.len() > MAX_SECTIONS {
                return Err(PdfError::Bound("more than 4096 revisions"));
            }
            let (free, used): (Vec<_>, Vec<_>) =
                section.entries.into_iter().partition(|(_, entry)| *entry == Entry::Free);
            self.add(used)?;
            // A hybrid file hides objects from old readers by calling them free in the table.
            if let Some(hidden) = section.dictionary.get("XRefStm") {
                let at = position(hidden, offset)?;
                self.add(read_section(source, at, self.shift)?.entries)?;
            }
            self.add(free)?;
            if let Some(previous) = section.dictionary.get("Prev") {
                let at = position(previous, offset)?;
                if !seen.insert(at) {
                    return Err(PdfError::CrossReference { offset, what: "a circle of revisions" });
                }
                next = Some((at, read_section(source, at, self.shift)?));
            }
        }
        Ok(())
    }

    fn add(&mut self, entries: Vec<(u32, Entry)>) -> Result<(), PdfError> {
        for (number, entry) in entries {
            self.entries.entry(number).or_insert(entry);
        }
        if self.entries.len() > MAX_ENTRIES {
            return Err(PdfError::Bound("more than eight million objects"));
        }
        Ok(())
    }
}

fn position(value: &Object, offset: u64) -> Result<u64, PdfError> {
    let at = value.number().filter(|number| *number >= 0.0).map(|number| number as u64);
    at.ok_or(PdfError::CrossReference { offset, what: "an offset that is no number" })
}

/// The number after the last `startxref`, which readers seek in the last kilobyte; two kilobytes
/// also find it before a trailing comment.
fn find_startxref(source: &Source) -> Result<u64, PdfError> {
    const TAIL: u64 = 2048;
    let from = source.len().saturating_sub(TAIL);
    let tail = source.read(from, (source.len() - from) as usize)?;
    let keyword = b"startxref";
    let at = tail
        .windows(keyword.len())
        .rposition(|window| window == keyword)
        .ok_or(PdfError::NoStartxref)?;
    let mut lexer = Lexer::new(&tail[at + keyword.len()..], true);
    lexer.unsigned().map_err(|_| PdfError::NoStartxref)
}

fn read_section(source: &Source, at: u64, shift: u64) -> Result<Parsed, PdfError> {
    let offset = at.checked_add(shift).ok_or(PdfError::NoStartxref)?;
    let found = source.parse(offset, |lexer| {
        if lexer.keyword("xref")? {
            return read_table(lexer).map(Ok);
        }
        lexer.indirect(offset).map(|(_, object)| Err(object))
    })?;
    match found {
        Ok(parsed) => Ok(parsed),
        Err(Object::Stream(stream)) if stream.dictionary.is("Type", "XRef") => {
            let length = stream.dictionary.get("Length").and_then(Object::integer);
            let length = length.and_then(|length| usize::try_from(length).ok()).ok_or(
                PdfError::CrossReference { offset, what: "a stream without a direct length" },
            )?;
            let data = decode(&stream.dictionary, &source.read(stream.data_offset, length)?)?;
            let entries = read_stream(&stream.dictionary, &data, offset)?;
            Ok(Parsed { style: Style::Stream, entries, dictionary: stream.dictionary })
        }
        Err(_) => Err(PdfError::CrossReference { offset, what: "neither a table nor a stream" }),
    }
}

fn read_table(lexer: &mut Lexer<'_>) -> Result<Parsed, Fault> {
    let mut entries = Vec::new();
    while !lexer.keyword("trailer")? {
        let mut first = lexer.unsigned()?;
        let count = lexer.unsigned()?;
        for i in 0..count {
            let offset = lexer.unsigned()?;
            let generation = lexer.unsigned()?;
            let used = lexer.keyword("n")?;
            if !used && !lexer.keyword("f")? {
                return Err(Fault::Syntax("`n` or `f` is expected"));
            }
            // Some writers call the head of the free list object 1 and are off by one throughout.
            if i == 0 && first == 1 && !used && generation == 65535 {
                first = 0;
            }
            let number = u32::try_from(first + i).map_err(|_| Fault::Syntax("an object number"))?;
            entries.push((number, if used { Entry::Plain { offset } } else { Entry::Free }));
        }
    }
    match lexer.object()? {
        Object::Dictionary(dictionary) => Ok(Parsed { style: Style::Table, entries, dictionary }),
        _ => Err(Fault::Syntax("a trailer dictionary is expected")),
    }
}

fn read_stream(
    dictionary: &Dictionary,
    data: &[u8],
    offset: u64,
) -> Result<Vec<(u32, Entry)>, PdfError> {
    let broken = |what| PdfError::CrossReference { offset, what };
    let numbers = |key: &str| -> Option<Vec<u64>> {
        let items = dictionary.get(key)?.array()?;
        items.iter().map(|item| u64::try_from(item.integer()?).ok()).collect()
    };
    let widths = numbers("W").filter(|w| w.len() == 3 && w.iter().all(|&width| width <= 8));
    let widths = widths.ok_or(broken("field widths"))?;
    let row = widths.iter().sum::<u64>() as usize;
    if row == 0 {
        return Err(broken("rows of no bytes"));
    }
    let size = dictionary.get("Size").and_then(Object::integer).unwrap_or(0);
    let ranges = numbers("Index").unwrap_or_else(|| vec![0, u64::try_from(size).unwrap_or(0)]);
    let mut rows = data.chunks_exact(row);
    let mut entries = Vec::new();
    for range in ranges.chunks_exact(2) {
        for i in 0..range[1] {
            // Fewer rows than promised are common and harmless: those objects do not exist.
            let Some(row) = rows.next() else { return Ok(entries) };
            let (kind, rest) = row.split_at(widths[0] as usize);
            let (second, third) = rest.split_at(widths[1] as usize);
            let kind = if kind.is_empty() { 1 } else { big_endian(kind) };
            let number = range[0].checked_add(i).and_then(|number| u32::try_from(number).ok());
            let number = number.ok_or(broken("an object number"))?;
            let entry = match kind {
                1 => Entry::Plain { offset: big_endian(second) },
                2 => Entry::Packed {
                    stream: u32::try_from(big_endian(second)).map_err(|_| broken("a number"))?,
                    index: u32::try_from(big_endian(third)).map_err(|_| broken("an index"))?,
                },
                _ => Entry::Free,
            };
            entries.push((number, entry));
        }
    }
    Ok(entries)
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_and_an_off_by_one_head_is_mended() {
        let text = b"1 2\n0000000000 65535 f \n0000000017 00000 n \ntrailer<</Size 2>>";
        let parsed = read_table(&mut Lexer::new(text, true)).unwrap();
        assert_eq!(parsed.entries, [(0, Entry::Free), (1, Entry::Plain { offset: 17 })]);
    }

    #[test]
    fn a_stream_is_read() {
        let mut dictionary = Dictionary::new();
        dictionary.set("W", vec![1.into(), 2.into(), 1.into()]);
        dictionary.set("Index", vec![Object::Integer(4), Object::Integer(2)]);
        let rows = [1, 1, 0, 0, 2, 0, 9, 3];
        let entries = read_stream(&dictionary, &rows, 0).unwrap();
        let packed = Entry::Packed { stream: 9, index: 3 };
        assert_eq!(entries, [(4, Entry::Plain { offset: 256 }), (5, packed)]);
    }

    #[test]
    fn rows_of_no_bytes_are_refused() {
        let mut dictionary = Dictionary::new();
        dictionary.set("W", vec![0.into(), 0.into(), Object::Integer(0)]);
        assert!(read_stream(&dictionary, &[], 0).is_err());
    }
}
