//! One channel out of three, with coloured ink taken out.
//!
//! A red seal or a blue signature over black print is strong in at least one channel where black
//! print is weak in all three. The strongest channel therefore shows the print and loses the ink.

use image::{DynamicImage, GrayImage, RgbImage};

/// A pixel whose channels differ by more than this is coloured: JPEG's chroma noise around black
/// print stays below it.
pub(super) const COLOURED: u8 = 64;

/// The strongest channel of ink, from which on it is as white as the paper: a seal that only fades
/// leaves strokes the engine reads as letters.
const FADED: u32 = 180;

/// The grey raster the engine reads.
///
/// With `drop_ink`, coloured pixels take their strongest channel, stretched; otherwise every pixel takes its
/// luminance.
pub fn grey(raster: &DynamicImage, drop_ink: bool) -> GrayImage {
    match raster {
        DynamicImage::ImageLuma8(grey) => grey.clone(),
        DynamicImage::ImageRgb8(rgb) if drop_ink => strongest(rgb),
        other if drop_ink && other.color().has_color() => strongest(&other.to_rgb8()),
        other => other.to_luma8(),
    }
}

/// The stretched strongest channel where there is colour, luminance elsewhere.
fn strongest(rgb: &RgbImage) -> GrayImage {
    let pixels = rgb
        .as_raw()
        .chunks_exact(3)
        .map(|pixel| {
            let (r, g, b) = (pixel[0], pixel[1], pixel[2]);
            let high = r.max(g).max(b);
            if high - r.min(g).min(b) > COLOURED {
                (u32::from(high) * 255 / FADED).min(255) as u8
            } else {
                ((u32::from(r) * 77 + u32::from(g) * 150 + u32::from(b) * 29) >> 8) as u8
            }
        })
        .collect();
    GrayImage::from_raw(rgb.width(), rgb.height(), pixels)
        .expect("one byte was made for each pixel")
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn seal_ink_fades_and_print_under_it_stays() {
        let mut page = RgbImage::from_pixel(3, 1, Rgb([250, 250, 248]));
        page.put_pixel(1, 0, Rgb([225, 60, 70]));
        page.put_pixel(2, 0, Rgb([60, 20, 25]));
        let seen = grey(&DynamicImage::ImageRgb8(page), true);
        assert!(seen.get_pixel(0, 0).0[0] > 240);
        assert!(seen.get_pixel(1, 0).0[0] > 200);
        assert!(seen.get_pixel(2, 0).0[0] < 90);
    }

    #[test]
    fn a_grey_raster_passes_unchanged() {
        let page = GrayImage::from_fn(5, 4, |x, y| image::Luma([(x * 40 + y) as u8]));
        assert_eq!(grey(&DynamicImage::ImageLuma8(page.clone()), true), page);
    }

    #[test]
    fn wide_samples_and_transparency_are_accepted() {
        assert_eq!(grey(&DynamicImage::new_luma16(2, 2), true).dimensions(), (2, 2));
        assert_eq!(grey(&DynamicImage::new_rgba8(2, 2), true).dimensions(), (2, 2));
    }
}
