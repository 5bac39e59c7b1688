//! How far the lines of a page lean, and whether they stand on end.
//!
//! The lower edges of the strokes of a straight line of print share a few raster rows. Sheared by
//! the right angle, a page's edges pile up in few rows; by any other they spread. The same heaping
//! counted over columns tells a page that lies on its side.

use image::GrayImage;

/// Beyond this a page is not skewed but turned, and the shear no longer stands for a rotation.
const MOST_DEGREES: f32 = 6.0;

/// A lean below this costs no accuracy (measured: none at 1 degree, CER 0.08 to 0.24 at 2 degrees
/// and 0.62 at 4 without straightening), and the resampling would cost time.
const LEAST_LEAN: f32 = 0.8;

/// Edges must pile up by so much at the best angle before a lean is believed.
const LEAST_SHARPNESS: f32 = 1.12;

/// A straight run of edge longer than this many pixels (a centimetre at 100 dpi) is a rule or the
/// border of the sheet, which need not be parallel to the print.
const LONGEST_RUN: u32 = 40;

/// Fewer edges than this (some dozen characters) say nothing about lines.
const FEWEST_EDGES: usize = 400;

/// How the print lies on the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lie {
    /// Lean of the lines in degrees; positive when they fall to the right.
    pub degrees: f32,
    /// How much higher the edges pile up at that angle than on average over all angles; 1 is no
    /// evidence at all.
    pub sharpness: f32,
    /// The same measure for columns, at their own best angle.
    pub sideways: f32,
}

impl Lie {
    /// The lean of the lines, where it can be believed.
    pub fn lean(self) -> Option<f32> {
        let is_believed = self.sharpness >= LEAST_SHARPNESS && !self.is_on_end();
        is_believed.then_some(self.degrees)
    }

    /// Whether the lines run down the page.
    pub fn is_on_end(self) -> bool {
        self.sideways > self.sharpness
    }
}

/// The lean that is worth taking out.
pub fn to_straighten(lean: Option<f32>) -> Option<f32> {
    lean.filter(|degrees| degrees.abs() >= LEAST_LEAN)
}

/// Measures the lie of the print on a raster of about 100 dpi; `None` when there are too few
/// strokes, or the raster is mostly dark.
pub fn lie(small: &GrayImage) -> Option<Lie> {
    let threshold = otsu(small);
    let rows = lower_edges(small, threshold);
    if rows.len() < FEWEST_EDGES || rows.len() > small.len() / 8 {
        return None;
    }
    let (degrees, sharpness) = best_lean(&rows, small.width(), small.height());
    let columns = right_edges(small, threshold);
    let (_, sideways) = best_lean(&columns, small.height(), small.width());
    Some(Lie { degrees, sharpness, sideways })
}

/// The grey level that parts ink from paper with the least variance within the two.
pub(super) fn otsu(image: &GrayImage) -> u8 {
    let mut histogram = [0u64; 256];
    for &pixel in image.as_raw() {
        histogram[usize::from(pixel)] += 1;
    }
    let all = image.len() as f64;
    let total: f64 = (0u16..).zip(&histogram).map(|(v, &n)| f64::from(v) * n as f64).sum();
    let (mut best, mut best_spread) = (127, -1.0);
    let (mut below, mut below_sum) = (0.0, 0.0);
    for (level, &count) in (0u8..=255).zip(&histogram) {
        below += count as f64;
        below_sum += f64::from(level) * count as f64;
        let above = all - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let apart = below_sum / below - (total - below_sum) / above;
        let spread = below * above * apart * apart;
        if spread > best_spread {
            (best, best_spread) = (level, spread);
        }
    }
    best
}

/// Ink pixels with paper below, long runs left out: (along the row, row).
fn lower_edges(image: &GrayImage, threshold: u8) -> Vec<(u32, u32)> {
    let ink = |x: u32, y: u32| image.get_pixel(x, y).0[0] <= threshold;
    edges(image.width(), image.height(), |x, y| ink(x, y) && !ink(x, y + 1))
}

/// Ink pixels with paper to the right, long runs left out: (along the column, column).
fn right_edges(image: &GrayImage, threshold: u8) -> Vec<(u32, u32)> {
    let ink = |x: u32, y: u32| image.get_pixel(x, y).0[0] <= threshold;
    edges(image.height(), image.width(), |y, x| ink(x, y) && !ink(x + 1, y))
}

