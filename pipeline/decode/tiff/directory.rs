//! TIFF directories: the chain, and the tags of each, read with bounds on everything.
//!
//! Values are fetched on demand, so that a hostile count allocates nothing by itself.

use std::collections::{BTreeMap, HashSet};

use crate::error::DecodeError;

/// The tags that are read.
pub(crate) mod tags {
    pub(crate) const SUBFILE: u16 = 254;
    pub(crate) const WIDTH: u16 = 256;
    pub(crate) const HEIGHT: u16 = 257;
    pub(crate) const BITS: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const PHOTOMETRIC: u16 = 262;
    pub(crate) const FILL_ORDER: u16 = 266;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const ORIENTATION: u16 = 274;
    pub(crate) const SAMPLES: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_LENGTHS: u16 = 279;
    pub(crate) const X_RESOLUTION: u16 = 282;
    pub(crate) const Y_RESOLUTION: u16 = 283;
    pub(crate) const PLANAR: u16 = 284;
    pub(crate) const T4_OPTIONS: u16 = 292;
    pub(crate) const RESOLUTION_UNIT: u16 = 296;
    pub(crate) const COLOUR_MAP: u16 = 320;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_HEIGHT: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_LENGTHS: u16 = 325;
    pub(crate) const JPEG_TABLES: u16 = 347;
}

/// More tags than this is no scanner's directory.
const MOST_TAGS: u64 = 4096;
/// Strips or tiles of a page; an A0 map in tiles of 64 pixels has 30,000.
const MOST_VALUES: u64 = 1 << 20;

/// One value array: where it lies and of what type.
#[derive(Debug, Clone, Copy)]
struct Field {
    kind: u16,
    count: u64,
    offset: usize,
}

/// One directory.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    little: bool,
    fields: BTreeMap<u16, Field>,
    /// Its place in the file's chain, thumbnails counted.
    pub index: usize,
}

impl Directory {
    /// The whole chain, thumbnails included, at most `most` directories.
    ///
    /// # Errors
    /// A broken or circular chain: pages after the break would be lost silently.
    pub(crate) fn read_all(bytes: &[u8], most: usize) -> Result<Vec<Self>, DecodeError> {
        let reader = Reader::new(bytes)?;
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut next = reader.first()?;
        while next != 0 && found.len() < most {
            if !seen.insert(next) {
                return Err(DecodeError::unreadable("its list of pages runs in a circle"));
            }
            let (directory, after) = reader.directory(next, found.len())?;
            found.push(directory);
            next = after;
        }
        Ok(found)
    }

    /// The values of a tag as unsigned integers.
    pub(crate) fn values(&self, bytes: &[u8], tag: u16) -> Option<Vec<u64>> {
        let field = self.fields.get(&tag)?;
        let size = width(field.kind)?;
        if field.count > MOST_VALUES || !matches!(field.kind, 1 | 3 | 4 | 7 | 13 | 16) {
            return None;
        }
        let data = bytes.get(field.offset..)?.get(..field.count as usize * size)?;
        Some(data.chunks_exact(size).map(|value| self.integer(value)).collect())
    }

    /// The first value of a tag.
    pub(crate) fn value(&self, bytes: &[u8], tag: u16) -> Option<u64> {
        let field = self.fields.get(&tag).filter(|field| field.count > 0)?;
        let size = width(field.kind)?;
        Some(self.integer(bytes.get(field.offset..)?.get(..size)?))
    }

    /// Where the values of a tag lie in the file.
    pub(crate) fn place(&self, tag: u16) -> Option<std::ops::Range<usize>> {
        let field = self.fields.get(&tag)?;
        let length = usize::try_from(field.count).ok()?.checked_mul(width(field.kind)?)?;
        Some(field.offset..field.offset.checked_add(length)?)
    }

