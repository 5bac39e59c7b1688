//! The physical size of a page that an image file gives, or a plausible one.
//!
//! A camera or a careless converter writes 72 dpi or nothing. Such a resolution is reported as
//! unknown, and the page is laid out on A4 so that sizes in points stay meaningful downstream.

/// A4, portrait, in points.
const A4: (f32, f32) = (595.276, 841.89);
/// Nothing in a provincial archive is larger than A0 or smaller than a stamp card.
const LONGEST_INCHES: f32 = 50.0;
const SHORTEST_INCHES: f32 = 1.5;
/// 72 and 96 are what software writes when it does not know; believed only for pages up to A3.
const DEFAULT_DPI: f32 = 96.0;
const LONGEST_AT_DEFAULT: f32 = 17.0;

/// The size of a page as stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PaperSize {
    /// Width and height in points.
    pub points: (f32, f32),
    /// Dots per inch across and down, when the file's own are believable.
    pub dpi: Option<(f32, f32)>,
}

impl PaperSize {
    /// The size of `width` x `height` pixels at the declared resolution, or fitted on A4.
    pub(crate) fn new(width: u32, height: u32, declared: Option<(f32, f32)>) -> Self {
        let (w, h) = (width as f32, height as f32);
        if let Some((x, y)) = declared.filter(|dpi| believable((w, h), *dpi)) {
            return Self { points: (w / x * 72.0, h / y * 72.0), dpi: declared };
        }
        let (paper_w, paper_h) = if w > h { (A4.1, A4.0) } else { A4 };
        let scale = (paper_w / w).min(paper_h / h);
        Self { points: (w * scale, h * scale), dpi: None }
    }
}

fn believable((w, h): (f32, f32), (x, y): (f32, f32)) -> bool {
    let range = 50.0..=2400.0;
    if !range.contains(&x) || !range.contains(&y) || x / y > 2.1 || y / x > 2.1 {
        return false;
    }
    let longest = (w / x).max(h / y);
    let bound = if x.max(y) <= DEFAULT_DPI { LONGEST_AT_DEFAULT } else { LONGEST_INCHES };
    (SHORTEST_INCHES..=bound).contains(&longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_believable_resolution_gives_the_size() {
        let size = PaperSize::new(1654, 2339, Some((200.0, 200.0)));
        assert!((size.points.0 - 595.44).abs() < 0.1, "{size:?}");
        assert_eq!(size.dpi, Some((200.0, 200.0)));
    }

    #[test]
    fn a_missing_or_absurd_resolution_is_a4_and_unknown() {
        for declared in
            [None, Some((72.0, 72.0)), Some((1.0, 1.0)), Some((0.0, 0.0)), Some((f32::NAN, 200.0))]
        {
            let size = PaperSize::new(2480, 3508, declared);
            assert_eq!(size.dpi, None, "{declared:?}");
            assert!((size.points.0 - 595.2).abs() < 1.0 && (size.points.1 - 841.9).abs() < 1.0);
        }
        let landscape = PaperSize::new(3508, 2480, None);
        assert!(landscape.points.0 > landscape.points.1);
    }

    #[test]
    fn fax_resolution_of_unequal_axes_is_believed() {
        assert_eq!(PaperSize::new(1728, 1100, Some((204.0, 98.0))).dpi, Some((204.0, 98.0)));
    }
}
