//! The signature fields of a form, and where they show.

use std::collections::{HashMap, HashSet};

use super::report::Position;
use crate::pdf::{
    Dictionary, Document, Object, PdfError,
    object::decode_text_string,
    page::{self, boxed},
};

/// More fields than any real form.
const MAX_FIELDS: usize = 100_000;

/// Names nest a few levels; a circle of parents ends here too.
const MAX_PARENTS: usize = 16;

/// A signature field.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// `/V` as it is in the field: normally a reference.
    pub(crate) value: Option<Object>,
    pub(crate) page_no: Option<u32>,
    /// `Other` stands for the lower part of a page too, until the subject is known.
    pub(crate) position: Position,
    /// Centre of the box as a share of the displayed page, from the top left.
    pub(crate) centre: Option<(f64, f64)>,
}

struct Node {
    object: Object,
    prefix: String,
    kind: Option<Object>,
}

/// All signature fields, signed or not, in the order of the form; fields that only a page knows
/// follow.
pub(crate) fn find(document: &Document) -> Result<Vec<Field>, PdfError> {
    let pages = Pages::read(document)?;
    let mut seen = HashSet::new();
    let mut fields = Vec::new();
    let (_, catalog) = document.catalog()?;
    let mut stack = Vec::new();
    if let Object::Dictionary(form) = document.entry(&catalog, "AcroForm")?
        && let Object::Array(roots) = document.entry(&form, "Fields")?
    {
        push(&mut stack, &roots, "", None);
    }
    while let Some(node) = stack.pop() {
        let number = node.object.reference().map(|reference| reference.number);
        if number.is_some_and(|number| !seen.insert(number)) {
            continue;
        }
        if seen.len() > MAX_FIELDS || stack.len() > MAX_FIELDS {
            return Err(PdfError::Bound("more than 100000 fields"));
        }
        if let Object::Dictionary(field) = document.resolve(&node.object)? {
            fields.extend(visit(document, &pages, (&node, &field), &mut stack)?);
        }
    }
    for widget in &pages.widgets {
        let number = widget.reference().map(|reference| reference.number);
        if number.is_some_and(|number| !seen.insert(number)) {
            continue;
        }
        if let Object::Dictionary(field) = document.resolve(widget)?
            && field.get("Parent").is_none()
        {
            let node = Node { object: widget.clone(), prefix: String::new(), kind: None };
            fields.extend(visit(document, &pages, (&node, &field), &mut Vec::new())?);
        }
    }
    Ok(fields)
}

fn push(stack: &mut Vec<Node>, items: &[Object], prefix: &str, kind: Option<&Object>) {
    stack.extend(items.iter().rev().map(|object| Node {
        object: object.clone(),
        prefix: prefix.to_owned(),
        kind: kind.cloned(),
    }));
}

fn visit(
    document: &Document,
    pages: &Pages,
    (node, field): (&Node, &Dictionary),
    stack: &mut Vec<Node>,
) -> Result<Option<Field>, PdfError> {
    let partial = document.entry(field, "T")?;
    // Strings of an encrypted file are noise; the signature itself is exempt from encryption.
    let readable = |bytes: &[u8]| {
        if document.encrypted() { "(encrypted)".to_owned() } else { decode_text_string(bytes) }
    };
    let partial = partial.string().map(readable);
    let name = match (&partial, node.prefix.as_str()) {
        (Some(partial), "") => partial.clone(),
        (Some(partial), prefix) => format!("{prefix}.{partial}"),
        (None, prefix) => prefix.to_owned(),
    };
    let kind = field.get("FT").cloned().or_else(|| node.kind.clone());
    let kids = document.entry(field, "Kids")?;
    let is_signature = match &kind {
        Some(kind) => document.resolve(kind)?.name() == Some(b"Sig"),
        None => false,
    };
    let value = field.get("V").filter(|value| **value != Object::Null).cloned();
    if let Object::Array(kids) = &kids
        && value.is_none()
    {
        push(stack, kids, &name, kind.as_ref());
        return Ok(None);
    }
    // Kids without a name are the widgets of their parent.
    if !is_signature || (partial.is_none() && value.is_none()) {
        return Ok(None);
    }
    let widget = match kids.array().and_then(|kids| kids.first()) {
        Some(kid) => kid.clone(),
        None => node.object.clone(),
    };
    let place = pages.place(document, &widget)?;
    Ok(Some(Field {
        name,
        value,
        page_no: place.page_no,
        position: place.position,
        centre: place.centre,
    }))
}

struct Place {
    page_no: Option<u32>,
    position: Position,
    centre: Option<(f64, f64)>,
}

/// Which page shows which widget.
struct Pages {
    all: Vec<page::Page>,
    by_number: HashMap<u32, usize>,
    by_widget: HashMap<u32, usize>,
    widgets: Vec<Object>,
}

