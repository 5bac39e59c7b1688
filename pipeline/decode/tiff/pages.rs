//! The pages of a TIFF: which directories count, and how each page's data is taken.

use std::sync::Arc;

use image::DynamicImage;

use super::{
    directory::{Directory, Role},
    fax, jpeg,
    layout::{Layout, size},
    old_jpeg, plain,
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

impl TiffFile {
    pub(crate) fn open(bytes: Arc<Vec<u8>>, limits: &Limits) -> Result<Self, DecodeError> {
        // Each page may have its thumbnail.
        let most = (limits.max_pages as usize).saturating_mul(2).saturating_add(1);
        let mut pages = Directory::read_all(&bytes, most)?;
        let has = |role| pages.iter().any(|page| page.role(&bytes) == role);
        // Where all are said to be reduced copies, their originals are not here: they are the pages.
        let wanted = if has(Role::Page) { Role::Page } else { Role::Reduced };
        pages.retain(|page| page.role(&bytes) == wanted);
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
        let layout = Layout::read(&self.bytes, directory)?;
        let (images, pixels) = match layout.compression {
            2..=4 if layout.is_bitonal() => fax::page(&layout)?,
            6 => old_jpeg::page(&layout)?,
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
