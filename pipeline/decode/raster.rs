//! The picture that recognition sees: derived, upright, grey or RGB, about 200 dpi.
//!
//! Reducing 300 dpi to 200 costs no accuracy and saves a third of the time. Nothing is enlarged,
//! except the coarser axis of a fax page, whose pixels must become square to be read at all.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use image::{DynamicImage, GrayImage, Rgb, RgbImage, RgbaImage};

/// Resolution of the raster.
pub(crate) const TARGET_DPI: f32 = 200.0;
/// A source this little denser is left alone: resampling would only blur it.
const TOLERANCE: f32 = 1.1;
/// Fewer pixels than a page of A5 has at the target are not made of more: a resolution that the
/// file states wrongly must not cost the reading.
const FEWEST_PIXELS: f32 = 1.9e6;
/// So many pixels are made of one at most: the coarser axis of a fax is a quarter of the finer.
const MOST_ENLARGED: f32 = 4.0;

/// Turns stored pixels of a page of `points` (as stored) upright, and reduces them to the target.
///
/// Gives the picture and its dots per inch.
pub(crate) fn finish(
    pixels: DynamicImage,
    points: (f32, f32),
    rotation: u16,
) -> (DynamicImage, f32) {
    let pixels = flatten(pixels);
    let across = pixels.width() as f32 / points.0 * 72.0;
    let down = pixels.height() as f32 / points.1 * 72.0;
    let square = (across / down - 1.0).abs() < 0.03;
    let densest = across.max(down);
    let dpi = affordable(&pixels, points, densest);
    let (pixels, dpi) = if square && densest <= dpi * TOLERANCE {
        (pixels, across)
    } else {
        let width = (points.0 / 72.0 * dpi).round().max(1.0) as u32;
        let height = (points.1 / 72.0 * dpi).round().max(1.0) as u32;
        (resized(&pixels, width, height), dpi)
    };
    let upright = match rotation {
        90 => pixels.rotate90(),
        180 => pixels.rotate180(),
        270 => pixels.rotate270(),
        _ => pixels,
    };
    (upright, dpi)
}

/// The target resolution, or what the pixels there are allow.
fn affordable(pixels: &DynamicImage, points: (f32, f32), densest: f32) -> f32 {
    let held = pixels.width() as f32 * pixels.height() as f32;
    let square_inches = points.0 / 72.0 * (points.1 / 72.0);
    let of = |count: f32| (count / square_inches).sqrt();
    let fewest = of(held.min(FEWEST_PIXELS));
    TARGET_DPI.max(fewest).min(densest).min(of(held * MOST_ENLARGED))
}

/// Grey or RGB of 8 bits in another size, each pixel weighing in by its distance (a triangle over
/// both neighbours): as sharp as the engine needs, without the moiré of leaving pixels out.
fn resized(pixels: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    let channels = match pixels {
        DynamicImage::ImageLuma8(_) => PixelType::U8,
        _ => PixelType::U8x3,
    };
    let from = ImageRef::new(pixels.width(), pixels.height(), pixels.as_bytes(), channels)
        .expect("`flatten` gave one or three bytes a pixel");
    let mut to = Image::new(width, height, channels);
    let triangle = ResizeAlg::Convolution(FilterType::Bilinear);
    Resizer::new()
        .resize(&from, &mut to, &ResizeOptions::new().resize_alg(triangle))
        .expect("both are of the same kind of pixels");
    let bytes = to.into_vec();
    let whole = match channels {
        PixelType::U8 => GrayImage::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8),
        _ => RgbImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
    };
    whole.expect("the picture has the size that was asked for")
}

/// Grey or RGB of 8 bits, transparency laid on white paper.
pub(crate) fn flatten(pixels: DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) => pixels,
        DynamicImage::ImageLuma16(_) => DynamicImage::ImageLuma8(pixels.into_luma8()),
        other if other.color().has_alpha() => {
            let grey = !other.color().has_color();
            let flat = DynamicImage::ImageRgb8(on_white(&other.into_rgba8()));
            if grey { DynamicImage::ImageLuma8(flat.into_luma8()) } else { flat }
        }
        other => DynamicImage::ImageRgb8(other.into_rgb8()),
    }
}

