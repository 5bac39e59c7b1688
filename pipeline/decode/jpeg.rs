//! JPEG markers: size, components, density, EXIF and the tables that a TIFF keeps apart.
//!
//! Only what decides how the untouched stream is archived; the samples are decoded elsewhere.

use std::borrow::Cow;

use image::{DynamicImage, ImageDecoder, codecs::jpeg::JpegDecoder};
use sohoa_document::{ArchiveImage, Codec, Colour};
use zune_jpeg::{
    JpegDecoder as JpegDecoder4,
    zune_core::{bytestream::ZCursor, options::DecoderOptions},
};

use crate::{error::DecodeError, exif::Exif, jpeg_whole};

/// What the markers before the first scan say.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct JpegHeader {
    pub width: u32,
    pub height: u32,
    pub components: u8,
    /// Bits a sample; PDF and every common decoder take 8.
    pub precision: u8,
    /// Lossless and arithmetic-coded frames, which PDF cannot hold.
    pub exotic: bool,
    /// The colour transform of an Adobe marker, if there is one.
    pub adobe: Option<u8>,
    /// Dots per inch of the JFIF or EXIF density.
    pub dpi: Option<(f32, f32)>,
    pub exif: Exif,
    /// ICC profile, when it is whole.
    pub icc: Option<Vec<u8>>,
}

impl JpegHeader {
    /// Reads markers up to the first scan.
    pub(crate) fn read(data: &[u8]) -> Result<Self, DecodeError> {
        let mut header = Self::default();
        let mut profile: Vec<(u8, &[u8])> = Vec::new();
        let mut framed = false;
        for segment in Segments::of(data)? {
            let (marker, body) = segment?;
            match marker {
                0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                    header.frame(marker, body)?;
                    framed = true;
                }
                0xe0 if body.starts_with(b"JFIF\0") => header.jfif(body),
                0xe1 if body.starts_with(b"Exif\0\0") => header.exif = Exif::read(&body[6..]),
                0xe2 if body.starts_with(b"ICC_PROFILE\0") && body.len() > 14 => {
                    profile.push((body[12], &body[14..]));
                }
                0xee if body.starts_with(b"Adobe") => header.adobe = body.get(11).copied(),
                _ => {}
            }
        }
        if !framed {
            return Err(DecodeError::unreadable("a JPEG image without a frame"));
        }
        header.dpi = header.dpi.or(header.exif.dpi);
        profile.sort_by_key(|(order, _)| *order);
        if !profile.is_empty() {
            header.icc =
                Some(profile.into_iter().flat_map(|(_, part)| part.iter().copied()).collect());
        }
        Ok(header)
    }

    fn frame(&mut self, marker: u8, body: &[u8]) -> Result<(), DecodeError> {
        let [precision, h1, h0, w1, w0, components, ..] = *body else {
            return Err(DecodeError::unreadable("a JPEG frame that is cut short"));
        };
        self.precision = precision;
        self.height = u32::from(u16::from_be_bytes([h1, h0]));
        self.width = u32::from(u16::from_be_bytes([w1, w0]));
        self.components = components;
        self.exotic = !matches!(marker, 0xc0..=0xc2);
        Ok(())
    }

    fn jfif(&mut self, body: &[u8]) {
        let Some([unit, x1, x0, y1, y0]) = body.get(7..12) else { return };
        let x = f32::from(u16::from_be_bytes([*x1, *x0]));
        let y = f32::from(u16::from_be_bytes([*y1, *y0]));
        self.dpi = match unit {
            1 => Some((x, y)),
            2 => Some((x * 2.54, y * 2.54)),
            _ => None,
        };
    }

    /// The colour a reader shows, by the number of components.
    pub(crate) fn colour(&self) -> Result<Colour, DecodeError> {
        match self.components {
            1 => Ok(Colour::Gray),
            3 => Ok(Colour::Rgb),
            4 => Ok(Colour::Cmyk),
            count => Err(DecodeError::unsupported(format!("a JPEG image of {count} components"))),
        }
    }

    /// Refuses what a PDF cannot hold.
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        if self.exotic {
            return Err(DecodeError::unsupported("a lossless or arithmetic-coded JPEG image"));
        }
        if self.precision != 8 {
            return Err(DecodeError::unsupported(format!(
                "a JPEG image of {} bits",
                self.precision
            )));
        }
        Ok(())
    }
}

