//! What one directory says about its image, and the strips or tiles that hold it.

use sohoa_document::Colour;

use super::directory::{Directory, tags};
use crate::{error::DecodeError, jpeg::profile_fits};

/// Four inks and what a scanner may add to them.
const MOST_SAMPLES: u64 = 8;

/// Bytes that strips may share: those of empty tiles are often stored once.
const OVERLAID: u64 = 1 << 16;
/// Bytes of tables that the strips of a page get spliced in together.
const MOST_SPLICED: usize = 64 << 20;

/// What one directory says about its image.
pub(super) struct Layout<'a> {
    pub bytes: &'a [u8],
    pub directory: &'a Directory,
    pub width: u32,
    pub height: u32,
    pub photometric: u64,
    pub compression: u64,
    /// Bits a sample, the same for all.
    pub bits: u8,
    /// Samples a pixel, those without a meaning included.
    pub samples: usize,
    /// 1, or as many as there are samples when each lies in strips of its own.
    pub planes: usize,
}

/// One strip or tile.
pub(super) struct Chunk<'a> {
    /// Which plane it belongs to.
    pub plane: usize,
    /// Its box in the page in pixels, clipped to it.
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
    /// Its size as stored: tiles reach past the page.
    pub stored: (u32, u32),
    pub data: &'a [u8],
}

/// Strips or tiles before their data is looked up.
struct Grid {
    offsets: Vec<u64>,
    lengths: Vec<u64>,
    step: (u32, u32),
    tiled: bool,
}

pub(super) mod photometric {
    pub(in crate::tiff) const WHITE_IS_ZERO: u64 = 0;
    pub(in crate::tiff) const BLACK_IS_ZERO: u64 = 1;
    pub(in crate::tiff) const RGB: u64 = 2;
    pub(in crate::tiff) const PALETTE: u64 = 3;
    pub(in crate::tiff) const CMYK: u64 = 5;
    pub(in crate::tiff) const YCBCR: u64 = 6;
}

pub(super) fn size(directory: &Directory, bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
    let side = |tag| directory.value(bytes, tag).and_then(|value| u32::try_from(value).ok());
    side(tags::WIDTH)
        .zip(side(tags::HEIGHT))
        .ok_or_else(|| DecodeError::unreadable("a TIFF page without its size"))
}

impl<'a> Layout<'a> {
    pub(super) fn read(bytes: &'a [u8], directory: &'a Directory) -> Result<Self, DecodeError> {
        let (width, height) = size(directory, bytes)?;
        let number = |tag, usual| directory.value(bytes, tag).unwrap_or(usual);
        let samples = number(tags::SAMPLES, 1);
        let depths = match directory.value(bytes, tags::BITS) {
            Some(_) => directory.values(bytes, tags::BITS),
            None => Some(vec![1]),
        };
        let depths = depths.ok_or_else(|| DecodeError::unreadable("a TIFF page without depth"))?;
        let bits = depths.first().copied().unwrap_or(1);
        // Some writers give one depth for all samples.
        if depths.iter().take(samples as usize).any(|other| *other != bits) {
            return Err(DecodeError::unsupported("a TIFF image with samples of unequal depth"));
        }
        if !(1..=16).contains(&bits) {
            return Err(DecodeError::unsupported(format!("a TIFF image of {bits} bits a sample")));
        }
        if !(1..=MOST_SAMPLES).contains(&samples) {
            return Err(DecodeError::unsupported(format!("a TIFF image of {samples} samples")));
        }
        let parted = number(tags::PLANAR, 1) == 2;
        Ok(Self {
            bytes,
            directory,
            width,
            height,
            photometric: number(tags::PHOTOMETRIC, 0),
            compression: number(tags::COMPRESSION, 1),
            bits: bits as u8,
            samples: samples as usize,
            planes: if parted { samples as usize } else { 1 },
        })
    }

    pub(super) fn number(&self, tag: u16) -> Option<u64> {
        self.directory.value(self.bytes, tag)
    }

    pub(super) fn is_bitonal(&self) -> bool {
        self.bits == 1 && self.samples == 1
    }

    /// Whether words are stored low byte first.
    pub(super) fn little(&self) -> bool {
        self.directory.little
    }

    /// Whether the bits of each byte are stored last first.
    pub(super) fn is_reversed(&self) -> bool {
        self.number(tags::FILL_ORDER) == Some(2)
    }

    /// Across and down, how many luminance samples share one pair of chrominance.
    pub(super) fn subsampling(&self) -> (u32, u32) {
        let factors = self.directory.values(self.bytes, tags::YCBCR_SUBSAMPLING);
        match factors.as_deref() {
            Some([across, down, ..]) => ((*across).min(16) as u32, (*down).min(16) as u32),
            _ => (2, 2),
        }
    }

    /// The ICC profile, when it describes samples of this colour.
    pub(super) fn profile(&self, colour: &Colour) -> Option<serde_bytes::ByteBuf> {
        let profile = self.directory.bytes(self.bytes, tags::ICC_PROFILE)?;
        profile_fits(profile, colour).then(|| serde_bytes::ByteBuf::from(profile))
    }

