//! What a `/ByteRange` covers, and the digest of it.
//!
//! The two ranges must leave out exactly the signature value, begin at the start of the file and
//! end at the end of a revision. Anything else leaves room for what was never signed.

use std::{cell::RefCell, collections::HashMap};

use super::report::Coverage;
use crate::{
    hash::Hash,
    pdf::{Dictionary, Document, Object, PdfError, Reference, Source},
};

/// Largest document whose bytes are held in memory, for old signatures without attributes.
const MAX_HELD: u64 = 256 << 20;

/// The signed ranges of one signature, in bytes of the file.
#[derive(Debug)]
pub(crate) struct Ranges<'a> {
    source: &'a Source,
    first: (u64, u64),
    second: (u64, u64),
    digests: RefCell<HashMap<&'static [u8], Vec<u8>>>,
}

impl<'a> Ranges<'a> {
    /// The ranges a signature dictionary states, when they lie around exactly its `/Contents`.
    /// Numbers may count from the header where junk precedes it.
    pub(crate) fn read(
        document: &'a Document,
        at: Reference,
        dictionary: &Dictionary,
    ) -> Result<Option<Self>, PdfError> {
        let Object::Array(items) = document.entry(dictionary, "ByteRange")? else {
            return Ok(None);
        };
        let numbers: Option<Vec<u64>> =
            items.iter().map(|item| u64::try_from(item.integer()?).ok()).collect();
        let Some(&[start, length, gap_end, rest]) = numbers.as_deref() else { return Ok(None) };
        let Some(gap) = document.place_of(at.number, "Contents")? else { return Ok(None) };
        let source = &document.source;
        for shift in [0, source.base()] {
            let first_end = shift.checked_add(length);
            let second = shift.checked_add(gap_end);
            let end = second.and_then(|second| second.checked_add(rest));
            let (Some(first_end), Some(second), Some(end)) = (first_end, second, end) else {
                continue;
            };
            if start == 0 && (first_end, second) == gap && end <= source.len() {
                return Ok(Some(Self {
                    source,
                    first: (shift, first_end),
                    second: (second, end),
                    digests: RefCell::default(),
                }));
            }
        }
        Ok(None)
    }

    /// Where the covered part ends.
    pub(crate) fn end(&self) -> u64 {
        self.second.1
    }

    /// Digest of both ranges.
    pub(crate) fn digest(&self, hash: Hash) -> Result<Vec<u8>, PdfError> {
        if let Some(known) = self.digests.borrow().get(hash.oid()) {
            return Ok(known.clone());
        }
        let mut context = hash.start();
        for (from, to) in [self.first, self.second] {
            self.source.stream(from, to, |piece| {
                context.update(piece);
                Ok(())
            })?;
        }
        let digest = context.finish().as_ref().to_vec();
        self.digests.borrow_mut().insert(hash.oid(), digest.clone());
        Ok(digest)
    }

    /// The bytes of both ranges; `None` when they are too many to hold.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        if self.end() > MAX_HELD {
            return None;
        }
        let mut bytes = Vec::new();
        for (from, to) in [self.first, self.second] {
            bytes.extend(self.source.read(from, (to - from) as usize).ok()?);
        }
        Some(bytes)
    }

    /// The covered part opened as the document it was, and how much of the file it is. Without a
    /// complete revision there is no document.
    pub(crate) fn revision(
        &self,
        document: &Document,
        signature: Reference,
    ) -> Result<(Coverage, Option<Document>), PdfError> {
        let end = self.end();
        let Ok(old) = Document::open(self.source.cut(end)) else {
            return Ok((Coverage::Less, None));
        };
        let known = |offset: u64| document.xref.sections.iter().any(|s| s.offset == offset);
        let complete = old.xref.sections.iter().all(|section| known(section.offset))
            && old.xref.entries.get(&signature.number)
                == document.xref.entries.get(&signature.number)
            && ends_a_revision(self.source, end)?;
        if !complete {
            return Ok((Coverage::Less, None));
        }
        let newest = document.xref.sections.len() == old.xref.sections.len();
        let whole = newest && only_space(self.source, end)?;
        let coverage = if whole { Coverage::WholeFile } else { Coverage::WholeRevision };
        Ok((coverage, Some(old)))
    }
}

/// `%%EOF` and nothing but white space stands before `end`.
fn ends_a_revision(source: &Source, end: u64) -> Result<bool, PdfError> {
    let count = end.min(64);
    let tail = source.read(end - count, count as usize)?;
    Ok(tail.trim_ascii_end().ends_with(b"%%EOF"))
}

/// Only white space follows `from`.
pub(crate) fn only_space(source: &Source, from: u64) -> Result<bool, PdfError> {
    const MOST: u64 = 4096;
    let left = source.len() - from;
    if left > MOST {
        return Ok(false);
    }
    let tail = source.read(from, left as usize)?;
    Ok(tail.iter().all(|&byte| crate::pdf::lexer::is_space(byte)))
}
