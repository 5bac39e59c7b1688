//! What viewers make the looks of a form's fields from, where they make them anew: its resources, its
//! default appearance, and whether they should.
//!
//! None of it is drawn by itself, and signing software writes it too. But with another font under the
//! name that a signed field asks for, its digits look like others, and a viewer told to make all
//! looks anew shows what a field holds where something else was signed for its look.

use super::{
    changes::{as_array, as_dictionary},
    field::is_signature_field,
};
use crate::pdf::{Dictionary, Document, Object, PdfError};

/// The parts of the form that this is about.
const MEANS: [&str; 3] = ["DR", "DA", "NeedAppearances"];

/// Objects looked through for what fields ask for.
const MAX_SCANNED: usize = 1 << 20;

/// Lists and dictionaries in each other; no field lies deeper.
const MAX_DEPTH: usize = 16;

/// The fields of the signed form look as they did, made anew or not.
pub(super) fn same(
    (old, before): (&Document, &Dictionary),
    (new, after): (&Document, &Dictionary),
) -> Result<bool, PdfError> {
    if MEANS.iter().all(|key| before.get(key) == after.get(key)) {
        return Ok(true);
    }
    // A form of signatures alone has no such looks.
    let mut words = false;
    for field in as_array(old.entry(before, "Fields")?) {
        words |= !is_signature_field(old, &field)?;
    }
    if !words {
        return Ok(true);
    }
    let needs = |document: &Document, form: &Dictionary| -> Result<bool, PdfError> {
        Ok(matches!(document.entry(form, "NeedAppearances")?, Object::Boolean(true)))
    };
    if needs(new, after)? && !needs(old, before)? {
        return Ok(false);
    }
    let resources = |document: &Document, form: &Dictionary| -> Result<_, PdfError> {
        Ok(as_dictionary(document.entry(form, "DR")?))
    };
    let (were, are) = (resources(old, before)?, resources(new, after)?);
    for (kind, all) in were.iter() {
        let all = as_dictionary(old.resolve(all)?);
        let now = within(new, &are, kind)?;
        if !all.iter().all(|(name, one)| find(&now, name) == Some(one)) {
            return Ok(false);
        }
    }
    let (fonts, mut names) = (within(old, &were, b"Font")?, Vec::new());
    for (name, font) in within(new, &are, b"Font")?.iter() {
        if find(&fonts, name).is_none() && !is_plain(new, font)? {
            names.push(name.to_vec());
        }
    }
    let default = old.entry(before, "DA")? != new.entry(after, "DA")?;
    Ok(!Asks { names, default }.any(old))
}

fn find<'a>(dictionary: &'a Dictionary, name: &[u8]) -> Option<&'a Object> {
    dictionary.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A dictionary of a dictionary.
fn within(document: &Document, outer: &Dictionary, name: &[u8]) -> Result<Dictionary, PdfError> {
    let found = find(outer, name).map(|inner| document.resolve(inner)).transpose()?;
    Ok(found.map(as_dictionary).unwrap_or_default())
}

/// A font that every viewer has, with its own letters: what signing software adds where a field asks
/// for one that the form lacks.
fn is_plain(document: &Document, font: &Object) -> Result<bool, PdfError> {
    let font = as_dictionary(document.resolve(font)?);
    let base = document.entry(&font, "BaseFont")?;
    let everywhere = matches!(base.name(), Some(b"Helvetica" | b"ZapfDingbats"));
    let own = matches!(document.entry(&font, "Encoding")?, Object::Null | Object::Name(_));
    Ok(font.is("Subtype", "Type1") && everywhere && own && font.get("FontDescriptor").is_none())
}

/// What some field of a document may ask its form for.
struct Asks {
    /// Fonts of these names.
    names: Vec<Vec<u8>>,
    /// How words look where it does not say so itself.
    default: bool,
}

impl Asks {
    fn any(&self, document: &Document) -> bool {
        if self.names.is_empty() && !self.default {
            return false;
        }
        let entries = &document.xref.entries;
        entries.len() > MAX_SCANNED
            || entries.keys().any(|&number| match document.get(number) {
                Ok(object) => self.within(&object, 0),
                // Other readers may repair what this one cannot read.
                Err(_) => true,
            })
    }

    fn within(&self, object: &Object, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            return true;
        }
        match object {
            Object::Array(items) => items.iter().any(|item| self.within(item, depth + 1)),
            Object::Dictionary(dictionary) => {
                self.of_field(dictionary)
                    || dictionary.iter().any(|(_, value)| self.within(value, depth + 1))
            }
            _ => false,
        }
    }

    fn of_field(&self, dictionary: &Dictionary) -> bool {
        let own = dictionary.get("DA");
        let bare = own.is_none() && (dictionary.is("FT", "Tx") || dictionary.is("FT", "Ch"));
        let named = match own {
            Some(Object::String(text)) => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/()<>[]{}%".contains(byte);
                let mut words = text.split(ends);
                // A name may be spelt in many ways.
                !self.names.is_empty() && text.contains(&b'#')
                    || words.any(|word| self.names.iter().any(|name| name == word))
            }
            // A string elsewhere, or nothing that can be read.
            Some(_) => !self.names.is_empty(),
            None => false,
        };
        named || (self.default && bare)
    }
}
