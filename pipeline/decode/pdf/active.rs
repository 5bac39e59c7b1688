//! What a PDF could do by itself: scripts, other programs, forms that send, files it carries.
//!
//! None of it is ever run here; that it is there is worth knowing before a file is kept or passed
//! on.

use std::collections::BTreeSet;

use hayro_syntax::{
    Pdf,
    object::{Dict, MaybeRef, Name, Object},
};

/// Actions lie a few levels inside an object of the file; deeper nesting is somebody's trap.
const DEEPEST: usize = 8;

/// Names of what the file carries, each once, in the order of their letters.
pub(super) fn active(pdf: &Pdf) -> Vec<String> {
    let mut found = BTreeSet::new();
    for object in pdf.objects() {
        look(&object, DEEPEST, &mut found);
    }
    found.into_iter().map(str::to_owned).collect()
}

/// Looks into everything that lies directly in an object; what it refers to is met by itself.
fn look(object: &Object<'_>, depth: usize, found: &mut BTreeSet<&'static str>) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    match object {
        Object::Array(array) => {
            for item in array.raw_iter() {
                if let MaybeRef::NotRef(item) = item {
                    look(&item, deeper, found);
                }
            }
        }
        Object::Dict(dict) => {
            found.extend(kind(dict));
            for (_, value) in dict.entries() {
                if let MaybeRef::NotRef(value) = value {
                    look(&value, deeper, found);
                }
            }
        }
        _ => {}
    }
}

/// What an action or a file specification does.
fn kind(dict: &Dict<'_>) -> Option<&'static str> {
    let carries = dict
        .get::<Dict<'_>>("EF")
        .is_some_and(|files| files.contains_key("F") || files.contains_key("UF"));
    if carries {
        return Some("an attached file");
    }
    let name = dict.get::<Name<'_>>("S")?;
    let name: &[u8] = name.as_ref();
    match name {
        b"ImportData" => Some("an action that imports data"),
        b"JavaScript" => Some("a script"),
        b"Launch" => Some("an action that starts a program"),
        b"SubmitForm" => Some("a form that is sent"),
        _ => None,
    }
}
