//! Which words are written in coloured ink.
//!
//! Print is black and most pens are blue, so that colour tells apart what height and place often
//! cannot: digits that a hand wrote into a printed line. What is told is that ink is coloured, not
//! whose it is; a stamp's and a coloured print's words are told as well.

use std::borrow::Cow;

use image::{DynamicImage, RgbImage};
use sohoa_document::Rect;

use crate::{engine::Recognised, place};

/// A pixel that lets through less than this share of the paper's light, in its weakest channel, is
/// ink and not the soft edge of a stroke.
const INK: f32 = 0.65;

/// Fewer pixels of ink in a slice are a speck.
const LEAST_INK: u32 = 12;

/// How much more of its darkness a word's ink owes to colour than the page's usual word.
const COLOURED: f32 = 0.18;

/// Boxes of the words in coloured ink. The page's usual ink is what half of its words have: of a page
/// that is typed in blue nothing is told, and paper's own colour counts for nothing.
pub(crate) fn coloured(raster: &DynamicImage, page: &Recognised) -> Vec<Rect> {
    let rgb = match raster {
        DynamicImage::ImageRgb8(rgb) => Cow::Borrowed(rgb),
        other if other.color().has_color() => Cow::Owned(other.to_rgb8()),
        _ => return Vec::new(),
    };
    let size = (page.text.width, page.text.height);
    let tinted = page.text.words().filter_map(|word| {
        let pixels = place::on_raster(rgb.dimensions(), page.turned, size, word.bbox)?;
        Some((word.bbox, tint(&rgb, pixels)?))
    });
    let mut tinted: Vec<(Rect, f32)> = tinted.collect();
    tinted.sort_by(|a, b| a.1.total_cmp(&b.1));
    let usual = tinted.get(tinted.len() / 2).map_or(0.0, |(_, tint)| *tint);
    tinted.retain(|(_, tint)| *tint > usual + COLOURED);
    tinted.into_iter().map(|(bbox, _)| bbox).collect()
}

/// The strongest tint of any square slice of the word, 0 for black: a pen's digits may be glued to a
/// printed notation. `None` without ink.
fn tint(rgb: &RgbImage, (x, y, width, height): (u32, u32, u32, u32)) -> Option<f32> {
    let paper = brightest(rgb, (x, y, width, height));
    // The turned page's words stand on the raster.
    let side = width.min(height).max(1);
    let across = (0..width.div_ceil(side))
        .flat_map(|column| (0..height.div_ceil(side)).map(move |row| (column * side, row * side)));
    let slices = across.filter_map(|(left, top)| {
        let (wide, high) = (side.min(width - left), side.min(height - top));
        tint_of_slice(rgb, (x + left, y + top, wide, high), paper)
    });
    slices.reduce(f32::max)
}

/// Spread of the channels in the mean light of the slice's ink, as a share of its darkness. A mean,
/// because the fringes that a scanner leaves left and right of black strokes make up for each other.
fn tint_of_slice(rgb: &RgbImage, slice: (u32, u32, u32, u32), paper: [f32; 3]) -> Option<f32> {
    let (mut sum, mut count) = ([0.0_f32; 3], 0_u32);
    for pixel in pixels(rgb, slice) {
        let light: [f32; 3] = std::array::from_fn(|at| f32::from(pixel[at]) / paper[at]);
        if light.into_iter().fold(1.0, f32::min) < INK {
            sum.iter_mut().zip(light).for_each(|(sum, light)| *sum += light);
            count += 1;
        }
    }
    if count < LEAST_INK {
        return None;
    }
    let mean = sum.map(|sum| sum / count as f32);
    let (low, high) = mean.iter().fold((1.0_f32, 0.0_f32), |(l, h), m| (l.min(*m), h.max(*m)));
    Some((high - low) / (1.0 - low).max(0.01))
}

