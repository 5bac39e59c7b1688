//! JPEG in TIFF: each strip or tile made a complete JPEG, its tables spliced in; strips are joined
//! into one where that loses nothing.

use image::{DynamicImage, GrayImage, RgbImage, imageops};
use sohoa_document::{ArchiveImage, Colour};

use super::{
    directory::tags,
    layout::{Layout, photometric},
    pages::PageImages,
    plain,
};
use crate::{
    error::DecodeError,
    jpeg::{self, JpegHeader},
    jpeg_join::join,
    raster::flatten,
    samples::{Samples, encode_pixels},
};

/// Pieces kept as an image each. An A3 page in tiles of 256 pixels at 300 dpi has 300.
const MOST_PIECES: usize = 320;
/// Whole blocks reach past the edge of a strip or tile by less than this.
const BLOCK_SLACK: u32 = 64;

/// One complete JPEG, and its place on the page.
pub(super) struct Part {
    pub x: u32,
    pub y: u32,
    /// What it must hold at least.
    pub width: u32,
    pub height: u32,
    /// What it may hold at most, but for whole blocks.
    pub most: (u32, u32),
    pub stream: Vec<u8>,
}

/// What decoding a part gives.
struct Piece {
    place: [u32; 4],
    image: ArchiveImage,
    pixels: DynamicImage,
}

pub(super) fn page(layout: &Layout<'_>) -> Result<PageImages, DecodeError> {
    let tables = layout.directory.bytes(layout.bytes, tags::JPEG_TABLES);
    let chunks = layout.chunks()?;
    layout.check_tables(tables.map_or(0, <[u8]>::len), chunks.len())?;
    let most = chunks.first().map_or((0, 0), |chunk| chunk.stored);
    let direct = layout.photometric == photometric::RGB && layout.planes == 1;
    let mut parts: Vec<Vec<Part>> = (0..layout.planes).map(|_| Vec::new()).collect();
    for chunk in &chunks {
        let bare = jpeg::splice(tables, chunk.data, None)?;
        let header = JpegHeader::read(&bare)?;
        // Without a marker every reader takes three components for YCbCr.
        let stream = if direct && header.components == 3 && header.adobe.is_none() {
            jpeg::splice(tables, chunk.data, Some(0))?
        } else {
            bare
        };
        let (width, height) = (chunk.width, chunk.height);
        parts[chunk.plane].push(Part { x: chunk.x, y: chunk.y, width, height, most, stream });
    }
    match <[Vec<Part>; 1]>::try_from(parts) {
        Ok([parts]) => assemble(layout, parts),
        Err(planes) => parted(layout, planes),
    }
}

/// The page of parts that show all its colours.
pub(super) fn assemble(layout: &Layout<'_>, parts: Vec<Part>) -> Result<PageImages, DecodeError> {
    let count = parts.len();
    let mut budget = Budget::of(layout);
    let mut canvas = None;
    let mut images = Vec::new();
    for part in parts {
        let (x, y) = (part.x, part.y);
        let Piece { place, image, pixels } = piece(layout, part, &mut budget)?;
        if count == 1 && place == [0, 0, layout.width, layout.height] {
            return Ok((vec![(place, image)], pixels));
        }
        paste(canvas.get_or_insert_with(|| blank(layout, &pixels)), &pixels, x, y);
        // Edge pieces reach past the page; the page's own box cuts them.
        images.push((place, image));
    }
    let pixels = canvas.ok_or_else(|| DecodeError::unreadable("a TIFF page without image data"))?;
    if let Some(joined) = joined(layout, &images) {
        images = vec![joined];
    } else if images.len() > MOST_PIECES {
        images = vec![([0, 0, layout.width, layout.height], encode_pixels(&pixels)?)];
    }
    Ok((images, pixels))
}

/// The page of parts that show one colour each: decoded, and recompressed without loss.
fn parted(layout: &Layout<'_>, planes: Vec<Vec<Part>>) -> Result<PageImages, DecodeError> {
    let mut budget = Budget::of(layout);
    let mut rows = vec![0; layout.width as usize * layout.height as usize * layout.samples];
    for (number, parts) in planes.into_iter().enumerate() {
        let mut canvas = GrayImage::new(layout.width, layout.height);
        for part in parts {
            let (x, y) = (i64::from(part.x), i64::from(part.y));
            let (_, pixels) = decode(&part, &mut budget)?;
            let DynamicImage::ImageLuma8(pixels) = pixels else {
                return Err(DecodeError::unreadable("a plane of a TIFF that is not one colour"));
            };
            imageops::replace(&mut canvas, &pixels, x, y);
        }
        for (pixel, value) in rows.chunks_exact_mut(layout.samples).zip(canvas.as_raw()) {
            pixel[number] = *value;
        }
    }
    plain::of_bytes(layout, rows)
}

fn piece(layout: &Layout<'_>, part: Part, budget: &mut Budget) -> Result<Piece, DecodeError> {
    let (header, mut pixels) = decode(&part, budget)?;
    let place = [part.x, part.y, part.x + header.width, part.y + header.height];
    let inverted = layout.photometric == photometric::WHITE_IS_ZERO && header.components == 1;
    if inverted {
        pixels.invert();
    }
    let mut image = jpeg::archive(part.stream, &header)?;
    if image.colour == Colour::Cmyk {
        // In a TIFF ink is never stored inverted, marker or not.
        (image.inverted, image.codec) = (false, sohoa_document::Codec::Jpeg { inverted: false });
    }
    image.inverted |= inverted;
    image.icc = image.icc.or_else(|| layout.profile(&image.colour));
    Ok(Piece { place, image, pixels })
}

fn decode(part: &Part, budget: &mut Budget) -> Result<(JpegHeader, DynamicImage), DecodeError> {
    let header = JpegHeader::read(&part.stream)?;
    let most = (part.most.0.saturating_add(BLOCK_SLACK), part.most.1.saturating_add(BLOCK_SLACK));
    if header.width < part.width
        || header.height < part.height
        || header.width > most.0
        || header.height > most.1
    {
        return Err(DecodeError::unreadable("a JPEG strip of another size than its TIFF says"));
    }
    budget.spend(&header)?;
    header.check()?;
    if header.components == 4 {
        let rows = jpeg::inks(&part.stream, &header)?;
        let (width, height) = (header.width, header.height);
        let inks = Samples { width, height, bits: 8, colour: Colour::Cmyk, inverted: false, rows };
        return Ok((header, inks.to_pixels()?));
    }
    let pixels = flatten(jpeg::pixels(&part.stream)?);
    Ok((header, pixels))
}

/// Pixels that all parts of a page may have together: strips that lie over one another in the file
/// would else cost without bound.
struct Budget(u64);

impl Budget {
    fn of(layout: &Layout<'_>) -> Self {
        let shown = u64::from(layout.width) * u64::from(layout.height) * layout.planes as u64;
        Self(4 * shown + (1 << 24))
    }

    fn spend(&mut self, header: &JpegHeader) -> Result<(), DecodeError> {
        let pixels = u64::from(header.width) * u64::from(header.height);
        self.0 = self.0.checked_sub(pixels).ok_or_else(|| {
            DecodeError::unreadable("JPEG strips that hold far more than their TIFF page")
        })?;
        Ok(())
    }
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
