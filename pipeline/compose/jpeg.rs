//! What a JPEG stream says of itself, as far as a PDF's image dictionary must agree with it.

/// Size and channels from the frame header, and how they are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) channels: u8,
    /// Three channels that are red, green and blue themselves, not luminance and chrominance,
    /// which the stream tells by the channels' names only; PDF would take them for the latter.
    pub(crate) plain_rgb: bool,
}

/// Reads up to the frame header.
pub(crate) fn frame(data: &[u8]) -> Result<Frame, &'static str> {
    if data.get(..2) != Some(&[0xff, 0xd8]) {
        return Err("the stream is no JPEG");
    }
    let mut rest = &data[2..];
    let mut told = false;
    loop {
        let (marker, segment, after) = segment(rest).ok_or("the JPEG has no frame")?;
        match marker {
            0xc0..=0xc2 => return read(segment, told),
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Err("the JPEG is lossless, hierarchical or arithmetic");
            }
            0xd9 | 0xda => return Err("the JPEG has no frame"),
            0xe0 => told |= segment.starts_with(b"JFIF\0"),
            0xee => told |= segment.starts_with(b"Adobe"),
            _ => {}
        }
        rest = after;
    }
}

/// The next marker, its segment and what follows.
fn segment(data: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (0xff, mut rest) = data.split_first().map(|(first, rest)| (*first, rest))? else {
        return None;
    };
    while rest.first() == Some(&0xff) {
        rest = &rest[1..];
    }
    let (marker, rest) = rest.split_first()?;
    if matches!(marker, 0x01 | 0xd0..=0xd9) {
        return Some((*marker, &[], rest));
    }
    let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
    Some((*marker, rest.get(2..length)?, rest.get(length..)?))
}

fn read(segment: &[u8], told: bool) -> Result<Frame, &'static str> {
    let [precision, h1, h0, w1, w0, channels, names @ ..] = segment else {
        return Err("the JPEG's frame header is cut short");
    };
    if *precision != 8 {
        return Err("the JPEG's samples are not of 8 bits");
    }
    if names.len() < 3 * usize::from(*channels) {
        return Err("the JPEG's frame header is cut short");
    }
    let plain_rgb = !told && *channels == 3 && [names[0], names[3], names[6]] == *b"RGB";
    Ok(Frame {
        width: u32::from(u16::from_be_bytes([*w1, *w0])),
        height: u32::from(u16::from_be_bytes([*h1, *h0])),
        channels: *channels,
        plain_rgb,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RGB: [u8; 21] = [
        0xff, 0xd8, 0xff, 0xc2, 0, 17, 8, 0, 16, 0, 32, 3, b'R', 0x11, 0, b'G', 0x11, 0, b'B',
        0x11, 0,
    ];

    #[test]
    fn the_frame_is_found_behind_other_segments() {
        let expected = Frame { width: 32, height: 16, channels: 3, plain_rgb: true };
        assert_eq!(frame(&RGB), Ok(expected));
        let mut told = RGB[..2].to_vec();
        told.extend_from_slice(b"\xff\xff\xe0\0\x07JFIF\0");
        told.extend_from_slice(&RGB[2..]);
        assert_eq!(frame(&told), Ok(Frame { plain_rgb: false, ..expected }));
    }

    #[test]
    fn what_pdf_cannot_hold_is_named() {
        let mut arithmetic = RGB;
        arithmetic[3] = 0xc9;
        assert!(frame(&arithmetic).is_err());
        let mut deep = RGB;
        deep[6] = 12;
        assert!(frame(&deep).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(at in 0usize..21, byte: u8, length in 0usize..22) {
            let mut data = RGB;
            data[at] = byte;
            let _frame = frame(&data[..length.min(21)]);
        }
    }
}
