//! JPEG 2000 as PDF/A-2b holds it: boxed, 1 or 3 channels of equal depth, one colour that applies.
//!
//! A bare codestream gets the boxes around it; its own bytes stay. Four channels are CMYK or carry
//! opacity and are left to the caller.

use std::borrow::Cow;

use sohoa_document::jp2::{Boxes, Jp2Box, SIGNATURE, number};

/// A stream ready for the PDF.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Held<'a> {
    /// A whole JP2 file.
    pub(crate) data: Cow<'a, [u8]>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) channels: u8,
}

/// Checks boxes, or adds them.
pub(crate) fn hold(data: &[u8]) -> Result<Held<'_>, &'static str> {
    if data.starts_with(&[0xff, 0x4f, 0xff, 0x51]) {
        return wrap(data);
    }
    if !data.starts_with(SIGNATURE) {
        return Err("the stream is no JPEG 2000");
    }
    let mut header = None;
    let mut codestream = None;
    for (kind, content) in boxes(data) {
        match &kind {
            b"jp2h" if header.is_none() => header = Some(check_header(content)?),
            b"jp2c" if codestream.is_none() => codestream = Some(size(content)?),
            _ => {}
        }
    }
    let (header, codestream) =
        (header.ok_or("the JP2 has no header")?, codestream.ok_or("the JP2 has no codestream")?);
    if header != codestream {
        return Err("the JP2's header and codestream disagree");
    }
    Ok(Held {
        data: Cow::Borrowed(data),
        width: header.width,
        height: header.height,
        channels: header.channels,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    width: u32,
    height: u32,
    channels: u8,
    /// Depth less one, and the sign in the top bit, as both places write it.
    depth: u8,
}

/// The boxes of a file or of a box, until one is cut short.
fn boxes(data: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let whole = Boxes(data).take_while(|one| one.is_whole);
    whole.map(|Jp2Box { kind, content, .. }| (kind, content))
}

fn check_header(content: &[u8]) -> Result<Size, &'static str> {
    let mut image = None;
    let (mut colours, mut marked) = (0, 0);
    for (kind, content) in boxes(content) {
        match &kind {
            b"ihdr" => image = Some(content),
            b"colr" => {
                colours += 1;
                marked += u32::from(check_colour(content)?);
            }
            b"pclr" | b"cmap" => return Err("the JP2 has a palette"),
            b"bpcc" => return Err("the JP2's channels have depths of their own"),
            b"cdef" => return Err("the JP2 orders its channels or has opacity"),
            _ => {}
        }
    }
    if colours == 0 || (colours > 1 && marked != 1) {
        return Err("not exactly one colour of the JP2 applies");
    }
    let image = image.filter(|image| image.len() == 14).ok_or("the JP2 has no image header")?;
    let (Some(height), Some(width)) = (number(image, 0), number(image, 4)) else {
        return Err("the JP2 has no image header");
    };
    let channels = u16::from_be_bytes([image[8], image[9]]);
    check_channels(channels, image[10])?;
    Ok(Size { width, height, channels: channels as u8, depth: image[10] })
}

/// Whether the colour box is one PDF/A-2b knows, and whether it claims to be the exact one.
fn check_colour(content: &[u8]) -> Result<bool, &'static str> {
    let [method, _, approximation, ..] = content else {
        return Err("a colour of the JP2 is cut short");
    };
    match method {
        // sRGB, grey, sYCC.
        1 if matches!(number(content, 3), Some(16..=18)) => {}
        2 | 3 => {}
        _ => return Err("a colour of the JP2 is unknown to PDF/A-2b"),
    }
    Ok(*approximation == 1)
}

/// Size from the codestream's first segment.
fn size(codestream: &[u8]) -> Result<Size, &'static str> {
    const CUT: &str = "the JPEG 2000 codestream is cut short";
    let siz = codestream.get(4..42).ok_or(CUT)?;
    let at = |offset: usize| number(siz, offset).ok_or(CUT);
    let (width, height) = (at(4)?.checked_sub(at(12)?), at(8)?.checked_sub(at(16)?));
    let (Some(width), Some(height)) = (width, height) else {
        return Err("the JPEG 2000 image lies outside its own grid");
    };
    let channels = u16::from_be_bytes([siz[36], siz[37]]);
    let parts = codestream.get(42..42 + 3 * usize::from(channels)).ok_or(CUT)?;
    let depth = parts.first().copied().ok_or(CUT)?;
    check_channels(channels, depth)?;
    if parts.chunks(3).any(|part| part != [depth, 1, 1]) {
        return Err("the JPEG 2000 channels differ in depth or size");
    }
    Ok(Size { width, height, channels: channels as u8, depth })
}

