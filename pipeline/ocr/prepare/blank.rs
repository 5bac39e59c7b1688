//! A page with nothing to read costs no recognition.
//!
//! Looks for anything of the size of a character that stands out from the paper around it and from
//! the paper's own grain. A faint page has low contrast but less grain than contrast; dust has
//! contrast but not the size. A signature, a stamp or an empty form is one mark and yet no blank
//! sheet. When in doubt a page is not blank: recognising it costs a second, skipping it would lose
//! a page.

use image::GrayImage;

use super::connected::{Area, Component, Ink};

/// Side of the squares over which the paper's own level is taken: 8 mm at 100 dpi, where even
/// dense print covers less than half.
const TILE: u32 = 32;

/// The least contrast that counts as ink: below it is JPEG's noise on an even sheet.
const LEAST_CONTRAST: u8 = 9;

/// Ink must stand out by so many times the paper's grain (its median deviation).
const OVER_GRAIN: u8 = 6;

/// Ink pixels of the smallest character that is looked for: a digit of 8 points at 100 dpi.
const LEAST_PIXELS: usize = 8;

/// Its least height in pixels.
const LEAST_HEIGHT: u32 = 5;

/// One mark may be a blot; a page number of one digit beside nothing else is not worth a second.
const LEAST_MARKS: usize = 2;

/// Pixels across or down from which one mark is drawn or written: 12 mm, twice a punch hole.
const LEAST_STROKE: u32 = 48;

/// Thinner than this and straight, one mark is a streak of the scanner's glass or a fold.
const STREAK: u32 = 4;

/// An even sheet darker than this is no paper: not called blank, whatever it is.
const DARKEST_PAPER: u8 = 96;

/// Whether a raster of about 100 dpi shows an empty sheet.
pub fn is_blank(small: &GrayImage) -> bool {
    let (width, height) = small.dimensions();
    if width < 3 || height < 3 {
        return true;
    }
    let levels = Levels::of(small);
    if levels.middle() < DARKEST_PAPER {
        return false;
    }
    let contrast = LEAST_CONTRAST.max(levels.grain(small).saturating_mul(OVER_GRAIN));
    // The outermost thirtieth is left out: shadows of the sheet's own edge.
    let (skip_x, skip_y) = (width / 30, height / 30);
    let inner = Area { left: skip_x, top: skip_y, right: width - skip_x, bottom: height - skip_y };
    let within =
        |x, y| (inner.left..inner.right).contains(&x) && (inner.top..inner.bottom).contains(&y);
    let ink = Ink::of((width, height), |x, y| {
        within(x, y) && small.get_pixel(x, y).0[0].abs_diff(levels.at(x, y)) > contrast
    });
    let (mut characters, mut streaks) = (0, 0);
    ink.components().all(|Component { pixels, area: mark }| {
        characters += usize::from(pixels.len() >= LEAST_PIXELS && mark.height() >= LEAST_HEIGHT);
        // Shadows of the edge and folds reach the margin.
        let long = mark.width().max(mark.height()) >= LEAST_STROKE && !mark.touches(&inner);
        let straight = mark.width().min(mark.height()) <= STREAK;
        streaks += usize::from(long && straight);
        let drawn = (long && !straight) || streaks >= LEAST_MARKS || characters >= LEAST_MARKS;
        !drawn
    })
}

/// The paper's level, tile by tile.
struct Levels {
    across: u32,
    medians: Vec<u8>,
}

impl Levels {
    fn of(small: &GrayImage) -> Self {
        let across = small.width().div_ceil(TILE);
        let down = small.height().div_ceil(TILE);
        let mut medians = Vec::with_capacity((across * down) as usize);
        for tile in 0..across * down {
            let (left, top) = (tile % across * TILE, tile / across * TILE);
            let mut histogram = [0u32; 256];
            for y in top..(top + TILE).min(small.height()) {
                for x in left..(left + TILE).min(small.width()) {
                    histogram[usize::from(small.get_pixel(x, y).0[0])] += 1;
                }
            }
            medians.push(median(&histogram));
        }
        Self { across, medians }
    }

    fn at(&self, x: u32, y: u32) -> u8 {
        self.medians[(y / TILE * self.across + x / TILE) as usize]
    }

    /// The median tile.
    fn middle(&self) -> u8 {
        let mut histogram = [0u32; 256];
        for &level in &self.medians {
            histogram[usize::from(level)] += 1;
        }
        median(&histogram)
    }

    /// Median distance of a pixel from its tile's level.
    fn grain(&self, small: &GrayImage) -> u8 {
        let mut histogram = [0u32; 256];
        for (x, y, pixel) in small.enumerate_pixels() {
            histogram[usize::from(pixel.0[0].abs_diff(self.at(x, y)))] += 1;
        }
        median(&histogram)
    }
}

