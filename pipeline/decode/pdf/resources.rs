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
/// A font's file lies five below its name, and that of a pattern's font three more.
const MOST_NESTED: usize = 10;
/// Dictionaries, arrays and streams of a page; one of every font there is has a tenth of it.
const MOST_OBJECTS: usize = 100_000;

/// The resources that were looked through.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// What dictionaries refer to, and was gone into.
    known: HashSet<ObjectIdentifier>,
    streams: HashSet<ObjectIdentifier>,
    objects: usize,
}

impl Looked {
    /// Refuses resources with a stream that unpacks without end.
    pub(super) fn check(&mut self, resources: &Resources<'_>) -> Result<(), DecodeError> {
        let Resources { fonts, patterns, shadings, ext_g_states, .. } = resources;
        let mut tables = [fonts, patterns, shadings, ext_g_states].into_iter();
        tables.try_for_each(|table| self.dict(table, MOST_NESTED))
    }

    fn dict(&mut self, dict: &Dict<'_>, depth: usize) -> Result<(), DecodeError> {
        for (name, _) in dict.entries() {
            let reference = dict.get_ref(name.as_ref());
            if reference.is_some_and(|reference| !self.known.insert(reference.into())) {
                continue;
            }
            if let Some(object) = dict.get::<Object<'_>>(name.as_ref()) {
                self.object(object, depth)?;
            }
        }
        Ok(())
    }

    fn object(&mut self, object: Object<'_>, depth: usize) -> Result<(), DecodeError> {
        let is_open = self.objects < MOST_OBJECTS;
        let Some(deeper) = depth.checked_sub(1).filter(|_| is_open) else { return Ok(()) };
        let holds = matches!(object, Object::Stream(_) | Object::Dict(_) | Object::Array(_));
        self.objects += usize::from(holds);
        match object {
            Object::Stream(stream) if self.streams.insert(stream.obj_id()) => {
                growth(&stream)?;
                self.dict(stream.dict(), deeper)
            }
            Object::Dict(dict) => self.dict(&dict, deeper),
            Object::Array(array) => {
                let mut parts = array.iter::<Object<'_>>();
                parts.try_for_each(|part| self.object(part, deeper))
            }
            _ => Ok(()),
        }
    }
}

/// A stream that is merely broken is drawn without, as every reader does.
fn growth(stream: &Stream<'_>) -> Result<(), DecodeError> {
    match check_growth(stream, MOST_OF_ONE) {
        Err(DecodeError::Unreadable { .. }) => Ok(()),
        outcome => outcome,
    }
}
