//! The compressed stream of a PDF image as an archived image, untouched wherever that is possible.
//!
//! `None` means that it must be decoded and recompressed: an odd filter chain, a decode array that
//! is neither plain nor inverted, parameters that contradict the image.

use hayro_syntax::{
    Filter,
    object::{Array, Dict, Name, Stream},
};
use sohoa_document::{ArchiveImage, Codec, Colour};

use super::{
    colour::{Space, space},
    wrapped::unwrapped,
};
use crate::{jpeg::JpegHeader, jpx};

/// The image as its own stream holds it. `stencil` is a mask painted in black.
pub(super) fn original(stream: &Stream<'_>, stencil: bool) -> Option<ArchiveImage> {
    let dict = stream.dict();
    let (filter, params, data) = unwrapped(stream)?;
    let (width, height) = (number(dict, "Width", "W")?, number(dict, "Height", "H")?);
    let (codec, found) = codec(filter, &params, &data, (width, height))?;
    let stated =
        if stencil { Some(Space { colour: Colour::Gray, icc: None }) } else { space(dict) };
    let has_space = dict.contains_key("ColorSpace") || dict.contains_key("CS");
    let Space { colour, icc } = match (stated, found.channels) {
        (Some(space), Some(channels)) if space.colour.channels() != channels => return None,
        (Some(space), _) => space,
        (None, _) if has_space => return None,
        (None, channels) => Space { colour: by_channels(channels?)?, icc: None },
    };
    let bits = match found.bits {
        Some(bits) => bits,
        None if stencil => 1,
        None => u8::try_from(number(dict, "BitsPerComponent", "BPC")?).ok()?,
    };
    if let Codec::Flate { predictor } = codec
        && !flate_fits(predictor, &params, width, bits, colour.channels())
    {
        return None;
    }
    let inverted = inverted(dict, &colour)?;
    let codec = match codec {
        Codec::Jpeg { .. } => Codec::Jpeg { inverted: inverted && colour == Colour::Cmyk },
        codec => codec,
    };
    let icc = icc.map(serde_bytes::ByteBuf::from);
    Some(ArchiveImage {
        data: data.into_owned(),
        codec,
        width,
        height,
        bits,
        colour,
        inverted,
        icc,
        original_stream: true,
    })
}

/// What the compressed data itself says.
#[derive(Default)]
struct Found {
    channels: Option<u8>,
    bits: Option<u8>,
}

fn codec(
    filter: Filter,
    params: &Dict<'_>,
    data: &[u8],
    size: (u32, u32),
) -> Option<(Codec, Found)> {
    match filter {
        Filter::CcittFaxDecode => {
            let columns = params.get::<u32>("Columns").unwrap_or(1728);
            let flag = |key: &str| params.get::<bool>(key).unwrap_or(false);
            let codec = Codec::Ccitt {
                k: params.get::<i32>("K").unwrap_or(0),
                black_is_1: flag("BlackIs1"),
                byte_align: flag("EncodedByteAlign"),
                end_of_line: flag("EndOfLine"),
            };
            (columns == size.0).then_some((codec, Found { channels: Some(1), bits: Some(1) }))
        }
        Filter::DctDecode => {
            let header = JpegHeader::read(data).ok()?;
            header.check().ok()?;
            // A stated transform that the markers do not say would be lost.
            let transform = params.get::<i32>("ColorTransform");
            let silent = header.adobe.is_none() && header.components == 3;
            let said = !(silent && transform == Some(0));
            ((header.width, header.height) == size && said).then_some((
                Codec::Jpeg { inverted: false },
                Found { channels: Some(header.components), bits: Some(8) },
            ))
        }
        Filter::FlateDecode => {
            let predictor = params.get::<i32>("Predictor").unwrap_or(1);
            let predictor = match predictor {
                1 | 2 => predictor as u8,
                10..=15 => 15,
                _ => return None,
            };
            Some((Codec::Flate { predictor }, Found::default()))
        }
        Filter::Jbig2Decode => {
            let globals = match params.get::<Stream<'_>>("JBIG2Globals") {
                Some(stream) => stream.decoded_data().ok()?.into_owned(),
                None => Vec::new(),
            };
            Some((Codec::Jbig2 { globals }, Found { channels: Some(1), bits: Some(1) }))
        }
        Filter::JpxDecode => {
            let header = jpx::Header::read(data).filter(|header| header.alike)?;
            ((header.width, header.height) == size).then_some((
                Codec::Jpx,
                Found { channels: Some(header.channels), bits: Some(header.bits) },
            ))
        }
        _ => None,
    }
}

/// Whether the row shape the predictor was told is the image's.
fn flate_fits(predictor: u8, params: &Dict<'_>, width: u32, bits: u8, channels: u8) -> bool {
    let stated = |key: &str, usual: u32| params.get::<u32>(key).unwrap_or(usual);
    predictor == 1
        || (stated("Columns", 1) == width
            && stated("BitsPerComponent", 8) == u32::from(bits)
            && stated("Colors", 1) == u32::from(channels))
}

fn by_channels(channels: u8) -> Option<Colour> {
    match channels {
        1 => Some(Colour::Gray),
        3 => Some(Colour::Rgb),
        4 => Some(Colour::Cmyk),
        _ => None,
    }
}

/// Whether `/Decode` inverts; `None` when it does anything else.
fn inverted(dict: &Dict<'_>, colour: &Colour) -> Option<bool> {
    let decode = dict.get::<Array<'_>>("Decode").or_else(|| dict.get::<Array<'_>>("D"));
    let Some(decode) = decode else { return Some(false) };
    let values: Vec<f32> = decode.iter::<f32>().collect();
    if matches!(colour, Colour::Indexed { .. }) {
        // Anything but the plain range is a mapping of its own.
        return (values.first() == Some(&0.0)).then_some(false);
    }
    if values.chunks(2).all(|pair| pair == [0.0, 1.0]) {
        Some(false)
    } else if values.chunks(2).all(|pair| pair == [1.0, 0.0]) {
        Some(true)
    } else {
        None
    }
}

pub(super) fn number(dict: &Dict<'_>, key: &str, short: &str) -> Option<u32> {
    dict.get::<u32>(key).or_else(|| dict.get::<u32>(short))
}

/// Whether the filter chain ends in a codec that loses nothing.
pub(super) fn is_lossless(stream: &Stream<'_>) -> bool {
    !stream.filters().iter().any(|filter| matches!(filter, Filter::DctDecode | Filter::JpxDecode))
}

/// The name of an image's filter, for messages.
pub(super) fn filter_name(stream: &Stream<'_>) -> String {
    let name = stream.dict().get::<Name<'_>>("Filter").map(|name| name.as_str().to_owned());
    name.unwrap_or_else(|| "raw".to_owned())
}
