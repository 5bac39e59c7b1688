//! What is read of image streams and fonts before they are embedded, for `tests/fuzz`; no part of the
//! crate's interface.

use sohoa_document::{ArchiveImage, Codec, Colour};

use crate::{font, icc, jpeg, jpx, picture::Picture};

/// A stream as JPEG and as JPEG 2000, with itself as colour profile.
pub fn image_streams(bytes: &[u8]) {
    let _frame = jpeg::frame(bytes);
    if let Ok(held) = jpx::hold(bytes) {
        assert!(held.data.len() >= bytes.len() && matches!(held.channels, 1 | 3));
        // Boxes that were added pass as boxes that came with the file.
        assert!(jpx::hold(&held.data).is_ok());
    }
    for channels in [1, 3, 4] {
        let _fits = icc::fits(bytes, channels);
    }
    for codec in [Codec::Jpeg { inverted: false }, Codec::Jpx] {
        for (colour, icc) in [(Colour::Gray, None), (Colour::Rgb, Some(bytes.to_vec().into()))] {
            let image = ArchiveImage {
                data: bytes.to_vec(),
                codec: codec.clone(),
                width: 8,
                height: 8,
                bits: 8,
                colour,
                inverted: false,
                icc,
                original_stream: true,
            };
            let _picture = Picture::of(0, &image);
        }
    }
}

/// The widths of a font's characters.
pub fn font(bytes: &[u8]) {
    if let Ok(face) = ttf_parser::Face::parse(bytes, 0) {
        assert!(font::widths(&face).values().all(|width| (1..=4000).contains(width)));
    }
}
