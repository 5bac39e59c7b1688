//! What was done to a document after it was signed.
//!
//! The revision a signature covers is compared with the file as it is now. Further signatures,
//! time-stamps and validation data are told apart from fields that were filled in, which a
//! certification may allow, and from annotations, because they may lie over what was signed, and so
//! may a signature field that shows something and is not signed. Every object that changed must be
//! accounted for by its role in the *signed* revision: what has no such role, or another one beside
//! it, counts as content.

use std::collections::{HashMap, HashSet};

use super::{
    coverage::only_space,
    field::{self, full_name, inherited, is_empty_field, is_signature_field},
    filling::{Filling, is_most_of},
    means,
    references::{self, Known, Naming, mentions, named_otherwise, refers_to, refers_to_but},
    report::LaterChanges,
};
use crate::{
    pdf::{
        Dictionary, Document, Object, PdfError, Reference,
        page::{self, Page},
        xref::Entry,
    },
    permissions::{Allowed, Permissions},
};

/// Catalog entries that signing software writes.
const CATALOG_ADDITIONS: &[&[u8]] = &[b"AcroForm", b"DSS", b"Extensions", b"Metadata", b"Version"];

/// Form entries that signing software writes; what of them fields look like is compared by itself.
const FORM_ADDITIONS: &[&[u8]] = &[b"Fields", b"SigFlags", b"DR", b"DA", b"NeedAppearances"];

/// Page entries that may change: the list of annotations, and when it did.
const PAGE_ADDITIONS: &[&[u8]] = &[b"Annots", b"LastModified"];

/// Entries that filling a signature field writes.
const FILLED: &[&[u8]] = &[b"V", b"AP", b"AS", b"M", b"F", b"MK", b"DA", b"P", b"Rect"];

/// Fields or annotations written into their list; signing software gives each a number.
const MAX_DIRECT: usize = 1000;

/// Compares the signed revision `old`, which states `permissions`, with the file.
pub(crate) fn since(
    old: &Document,
    new: &Document,
    permissions: &Permissions,
) -> Result<LaterChanges, PdfError> {
    if old.xref.sections.len() == new.xref.sections.len() {
        // No revision was appended; bytes that belong to none may be repaired into one.
        let clean = only_space(&new.source, old.source.len())?;
        return Ok(if clean { LaterChanges::None } else { LaterChanges::Content });
    }
    // A revision whose objects cannot be read proves nothing harmless.
    let judge = || Comparison::new(old, new, permissions)?.judge();
    Ok(judge().unwrap_or(LaterChanges::Content))
}

/// What an object is in the signed revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Compared key by key elsewhere, and named so.
    Compared(Naming),
    Annotation,
    /// A signature field nobody had signed, or its widget.
    EmptyField,
    /// Security store, metadata, document information: outside what is shown.
    Aside,
}

struct Comparison<'a> {
    old: &'a Document,
    new: &'a Document,
    permissions: &'a Permissions,
    level: LaterChanges,
    roles: HashMap<u32, Role>,
    /// Fields that may be filled in.
    filling: Filling,
    /// What changed because of its role, which must be its only one.
    alone: HashMap<u32, Naming>,
    /// Signatures that were not there before, and are judged by themselves.
    later: HashSet<Reference>,
}

impl<'a> Comparison<'a> {
    fn new(
        old: &'a Document,
        new: &'a Document,
        permissions: &'a Permissions,
    ) -> Result<Self, PdfError> {
        let values = field::find(new)?.into_iter().filter_map(|field| field.value?.reference());
        let was_there = |number| !matches!(old.xref.entries.get(&number), None | Some(Entry::Free));
        let later = values.filter(|value| !was_there(value.number)).collect();
        Ok(Self {
            old,
            new,
            permissions,
            level: LaterChanges::Signatures,
            roles: HashMap::new(),
            filling: Filling::default(),
            alone: HashMap::new(),
            later,
        })
    }

    fn judge(mut self) -> Result<LaterChanges, PdfError> {
        if !complete(self.new)? {
            return Ok(LaterChanges::Content);
        }
        self.catalog()?;
        self.pages()?;
        if self.level < LaterChanges::Content {
            self.objects()?;
        }
        Ok(self.level)
    }

    fn raise(&mut self, level: LaterChanges) {
        self.level = self.level.max(level);
    }

    fn role(&mut self, reference: Option<Reference>, role: Role) {
        if let Some(reference) = reference {
            self.roles.entry(reference.number).or_insert(role);
        }
    }

