//! Filters around the one that compresses an image: text encodings and zlib, undone.

use std::{borrow::Cow, io::Read};

use flate2::read::ZlibDecoder;
use hayro_syntax::{
    Filter,
    object::{Dict, Object, Stream},
};

/// An image's stream inside zlib may be this long; a raw page of A0 in colour has 400 MB.
const MOST_UNWRAPPED: u64 = 1 << 29;

/// The last filter of a stream, its parameters, and its data with the filters before it undone;
/// `None` when one of those is no mere wrapping.
pub(super) fn unwrapped<'a>(stream: &Stream<'a>) -> Option<(Filter, Dict<'a>, Cow<'a, [u8]>)> {
    let filters = stream.filters();
    let mut filters: Vec<Filter> =
        filters.iter().copied().filter(|filter| *filter != Filter::Crypt).collect();
    let last = filters.pop()?;
    let mut data = stream.raw_data();
    for (at, filter) in filters.iter().enumerate() {
        data = Cow::Owned(match filter {
            Filter::AsciiHexDecode => hexadecimal(&data)?,
            Filter::Ascii85Decode => base_85(&data)?,
            // A predictor inside is for rows of samples, not for a stream.
            Filter::FlateDecode if parameters(stream, at).is_empty() => {
                let mut inner = Vec::new();
                ZlibDecoder::new(&*data).take(MOST_UNWRAPPED).read_to_end(&mut inner).ok()?;
                inner
            }
            _ => return None,
        });
    }
    Some((last, parameters(stream, stream.filters().len().checked_sub(1)?), data))
}

/// The first filter of a stream that is no text encoding, and the data it is given; `None` when
/// the text before it is broken.
pub(super) fn first_packed<'a>(
    stream: &Stream<'a>,
    filters: &[Filter],
) -> Option<(Option<Filter>, Cow<'a, [u8]>)> {
    let mut data = stream.raw_data();
    for filter in filters.iter().filter(|filter| **filter != Filter::Crypt) {
        data = Cow::Owned(match filter {
            Filter::AsciiHexDecode => hexadecimal(&data)?,
            Filter::Ascii85Decode => base_85(&data)?,
            other => return Some((Some(*other), data)),
        });
    }
    Some((None, data))
}

/// The parameters of the filter with this number.
pub(super) fn parameters<'a>(stream: &Stream<'a>, at: usize) -> Dict<'a> {
    let dict = stream.dict();
    let object = dict.get::<Object<'_>>("DecodeParms").or_else(|| dict.get::<Object<'_>>("DP"));
    match object {
        Some(Object::Dict(params)) if at == 0 => params,
        Some(Object::Array(all)) => {
            all.iter::<Object<'_>>().nth(at).and_then(Object::into_dict).unwrap_or_default()
        }
        _ => Dict::default(),
    }
}

fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut half = None;
    for byte in text.iter().take_while(|byte| **byte != b'>') {
        if byte.is_ascii_whitespace() || *byte == 0 {
            continue;
        }
        let digit = char::from(*byte).to_digit(16)? as u8;
        match half.take() {
            Some(high) => out.push(high << 4 | digit),
            None => half = Some(digit),
        }
    }
    // A last digit alone has a zero after it.
    out.extend(half.map(|high| high << 4));
    Some(out)
}

fn base_85(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 5 * 4);
    let mut group = Vec::with_capacity(5);
    for byte in text.iter().take_while(|byte| **byte != b'~') {
        match byte {
            b'z' if group.is_empty() => out.extend([0; 4]),
            b'!'..=b'u' => group.push(byte - b'!'),
            byte if byte.is_ascii_whitespace() || *byte == 0 => {}
            _ => return None,
        }
        if group.len() == 5 {
            out.extend(four(&group)?);
            group.clear();
        }
    }
    if group.len() > 1 {
        // A short group stands for one byte less than it has digits.
        let kept = group.len() - 1;
        group.resize(5, 84);
        out.extend(&four(&group)?[..kept]);
    }
    Some(out)
}

fn four(digits: &[u8]) -> Option<[u8; 4]> {
    let value = digits.iter().fold(0_u64, |value, digit| value * 85 + u64::from(*digit));
    u32::try_from(value).ok().map(u32::to_be_bytes)
}

/// The text encodings, for `tests/fuzz`.
pub(super) fn fuzz(text: &[u8]) {
    for out in [hexadecimal(text), base_85(text)].into_iter().flatten() {
        assert!(out.len() <= 4 * text.len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_encodings_are_undone() {
        assert_eq!(hexadecimal(b"48 65\n6c6C 6f7> 99").as_deref(), Some(&b"Hellop"[..]));
        assert_eq!(base_85(b"87cUR\nD]i,\"Ebo7~>").as_deref(), Some(&b"Hello World"[..]));
        assert_eq!(base_85(b"z!!~>").as_deref(), Some(&[0, 0, 0, 0, 0][..]));
        assert_eq!(base_85(b"uuuuu"), None, "more than four bytes hold");
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in prop::collection::vec(any::<u8>(), 0..100)) {
            for out in [hexadecimal(&text), base_85(&text)].into_iter().flatten() {
                prop_assert!(out.len() <= 4 * text.len());
            }
        }
    }
}
