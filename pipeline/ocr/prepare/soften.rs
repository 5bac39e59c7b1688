//! A last try with a page of which nothing was read: uneven paper levelled, grain smoothed.
//!
//! A coarse grain, as of thermal paper or a ribbon that ran dry, breaks letters into dots of which the
//! engine finds no line. On ordinary pages both steps cost accuracy (bench/runs, preparation), so that
//! they are not among the others.

use image::{GrayImage, imageops};

/// Reach of the paper's light around a place, in points.
const PAPER: f32 = 9.0;

/// Reach of the smoothing, in points: less than a stroke.
const GRAIN: f32 = 0.47;

/// The page with even paper and smooth strokes.
pub fn soften(grey: &GrayImage, dpi: f32) -> GrayImage {
    let pixels = |points: f32| (points * dpi / 72.0).max(0.5);
    let mut level = imageops::fast_blur(grey, pixels(PAPER));
    for (light, pixel) in level.iter_mut().zip(grey.as_raw()) {
        *light = (u32::from(*pixel) * 255 / u32::from(*light).max(1)).min(255) as u8;
    }
    imageops::fast_blur(&level, pixels(GRAIN))
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    #[test]
    fn a_shadow_goes_and_strokes_stay() {
        let page = GrayImage::from_fn(300, 300, |x, y| {
            let paper = 250 - x / 3;
            Luma([if (148..153).contains(&y) { paper / 4 } else { paper } as u8])
        });
        let soft = soften(&page, 200.0);
        let at = |x, y| i32::from(soft.get_pixel(x, y).0[0]);
        assert!((at(40, 40) - at(260, 40)).abs() < 12, "{} {}", at(40, 40), at(260, 40));
        assert!(at(260, 40) > 235 && at(260, 150) < 120, "{}", at(260, 150));
    }

    #[test]
    fn small_and_black_rasters_pass() {
        assert_eq!(soften(&GrayImage::new(3, 2), 200.0).dimensions(), (3, 2));
        assert_eq!(soften(&GrayImage::new(1, 1), 72.0).dimensions(), (1, 1));
    }
}
