//! Streams that many pages point to: written once, however often they come.

use std::{collections::HashMap, io::Write};

use pdf_writer::{Filter, Ref};
use ring::digest;

use crate::{error::ComposeError, glyphless::deflate, objects::Objects};

/// Numbers of the streams already written, by kind and SHA-256.
#[derive(Default)]
pub(crate) struct Shared {
    written: HashMap<(Kind, [u8; 32]), Ref>,
}

/// What stands in the stream's dictionary.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Plain,
    Profile { channels: u8 },
}

impl Shared {
    /// A colour profile for so many channels.
    pub(crate) fn profile<W: Write>(
        &mut self,
        objects: &mut Objects<W>,
        icc: &[u8],
        channels: u8,
    ) -> Result<Ref, ComposeError> {
        let key = (Kind::Profile { channels }, hash(icc));
        self.once(objects, key, |objects, id| {
            let packed = deflate(icc)?;
            objects.put(id, |chunk| {
                let mut profile = chunk.icc_profile(id, &packed);
                profile.n(i32::from(channels)).filter(Filter::FlateDecode);
            })
        })
    }

    /// A stream as it is.
    pub(crate) fn stream<W: Write>(
        &mut self,
        objects: &mut Objects<W>,
        bytes: &[u8],
    ) -> Result<Ref, ComposeError> {
        self.once(objects, (Kind::Plain, hash(bytes)), |objects, id| {
            objects.put(id, |chunk| {
                chunk.stream(id, bytes);
            })
        })
    }

    fn once<W: Write>(
        &mut self,
        objects: &mut Objects<W>,
        key: (Kind, [u8; 32]),
        write: impl FnOnce(&mut Objects<W>, Ref) -> Result<(), ComposeError>,
    ) -> Result<Ref, ComposeError> {
        if let Some(id) = self.written.get(&key) {
            return Ok(*id);
        }
        let id = objects.reserve()?;
        write(objects, id)?;
        self.written.insert(key, id);
        Ok(id)
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}