    /// The strips or tiles in reading order, one plane after the other.
    pub(super) fn chunks(&self) -> Result<Vec<Chunk<'a>>, DecodeError> {
        let grid = self.grid()?;
        let (step_x, step_y) = grid.step;
        let across = self.width.div_ceil(step_x);
        let down = self.height.div_ceil(step_y);
        let a_plane = across as usize * down as usize;
        let wanted = a_plane * self.planes;
        // Tiles far larger than what they show of the page would cost without bound.
        let stored = a_plane as u64 * u64::from(step_x) * u64::from(step_y);
        let shown = u64::from(self.width) * u64::from(self.height);
        if stored > 4 * shown + (1 << 24) {
            return Err(DecodeError::unreadable("a TIFF page with absurdly large tiles"));
        }
        if grid.offsets.len() < wanted || grid.lengths.len() < wanted {
            return Err(DecodeError::unreadable("a TIFF page with strips missing"));
        }
        // Strips that lie over one another would be copied and decoded without bound.
        let held =
            grid.lengths.iter().take(wanted).fold(0_u64, |sum, one| sum.saturating_add(*one));
        if held > 2 * self.bytes.len() as u64 + OVERLAID {
            return Err(DecodeError::unreadable("a TIFF page with strips over one another"));
        }
        let mut chunks = Vec::with_capacity(wanted);
        let parts = grid.offsets.iter().zip(&grid.lengths).take(wanted);
        for (index, (offset, length)) in parts.enumerate() {
            let (plane, index) = (index / a_plane, (index % a_plane) as u32);
            let (x, y) = (index % across * step_x, index / across * step_y);
            let (width, height) = (step_x.min(self.width - x), step_y.min(self.height - y));
            let stored = if grid.tiled { grid.step } else { (width, height) };
            let data = self.part(*offset, *length)?;
            chunks.push(Chunk { plane, x, y, width, height, stored, data });
        }
        Ok(chunks)
    }

    /// Refuses tables whose copies, one a strip, would far outgrow the file.
    pub(super) fn check_tables(&self, length: usize, strips: usize) -> Result<(), DecodeError> {
        let bound = self.bytes.len().saturating_mul(2).saturating_add(MOST_SPLICED);
        if length.saturating_mul(strips) > bound {
            return Err(DecodeError::unreadable("JPEG tables far larger than their TIFF page"));
        }
        Ok(())
    }

    fn part(&self, offset: u64, length: u64) -> Result<&'a [u8], DecodeError> {
        let data = usize::try_from(offset).ok().and_then(|start| {
            let end = start.checked_add(usize::try_from(length).ok()?)?;
            self.bytes.get(start..end)
        });
        data.filter(|data| !data.is_empty())
            .ok_or_else(|| DecodeError::unreadable("a TIFF page whose strips lie outside the file"))
    }

    fn grid(&self) -> Result<Grid, DecodeError> {
        let missing = || DecodeError::unreadable("a TIFF page without image data");
        let values = |tag| self.directory.values(self.bytes, tag);
        let step = |tag, bound: u32| {
            let value = self.number(tag).filter(|value| *value > 0);
            value.and_then(|value| u32::try_from(value).ok()).unwrap_or(bound)
        };
        let tiled = values(tags::TILE_OFFSETS);
        // Some writers file the places of tiles as those of strips.
        let tiled = tiled
            .or_else(|| self.number(tags::TILE_WIDTH).and_then(|_| values(tags::STRIP_OFFSETS)));
        if let Some(offsets) = tiled {
            let lengths = values(tags::TILE_LENGTHS).or_else(|| values(tags::STRIP_LENGTHS));
            let step = (step(tags::TILE_WIDTH, self.width), step(tags::TILE_HEIGHT, self.height));
            let lengths = lengths.ok_or_else(missing)?;
            return Ok(Grid { offsets, lengths, step, tiled: true });
        }
        let offsets = values(tags::STRIP_OFFSETS).ok_or_else(missing)?;
        let rows = step(tags::ROWS_PER_STRIP, self.height).min(self.height);
        let lengths =
            values(tags::STRIP_LENGTHS).unwrap_or_else(|| self.lengths_by_place(&offsets));
        Ok(Grid { offsets, lengths, step: (self.width, rows), tiled: false })
    }

    /// What very old writers leave out: each strip reaches to the next, or to the file's end.
    fn lengths_by_place(&self, offsets: &[u64]) -> Vec<u64> {
        let mut places: Vec<u64> = offsets.to_vec();
        places.push(self.bytes.len() as u64);
        places.sort_unstable();
        let next = |offset: u64| {
            let after = places.partition_point(|place| *place <= offset);
            places.get(after).map_or(0, |place| place - offset)
        };
        offsets.iter().map(|offset| next(*offset)).collect()
    }
}
