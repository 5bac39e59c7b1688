//! Pages in LZW, `PackBits`, Deflate or nothing: decoded, and recompressed without loss.
//!
//! Samples of 16 bits become 8: no scanner of papers has more than 8 that mean something.

use std::{borrow::Cow, io::Cursor};

use image::{DynamicImage, RgbaImage};
use sohoa_document::Colour;
use tiff::{
    ColorType,
    decoder::{Decoder, DecodingResult, Limits},
};

use super::{
    directory::tags,
    pages::{Layout, PageImages},
};
use crate::{error::DecodeError, raster::flatten, samples::Samples};

const PHOTOMETRIC_PALETTE: u64 = 3;

pub(super) fn page(layout: &Layout<'_>) -> Result<PageImages, DecodeError> {
    // A missing strip would be read as white rows.
    layout.chunks()?;
    let (kind, data) = decode(layout)?;
    let samples = match kind {
        ColorType::Gray(bits) => of(layout, bits, Colour::Gray, data),
        ColorType::Palette(bits) => of(layout, bits, palette(layout, bits)?, data),
        ColorType::RGB(bits) => of(layout, bits, Colour::Rgb, data),
        ColorType::CMYK(bits) => of(layout, bits, Colour::Cmyk, data),
        ColorType::GrayA(8) => return flat(layout, spread(&data)),
        ColorType::RGBA(8) => return flat(layout, data),
        other => Err(DecodeError::unsupported(format!("a TIFF image of colours {other:?}"))),
    }?;
    let pixels = samples.to_pixels()?;
    Ok((vec![([0, 0, layout.width, layout.height], samples.to_archive()?)], pixels))
}

/// Decodes to interleaved samples in rows padded to bytes.
fn decode(layout: &Layout<'_>) -> Result<(ColorType, Vec<u8>), DecodeError> {
    let broken = |error: tiff::TiffError| match error {
        tiff::TiffError::UnsupportedError(what) => {
            DecodeError::unsupported(format!("a TIFF image, {what}"))
        }
        error => DecodeError::unreadable(format!("its TIFF data is broken ({error})")),
    };
    // The page's own size was checked before; four channels of 16 bits is the most it can be.
    let mut limits = Limits::default();
    limits.decoding_buffer_size = layout.width as usize * layout.height as usize * 8;
    limits.intermediate_buffer_size = limits.decoding_buffer_size;
    let readable = readable(layout);
    let mut decoder = Decoder::new(Cursor::new(&*readable)).map_err(broken)?.with_limits(limits);
    decoder.seek_to_image(layout.directory.index).map_err(broken)?;
    let kind = match decoder.colortype().map_err(broken)? {
        ColorType::Gray(bits) if layout.photometric == PHOTOMETRIC_PALETTE => {
            ColorType::Palette(bits)
        }
        kind => kind,
    };
    let mut read = DecodingResult::U8(Vec::new());
    let shape = decoder.read_image_to_buffer(&mut read).map_err(broken)?;
    let data = match read {
        DecodingResult::U8(data) => data,
        DecodingResult::U16(data) => data.into_iter().map(|value| (value >> 8) as u8).collect(),
        _ => {
            return Err(DecodeError::unsupported(
                "a TIFF image of more than 16 bits or of fractions",
            ));
        }
    };
    Ok((eight_bits(kind), if shape.planes > 1 { interleave(&data, shape.planes) } else { data }))
}

/// The file as the decoder can read it: it knows no palettes, but indexes are like grey levels.
fn readable<'a>(layout: &Layout<'a>) -> Cow<'a, [u8]> {
    let place = layout.directory.place(tags::PHOTOMETRIC);
    match place.filter(|_| layout.photometric == PHOTOMETRIC_PALETTE) {
        Some(place) => {
            let mut copy = layout.bytes.to_vec();
            for byte in copy.get_mut(place).into_iter().flatten() {
                // The value is 3 in either byte order; 1 is grey with 0 for black.
                *byte = (*byte).min(1);
            }
            Cow::Owned(copy)
        }
        None => Cow::Borrowed(layout.bytes),
    }
}

fn eight_bits(kind: ColorType) -> ColorType {
    match kind {
        ColorType::CMYK(16) => ColorType::CMYK(8),
        ColorType::Gray(16) => ColorType::Gray(8),
        // Grey with one extra channel, which the decoder may leave without a name.
        ColorType::GrayA(16) | ColorType::Multiband { bit_depth: 8 | 16, num_samples: 2 } => {
            ColorType::GrayA(8)
        }
        ColorType::RGB(16) => ColorType::RGB(8),
        ColorType::RGBA(16) => ColorType::RGBA(8),
        other => other,
    }
}

fn interleave(data: &[u8], planes: usize) -> Vec<u8> {
    let length = data.len() / planes;
    (0..length).flat_map(|at| (0..planes).map(move |plane| data[plane * length + at])).collect()
}

fn of(
    layout: &Layout<'_>,
    bits: u8,
    colour: Colour,
    rows: Vec<u8>,
) -> Result<Samples, DecodeError> {
    if !matches!(bits, 1 | 2 | 4 | 8) {
        return Err(DecodeError::unsupported(format!("a TIFF image of {bits} bits a sample")));
    }
    let (width, height) = (layout.width, layout.height);
    if rows.len() < Samples::row_bytes(width, bits, colour.channels()) * height as usize {
        return Err(DecodeError::unreadable("its TIFF data is cut short"));
    }
    Ok(Samples { width, height, bits, colour, inverted: false, rows })
}

/// The colour map stores all reds, then all greens, then all blues, of 16 bits each.
fn palette(layout: &Layout<'_>, bits: u8) -> Result<Colour, DecodeError> {
    let entries = 1_usize << bits.min(8);
    let map = layout.directory.values(layout.bytes, tags::COLOUR_MAP);
    let map = map
        .filter(|map| map.len() >= 3 * entries)
        .ok_or_else(|| DecodeError::unreadable("a TIFF image without its table of colours"))?;
    let at = |plane: usize, entry: usize| (map[plane * entries + entry] >> 8) as u8;
    let palette =
        (0..entries).flat_map(|entry| [at(0, entry), at(1, entry), at(2, entry)]).collect();
    Ok(Colour::Indexed { palette })
}

/// Grey with alpha as RGBA.
fn spread(data: &[u8]) -> Vec<u8> {
    data.chunks_exact(2).flat_map(|pair| [pair[0], pair[0], pair[0], pair[1]]).collect()
}

fn flat(layout: &Layout<'_>, rgba: Vec<u8>) -> Result<PageImages, DecodeError> {
    let image = RgbaImage::from_raw(layout.width, layout.height, rgba)
        .ok_or_else(|| DecodeError::unreadable("its TIFF data is cut short"))?;
    let pixels = flatten(DynamicImage::ImageRgba8(image));
    let samples = Samples {
        width: layout.width,
        height: layout.height,
        bits: 8,
        colour: Colour::Rgb,
        inverted: false,
        rows: pixels.as_bytes().to_vec(),
    };
    Ok((vec![([0, 0, layout.width, layout.height], samples.to_archive()?)], pixels))
}
