//! What a stream would become, seen before it is decoded.
//!
//! A picture's own headers may claim another size than its dictionary, and a packed stream may
//! unpack without end: the decoders behind the interpreter believe both.

use std::io::{self, Read, Write};

use flate2::read::{DeflateDecoder, ZlibDecoder};
use hayro_ccitt::EncodingMode;
use hayro_syntax::{
    Filter,
    object::{Dict, Stream},
};
use weezl::BitOrder;

use super::{
    colour::{check_image_space, space},
    stream::number,
    wrapped::{first_packed, unwrapped},
};
use crate::{
    error::DecodeError,
    fax_codec::{self, FaxSettings},
    jpeg::{self, JpegHeader},
    jpx,
    limits::Limits,
};

/// What a byte becomes at most, a little rounded up: 3,838 bytes of a code of LZW in twelve bits.
const MOST_GROWTH: u64 = 2600;
/// Samples of a JPEG 2000 picture, which take eight bytes each while they are decoded.
const MOST_JPX_SAMPLES: u64 = 250_000_000;
/// Lengths that are not known before the end.
const UNKNOWN: u32 = u32::MAX;

/// Refuses an image that claims, or unpacks to, far more than a page; or that is cut short.
pub(super) fn check_image(stream: &Stream<'_>, limits: &Limits) -> Result<(), DecodeError> {
    let dict = stream.dict();
    let side = |long: &str, short: &str| u64::from(number(dict, long, short).unwrap_or(1));
    let (width, height) = (side("Width", "W"), side("Height", "H"));
    limits.check_pixels(width, height)?;
    check_image_space(dict)?;
    let filters = stream.filters();
    // Of four channels of 16 bits twice as much.
    check_growth(stream, width.saturating_mul(height).saturating_mul(16).saturating_add(1 << 16))?;
    if filters.is_empty() {
        let sound = has_rows(stream, Filter::Crypt, &stream.raw_data(), &Dict::default());
        return if sound { Ok(()) } else { Err(cut()) };
    }
    let Some((last, params, data)) = unwrapped(stream) else { return Ok(()) };
    match last {
        Filter::DctDecode => {
            if let Ok(header) = JpegHeader::read(&data) {
                limits.check_pixels(u64::from(header.width), u64::from(header.height))?;
            }
            let shown = (width as u32, height as u32);
            if jpeg::is_whole(&data, Some(shown)) { Ok(()) } else { Err(cut()) }
        }
        Filter::JpxDecode => {
            let Some(header) = jpx::Header::read(&data) else { return Ok(()) };
            let most = MOST_JPX_SAMPLES / u64::from(header.channels.max(1));
            let limits = Limits { max_pixels: limits.max_pixels.min(most), ..*limits };
            limits.check_pixels(u64::from(header.width), u64::from(header.height))?;
            if header.whole { Ok(()) } else { Err(cut()) }
        }
        Filter::CcittFaxDecode => {
            let stated =
                |key: &str, usual: u64| params.get::<i64>(key).map_or(usual, i64::unsigned_abs);
            let columns = stated("Columns", 1728);
            limits.check_pixels(columns, stated("Rows", 0).max(1))?;
            let whole =
                fax_codec::has_rows(&data, columns as u32, height as u32, fax_settings(&params));
            if whole { Ok(()) } else { Err(cut()) }
        }
        Filter::Jbig2Decode => {
            let globals = params.get::<Stream<'_>>("JBIG2Globals");
            if let Some(globals) = globals {
                check_growth(&globals, 64 << 20)?;
                let globals = globals.decoded_data().unwrap_or_default();
                check_segments(&globals, limits)?;
            }
            check_segments(&data, limits)
        }
        filter if has_rows(stream, filter, &data, &params) => Ok(()),
        _ => Err(cut()),
    }
}

fn fax_settings(params: &Dict<'_>) -> FaxSettings {
    let flag = |key: &str| params.get::<bool>(key).unwrap_or(false);
    let mode = match params.get::<i64>("K").unwrap_or(0) {
        ..0 => EncodingMode::Group4,
        0 => EncodingMode::Group3_1D,
        1.. => EncodingMode::Group3_2D,
    };
    FaxSettings { mode, end_of_line: flag("EndOfLine"), byte_align: flag("EncodedByteAlign") }
}

fn cut() -> DecodeError {
    DecodeError::unreadable("an image of the page is broken or cut short")
}

