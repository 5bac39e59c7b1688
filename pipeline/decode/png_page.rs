//! A PNG file: one page; its compressed rows are archived as they are wherever PDF can hold them.

use std::{io::Cursor, sync::Arc};

use image::{DynamicImage, ImageDecoder, codecs::png::PngDecoder};
use sohoa_document::{ArchiveImage, Codec, Colour};

use crate::{
    error::DecodeError,
    exif::{self, Exif},
    limits::Limits,
    page::{DecodedPage, Keep, Pieces},
    paper_size::PaperSize,
    raster,
    samples::Samples,
    survey::{Format, Survey},
};

/// Millimetres of an inch, for `pHYs`, which counts pixels a metre.
const INCH_IN_METRES: f32 = 0.0254;

/// A profile of a printing press has two megabytes.
const MOST_BESIDE_PIXELS: u64 = 64 << 20;

pub(crate) struct PngFile {
    bytes: Arc<Vec<u8>>,
    header: PngHeader,
}

#[derive(Debug, Default)]
struct PngHeader {
    width: u32,
    height: u32,
    bits: u8,
    colour_type: u8,
    interlaced: bool,
    transparent: bool,
    palette: Vec<u8>,
    dpi: Option<(f32, f32)>,
    exif: Exif,
    /// Byte ranges of the IDAT chunks.
    data: Vec<std::ops::Range<usize>>,
}

impl PngFile {
    pub(crate) fn open(bytes: Arc<Vec<u8>>, limits: &Limits) -> Result<Self, DecodeError> {
        let header = PngHeader::read(&bytes)?;
        limits.check_pixels(u64::from(header.width), u64::from(header.height))?;
        Ok(Self { bytes, header })
    }

    pub(crate) fn survey(&self) -> Survey {
        let pixels = self.header.width as f32 * self.header.height as f32;
        Survey::of_images(Format::Png, vec![pixels / 1e6])
    }

    pub(crate) fn page(&self, keep: Keep) -> Result<DecodedPage, DecodeError> {
        let mut pixels = raster::flatten(self.pixels()?);
        let (mirrored, rotation) = exif::turn(self.header.exif.orientation.unwrap_or(1));
        if mirrored {
            pixels = pixels.fliph();
        }
        let image = match self.original().filter(|_| keep == Keep::Stream && !mirrored) {
            Some(image) => image,
            // Interlaced, transparent and mirrored pictures are recompressed without loss.
            None => Samples::of_pixels(&pixels).to_archive()?,
        };
        let dpi = self.header.dpi.or(self.header.exif.dpi);
        let size = PaperSize::new(self.header.width, self.header.height, dpi);
        Pieces::whole(image, pixels, rotation, size).into_page()
    }

    fn pixels(&self) -> Result<DynamicImage, DecodeError> {
        let broken = |error| DecodeError::unreadable(format!("its PNG data is broken ({error})"));
        // The size was checked: this bounds what texts and profiles in the file unpack to.
        let mut limits = image::Limits::no_limits();
        limits.max_alloc = Some(MOST_BESIDE_PIXELS + u64::from(self.header.width) * 16);
        let data = Cursor::new(self.bytes.as_slice());
        let mut decoder = PngDecoder::with_limits(data, limits).map_err(broken)?;
        decoder.set_limits(image::Limits::no_limits()).map_err(broken)?;
        DynamicImage::from_decoder(decoder).map_err(broken)
    }

    /// The file's own compressed rows: PNG's filters are PDF's predictor 15.
    fn original(&self) -> Option<ArchiveImage> {
        let header = &self.header;
        if header.interlaced || header.transparent {
            return None;
        }
        let colour = match header.colour_type {
            0 => Colour::Gray,
            2 => Colour::Rgb,
            3 => Colour::Indexed { palette: header.palette.clone() },
            _ => return None,
        };
        let data = header.data.iter().flat_map(|range| self.bytes[range.clone()].iter().copied());
        Some(ArchiveImage {
            data: data.collect(),
            codec: Codec::Flate { predictor: 15 },
            width: header.width,
            height: header.height,
            bits: header.bits,
            colour,
            inverted: false,
            icc: None,
            original_stream: true,
        })
    }
}

impl PngHeader {
    fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut header = Self::default();
        let mut at = 8;
        while let Some(head) = bytes.get(at..at + 8) {
            let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
            let range = at + 8..(at + 8).saturating_add(length);
            let Some(body) = bytes.get(range.clone()) else {
                return Err(DecodeError::unreadable("a PNG image that is cut short"));
            };
            match &head[4..] {
                b"IHDR" => header.image_header(body)?,
                b"PLTE" => header.palette = body.to_vec(),
                b"tRNS" => header.transparent = true,
                b"pHYs" => header.density(body),
                b"eXIf" => header.exif = Exif::read(body),
                b"IDAT" => header.data.push(range.clone()),
                b"IEND" => {
                    return if header.data.is_empty() {
                        Err(DecodeError::unreadable("a PNG image without data"))
                    } else {
                        Ok(header)
                    };
                }
                _ => {}
            }
            // Each chunk ends with a checksum of four bytes.
            at = range.end + 4;
        }
        Err(DecodeError::unreadable("a PNG image that is cut short"))
    }

    fn image_header(&mut self, body: &[u8]) -> Result<(), DecodeError> {
        let [w3, w2, w1, w0, h3, h2, h1, h0, bits, colour_type, _, _, interlace] = *body else {
            return Err(DecodeError::unreadable("a PNG image with a broken header"));
        };
        self.width = u32::from_be_bytes([w3, w2, w1, w0]);
        self.height = u32::from_be_bytes([h3, h2, h1, h0]);
        (self.bits, self.colour_type, self.interlaced) = (bits, colour_type, interlace != 0);
        Ok(())
    }

    fn density(&mut self, body: &[u8]) {
        let [x3, x2, x1, x0, y3, y2, y1, y0, 1] = *body else { return };
        let x = u32::from_be_bytes([x3, x2, x1, x0]) as f32 * INCH_IN_METRES;
        let y = u32::from_be_bytes([y3, y2, y1, y0]) as f32 * INCH_IN_METRES;
        self.dpi = Some((x, y));
    }
}