    fn catalog(&mut self) -> Result<(), PdfError> {
        let (old_root, old) = self.old.catalog()?;
        let (new_root, new) = self.new.catalog()?;
        if old_root.number != new_root.number || !same_but(&old, &new, CATALOG_ADDITIONS) {
            self.raise(LaterChanges::Content);
        }
        self.role(Some(old_root), Role::Compared(references::CATALOG));
        for key in ["Metadata", "Extensions"] {
            self.role(old.get(key).and_then(Object::reference), Role::Aside);
        }
        self.role(self.old.xref.trailer.get("Info").and_then(Object::reference), Role::Aside);
        if let Some(store) = old.get("DSS") {
            self.security_store(store)?;
        }
        self.form(&old, &new)
    }

    /// The store's own dictionaries and lists may grow; its streams are replaced, never changed.
    fn security_store(&mut self, store: &Object) -> Result<(), PdfError> {
        let mut level = vec![store.clone()];
        // Store, its parts, the entries of one signature: three levels of indirection.
        for _ in 0..3 {
            let mut below = Vec::new();
            for object in level {
                match self.old.resolve(&object)? {
                    Object::Dictionary(dictionary) => {
                        below.extend(dictionary.iter().map(|(_, value)| value.clone()));
                    }
                    Object::Array(_) => {}
                    _ => continue,
                }
                self.role(object.reference(), Role::Aside);
            }
            level = below;
        }
        Ok(())
    }

    fn form(&mut self, old: &Dictionary, new: &Dictionary) -> Result<(), PdfError> {
        let role = Role::Compared(references::FORM);
        self.role(old.get("AcroForm").and_then(Object::reference), role);
        let old_form = as_dictionary(self.old.entry(old, "AcroForm")?);
        let new_form = as_dictionary(self.new.entry(new, "AcroForm")?);
        let looks = means::same((self.old, &old_form), (self.new, &new_form))?;
        if !same_but(&old_form, &new_form, FORM_ADDITIONS) || !looks {
            self.raise(LaterChanges::Content);
        }
        let role = Role::Compared(references::LIST);
        self.role(old_form.get("Fields").and_then(Object::reference), role);
        let old_fields = as_array(self.old.entry(&old_form, "Fields")?);
        let new_fields = as_array(self.new.entry(&new_form, "Fields")?);
        let (before, after) = (Listed::of(&old_fields)?, Listed::of(&new_fields)?);
        let kept = old_fields.iter().all(|field| after.has(field));
        if !kept || !in_order(&old_fields, &new_fields, &before) {
            self.raise(LaterChanges::Content);
        }
        self.filling = Filling::of(self.old, &old_form, self.permissions)?;
        for field in &old_fields {
            if self.may_be_signed(field)? {
                self.role(field.reference(), Role::EmptyField);
            }
        }
        for field in new_fields.iter().filter(|field| !before.has(field)) {
            if !is_signature_field(self.new, field)? {
                self.raise(LaterChanges::Content);
            }
        }
        Ok(())
    }

    fn pages(&mut self) -> Result<(), PdfError> {
        let (old, new) = (all_pages(self.old)?, all_pages(self.new)?);
        if old.len() != new.len() {
            self.raise(LaterChanges::Content);
            return Ok(());
        }
        for (old, new) in old.iter().zip(&new) {
            let same_place = old.reference == new.reference
                && (old.crop, old.rotate, old.user_unit) == (new.crop, new.rotate, new.user_unit);
            if !same_place || !same_but(&old.dictionary, &new.dictionary, PAGE_ADDITIONS) {
                self.raise(LaterChanges::Content);
            }
            self.role(Some(old.reference), Role::Compared(references::PAGE));
            self.annotations(old, new)?;
        }
        Ok(())
    }