/// Refuses a stream that unpacks to more than `most` bytes.
pub(super) fn check_growth(stream: &Stream<'_>, most: u64) -> Result<(), DecodeError> {
    let filters = stream.filters();
    let grows = |filter: &Filter| {
        matches!(filter, Filter::FlateDecode | Filter::LzwDecode | Filter::RunLengthDecode)
    };
    if filters.iter().filter(|filter| grows(filter)).count() > 1 {
        return Err(DecodeError::unsupported("a PDF with streams that are packed twice"));
    }
    // A text encoding around it hides how long it becomes.
    let Some((filter, data)) = first_packed(stream, &filters) else {
        return Err(DecodeError::unreadable("a stream of the file is broken"));
    };
    if data.len() as u64 * MOST_GROWTH <= most {
        return Ok(());
    }
    match filter {
        Some(filter) if unpacked_length(filter, &data, most) > most => {
            Err(DecodeError::Unpacked { limit: most })
        }
        _ => Ok(()),
    }
}

/// How many bytes a packed stream holds up to its end or its first fault, counted to one past `most`.
fn unpacked_length(filter: Filter, data: &[u8], most: u64) -> u64 {
    match filter {
        Filter::FlateDecode => {
            let (length, sound) = measured(ZlibDecoder::new(data), most);
            // A stream without zlib's frame is tried as a bare one.
            if sound { length } else { length.max(measured(DeflateDecoder::new(data), most).0) }
        }
        Filter::LzwDecode => {
            let mut meter = Meter { left: most };
            let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
            // A broken end is for the reader to judge: what counts is how much there is before it.
            let outcome = decoder.into_stream(&mut meter).decode_all(data);
            if outcome.status.is_err() && meter.left == 0 { most + 1 } else { most - meter.left }
        }
        Filter::RunLengthDecode => run_lengths(data).min(most + 1),
        _ => data.len() as u64,
    }
}

fn run_lengths(data: &[u8]) -> u64 {
    let (mut length, mut rest) = (0, data);
    while let Some((count @ (..=127 | 129..), after)) = rest.split_first() {
        let (taken, given) = if *count < 128 {
            (usize::from(*count) + 1, usize::from(*count) + 1)
        } else {
            (1, 257 - usize::from(*count))
        };
        let Some(after) = after.get(taken..) else { return length + after.len() as u64 };
        (length, rest) = (length + given as u64, after);
    }
    length
}

/// Whether rows of samples are all there, but for a little that careless writers leave out.
fn has_rows(stream: &Stream<'_>, filter: Filter, data: &[u8], params: &Dict<'_>) -> bool {
    let dict = stream.dict();
    let stencil = dict.get::<bool>("ImageMask").or_else(|| dict.get::<bool>("IM")).unwrap_or(false);
    let side = |long: &str, short: &str| u64::from(number(dict, long, short).unwrap_or(0));
    let (width, height) = (side("Width", "W"), side("Height", "H"));
    let bits = if stencil { 1 } else { side("BitsPerComponent", "BPC").max(1) };
    // Of colours that have no word here there is at least one channel.
    let channels = if stencil { 1 } else { space(dict).map_or(1, |space| space.colour.channels()) };
    let predicted = filter != Filter::RunLengthDecode
        && params.get::<i64>("Predictor").is_some_and(|predictor| predictor >= 10);
    let row = (width.saturating_mul(bits * u64::from(channels))).div_ceil(8) + u64::from(predicted);
    let wanted = row.saturating_mul(height);
    unpacked_length(filter, data, wanted).saturating_mul(100) >= wanted.saturating_mul(98)
}

/// How much comes out, at most one byte more than `most`, and whether without an error.
fn measured(reader: impl Read, most: u64) -> (u64, bool) {
    let mut reader = reader.take(most + 1);
    let outcome = io::copy(&mut reader, &mut io::sink());
    (most + 1 - reader.limit(), outcome.is_ok())
}

/// Takes bytes up to a number of them.
struct Meter {
    left: u64,
}

impl Write for Meter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let Some(left) = self.left.checked_sub(data.len() as u64) else {
            self.left = 0;
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        self.left = left;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Checks the sizes that segments of JBIG2 claim.
fn check_segments(data: &[u8], limits: &Limits) -> Result<(), DecodeError> {
    let mut rest = data;
    while let Some((kind, body, after)) = segment(rest)? {
        let side = |at: usize| {
            body.get(at..at + 4).map(|b| u64::from(u32::from_be_bytes([b[0], b[1], b[2], b[3]])))
        };
        match (kind, side(0), side(4)) {
            // A page whose height is told by its last stripe.
            (48, Some(width), Some(height)) if height == u64::from(UNKNOWN) => {
                limits.check_pixels(width.max(1), 1)?;
            }
            // The page, and regions of text, halftone, generic and refinement coding.
            (48 | 4 | 6 | 7 | 20 | 22 | 23 | 36 | 38..=40 | 42 | 43, Some(width), Some(height)) => {
                limits.check_pixels(width.max(1), height.max(1))?;
            }
            // Patterns: flags, their size, and how many of them side by side.
            (16, ..) if body.len() >= 7 => {
                let count = u64::from(u32::from_be_bytes([body[3], body[4], body[5], body[6]])) + 1;
                let width = u64::from(body[1].max(1)).saturating_mul(count);
                limits.check_pixels(width, u64::from(body[2].max(1)))?;
            }
            _ => {}
        }
        rest = after;
    }
    Ok(())
}

/// A segment's kind, its data, and what follows it.
type Segment<'a> = (u8, &'a [u8], &'a [u8]);

/// The first segment.
///
/// # Errors
/// A segment that is cut short, for its decoder would leave out what it shows.
fn segment(data: &[u8]) -> Result<Option<Segment<'_>>, DecodeError> {
    let Some((kind, length, body)) = segment_header(data) else { return Ok(None) };
    if length == UNKNOWN {
        // The last that can be looked at.
        return Ok(Some((kind, body, &[])));
    }
    match body.split_at_checked(length as usize) {
        Some((body, after)) => Ok(Some((kind, body, after))),
        // Kinds end at 62; what else follows the last segment is padding.
        None if matches!(kind, 0 | 4..=62) => Err(cut()),
        None => Ok(None),
    }
}