/// The value half of the counted ones do not exceed.
fn median(histogram: &[u32; 256]) -> u8 {
    let half = histogram.iter().sum::<u32>() / 2;
    let mut seen = 0;
    (0u8..=255)
        .zip(histogram)
        .find(|(_, count)| {
            seen += **count;
            seen > half
        })
        .map_or(255, |(level, _)| level)
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    /// Paper with a grain of a few levels, made from a fixed generator.
    fn paper(level: u8, grain: u8) -> GrayImage {
        let mut state = 7u32;
        GrayImage::from_fn(827, 1169, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 24) as i16 % (i16::from(grain) * 2 + 1) - i16::from(grain);
            Luma([(i16::from(level) + noise).clamp(0, 255) as u8])
        })
    }

    /// Draws two words of bars, 12 pixels high, `contrast` darker than the paper.
    fn write(page: &mut GrayImage, contrast: u8) {
        for (x, y) in (0..60).flat_map(|x| (0..12).map(move |y| (x, y))) {
            if x % 6 < 2 {
                let pixel = page.get_pixel_mut(300 + x, 500 + y);
                pixel.0[0] = pixel.0[0].saturating_sub(contrast);
            }
        }
    }

    #[test]
    fn empty_paper_is_blank_whatever_its_grain_and_tone() {
        for (level, grain) in [(255, 0), (240, 3), (200, 6), (225, 1)] {
            assert!(is_blank(&paper(level, grain)), "{level} {grain}");
        }
    }

    #[test]
    fn a_very_faint_word_is_not_blank() {
        for (grain, contrast) in [(0, 14), (1, 16), (3, 30)] {
            let mut page = paper(235, grain);
            write(&mut page, contrast);
            assert!(!is_blank(&page), "grain {grain} contrast {contrast}");
        }
    }

    #[test]
    fn dust_and_the_shadow_of_the_edge_are_blank() {
        let mut page = paper(245, 2);
        for at in 0..40u32 {
            page.put_pixel(50 + at * 17, 60 + at * 23, Luma([20]));
        }
        for y in 0..1169 {
            page.put_pixel(3, y, Luma([30]));
        }
        assert!(is_blank(&page));
    }

    /// Draws a line two pixels thick.
    fn line(page: &mut GrayImage, from: (u32, u32), to: (u32, u32)) {
        let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1)).max(1);
        let between = |a: u32, b: u32, step: u32| (a * (steps - step) + b * step) / steps;
        for step in 0..=steps {
            let (x, y) = (between(from.0, to.0, step), between(from.1, to.1, step));
            for (x, y) in [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)] {
                page.put_pixel(x, y, Luma([60]));
            }
        }
    }

    #[test]
    fn a_signature_drawn_lines_and_an_empty_form_are_not_blank() {
        let mut signature = paper(240, 2);
        for (from, to) in
            [((300, 600), (340, 520)), ((340, 520), (360, 610)), ((360, 610), (520, 560))]
        {
            line(&mut signature, from, to);
        }
        assert!(!is_blank(&signature), "one stroke of a pen");
        let mut form = paper(240, 2);
        for at in 0..=5 {
            line(&mut form, (100, 200 + 60 * at), (700, 200 + 60 * at));
            line(&mut form, (100 + 120 * at, 200), (100 + 120 * at, 500));
        }
        assert!(!is_blank(&form), "a ruled form");
        let mut ruled = paper(240, 2);
        for at in 0..10 {
            line(&mut ruled, (100, 200 + 60 * at), (700, 200 + 60 * at));
        }
        assert!(!is_blank(&ruled), "lines to write on");
        let mut square = paper(240, 2);
        for (x, y) in (0..139).flat_map(|x| (0..139).map(move |y| (x, y))) {
            square.put_pixel(300 + x, 500 + y, Luma([0]));
        }
        assert!(!is_blank(&square), "a black square");
    }

    #[test]
    fn a_fold_a_streak_a_punch_hole_and_a_deep_shadow_are_blank() {
        let mut page = paper(240, 2);
        line(&mut page, (0, 580), (825, 590));
        assert!(is_blank(&page), "a fold from side to side");
        let mut page = paper(240, 2);
        line(&mut page, (400, 100), (400, 900));
        assert!(is_blank(&page), "a streak");
        let mut page = paper(240, 2);
        for (x, y) in (0..24_u32).flat_map(|x| (0..24_u32).map(move |y| (x, y))) {
            if x.abs_diff(12).pow(2) + y.abs_diff(12).pow(2) < 140 {
                page.put_pixel(60 + x, 560 + y, Luma([20]));
            }
        }
        assert!(is_blank(&page), "a punch hole");
        let mut page = paper(240, 2);
        for (x, y) in (0..36_u32).flat_map(|x| (0..1169_u32).map(move |y| (x, y))) {
            page.put_pixel(x, y, Luma([120]));
        }
        assert!(is_blank(&page), "a shadow of the spine");
    }

    #[test]
    fn a_dark_sheet_is_not_called_blank() {
        assert!(!is_blank(&paper(10, 2)));
    }

    #[test]
    fn a_sheet_of_no_size_is_blank() {
        assert!(is_blank(&GrayImage::new(0, 0)));
        assert!(is_blank(&GrayImage::new(2, 900)));
    }
}
