//! From the pixels the engine saw to points on the page.
//!
//! The engine sees a raster that may have been straightened; a box belongs on the page as it is.
//! A straightening turns a word by a few degrees at most, so a word keeps its width and height and
//! only its middle moves: the box around the turned corners would grow into the lines above and
//! below.

use sohoa_document::Rect;

/// The way back from engine pixels to page points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// Sine and cosine of the turn that undoes the straightening.
    sin: f32,
    cos: f32,
    /// Middle of the raster, the pivot.
    pivot: (f32, f32),
    /// Points a pixel, across and down.
    scale: (f32, f32),
}

impl Frame {
    /// A frame for a raster of `pixels` that shows a page of `size_pt` and was turned by
    /// `straightened` degrees (positive: counter-clockwise as seen) to lie straight.
    pub(crate) fn new(pixels: (u32, u32), size_pt: (f32, f32), straightened: f32) -> Self {
        let (sin, cos) = straightened.to_radians().sin_cos();
        let (width, height) = (pixels.0.max(1) as f32, pixels.1.max(1) as f32);
        Self {
            sin,
            cos,
            pivot: (width / 2.0, height / 2.0),
            scale: (size_pt.0 / width, size_pt.1 / height),
        }
    }

    /// A point of the engine's raster, in points on the page.
    pub(crate) fn point(&self, x: f32, y: f32) -> (f32, f32) {
        let (dx, dy) = (x - self.pivot.0, y - self.pivot.1);
        let x = self.pivot.0 + dx * self.cos - dy * self.sin;
        let y = self.pivot.1 + dx * self.sin + dy * self.cos;
        (x * self.scale.0, y * self.scale.1)
    }

    /// A box of the engine's raster (left, top, right, bottom), in points on the page.
    pub(crate) fn rect(&self, (left, top, right, bottom): (i32, i32, i32, i32)) -> Rect {
        let (width, height) = ((right - left).max(0) as f32, (bottom - top).max(0) as f32);
        let (x, y) = self.point(left as f32 + width / 2.0, top as f32 + height / 2.0);
        let (half_width, half_height) = (width * self.scale.0 / 2.0, height * self.scale.1 / 2.0);
        Rect::new(x - half_width, y - half_height, x + half_width, y + half_height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_straightening_pixels_scale_to_points() {
        let frame = Frame::new((1000, 2000), (500.0, 500.0), 0.0);
        assert_eq!(frame.rect((100, 200, 300, 400)), Rect::new(50.0, 50.0, 150.0, 100.0));
    }

    #[test]
    fn straightening_is_undone_about_the_middle() {
        let frame = Frame::new((1000, 1000), (1000.0, 1000.0), 2.0);
        assert_eq!(frame.point(500.0, 500.0), (500.0, 500.0));
        // A line that falls to the right on the page was lifted at its right end.
        let (x, y) = frame.point(1000.0, 500.0);
        assert!((x - 999.7).abs() < 0.1 && (y - 517.4).abs() < 0.1, "{x} {y}");
    }

    #[test]
    fn a_box_keeps_its_size() {
        let frame = Frame::new((800, 600), (800.0, 600.0), -3.0);
        let rect = frame.rect((10, 20, 110, 40));
        assert!((rect.width() - 100.0).abs() < 1e-3 && (rect.height() - 20.0).abs() < 1e-3);
    }
}
