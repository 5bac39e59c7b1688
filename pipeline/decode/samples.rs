//! Decoded samples in packed rows: the way between any lossless source and the archive.
//!
//! Rows are byte-aligned, most significant bit first, as in PDF and PNG. Encoding is lossless
//! (zlib with PNG prediction), except where a page had to be rendered, which is a JPEG.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};
use image::{DynamicImage, ExtendedColorType, GrayImage, RgbImage, codecs::jpeg::JpegEncoder};
use sohoa_document::{ArchiveImage, Codec, Colour};

use crate::error::DecodeError;

/// Quality of the JPEG of a rendered page: ringing around strokes is not visible from here up.
const JPEG_QUALITY: u8 = 90;

/// Packed samples of one image.
#[derive(Debug, Clone)]
pub(crate) struct Samples {
    pub width: u32,
    pub height: u32,
    /// Bits a sample: 1, 2, 4 or 8.
    pub bits: u8,
    pub colour: Colour,
    /// Whether 0 is white.
    pub inverted: bool,
    /// `height` rows of `row_bytes`.
    pub rows: Vec<u8>,
}

impl Samples {
    /// The samples of grey or RGB pixels of 8 bits.
    pub(crate) fn of_pixels(pixels: &DynamicImage) -> Self {
        let colour = if pixels.color().has_color() { Colour::Rgb } else { Colour::Gray };
        let rows = pixels.as_bytes().to_vec();
        let (width, height) = (pixels.width(), pixels.height());
        Self { width, height, bits: 8, colour, inverted: false, rows }
    }

    /// Bytes of a row of `width` pixels.
    pub(crate) fn row_bytes(width: u32, bits: u8, channels: u8) -> usize {
        (width as usize * usize::from(bits) * usize::from(channels)).div_ceil(8)
    }

    fn stride(&self) -> usize {
        Self::row_bytes(self.width, self.bits, self.colour.channels())
    }

    /// Compresses without loss.
    pub(crate) fn to_archive(&self) -> Result<ArchiveImage, DecodeError> {
        let step = (usize::from(self.bits) * usize::from(self.colour.channels())).div_ceil(8);
        let data = deflate(&self.rows, self.stride(), step)
            .map_err(|error| DecodeError::unreadable(format!("cannot recompress it: {error}")))?;
        Ok(ArchiveImage {
            data,
            codec: Codec::Flate { predictor: 15 },
            width: self.width,
            height: self.height,
            bits: self.bits,
            colour: self.colour.clone(),
            inverted: self.inverted,
            icc: None,
            original_stream: false,
        })
    }

    /// Grey or RGB pixels.
    pub(crate) fn to_pixels(&self) -> Result<DynamicImage, DecodeError> {
        let expand = |value: u8| {
            let full = match self.bits {
                1 => value * 255,
                2 => value * 85,
                4 => value * 17,
                _ => value,
            };
            if self.inverted { 255 - full } else { full }
        };
        let plain = self.bits == 8 && !self.inverted;
        match &self.colour {
            Colour::Gray if plain => grey(self.width, self.height, self.rows.clone()),
            Colour::Rgb if plain => rgb(self.width, self.height, self.rows.clone()),
            Colour::Gray => grey(self.width, self.height, self.values().map(expand).collect()),
            Colour::Indexed { palette } => {
                let look_up = |index: u8| {
                    let at = usize::from(index) * 3;
                    palette.get(at..at + 3).map_or([255; 3], |rgb| [rgb[0], rgb[1], rgb[2]])
                };
                rgb(self.width, self.height, self.values().flat_map(look_up).collect())
            }
            Colour::Rgb => rgb(self.width, self.height, self.values().map(expand).collect()),
            Colour::Cmyk => {
                let values: Vec<u8> = self.values().map(expand).collect();
                rgb(self.width, self.height, values.chunks_exact(4).flat_map(from_cmyk).collect())
            }
        }
    }

    /// Every sample in reading order, unpacked.
    fn values(&self) -> impl Iterator<Item = u8> + '_ {
        let per_row = self.width as usize * usize::from(self.colour.channels());
        let bits = usize::from(self.bits);
        let mask = (0xff_u16 >> (8 - bits)) as u8;
        self.rows.chunks_exact(self.stride().max(1)).flat_map(move |row| {
            (0..per_row).map(move |index| {
                let bit = index * bits;
                (row[bit / 8] >> (8 - bits - bit % 8)) & mask
            })
        })
    }
}

fn from_cmyk(inks: &[u8]) -> [u8; 3] {
    let paper = 255 - u16::from(inks[3]);
    [0, 1, 2].map(|ink| ((255 - u16::from(inks[ink])) * paper / 255) as u8)
}

