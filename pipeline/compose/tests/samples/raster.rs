//! A page of bars as grey pixels.

use sohoa_document::PageText;

/// Grey of a bar.
pub(crate) const INK: u8 = 0x30;
/// Grey of the page.
pub(crate) const PAPER: u8 = 0xf0;

/// Grey pixels, row by row.
#[derive(Clone)]
pub(crate) struct Raster {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
}

impl Raster {
    /// The page as a person reads it, a bar for every word.
    pub(crate) fn bars(text: &PageText, dpi: u32) -> Self {
        let px = |points: f32| (points * dpi as f32 / 72.0).round() as usize;
        let (width, height) = (px(text.width), px(text.height));
        let mut pixels = vec![PAPER; width * height];
        for word in text.words() {
            let b = word.bbox;
            for y in px(b.y0)..px(b.y1).min(height) {
                pixels[y * width + px(b.x0)..y * width + px(b.x1).min(width)].fill(INK);
            }
        }
        Self { width, height, pixels }
    }

    /// The page as stored: turned back by what `/Rotate` will turn it.
    pub(crate) fn stored(&self, rotation: u16) -> Self {
        (0..rotation / 90).fold(self.clone(), |raster, _| raster.turned_left())
    }

    fn turned_left(&self) -> Self {
        let pixels = (0..self.width).rev().flat_map(|x| (0..self.height).map(move |y| (x, y)));
        Self {
            width: self.height,
            height: self.width,
            pixels: pixels.map(|(x, y)| self.pixels[y * self.width + x]).collect(),
        }
    }

    /// A strip of the page.
    pub(crate) fn rows(&self, from: usize, to: usize) -> Self {
        let pixels = self.pixels[from * self.width..to * self.width].to_vec();
        Self { width: self.width, height: to - from, pixels }
    }

    /// The rows, bit by bit: whether there is ink.
    pub(crate) fn ink(&self) -> impl Iterator<Item = impl Iterator<Item = bool> + Clone + '_> {
        self.pixels.chunks(self.width).map(|row| row.iter().map(|pixel| *pixel < 0x80))
    }
}