    fn annotations(&mut self, page: &Page, as_it_is: &Page) -> Result<(), PdfError> {
        let role = Role::Compared(references::LIST);
        self.role(page.dictionary.get("Annots").and_then(Object::reference), role);
        let old = as_array(self.old.entry(&page.dictionary, "Annots")?);
        let new = as_array(self.new.entry(&as_it_is.dictionary, "Annots")?);
        let (before, after) = (Listed::of(&old)?, Listed::of(&new)?);
        // They are drawn in this order: one that covers another must not come to lie below it.
        if !in_order(&old, &new, &before) {
            self.raise(LaterChanges::Content);
        }
        for annotation in &old {
            self.filling.place(self.old, page, annotation)?;
            let widget = as_dictionary(self.old.resolve(annotation)?).is("Subtype", "Widget");
            if self.may_be_signed(annotation)? {
                self.role(annotation.reference(), Role::EmptyField);
            } else if !widget {
                self.role(annotation.reference(), Role::Annotation);
            }
            if !after.has(annotation) {
                self.raise(if widget { LaterChanges::Content } else { LaterChanges::Annotations });
            }
        }
        for annotation in &new {
            let now = self.new.resolve(annotation)?;
            if before.has(annotation) && now == self.old.resolve(annotation)? {
                continue;
            }
            let now = as_dictionary(now);
            let widget = now.is("Subtype", "Widget");
            let added = !before.has(annotation) && !self.is_harmless_field(annotation)?;
            if added {
                self.raise(LaterChanges::Annotations);
            }
            let hides = self.allows_notes() && self.hides(as_it_is, &now)?;
            if (added && acts(self.new, &now)?) || (hides && (added || !widget)) {
                self.raise(LaterChanges::Content);
            }
        }
        Ok(())
    }

    fn allows_notes(&self) -> bool {
        self.permissions.allowed == Some(Allowed::Annotations)
    }

    /// Something that looks like what its maker wants it to, or that takes up most of its page, is
    /// no note on what was signed. Notes are allowed (ISO 32000-2, 12.8.2.2.2), and programs that
    /// make them give them looks; but letters, thin lines and sheer surfaces cover as well as a
    /// picture does, once there are enough of them, and nothing tells here what lies below.
    fn hides(&self, page: &Page, annotation: &Dictionary) -> Result<bool, PdfError> {
        Ok(annotation.get("AP").is_some() || is_most_of(page, self.new, annotation)?)
    }

    /// A signature field of the signed revision that nobody had signed, nor locked.
    fn may_be_signed(&self, field: &Object) -> Result<bool, PdfError> {
        Ok(is_empty_field(self.old, field)?
            && !self.permissions.locks(&full_name(self.old, field)?))
    }

    /// A signature field that is signed since, so that its signer answers for what it shows, or that
    /// shows nothing. A value alone proves nothing: it may be empty, or the signature that is being
    /// judged.
    fn is_harmless_field(&self, field: &Object) -> Result<bool, PdfError> {
        if !is_signature_field(self.new, field)? {
            return Ok(false);
        }
        let shows = as_dictionary(self.new.resolve(field)?).get("AP").is_some();
        let value = inherited(self.new, field, "V")?.reference();
        Ok(!shows || value.is_some_and(|value| self.later.contains(&value)))
    }

    fn objects(&mut self) -> Result<(), PdfError> {
        let (mut appeared, mut aside, mut annotated) = (HashSet::new(), HashSet::new(), false);
        for (&number, entry) in &self.new.xref.entries {
            let before = self.old.xref.entries.get(&number);
            if before == Some(entry) {
                continue;
            }
            if matches!(before, None | Some(Entry::Free)) {
                appeared.insert(number);
                continue;
            }
            let level = self.changed(number)?;
            self.level = self.level.max(level);
            match self.roles.get(&number) {
                Some(Role::Aside) => drop(aside.insert(number)),
                Some(Role::Annotation) => annotated = true,
                _ => {}
            }
        }
        if self.level < LaterChanges::Content && !self.filling.holds(self.old, self.new)? {
            self.raise(LaterChanges::Content);
        }
        if annotated && self.allows_notes() && self.is_no_annotation_alone() {
            self.raise(LaterChanges::Content);
        }
        if !aside.is_empty() {
            self.with_holders(&mut aside)?;
        }
        if self.is_used_otherwise(&aside)? {
            self.raise(LaterChanges::Content);
        }
        self.alone.extend(self.filling.filled().map(|number| (number, references::FIELD)));
        if named_otherwise(self.old, &self.alone) {
            self.raise(LaterChanges::Content);
        }
        if !appeared.is_empty() && refers_to(self.old, &appeared) {
            self.raise(LaterChanges::Content);
        }
        Ok(())
    }

