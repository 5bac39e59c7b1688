//! Strips and tiles put together into the rows of a page, a plane each.

use super::{
    directory::tags,
    layout::{Chunk, Layout},
    unpack::unpack,
};
use crate::error::DecodeError;

/// Rows of packed samples, each from a byte on.
pub(super) struct Plane {
    pub stride: usize,
    pub rows: Vec<u8>,
}

/// Decodes every plane of a page whose samples are packed in rows.
pub(super) fn planes(layout: &Layout<'_>) -> Result<Vec<Plane>, DecodeError> {
    let chunks = layout.chunks()?;
    let pixel_bits = usize::from(layout.bits) * (layout.samples / layout.planes);
    let stride = (layout.width as usize * pixel_bits).div_ceil(8);
    let mut planes: Vec<Plane> = Vec::with_capacity(layout.planes);
    for chunk in &chunks {
        if planes.len() == chunk.plane {
            let rows = Vec::with_capacity(stride * layout.height as usize);
            planes.push(Plane { stride, rows });
        }
        let Some(plane) = planes.last_mut() else { continue };
        place(layout, chunk, pixel_bits, plane)?;
    }
    Ok(planes)
}

fn place(
    layout: &Layout<'_>,
    chunk: &Chunk<'_>,
    pixel_bits: usize,
    plane: &mut Plane,
) -> Result<(), DecodeError> {
    let stored = (chunk.stored.0 as usize * pixel_bits).div_ceil(8);
    let data = unpack(layout, chunk.data, stored * chunk.stored.1 as usize)?;
    let mut data = data;
    if predicted(layout)? {
        for row in data.to_mut().chunks_exact_mut(stored.max(1)) {
            add_up(layout, row);
        }
    }
    let end = (chunk.y + chunk.height) as usize * plane.stride;
    if plane.rows.len() < end {
        plane.rows.resize(end, 0);
    }
    let from = chunk.x as usize * pixel_bits;
    if !from.is_multiple_of(8) {
        return Err(DecodeError::unsupported("a TIFF image in tiles of an odd width"));
    }
    let (from, length) = (from / 8, (chunk.width as usize * pixel_bits).div_ceil(8));
    let rows = data.chunks_exact(stored.max(1)).take(chunk.height as usize);
    for (row, y) in rows.zip(chunk.y as usize..) {
        let start = y * plane.stride + from;
        plane.rows[start..start + length].copy_from_slice(&row[..length]);
    }
    Ok(())
}

/// Whether each sample is stored as its difference to the one before.
fn predicted(layout: &Layout<'_>) -> Result<bool, DecodeError> {
    if !matches!(layout.compression, 5 | 8 | 32946) {
        return Ok(false);
    }
    match layout.number(tags::PREDICTOR).unwrap_or(1) {
        1 => Ok(false),
        2 if matches!(layout.bits, 8 | 16) => Ok(true),
        other => Err(DecodeError::unsupported(format!(
            "a TIFF image of {} bits with predictor {other}",
            layout.bits
        ))),
    }
}

fn add_up(layout: &Layout<'_>, row: &mut [u8]) {
    let step = layout.samples / layout.planes;
    if layout.bits == 8 {
        for at in step..row.len() {
            row[at] = row[at].wrapping_add(row[at - step]);
        }
        return;
    }
    let little = layout.little();
    let read =
        |pair: [u8; 2]| if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
    let write = |sum: u16| if little { sum.to_le_bytes() } else { sum.to_be_bytes() };
    for at in step..row.len() / 2 {
        let before = read([row[2 * (at - step)], row[2 * (at - step) + 1]]);
        let sum = read([row[2 * at], row[2 * at + 1]]).wrapping_add(before);
        row[2 * at..2 * at + 2].copy_from_slice(&write(sum));
    }
}
