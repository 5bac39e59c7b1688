//! One line of a page, cut out to be read again.
//!
//! The first reading sees the whole page at about 200 dpi and finds the lines itself. A line whose
//! place is known is cut out of the scanner's own pixels instead: prepared the same way, but with
//! every pixel the scanner gave up to 300 dpi, and without neighbours that the layout analysis
//! could join it with.

use image::{DynamicImage, GrayImage};
use sohoa_document::{Line, Rect};

use crate::{
    engine::Recognised,
    frame::Frame,
    prepare::{grey, reduce, turn},
};

/// Finer than this the engine gains nothing: it scales each line to the height it was trained on.
const FINEST_DPI: f32 = 300.0;

/// Paper around the line, in points across and down: a box can cut an accent or a last digit.
const MARGIN: (f32, f32) = (6.0, 3.0);

/// A line's raster, upright and straight.
pub(crate) struct Cut {
    pub(crate) grey: GrayImage,
    pub(crate) dpi: f32,
    /// Back to points from the cut's own corner.
    pub(crate) frame: Frame,
    /// The cut's place on the page.
    place: Rect,
}

impl Cut {
    /// The zone of the page with some paper around it; `None` where it lies off the raster.
    pub(crate) fn new(
        raster: &DynamicImage,
        dpi: f32,
        page: &Recognised,
        zone: Rect,
        straighten: Option<f32>,
    ) -> Option<Self> {
        let size = (page.text.width, page.text.height);
        let place = Rect::new(
            (zone.x0 - MARGIN.0).max(0.0),
            (zone.y0 - MARGIN.1).max(0.0),
            (zone.x1 + MARGIN.0).min(size.0),
            (zone.y1 + MARGIN.1).min(size.1),
        );
        // Where the page lay before recognition turned it upright.
        let lain = place.turned((360 - page.turned) % 360, size);
        let across = if page.turned % 180 == 0 { size } else { (size.1, size.0) };
        let scale = (raster.width() as f32 / across.0, raster.height() as f32 / across.1);
        // A hostile size leaves no number, and no number is zero here.
        let (x, y) = ((lain.x0 * scale.0) as u32, (lain.y0 * scale.1) as u32);
        let width = ((lain.width() * scale.0) as u32).min(raster.width().saturating_sub(x));
        let height = ((lain.height() * scale.1) as u32).min(raster.height().saturating_sub(y));
        if width == 0 || height == 0 {
            return None;
        }
        let grey = grey::grey(&raster.crop_imm(x, y, width, height), true);
        let grey = turn::quarter(grey, page.turned);
        let (grey, dpi) = match reduce::to_resolution(&grey, dpi, FINEST_DPI) {
            Some(reduced) => (reduced, FINEST_DPI),
            None => (grey, dpi),
        };
        let grey = straighten.map_or(grey.clone(), |lean| turn::straighten(&grey, lean));
        let size = (place.width(), place.height());
        let frame = Frame::new(grey.dimensions(), size, straighten.unwrap_or(0.0));
        Some(Self { grey, dpi, frame, place })
    }

    pub(crate) fn shorter_side(&self) -> u32 {
        self.grey.width().min(self.grey.height())
    }

    /// The words read on the cut as one line of the page; `None` without any.
    pub(crate) fn line(&self, lines: Vec<Line>) -> Option<Line> {
        let moved = |bbox: Rect| {
            let (x, y) = (self.place.x0, self.place.y0);
            Rect::new(bbox.x0 + x, bbox.y0 + y, bbox.x1 + x, bbox.y1 + y)
        };
        let mut words: Vec<_> = lines.into_iter().flat_map(|line| line.words).collect();
        words.iter_mut().for_each(|word| word.bbox = moved(word.bbox));
        let bbox = Rect::around(words.iter().map(|word| &word.bbox))?;
        Some(Line { words, bbox, baseline: (bbox.y1, bbox.y1), block: 0 })
    }
}
