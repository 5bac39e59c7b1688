//! Who names an object. What was changed as one thing may be shown as another: a file made for such
//! an attack has one stream as metadata and as the content of a page.

use std::collections::{HashMap, HashSet};

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

/// Where a dictionary or list may be named without being anything else: who fills it in cannot make
/// it a picture of a page's resources. A name under another key may make it just that, as
/// `/XObject` does with every entry of a dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Naming {
    /// As the value of these keys.
    keys: &'static [&'static [u8]],
    /// In lists, which are never resources of a page.
    lists: bool,
}

/// The trailer names the catalog, and so does what a signature locks fields of.
pub(super) const CATALOG: Naming = Naming { keys: &[b"Data"], lists: false };
pub(super) const FORM: Naming = Naming { keys: &[b"AcroForm"], lists: false };
/// A list of fields or annotations.
pub(super) const LIST: Naming = Naming { keys: &[b"Fields", b"Annots"], lists: false };
/// Annotations, structure elements and destinations name pages, and the page tree lists them.
pub(super) const PAGE: Naming =
    Naming { keys: &[b"P", b"Pg", b"D", b"Dest", b"OpenAction"], lists: true };
/// Widgets, actions and structure elements name fields; forms, pages and other fields list them.
pub(super) const FIELD: Naming = Naming { keys: &[b"Parent", b"T", b"Obj"], lists: true };

/// Some object of the document names one of these otherwise than it is known to be named.
pub(super) fn named_otherwise(document: &Document, numbers: &HashMap<u32, Naming>) -> bool {
    if numbers.is_empty() {
        return false;
    }
    if document.xref.entries.len() > MAX_SCANNED {
        return true;
    }
    let mut owned: Vec<u32> = document.xref.entries.keys().copied().collect();
    owned.sort_unstable();
    owned.into_iter().any(|number| match document.get(number) {
        Ok(Object::Stream(stream)) => {
            let trailer = stream.dictionary.is("Type", "XRef");
            let known = |key: &[u8]| trailer && matches!(key, b"Root" | b"Info");
            let mut entries = stream.dictionary.iter().filter(|(key, _)| !known(key));
            entries.any(|(key, value)| is_otherwise(value, Some(key), numbers))
        }
        Ok(object) => is_otherwise(&object, None, numbers),
        // Other readers may repair what this one cannot read.
        Err(_) => true,
    })
}

/// `key` is that of the dictionary which `object` stands in; a list has none.
fn is_otherwise(object: &Object, key: Option<&[u8]>, numbers: &HashMap<u32, Naming>) -> bool {
    match object {
        Object::Reference(reference) => {
            numbers.get(&reference.number).is_some_and(|naming| match key {
                Some(key) => !naming.keys.contains(&key),
                None => !naming.lists,
            })
        }
        Object::Array(items) => items.iter().any(|item| is_otherwise(item, None, numbers)),
        Object::Dictionary(dictionary) => {
            dictionary.iter().any(|(key, value)| is_otherwise(value, Some(key), numbers))
        }
        // A stream is an object of its own.
        _ => false,
    }
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
