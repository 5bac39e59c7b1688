//! Objects by number, through the cross-reference of a file or of an earlier revision of it.

use std::{cell::RefCell, rc::Rc};

use super::{
    Dictionary, Object, PdfError, Reference, Source, Stream,
    filter::decode,
    lexer::Lexer,
    xref::{CrossReference, Entry},
};

/// A chain of references longer than this is a circle.
const MAX_HOPS: usize = 16;

/// Largest structure stream held at once.
const MAX_STREAM: i64 = 64 << 20;

/// Unpacked object streams kept, in bytes: enough for a whole ordinary file.
const MAX_UNPACKED: usize = 16 << 20;

/// One revision of a file, opened.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) source: Source,
    pub(crate) xref: CrossReference,
    /// Object streams unpacked lately, the oldest first.
    unpacked: RefCell<Vec<Unpacked>>,
}

#[derive(Debug, Clone)]
struct Unpacked {
    number: u32,
    data: Rc<Vec<u8>>,
    /// Where the first object begins.
    first: usize,
}

impl Document {
    pub(crate) fn open(source: Source) -> Result<Self, PdfError> {
        let xref = CrossReference::read(&source)?;
        Ok(Self { source, xref, unpacked: RefCell::default() })
    }

    pub(crate) fn encrypted(&self) -> bool {
        self.xref.trailer.get("Encrypt").is_some_and(|value| *value != Object::Null)
    }

    /// The object of this number; `Null` when it is free or unknown, as the format says.
    pub(crate) fn get(&self, number: u32) -> Result<Object, PdfError> {
        match self.xref.entries.get(&number) {
            None | Some(Entry::Free) => Ok(Object::Null),
            Some(Entry::Plain { offset }) => {
                let offset = offset
                    .checked_add(self.xref.shift)
                    .ok_or(PdfError::Object { number, what: "an impossible offset" })?;
                let (id, object) = self.source.parse(offset, |lexer| lexer.indirect(offset))?;
                if id.number != number {
                    return Err(PdfError::Object {
                        number,
                        what: "another object is in its place",
                    });
                }
                Ok(object)
            }
            Some(Entry::Packed { stream, index }) => self.packed(number, *stream, *index),
        }
    }

    /// Where the value of a key of a plain object lies in the file; `None` when the object is
    /// packed, encrypted away or has no such key.
    pub(crate) fn place_of(
        &self,
        number: u32,
        key: &'static str,
    ) -> Result<Option<(u64, u64)>, PdfError> {
        let Some(Entry::Plain { offset }) = self.xref.entries.get(&number) else {
            return Ok(None);
        };
        let offset = offset.saturating_add(self.xref.shift);
        self.source.parse(offset, |lexer| {
            lexer.want(key);
            lexer.indirect(offset)?;
            let place = lexer.found();
            Ok(place.map(|(start, end)| (offset + start as u64, offset + end as u64)))
        })
    }

    fn packed(&self, number: u32, container: u32, index: u32) -> Result<Object, PdfError> {
        let broken = |what| PdfError::Object { number: container, what };
        let Unpacked { data, first, .. } = self.unpack(container)?;
        self.source.spend(first as u64)?;
        let mut header = Lexer::new(&data[..first], true);
        let mut place = None;
        // The index is only a hint for some writers: the number decides.
        for i in 0.. {
            let (Ok(id), Ok(offset)) = (header.unsigned(), header.unsigned()) else { break };
            if id == u64::from(number) && (place.is_none() || i == index) {
                place = Some(offset);
            }
        }
        let place = place.ok_or(broken("it lacks a promised object"))?;
        let start = first as u64 + place;
        let body = usize::try_from(start).ok().and_then(|start| data.get(start..));
        let body = body.ok_or(broken("an object beyond its end"))?;
        Lexer::new(body, true).object().map_err(|_| broken("a packed object is broken"))
    }

    fn unpack(&self, container: u32) -> Result<Unpacked, PdfError> {
        if let Some(known) = self.unpacked.borrow().iter().find(|one| one.number == container) {
            return Ok(known.clone());
        }
        let broken = |what| PdfError::Object { number: container, what };
        // A packed container would be a circle; the format forbids it.
        if !matches!(self.xref.entries.get(&container), Some(Entry::Plain { .. })) {
            return Err(broken("an object stream inside an object stream"));
        }
        let Object::Stream(stream) = self.get(container)? else {
            return Err(broken("not an object stream"));
        };
        let data = Rc::new(self.stream_data(&stream)?);
        self.source.spend(data.len() as u64)?;
        let first = stream.dictionary.get("First").and_then(Object::integer);
        let first = first.and_then(|first| usize::try_from(first).ok());
        let first = first.filter(|first| *first <= data.len()).ok_or(broken("no /First"))?;
        let unpacked = Unpacked { number: container, data, first };
        let mut kept = self.unpacked.borrow_mut();
        kept.push(unpacked.clone());
        while kept.len() > 1 && kept.iter().map(|one| one.data.len()).sum::<usize>() > MAX_UNPACKED
        {
            kept.remove(0);
        }
        Ok(unpacked)
    }

    /// The decoded bytes of a structure stream.
    pub(crate) fn stream_data(&self, stream: &Stream) -> Result<Vec<u8>, PdfError> {
        let length = self.stream_length(stream)?;
        decode(&stream.dictionary, &self.source.read(stream.data_offset, length)?)
    }

    /// Length of a stream's bytes in the file; bounded.
    pub(crate) fn stream_length(&self, stream: &Stream) -> Result<usize, PdfError> {
        let length = self.entry(&stream.dictionary, "Length")?.integer();
        let length = length.filter(|length| (0..=MAX_STREAM).contains(length));
        Ok(length.ok_or(PdfError::Bound("a structure stream without a sane length"))? as usize)
    }

    /// Follows references until a value is found.
    pub(crate) fn resolve(&self, object: &Object) -> Result<Object, PdfError> {
        let mut current = object.clone();
        for _ in 0..MAX_HOPS {
            match current {
                Object::Reference(reference) => current = self.get(reference.number)?,
                value => return Ok(value),
            }
        }
        Err(PdfError::Bound("a circle of references"))
    }

    /// The resolved value of a key; `Null` when it is absent.
    pub(crate) fn entry(&self, dictionary: &Dictionary, key: &str) -> Result<Object, PdfError> {
        dictionary.get(key).map_or(Ok(Object::Null), |value| self.resolve(value))
    }

    /// The catalog and its number.
    pub(crate) fn catalog(&self) -> Result<(Reference, Dictionary), PdfError> {
        let root = self.xref.trailer.get("Root").and_then(Object::reference);
        let root = root.ok_or(PdfError::Object { number: 0, what: "no /Root" })?;
        match self.get(root.number)? {
            Object::Dictionary(catalog) => Ok((root, catalog)),
            _ => Err(PdfError::Object { number: root.number, what: "the catalog is missing" }),
        }
    }

    /// One more than the highest object number in use or promised by the trailer.
    pub(crate) fn next_number(&self) -> u32 {
        let size = self.xref.trailer.get("Size").and_then(Object::integer).unwrap_or(0);
        let highest = self.xref.entries.keys().max().map_or(0, |number| number.saturating_add(1));
        highest.max(u32::try_from(size).unwrap_or(0))
    }
}
