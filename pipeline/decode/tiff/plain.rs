//! Pages in LZW, `PackBits`, Deflate or nothing: decoded, and recompressed without loss.
//!
//! Samples of more than 8 bits become 8: no scanner of papers has more that mean something.

use image::{DynamicImage, GrayAlphaImage, RgbaImage};
use sohoa_document::Colour;

use super::{
    directory::tags,
    layout::{Layout, photometric},
    pages::PageImages,
    rows::{Plane, planes},
    ycbcr,
};
use crate::{error::DecodeError, raster::flatten, samples::Samples};

/// Fractions and signed numbers, which stand for measurements, not for light.
const UNSIGNED: u64 = 1;
const UNDEFINED: u64 = 4;
const PREMULTIPLIED: u64 = 1;
const UNASSOCIATED: u64 = 2;

pub(super) fn page(layout: &Layout<'_>) -> Result<PageImages, DecodeError> {
    let format = layout.number(tags::SAMPLE_FORMAT).unwrap_or(UNSIGNED);
    if !matches!(format, UNSIGNED | UNDEFINED) {
        return Err(DecodeError::unsupported("a TIFF image of signed numbers or fractions"));
    }
    if layout.photometric == photometric::YCBCR {
        return finish(layout, &ycbcr::samples(layout)?);
    }
    let colour = colour(layout)?;
    let channels = usize::from(colour.channels());
    if layout.samples < channels {
        return Err(DecodeError::unreadable("a TIFF image with too few samples a pixel"));
    }
    let mut planes = planes(layout)?;
    let inverted = layout.photometric == photometric::WHITE_IS_ZERO;
    let packed = matches!(layout.bits, 1 | 2 | 4 | 8) && layout.samples == channels;
    if packed && let [only] = planes.as_mut_slice() {
        let rows = std::mem::take(&mut only.rows);
        return finish(layout, &of(layout, layout.bits, colour, inverted, rows));
    }
    if matches!(colour, Colour::Indexed { .. }) {
        return Err(DecodeError::unsupported("a TIFF palette with more than its indexes"));
    }
    let samples = interleaved(layout, &planes);
    drop(planes);
    of_bytes_in(layout, &colour, samples)
}

/// The page of samples of 8 bits, pixel by pixel.
pub(super) fn of_bytes(
    layout: &Layout<'_>,
    mut samples: Vec<u8>,
) -> Result<PageImages, DecodeError> {
    if layout.photometric == photometric::YCBCR && layout.samples == 3 {
        ycbcr::to_rgb(layout, &mut samples);
        return finish(layout, &of(layout, 8, Colour::Rgb, false, samples));
    }
    let colour = colour(layout)?;
    if layout.samples < usize::from(colour.channels()) || layout.bits != 8 {
        return Err(DecodeError::unreadable("a TIFF image with too few samples a pixel"));
    }
    of_bytes_in(layout, &colour, samples)
}

fn of_bytes_in(
    layout: &Layout<'_>,
    colour: &Colour,
    samples: Vec<u8>,
) -> Result<PageImages, DecodeError> {
    let channels = usize::from(colour.channels());
    let inverted = layout.photometric == photometric::WHITE_IS_ZERO;
    let opacity = layout.number(tags::EXTRA_SAMPLES).unwrap_or(0);
    let opaque = !matches!(opacity, PREMULTIPLIED | UNASSOCIATED) || *colour == Colour::Cmyk;
    if layout.samples == channels || opaque {
        let rows = first_of(samples, channels, layout.samples);
        return finish(layout, &of(layout, 8, colour.clone(), inverted, rows));
    }
    finish(layout, &flat(layout, &samples, channels, opacity == PREMULTIPLIED)?)
}

fn finish(layout: &Layout<'_>, samples: &Samples) -> Result<PageImages, DecodeError> {
    let pixels = samples.to_pixels()?;
    let mut image = samples.to_archive()?;
    image.icc = layout.profile(&image.colour);
    Ok((vec![([0, 0, layout.width, layout.height], image)], pixels))
}

fn of(layout: &Layout<'_>, bits: u8, colour: Colour, inverted: bool, rows: Vec<u8>) -> Samples {
    Samples { width: layout.width, height: layout.height, bits, colour, inverted, rows }
}