/// Collects the places where `is_edge(along, across)` holds, without the outermost fortieth of the
/// sheet (scanner shadows) and without long runs.
fn edges(along: u32, across: u32, is_edge: impl Fn(u32, u32) -> bool) -> Vec<(u32, u32)> {
    let (skip_along, skip_across) = (along / 40, across / 40 + 1);
    let mut found = Vec::new();
    for at in skip_across..across.saturating_sub(skip_across) {
        let mut run = 0;
        for position in skip_along..along.saturating_sub(skip_along) {
            if is_edge(position, at) {
                found.push((position, at));
                run += 1;
                continue;
            }
            if run > LONGEST_RUN {
                found.truncate(found.len() - run as usize);
            }
            run = 0;
        }
    }
    found
}

/// The angle at which the edges pile up highest, and by how much against the mean of all angles.
fn best_lean(edges: &[(u32, u32)], along: u32, across: u32) -> (f32, f32) {
    if edges.is_empty() {
        return (0.0, 1.0);
    }
    let reach = (along as f32 * MOST_DEGREES.to_radians().tan()) as usize + 2;
    let mut bins = vec![0u32; across as usize + 2 * reach];
    let mut height = |degrees: f32| {
        bins.fill(0);
        let slope = degrees.to_radians().tan();
        for &(position, at) in edges {
            let moved = at as f32 - (position as f32 - along as f32 / 2.0) * slope;
            bins[(moved + reach as f32) as usize] += 1;
        }
        bins.iter().map(|&count| f64::from(count) * f64::from(count)).sum::<f64>()
    };
    let coarse: Vec<(f32, f64)> =
        (-12i8..=12).map(|step| f32::from(step) * 0.5).map(|deg| (deg, height(deg))).collect();
    let mean = coarse.iter().map(|(_, height)| height).sum::<f64>() / coarse.len() as f64;
    let highest = |tried: &[(f32, f64)]| {
        tried
            .iter()
            .copied()
            .fold((0.0, 0.0), |best, next| if next.1 > best.1 { next } else { best })
    };
    let (rough, _) = highest(&coarse);
    let fine: Vec<(f32, f64)> = (-9i8..=9)
        .map(|step| (rough + f32::from(step) * 0.05).clamp(-MOST_DEGREES, MOST_DEGREES))
        .map(|degrees| (degrees, height(degrees)))
        .collect();
    let (degrees, top) = highest(&fine);
    (degrees, (top / mean) as f32)
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;
    use crate::prepare::turn;

    /// Lines of strokes with the rhythm of print.
    fn print(width: u32, height: u32) -> GrayImage {
        GrayImage::from_fn(width, height, |x, y| {
            let inside = x > width / 8 && x < width * 7 / 8 && y > height / 8 && y < height * 7 / 8;
            let stroke = y % 18 < 7 && x % 5 < 2 && x % 37 > 6;
            Luma([if inside && stroke { 20 } else { 250 }])
        })
    }

    #[test]
    fn a_lean_is_measured_to_a_tenth_of_a_degree() {
        for lean in [-4.0, -1.3, -0.4, 0.0, 0.7, 2.5, 5.0] {
            let found = lie(&turn::straighten(&print(800, 1100), -lean)).expect("print is found");
            assert!((found.degrees - lean).abs() <= 0.1, "{lean}: {found:?}");
            assert!(found.sharpness > 1.3 && found.sharpness > found.sideways, "{found:?}");
        }
    }

    #[test]
    fn lines_on_end_show_in_the_columns() {
        let found = lie(&image::imageops::rotate90(&print(800, 1100))).expect("print is found");
        assert!(found.sideways > found.sharpness, "{found:?}");
    }

    #[test]
    fn too_little_to_go_by_is_none() {
        assert_eq!(lie(&GrayImage::from_pixel(800, 1100, Luma([255]))), None);
        assert_eq!(lie(&GrayImage::from_pixel(800, 1100, Luma([0]))), None);
        assert_eq!(lie(&GrayImage::new(1, 1)), None);
        assert_eq!(lie(&GrayImage::new(0, 0)), None);
    }
}
