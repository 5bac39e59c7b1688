//! TIFF directories: the chain, and the tags of each, read with bounds on everything.
//!
//! Values are fetched on demand, so that a hostile count allocates nothing by itself.

use std::collections::{BTreeMap, HashSet};

use crate::error::DecodeError;

/// The tags that are read.
pub(crate) mod tags {
    pub(crate) const SUBFILE: u16 = 254;
    pub(crate) const OLD_SUBFILE: u16 = 255;
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
    pub(crate) const PREDICTOR: u16 = 317;
    pub(crate) const COLOUR_MAP: u16 = 320;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_HEIGHT: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_LENGTHS: u16 = 325;
    pub(crate) const EXTRA_SAMPLES: u16 = 338;
    pub(crate) const SAMPLE_FORMAT: u16 = 339;
    pub(crate) const JPEG_TABLES: u16 = 347;
    pub(crate) const JPEG_PROCESS: u16 = 512;
    pub(crate) const JPEG_STREAM: u16 = 513;
    pub(crate) const JPEG_STREAM_LENGTH: u16 = 514;
    pub(crate) const JPEG_RESTART_INTERVAL: u16 = 515;
    pub(crate) const JPEG_Q_TABLES: u16 = 519;
    pub(crate) const JPEG_DC_TABLES: u16 = 520;
    pub(crate) const JPEG_AC_TABLES: u16 = 521;
    pub(crate) const YCBCR_WEIGHTS: u16 = 529;
    pub(crate) const YCBCR_SUBSAMPLING: u16 = 530;
    pub(crate) const REFERENCE_BLACK_WHITE: u16 = 532;
    pub(crate) const ICC_PROFILE: u16 = 34675;

    /// Without these a page has the same pixels.
    pub(super) const OPTIONAL: [u16; 3] = [X_RESOLUTION, Y_RESOLUTION, ICC_PROFILE];

    /// Others are passed over, so that directories laid over one another cost no memory.
    pub(super) const READ: [u16; 38] = [
        SUBFILE,
        OLD_SUBFILE,
        WIDTH,
        HEIGHT,
        BITS,
        COMPRESSION,
        PHOTOMETRIC,
        FILL_ORDER,
        STRIP_OFFSETS,
        ORIENTATION,
        SAMPLES,
        ROWS_PER_STRIP,
        STRIP_LENGTHS,
        X_RESOLUTION,
        Y_RESOLUTION,
        PLANAR,
        T4_OPTIONS,
        RESOLUTION_UNIT,
        PREDICTOR,
        COLOUR_MAP,
        TILE_WIDTH,
        TILE_HEIGHT,
        TILE_OFFSETS,
        TILE_LENGTHS,
        EXTRA_SAMPLES,
        SAMPLE_FORMAT,
        JPEG_TABLES,
        JPEG_PROCESS,
        JPEG_STREAM,
        JPEG_STREAM_LENGTH,
        JPEG_RESTART_INTERVAL,
        JPEG_Q_TABLES,
        JPEG_DC_TABLES,
        JPEG_AC_TABLES,
        YCBCR_WEIGHTS,
        YCBCR_SUBSAMPLING,
        REFERENCE_BLACK_WHITE,
        ICC_PROFILE,
    ];
}

const PHOTOMETRIC_MASK: u64 = 4;
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

impl Field {
    fn is_within(&self, bytes: &[u8]) -> bool {
        let length = width(self.kind).and_then(|size| self.count.checked_mul(size as u64));
        let end = length.and_then(|length| length.checked_add(self.offset as u64));
        end.is_some_and(|end| end <= bytes.len() as u64)
    }
}

/// What a directory is to the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Says which pixels of another page are seen.
    Mask,
    /// A page of its own.
    Page,
    /// A reduced copy of another page.
    Reduced,
}

/// One directory.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    /// Whether numbers are stored low byte first.
    pub little: bool,
    fields: BTreeMap<u16, Field>,
}

