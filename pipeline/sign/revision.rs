//! One incremental update: the objects appended after everything a file already holds.
//!
//! Nothing of the file is changed or repeated. The update uses the same kind of cross-reference as
//! the newest revision, because readers may not mix them. It begins on a line of its own and ends
//! with `%%EOF` and a line feed, as PDF/A asks.

use std::collections::BTreeMap;

use crate::{
    SignError,
    hash::Hash,
    pdf::{Dictionary, Document, Object, PdfError, Reference, xref::Style},
};

/// Ten digits is what a cross-reference table has room for.
const MAX_OFFSET: u64 = 9_999_999_999;

/// The largest object number readers must support.
const MAX_NUMBER: u32 = 8_388_607;

/// Objects to append.
#[derive(Debug)]
pub(crate) struct Revision {
    next: u32,
    bodies: BTreeMap<Reference, Vec<u8>>,
}

/// A finished revision and where its objects begin in it.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    /// Position of each object's body, counted from the start of the revision.
    pub(crate) bodies: BTreeMap<Reference, usize>,
}

impl Revision {
    pub(crate) fn new(document: &Document) -> Result<Self, PdfError> {
        let next = document.next_number();
        if next > MAX_NUMBER {
            return Err(PdfError::Bound("object numbers over eight million"));
        }
        Ok(Self { next, bodies: BTreeMap::new() })
    }

    /// A new object number.
    pub(crate) fn reserve(&mut self) -> Reference {
        let number = self.next;
        self.next += 1;
        Reference { number, generation: 0 }
    }

    /// Gives an object, new or old, its body.
    pub(crate) fn put(&mut self, reference: Reference, body: Vec<u8>) {
        self.bodies.insert(reference, body);
    }

    pub(crate) fn put_object(&mut self, reference: Reference, object: &Object) {
        let mut body = Vec::new();
        object.write(&mut body);
        self.put(reference, body);
    }

    pub(crate) fn add(&mut self, object: &Object) -> Reference {
        let reference = self.reserve();
        self.put_object(reference, object);
        reference
    }

    pub(crate) fn add_stream(&mut self, mut dictionary: Dictionary, data: &[u8]) -> Reference {
        dictionary.set("Length", data.len() as i64);
        let mut body = Vec::new();
        dictionary.write(&mut body);
        body.extend_from_slice(b"\nstream\n");
        body.extend_from_slice(data);
        body.extend_from_slice(b"\nendstream");
        let reference = self.reserve();
        self.put(reference, body);
        reference
    }

    /// The bytes to append to `document`.
    pub(crate) fn write(mut self, document: &Document) -> Result<Written, SignError> {
        let xref = &document.xref;
        let end = document.source.len();
        let mut bytes = Vec::new();
        if document.source.read(end - 1, 1)? != b"\n" {
            bytes.push(b'\n');
        }
        let position = |bytes: &Vec<u8>| end + bytes.len() as u64 - xref.shift;
        let mut offsets = BTreeMap::new();
        let mut bodies = BTreeMap::new();
        for (reference, body) in &self.bodies {
            offsets.insert(*reference, position(&bytes));
            let head = format!("{} {} obj\n", reference.number, reference.generation);
            bytes.extend_from_slice(head.as_bytes());
            bodies.insert(*reference, bytes.len());
            bytes.extend_from_slice(body);
            bytes.extend_from_slice(b"\nendobj\n");
        }
        let start = position(&bytes);
        if start > MAX_OFFSET {
            return Err(SignError::TooLarge);
        }
        let style = xref.sections.first().map_or(Style::Table, |section| section.style);
        let own = (style == Style::Stream).then(|| self.reserve());
        offsets.extend(own.map(|own| (own, start)));
        let trailer = self.trailer(document, &bytes);
        match own {
            None => write_table(&mut bytes, &offsets, &trailer),
            Some(own) => write_stream(&mut bytes, own, &offsets, trailer),
        }
        bytes.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
        Ok(Written { bytes, bodies })
    }

    fn trailer(&self, document: &Document, revision: &[u8]) -> Dictionary {
        let old = &document.xref.trailer;
        let mut trailer = Dictionary::new();
        trailer.set("Size", i64::from(self.next));
        trailer.set("Prev", document.xref.startxref as i64);
        for key in ["Root", "Info"] {
            if let Some(value) = old.get(key) {
                trailer.set(key, value.clone());
            }
        }
        let fresh = Object::String(Hash::Sha256.of(revision).into_iter().take(16).collect());
        let first = old.get("ID").and_then(|id| id.array()?.first().cloned());
        trailer.set("ID", vec![first.unwrap_or_else(|| fresh.clone()), fresh]);
        trailer
    }
}

/// Runs of consecutive object numbers.
fn runs(offsets: &BTreeMap<Reference, u64>) -> Vec<Vec<(Reference, u64)>> {
    let mut runs: Vec<Vec<(Reference, u64)>> = Vec::new();
    for (&reference, &offset) in offsets {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|(r, _)| r.number + 1 == reference.number) => {
                run.push((reference, offset));
            }
            _ => runs.push(vec![(reference, offset)]),
        }
    }
    runs
}

fn write_table(bytes: &mut Vec<u8>, offsets: &BTreeMap<Reference, u64>, trailer: &Dictionary) {
    bytes.extend_from_slice(b"xref\n");
    for run in runs(offsets) {
        let head = format!("{} {}\n", run[0].0.number, run.len());
        bytes.extend_from_slice(head.as_bytes());
        for (reference, offset) in run {
            let row = format!("{offset:010} {:05} n \n", reference.generation);
            bytes.extend_from_slice(row.as_bytes());
        }
    }
    bytes.extend_from_slice(b"trailer\n");
    trailer.write(bytes);
    bytes.push(b'\n');
}

fn write_stream(
    bytes: &mut Vec<u8>,
    own: Reference,
    offsets: &BTreeMap<Reference, u64>,
    mut trailer: Dictionary,
) {
    let mut index = Vec::new();
    let mut rows = Vec::new();
    for run in runs(offsets) {
        index.push(Object::Integer(run[0].0.number.into()));
        index.push(Object::Integer(run.len() as i64));
        for (reference, offset) in run {
            rows.push(1);
            // Five bytes hold every offset up to the bound that was just checked.
            rows.extend_from_slice(&offset.to_be_bytes()[3..]);
            rows.extend_from_slice(&reference.generation.to_be_bytes());
        }
    }
    trailer.set("Type", "XRef");
    trailer.set("W", [1, 5, 2].map(Object::Integer).to_vec());
    trailer.set("Index", index);
    trailer.set("Length", rows.len() as i64);
    bytes.extend_from_slice(format!("{} 0 obj\n", own.number).as_bytes());
    trailer.write(bytes);
    bytes.extend_from_slice(b"\nstream\n");
    bytes.extend_from_slice(&rows);
    bytes.extend_from_slice(b"\nendstream\nendobj\n");
}
