//! Compresses a page's pixels: JPEG, CCITT group 4, LZW, PNG.

use anyhow::Result;
use image::codecs::jpeg::{JpegEncoder, PixelDensity};

use crate::canvas::Canvas;

/// A baseline JPEG without chroma subsampling.
pub(crate) fn jpeg(page: &Canvas, dpi: u32, quality: u8) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    encoder.set_pixel_density(PixelDensity::dpi(dpi as u16));
    let colour = image::ExtendedColorType::Rgb8;
    encoder.encode(&page.pixels, page.width as u32, page.height as u32, colour)?;
    Ok(bytes)
}

/// Luminance of each pixel.
pub(crate) fn grey(page: &Canvas) -> Vec<u8> {
    page.pixels
        .chunks_exact(3)
        .map(|p| ((u32::from(p[0]) * 77 + u32::from(p[1]) * 151 + u32::from(p[2]) * 28) >> 8) as u8)
        .collect()
}

/// CCITT group 4 with an end-of-block code; black is darker than the level office scanners cut at.
pub(crate) fn group4(page: &Canvas) -> Vec<u8> {
    const BLACK: u8 = 150;
    let mut encoder = fax::encoder::Encoder::new(fax::VecWriter::new());
    for line in grey(page).chunks_exact(page.width) {
        let colours = line
            .iter()
            .map(|&level| if level < BLACK { fax::Color::Black } else { fax::Color::White });
        match encoder.encode_line(colours, page.width as u16) {
            Ok(()) => {}
            Err(never) => match never {},
        }
    }
    match encoder.finish() {
        Ok(writer) => writer.finish(),
        Err(never) => match never {},
    }
}

/// LZW strips of grey, as many rows each as `rows`; the background is whitened, as drivers do to
/// save space.
pub(crate) fn lzw_grey(page: &Canvas, rows: usize) -> Result<Vec<Vec<u8>>> {
    let levels: Vec<u8> = grey(page).into_iter().map(whiten).collect();
    levels
        .chunks(page.width * rows)
        .map(|strip| {
            let mut encoder =
                weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8);
            Ok(encoder.encode(strip)?)
        })
        .collect()
}

/// A colour PNG with its resolution and a whitened background.
pub(crate) fn png(page: &Canvas, dpi: u32) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, page.width as u32, page.height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let per_metre = (f64::from(dpi) / 0.0254).round() as u32;
    let unit = png::Unit::Meter;
    encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit }));
    let pixels: Vec<u8> = page
        .pixels
        .chunks_exact(3)
        .flat_map(|p| if p.iter().all(|&v| v > WHITE) { [255; 3] } else { [p[0], p[1], p[2]] })
        .collect();
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// Lighter than this is background.
const WHITE: u8 = 196;

/// Background to white, the rest to 32 levels.
fn whiten(level: u8) -> u8 {
    if level > WHITE { 255 } else { level & 0xf8 }
}
