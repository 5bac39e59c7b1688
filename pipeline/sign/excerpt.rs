//! The first page of a file as a file of its own, for who wants to look at it: a file of any size
//! costs what its first page does.
//!
//! Everything the page draws with comes along under its old number; what the page only leads to
//! (other pages, the form, actions) does not.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use crate::pdf::{Dictionary, Document, Object, PdfError, Reference, Source, page};

/// What a page has from the nodes above it.
const INHERITED: [&str; 4] = ["Resources", "MediaBox", "CropBox", "Rotate"];

/// A page tree nests a few levels; a circle ends here too.
const MAX_PARENTS: usize = 64;

/// What of an annotation is drawn.
const DRAWN: [&str; 6] = ["Type", "Subtype", "Rect", "F", "AS", "AP"];

/// The first page of a PDF, as a PDF of one page.
///
/// # Errors
/// [`PdfError::Bound`] when the page takes more than `most` bytes; any other when the file cannot be
/// read.
pub fn first_page(path: &Path, most: u64) -> Result<Vec<u8>, PdfError> {
    let document = Document::open(Source::open(path)?)?;
    let shown = page::first(&document)?.reference;
    let root = document.next_number();
    let [root, pages] = [root, root + 1].map(|number| Reference { number, generation: 0 });
    let mut copy = Excerpt { document: &document, bodies: BTreeMap::new(), left: most };
    let alone = copy.alone(shown, pages)?;
    let (_, catalog) = document.catalog()?;
    let mut own = Dictionary::new();
    own.set("Type", "Catalog");
    own.set("Pages", pages);
    if let Some(layers) = catalog.get("OCProperties") {
        own.set("OCProperties", layers.clone());
    }
    let mut tree = Dictionary::new();
    tree.set("Type", "Pages");
    tree.set("Kids", vec![Object::Reference(shown)]);
    tree.set("Count", 1);
    let own = [(shown.number, alone), (root.number, own), (pages.number, tree)];
    let mut wanted = Vec::new();
    for (number, dictionary) in own {
        let object = Object::Dictionary(dictionary);
        named(&object, &mut wanted);
        let mut body = Vec::new();
        object.write(&mut body);
        copy.bodies.insert(number, body);
    }
    copy.all(wanted)?;
    Ok(written(&copy.bodies, root))
}

struct Excerpt<'a> {
    document: &'a Document,
    bodies: BTreeMap<u32, Vec<u8>>,
    /// Bytes that may still be taken.
    left: u64,
}

impl Excerpt<'_> {
    /// A page with what it inherits, under another parent.
    fn alone(&self, page: Reference, parent: Reference) -> Result<Dictionary, PdfError> {
        let Object::Dictionary(own) = self.document.get(page.number)? else {
            return Err(PdfError::Object { number: page.number, what: "the page is missing" });
        };
        let mut alone = Dictionary::new();
        for key in ["Type", "Contents", "Group", "UserUnit"] {
            if let Some(value) = own.get(key) {
                alone.set(key, value.clone());
            }
        }
        alone.set("Parent", parent);
        let mut node = Object::Dictionary(own.clone());
        for _ in 0..MAX_PARENTS {
            let Object::Dictionary(dictionary) = &node else { break };
            for key in INHERITED {
                if let (None, Some(value)) = (alone.get(key), dictionary.get(key)) {
                    alone.set(key, value.clone());
                }
            }
            node = self.document.entry(dictionary, "Parent")?;
        }
        let mut annotations = Vec::new();
        if let Object::Array(all) = self.document.entry(&own, "Annots")? {
            for one in &all {
                let Object::Dictionary(one) = self.document.resolve(one)? else { continue };
                let mut drawn = Dictionary::new();
                for key in DRAWN {
                    if let Some(value) = one.get(key) {
                        drawn.set(key, value.clone());
                    }
                }
                annotations.push(Object::Dictionary(drawn));
            }
        }
        alone.set("Annots", annotations);
        Ok(alone)
    }

    /// Takes these objects, and all that they name.
    fn all(&mut self, mut wanted: Vec<u32>) -> Result<(), PdfError> {
        let mut seen: HashSet<u32> = self.bodies.keys().copied().collect();
        while let Some(number) = wanted.pop() {
            if !seen.insert(number) {
                continue;
            }
            let object = self.document.get(number)?;
            // A way back to the tree, from a structure element for one.
            let other =
                object.dictionary().is_some_and(|d| d.is("Type", "Page") || d.is("Type", "Pages"));
            if other {
                continue;
            }
            named(&object, &mut wanted);
            let body = self.body(&object)?;
            self.left = self
                .left
                .checked_sub(body.len() as u64)
                .ok_or(PdfError::Bound("a first page too large to look at"))?;
            self.bodies.insert(number, body);
        }
        Ok(())
    }

    fn body(&self, object: &Object) -> Result<Vec<u8>, PdfError> {
        let mut body = Vec::new();
        let Object::Stream(stream) = object else {
            object.write(&mut body);
            return Ok(body);
        };
        let length = self.document.stream_length(stream)?;
        if length as u64 > self.left {
            return Err(PdfError::Bound("a first page too large to look at"));
        }
        let mut dictionary = stream.dictionary.clone();
        dictionary.set("Length", length as i64);
        dictionary.write(&mut body);
        body.extend_from_slice(b"\nstream\n");
        body.extend(self.document.source.read(stream.data_offset, length)?);
        body.extend_from_slice(b"\nendstream");
        Ok(body)
    }
}