fn on_white(pixels: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [r, g, b, a] = pixels.get_pixel(x, y).0;
        let lay =
            |c: u8| ((u32::from(c) * u32::from(a) + 255 * (255 - u32::from(a)) + 127) / 255) as u8;
        Rgb([lay(r), lay(g), lay(b)])
    })
}

/// Whether every pixel is the same: what a decoder gives when it gave up silently.
pub(crate) fn is_uniform(pixels: &DynamicImage) -> bool {
    let bytes = pixels.as_bytes();
    let step = usize::from(pixels.color().bytes_per_pixel());
    let Some(first) = bytes.get(..step) else { return true };
    bytes.chunks_exact(step).all(|pixel| pixel == first)
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, Luma, Rgba};

    use super::*;

    const A4: (f32, f32) = (595.2, 841.92);

    fn paper(width: u32, height: u32) -> GrayImage {
        GrayImage::from_pixel(width, height, Luma([244]))
    }

    #[test]
    fn three_hundred_dpi_becomes_two_hundred_and_less_is_kept() {
        let (raster, dpi) = finish(DynamicImage::ImageLuma8(paper(2480, 3508)), A4, 0);
        assert_eq!((raster.width(), raster.height(), dpi), (1653, 2339, 200.0));
        let (raster, dpi) = finish(DynamicImage::ImageLuma8(paper(1240, 1754)), A4, 0);
        assert_eq!(raster.width(), 1240);
        assert!((dpi - 150.0).abs() < 0.1);
    }

    #[test]
    fn a_small_page_of_many_pixels_keeps_enough_of_them() {
        // A4 at 200 dpi, said to be of 600.
        let points = (1654.0 / 600.0 * 72.0, 2339.0 / 600.0 * 72.0);
        let (raster, dpi) = finish(DynamicImage::ImageLuma8(paper(1654, 2339)), points, 0);
        let pixels = raster.width() as f32 * raster.height() as f32;
        assert!((pixels / FEWEST_PIXELS - 1.0).abs() < 0.01, "{pixels}");
        assert!((dpi - raster.width() as f32 / points.0 * 72.0).abs() < 1.0);
        // A card at 600 dpi has no more than these.
        let card = finish(DynamicImage::ImageLuma8(paper(1200, 1000)), (144.0, 120.0), 0);
        assert_eq!((card.0.width(), card.1), (1200, 600.0));
    }

    #[test]
    fn a_line_stretched_over_a_page_is_not_drawn_out() {
        let line = DynamicImage::ImageLuma8(paper(50_000, 1));
        let (raster, dpi) = finish(line, (36_000.0, 36_000.0), 0);
        assert!(raster.width() * raster.height() <= 210_000, "{dpi} dpi");
    }

    #[test]
    fn a_turned_page_is_given_upright() {
        let mut page = paper(100, 50);
        page.put_pixel(0, 0, Luma([0]));
        let (raster, _) = finish(DynamicImage::ImageLuma8(page), (100.0, 50.0), 90);
        assert_eq!((raster.width(), raster.height()), (50, 100));
        assert_eq!(raster.to_luma8().get_pixel(49, 0).0, [0]);
    }

    #[test]
    fn fax_pixels_become_square() {
        let (raster, dpi) = finish(DynamicImage::ImageLuma8(paper(1700, 1100)), (612.0, 792.0), 0);
        assert_eq!((raster.width(), raster.height(), dpi), (1700, 2200, 200.0));
    }

    #[test]
    fn transparency_is_laid_on_white() {
        let clear = RgbaImage::from_pixel(4, 4, Rgba([0, 0, 0, 0]));
        let flat = flatten(DynamicImage::ImageRgba8(clear)).to_rgb8();
        assert_eq!(flat.get_pixel(1, 1).0, [255, 255, 255]);
    }
}
