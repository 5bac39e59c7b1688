//! Form fields filled in after signing: the value of a field and how it is shown, nothing else of it,
//! and of no field that was locked.
//!
//! Who certifies a form allows that something is written into its boxes, so a box may hold other
//! words. It must not hide more: what a box shows stays in the box, is letters and no picture or
//! surface unless the box was signed with one, and no box takes up most of a page.

use std::collections::{HashMap, HashSet};

use super::{
    look,
    references::{Known, refers_to_but},
};
use crate::{
    pdf::{
        Dictionary, Document, Object, PdfError,
        object::decode_text_string,
        page::{Page, boxed},
    },
    permissions::Permissions,
};

/// More fields and widgets than any real form.
const MAX_NODES: usize = 100_000;

/// Bits of `/Ff`: the field is shown only; a button that has no value.
const READ_ONLY: i64 = 1;
const PUSH_BUTTON: i64 = 1 << 16;

/// Entries of a field or its widget that filling writes.
const FILLED: &[&[u8]] = &[b"V", b"I", b"RV", b"M", b"AS", b"AP"];

/// Share of a page that a box may have, to be filled.
const MOST_OF_PAGE: f64 = 0.5;

/// What kind of field a box belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Text, or a choice that is shown as text.
    Words,
    /// Check boxes and radio buttons, whose states were all signed.
    States,
}

/// The fields of the signed form that may be filled in.
#[derive(Debug, Default)]
pub(super) struct Filling {
    /// Fields and their widgets.
    nodes: HashMap<u32, Kind>,
    /// What nodes show or hold in an object of its own, and whose that is.
    parts: HashMap<u32, Vec<u32>>,
    /// Nodes of which something changed.
    filled: HashSet<u32>,
    /// Nodes whose box takes up most of a page.
    large: HashSet<u32>,
}

/// A field on the way through the form, with what it inherits.
struct Node {
    object: Object,
    name: String,
    kind: Option<Object>,
    flags: Option<Object>,
}

impl Filling {
    /// The fields of `form` that nothing locks.
    pub(super) fn of(
        document: &Document,
        form: &Dictionary,
        permissions: &Permissions,
    ) -> Result<Self, PdfError> {
        let mut found = Self::default();
        // Without a certification nothing may be filled in, whatever it is.
        if permissions.allowed.is_none() {
            return Ok(found);
        }
        let Object::Array(roots) = document.entry(form, "Fields")? else { return Ok(found) };
        let root = |object| Node { object, name: String::new(), kind: None, flags: None };
        let mut stack: Vec<_> = roots.into_iter().map(root).collect();
        let mut seen = 0;
        while let Some(node) = stack.pop() {
            seen += 1;
            if seen > MAX_NODES || stack.len() > MAX_NODES {
                return Err(PdfError::Bound("more than 100000 fields"));
            }
            if let Object::Dictionary(field) = document.resolve(&node.object)? {
                found.visit(document, (node, &field), permissions, &mut stack)?;
            }
        }
        Ok(found)
    }

    fn visit(
        &mut self,
        document: &Document,
        (node, field): (Node, &Dictionary),
        permissions: &Permissions,
        stack: &mut Vec<Node>,
    ) -> Result<(), PdfError> {
        let own = document.entry(field, "T")?.string().map(decode_text_string);
        let name = match (own, node.name.as_str()) {
            (Some(own), "") => own,
            (Some(own), above) => format!("{above}.{own}"),
            (None, above) => above.to_owned(),
        };
        let kind = field.get("FT").cloned().or(node.kind);
        let flags = field.get("Ff").cloned().or(node.flags);
        let kids = match document.entry(field, "Kids")? {
            Object::Array(kids) => kids,
            _ => Vec::new(),
        };
        let mut is_parent = false;
        for kid in &kids {
            let kid = document.resolve(kid)?;
            is_parent |= kid.dictionary().is_some_and(|kid| kid.get("T").is_some());
        }
        if is_parent {
            stack.extend(kids.into_iter().map(|object| Node {
                object,
                name: name.clone(),
                kind: kind.clone(),
                flags: flags.clone(),
            }));
            return Ok(());
        }
        let resolved = |value: &Option<Object>| {
            value.as_ref().map_or(Ok(Object::Null), |value| document.resolve(value))
        };
        let flags = resolved(&flags)?.integer().unwrap_or(0);
        let kind = match resolved(&kind)?.name() {
            Some(b"Tx" | b"Ch") => Kind::Words,
            Some(b"Btn") if flags & PUSH_BUTTON == 0 => Kind::States,
            _ => return Ok(()),
        };
        if flags & READ_ONLY != 0 || permissions.locks(&name) {
            return Ok(());
        }
        for object in kids.iter().chain([&node.object]) {
            self.add(document, object, kind)?;
        }
        Ok(())
    }

    fn add(&mut self, document: &Document, node: &Object, kind: Kind) -> Result<(), PdfError> {
        // What has no number of its own cannot change without its list.
        let Some(reference) = node.reference() else { return Ok(()) };
        let Object::Dictionary(dictionary) = document.resolve(node)? else { return Ok(()) };
        let known = self.nodes.entry(reference.number).or_insert(kind);
        // What belongs to fields of both kinds keeps the looks of its states.
        if kind == Kind::States {
            *known = kind;
        }
        let mut part = |object: Option<&Object>| {
            if let Some(part) = object.and_then(Object::reference) {
                self.parts.entry(part.number).or_default().push(reference.number);
            }
        };
        // A stream could be shown as what it is not.
        if !matches!(document.entry(&dictionary, "V")?, Object::Stream(_)) {
            part(dictionary.get("V"));
        }
        if kind == Kind::Words
            && let Object::Dictionary(looks) = document.entry(&dictionary, "AP")?
        {
            part(dictionary.get("AP"));
            part(looks.get("N"));
        }
        Ok(())
    }

