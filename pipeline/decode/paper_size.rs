//! The physical size of a page that an image file gives, or a plausible one.
//!
//! A camera or a careless converter writes 72 dpi or nothing. Such a resolution is reported as
//! unknown, and the page is laid out on A4 so that sizes in points stay meaningful downstream.
//!
//! A converter that reduces a scan and keeps its resolution makes a small page of a whole one. What
//! is stated is doubted only where it gives no sheet that scanners are fed, and another resolution
//! that scanners have gives one of them to the pixel: an A4 page of 150 dpi that says 300 would be
//! one of A6, whose own pixels at 300 dpi are six fewer.

/// A4, portrait, in points.
const A4: (f32, f32) = (595.276, 841.89);
/// Nothing in a provincial archive is larger than A0 or smaller than a stamp card.
const LONGEST_INCHES: f32 = 50.0;
const SHORTEST_INCHES: f32 = 1.5;
/// 72 and 96 are what software writes when it does not know; believed only for pages up to A3.
const DEFAULT_DPI: f32 = 96.0;
const LONGEST_AT_DEFAULT: f32 = 17.0;

/// Sheets whose size is believed as stated, shorter side first, in inches: A5 to A0, B5, B4, letter,
/// legal, folio.
const SHEETS: [(f32, f32); 11] = [
    (5.827, 8.268),
    (8.268, 11.693),
    (11.693, 16.535),
    (16.535, 23.386),
    (23.386, 33.110),
    (33.110, 46.811),
    (6.929, 9.843),
    (9.843, 13.898),
    (8.5, 11.0),
    (8.5, 14.0),
    (8.5, 13.0),
];
/// By so much a scanner crops a sheet, or feeds past its end.
const CROPPED: f32 = 0.02;
/// The sheets that are put in place of what is stated: A4, A3 and letter.
const COMMON_SHEETS: [(f32, f32); 3] = [(8.268, 11.693), (11.693, 16.535), (8.5, 11.0)];
const COMMON_DPI: [f32; 7] = [100.0, 150.0, 200.0, 240.0, 300.0, 400.0, 600.0];
/// Pixels of a side by which a common sheet may be missed: scanners and converters round.
const ROUNDED: f32 = 2.0;

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
            let (x, y) = match common((w, h)) {
                Some(dpi) if !is_sheet((w / x, h / y)) => (dpi, dpi),
                _ => (x, y),
            };
            return Self { points: (w / x * 72.0, h / y * 72.0), dpi: Some((x, y)) };
        }
        let (paper_w, paper_h) = if w > h { (A4.1, A4.0) } else { A4 };
        let scale = (paper_w / w).min(paper_h / h);
        Self { points: (w * scale, h * scale), dpi: None }
    }
}

/// Whether inches are those of a sheet, upright or on its side.
fn is_sheet((w, h): (f32, f32)) -> bool {
    let near = |side: f32, sheet: f32| (side / sheet - 1.0).abs() <= CROPPED;
    SHEETS.iter().any(|(short, long)| near(w.min(h), *short) && near(w.max(h), *long))
}

/// The resolution at which pixels are exactly a common sheet.
fn common((w, h): (f32, f32)) -> Option<f32> {
    let near = |side: f32, sheet: f32| (side - sheet).abs() <= ROUNDED;
    COMMON_DPI.into_iter().find(|dpi| {
        COMMON_SHEETS
            .iter()
            .any(|(short, long)| near(w.min(h), short * dpi) && near(w.max(h), long * dpi))
    })
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
    fn a_page_of_a_common_sheet_to_the_pixel_is_not_believed_to_be_a_card() {
        for (pixels, stated, right) in [
            ((1240, 1754), 300.0, 150.0),
            ((1754, 1240), 300.0, 150.0),
            ((1654, 2339), 300.0, 200.0),
            ((1275, 1650), 300.0, 150.0),
            ((827, 1169), 200.0, 100.0),
        ] {
            let size = PaperSize::new(pixels.0, pixels.1, Some((stated, stated)));
            assert_eq!(size.dpi, Some((right, right)), "{pixels:?}");
            let points = pixels.0 as f32 / right * 72.0;
            assert!((size.points.0 - points).abs() < 0.1, "{size:?}");
        }
    }

    #[test]
    fn a_sheet_or_a_cut_paper_is_believed_at_what_is_stated() {
        // A6, A5 and B5 at 300 dpi, a form that was cut, A2 at 200 dpi, a bank card.
        for (pixels, stated) in [
            ((1240, 1748), 300.0),
            ((1748, 2480), 300.0),
            ((2079, 2953), 300.0),
            ((1660, 2350), 300.0),
            ((3307, 4677), 200.0),
            ((1011, 638), 300.0),
        ] {
            let size = PaperSize::new(pixels.0, pixels.1, Some((stated, stated)));
            assert_eq!(size.dpi, Some((stated, stated)), "{pixels:?}");
        }
    }

    #[test]
    fn fax_resolution_of_unequal_axes_is_believed() {
        assert_eq!(PaperSize::new(1728, 1100, Some((204.0, 98.0))).dpi, Some((204.0, 98.0)));
    }
}
