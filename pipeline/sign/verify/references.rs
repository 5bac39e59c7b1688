//! Who names an object. What was changed as one thing may be shown as another: a file made for such
//! an attack has one stream as metadata and as the content of a page.

use std::collections::HashSet;

use crate::pdf::{Document, Object};

/// Objects scanned for references to numbers.
const MAX_SCANNED: usize = 1 << 20;

/// What of an object is left out of a search, because it is known to name what is searched for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known {
    Nothing,
    /// The values of these keys.
    Keys(&'static [&'static [u8]]),
    All,
}

/// Some object of the document refers to one of these numbers. A reference that led nowhere when
/// it was signed must not lead to something new.
pub(super) fn refers_to(document: &Document, numbers: &HashSet<u32>) -> bool {
    refers_to_but(document, numbers, |_| Known::Nothing)
}

/// The same of all objects, leaving out what of them is known.
pub(super) fn refers_to_but(
    document: &Document,
    numbers: &HashSet<u32>,
    known: impl Fn(u32) -> Known,
) -> bool {
    if document.xref.entries.len() > MAX_SCANNED {
        return true;
    }
    let mut owned: Vec<u32> = document.xref.entries.keys().copied().collect();
    owned.sort_unstable();
    owned.into_iter().any(|number| match known(number) {
        Known::All => false,
        Known::Nothing => names(document, number, numbers, &[]),
        Known::Keys(keys) => names(document, number, numbers, keys),
    })
}

fn names(document: &Document, number: u32, numbers: &HashSet<u32>, but: &[&[u8]]) -> bool {
    // Other readers may repair what this one cannot read.
    let Ok(object) = document.get(number) else { return true };
    let Some(dictionary) = object.dictionary() else { return mentions(&object, numbers) };
    // A trailer too, and it names the document's information as a trailer does.
    let trailer = matches!(object, Object::Stream(_)) && dictionary.is("Type", "XRef");
    let left_out = |key: &[u8]| but.contains(&key) || (trailer && key == b"Info");
    let mut entries = dictionary.iter();
    entries.any(|(key, value)| !left_out(key) && mentions(value, numbers))
}

pub(super) fn mentions(object: &Object, numbers: &HashSet<u32>) -> bool {
    match object {
        Object::Reference(reference) => numbers.contains(&reference.number),
        Object::Array(items) => items.iter().any(|item| mentions(item, numbers)),
        Object::Dictionary(dictionary) => dictionary.iter().any(|(_, v)| mentions(v, numbers)),
        Object::Stream(stream) => stream.dictionary.iter().any(|(_, v)| mentions(v, numbers)),
        _ => false,
    }
}
