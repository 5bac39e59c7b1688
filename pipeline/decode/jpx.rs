//! JPEG 2000: what its boxes and its codestream say, and whether the codestream is whole.
//!
//! The decoder makes a picture of whatever is left of a cut stream, so that must be seen here.

use std::collections::HashSet;

pub(crate) use sohoa_document::jp2::SIGNATURE;
use sohoa_document::jp2::{Boxes, Jp2Box, number};

/// Dots per inch across and down.
type Dpi = (f32, f32);

/// What a stream says of its picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Header {
    pub width: u32,
    pub height: u32,
    pub channels: u8,
    /// Of every channel, or of the first when they are not alike.
    pub bits: u8,
    /// Whether all channels are of as many bits, and none is signed.
    pub alike: bool,
    /// Dots per inch across and down, of the capture resolution.
    pub dpi: Option<Dpi>,
    /// Whether every tile is there, to its end.
    pub whole: bool,
}

/// Start of codestream followed by the SIZ marker, which must come first.
pub(crate) const START: [u8; 4] = [0xff, 0x4f, 0xff, 0x51];
const START_OF_TILE: u8 = 0x90;
const END: [u8; 2] = [0xff, 0xd9];
const INCH_IN_METRES: f32 = 0.0254;

impl Header {
    /// Reads it; `None` of anything broken.
    pub(crate) fn read(data: &[u8]) -> Option<Self> {
        let (codestream, dpi) = parts(data)?;
        let body = codestream.get(8..)?;
        let sizes = [0, 4, 8, 12, 16, 20, 24, 28].map(|at| number(body, at));
        let [Some(right), Some(bottom), Some(left), Some(top), tile_w, tile_h, tile_x, tile_y] =
            sizes
        else {
            return None;
        };
        let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
        let across = right.checked_sub(tile_x?)?.div_ceil(tile_w.filter(|side| *side > 0)?);
        let down = bottom.checked_sub(tile_y?)?.div_ceil(tile_h.filter(|side| *side > 0)?);
        let channels = u16::from_be_bytes([*body.get(32)?, *body.get(33)?]);
        let depths: Vec<u8> =
            body.get(34..)?.chunks(3).take(channels.into()).map(|c| c[0]).collect();
        let depth = *depths.first()?;
        let alike = depth < 0x80 && depths.iter().all(|other| *other == depth);
        let tiles = u64::from(across) * u64::from(down);
        Some(Self {
            width,
            height,
            channels: u8::try_from(channels).ok()?,
            bits: (depth & 0x7f) + 1,
            alike,
            dpi,
            whole: tiles_of(codestream) == Some(tiles),
        })
    }
}

/// Tiles of which every part is there; `None` when one is cut.
fn tiles_of(codestream: &[u8]) -> Option<u64> {
    let mut at = 2;
    let mut seen = HashSet::new();
    loop {
        match codestream.get(at..) {
            // Some writers leave the end mark out.
            None | Some([]) => break,
            Some(rest) if rest.starts_with(&END) => break,
            Some([0xff, START_OF_TILE, _, _, high, low, ..]) => {
                let length = number(codestream, at + 6)? as usize;
                seen.insert(u16::from_be_bytes([*high, *low]));
                if length == 0 {
                    // The last part reaches to the end mark.
                    let tail = &codestream[at..];
                    tail.windows(2).rev().take(1 << 16).find(|pair| **pair == END)?;
                    break;
                }
                // Shorter than its own header it would lead nowhere.
                at = at.checked_add(length.max(12)).filter(|at| *at <= codestream.len())?;
            }
            Some([0xff, _, high, low, ..]) if seen.is_empty() => {
                at += 2 + usize::from(u16::from_be_bytes([*high, *low]));
            }
            // Padding after the last part.
            Some(_) if !seen.is_empty() => break,
            Some(_) => return None,
        }
    }
    Some(seen.len() as u64)
}