fn segment_header(data: &[u8]) -> Option<(u8, u32, &[u8])> {
    let number = u32::from_be_bytes(data.get(..4)?.try_into().ok()?);
    let flags = *data.get(4)?;
    let short = *data.get(5)? >> 5;
    let (references, at) = if short == 7 {
        let long = u32::from_be_bytes(data.get(5..9)?.try_into().ok()?) & 0x1fff_ffff;
        (long as usize, 9 + (long as usize + 8) / 8)
    } else {
        (usize::from(short), 6)
    };
    let each = match number {
        0..=256 => 1,
        257..=65536 => 2,
        _ => 4,
    };
    let page = if flags & 0x40 == 0 { 1 } else { 4 };
    let at = at.checked_add(references.checked_mul(each)?)?.checked_add(page)?;
    let length = u32::from_be_bytes(data.get(at..at.checked_add(4)?)?.try_into().ok()?);
    Some((flags & 0x3f, length, data.get(at + 4..)?))
}

/// Every reader of packed data, for `tests/fuzz`.
pub(super) fn fuzz(data: &[u8], limits: &Limits) {
    const MOST: u64 = 1 << 20;
    let _outcome = check_segments(data, limits);
    for filter in [Filter::FlateDecode, Filter::LzwDecode, Filter::RunLengthDecode] {
        let length = unpacked_length(filter, data, MOST);
        assert!(length <= MOST + 1, "{length} bytes counted");
        assert!(length <= data.len() as u64 * MOST_GROWTH, "{length} bytes of {}", data.len());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page_of(width: u32, height: u32) -> Vec<u8> {
        let mut data = vec![0, 0, 0, 0, 48, 0, 1, 0, 0, 0, 19];
        data.extend(width.to_be_bytes());
        data.extend(height.to_be_bytes());
        data.extend([0; 11]);
        data
    }

    #[test]
    fn sizes_inside_jbig2_are_seen() {
        let limits = Limits::default();
        assert!(check_segments(&page_of(2480, 3508), &limits).is_ok());
        assert!(check_segments(&page_of(2480, UNKNOWN), &limits).is_ok());
        let error = check_segments(&page_of(60_000, 60_000), &limits).unwrap_err();
        assert_eq!(error.code(), "F07_DECOMPRESSION_BOMB");
        let mut second = page_of(10, 10);
        second.extend([0, 0, 0, 1, 38, 0x20, 0, 1, 0, 0, 0, 8]);
        second.extend(60_000_u32.to_be_bytes().repeat(2));
        assert!(check_segments(&second, &limits).is_err());
    }

    /// The longest string of LZW, as often as fits: nobody writes that, but it can be read.
    #[test]
    fn nothing_grows_more_than_is_reckoned_with() {
        let (mut data, mut held, mut bits) = (Vec::new(), 0_u32, 0);
        let codes = [256, 0]
            .into_iter()
            .chain(258..4094)
            .chain(std::iter::repeat_n(4093, 40_000))
            .chain([257]);
        for code in codes {
            // The table is as long as the code before says.
            let width = match code {
                256 | 0 | 258..511 => 9,
                511..1023 => 10,
                1023..2047 => 11,
                _ => 12,
            };
            (held, bits) = (held << width | code, bits + width);
            while bits >= 8 {
                bits -= 8;
                data.push((held >> bits) as u8);
            }
        }
        data.push((held << (8 - bits)) as u8);
        let grown = unpacked_length(Filter::LzwDecode, &data, u64::MAX - 1);
        assert!(grown > 1400 * data.len() as u64, "{grown} bytes of {}", data.len());
        assert!(grown <= MOST_GROWTH * data.len() as u64, "{grown} bytes of {}", data.len());
    }

    proptest! {
        #[test]
        fn any_bytes_end(data in prop::collection::vec(any::<u8>(), 0..200)) {
            let _outcome = check_segments(&data, &Limits::default());
        }
    }
}
