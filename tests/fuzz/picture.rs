//! Pictures of pages: the first bytes say their form, the others are pixels.

use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};
use sohoa_barcode::areas as found;

/// Widest picture: some times the longest code at the resolutions that are tried.
const WIDEST: usize = 1_500;

/// Every area lies on the picture and is more than a line.
pub(crate) fn areas(bytes: &[u8]) {
    let Some((&[form, low, high, dpi], pixels)) = bytes.split_first_chunk::<4>() else { return };
    let channels = [1, 3, 4, 1][usize::from(form % 4)];
    let width = (usize::from(u16::from_le_bytes([low, high])) % WIDEST).max(1);
    let height = pixels.len() / (width * channels);
    let pixels = pixels[..width * height * channels].to_vec();
    let (width, height) = (width as u32, height as u32);
    let raster = match form % 4 {
        0 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::from),
        1 => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
        2 => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from),
        _ => GrayImage::from_raw(width, height, pixels)
            .map(|grey| DynamicImage::from(DynamicImage::from(grey).to_luma16())),
    };
    let Some(raster) = raster else { return };
    for [x0, y0, x1, y1] in found(&raster, 50.0 + 4.5 * f32::from(dpi)) {
        assert!(x0 < x1 && x1 <= width && y0 < y1 && y1 <= height, "{x0} {y0} {x1} {y1}");
    }
}

/// Pages with a square half of which is black, grey and in colour.
pub(crate) fn good() -> Vec<Vec<u8>> {
    [(0, 1), (1, 3), (2, 4), (3, 1)].map(|(form, channels)| page(form, channels)).into()
}

fn page(form: u8, channels: usize) -> Vec<u8> {
    const SIDE: u16 = 150;
    let mut bytes = vec![form];
    bytes.extend(SIDE.to_le_bytes());
    bytes.push(5);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let inside = (40..90).contains(&x) && (30..80).contains(&y);
            // No two rows of modules alike, as the mask of a matrix code has it.
            let black = inside && ((x / 2) * 7 + (y / 2) * 5 + (x / 2) * (y / 2)) % 4 < 2;
            bytes.extend(std::iter::repeat_n(if black { 20 } else { 240 }, channels));
        }
    }
    bytes
}
