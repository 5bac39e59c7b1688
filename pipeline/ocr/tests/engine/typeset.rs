//! Sets lines of print on a raster, so that where each word stands is known.

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use image::{Rgb, RgbImage};
use ttf_parser::{Face, OutlineBuilder};

const FONT: &str = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf";

/// A sheet of A4 at 200 dpi.
pub(crate) struct Sheet {
    font: Vec<u8>,
    pub(crate) raster: RgbImage,
}

/// How a line is set.
#[derive(Clone, Copy)]
pub(crate) struct Ink {
    pub(crate) colour: [u8; 3],
    /// Pixels an em; 13 points at 200 dpi are 36.
    pub(crate) size: f32,
}

impl Ink {
    pub(crate) const BLACK: Self = Self { colour: [25, 25, 25], size: 36.0 };
}

impl Sheet {
    pub(crate) fn new() -> Self {
        let font = std::fs::read(FONT).expect("Tinos is needed: apt-get install fonts-croscore");
        Self { font, raster: RgbImage::from_pixel(1654, 2339, Rgb([250, 250, 248])) }
    }

    /// Sets `text` with its baseline's left end at (`x`, `y`); gives each word's left and right.
    pub(crate) fn set(&mut self, text: &str, x: f32, y: f32, ink: Ink) -> Vec<(f32, f32)> {
        let face = Face::parse(&self.font, 0).expect("Tinos is a font");
        let scale = ink.size / f32::from(face.units_per_em());
        let (width, height) = self.raster.dimensions();
        let mut pen = Pen {
            rasterizer: Rasterizer::new(width as usize, height as usize),
            at: point(x, y),
            scale,
            last: point(0.0, 0.0),
            first: point(0.0, 0.0),
        };
        let mut words = Vec::new();
        let mut word_start = x;
        for c in text.chars() {
            let glyph = face.glyph_index(c).expect("Tinos has every Vietnamese letter");
            if c == ' ' {
                words.push((word_start, pen.at.x));
            } else {
                face.outline_glyph(glyph, &mut pen);
            }
            pen.at.x += f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
            if c == ' ' {
                word_start = pen.at.x;
            }
        }
        words.push((word_start, pen.at.x));
        let raster = &mut self.raster;
        pen.rasterizer.for_each_pixel_2d(|x, y, cover| {
            let pixel = raster.get_pixel_mut(x, y);
            for (channel, ink) in pixel.0.iter_mut().zip(ink.colour) {
                let mixed = f32::from(*channel) * (1.0 - cover) + f32::from(ink) * cover;
                *channel = mixed as u8;
            }
        });
        words
    }
}

struct Pen {
    rasterizer: Rasterizer,
    at: Point,
    scale: f32,
    last: Point,
    first: Point,
}

impl Pen {
    fn place(&self, x: f32, y: f32) -> Point {
        point(self.at.x + x * self.scale, self.at.y - y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.last = self.place(x, y);
        self.first = self.last;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.place(x, y);
        self.rasterizer.draw_line(self.last, to);
        self.last = to;
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (by, to) = (self.place(x1, y1), self.place(x, y));
        self.rasterizer.draw_quad(self.last, by, to);
        self.last = to;
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let to = self.place(x, y);
        self.rasterizer.draw_cubic(self.last, self.place(x1, y1), self.place(x2, y2), to);
        self.last = to;
    }

    fn close(&mut self) {
        self.rasterizer.draw_line(self.last, self.first);
        self.last = self.first;
    }
}