impl Directory {
    /// The whole chain, thumbnails included.
    ///
    /// # Errors
    /// A broken or circular chain, or one of more than `most` directories: pages after the break
    /// would be lost silently.
    pub(crate) fn read_all(bytes: &[u8], most: usize) -> Result<Vec<Self>, DecodeError> {
        let reader = Reader::new(bytes)?;
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut next = reader.first()?;
        while next != 0 {
            if found.len() == most {
                let limit = most as u64;
                return Err(DecodeError::TooLarge { found: limit + 1, limit, unit: "directories" });
            }
            if !seen.insert(next) {
                return Err(DecodeError::unreadable("its list of pages runs in a circle"));
            }
            let (directory, after) = reader.directory(next)?;
            found.push(directory);
            next = after;
        }
        Ok(found)
    }

    /// The first directory alone.
    pub(crate) fn read_first(bytes: &[u8]) -> Result<Self, DecodeError> {
        let reader = Reader::new(bytes)?;
        Ok(reader.directory(reader.first()?)?.0)
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

    /// The raw bytes of a tag.
    pub(crate) fn bytes<'a>(&self, bytes: &'a [u8], tag: u16) -> Option<&'a [u8]> {
        let field = self.fields.get(&tag)?;
        let length = usize::try_from(field.count).ok()?.checked_mul(width(field.kind)?)?;
        bytes.get(field.offset..field.offset.checked_add(length)?)
    }

    /// The value with this place in a tag of fractions or whole numbers.
    pub(crate) fn fraction(&self, bytes: &[u8], tag: u16, at: usize) -> Option<f32> {
        let field = self.fields.get(&tag).filter(|field| field.count > at as u64)?;
        let size = width(field.kind)?;
        let value = bytes.get(field.offset..)?.get(at * size..)?.get(..size)?;
        match field.kind {
            5 => Some(self.integer(&value[..4]) as f32 / self.integer(&value[4..]) as f32),
            3 | 4 => Some(self.integer(value) as f32),
            _ => None,
        }
    }

    /// Dots per inch across and down, as declared.
    pub(crate) fn dpi(&self, bytes: &[u8]) -> Option<(f32, f32)> {
        let x = self.fraction(bytes, tags::X_RESOLUTION, 0)?;
        let y = self.fraction(bytes, tags::Y_RESOLUTION, 0).unwrap_or(x);
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

    /// What the directory is to the document.
    pub(crate) fn role(&self, bytes: &[u8]) -> Role {
        let flags = self.value(bytes, tags::SUBFILE).unwrap_or(0);
        let reduced = flags & 1 != 0 || self.value(bytes, tags::OLD_SUBFILE) == Some(2);
        if flags & 4 != 0 || self.value(bytes, tags::PHOTOMETRIC) == Some(PHOTOMETRIC_MASK) {
            Role::Mask
        } else if reduced {
            Role::Reduced
        } else {
            Role::Page
        }
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

    fn directory(&self, offset: u64) -> Result<(Directory, u64), DecodeError> {
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
            if !tags::READ.contains(&tag) {
                continue;
            }
            let kind = self.number(at + 2, 2)? as u16;
            let count = self.number(at + 4, word)?;
            let place = at + 4 + word;
            let fits =
                width(kind).is_some_and(|size| count.saturating_mul(size as u64) <= word as u64);
            let target = if fits { place as u64 } else { self.number(place, word)? };
            let field = usize::try_from(target).map(|offset| Field { kind, count, offset });
            let held = field.ok().filter(|field| field.is_within(self.bytes));
            match held {
                Some(field) => _ = fields.insert(tag, field),
                None if tags::OPTIONAL.contains(&tag) => {}
                // Read as absent it would have its usual value, and the page other pixels.
                None => return Err(cut()),
            }
        }
        let next = self.number(start + head + count as usize * entry, word)?;
        Ok((Directory { little: self.little, fields }, next))
    }
}

fn cut() -> DecodeError {
    DecodeError::unreadable("a TIFF image that is cut short")
}
