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

/// Nothing on a page is read from so few pixels a side.
const UNREADABLE: u64 = 320;
/// By so much a copy's shape differs from its page's.
const SHAPE_PERCENT: u64 = 3;

pub(crate) struct TiffFile {
    bytes: Arc<Vec<u8>>,
    pages: Vec<Directory>,
}

impl TiffFile {
    pub(crate) fn open(bytes: Arc<Vec<u8>>, limits: &Limits) -> Result<Self, DecodeError> {
        // Each page may have its thumbnail.
        let most = (limits.max_pages as usize).saturating_mul(2).saturating_add(1);
        let mut pages = Directory::read_all(&bytes, most)?;
        pages.retain(|page| page.role(&bytes) != Role::Mask);
        let copies = copies(&pages, &bytes);
        let mut copies = copies.iter();
        pages.retain(|_| copies.next() != Some(&true));
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

/// Which directories are reduced copies of the page before them, or of the first page.
///
/// That a directory is flagged as one is not enough: some writers flag pages.
fn copies(pages: &[Directory], bytes: &[u8]) -> Vec<bool> {
    let flagged = |page: &&Directory| page.role(bytes) == Role::Reduced;
    let mut original =
        pages.iter().find(|page| !flagged(page)).and_then(|page| size(page, bytes).ok());
    let is_copy = |page: &Directory| {
        let own = size(page, bytes).ok();
        let small = own.is_none_or(|own| original.is_some_and(|page| shrunk(own, page)));
        let copy = flagged(&page) && small;
        if !copy {
            original = own;
        }
        copy
    };
    pages.iter().map(is_copy).collect()
}

/// Whether a picture is clearly smaller than a page, and of its shape or too small to be read.
fn shrunk((width, height): (u32, u32), page: (u32, u32)) -> bool {
    let [width, height] = [width, height].map(u64::from);
    let [page_width, page_height] = [page.0, page.1].map(u64::from);
    let smaller = 2 * width <= page_width + 2 && 2 * height <= page_height + 2;
    // A thumbnail of whole pixels differs by one of them from the shape of its page.
    let shaped = (page_height * width).abs_diff(page_width * height)
        <= page_width.max(page_height) + page_height * width * SHAPE_PERCENT / 100;
    smaller && (shaped || width.max(height) <= UNREADABLE)
}

/// What a page's reader gives: images with their boxes in pixels, and the whole as pixels.
pub(super) type PageImages = (Vec<([u32; 4], sohoa_document::ArchiveImage)>, DynamicImage);