/// The codestream of a file, and the resolution that its boxes state.
fn parts(data: &[u8]) -> Option<(&[u8], Option<Dpi>)> {
    if !data.starts_with(SIGNATURE) {
        // Bare, or behind something that is no box.
        let window = &data[..data.len().min(1 << 16)];
        let start = window.windows(4).position(|bytes| bytes == START)?;
        return Some((&data[start..], None));
    }
    let mut dpi = None;
    for Jp2Box { kind, content, .. } in Boxes(data) {
        match &kind {
            b"jp2h" => dpi = resolution(content),
            b"jp2c" => return content.starts_with(&START).then_some((content, dpi)),
            _ => {}
        }
    }
    None
}

/// Pixels a metre, each a fraction and a power of ten, down before across.
fn resolution(header: &[u8]) -> Option<Dpi> {
    let both = Boxes(header).find(|one| &one.kind == b"res ")?.content;
    let capture = Boxes(both).find(|one| &one.kind == b"resc")?.content;
    let [v1, v0, vd1, vd0, h1, h0, hd1, hd0, v_power, h_power, ..] = *capture else { return None };
    let dots = |above: [u8; 2], below: [u8; 2], power: u8| {
        let fraction =
            f32::from(u16::from_be_bytes(above)) / f32::from(u16::from_be_bytes(below).max(1));
        fraction * 10_f32.powi(i32::from(power as i8)) * INCH_IN_METRES
    };
    Some((dots([h1, h0], [hd1, hd0], h_power), dots([v1, v0], [vd1, vd0], v_power)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A codestream of one tile whose data has `length` bytes.
    fn codestream(length: u32) -> Vec<u8> {
        let mut data = START.to_vec();
        data.extend([0, 47, 0, 0]);
        for number in [2479_u32, 3508, 0, 0, 2479, 3508, 0, 0] {
            data.extend(number.to_be_bytes());
        }
        data.extend([0, 3, 7, 1, 1, 7, 1, 1, 7, 1, 1]);
        data.extend([0xff, START_OF_TILE, 0, 10, 0, 0]);
        data.extend((12 + length).to_be_bytes());
        data.extend([0, 1]);
        data.extend(vec![0x55; length as usize]);
        data.extend(END);
        data
    }

    #[test]
    fn a_size_line_is_read_and_a_cut_one_is_not() {
        let data = codestream(30);
        let header = Header::read(&data).unwrap();
        assert_eq!((header.width, header.height), (2479, 3508));
        assert_eq!((header.channels, header.bits, header.whole), (3, 8, true));
        assert_eq!(Header::read(&data[..40]), None);
        for cut in 52..data.len() - 2 {
            assert!(!Header::read(&data[..cut]).unwrap().whole, "cut at {cut}");
        }
    }

    #[test]
    fn unequal_and_signed_channels_are_read_and_told() {
        for depths in [[7, 11, 7], [0x87, 0x87, 0x87]] {
            let mut data = codestream(30);
            for (channel, depth) in depths.into_iter().enumerate() {
                data[42 + 3 * channel] = depth;
            }
            let header = Header::read(&data).unwrap();
            assert_eq!((header.bits, header.alike), (8, false));
        }
        assert!(Header::read(&codestream(30)).unwrap().alike);
    }

    #[test]
    fn boxes_tell_the_resolution() {
        let put = |kind: &[u8; 4], body: &[u8]| {
            [&(body.len() as u32 + 8).to_be_bytes(), kind.as_slice(), body].concat()
        };
        // 200 dots an inch are 7874 a metre: 7874/1, and 787.4 tenfold.
        let capture = [0x1e, 0xc2, 0, 1, 0x1e, 0xc2, 0, 10, 0, 1];
        let header = put(b"jp2h", &put(b"res ", &put(b"resc", &capture)));
        let file = [SIGNATURE, &header, &put(b"jp2c", &codestream(9))].concat();
        let (across, down) = Header::read(&file).unwrap().dpi.unwrap();
        assert!((across - 200.0).abs() < 0.1 && (down - 200.0).abs() < 0.1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(at in 0_usize..120, byte: u8, cut in 0_usize..120, boxed: bool) {
            let mut data = codestream(20);
            if boxed {
                let size = (data.len() as u32 + 8).to_be_bytes();
                data = [SIGNATURE, &size, b"jp2c", &data].concat();
            }
            let at = at % data.len();
            data[at] = byte;
            data.truncate(cut);
            let _header = Header::read(&data);
        }
    }
}