    /// Measures the box of a widget that is shown on a page.
    pub(super) fn place(
        &mut self,
        document: &Document,
        page: &Page,
        widget: &Object,
    ) -> Result<(), PdfError> {
        let Some(reference) = widget.reference() else { return Ok(()) };
        if !self.nodes.contains_key(&reference.number) {
            return Ok(());
        }
        let Object::Dictionary(widget) = document.resolve(widget)? else { return Ok(()) };
        if is_most_of(page, document, &widget)? {
            self.large.insert(reference.number);
        }
        Ok(())
    }

    /// The change of an object is that of a field that was filled in, as far as the object tells.
    pub(super) fn explains(&mut self, number: u32, before: &Object, after: &Object) -> bool {
        if let Some(&kind) = self.nodes.get(&number) {
            self.filled.insert(number);
            let (Object::Dictionary(before), Object::Dictionary(after)) = (before, after) else {
                return false;
            };
            // All states were signed, so that choosing one needs no other look.
            let same_states = kind == Kind::Words || before.get("AP") == after.get("AP");
            return same_states && super::changes::same_but(before, after, FILLED);
        }
        let Some(owners) = self.parts.get(&number) else { return false };
        self.filled.extend(owners);
        // Whoever shares it is filled in with it.
        owners.iter().all(|owner| self.nodes.get(owner) == Some(&Kind::Words))
    }

    /// The fields and widgets that were filled in.
    pub(super) fn filled(&self) -> impl Iterator<Item = u32> {
        self.filled.iter().copied()
    }

    /// Everything that was filled in shows what a filled field may show, and is shown nowhere else.
    pub(super) fn holds(&self, old: &Document, new: &Document) -> Result<bool, PdfError> {
        if self.filled.is_empty() {
            return Ok(true);
        }
        for &number in &self.filled {
            if self.large.contains(&number) || !self.is_proper(number, old, new)? {
                return Ok(false);
            }
        }
        let parts: HashSet<u32> = self.parts.keys().copied().collect();
        // The stream of a look is a part, too, and its dictionary names what it draws with.
        let known = |number: u32| match old.get(number) {
            Ok(Object::Dictionary(_)) if parts.contains(&number) => Known::Keys(&[b"N"]),
            _ if self.nodes.contains_key(&number) => Known::Keys(&[b"AP", b"V"]),
            _ => Known::Nothing,
        };
        Ok(parts.is_empty() || !refers_to_but(old, &parts, known))
    }

    fn is_proper(&self, number: u32, old: &Document, new: &Document) -> Result<bool, PdfError> {
        if self.nodes.get(&number) == Some(&Kind::States) {
            return Ok(true);
        }
        let (before, after) = (old.get(number)?, new.get(number)?);
        let (Some(before), Some(after)) = (before.dictionary(), after.dictionary()) else {
            return Ok(false);
        };
        let looks = match new.entry(after, "AP")? {
            Object::Dictionary(looks) => looks,
            Object::Null => return Ok(true),
            _ => return Ok(false),
        };
        let signed = match old.entry(before, "AP")? {
            Object::Dictionary(looks) => looks,
            _ => Dictionary::new(),
        };
        // Other looks are for a pointer that is over the box.
        if !super::changes::same_but(&signed, &looks, &[b"N"]) {
            return Ok(false);
        }
        let Object::Stream(look) = new.entry(&looks, "N")? else { return Ok(false) };
        let painted = match old.entry(before, "MK")? {
            Object::Dictionary(box_) => box_.get("BG").is_some() || box_.get("BC").is_some(),
            _ => false,
        };
        look::is_written(new, &look, painted)
    }
}

/// The box of an annotation takes up most of the page.
pub(super) fn is_most_of(
    page: &Page,
    document: &Document,
    annotation: &Dictionary,
) -> Result<bool, PdfError> {
    let Some(rect) = boxed(document, annotation.get("Rect"))? else { return Ok(false) };
    let area =
        |[left, bottom, right, top]: [f64; 4]| (right - left).max(0.0) * (top - bottom).max(0.0);
    let [a, b] = [rect, page.crop];
    let shown = [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])];
    Ok(area(shown) > MOST_OF_PAGE * area(page.crop))
}

/// It has a frame, which viewers fit into the field's box.
pub(super) fn is_framed(document: &Document, look: &Dictionary) -> Result<bool, PdfError> {
    let frame = boxed(document, look.get("BBox"))?.is_some();
    let Object::Array(matrix) = document.entry(look, "Matrix")? else {
        return Ok(frame && document.entry(look, "Matrix")? == Object::Null);
    };
    let mut numbers = Vec::new();
    for item in &matrix {
        numbers.extend(document.resolve(item)?.number());
    }
    Ok(match numbers[..] {
        [a, b, c, d, _, _] => frame && a * d - b * c != 0.0,
        _ => false,
    })
}