fn grey(width: u32, height: u32, data: Vec<u8>) -> Result<DynamicImage, DecodeError> {
    GrayImage::from_raw(width, height, data).map(DynamicImage::ImageLuma8).ok_or_else(short)
}

fn rgb(width: u32, height: u32, data: Vec<u8>) -> Result<DynamicImage, DecodeError> {
    RgbImage::from_raw(width, height, data).map(DynamicImage::ImageRgb8).ok_or_else(short)
}

fn short() -> DecodeError {
    DecodeError::unreadable("its pixel data is cut short")
}

/// An archive image of pixels that exist nowhere as a stream: zlib for few colours, else JPEG.
pub(crate) fn encode_pixels(pixels: &DynamicImage) -> Result<ArchiveImage, DecodeError> {
    let (colour, data, written) = match pixels {
        DynamicImage::ImageLuma8(grey) => (Colour::Gray, grey.as_raw(), ExtendedColorType::L8),
        DynamicImage::ImageRgb8(rgb) => (Colour::Rgb, rgb.as_raw(), ExtendedColorType::Rgb8),
        _ => return Err(DecodeError::unsupported("a picture neither grey nor RGB")),
    };
    let (width, height) = (pixels.width(), pixels.height());
    if has_few_colours(data, usize::from(colour.channels())) {
        return Samples::of_pixels(pixels).to_archive();
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY)
        // Not `encode_image`, which makes a colour picture of a grey one.
        .encode(data, width, height, written)
        .map_err(|error| DecodeError::unreadable(format!("cannot recompress it: {error}")))?;
    Ok(ArchiveImage {
        data: jpeg,
        codec: Codec::Jpeg { inverted: false },
        width,
        height,
        bits: 8,
        colour,
        inverted: false,
        icc: None,
        original_stream: false,
    })
}

fn has_few_colours(data: &[u8], step: usize) -> bool {
    let mut seen: Vec<&[u8]> = Vec::with_capacity(64);
    for pixel in data.chunks_exact(step) {
        if !seen.contains(&pixel) {
            if seen.len() == 64 {
                return false;
            }
            seen.push(pixel);
        }
    }
    true
}

/// Zlib over rows that each begin with their PNG filter type (PDF's `/Predictor 15`).
fn deflate(rows: &[u8], stride: usize, step: usize) -> std::io::Result<Vec<u8>> {
    let mut out = ZlibEncoder::new(Vec::new(), Compression::new(6));
    let blank = vec![0; stride];
    let mut above = blank.as_slice();
    let mut filtered = [vec![0; stride], vec![0; stride], vec![0; stride]];
    for row in rows.chunks_exact(stride.max(1)) {
        for index in 0..stride {
            let left = if index >= step { row[index - step] } else { 0 };
            let corner = if index >= step { above[index - step] } else { 0 };
            filtered[0][index] = row[index].wrapping_sub(left);
            filtered[1][index] = row[index].wrapping_sub(above[index]);
            filtered[2][index] = row[index].wrapping_sub(paeth(left, above[index], corner));
        }
        let cost = |line: &[u8]| -> u32 {
            line.iter().map(|b| u32::from((*b as i8).unsigned_abs())).sum()
        };
        // PNG's filter numbers: 0 none, 1 left, 2 above, 4 Paeth.
        let mut best: (u8, &[u8], u32) = (0, row, cost(row));
        for (number, line) in [1, 2, 4].into_iter().zip(&filtered) {
            let spent = cost(line);
            if spent < best.2 {
                best = (number, line, spent);
            }
        }
        out.write_all(&[best.0])?;
        out.write_all(best.1)?;
        above = row;
    }
    out.finish()
}

fn paeth(left: u8, above: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(above) - i16::from(corner);
    let distance = |value: u8| (estimate - i16::from(value)).abs();
    if distance(left) <= distance(above) && distance(left) <= distance(corner) {
        left
    } else if distance(above) <= distance(corner) {
        above
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg;

    #[test]
    fn the_stream_has_the_channels_its_description_says() {
        let grey = GrayImage::from_fn(40, 30, |x, y| image::Luma([(x * 6 + y) as u8]));
        let pictures = [
            DynamicImage::ImageLuma8(grey.clone()),
            DynamicImage::ImageRgb8(RgbImage::from_fn(40, 30, |x, y| {
                image::Rgb([(x * 6) as u8, (y * 8) as u8, (x + y) as u8])
            })),
        ];
        for picture in pictures {
            let image = encode_pixels(&picture).unwrap();
            assert_eq!(image.codec, Codec::Jpeg { inverted: false });
            let stored = jpeg::pixels(&image.data).unwrap();
            assert_eq!(stored.color().channel_count(), image.colour.channels());
            assert_eq!((stored.width(), stored.height()), (image.width, image.height));
        }
    }
}
