//! The coloured ink alone, for a second look.
//!
//! What [`grey`](super::grey) takes out hides print but also says something: a stamped degree of
//! secrecy or urgency, an incoming number. Shown alone it can be read, and costs little, because
//! most of such a raster is white.

use image::{DynamicImage, GrayImage, RgbImage};

use super::grey::COLOURED;

/// Fewer coloured pixels than one in so many are specks: a stamped word of three letters is
/// 20 by 8 mm, of which a fifth is ink: one in 2,000 of an A4 page.
const LEAST_SHARE: usize = 5_000;

/// More than one in so many are a coloured sheet or a picture, no stamp.
const MOST_SHARE: usize = 6;

/// Less chroma than this is JPEG's fringe around black print. Above it the strength of the colour
/// is kept, because the soft edge of a stroke is part of what the engine reads.
const FRINGE: u8 = 32;

/// Coloured ink as dark strokes on white; `None` when the page has none, or is coloured all over.
pub fn ink(raster: &DynamicImage) -> Option<GrayImage> {
    match raster {
        DynamicImage::ImageRgb8(rgb) => shown_alone(rgb),
        other if other.color().has_color() => shown_alone(&other.to_rgb8()),
        _ => None,
    }
}

fn shown_alone(rgb: &RgbImage) -> Option<GrayImage> {
    let chroma = |pixel: &[u8]| {
        let high = pixel[0].max(pixel[1]).max(pixel[2]);
        high - pixel[0].min(pixel[1]).min(pixel[2])
    };
    let pixels = rgb.as_raw().chunks_exact(3);
    let coloured = pixels.clone().filter(|pixel| chroma(pixel) > COLOURED).count();
    let all = rgb.width() as usize * rgb.height() as usize;
    if coloured * LEAST_SHARE < all || coloured * MOST_SHARE > all {
        return None;
    }
    let mut out = GrayImage::new(rgb.width(), rgb.height());
    for (shown, pixel) in out.iter_mut().zip(pixels) {
        *shown = 255 - (chroma(pixel).saturating_sub(FRINGE) / 2).saturating_mul(3);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn only_coloured_strokes_are_shown() {
        let mut page = RgbImage::from_pixel(100, 100, Rgb([250, 250, 245]));
        for x in 0..50 {
            page.put_pixel(x, 10, Rgb([210, 60, 70]));
            page.put_pixel(x, 20, Rgb([30, 30, 30]));
        }
        let shown = ink(&DynamicImage::ImageRgb8(page)).expect("there is ink");
        assert!(shown.get_pixel(5, 10).0[0] < 90);
        assert_eq!(shown.get_pixel(5, 20).0[0], 255);
        assert_eq!(shown.get_pixel(5, 30).0[0], 255);
    }

    #[test]
    fn grey_pages_specks_and_coloured_sheets_give_nothing() {
        assert!(ink(&DynamicImage::new_luma8(50, 50)).is_none());
        assert!(ink(&DynamicImage::new_rgb8(50, 50)).is_none());
        let sheet = RgbImage::from_pixel(50, 50, Rgb([250, 210, 90]));
        assert!(ink(&DynamicImage::ImageRgb8(sheet)).is_none());
    }
}