/// The untouched stream as archived.
pub(crate) fn archive(data: Vec<u8>, header: &JpegHeader) -> Result<ArchiveImage, DecodeError> {
    header.check()?;
    let colour = header.colour()?;
    // Adobe's own writers store CMYK inverted, and mark the file.
    let inverted = colour == Colour::Cmyk && header.adobe.is_some();
    let icc = header.icc.clone().filter(|profile| profile_fits(profile, &colour));
    Ok(ArchiveImage {
        data,
        codec: Codec::Jpeg { inverted },
        width: header.width,
        height: header.height,
        bits: 8,
        colour,
        inverted,
        icc: icc.map(serde_bytes::ByteBuf::from),
        original_stream: true,
    })
}

/// Whether an ICC profile describes samples of this colour.
pub(crate) fn profile_fits(profile: &[u8], colour: &Colour) -> bool {
    let wanted: &[u8] = match colour {
        Colour::Cmyk => b"CMYK",
        Colour::Gray => b"GRAY",
        Colour::Rgb | Colour::Indexed { .. } => b"RGB ",
    };
    let declared =
        profile.get(..4).map(|size| u32::from_be_bytes([size[0], size[1], size[2], size[3]]));
    profile.get(36..40) == Some(b"acsp")
        && profile.get(16..20) == Some(wanted)
        && declared.is_some_and(|size| size as usize <= profile.len())
}

/// Decodes to grey or RGB; a stream that ends early or breaks is an error, not a half-grey page.
pub(crate) fn pixels(data: &[u8]) -> Result<DynamicImage, DecodeError> {
    let broken = |error| DecodeError::unreadable(format!("its JPEG data is broken ({error})"));
    let data = whole(data)?;
    let mut decoder = JpegDecoder::new(std::io::Cursor::new(data)).map_err(broken)?;
    // The caller checked the size against its own limits.
    decoder.set_limits(image::Limits::no_limits()).map_err(broken)?;
    DynamicImage::from_decoder(decoder).map_err(broken)
}

/// Decodes four components to cyan, magenta, yellow and black as they are stored.
pub(crate) fn inks(data: &[u8], header: &JpegHeader) -> Result<Vec<u8>, DecodeError> {
    let broken = |error| DecodeError::unreadable(format!("its JPEG data is broken ({error})"));
    let data = whole(data)?;
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder4::new_with_options(ZCursor::new(data.as_ref()), options);
    decoder.decode_headers().map_err(broken)?;
    let stored = decoder.input_colorspace().filter(|space| space.num_components() == 4);
    let stored = stored.ok_or_else(|| DecodeError::unreadable("a JPEG image without four inks"))?;
    decoder.set_options(options.jpeg_set_out_colorspace(stored));
    let mut samples = decoder.decode().map_err(broken)?;
    if header.adobe == Some(2) {
        samples.chunks_exact_mut(4).for_each(to_inks);
    }
    Ok(samples)
}

/// Luminance and chrominance of the inverse of cyan, magenta and yellow.
fn to_inks(pixel: &mut [u8]) {
    let [y, cb, cr] = [0, 1, 2].map(|at| f32::from(pixel[at]));
    let (cb, cr) = (cb - 128.0, cr - 128.0);
    let rgb = [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb];
    for (ink, light) in pixel.iter_mut().zip(rgb) {
        *ink = 255 - light.round().clamp(0.0, 255.0) as u8;
    }
}

