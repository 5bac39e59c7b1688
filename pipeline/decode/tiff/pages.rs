//! The pages of a TIFF: which directories count, and how each page's data is taken.

use std::sync::Arc;

use image::DynamicImage;

use super::{
    directory::{Directory, tags},
    fax, jpeg, plain,
};
use crate::{
    error::DecodeError,
    exif,
    limits::Limits,
    page::{DecodedPage, Keep, Pieces},
    paper_size::PaperSize,
    survey::{Format, Survey},
};

pub(crate) struct TiffFile {
    bytes: Arc<Vec<u8>>,
    pages: Vec<Directory>,
}

/// What one directory says about its image.
pub(super) struct Layout<'a> {
    pub bytes: &'a [u8],
    pub directory: &'a Directory,
    pub width: u32,
    pub height: u32,
    pub photometric: u64,
}

/// One strip or tile: its box in the page in pixels, clipped to it, and its bytes.
pub(super) struct Chunk<'a> {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
    pub data: &'a [u8],
}

impl TiffFile {
    pub(crate) fn open(bytes: Arc<Vec<u8>>, limits: &Limits) -> Result<Self, DecodeError> {
        // Each page may have its thumbnail.
        let most = (limits.max_pages as usize).saturating_mul(2).saturating_add(1);
        let all = Directory::read_all(&bytes, most)?;
        let pages: Vec<_> = all.into_iter().filter(|page| !page.is_thumbnail(&bytes)).collect();
        for page in &pages {
            let (width, height) = size(page, &bytes)?;
            limits.check_pixels(u64::from(width), u64::from(height))?;
        }
        Ok(Self { bytes, pages })
    }

    pub(crate) fn page_count(&self) -> usize {
        self.pages.len()
    }

    pub(crate) fn survey(&self) -> Result<Survey, DecodeError> {
        let megapixels = self.pages.iter().map(|page| {
            size(page, &self.bytes).map(|(width, height)| width as f32 * height as f32 / 1e6)
        });
        Ok(Survey::of_images(Format::Tiff, megapixels.collect::<Result<_, _>>()?))
    }

    pub(crate) fn page(&self, index: usize, keep: Keep) -> Result<DecodedPage, DecodeError> {
        let directory = &self.pages[index];
        let (width, height) = size(directory, &self.bytes)?;
        let layout = Layout {
            bytes: &self.bytes,
            directory,
            width,
            height,
            photometric: directory.value(&self.bytes, tags::PHOTOMETRIC).unwrap_or(0),
        };
        let (images, pixels) = match layout.number(tags::COMPRESSION).unwrap_or(1) {
            2..=4 if layout.is_bitonal() => fax::page(&layout)?,
            6 => return Err(DecodeError::unsupported("a TIFF image with old-style JPEG inside")),
            7 => jpeg::page(&layout)?,
            _ => plain::page(&layout)?,
        };
        let (mirrored, rotation) = exif::turn(directory.orientation(&self.bytes));
        let size = PaperSize::new(layout.width, layout.height, directory.dpi(&self.bytes));
        if mirrored || keep == Keep::Recoded {
            return Pieces::recoded(pixels, mirrored, rotation, size)?.into_page();
        }
        Pieces { images, pixels, rotation, size }.into_page()
    }
}

/// What a page's reader gives: images with their boxes in pixels, and the whole as pixels.
pub(super) type PageImages = (Vec<([u32; 4], sohoa_document::ArchiveImage)>, DynamicImage);

fn size(directory: &Directory, bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
    let side = |tag| directory.value(bytes, tag).and_then(|value| u32::try_from(value).ok());
    side(tags::WIDTH)
        .zip(side(tags::HEIGHT))
        .ok_or_else(|| DecodeError::unreadable("a TIFF page without its size"))
}

impl<'a> Layout<'a> {
    pub(super) fn number(&self, tag: u16) -> Option<u64> {
        self.directory.value(self.bytes, tag)
    }

    fn is_bitonal(&self) -> bool {
        self.number(tags::BITS).unwrap_or(1) == 1 && self.number(tags::SAMPLES).unwrap_or(1) == 1
    }

    /// The strips or tiles in reading order.
    pub(super) fn chunks(&self) -> Result<Vec<Chunk<'a>>, DecodeError> {
        let (offsets, lengths, step_x, step_y) = self.grid()?;
        let across = self.width.div_ceil(step_x);
        let down = self.height.div_ceil(step_y);
        let wanted = across as usize * down as usize;
        if offsets.len() < wanted || lengths.len() < wanted {
            return Err(DecodeError::unreadable("a TIFF page with strips missing"));
        }
        let mut chunks = Vec::with_capacity(wanted);
        for (index, (offset, length)) in offsets.iter().zip(&lengths).take(wanted).enumerate() {
            let (x, y) = (index as u32 % across * step_x, index as u32 / across * step_y);
            let data = usize::try_from(*offset).ok().and_then(|start| {
                let end = start.checked_add(usize::try_from(*length).ok()?)?;
                self.bytes.get(start..end)
            });
            let data = data.filter(|data| !data.is_empty()).ok_or_else(|| {
                DecodeError::unreadable("a TIFF page whose strips lie outside the file")
            })?;
            let (width, height) = (step_x.min(self.width - x), step_y.min(self.height - y));
            chunks.push(Chunk { x, y, width, height, data });
        }
        Ok(chunks)
    }

    fn grid(&self) -> Result<(Vec<u64>, Vec<u64>, u32, u32), DecodeError> {
        let missing = || DecodeError::unreadable("a TIFF page without image data");
        let values = |tag| self.directory.values(self.bytes, tag);
        let step = |tag, bound: u32| {
            let value = self.number(tag).unwrap_or(u64::from(bound));
            u32::try_from(value).unwrap_or(bound).max(1)
        };
        if let Some(offsets) = values(tags::TILE_OFFSETS) {
            let lengths = values(tags::TILE_LENGTHS).ok_or_else(missing)?;
            return Ok((
                offsets,
                lengths,
                step(tags::TILE_WIDTH, self.width),
                step(tags::TILE_HEIGHT, self.height),
            ));
        }
        let offsets = values(tags::STRIP_OFFSETS).ok_or_else(missing)?;
        let rows = step(tags::ROWS_PER_STRIP, self.height).min(self.height);
        let lengths = match values(tags::STRIP_LENGTHS) {
            Some(lengths) => lengths,
            // Very old writers leave the length of a single strip out.
            None if offsets.len() == 1 => {
                vec![(self.bytes.len() as u64).saturating_sub(offsets[0])]
            }
            None => return Err(missing()),
        };
        Ok((offsets, lengths, self.width, rows))
    }
}
