//! Whether the print of a page stands on its head.
//!
//! Over the small letters of a line stand ascenders, capitals and most Vietnamese marks; under them
//! only tails, commas and the dot of *nặng*. Of the ink outside the rows of small letters, 0.62 to
//! 0.79 stood above on every page of 36 real scans and 37 spoiled samples that was looked at; on a
//! page on its head the share is what is left to 1.

use image::GrayImage;

use super::skew::otsu;

/// A share above the small letters below this lets a page be tried the other way round.
pub const ON_ITS_HEAD: f32 = 0.45;

/// The page is cut into so many columns: lines of one column do not meet those of the other.
const COLUMNS: u32 = 6;

/// Heights of a line of print at 100 dpi: from 6 points to a large title.
const HEIGHTS: std::ops::RangeInclusive<usize> = 8..=30;

/// Rows of small letters at least, and ink in the fullest of them: anything less is a rule or dust.
const LEAST_BODY: usize = 3;
const LEAST_FULLEST: u32 = 8;

/// Ink outside the rows of small letters that a judgement needs: that of some dozen words.
const LEAST_INK: u32 = 300;

/// The share above the small letters, 0 to 1, on a straight raster of about 100 dpi; `None` when
/// there is too little print.
pub fn share_above(small: &GrayImage) -> Option<f32> {
    let threshold = otsu(small);
    let (width, height) = small.dimensions();
    // The outermost thirtieth holds shadows of the sheet's own edge.
    let (left, top) = (width / 30, height / 30);
    let column = (width - 2 * left) / COLUMNS;
    let (mut above, mut below) = (0, 0);
    for start in (0..COLUMNS).map(|number| left + number * column) {
        let rows: Vec<u32> = (top..height - top)
            .map(|y| {
                let ink = |x: &u32| small.get_pixel(*x, y).0[0] <= threshold;
                (start..start + column).filter(ink).count() as u32
            })
            .collect();
        for line in rows.split(|&ink| ink == 0).filter(|line| HEIGHTS.contains(&line.len())) {
            let (over, under) = outside_the_body(line);
            (above, below) = (above + over, below + under);
        }
    }
    let all = above + below;
    (all >= LEAST_INK).then(|| above as f32 / all as f32)
}

/// Ink above and below the rows that hold at least half of what the fullest one holds.
fn outside_the_body(line: &[u32]) -> (u32, u32) {
    let fullest = line.iter().copied().max().unwrap_or(0);
    let is_body = |ink: &u32| *ink * 2 >= fullest;
    let (Some(first), Some(last)) = (line.iter().position(is_body), line.iter().rposition(is_body))
    else {
        return (0, 0);
    };
    if fullest < LEAST_FULLEST || last + 1 - first < LEAST_BODY {
        return (0, 0);
    }
    (line[..first].iter().sum(), line[last + 1..].iter().sum())
}

#[cfg(test)]
mod tests {
    use image::{Luma, imageops};

    use super::*;

    /// Lines of bars: every third rises above the small ones, every ninth hangs below them.
    fn print() -> GrayImage {
        GrayImage::from_fn(827, 1169, |x, y| {
            let (letter, row) = (x / 5, y % 24);
            let tall = if letter % 3 == 0 { 4..16 } else { 9..16 };
            let rows = if letter % 9 == 1 { 9..20 } else { tall };
            let inside = (80..740).contains(&x) && (100..1060).contains(&y);
            Luma([if inside && x % 5 < 2 && rows.contains(&row) { 20 } else { 245 }])
        })
    }

    #[test]
    fn print_has_more_above_its_small_letters_than_below() {
        let upright = share_above(&print()).expect("there is print");
        assert!(upright > 0.6, "{upright}");
        let turned = share_above(&imageops::rotate180(&print())).expect("there is print");
        assert!(turned < ON_ITS_HEAD, "{turned}");
        assert!((upright + turned - 1.0).abs() < 0.02, "{upright} {turned}");
    }

    #[test]
    fn without_lines_there_is_no_judgement() {
        for level in [0, 255] {
            assert_eq!(share_above(&GrayImage::from_pixel(827, 1169, Luma([level]))), None);
        }
        assert_eq!(share_above(&GrayImage::new(1, 1)), None);
        assert_eq!(share_above(&GrayImage::new(0, 0)), None);
    }
}
