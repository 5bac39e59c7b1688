//! Fonts, patterns, shadings and graphics states: what the interpreter unpacks of them.
//!
//! It reads each whole before it draws with it. They are looked through for streams without knowing
//! what they are for, so that none of the many places of one is forgotten.

use std::collections::HashSet;

use hayro_syntax::{
    object::{Dict, Object, ObjectIdentifier, Stream},
    page::Resources,
};

use super::claims::check_growth;
use crate::error::DecodeError;

/// A font of every Chinese character has a tenth of it.
const MOST_OF_ONE: u64 = 256 << 20;
/// Dictionaries, arrays and streams that a page draws with; one of every font there is has a tenth
/// of it.
const MOST_OBJECTS: usize = 100_000;

/// The resources of a page that were looked through.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// What dictionaries refer to, and was gone into.
    known: HashSet<ObjectIdentifier>,
    streams: HashSet<ObjectIdentifier>,
    objects: usize,
}

impl Looked {
    /// Refuses resources with a stream that unpacks without end, or more of them than any page has.
    pub(super) fn check(&mut self, resources: &Resources<'_>) -> Result<(), DecodeError> {
        let Resources { fonts, patterns, shadings, ext_g_states, .. } = resources;
        let mut left = Vec::new();
        for table in [fonts, patterns, shadings, ext_g_states] {
            self.open(table, &mut left);
        }
        // Not by recursion: it may lie as deep as the file has objects.
        while let Some(object) = left.pop() {
            match object {
                Object::Stream(stream) if self.streams.insert(stream.obj_id()) => {
                    growth(&stream)?;
                    self.open(stream.dict(), &mut left);
                }
                Object::Dict(dict) => self.open(&dict, &mut left),
                Object::Array(array) => left.extend(array.iter::<Object<'_>>().filter(holds)),
                _ => continue,
            }
            self.objects += 1;
            if self.objects + left.len() > MOST_OBJECTS {
                let unit = "objects that a page draws with";
                let found = (self.objects + left.len()) as u64;
                return Err(DecodeError::TooLarge { found, limit: MOST_OBJECTS as u64, unit });
            }
        }
        Ok(())
    }

    /// Notes what a dictionary holds and was not gone into yet.
    fn open<'a>(&mut self, dict: &Dict<'a>, left: &mut Vec<Object<'a>>) {
        for (name, _) in dict.entries() {
            let name = name.as_ref();
            let reference = dict.get_ref(name);
            let is_new = reference.is_none_or(|reference| self.known.insert(reference.into()));
            if is_new {
                left.extend(dict.get::<Object<'_>>(name).filter(holds));
            }
        }
    }
}

/// Whether there may be a stream in it.
fn holds(object: &Object<'_>) -> bool {
    matches!(object, Object::Stream(_) | Object::Dict(_) | Object::Array(_))
}

/// A stream that is merely broken is drawn without, as every reader does.
fn growth(stream: &Stream<'_>) -> Result<(), DecodeError> {
    match check_growth(stream, MOST_OF_ONE) {
        Err(DecodeError::Unreadable { .. }) => Ok(()),
        outcome => outcome,
    }
}
