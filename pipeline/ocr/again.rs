//! A part of a page, cut out to be read again: a line, or the signature block.
//!
//! The first reading sees the whole page at about 200 dpi and finds the lines itself. A part whose
//! place is known is cut out of the scanner's own pixels instead: a line at 300 dpi, without neighbours
//! that the layout analysis could join it with, and prepared as its place asks for.

use image::{
    DynamicImage, GrayImage,
    imageops::{self, FilterType},
};
use sohoa_document::{Line, Rect, Word};

use crate::{
    engine::Recognised,
    frame::Frame,
    place,
    prepare::{reduce, turn},
};

/// The engine scales each line to the height it was trained on, so that more gains nothing. A
/// coarser scan is enlarged: at the resolution of the first reading the same model would say the
/// same again, letter for letter, and be no witness.
pub(crate) const LINE_DPI: f32 = 300.0;

/// A block is read as the page is: at 300 dpi no more names or offices were right on the evaluation
/// scans.
pub(crate) const BLOCK_DPI: f32 = 200.0;

/// Scans coarser than what is read by more than this are enlarged, but for those below which there
/// is nothing to read.
const NEAR: f32 = 1.2;
const COARSEST_DPI: f32 = 70.0;

/// Paper around the part, in points across and down: a box can cut an accent or a last digit.
const MARGIN: (f32, f32) = (6.0, 3.0);

/// How a part is made grey.
pub(crate) type ToGrey = fn(&DynamicImage) -> GrayImage;

/// A part's raster, upright and straight.
pub(crate) struct Cut {
    pub(crate) grey: GrayImage,
    pub(crate) dpi: f32,
    /// Back to points from the cut's own corner.
    pub(crate) frame: Frame,
    /// The cut's place on the page.
    pub(crate) place: Rect,
}

impl Cut {
    /// The zone of the page with some paper around it, made grey in the given way; `None` where it
    /// lies off the raster.
    pub(crate) fn new(
        (raster, dpi): (&DynamicImage, f32),
        page: &Recognised,
        zone: Rect,
        straighten: Option<f32>,
        (grey, read_at): (ToGrey, f32),
    ) -> Option<Self> {
        let size = (page.text.width, page.text.height);
        let place = Rect::new(
            (zone.x0 - MARGIN.0).max(0.0),
            (zone.y0 - MARGIN.1).max(0.0),
            (zone.x1 + MARGIN.0).min(size.0),
            (zone.y1 + MARGIN.1).min(size.1),
        );
        let pixels = (raster.width(), raster.height());
        let (x, y, width, height) = place::on_raster(pixels, page.turned, size, place)?;
        let grey = grey(&raster.crop_imm(x, y, width, height));
        let grey = turn::quarter(grey, page.turned);
        let (grey, dpi) = at_resolution(grey, dpi, read_at);
        let grey = match straighten {
            Some(lean) => turn::straighten(&grey, lean),
            None => grey,
        };
        let size = (place.width(), place.height());
        let frame = Frame::new(grey.dimensions(), size, straighten.unwrap_or(0.0));
        Some(Self { grey, dpi, frame, place })
    }

    pub(crate) fn shorter_side(&self) -> u32 {
        self.grey.width().min(self.grey.height())
    }

    /// The words read on the cut as one line of the page; `None` without any.
    pub(crate) fn line(&self, lines: Vec<Line>) -> Option<Line> {
        self.on_page(lines.into_iter().flat_map(|line| line.words).collect())
    }

    /// The lines read on the cut as lines of the page.
    pub(crate) fn lines(&self, lines: Vec<Line>) -> Vec<Line> {
        lines.into_iter().filter_map(|line| self.on_page(line.words)).collect()
    }

    fn on_page(&self, mut words: Vec<Word>) -> Option<Line> {
        let (x, y) = (self.place.x0, self.place.y0);
        for word in &mut words {
            let bbox = word.bbox;
            word.bbox = Rect::new(bbox.x0 + x, bbox.y0 + y, bbox.x1 + x, bbox.y1 + y);
        }
        let bbox = Rect::around(words.iter().map(|word| &word.bbox))?;
        Some(Line { words, bbox, baseline: (bbox.y1, bbox.y1), block: 0 })
    }
}

fn at_resolution(grey: GrayImage, dpi: f32, read_at: f32) -> (GrayImage, f32) {
    if let Some(reduced) = reduce::to_resolution(&grey, dpi, read_at) {
        return (reduced, read_at);
    }
    // A page without a believable resolution stays as it is.
    if !(COARSEST_DPI..read_at / NEAR).contains(&dpi) {
        return (grey, dpi);
    }
    let side = |pixels: u32| (pixels as f32 * read_at / dpi) as u32;
    let (width, height) = (side(grey.width()), side(grey.height()));
    (imageops::resize(&grey, width, height, FilterType::CatmullRom), read_at)
}