fn check_channels(channels: u16, depth: u8) -> Result<(), &'static str> {
    if !matches!(channels, 1 | 3) {
        return Err("the JPEG 2000 image has neither 1 nor 3 channels");
    }
    if depth > 37 {
        return Err("the JPEG 2000 samples are signed, mixed or too deep");
    }
    Ok(())
}

/// Puts the boxes of a JP2 file around a codestream.
fn wrap(codestream: &[u8]) -> Result<Held<'_>, &'static str> {
    let size = size(codestream)?;
    let mut image = Vec::new();
    image.extend_from_slice(&size.height.to_be_bytes());
    image.extend_from_slice(&size.width.to_be_bytes());
    // Compression type 7 is the only one; the colour is known, no rights are attached.
    image.extend_from_slice(&[0, size.channels, size.depth, 7, 0, 0]);
    let colour = [1, 0, 0, 0, 0, 0, if size.channels == 1 { 17 } else { 16 }];
    let mut header = Vec::new();
    push(&mut header, *b"ihdr", &image)?;
    push(&mut header, *b"colr", &colour)?;
    let mut out = SIGNATURE.to_vec();
    push(&mut out, *b"ftyp", b"jp2 \0\0\0\0jp2 ")?;
    push(&mut out, *b"jp2h", &header)?;
    push(&mut out, *b"jp2c", codestream)?;
    Ok(Held {
        data: Cow::Owned(out),
        width: size.width,
        height: size.height,
        channels: size.channels,
    })
}

fn push(out: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) -> Result<(), &'static str> {
    let length = u32::try_from(content.len() + 8).map_err(|_| "the image is too large")?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&kind);
    out.extend_from_slice(content);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The first segment of a codestream 32 wide and 16 high, starting at (8, 4) of its grid.
    fn codestream(parts: &[[u8; 3]]) -> Vec<u8> {
        let mut out = vec![0xff, 0x4f, 0xff, 0x51, 0, 38 + 3 * parts.len() as u8, 0, 0];
        for value in [40u32, 20, 8, 4, 40, 20, 0, 0] {
            out.extend_from_slice(&value.to_be_bytes());
        }
        out.extend_from_slice(&[0, parts.len() as u8]);
        out.extend(parts.iter().flatten());
        out
    }

    #[test]
    fn a_bare_codestream_gets_boxes_that_pass() {
        for channels in [1usize, 3] {
            let bare = codestream(&vec![[7, 1, 1]; channels]);
            let held = hold(&bare).unwrap();
            assert_eq!((held.width, held.height, held.channels), (32, 16, channels as u8));
            assert!(held.data.ends_with(&bare));
            let again = hold(&held.data).unwrap();
            assert!(matches!(again.data, Cow::Borrowed(_)));
            assert_eq!(again, held);
        }
    }

    #[test]
    fn what_pdf_a_cannot_hold_is_refused() {
        for parts in [&[[7, 1, 1]; 2][..], &[[7, 1, 1]; 4], &[[7, 1, 1], [7, 2, 2], [7, 2, 2]]] {
            assert!(hold(&codestream(parts)).is_err());
        }
        assert!(hold(&codestream(&[[0x87, 1, 1]])).is_err());
    }

    #[test]
    fn two_colours_need_one_that_applies() {
        let colour = |approximation| [1, 0, approximation, 0, 0, 0, 16];
        let header = |colours: &[[u8; 7]]| {
            let mut out = Vec::new();
            push(&mut out, *b"ihdr", &[0, 0, 0, 1, 0, 0, 0, 1, 0, 3, 7, 7, 0, 0]).unwrap();
            for colour in colours {
                push(&mut out, *b"colr", colour).unwrap();
            }
            check_header(&out)
        };
        assert!(header(&[colour(0)]).is_ok());
        assert!(header(&[colour(0), colour(1)]).is_ok());
        assert!(header(&[colour(0), colour(0)]).is_err());
        assert!(header(&[]).is_err());
        assert!(header(&[[1, 0, 0, 0, 0, 0, 19]]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(at in 0usize..140, byte: u8, cut in 0usize..140) {
            let bare = codestream(&[[7, 1, 1]; 3]);
            let mut boxed = hold(&bare).unwrap().data.into_owned();
            let at = at % boxed.len();
            boxed[at] = byte;
            boxed.truncate(cut);
            let _held = hold(&boxed);
        }
    }
}
