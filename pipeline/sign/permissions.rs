//! What a signed document allows to be done to it afterwards: the certification, and the fields that
//! its signatures lock (ISO 32000-2, 12.8.2.2 and 12.8.2.4).

use crate::{
    pdf::{Dictionary, Document, Object, PdfError, Reference, object::decode_text_string},
    verify::judge::DOCUMENT_STAMP,
};

/// `/P` of a certification, from least to most. Signatures may follow all but the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Allowed {
    /// 1: no change at all.
    Nothing,
    /// 2: form fields are filled in.
    Forms,
    /// 3: annotations are made, changed and taken away too.
    Annotations,
}

/// Fields that may not be filled in any more, by their full names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Lock {
    All,
    Only(Vec<String>),
    AllBut(Vec<String>),
}

/// What one signature states, or all signatures of a document together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Permissions {
    /// The strictest certification; without one nobody allowed anything.
    pub(crate) allowed: Option<Allowed>,
    locks: Vec<Lock>,
}

impl Permissions {
    /// What a signature's dictionary states.
    pub(crate) fn of(document: &Document, signature: &Dictionary) -> Result<Self, PdfError> {
        let mut stated = Self::default();
        let Object::Array(transforms) = document.entry(signature, "Reference")? else {
            return Ok(stated);
        };
        for transform in &transforms {
            let Object::Dictionary(transform) = document.resolve(transform)? else { continue };
            let method = document.entry(&transform, "TransformMethod")?;
            let Object::Dictionary(parameters) = document.entry(&transform, "TransformParams")?
            else {
                continue;
            };
            match method.name() {
                Some(b"DocMDP") => stated.restrict(level(document, &parameters)?),
                Some(b"FieldMDP") => stated.locks.push(lock(document, &parameters)?),
                _ => {}
            }
        }
        Ok(stated)
    }

    /// Adds what another signature of the document states; the stricter one counts.
    pub(crate) fn join(&mut self, other: Self) {
        self.restrict(other.allowed);
        self.locks.extend(other.locks);
    }

    fn restrict(&mut self, other: Option<Allowed>) {
        self.allowed = match (self.allowed, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }

    /// A signature locks the field of this full name, or one above it.
    pub(crate) fn locks(&self, name: &str) -> bool {
        let among = |names: &[String]| names.iter().any(|one| is_or_is_below(name, one));
        self.locks.iter().any(|lock| match lock {
            Lock::All => true,
            Lock::Only(names) => among(names),
            Lock::AllBut(names) => !among(names),
        })
    }
}

/// The signature that the catalog names as the certification, and by which reference. A document
/// time-stamp is none, whatever names it: anybody gets one.
pub(crate) fn certification(
    document: &Document,
) -> Result<Option<(Option<Reference>, Dictionary)>, PdfError> {
    let (_, catalog) = document.catalog()?;
    let Object::Dictionary(permissions) = document.entry(&catalog, "Perms")? else {
        return Ok(None);
    };
    let named = permissions.get("DocMDP").and_then(Object::reference);
    let Object::Dictionary(signature) = document.entry(&permissions, "DocMDP")? else {
        return Ok(None);
    };
    let filter = document.entry(&signature, "SubFilter")?;
    let stamp = filter.name() == Some(DOCUMENT_STAMP.as_bytes())
        || document.entry(&signature, "Type")?.name() == Some(b"DocTimeStamp");
    Ok((!stamp).then_some((named, signature)))
}

fn is_or_is_below(name: &str, other: &str) -> bool {
    name.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// `/P`, whose default is 2; a number that stands for nothing allows nothing.
fn level(document: &Document, parameters: &Dictionary) -> Result<Option<Allowed>, PdfError> {
    Ok(match document.entry(parameters, "P")? {
        Object::Integer(1) => Some(Allowed::Nothing),
        Object::Null | Object::Integer(2) => Some(Allowed::Forms),
        Object::Integer(3) => Some(Allowed::Annotations),
        _ => None,
    })
}

/// `/Action` and `/Fields`; what cannot be read locks everything.
fn lock(document: &Document, parameters: &Dictionary) -> Result<Lock, PdfError> {
    let Object::Array(fields) = document.entry(parameters, "Fields")? else {
        return Ok(Lock::All);
    };
    let mut names = Vec::new();
    for field in &fields {
        let Object::String(name) = document.resolve(field)? else { return Ok(Lock::All) };
        names.push(decode_text_string(&name));
    }
    Ok(match document.entry(parameters, "Action")?.name() {
        Some(b"Include") => Lock::Only(names),
        Some(b"Exclude") => Lock::AllBut(names),
        _ => Lock::All,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(lock: Lock) -> Permissions {
        Permissions { allowed: None, locks: vec![lock] }
    }

    #[test]
    fn a_lock_reaches_the_fields_below_a_name_and_no_other_of_the_same_beginning() {
        let names = || vec!["so den".to_owned()];
        let only = with(Lock::Only(names()));
        assert!(only.locks("so den") && only.locks("so den.ngay") && !only.locks("so den 2"));
        let all_but = with(Lock::AllBut(names()));
        assert!(!all_but.locks("so den.ngay") && all_but.locks("so den 2"));
        assert!(with(Lock::All).locks("so den") && !Permissions::default().locks("so den"));
    }

    #[test]
    fn of_two_certifications_the_stricter_one_counts() {
        let of = |allowed| Permissions { allowed, locks: Vec::new() };
        let mut both = of(Some(Allowed::Annotations));
        both.join(of(None));
        assert_eq!(both.allowed, Some(Allowed::Annotations));
        both.join(of(Some(Allowed::Forms)));
        assert_eq!(both.allowed, Some(Allowed::Forms));
    }
}
