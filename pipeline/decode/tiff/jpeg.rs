//! JPEG in TIFF: each strip or tile made a complete JPEG, its tables spliced in; strips are joined
//! into one where that loses nothing.

use image::{DynamicImage, RgbImage, imageops};
use sohoa_document::{ArchiveImage, Colour};

use super::{
    directory::tags,
    pages::{Layout, PageImages},
    plain,
};
use crate::{
    error::DecodeError,
    jpeg::{self, JpegHeader},
    jpeg_join::join,
    raster::flatten,
    samples::encode_pixels,
};

/// Pieces kept as an image each. An A3 page in tiles of 256 pixels at 300 dpi has 300.
const MOST_PIECES: usize = 320;
const PHOTOMETRIC_WHITE_IS_ZERO: u64 = 0;
const PHOTOMETRIC_RGB: u64 = 2;

pub(super) fn page(layout: &Layout<'_>) -> Result<PageImages, DecodeError> {
    if layout.number(tags::PLANAR) == Some(2) && layout.number(tags::SAMPLES).unwrap_or(1) > 1 {
        return Err(DecodeError::unsupported("a JPEG TIFF with its colours in separate planes"));
    }
    let tables = layout.directory.bytes(layout.bytes, tags::JPEG_TABLES);
    let chunks = layout.chunks()?;
    let mut canvas = None;
    let mut images = Vec::new();
    for chunk in &chunks {
        let bare = jpeg::splice(tables, chunk.data, None)?;
        let header = JpegHeader::read(&bare)?;
        if header.width < chunk.width
            || header.height < chunk.height
            || header.width > layout.width.next_multiple_of(4096)
        {
            return Err(DecodeError::unreadable("a JPEG strip of another size than its TIFF says"));
        }
        // Without a marker every reader takes three components for YCbCr.
        let direct = layout.photometric == PHOTOMETRIC_RGB && header.components == 3;
        let complete = if direct && header.adobe.is_none() {
            jpeg::splice(tables, chunk.data, Some(0))?
        } else {
            bare
        };
        let mut pixels = flatten(jpeg::pixels(&complete)?);
        let inverted = layout.photometric == PHOTOMETRIC_WHITE_IS_ZERO && header.components == 1;
        if inverted {
            pixels.invert();
        }
        if chunks.len() == 1
            && header.components != 4
            && (header.width, header.height) == (layout.width, layout.height)
        {
            let image = archive(complete, &header, inverted)?;
            return Ok((vec![([0, 0, layout.width, layout.height], image)], pixels));
        }
        paste(canvas.get_or_insert_with(|| blank(layout, &pixels)), &pixels, chunk.x, chunk.y);
        // Edge pieces reach past the page; the page's own box cuts them.
        let place = [chunk.x, chunk.y, chunk.x + header.width, chunk.y + header.height];
        images.push((place, archive(complete, &header, inverted)?));
    }
    let mut pixels =
        canvas.ok_or_else(|| DecodeError::unreadable("a TIFF page without image data"))?;
    if images.iter().any(|(_, image)| image.colour == Colour::Cmyk) {
        // Read alone, a strip would be taken for Adobe's inverted CMYK.
        pixels = plain::page(layout)?.1;
    }
    if let Some(joined) = joined(layout, &images) {
        images = vec![joined];
    } else if images.len() > MOST_PIECES {
        images = vec![([0, 0, layout.width, layout.height], encode_pixels(&pixels)?)];
    }
    Ok((images, pixels))
}

/// The strips of a page as one JPEG, where that loses nothing.
fn joined(
    layout: &Layout<'_>,
    images: &[([u32; 4], ArchiveImage)],
) -> Option<([u32; 4], ArchiveImage)> {
    let (_, first) = images.first()?;
    if images.len() < 2 || images.iter().any(|(place, _)| place[0] != 0 || place[2] != layout.width)
    {
        return None;
    }
    let strips: Vec<&[u8]> = images.iter().map(|(_, image)| image.data.as_slice()).collect();
    let data = join(&strips)?;
    let header = JpegHeader::read(&data).ok().filter(|header| header.height == layout.height)?;
    let image = ArchiveImage { data, height: header.height, ..first.clone() };
    Some(([0, 0, layout.width, layout.height], image))
}

fn archive(
    data: Vec<u8>,
    header: &JpegHeader,
    inverted: bool,
) -> Result<ArchiveImage, DecodeError> {
    let image = jpeg::archive(data, header)?;
    let inverted = inverted || image.inverted;
    Ok(ArchiveImage { inverted, ..image })
}

fn blank(layout: &Layout<'_>, like: &DynamicImage) -> DynamicImage {
    if like.color().has_color() {
        DynamicImage::ImageRgb8(RgbImage::new(layout.width, layout.height))
    } else {
        DynamicImage::new_luma8(layout.width, layout.height)
    }
}

fn paste(canvas: &mut DynamicImage, piece: &DynamicImage, x: u32, y: u32) {
    let (x, y) = (i64::from(x), i64::from(y));
    match canvas {
        DynamicImage::ImageLuma8(canvas) => imageops::replace(canvas, &piece.to_luma8(), x, y),
        DynamicImage::ImageRgb8(canvas) => imageops::replace(canvas, &piece.to_rgb8(), x, y),
        _ => {}
    }
}
