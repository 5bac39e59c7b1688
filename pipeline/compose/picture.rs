//! An archived image as a PDF image object: its stream as it came, its dictionary made here.
//!
//! What PDF/A-2b cannot hold is found before anything is written.

use std::{borrow::Cow, io::Write};

use pdf_writer::{
    Chunk, Filter, Finish, Name, Obj, Ref, Str,
    types::Predictor,
    writers::{DecodeParms, ImageXObject},
};
use sohoa_document::{ArchiveImage, Codec, Colour};

use crate::{error::ComposeError, icc, jpeg, jpx, objects::Objects, shared::Shared};

/// Far above any scanner, and within what a decoder can multiply.
const MAX_SIDE: u32 = 100_000;
/// Lengths are signed 32-bit numbers in PDF.
const MAX_BYTES: usize = i32::MAX as usize;

/// An image found fit for PDF/A-2b.
pub(crate) struct Picture<'a> {
    image: &'a ArchiveImage,
    /// The stream; owned only where boxes were put around it.
    data: Cow<'a, [u8]>,
    /// The embedded profile, when it fits.
    profile: Option<&'a [u8]>,
    /// A JPEG of red, green and blue that does not say so.
    plain_rgb: bool,
}

/// Objects that a picture's dictionary points to.
struct Links {
    profile: Option<Ref>,
    globals: Option<Ref>,
}

impl<'a> Picture<'a> {
    /// Checks the image with number `index` of its page.
    pub(crate) fn of(index: usize, image: &'a ArchiveImage) -> Result<Self, ComposeError> {
        let not_held = |reason| ComposeError::NotHeld { image: index, reason };
        check_samples(image).map_err(not_held)?;
        let base = if matches!(image.colour, Colour::Indexed { .. }) {
            3
        } else {
            image.colour.channels()
        };
        let profile =
            image.icc.as_ref().map(|icc| icc.as_slice()).filter(|icc| icc::fits(icc, base));
        if image.colour == Colour::Cmyk && profile.is_none() {
            return Err(ComposeError::CmykNeedsRecode { image: index });
        }
        let mut picture =
            Self { image, data: Cow::Borrowed(&image.data), profile, plain_rgb: false };
        picture.check_stream().map_err(not_held)?;
        if picture.data.len() > MAX_BYTES {
            return Err(not_held("the stream is longer than 2 GB"));
        }
        Ok(picture)
    }

