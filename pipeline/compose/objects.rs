//! The file as a sequence of numbered objects: written as they come, only their offsets kept.
//!
//! Ends in a classic cross-reference table and trailer, which the signature's later revision chains
//! to. Knows nothing of pages or images.

use std::io::{self, Write};

use pdf_writer::{Chunk, Ref, Settings};
use ring::digest;

use crate::error::ComposeError;

/// PDF/A's own bound on the number of objects.
const MAX_OBJECTS: usize = 8_388_607;
/// What ten digits of a cross-reference entry can say.
const MAX_OFFSET: u64 = 9_999_999_999;

/// The objects written so far.
pub(crate) struct Objects<W> {
    out: W,
    position: u64,
    /// By object number less one; 0 is "not written", as no object starts where the header is.
    offsets: Vec<u64>,
    digest: digest::Context,
    broken: bool,
}

/// A finished file.
pub(crate) struct Written {
    /// Its length.
    pub(crate) bytes: u64,
    /// SHA-256 of all of it.
    pub(crate) sha256: [u8; 32],
}

impl<W: Write> Objects<W> {
    /// Writes the header.
    pub(crate) fn begin(out: W) -> Result<Self, ComposeError> {
        let mut objects = Self {
            out,
            position: 0,
            offsets: Vec::new(),
            digest: digest::Context::new(&digest::SHA256),
            broken: false,
        };
        // Four bytes above 127 tell transports that the file is binary.
        objects.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")?;
        Ok(objects)
    }

    /// Takes the next object number.
    pub(crate) fn reserve(&mut self) -> Result<Ref, ComposeError> {
        if self.offsets.len() >= MAX_OBJECTS {
            self.broken = true;
            return Err(ComposeError::TooLarge("more than 8,388,607 objects"));
        }
        self.offsets.push(0);
        Ok(Ref::new(self.offsets.len() as i32))
    }

    /// Writes the one object that `fill` puts under `id`.
    pub(crate) fn put(
        &mut self,
        id: Ref,
        fill: impl FnOnce(&mut Chunk),
    ) -> Result<(), ComposeError> {
        if self.position > MAX_OFFSET {
            self.broken = true;
            return Err(ComposeError::TooLarge("more than 10 GB"));
        }
        let mut chunk = Chunk::with_settings(Settings { pretty: false });
        fill(&mut chunk);
        debug_assert!(chunk.refs().eq([id]), "one object, and under its own number");
        self.offsets[id.get() as usize - 1] = self.position;
        self.write(chunk.as_bytes())
    }

    /// Writes the cross-reference table and the trailer.
    pub(crate) fn finish(
        mut self,
        catalog: Ref,
        info: Ref,
        permanent_id: [u8; 16],
    ) -> Result<(W, Written), ComposeError> {
        let start = self.position;
        if start > MAX_OFFSET {
            return Err(ComposeError::TooLarge("more than 10 GB"));
        }
        let mut tail = Vec::with_capacity(20 * self.offsets.len() + 200);
        let size = self.offsets.len() + 1;
        write!(tail, "xref\n0 {size}\n0000000000 65535 f \n")?;
        for offset in &self.offsets {
            debug_assert!(*offset > 0, "every reserved number is written");
            writeln!(tail, "{offset:010} 00000 n ")?;
        }
        let (root, info) = (catalog.get(), info.get());
        write!(tail, "trailer\n<</Size {size}/Root {root} 0 R/Info {info} 0 R/ID[<")?;
        write_hex(&mut tail, &permanent_id)?;
        write!(tail, "><")?;
        write_hex(&mut tail, &self.digest.clone().finish().as_ref()[..16])?;
        write!(tail, ">]>>\nstartxref\n{start}\n%%EOF\n")?;
        self.write(&tail)?;
        self.out.flush()?;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(self.digest.finish().as_ref());
        Ok((self.out, Written { bytes: self.position, sha256 }))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ComposeError> {
        if self.broken {
            return Err(io::Error::other("an earlier object could not be written").into());
        }
        self.broken = true;
        self.out.write_all(bytes)?;
        self.broken = false;
        self.position += bytes.len() as u64;
        self.digest.update(bytes);
        Ok(())
    }
}

fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02X}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes one write, then fails once, then would take more.
    struct Flaky(u32);

    impl Write for Flaky {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            if self.0 == 2 { Err(io::Error::other("full")) } else { Ok(bytes.len()) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_file_with_a_hole_is_never_finished() {
        let mut objects = Objects::begin(Flaky(0)).unwrap();
        let id = objects.reserve().unwrap();
        let put = |objects: &mut Objects<Flaky>| {
            objects.put(id, |chunk| {
                chunk.indirect(id).primitive(1);
            })
        };
        assert!(put(&mut objects).is_err());
        assert!(put(&mut objects).is_err());
        assert!(objects.finish(id, id, [0; 16]).is_err());
    }

    #[test]
    fn offsets_and_digest_are_those_of_the_bytes() {
        let mut objects = Objects::begin(Vec::new()).unwrap();
        let (a, b) = (objects.reserve().unwrap(), objects.reserve().unwrap());
        for id in [b, a] {
            objects
                .put(id, |chunk| {
                    chunk.indirect(id).primitive(7);
                })
                .unwrap();
        }
        let (file, written) = objects.finish(a, b, [1; 16]).unwrap();
        assert_eq!(written.bytes, file.len() as u64);
        assert_eq!(digest::digest(&digest::SHA256, &file).as_ref(), written.sha256);
        let text = String::from_utf8_lossy(&file).into_owned();
        let at = |needle: &[u8]| file.windows(needle.len()).position(|w| w == needle).unwrap();
        assert!(text.contains(&format!(
            "{:010} 00000 n \n{:010} 00000 n \n",
            at(b"1 0 obj"),
            at(b"2 0 obj")
        )));
        assert!(text.ends_with(&format!("startxref\n{}\n%%EOF\n", at(b"xref"))));
    }
}
