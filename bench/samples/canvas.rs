//! A page of pixels and the three ways ink gets on it: filled outlines, pen strokes, flat boxes.
//!
//! Ink multiplies with what is there, as on paper: a red seal over black text leaves the text
//! black. Coordinates are pixels, y downwards. Whatever falls outside the page is left out.

use ab_glyph_rasterizer::{Point, Rasterizer, point};

/// Red, green, blue.
pub(crate) type Colour = [u8; 3];

/// A page of pixels, three bytes each.
#[derive(Debug, Clone)]
pub(crate) struct Canvas {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
}

/// Coverage of a small piece of the page, one byte a pixel.
#[derive(Debug, Clone)]
pub(crate) struct Stencil {
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) width: usize,
    pub(crate) coverage: Vec<u8>,
}

impl Canvas {
    /// A white page.
    pub(crate) fn white(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![255; width * height * 3] }
    }

    /// Lays ink on one pixel.
    fn ink(&mut self, x: i32, y: i32, colour: Colour, coverage: u32) {
        if x < 0 || y < 0 || x as usize >= self.width || y as usize >= self.height {
            return;
        }
        let at = (y as usize * self.width + x as usize) * 3;
        for (pixel, ink) in self.pixels[at..at + 3].iter_mut().zip(colour) {
            let kept = 255 - coverage * (255 - u32::from(ink)) / 255;
            *pixel = (u32::from(*pixel) * kept / 255) as u8;
        }
    }

    /// Lays ink through a stencil moved by (`dx`, `dy`).
    pub(crate) fn print(&mut self, stencil: &Stencil, dx: i32, dy: i32, colour: Colour) {
        if stencil.width == 0 {
            return;
        }
        for (row, line) in stencil.coverage.chunks_exact(stencil.width).enumerate() {
            for (column, &coverage) in line.iter().enumerate() {
                if coverage > 0 {
                    let (x, y) = (stencil.left + dx + column as i32, stencil.top + dy + row as i32);
                    self.ink(x, y, colour, u32::from(coverage));
                }
            }
        }
    }

    /// Fills a rectangle given by its corners.
    pub(crate) fn fill(&mut self, from: [f32; 2], to: [f32; 2], colour: Colour) {
        let path =
            [vec![[from[0], from[1]], [to[0], from[1]], [to[0], to[1]], [from[0], to[1]]]].to_vec();
        if let Some(stencil) = Stencil::of_polygons(&path) {
            self.print(&stencil, 0, 0, colour);
        }
    }
}

impl Stencil {
    /// Coverage of closed polygons; one inside another, wound the other way, is a hole.
    pub(crate) fn of_polygons(polygons: &[Vec<[f32; 2]>]) -> Option<Self> {
        let points = || polygons.iter().flatten();
        let least = |axis: usize| points().map(|p| p[axis]).fold(f32::INFINITY, f32::min).floor();
        let most = |axis: usize| points().map(|p| p[axis]).fold(f32::NEG_INFINITY, f32::max).ceil();
        let (left, top) = (least(0), least(1));
        let (width, height) = (most(0) - left + 2.0, most(1) - top + 2.0);
        // Nothing drawn here is larger than a page at 600 dpi.
        if !(width > 0.0 && height > 0.0 && width < 10_000.0 && height < 10_000.0) {
            return None;
        }
        let mut raster = Rasterizer::new(width as usize, height as usize);
        let at = |p: [f32; 2]| -> Point { point(p[0] - left, p[1] - top) };
        for polygon in polygons {
            for (index, &from) in polygon.iter().enumerate() {
                raster.draw_line(at(from), at(polygon[(index + 1) % polygon.len()]));
            }
        }
        let mut coverage = vec![0; width as usize * height as usize];
        raster.for_each_pixel(|index, share| {
            coverage[index] = (share.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        });
        Some(Self { left: left as i32, top: top as i32, width: width as usize, coverage })
    }

    /// Coverage of pen strokes: discs of the given radius at each point.
    pub(crate) fn of_strokes(dots: &[([f32; 2], f32)]) -> Option<Self> {
        let reach = dots.iter().map(|dot| dot.1).fold(0.0, f32::max) + 2.0;
        let least = |axis: usize| dots.iter().map(|d| d.0[axis]).fold(f32::INFINITY, f32::min);
        let most = |axis: usize| dots.iter().map(|d| d.0[axis]).fold(f32::NEG_INFINITY, f32::max);
        let (left, top) = ((least(0) - reach).floor(), (least(1) - reach).floor());
        let (width, height) = (most(0) + reach - left, most(1) + reach - top);
        if !(width > 0.0 && height > 0.0 && width < 10_000.0 && height < 10_000.0) {
            return None;
        }
        let (width, height) = (width.ceil() as usize, height.ceil() as usize);
        let mut coverage = vec![0u8; width * height];
        for &([x, y], radius) in dots {
            let (x, y) = (x - left, y - top);
            let rows =
                (y - radius - 1.0).max(0.0) as usize..((y + radius + 2.0) as usize).min(height);
            for row in rows {
                let from = (x - radius - 1.0).max(0.0) as usize;
                for column in from..((x + radius + 2.0) as usize).min(width) {
                    let away = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y);
                    let share = ((radius + 0.5 - away).clamp(0.0, 1.0) * 255.0) as u8;
                    let cell = &mut coverage[row * width + column];
                    *cell = (*cell).max(share);
                }
            }
        }
        Some(Self { left: left as i32, top: top as i32, width, coverage })
    }

    /// The same stencil with worn ink: `keep` says how much stays at each pixel of the page.
    pub(crate) fn worn(mut self, keep: impl Fn(i32, i32) -> f32) -> Self {
        let width = self.width.max(1);
        for (index, cell) in self.coverage.iter_mut().enumerate() {
            if *cell > 0 {
                let (x, y) =
                    (self.left + (index % width) as i32, self.top + (index / width) as i32);
                *cell = (f32::from(*cell) * keep(x, y).clamp(0.0, 1.0)) as u8;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn red_over_black_stays_black() {
        let mut canvas = Canvas::white(4, 4);
        canvas.fill([0.0, 0.0], [4.0, 4.0], [0, 0, 0]);
        canvas.fill([0.0, 0.0], [4.0, 4.0], [220, 30, 30]);
        assert!(canvas.pixels.iter().all(|&value| value == 0));
    }

    #[test]
    fn ink_outside_the_page_is_left_out() {
        let mut canvas = Canvas::white(4, 4);
        canvas.fill([-50.0, -50.0], [-10.0, -10.0], [0, 0, 0]);
        canvas.fill([3.0, 3.0], [90.0, 90.0], [0, 0, 0]);
        assert_eq!(canvas.pixels[45..], [0; 3]);
        assert!(canvas.pixels[..45].iter().all(|&value| value == 255));
    }
}
