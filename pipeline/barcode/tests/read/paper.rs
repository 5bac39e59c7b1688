//! A page of paper at 200 dpi, and what is printed on it.

use image::{DynamicImage, GrayImage, Luma, imageops};
use rxing::{BarcodeFormat, MultiFormatWriter, Writer as _};

/// Resolution of the pages.
pub(crate) const DPI: f32 = 200.0;

/// The code on the pages.
pub(crate) const CODE: &str = "000.00.12.H08-160412-0031";

/// A barcode with `module` pixels a module and bars of `height` pixels, with its quiet zone.
pub(crate) fn barcode(format: BarcodeFormat, text: &str, module: u32, height: u32) -> GrayImage {
    let drawn = MultiFormatWriter.encode(text, &format, 1, 1).unwrap();
    let linear = matches!(format, BarcodeFormat::CODE_128 | BarcodeFormat::CODE_39);
    let (across, down) = (drawn.getWidth(), if linear { 1 } else { drawn.getHeight() });
    let tall = if linear { height } else { module };
    let quiet = 4 * module;
    let size = (across * module + 2 * quiet, down * tall + 2 * quiet);
    GrayImage::from_fn(size.0, size.1, |x, y| {
        let inside = x >= quiet && y >= quiet;
        let at = (x.wrapping_sub(quiet) / module, y.wrapping_sub(quiet) / tall);
        let black = inside && at.0 < across && at.1 < down && drawn.get(at.0, at.1);
        Luma([if black { 25 } else { 245 }])
    })
}

/// An A4 page of lines that look like print, without any barcode.
pub(crate) fn printed() -> GrayImage {
    GrayImage::from_fn(1654, 2339, |x, y| {
        let in_text = (200..1500).contains(&x) && (500..2100).contains(&y);
        let in_line = y % 46 < 20;
        // Strokes of three pixels, six apart, with spaces between words.
        let in_stroke = x % 9 < 3 && (x / 9) % 7 != 0 && (y % 46) % 20 != 9;
        Luma([if in_text && in_line && in_stroke { 30 } else { 244 }])
    })
}

/// The page with a picture laid on it.
pub(crate) fn with(mut page: GrayImage, picture: &GrayImage, at: (u32, u32)) -> GrayImage {
    imageops::replace(&mut page, picture, i64::from(at.0), i64::from(at.1));
    page
}

/// A picture turned by `degrees` clockwise about its middle, on paper.
pub(crate) fn leaning(picture: &GrayImage, degrees: f32) -> GrayImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (w, h) = (picture.width() as f32, picture.height() as f32);
    let (width, height) = (w * cos.abs() + h * sin.abs(), w * sin.abs() + h * cos.abs());
    GrayImage::from_fn(width as u32, height as u32, |x, y| {
        let (x, y) = (x as f32 + 0.5 - width / 2.0, y as f32 + 0.5 - height / 2.0);
        let (x, y) = (x * cos + y * sin + w / 2.0, y * cos - x * sin + h / 2.0);
        // Four samples a pixel: edges are grey, as a scanner makes them.
        let sum: f32 = [(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)]
            .iter()
            .map(|(dx, dy)| {
                let (x, y) = (x + dx, y + dy);
                let inside = x >= 0.0 && y >= 0.0 && x < w && y < h;
                if inside { f32::from(picture.get_pixel(x as u32, y as u32).0[0]) } else { 244.0 }
            })
            .sum();
        Luma([(sum / 4.0) as u8])
    })
}

/// The codes of dossiers read from a page.
pub(crate) fn read(page: GrayImage) -> Vec<String> {
    let found = sohoa_barcode::read(&DynamicImage::ImageLuma8(page), DPI);
    found.codes.into_iter().flat_map(|barcode| barcode.dossier_codes).collect()
}
