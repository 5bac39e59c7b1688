//! A page on its way to the engine.

use image::{DynamicImage, GrayImage};
use sohoa_document::{PageText, TextOrigin};

use crate::{
    engine::{Profile, Recognised},
    error::OcrError,
    frame::Frame,
    prepare::{grey, ink, reduce, soften, turn},
    words::Reading,
};

/// Tesseract keeps coordinates in 16 bits.
const LONGEST_SIDE: u32 = 32_767;

/// Resolution of the small raster on which blankness and lean are judged.
const JUDGED_AT_DPI: f32 = 100.0;

/// A page is not reduced below this, the pixels of A5 at 200 dpi: what is smaller by its file may be
/// a whole sheet with a wrong resolution, and a real card has small print.
const FEWEST_PIXELS: f32 = 1.9e6;

/// The raster as the engine gets it, with where it belongs.
pub(crate) struct Sheet {
    pub(crate) grey: GrayImage,
    /// The coloured ink that `grey` lacks.
    pub(crate) ink: Option<GrayImage>,
    pub(crate) dpi: f32,
    size_pt: (f32, f32),
    pub(crate) turned: u16,
}

impl Sheet {
    pub(crate) fn new(
        raster: &DynamicImage,
        dpi: f32,
        size_pt: (f32, f32),
        profile: Profile,
    ) -> Result<Self, OcrError> {
        let grey = grey::grey(raster, profile.part_ink);
        let ink = Some(raster).filter(|_| profile.part_ink).and_then(ink::ink);
        let read_at =
            if profile.prepare { no_smaller(&grey, dpi, profile.dpi) } else { profile.dpi };
        let reduced = |raster: &GrayImage| reduce::to_resolution(raster, dpi, read_at);
        let ink = ink.map(|ink| reduced(&ink).unwrap_or(ink));
        let (grey, dpi) = match reduced(&grey) {
            Some(small) => (small, read_at),
            None => (grey, dpi),
        };
        let (width, height) = grey.dimensions();
        if width.max(height) > LONGEST_SIDE {
            return Err(OcrError::RasterTooLarge { width, height });
        }
        Ok(Self { grey, ink, dpi, size_pt, turned: 0 })
    }

    /// The page at the resolution it is judged at.
    pub(crate) fn small(&self) -> GrayImage {
        reduce::to_resolution(&self.grey, self.dpi, JUDGED_AT_DPI)
            .unwrap_or_else(|| self.grey.clone())
    }

    /// Levels and smooths the page; the raster as it was.
    pub(crate) fn soften(&mut self) -> GrayImage {
        let soft = soften::soften(&self.grey, self.dpi);
        std::mem::replace(&mut self.grey, soft)
    }

    pub(crate) fn turn(&mut self, clockwise: u16) {
        if clockwise == 0 {
            return;
        }
        self.grey = turn::quarter(std::mem::take(&mut self.grey), clockwise);
        self.ink = self.ink.take().map(|ink| turn::quarter(ink, clockwise));
        self.turned = (self.turned + clockwise) % 360;
        if clockwise != 180 {
            self.size_pt = (self.size_pt.1, self.size_pt.0);
        }
    }

    pub(crate) fn frame(&self, straightened: f32) -> Frame {
        Frame::new(self.grey.dimensions(), self.size_pt, straightened)
    }

    pub(crate) fn recognised(self, reading: Reading, lean: Option<f32>, blank: bool) -> Recognised {
        let (width, height) = self.size_pt;
        let origin = if blank { TextOrigin::None } else { TextOrigin::Ocr };
        Recognised {
            text: PageText {
                lines: reading.lines,
                origin,
                stamps: reading.stamps,
                ..PageText::empty(width, height)
            },
            skew_deg: lean,
            turned: self.turned,
            blank,
            garbled_words: reading.garbled_words,
            repaired_words: 0,
        }
    }
}

/// The resolution to read at: the wanted one, or the finer one that leaves [`FEWEST_PIXELS`].
fn no_smaller(grey: &GrayImage, dpi: f32, wanted: f32) -> f32 {
    let pixels = grey.width() as f32 * grey.height() as f32;
    wanted.max(dpi * (FEWEST_PIXELS / pixels.max(1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_whose_file_says_a_wrong_resolution_keeps_its_pixels() {
        let a4_at_150 = GrayImage::new(1240, 1754);
        let read_at = no_smaller(&a4_at_150, 600.0, 200.0);
        assert!(read_at > 550.0, "{read_at}");
        let a4_at_300 = GrayImage::new(2480, 3508);
        assert!((no_smaller(&a4_at_300, 300.0, 200.0) - 200.0).abs() < 0.1);
        // Nothing is enlarged: a raster with fewer pixels stays as it is.
        assert!(no_smaller(&GrayImage::new(600, 400), 200.0, 200.0) > 200.0);
    }
}
