//! Which way is up, asked only of pages that give a reason to ask.
//!
//! Lines that stand on end and print that stands on its head show before any recognition; what does not
//! show there, shows in the poor sense a first reading makes. Either way the answer comes from reading a
//! band of the page one way round after the other and believing the one that reads as language.

use image::{GrayImage, imageops};

use crate::prepare::{
    head,
    skew::{self, Lie},
    turn,
};

/// A page that reads worse than this may lie wrong; the evaluation scans read at 0.89 and better as
/// they are.
pub(crate) const POOR_SENSE: f32 = 0.6;

/// Share of the page's length that a trial reads.
const BAND: f32 = 0.14;

/// How many times the evidence of the page as it lies another way round must show.
const CLEARLY: f32 = 1.5;

/// A band of so much evidence and sense lies the right way round, and its other ways are not asked. (43
/// real scans, laid each way, were all put upright: bench/runs, orientation.)
const PLAIN: (f32, f32) = (60.0, 0.8);

/// Less evidence than this is strokes read as letters, and turns nothing: a band of print has hundreds.
const LEAST: f32 = 15.0;

/// The ways round to try before anything is read, the likeliest first; none where the print gives no
/// reason to.
pub(crate) fn to_try(small: &GrayImage, lie: Option<Lie>) -> &'static [u16] {
    if lie.is_some_and(Lie::is_on_end) {
        let turned = turn::quarter(small.clone(), 90);
        if stands_on_its_head(&turned, None) { &[270, 90, 0] } else { &[90, 270, 0] }
    } else if stands_on_its_head(small, lie) {
        &[180, 0]
    } else {
        &[]
    }
}

/// The ways round to try where a reading made little sense: its words may have been found standing
/// `on_end`. Else lines that are known to lie across the page leave only the one other way.
pub(crate) fn others(on_end: bool, lean: Option<f32>) -> &'static [u16] {
    match (on_end, lean) {
        (true, _) => &[90, 270, 0],
        (false, Some(_)) => &[180, 0],
        (false, None) => &[180, 90, 270, 0],
    }
}

/// Whether the print says so; only reading it can tell.
fn stands_on_its_head(small: &GrayImage, lie: Option<Lie>) -> bool {
    let straighten = skew::to_straighten(lie.and_then(Lie::lean));
    let straight = straighten.map(|degrees| turn::straighten(small, degrees));
    head::share_above(straight.as_ref().unwrap_or(small))
        .is_some_and(|share| share < head::ON_ITS_HEAD)
}

/// Cuts out the band across the lines that holds the most ink.
///
/// With `on_end` the lines run down the raster, and the band is a column.
pub(crate) fn busiest_band(grey: &GrayImage, on_end: bool) -> GrayImage {
    let (width, height) = grey.dimensions();
    let (length, thickness) = if on_end { (width, height) } else { (height, width) };
    let mut ink = vec![0u64; length as usize];
    for (x, y, pixel) in grey.enumerate_pixels() {
        ink[if on_end { x } else { y } as usize] += u64::from(255 - pixel.0[0]);
    }
    let band = ((length as f32 * BAND) as u32).clamp(1, length.max(1));
    // The outermost tenth holds borders and page numbers rather than running text.
    let margin = length / 10;
    let starts = margin..=length.saturating_sub(band + margin).max(margin);
    let weight = |start: u32| {
        let end = (start + band).min(length) as usize;
        ink[(start as usize).min(end)..end].iter().sum::<u64>()
    };
    let start = starts.step_by(8).max_by_key(|&start| weight(start)).unwrap_or(0);
    let band = band.min(length - start.min(length));
    if on_end {
        imageops::crop_imm(grey, start, 0, band, thickness).to_image()
    } else {
        imageops::crop_imm(grey, 0, start, thickness, band).to_image()
    }
}

/// Whether a band reads so well that it lies the right way round beyond doubt.
pub(crate) fn reads_plainly(evidence: f32, sense: f32) -> bool {
    evidence >= PLAIN.0 && sense >= PLAIN.1
}

/// The turn whose reading makes clearly more sense than the page as it lies; 0 when none does.
pub(crate) fn clearly_best(evidence: &[(u16, f32)]) -> u16 {
    let as_it_lies = evidence.iter().find(|(turn, _)| *turn == 0).map_or(0.0, |(_, sum)| *sum);
    evidence
        .iter()
        .filter(|(_, sum)| *sum > as_it_lies * CLEARLY && *sum >= LEAST)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0, |(turn, _)| *turn)
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    #[test]
    fn the_band_holds_the_ink() {
        let page = GrayImage::from_fn(100, 200, |_, y| {
            Luma([if (120..140).contains(&y) { 0 } else { 255 }])
        });
        let band = busiest_band(&page, false);
        assert_eq!(band.dimensions(), (100, 28));
        assert_eq!(band.pixels().filter(|pixel| pixel.0[0] == 0).count(), 2000);
        let band = busiest_band(&imageops::rotate90(&page), true);
        assert_eq!(band.dimensions(), (28, 100));
        assert_eq!(band.pixels().filter(|pixel| pixel.0[0] == 0).count(), 2000);
    }

    #[test]
    fn tiny_rasters_have_a_band() {
        for (width, height) in [(1, 1), (3, 2), (9, 11)] {
            assert!(busiest_band(&GrayImage::new(width, height), false).width() > 0);
            assert!(busiest_band(&GrayImage::new(width, height), true).height() > 0);
        }
    }

    #[test]
    fn only_much_and_sure_print_is_plain() {
        assert!(reads_plainly(60.0, 0.8));
        assert!(!reads_plainly(59.0, 0.95), "a word or two");
        assert!(!reads_plainly(200.0, 0.79), "strokes read as letters");
    }

    #[test]
    fn only_a_clear_winner_turns_the_page() {
        assert_eq!(clearly_best(&[(0, 100.0), (180, 140.0)]), 0);
        assert_eq!(clearly_best(&[(0, 100.0), (180, 160.0), (90, 300.0)]), 90);
        assert_eq!(clearly_best(&[(0, 0.0), (180, 0.0)]), 0);
        assert_eq!(clearly_best(&[(0, 2.0), (90, 9.0)]), 0);
        assert_eq!(clearly_best(&[]), 0);
    }
}