/// The paper around the word: the brightest of each channel.
fn brightest(rgb: &RgbImage, area: (u32, u32, u32, u32)) -> [f32; 3] {
    pixels(rgb, area).fold([1.0; 3], |best: [f32; 3], pixel| {
        std::array::from_fn(|at| best[at].max(f32::from(pixel[at])))
    })
}

fn pixels(
    rgb: &RgbImage,
    (x, y, width, height): (u32, u32, u32, u32),
) -> impl Iterator<Item = &[u8]> {
    let (row, raw) = (rgb.width() as usize * 3, rgb.as_raw());
    (y as usize..(y + height) as usize).flat_map(move |y| {
        let start = y * row + x as usize * 3;
        raw[start..start + width as usize * 3].chunks_exact(3)
    })
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Rgb};
    use sohoa_document::{Line, PageText, TextOrigin, Word};

    use super::*;

    const PAPER: Rgb<u8> = Rgb([248, 240, 214]);
    const BLACK: Rgb<u8> = Rgb([38, 36, 34]);
    const PEN: Rgb<u8> = Rgb([52, 66, 152]);

    /// A page, a point a pixel, with a word of ten strokes in each ink; the strokes of one word may
    /// change from one ink to another.
    fn page(words: &[[Rgb<u8>; 2]]) -> (DynamicImage, Recognised) {
        let mut raster = RgbImage::from_pixel(200, 30 * words.len() as u32, PAPER);
        let mut lines = Vec::new();
        for (row, inks) in (0_u16..).zip(words) {
            let top = 30 * row;
            for stroke in 0..10_u16 {
                let ink = inks[usize::from(stroke >= 3)];
                for (x, y) in (0..3).flat_map(|x| (0..16).map(move |y| (x, y))) {
                    raster.put_pixel(u32::from(20 + stroke * 8 + x), u32::from(top + 5 + y), ink);
                }
            }
            let top = f32::from(top);
            let bbox = Rect::new(18.0, top + 3.0, 98.0, top + 23.0);
            let words = vec![Word { text: "số".into(), bbox, confidence: 0.9 }];
            lines.push(Line { words, bbox, baseline: (bbox.y1, bbox.y1), block: 0 });
        }
        let size = (raster.width() as f32, raster.height() as f32);
        let text = PageText { lines, origin: TextOrigin::Ocr, ..PageText::empty(size.0, size.1) };
        let read = Recognised {
            text,
            skew_deg: None,
            turned: 0,
            blank: false,
            garbled_words: 0,
            repaired_words: 0,
        };
        (DynamicImage::ImageRgb8(raster), read)
    }

    fn rows(raster: &DynamicImage, page: &Recognised) -> Vec<u32> {
        let mut rows: Vec<u32> =
            coloured(raster, page).iter().map(|bbox| bbox.y0 as u32 / 30).collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn a_pen_among_print_is_told_also_where_it_is_glued_to_print() {
        let (raster, page) = page(&[[BLACK; 2], [PEN; 2], [BLACK; 2], [PEN, BLACK], [BLACK; 2]]);
        assert_eq!(rows(&raster, &page), [1, 3]);
    }

    #[test]
    fn of_a_page_in_one_ink_or_without_colour_nothing_is_told() {
        let (raster, read) = page(&[[PEN; 2], [PEN; 2], [PEN; 2]]);
        assert!(coloured(&raster, &read).is_empty());
        let (raster, read) = page(&[[BLACK; 2], [PEN; 2], [BLACK; 2]]);
        let grey = DynamicImage::ImageLuma8(raster.to_luma8());
        assert!(coloured(&grey, &read).is_empty());
        assert!(coloured(&DynamicImage::ImageLuma8(GrayImage::new(0, 0)), &read).is_empty());
    }

    #[test]
    fn a_page_that_lay_on_its_side_is_looked_at_as_it_lay() {
        let (raster, mut read) = page(&[[BLACK; 2], [PEN; 2], [BLACK; 2]]);
        read.turned = 90;
        assert_eq!(rows(&raster.rotate270(), &read), [1]);
    }
}