/// Adds the numbers that an object names.
fn named(object: &Object, numbers: &mut Vec<u32>) {
    match object {
        Object::Reference(reference) => numbers.push(reference.number),
        Object::Array(items) => items.iter().for_each(|item| named(item, numbers)),
        _ => {
            if let Some(dictionary) = object.dictionary() {
                dictionary.iter().for_each(|(_, value)| named(value, numbers));
            }
        }
    }
}

/// A file of these objects.
fn written(bodies: &BTreeMap<u32, Vec<u8>>, root: Reference) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut rows = b"xref\n0 1\n0000000000 65535 f \n".to_vec();
    for (number, body) in bodies {
        let row = format!("{number} 1\n{:010} 00000 n \n", file.len());
        rows.extend_from_slice(row.as_bytes());
        file.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        file.extend_from_slice(body);
        file.extend_from_slice(b"\nendobj\n");
    }
    let (start, size) = (file.len(), root.number + 2);
    let end =
        format!("trailer\n<</Size {size}/Root {} 0 R>>\nstartxref\n{start}\n%%EOF\n", root.number);
    file.extend_from_slice(&rows);
    file.extend_from_slice(end.as_bytes());
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pages; the first has its resources from above and an annotation that leads to the second.
    fn two_pages() -> Vec<u8> {
        let bodies = [
            (1, "<</Type/Catalog/Pages 2 0 R>>"),
            (2, "<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 200 300]/Resources 5 0 R>>"),
            (3, "<</Type/Page/Parent 2 0 R/Contents 6 0 R/Annots[7 0 R]>>"),
            (4, "<</Type/Page/Parent 2 0 R/Contents 8 0 R>>"),
            (5, "<</Font<</F 9 0 R>>>>"),
            (6, "<</Length 5>>\nstream\nfirst\nendstream"),
            (7, "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/Dest[4 0 R/Fit]>>"),
            (8, "<</Length 6>>\nstream\nsecond\nendstream"),
            (9, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"),
        ];
        let bodies = bodies.map(|(number, body)| (number, body.as_bytes().to_vec()));
        written(&BTreeMap::from(bodies), Reference { number: 1, generation: 0 })
    }

    fn excerpt(file: &[u8], most: u64) -> Result<Vec<u8>, PdfError> {
        let mut kept = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut kept, file).unwrap();
        first_page(kept.path(), most)
    }

    #[test]
    fn a_page_comes_with_what_it_draws_with_and_nothing_else() {
        let file = excerpt(&two_pages(), 1000).unwrap();
        let text = String::from_utf8_lossy(&file);
        for there in ["first", "Helvetica", "MediaBox [0 0 200 300]", "/Subtype /Link"] {
            assert!(text.contains(there), "no {there} in {text}");
        }
        assert!(!text.contains("second") && !text.contains("Dest"), "{text}");
        let again = excerpt(&file, 1000).unwrap();
        assert_eq!(again.len(), file.len(), "it is a file of one page");
    }

    #[test]
    fn a_page_over_the_bound_is_not_held() {
        assert!(matches!(excerpt(&two_pages(), 20), Err(PdfError::Bound(_))));
    }
}