    fn check_stream(&mut self) -> Result<(), &'static str> {
        let image = self.image;
        let bitonal = image.bits == 1 && image.colour.channels() == 1;
        let found = match &image.codec {
            Codec::Ccitt { .. } if !bitonal => return Err("a fax image has one bit a pixel"),
            Codec::Jbig2 { .. } if !bitonal => return Err("a JBIG2 image has one bit a pixel"),
            Codec::Jbig2 { .. } if image.data.starts_with(b"\x97JB2\r\n\x1a\n") => {
                return Err("the JBIG2 stream is a file of its own");
            }
            Codec::Flate { predictor } if !matches!(predictor, 1 | 2 | 10..=15) => {
                return Err("the predictor is unknown");
            }
            Codec::Ccitt { .. } | Codec::Flate { .. } | Codec::Jbig2 { .. } => return Ok(()),
            Codec::Jpeg { .. } if image.bits != 8 => return Err("a JPEG has 8 bits a sample"),
            Codec::Jpeg { .. } => {
                let frame = jpeg::frame(&image.data)?;
                self.plain_rgb = frame.plain_rgb;
                (frame.width, frame.height, frame.channels)
            }
            Codec::Jpx if image.inverted || matches!(image.colour, Colour::Indexed { .. }) => {
                return Err("a JPEG 2000 image is neither inverted nor indexed");
            }
            Codec::Jpx => {
                let held = jpx::hold(&image.data)?;
                self.data = held.data;
                (held.width, held.height, held.channels)
            }
        };
        if found != (image.width, image.height, image.colour.channels()) {
            return Err("size or channels differ between the stream and its description");
        }
        Ok(())
    }

    /// Writes the image and what it points to; returns the image's number.
    pub(crate) fn write<W: Write>(
        &self,
        objects: &mut Objects<W>,
        shared: &mut Shared,
    ) -> Result<Ref, ComposeError> {
        let profile = match self.profile {
            Some(icc) => {
                let base = if self.image.colour == Colour::Gray { 1 } else { 3 };
                let channels = if self.image.colour == Colour::Cmyk { 4 } else { base };
                Some(shared.profile(objects, icc, channels)?)
            }
            None => None,
        };
        let globals = match &self.image.codec {
            Codec::Jbig2 { globals } if !globals.is_empty() => {
                Some(shared.stream(objects, globals)?)
            }
            _ => None,
        };
        let id = objects.reserve()?;
        objects.put(id, |chunk| self.fill(chunk, id, &Links { profile, globals }))?;
        Ok(id)
    }

    fn fill(&self, chunk: &mut Chunk, id: Ref, links: &Links) {
        chunk.reserve(self.data.len() + 1024);
        let image = self.image;
        let mut object = chunk.image_xobject(id, &self.data);
        object.width(image.width as i32).height(image.height as i32);
        // JPEG 2000 tells depth and colour itself; only a profile from outside it is added.
        if image.codec != Codec::Jpx {
            object.bits_per_component(i32::from(image.bits));
        }
        if image.codec != Codec::Jpx || links.profile.is_some() {
            write_colour(object.insert(Name(b"ColorSpace")), &image.colour, links.profile);
        }
        let top = match &image.colour {
            Colour::Indexed { .. } => f32::from((1u16 << image.bits) - 1),
            _ => 1.0,
        };
        let stored_inverted =
            image.colour == Colour::Cmyk && matches!(image.codec, Codec::Jpeg { inverted: true });
        if image.inverted || stored_inverted {
            object.decode([top, 0.0].repeat(usize::from(image.colour.channels())));
        }
        self.write_filter(&mut object, links);
        object.finish();
    }

    fn write_filter(&self, object: &mut ImageXObject<'_>, links: &Links) {
        let image = self.image;
        let (width, height) = (image.width as i32, image.height as i32);
        match image.codec {
            Codec::Ccitt { k, black_is_1, byte_align, end_of_line } => {
                object.filter(Filter::CcittFaxDecode);
                let mut parms = object.decode_parms();
                parms.k(k).columns(width).rows(height).black_is_1(black_is_1);
                parms.encoded_byte_align(byte_align).end_of_line(end_of_line);
                // Scanners leave the end mark out; the count of rows always ends the image.
                parms.end_of_block(false);
            }
            Codec::Flate { predictor } => {
                object.filter(Filter::FlateDecode);
                if predictor > 1 {
                    let mut parms = object.decode_parms();
                    predict(&mut parms, predictor);
                    parms.colors(i32::from(image.colour.channels()));
                    parms.bits_per_component(i32::from(image.bits)).columns(width);
                }
            }
            Codec::Jbig2 { .. } => {
                object.filter(Filter::Jbig2Decode);
                if let Some(globals) = links.globals {
                    object.decode_parms().jbig2_globals(globals);
                }
            }
            Codec::Jpeg { .. } => {
                object.filter(Filter::DctDecode);
                if self.plain_rgb {
                    object.decode_parms().color_transform(false);
                }
            }
            Codec::Jpx => {
                object.filter(Filter::JpxDecode);
            }
        }
    }
}

fn check_samples(image: &ArchiveImage) -> Result<(), &'static str> {
    let sides = 1..=MAX_SIDE;
    if !sides.contains(&image.width) || !sides.contains(&image.height) {
        return Err("a side is not between 1 and 100,000 pixels");
    }
    if image.data.is_empty() {
        return Err("the stream is empty");
    }
    if !matches!(image.bits, 1 | 2 | 4 | 8 | 16) {
        return Err("samples are of 1, 2, 4, 8 or 16 bits");
    }
    if let Colour::Indexed { palette } = &image.colour {
        let whole = !palette.is_empty() && palette.len() % 3 == 0;
        if image.bits > 8 || !whole || palette.len() / 3 > 1 << image.bits {
            return Err("the palette does not fit its indexes");
        }
    }
    Ok(())
}

fn predict(parms: &mut DecodeParms<'_>, predictor: u8) {
    parms.predictor(match predictor {
        2 => Predictor::Tiff,
        10 => Predictor::PngNone,
        11 => Predictor::PngSub,
        12 => Predictor::PngUp,
        13 => Predictor::PngAverage,
        14 => Predictor::PngPaeth,
        _ => Predictor::PngOptimum,
    });
}

/// Device colours are covered by the output intent, which is why CMYK is never one.
fn write_colour(object: Obj<'_>, colour: &Colour, profile: Option<Ref>) {
    match (colour, profile) {
        (Colour::Indexed { palette }, _) => {
            let mut array = object.array();
            array.item(Name(b"Indexed"));
            write_colour(array.push(), &Colour::Rgb, profile);
            array.item((palette.len() / 3) as i32 - 1).item(Str(palette));
        }
        (_, Some(profile)) => {
            object.array().item(Name(b"ICCBased")).item(profile);
        }
        (Colour::Gray, None) => object.primitive(Name(b"DeviceGray")),
        (_, None) => object.primitive(Name(b"DeviceRGB")),
    }
}
