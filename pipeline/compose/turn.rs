//! From the page as it is read to the page as it is stored.
//!
//! Words are placed in points from the top left of the upright page; PDF wants points from the
//! bottom left of the stored page, which `/Rotate` then turns.

use sohoa_document::Scan;

use crate::error::ComposeError;

/// PDF's bounds on the side of a page, in points.
const SIDES: std::ops::RangeInclusive<f32> = 3.0..=14_400.0;

/// The stored page, and the turn that makes it upright.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    width: f32,
    height: f32,
    rotation: u16,
}

impl Turn {
    /// Checks that a page can have this size and turn.
    pub(crate) fn of(scan: &Scan) -> Result<Self, ComposeError> {
        if !SIDES.contains(&scan.width) || !SIDES.contains(&scan.height) {
            return Err(ComposeError::Page("a side is not between 3 and 14,400 points"));
        }
        if !matches!(scan.rotation, 0 | 90 | 180 | 270) {
            return Err(ComposeError::Page("the rotation is not a quarter turn"));
        }
        Ok(Self { width: scan.width, height: scan.height, rotation: scan.rotation })
    }

    /// Where a point of the upright page lies on the stored page.
    pub(crate) fn point(self, x: f32, y: f32) -> (f32, f32) {
        match self.rotation {
            90 => (y, x),
            180 => (self.width - x, y),
            270 => (self.width - y, self.height - x),
            _ => (x, self.height - y),
        }
    }

    /// The text matrix of upright text that starts at `(x, y)`.
    pub(crate) fn text_matrix(self, x: f32, y: f32) -> [f32; 6] {
        let ((a, b), (c, d)) = (self.direction(1.0, 0.0), self.direction(0.0, -1.0));
        let (e, f) = self.point(x, y);
        [a, b, c, d, round(e, 2), round(f, 2)]
    }

    fn direction(self, x: f32, y: f32) -> (f32, f32) {
        match self.rotation {
            90 => (y, x),
            180 => (-x, y),
            270 => (-y, -x),
            _ => (x, -y),
        }
    }
}

/// Fewer digits make a smaller file; a hundredth of a point is beyond any scanner.
pub(crate) fn round(value: f32, digits: i32) -> f32 {
    let scale = 10f64.powi(digits);
    // Adding zero makes a negative zero positive.
    ((f64::from(value) * scale).round() / scale) as f32 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(rotation: u16) -> Turn {
        Turn::of(&Scan { width: 200.0, height: 300.0, rotation, images: Vec::new() }).unwrap()
    }

    #[test]
    fn the_top_left_as_read_is_the_right_corner_as_stored() {
        let corners = [0, 90, 180, 270].map(|rotation| turn(rotation).point(0.0, 0.0));
        assert_eq!(corners, [(0.0, 300.0), (0.0, 0.0), (200.0, 0.0), (200.0, 300.0)]);
    }

    #[test]
    fn text_runs_and_stands_as_read() {
        let matrices = [0, 90, 180, 270].map(|rotation| {
            let [a, b, c, d, ..] = turn(rotation).text_matrix(1.0, 1.0);
            [a, b, c, d]
        });
        assert_eq!(
            matrices,
            [[1., 0., 0., 1.], [0., 1., -1., 0.], [-1., 0., 0., -1.], [0., -1., 1., 0.]]
        );
    }

    #[test]
    fn impossible_pages_are_refused() {
        for (width, rotation) in [(f32::NAN, 0), (2.0, 0), (20_000.0, 0), (200.0, 45)] {
            let scan = Scan { width, height: 300.0, rotation, images: Vec::new() };
            assert!(matches!(Turn::of(&scan), Err(ComposeError::Page(_))));
        }
    }
}