    /// The raw bytes of a tag.
    pub(crate) fn bytes<'a>(&self, bytes: &'a [u8], tag: u16) -> Option<&'a [u8]> {
        bytes.get(self.place(tag)?)
    }

    fn rational(&self, bytes: &[u8], tag: u16) -> Option<f32> {
        let field = self.fields.get(&tag)?;
        match (field.kind, bytes.get(field.offset..)?) {
            (5, data) => {
                let (above, below) = (data.get(..4)?, data.get(4..8)?);
                Some(self.integer(above) as f32 / self.integer(below) as f32)
            }
            (3 | 4, _) => self.value(bytes, tag).map(|whole| whole as f32),
            _ => None,
        }
    }

    /// Dots per inch across and down, as declared.
    pub(crate) fn dpi(&self, bytes: &[u8]) -> Option<(f32, f32)> {
        let x = self.rational(bytes, tags::X_RESOLUTION)?;
        let y = self.rational(bytes, tags::Y_RESOLUTION).unwrap_or(x);
        match self.value(bytes, tags::RESOLUTION_UNIT).unwrap_or(2) {
            2 => Some((x, y)),
            3 => Some((x * 2.54, y * 2.54)),
            _ => None,
        }
    }

    /// Orientation 1 to 8.
    pub(crate) fn orientation(&self, bytes: &[u8]) -> u8 {
        let value = self.value(bytes, tags::ORIENTATION);
        value
            .and_then(|value| u8::try_from(value).ok())
            .filter(|value| (1..=8).contains(value))
            .unwrap_or(1)
    }

    /// Whether it is a reduced copy of another page.
    pub(crate) fn is_thumbnail(&self, bytes: &[u8]) -> bool {
        self.value(bytes, tags::SUBFILE).is_some_and(|flags| flags & 1 == 1)
    }

    fn integer(&self, value: &[u8]) -> u64 {
        let push = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        if self.little { value.iter().rev().fold(0, push) } else { value.iter().fold(0, push) }
    }
}

/// Bytes of one value of a field type.
fn width(kind: u16) -> Option<usize> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 | 17 | 18 => Some(8),
        _ => None,
    }
}

/// Byte order and word size of a file.
struct Reader<'a> {
    bytes: &'a [u8],
    little: bool,
    big: bool,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (little, big) = match bytes.get(..4) {
            Some(b"II\x2a\0") => (true, false),
            Some(b"MM\0\x2a") => (false, false),
            Some(b"II\x2b\0") => (true, true),
            Some(b"MM\0\x2b") => (false, true),
            _ => return Err(DecodeError::unreadable("a TIFF image without its header")),
        };
        Ok(Self { bytes, little, big })
    }

    fn number(&self, at: usize, size: usize) -> Result<u64, DecodeError> {
        let end = at.checked_add(size);
        let data = end.and_then(|end| self.bytes.get(at..end)).ok_or_else(cut)?;
        let push = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Ok(if self.little { data.iter().rev().fold(0, push) } else { data.iter().fold(0, push) })
    }

    fn first(&self) -> Result<u64, DecodeError> {
        if self.big { self.number(8, 8) } else { self.number(4, 4) }
    }

    fn directory(&self, offset: u64, index: usize) -> Result<(Directory, u64), DecodeError> {
        let (head, entry, word) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let start = usize::try_from(offset).map_err(|_| cut())?;
        let count = self.number(start, head)?;
        if count > MOST_TAGS {
            return Err(DecodeError::unreadable("a TIFF directory with absurdly many tags"));
        }
        let mut fields = BTreeMap::new();
        for number in 0..count as usize {
            let at = start + head + number * entry;
            let tag = self.number(at, 2)? as u16;
            let kind = self.number(at + 2, 2)? as u16;
            let count = self.number(at + 4, word)?;
            let place = at + 4 + word;
            let fits =
                width(kind).is_some_and(|size| count.saturating_mul(size as u64) <= word as u64);
            let target = if fits { place as u64 } else { self.number(place, word)? };
            if let Ok(offset) = usize::try_from(target) {
                fields.insert(tag, Field { kind, count, offset });
            }
        }
        let next = self.number(start + head + count as usize * entry, word)?;
        Ok((Directory { little: self.little, fields, index }, next))
    }
}

fn cut() -> DecodeError {
    DecodeError::unreadable("a TIFF image that is cut short")
}
