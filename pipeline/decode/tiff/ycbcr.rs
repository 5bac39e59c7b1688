//! Luminance and chrominance that are not JPEG: units of subsampled pixels, turned into RGB.

use sohoa_document::Colour;

use super::{
    directory::tags,
    layout::{Chunk, Layout},
    rows::planes,
    unpack::unpack,
};
use crate::{error::DecodeError, samples::Samples};

/// The weights of red, green and blue in luminance that ITU-R BT.601 gives.
const WEIGHTS: [f32; 3] = [0.299, 0.587, 0.114];
/// Black and white of luminance and of both chrominances, when the file says nothing.
const REFERENCE: [f32; 6] = [0.0, 255.0, 128.0, 255.0, 128.0, 255.0];

/// The page in RGB.
pub(super) fn samples(layout: &Layout<'_>) -> Result<Samples, DecodeError> {
    if layout.bits != 8 || layout.samples != 3 {
        return Err(DecodeError::unsupported("a TIFF image of luminance in an uncommon depth"));
    }
    let conversion = Conversion::of(layout);
    let mut rows = vec![0; layout.width as usize * layout.height as usize * 3];
    if layout.planes == 1 {
        for chunk in &layout.chunks()? {
            units(layout, chunk, &conversion, &mut rows)?;
        }
    } else if layout.subsampling() == (1, 1) {
        let planes = planes(layout)?;
        let [y, cb, cr] = planes.as_slice() else {
            return Err(DecodeError::unreadable("a TIFF page with strips missing"));
        };
        let parts = y.rows.iter().zip(&cb.rows).zip(&cr.rows);
        for (pixel, ((y, cb), cr)) in rows.chunks_exact_mut(3).zip(parts) {
            pixel.copy_from_slice(&conversion.rgb(*y, *cb, *cr));
        }
    } else {
        return Err(DecodeError::unsupported("a TIFF image of subsampled chrominance in planes"));
    }
    let (width, height) = (layout.width, layout.height);
    Ok(Samples { width, height, bits: 8, colour: Colour::Rgb, inverted: false, rows })
}

/// Turns pixels of luminance and both chrominances into RGB.
pub(super) fn to_rgb(layout: &Layout<'_>, samples: &mut [u8]) {
    let conversion = Conversion::of(layout);
    for pixel in samples.chunks_exact_mut(3) {
        let rgb = conversion.rgb(pixel[0], pixel[1], pixel[2]);
        pixel.copy_from_slice(&rgb);
    }
}

/// One strip or tile: each unit holds its luminance samples row by row, then Cb, then Cr.
fn units(
    layout: &Layout<'_>,
    chunk: &Chunk<'_>,
    conversion: &Conversion,
    rows: &mut [u8],
) -> Result<(), DecodeError> {
    let (across, down) = layout.subsampling();
    if ![1, 2, 4].contains(&across) || ![1, 2, 4].contains(&down) {
        return Err(DecodeError::unreadable("a TIFF image of an impossible subsampling"));
    }
    let a_row = chunk.stored.0.div_ceil(across);
    let unit = (across * down + 2) as usize;
    let length = a_row as usize * chunk.stored.1.div_ceil(down) as usize * unit;
    let data = unpack(layout, chunk.data, length)?;
    for (number, unit) in (0_u32..).zip(data.chunks_exact(unit)) {
        let (left, top) = (number % a_row * across, number / a_row * down);
        let Some(([cb, cr], _)) = unit.split_last_chunk().map(|(rest, pair)| (pair, rest)) else {
            continue;
        };
        for (place, luminance) in (0_u32..).zip(&unit[..unit.len() - 2]) {
            let (x, y) = (left + place % across, top + place / across);
            if x < chunk.width && y < chunk.height {
                let pixel = (chunk.y + y) as usize * layout.width as usize + (chunk.x + x) as usize;
                rows[3 * pixel..3 * pixel + 3]
                    .copy_from_slice(&conversion.rgb(*luminance, *cb, *cr));
            }
        }
    }
    Ok(())
}

/// How the three become red, green and blue.
struct Conversion {
    weights: [f32; 3],
    reference: [f32; 6],
}

impl Conversion {
    fn of(layout: &Layout<'_>) -> Self {
        let read = |tag, at| layout.directory.fraction(layout.bytes, tag, at);
        let weights = [0, 1, 2].map(|at| read(tags::YCBCR_WEIGHTS, at).unwrap_or(WEIGHTS[at]));
        let reference = [0, 1, 2, 3, 4, 5]
            .map(|at| read(tags::REFERENCE_BLACK_WHITE, at).unwrap_or(REFERENCE[at]));
        let sound = weights.iter().all(|weight| *weight > 0.0 && *weight < 1.0)
            && reference.chunks(2).all(|pair| pair[1] - pair[0] >= 1.0);
        if sound {
            Self { weights, reference }
        } else {
            Self { weights: WEIGHTS, reference: REFERENCE }
        }
    }

    fn rgb(&self, y: u8, cb: u8, cr: u8) -> [u8; 3] {
        let [y_black, y_white, cb_black, cb_white, cr_black, cr_white] = self.reference;
        let scale = |code: u8, black: f32, white: f32, range: f32| {
            (f32::from(code) - black) * range / (white - black)
        };
        let y = scale(y, y_black, y_white, 255.0);
        let cb = scale(cb, cb_black, cb_white, 127.0);
        let cr = scale(cr, cr_black, cr_white, 127.0);
        let [red, green, blue] = self.weights;
        let r = cr * (2.0 - 2.0 * red) + y;
        let b = cb * (2.0 - 2.0 * blue) + y;
        let g = (y - blue * b - red * r) / green;
        [r, g, b].map(|value| value.round().clamp(0.0, 255.0) as u8)
    }
}