    /// Some annotation is something else, too: no page, annotation or list of them names it.
    fn is_no_annotation_alone(&self) -> bool {
        let all = self.roles.iter().filter(|(_, role)| **role == Role::Annotation);
        let all: HashSet<u32> = all.map(|(&number, _)| number).collect();
        let known = |number: u32| match self.roles.get(&number) {
            Some(Role::Compared(_)) => match self.old.get(number) {
                Ok(Object::Array(_)) => Known::All,
                _ => Known::Keys(&[b"Annots"]),
            },
            Some(Role::Annotation) => Known::Keys(&[b"Popup", b"Parent", b"IRT"]),
            _ => Known::Nothing,
        };
        refers_to_but(self.old, &all, known)
    }

    /// Adds what holds one of these, for it may hold it as a page's resources do: the parts of the
    /// security store; the catalog has to be nothing else.
    fn with_holders(&mut self, aside: &mut HashSet<u32>) -> Result<(), PdfError> {
        self.alone.insert(self.old.catalog()?.0.number, references::CATALOG);
        let holders = self.roles.iter().filter(|(_, role)| **role == Role::Aside);
        let holders: Vec<_> = holders.map(|(&number, _)| number).collect();
        // From the entries of one signature up to the store.
        for _ in 0..3 {
            for &number in &holders {
                if mentions(&self.old.get(number)?, aside) {
                    aside.insert(number);
                }
            }
        }
        Ok(())
    }

    /// What was changed beside the content is named by something else too, which may show it.
    fn is_used_otherwise(&self, aside: &HashSet<u32>) -> Result<bool, PdfError> {
        if aside.is_empty() {
            return Ok(false);
        }
        let (root, catalog) = self.old.catalog()?;
        let elsewhere = |key: &[u8]| !matches!(key, b"DSS" | b"Metadata" | b"Extensions");
        if catalog.iter().any(|(key, value)| elsewhere(key) && mentions(value, aside)) {
            return Ok(true);
        }
        let known = |number: u32| {
            let known = number == root.number || self.roles.get(&number) == Some(&Role::Aside);
            if known { Known::All } else { Known::Nothing }
        };
        Ok(refers_to_but(self.old, aside, known))
    }

    fn changed(&mut self, number: u32) -> Result<LaterChanges, PdfError> {
        let (before, after) = (self.old.get(number)?, self.new.get(number)?);
        if self.same(&before, &after)? {
            return Ok(LaterChanges::Signatures);
        }
        Ok(match self.roles.get(&number).copied() {
            Some(Role::Compared(naming)) if same_kind(&before, &after) => {
                self.alone.insert(number, naming);
                LaterChanges::Signatures
            }
            Some(Role::Aside) => LaterChanges::Signatures,
            Some(Role::Annotation) if self.is_annotation_still(&before, &after)? => {
                LaterChanges::Annotations
            }
            Some(Role::EmptyField) if filled_in(&before, &after) => {
                self.alone.insert(number, references::FIELD);
                let field = Object::Reference(Reference { number, generation: 0 });
                if self.is_harmless_field(&field)? || same_looks(&before, &after) {
                    LaterChanges::Signatures
                } else if self.allows_notes() && as_dictionary(after).get("AP").is_some() {
                    // Nobody answers for what it looks like.
                    LaterChanges::Content
                } else {
                    LaterChanges::Annotations
                }
            }
            None if is_cross_reference(&before) && is_cross_reference(&after) => {
                LaterChanges::Signatures
            }
            None if self.filling.explains(number, &before, &after) => LaterChanges::FormFilling,
            Some(Role::Compared(_) | Role::Annotation | Role::EmptyField) | None => {
                LaterChanges::Content
            }
        })
    }

    /// Gone, or of the same kind, and without anything new that it does.
    fn is_annotation_still(&self, before: &Object, after: &Object) -> Result<bool, PdfError> {
        // A stream may be shown as something else.
        let (Object::Dictionary(before), Object::Dictionary(after)) = (before, after) else {
            return Ok(*after == Object::Null);
        };
        let same_action = ["A", "AA"].iter().all(|key| before.get(key) == after.get(key));
        Ok(before.get("Subtype") == after.get("Subtype")
            && (same_action || !acts(self.new, after)?))
    }

    fn same(&self, before: &Object, after: &Object) -> Result<bool, PdfError> {
        let (Object::Stream(a), Object::Stream(b)) = (before, after) else {
            return Ok(before == after);
        };
        if a.dictionary != b.dictionary {
            return Ok(false);
        }
        let (length, other) = (self.old.stream_length(a)?, self.new.stream_length(b)?);
        Ok(length == other
            && self.old.source.read(a.data_offset, length)?
                == self.new.source.read(b.data_offset, length)?)
    }
}

