//! Colour spaces of PDF images, as far as an archived image can state them.

use hayro_syntax::object::{Array, Dict, Name, Object, Stream, String as PdfString};
use sohoa_document::Colour;

use super::claims::check_growth;
use crate::{error::DecodeError, jpeg::profile_fits};

/// A profile of a printing press has two megabytes; a table of 256 colours has less than ten
/// kilobytes.
const MOST_BESIDE_PIXELS: u64 = 32 << 20;
/// Spaces within spaces: a table of separations of a profile has three.
const MOST_NESTED: usize = 6;

/// A colour and the profile that belongs to it.
pub(super) struct Space {
    pub colour: Colour,
    pub icc: Option<Vec<u8>>,
}

/// The colour space of an image; `None` for one the archive has no word for.
pub(super) fn space(dict: &Dict<'_>) -> Option<Space> {
    let object = dict.get::<Object<'_>>("ColorSpace").or_else(|| dict.get::<Object<'_>>("CS"))?;
    resolve(object, 0)
}

/// Refuses a colour space with a profile or a table that unpacks without end.
pub(super) fn check_space(space: &Array<'_>) -> Result<(), DecodeError> {
    check_nested(space, MOST_NESTED)
}

fn check_nested(space: &Array<'_>, depth: usize) -> Result<(), DecodeError> {
    let Some(deeper) = depth.checked_sub(1) else { return Ok(()) };
    // The name, the space below, how many there are, and the table.
    for part in space.iter::<Object<'_>>().take(4) {
        match part {
            Object::Stream(stream) => check_growth(&stream, MOST_BESIDE_PIXELS)?,
            Object::Array(below) => check_nested(&below, deeper)?,
            _ => {}
        }
    }
    Ok(())
}

/// The colour space of an image's dictionary, checked.
pub(super) fn check_image_space(dict: &Dict<'_>) -> Result<(), DecodeError> {
    let space = dict.get::<Array<'_>>("ColorSpace").or_else(|| dict.get::<Array<'_>>("CS"));
    space.map_or(Ok(()), |space| check_space(&space))
}

fn resolve(object: Object<'_>, depth: u8) -> Option<Space> {
    match object {
        Object::Name(name) => device(&name),
        Object::Array(array) => {
            let name = array.iter::<Object<'_>>().next()?.into_name()?;
            match name.as_ref() {
                b"ICCBased" => profiled(&array),
                b"Indexed" | b"I" if depth == 0 => indexed(&array),
                _ => device(&name),
            }
        }
        _ => None,
    }
}

fn device(name: &Name<'_>) -> Option<Space> {
    let colour = match name.as_ref() {
        b"DeviceGray" | b"G" | b"CalGray" => Colour::Gray,
        b"DeviceRGB" | b"RGB" | b"CalRGB" => Colour::Rgb,
        b"DeviceCMYK" | b"CMYK" => Colour::Cmyk,
        _ => return None,
    };
    Some(Space { colour, icc: None })
}

fn profiled(array: &Array<'_>) -> Option<Space> {
    let Object::Stream(stream) = array.iter::<Object<'_>>().nth(1)? else { return None };
    let colour = match stream.dict().get::<i32>("N")? {
        1 => Colour::Gray,
        3 => Colour::Rgb,
        4 => Colour::Cmyk,
        _ => return None,
    };
    let icc = stream.decoded_data().ok().map(std::borrow::Cow::into_owned);
    Some(Space { icc: icc.filter(|profile| profile_fits(profile, &colour)), colour })
}

fn indexed(array: &Array<'_>) -> Option<Space> {
    let mut parts = array.iter::<Object<'_>>().skip(1);
    let base = resolve(parts.next()?, 1)?;
    let last = parts.next().and_then(|object| match object {
        Object::Number(number) => usize::try_from(number.as_i64()).ok(),
        _ => None,
    })?;
    let table = match parts.next()? {
        Object::String(table) => table_bytes(&table),
        Object::Stream(stream) => stream_bytes(&stream)?,
        _ => return None,
    };
    let entries = last.min(255) + 1;
    let palette = match base.colour {
        Colour::Rgb => table.get(..entries * 3)?.to_vec(),
        Colour::Gray => table.get(..entries)?.iter().flat_map(|grey| [*grey; 3]).collect(),
        _ => return None,
    };
    Some(Space { colour: Colour::Indexed { palette }, icc: base.icc })
}

fn table_bytes(table: &PdfString<'_>) -> Vec<u8> {
    table.as_bytes().to_vec()
}

fn stream_bytes(stream: &Stream<'_>) -> Option<Vec<u8>> {
    stream.decoded_data().ok().map(std::borrow::Cow::into_owned)
}
