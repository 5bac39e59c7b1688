//! Where a new signature field is hung up: the interactive form and the first page.
//!
//! Existing fields and annotations stay as they are and where they are; whichever object holds a
//! list is the one written again.

use crate::{
    SignError,
    pdf::{
        Dictionary, Document, Object, PdfError, Reference,
        object::decode_text_string,
        page::{Page, boxed},
    },
    permissions::{Allowed, Permissions, certification},
    revision::Revision,
};

/// More fields than any form that is signed.
const MAX_FIELDS: usize = 100_000;

/// Fields of page 1 the new one keeps clear of; the search for a place is quadratic.
const MAX_SHOWN: usize = 1000;

/// Bits 1 (signatures exist) and 2 (append only) of `/SigFlags`.
const SIGNATURES_EXIST_AND_APPEND_ONLY: i64 = 3;

/// Adds `field` to the form, which is made when there is none.
pub(crate) fn add_field(
    document: &Document,
    revision: &mut Revision,
    field: Reference,
) -> Result<(), SignError> {
    let (root, mut catalog) = document.catalog()?;
    let holder = catalog.get("AcroForm").cloned();
    let mut form = match document.entry(&catalog, "AcroForm")? {
        Object::Dictionary(form) => form,
        Object::Null => Dictionary::new(),
        _ => return Err(PdfError::Object { number: root.number, what: "/AcroForm" }.into()),
    };
    extend(document, revision, &mut form, ("Fields", field))?;
    form.set("SigFlags", SIGNATURES_EXIST_AND_APPEND_ONLY);
    // PDF/A forbids leaving the drawing of fields to the viewer.
    if form.get("NeedAppearances") == Some(&Object::Boolean(true)) {
        form.remove("NeedAppearances");
    }
    if let Some(reference) = holder.as_ref().and_then(Object::reference) {
        revision.put_object(reference, &form.into());
    } else {
        catalog.set("AcroForm", form);
        revision.put_object(root, &catalog.into());
    }
    Ok(())
}

/// Adds `annotation` to the page.
pub(crate) fn add_annotation(
    document: &Document,
    revision: &mut Revision,
    page: &Page,
    annotation: Reference,
) -> Result<(), SignError> {
    let mut dictionary = page.dictionary.clone();
    if extend(document, revision, &mut dictionary, ("Annots", annotation))? {
        revision.put_object(page.reference, &dictionary.into());
    }
    Ok(())
}

/// Appends to a list that is direct, indirect or absent; `true` when `holder` itself changed.
fn extend(
    document: &Document,
    revision: &mut Revision,
    holder: &mut Dictionary,
    (key, item): (&'static str, Reference),
) -> Result<bool, SignError> {
    let mut list = match document.entry(holder, key)? {
        Object::Array(list) => list,
        Object::Null => Vec::new(),
        _ => return Err(PdfError::Object { number: 0, what: "a list is no array" }.into()),
    };
    list.push(item.into());
    match holder.get(key).and_then(Object::reference) {
        // A reference to nothing would stay nothing for readers that remember the old revision.
        Some(reference) if list.len() > 1 => {
            revision.put_object(reference, &list.into());
            Ok(false)
        }
        _ => {
            holder.set(key, list);
            Ok(true)
        }
    }
}

/// `wanted`, or `wanted_2`, `wanted_3`, … when the form has a field of that name.
pub(crate) fn free_name(document: &Document, wanted: &str) -> Result<String, SignError> {
    let (_, catalog) = document.catalog()?;
    let Object::Dictionary(form) = document.entry(&catalog, "AcroForm")? else {
        return Ok(wanted.to_owned());
    };
    let Object::Array(fields) = document.entry(&form, "Fields")? else {
        return Ok(wanted.to_owned());
    };
    if fields.len() > MAX_FIELDS {
        return Err(PdfError::Bound("more than 100000 fields").into());
    }
    let mut names = Vec::new();
    for field in &fields {
        if let Object::Dictionary(field) = document.resolve(field)?
            && let Object::String(name) = document.entry(&field, "T")?
        {
            names.push(decode_text_string(&name));
        }
    }
    let candidates = (2..).map(|i| format!("{wanted}_{i}"));
    let free = std::iter::once(wanted.to_owned()).chain(candidates);
    let free = free.into_iter().find(|name| !names.contains(name));
    Ok(free.unwrap_or_else(|| wanted.to_owned()))
}

/// The boxes of the fields a page shows, as displayed.
pub(crate) fn shown_fields(document: &Document, page: &Page) -> Result<Vec<[f64; 4]>, SignError> {
    let Object::Array(annotations) = document.entry(&page.dictionary, "Annots")? else {
        return Ok(Vec::new());
    };
    let mut boxes = Vec::new();
    for annotation in annotations.iter().take(MAX_SHOWN) {
        let Object::Dictionary(annotation) = document.resolve(annotation)? else { continue };
        if annotation.is("Subtype", "Widget")
            && let Some(rect) = boxed(document, annotation.get("Rect"))?
        {
            boxes.push(page.to_display(rect));
        }
    }
    Ok(boxes)
}

/// An earlier signature certifies the document and allows no change at all.
pub(crate) fn forbids_changes(document: &Document) -> Result<bool, SignError> {
    let Some((_, signature)) = certification(document)? else { return Ok(false) };
    let stated = Permissions::of(document, &signature)?;
    Ok(stated.allowed == Some(Allowed::Nothing))
}
