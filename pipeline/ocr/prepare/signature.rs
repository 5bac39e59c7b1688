//! The signature block, where a pen, a seal and stamped print lie over each other.
//!
//! Vietnamese offices stamp the signer's name and often his office in red, so that dropping all
//! colour drops them too; the pen is blue, and the ring of the seal and the strokes of the signature
//! are larger than any letter. What is left without those is read line by line.

use image::{DynamicImage, GrayImage, RgbImage};

use super::{
    connected::{Ink, whiten},
    grey,
};

/// A pixel is a blue pen's where blue stands so far above both other channels, or above red alone.
const BLUE: (i16, i16) = (25, 40);

/// Darker than this is ink.
const INK: u8 = 170;

/// Print of a signature block is no taller or wider than this, in points: capitals of 14 points with
/// their marks, and letters that bold type joins.
const LARGEST: (f32, f32) = (50.0, 23.0);

/// The block without the pen, red and black ink kept.
pub fn without_pen(raster: &DynamicImage) -> GrayImage {
    match raster {
        DynamicImage::ImageRgb8(rgb) => paper_for_blue(rgb),
        other if other.color().has_color() => paper_for_blue(&other.to_rgb8()),
        other => other.to_luma8(),
    }
}

fn paper_for_blue(rgb: &RgbImage) -> GrayImage {
    let mut grey = grey::grey(&DynamicImage::ImageRgb8(rgb.clone()), false);
    let blue = rgb.as_raw().chunks_exact(3).enumerate().filter(|(_, pixel)| {
        let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(i16::from);
        b - r.max(g) > BLUE.0 || b - r > BLUE.1
    });
    let width = rgb.width();
    whiten(&mut grey, blue.map(|(at, _)| (at as u32 % width, at as u32 / width)));
    grey
}

/// Turns what hangs together and is larger than print into paper.
pub fn remove_strokes(grey: &mut GrayImage, dpi: f32) {
    let largest = (LARGEST.0 * dpi / 72.0, LARGEST.1 * dpi / 72.0);
    let strokes = Ink::darker(grey, INK).components().filter(|stroke| {
        stroke.area.width() as f32 > largest.0 || stroke.area.height() as f32 > largest.1
    });
    whiten(grey, strokes.flat_map(|stroke| stroke.pixels));
}

#[cfg(test)]
mod tests {
    use image::{Luma, Rgb};

    use super::*;

    #[test]
    fn the_pen_goes_and_stamped_print_stays() {
        let mut block = RgbImage::from_pixel(40, 20, Rgb([250, 250, 245]));
        for x in 0..40 {
            block.put_pixel(x, 4, Rgb([50, 60, 170]));
            block.put_pixel(x, 10, Rgb([210, 50, 60]));
            block.put_pixel(x, 16, Rgb([30, 30, 35]));
        }
        let seen = without_pen(&DynamicImage::ImageRgb8(block));
        let at = |y| seen.get_pixel(20, y).0[0];
        assert_eq!(at(4), 255);
        assert!(at(10) < INK && at(16) < 60, "{} {}", at(10), at(16));
    }

    #[test]
    fn a_ring_goes_with_its_soft_edge_and_a_letter_in_it_stays() {
        let mut block = GrayImage::from_pixel(300, 300, Luma([255]));
        for (x, y) in (0..300).flat_map(|x| (0..300).map(move |y| (x, y))) {
            let far = f64::from((x as i32 - 150).pow(2) + (y as i32 - 150).pow(2)).sqrt();
            let ink = if (far - 120.0).abs() < 3.0 {
                20
            } else if (far - 120.0).abs() < 4.0 {
                200
            } else {
                255
            };
            block.put_pixel(x, y, Luma([ink]));
        }
        for (x, y) in (140..160).flat_map(|x| (140..170).map(move |y| (x, y))) {
            block.put_pixel(x, y, Luma([30]));
        }
        remove_strokes(&mut block, 300.0);
        let dark = block.pixels().filter(|pixel| pixel.0[0] < 250).count();
        assert_eq!(dark, 20 * 30);
    }

    #[test]
    fn nothing_has_no_strokes() {
        remove_strokes(&mut GrayImage::new(0, 0), 300.0);
        remove_strokes(&mut GrayImage::from_pixel(1, 1, Luma([0])), 300.0);
    }
}
