//! Fewer pixels: the engine's time grows with them, its accuracy does not.

use image::GrayImage;

/// The raster at `to` dpi, when that is a worthwhile reduction from `from` dpi; `None` when the
/// raster should be read as it is. Never enlarges.
///
/// Between the target and a fifth above it the resampling would cost sharpness and save little.
pub fn to_resolution(grey: &GrayImage, from: f32, to: f32) -> Option<GrayImage> {
    let ratio = from / to;
    if !ratio.is_finite() || ratio < 1.2 {
        return None;
    }
    let side = |pixels: u32| ((pixels as f32 / ratio).round() as u32).max(1);
    Some(area(grey, side(grey.width()), side(grey.height())))
}

/// Each output pixel is the mean of the input area it covers, edge pixels weighted by their share.
///
/// `width` and `height` must be at least 1 and at most the raster's own.
pub fn area(grey: &GrayImage, width: u32, height: u32) -> GrayImage {
    let columns = spans(grey.width(), width);
    let rows = spans(grey.height(), height);
    let (in_width, raw) = (grey.width() as usize, grey.as_raw());
    let mut out = GrayImage::new(width, height);
    let mut sums = vec![0u32; in_width];
    for (row, line_out) in rows.iter().zip(out.chunks_exact_mut(width as usize)) {
        sums.fill(0);
        for (y, weight) in row.weights() {
            let line = &raw[y * in_width..(y + 1) * in_width];
            for (sum, &pixel) in sums.iter_mut().zip(line) {
                *sum += u32::from(pixel) * weight;
            }
        }
        for (column, pixel) in columns.iter().zip(line_out) {
            let sum: u64 =
                column.weights().map(|(x, weight)| u64::from(sums[x]) * u64::from(weight)).sum();
            let total = u64::from(row.total()) * u64::from(column.total());
            *pixel = ((sum + total / 2) / total) as u8;
        }
    }
    out
}

/// The input pixels one output pixel covers.
struct Span {
    first: usize,
    last: usize,
    /// Share of the first and the last pixel, in 1/16 pixel.
    first_weight: u32,
    last_weight: u32,
}

impl Span {
    fn weights(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        (self.first..=self.last).map(|at| {
            let weight = match at {
                at if at == self.first => self.first_weight,
                at if at == self.last => self.last_weight,
                _ => 16,
            };
            (at, weight)
        })
    }

    fn total(&self) -> u32 {
        if self.first == self.last {
            return self.first_weight;
        }
        self.first_weight + self.last_weight + 16 * (self.last - self.first - 1) as u32
    }
}

/// Cuts `from` pixels into `to` spans of equal length, in 1/16 pixel.
fn spans(from: u32, to: u32) -> Vec<Span> {
    let at = |index: u32| u64::from(index) * u64::from(from) * 16 / u64::from(to);
    (0..to)
        .map(|index| {
            let (start, end) = (at(index), at(index + 1).max(at(index) + 1));
            let (first, last) = ((start / 16) as usize, ((end - 1) / 16) as usize);
            if first == last {
                let weight = (end - start) as u32;
                return Span { first, last, first_weight: weight, last_weight: weight };
            }
            let first_weight = 16 - (start % 16) as u32;
            let last_weight = (end - last as u64 * 16) as u32;
            Span { first, last, first_weight, last_weight }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use image::Luma;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_worthwhile_reduction_scales_both_sides() {
        let page = GrayImage::from_pixel(300, 450, Luma([200]));
        let small = to_resolution(&page, 300.0, 200.0).expect("300 dpi is reduced");
        assert_eq!(small.dimensions(), (200, 300));
        assert!(small.pixels().all(|pixel| pixel.0[0] == 200));
    }

    #[test]
    fn near_or_below_the_target_nothing_is_resampled() {
        let page = GrayImage::new(10, 10);
        for dpi in [72.0, 200.0, 230.0, 0.0, f32::NAN, f32::INFINITY] {
            assert!(to_resolution(&page, dpi, 200.0).is_none(), "{dpi}");
        }
    }

    proptest! {
        #[test]
        fn the_mean_is_kept(
            width in 1u32..40, height in 1u32..40, part in 0.05f32..1.0, seed in any::<u8>()
        ) {
            let page = GrayImage::from_fn(width, height, |x, y| {
                Luma([(x * 31 + y * 57 + u32::from(seed)) as u8])
            });
            let side = |pixels: u32| ((pixels as f32 * part) as u32).max(1);
            let small = area(&page, side(width), side(height));
            let mean = |image: &GrayImage| {
                image.pixels().map(|pixel| f64::from(pixel.0[0])).sum::<f64>()
                    / f64::from(image.width() * image.height())
            };
            prop_assert!((mean(&page) - mean(&small)).abs() < 8.0);
        }
    }
}