/// The stream with its end marker, which the decoder needs to find the last rows.
///
/// # Errors
/// Data that is broken or cut short.
fn whole(data: &[u8]) -> Result<Cow<'_, [u8]>, DecodeError> {
    if !is_whole(data, None) {
        return Err(DecodeError::unreadable("its JPEG data is broken or cut short"));
    }
    let marked = after_scan_header(data).is_some_and(ends);
    Ok(if marked { Cow::Borrowed(data) } else { Cow::Owned([data, &[0xff, 0xd9]].concat()) })
}

/// Whether a stream holds its whole picture; `shown` is the size that a file around it states.
pub(crate) fn is_whole(data: &[u8], shown: Option<(u32, u32)>) -> bool {
    jpeg_whole::is_whole(data, shown).unwrap_or_else(|| after_scan_header(data).is_some_and(ends))
}

/// Whether the end marker follows; scanners append padding and thumbnails' leftovers after it.
pub(crate) fn ends(scans: &[u8]) -> bool {
    scans.windows(2).rev().take(1 << 16).any(|pair| pair == [0xff, 0xd9])
}

/// What follows the header of the first scan.
pub(crate) fn after_scan_header(stream: &[u8]) -> Option<&[u8]> {
    let mut segments = Segments::of(stream).ok()?;
    while segments.next().is_some() {}
    let [0xff, 0xda, high, low, ..] = *segments.rest() else { return None };
    segments.rest().get(2 + usize::from(u16::from_be_bytes([high, low]))..)
}

/// Makes an abbreviated stream complete: its tables, and an Adobe marker that says the transform.
pub(crate) fn splice(
    tables: Option<&[u8]>,
    stream: &[u8],
    transform: Option<u8>,
) -> Result<Vec<u8>, DecodeError> {
    let body = stream
        .strip_prefix(&[0xff, 0xd8])
        .ok_or_else(|| DecodeError::unreadable("a strip that is no JPEG stream"))?;
    let mut out = vec![0xff, 0xd8];
    if let Some(transform) = transform {
        out.extend([0xff, 0xee, 0, 14]);
        out.extend(b"Adobe");
        out.extend([0, 100, 0, 0, 0, 0, transform]);
    }
    if let Some(tables) = tables {
        let inner = tables.strip_prefix(&[0xff, 0xd8]).unwrap_or(tables);
        out.extend(inner.strip_suffix(&[0xff, 0xd9]).unwrap_or(inner));
    }
    out.extend(body);
    Ok(out)
}

/// Marker segments up to the first scan.
pub(crate) struct Segments<'a> {
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    /// From the start mark of a stream on.
    pub(crate) fn of(data: &'a [u8]) -> Result<Self, DecodeError> {
        let rest = data
            .strip_prefix(&[0xff, 0xd8])
            .ok_or_else(|| DecodeError::unreadable("a JPEG image without its start marker"))?;
        Ok(Self { rest })
    }

    /// From anywhere between two segments on.
    pub(crate) fn after(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// What follows the last segment given: after all of them, the header of the scan.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Result<(u8, &'a [u8]), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let [0xff, marker, after @ ..] = self.rest else {
                // Garbage between segments is skipped, as every reader does.
                let skip = self.rest.iter().skip(1).position(|byte| *byte == 0xff)?;
                self.rest = &self.rest[skip + 1..];
                continue;
            };
            match marker {
                0xda | 0xd9 => return None,
                0xff => self.rest = &self.rest[1..],
                0x00 | 0x01 | 0xd0..=0xd8 => self.rest = after,
                _ => {
                    let cut = || DecodeError::unreadable("a JPEG image cut within its header");
                    let Some(length) = after.get(..2) else { return Some(self.stop(cut())) };
                    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                    let Some(body) = after.get(2..length.max(2)) else {
                        return Some(self.stop(cut()));
                    };
                    self.rest = &after[length.max(2)..];
                    return Some(Ok((*marker, body)));
                }
            }
        }
    }
}

impl<'a> Segments<'a> {
    fn stop(&mut self, error: DecodeError) -> Result<(u8, &'a [u8]), DecodeError> {
        self.rest = &[];
        Err(error)
    }
}