/// The newest revision ends the file.
fn complete(new: &Document) -> Result<bool, PdfError> {
    let count = new.source.len().min(1024);
    let tail = new.source.read(new.source.len() - count, count as usize)?;
    let tail = tail.trim_ascii_end();
    let tail = tail.strip_suffix(b"\0").unwrap_or(tail);
    Ok(tail.trim_ascii_end().ends_with(b"%%EOF"))
}

/// A cross-reference stream holds no content. An object stream does: replacing one replaces every
/// object in it without touching their entries.
fn is_cross_reference(object: &Object) -> bool {
    matches!(object, Object::Stream(stream) if stream.dictionary.is("Type", "XRef"))
}

/// Dictionaries or lists. A stream could be shown, however it is named.
fn same_kind(before: &Object, after: &Object) -> bool {
    matches!(
        (before, after),
        (Object::Dictionary(_), Object::Dictionary(_)) | (Object::Array(_), Object::Array(_))
    )
}

/// Only what filling a signature field writes has changed.
fn filled_in(before: &Object, after: &Object) -> bool {
    let (Object::Dictionary(before), Object::Dictionary(after)) = (before, after) else {
        return false;
    };
    // A rule for layers has a `/P` too, which decides what is shown.
    let layered = before.get("OCGs").is_some() || before.get("VE").is_some();
    !layered && same_but(before, after, FILLED)
}

/// It shows what it showed, where it showed it.
fn same_looks(before: &Object, after: &Object) -> bool {
    let (Some(before), Some(after)) = (before.dictionary(), after.dictionary()) else {
        return false;
    };
    ["AP", "AS", "F", "Rect"].iter().all(|key| before.get(key) == after.get(key))
}

pub(super) fn same_but(old: &Dictionary, new: &Dictionary, except: &[&[u8]]) -> bool {
    let rest = |dictionary: &Dictionary| -> HashMap<Vec<u8>, Object> {
        let kept = dictionary.iter().filter(|(key, _)| !except.contains(key));
        kept.map(|(key, value)| (key.to_vec(), value.clone())).collect()
    };
    rest(old) == rest(new)
}

/// The old items that are left stand in the order they had and before everything new.
fn in_order(old: &[Object], new: &[Object], before: &Listed<'_>) -> bool {
    let kept = new.iter().take_while(|item| before.has(item)).count();
    let (kept, added) = new.split_at(kept);
    let mut old = old.iter();
    kept.iter().all(|item| old.any(|other| other == item))
        && !added.iter().any(|item| before.has(item))
}

/// The items of an array, to be asked for one by one: references at once, others by a search,
/// which a hostile file could make as long as it is large squared.
struct Listed<'a> {
    references: HashSet<Reference>,
    direct: Vec<&'a Object>,
}

impl<'a> Listed<'a> {
    fn of(items: &'a [Object]) -> Result<Self, PdfError> {
        let references = items.iter().filter_map(Object::reference).collect();
        let direct: Vec<_> = items.iter().filter(|item| item.reference().is_none()).collect();
        if direct.len() > MAX_DIRECT {
            return Err(PdfError::Bound("more than 1000 fields or annotations without a number"));
        }
        Ok(Self { references, direct })
    }

    fn has(&self, item: &Object) -> bool {
        match item.reference() {
            Some(reference) => self.references.contains(&reference),
            None => self.direct.contains(&item),
        }
    }
}

pub(super) fn as_dictionary(object: Object) -> Dictionary {
    match object {
        Object::Dictionary(dictionary) => dictionary,
        _ => Dictionary::new(),
    }
}

pub(super) fn as_array(object: Object) -> Vec<Object> {
    match object {
        Object::Array(items) => items,
        _ => Vec::new(),
    }
}

/// It does more than lead to a place or an address.
fn acts(document: &Document, annotation: &Dictionary) -> Result<bool, PdfError> {
    let action = as_dictionary(document.entry(annotation, "A")?);
    let kind = document.entry(&action, "S")?;
    let leads = matches!(kind.name(), Some(b"GoTo" | b"URI")) && action.get("Next").is_none();
    Ok(annotation.get("AA").is_some() || (annotation.get("A").is_some() && !leads))
}

fn all_pages(document: &Document) -> Result<Vec<Page>, PdfError> {
    let mut pages = Vec::new();
    page::walk(document, |page| {
        pages.push(page);
        true
    })?;
    Ok(pages)
}