fn colour(layout: &Layout<'_>) -> Result<Colour, DecodeError> {
    match layout.photometric {
        photometric::WHITE_IS_ZERO | photometric::BLACK_IS_ZERO => Ok(Colour::Gray),
        photometric::RGB => Ok(Colour::Rgb),
        photometric::PALETTE => palette(layout),
        photometric::CMYK => Ok(Colour::Cmyk),
        other => {
            Err(DecodeError::unsupported(format!("a TIFF image of colours (photometric {other})")))
        }
    }
}

/// The colour map stores all reds, then all greens, then all blues, of 16 bits each.
fn palette(layout: &Layout<'_>) -> Result<Colour, DecodeError> {
    if layout.bits > 8 {
        return Err(DecodeError::unsupported("a TIFF palette of more than 256 colours"));
    }
    let entries = 1_usize << layout.bits;
    let map = layout.directory.values(layout.bytes, tags::COLOUR_MAP);
    let map = map
        .filter(|map| map.len() >= 3 * entries)
        .ok_or_else(|| DecodeError::unreadable("a TIFF image without its table of colours"))?;
    // Careless writers leave values of 8 bits.
    let shift = if map.iter().all(|value| *value < 256) { 0 } else { 8 };
    let at = |plane: usize, entry: usize| (map[plane * entries + entry] >> shift) as u8;
    let palette =
        (0..entries).flat_map(|entry| [at(0, entry), at(1, entry), at(2, entry)]).collect();
    Ok(Colour::Indexed { palette })
}

/// Every sample as 8 bits, pixel by pixel.
fn interleaved(layout: &Layout<'_>, planes: &[Plane]) -> Vec<u8> {
    let (width, height) = (layout.width as usize, layout.height as usize);
    let each = layout.samples / layout.planes;
    let mut out = vec![0; width * height * layout.samples];
    for (number, plane) in planes.iter().enumerate() {
        let rows = plane.rows.chunks_exact(plane.stride.max(1));
        for (row, line) in rows.zip(out.chunks_exact_mut((width * layout.samples).max(1))) {
            let values = Values { row, bits: usize::from(layout.bits), little: layout.little() };
            for at in 0..width * each {
                line[at / each * layout.samples + number * each + at % each] = values.eight(at);
            }
        }
    }
    out
}

/// Samples of a row, packed with the most significant bit first.
struct Values<'a> {
    row: &'a [u8],
    bits: usize,
    little: bool,
}

impl Values<'_> {
    /// The sample with this number, scaled to 8 bits.
    fn eight(&self, at: usize) -> u8 {
        match self.bits {
            8 => self.row[at],
            16 => self.row[2 * at + usize::from(self.little)],
            bits => {
                let first = at * bits;
                let word = (0..3).fold(0_u32, |word, step| {
                    word << 8 | u32::from(self.row.get(first / 8 + step).copied().unwrap_or(0))
                });
                let most = (1_u32 << bits) - 1;
                let value = word >> (24 - first % 8 - bits) & most;
                ((value * 255 + most / 2) / most) as u8
            }
        }
    }
}

/// The first samples of each pixel: those after them have no meaning that is known.
fn first_of(mut samples: Vec<u8>, channels: usize, all: usize) -> Vec<u8> {
    if channels < all {
        for pixel in 0..samples.len() / all {
            samples.copy_within(pixel * all..pixel * all + channels, pixel * channels);
        }
        samples.truncate(samples.len() / all * channels);
    }
    samples
}

/// A page with opacity laid on white paper.
fn flat(
    layout: &Layout<'_>,
    samples: &[u8],
    channels: usize,
    premultiplied: bool,
) -> Result<Samples, DecodeError> {
    let inverted = layout.photometric == photometric::WHITE_IS_ZERO;
    let pixels = samples.chunks_exact(layout.samples).flat_map(|pixel| {
        let opacity = pixel[channels];
        let straight = move |value: &u8| {
            let value = if inverted { 255 - value } else { *value };
            if premultiplied && opacity > 0 {
                (u32::from(value) * 255 / u32::from(opacity)).min(255) as u8
            } else {
                value
            }
        };
        pixel[..channels].iter().map(straight).chain([opacity])
    });
    let (width, height) = (layout.width, layout.height);
    let picture = if channels == 1 {
        GrayAlphaImage::from_raw(width, height, pixels.collect()).map(DynamicImage::ImageLumaA8)
    } else {
        RgbaImage::from_raw(width, height, pixels.collect()).map(DynamicImage::ImageRgba8)
    };
    let picture = picture.ok_or_else(|| DecodeError::unreadable("its TIFF data is cut short"))?;
    Ok(Samples::of_pixels(&flatten(picture)))
}