impl Pages {
    fn read(document: &Document) -> Result<Self, PdfError> {
        let mut pages = Vec::new();
        page::walk(document, |page| {
            pages.push(page);
            true
        })?;
        let mut by_widget = HashMap::new();
        let mut widgets = Vec::new();
        for (i, page) in pages.iter().enumerate() {
            if let Object::Array(annotations) = document.entry(&page.dictionary, "Annots")? {
                for annotation in annotations.into_iter().take(MAX_FIELDS) {
                    by_widget.extend(annotation.reference().map(|r| (r.number, i)));
                    widgets.push(annotation);
                }
            }
        }
        let by_number =
            pages.iter().enumerate().map(|(i, page)| (page.reference.number, i)).collect();
        Ok(Self { all: pages, by_number, by_widget, widgets })
    }

    fn place(&self, document: &Document, widget: &Object) -> Result<Place, PdfError> {
        let nowhere = Place { page_no: None, position: Position::Invisible, centre: None };
        let Object::Dictionary(dictionary) = document.resolve(widget)? else {
            return Ok(nowhere);
        };
        let listed = widget.reference().and_then(|r| self.by_widget.get(&r.number));
        let named = dictionary.get("P").and_then(Object::reference);
        let page = listed.or_else(|| self.by_number.get(&named?.number));
        let Some(&page) = page else { return Ok(nowhere) };
        let page_no = Some(page as u32 + 1);
        let page = &self.all[page];
        let rect = boxed(document, dictionary.get("Rect"))?;
        let flags = document.entry(&dictionary, "F")?.integer().unwrap_or(0);
        // Bit 2 hides an annotation.
        let Some(rect) = rect.filter(|_| flags & 2 == 0) else {
            return Ok(Place { page_no, ..nowhere });
        };
        let [x, y, width, height] = page.to_display(rect);
        let (page_width, page_height) = page.displayed();
        let centre = ((x + width / 2.0) / page_width, (y + height / 2.0) / page_height);
        Ok(Place { page_no, position: corner(centre), centre: Some(centre) })
    }
}

/// The top quarter of a page belongs to the two corners.
fn corner((x, y): (f64, f64)) -> Position {
    match (x < 0.5, y < 0.25) {
        (true, true) => Position::TopLeft,
        (false, true) => Position::TopRight,
        _ => Position::Other,
    }
}

/// In the lower right, seals and signatures of persons overlap: there the subject decides which
/// of the two blocks it is.
pub(crate) fn lower_block(centre: Option<(f64, f64)>, organisation: bool) -> Option<Position> {
    let (x, y) = centre?;
    let seal = (0.45..=0.80).contains(&x) && (0.55..=0.96).contains(&y);
    let signature = (0.50..=0.93).contains(&x) && (0.55..=0.96).contains(&y);
    match organisation {
        true if seal || signature => Some(Position::Block8),
        false if signature || seal => Some(Position::Block7c),
        _ => None,
    }
}

/// A signature field, or a widget of one.
pub(crate) fn is_signature_field(document: &Document, field: &Object) -> Result<bool, PdfError> {
    let kind = document.resolve(&inherited(document, field, "FT")?)?;
    Ok(kind.name() == Some(b"Sig"))
}

/// A signature field without a value, or a widget of one.
pub(crate) fn is_empty_field(document: &Document, field: &Object) -> Result<bool, PdfError> {
    Ok(is_signature_field(document, field)? && inherited(document, field, "V")? == Object::Null)
}

/// The names of a field and of those above it, as locks spell them.
pub(crate) fn full_name(document: &Document, field: &Object) -> Result<String, PdfError> {
    let (mut names, mut current) = (Vec::new(), document.resolve(field)?);
    for _ in 0..MAX_PARENTS {
        let Object::Dictionary(dictionary) = &current else { break };
        names.extend(document.entry(dictionary, "T")?.string().map(decode_text_string));
        current = document.entry(dictionary, "Parent")?;
    }
    names.reverse();
    Ok(names.join("."))
}

/// A field's own entry as it is written, or that of the nearest parent that has it.
pub(crate) fn inherited(
    document: &Document,
    field: &Object,
    key: &str,
) -> Result<Object, PdfError> {
    let mut current = document.resolve(field)?;
    for _ in 0..MAX_PARENTS {
        let Object::Dictionary(dictionary) = &current else { break };
        match (document.entry(dictionary, key)?, dictionary.get(key)) {
            (Object::Null, _) | (_, None) => current = document.entry(dictionary, "Parent")?,
            (_, Some(written)) => return Ok(written.clone()),
        }
    }
    Ok(Object::Null)
}
