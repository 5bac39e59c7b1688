//! Bitonal pages: fax strips, kept as they are where one G4 stream or a few make the page.

use std::borrow::Cow;

use hayro_ccitt::EncodingMode;
use sohoa_document::ArchiveImage;

use super::{
    directory::tags,
    layout::{Chunk, Layout, photometric},
    pages::PageImages,
    unpack::oriented,
};
use crate::{
    error::DecodeError,
    fax_codec::{BlackBits, FaxSettings, g4},
    white,
};

/// Strips kept as an image each; more show seams in viewers, and are joined without loss.
const MOST_STRIPS: usize = 4;
/// Bits of tag 292.
const TWO_DIMENSIONAL: u64 = 1;
const UNCOMPRESSED: u64 = 2;

pub(super) fn page(layout: &Layout<'_>) -> Result<PageImages, DecodeError> {
    let chunks = layout.chunks()?;
    let settings = settings(layout);
    let reversed = layout.is_reversed();
    let mut bits = BlackBits::new(layout.width);
    let mut streams = Vec::new();
    let mut whole = true;
    let strips = chunks.iter().all(|chunk| chunk.stored.0 == layout.width);
    for chunk in &chunks {
        let data = oriented(chunk.data, reversed);
        if strips {
            whole &= decode(layout, &mut bits, &data, chunk.height, settings)?;
        } else {
            let mut tile = BlackBits::new(chunk.stored.0);
            decode(layout, &mut tile, &data, chunk.stored.1, settings)?;
            bits.place(&tile, (chunk.x, chunk.y), (chunk.width, chunk.height))?;
        }
        streams.push(data);
    }
    // Photometric 1 shows the runs that fax calls white as black.
    let inverted = layout.photometric == photometric::BLACK_IS_ZERO;
    let group4 = settings.mode == EncodingMode::Group4;
    let keep = group4 && whole && strips && !streams.is_empty() && streams.len() <= MOST_STRIPS;
    if keep {
        let strips = chunks.iter().zip(streams);
        let images = strips.map(|(chunk, data)| strip(chunk, data, inverted)).collect();
        return Ok((images, bits.into_samples(inverted).to_pixels()?));
    }
    let image = bits.encode_g4(inverted)?;
    let pixels = bits.into_samples(inverted).to_pixels()?;
    // What is kept is made of the pixels, and says no more than they do.
    let own: Vec<&[u8]> = streams.iter().map(AsRef::as_ref).collect();
    if white::hidden(&own, &pixels) {
        return Err(DecodeError::White { what: "the page decodes to an empty sheet" });
    }
    Ok((vec![([0, 0, layout.width, layout.height], image)], pixels))
}

/// Adds rows of one stream; false when the stream itself ended the picture before the last row.
fn decode(
    layout: &Layout<'_>,
    bits: &mut BlackBits,
    data: &[u8],
    rows: u32,
    settings: FaxSettings,
) -> Result<bool, DecodeError> {
    let options = layout.number(tags::T4_OPTIONS).unwrap_or(0);
    bits.decode(data, rows, settings).map_err(|error| match error {
        DecodeError::Unreadable { .. }
            if layout.compression == 3 && options & UNCOMPRESSED != 0 =>
        {
            DecodeError::unsupported("a TIFF fax page in uncompressed mode")
        }
        error => error,
    })
}

fn settings(layout: &Layout<'_>) -> FaxSettings {
    let options = layout.number(tags::T4_OPTIONS).unwrap_or(0);
    let plain =
        FaxSettings { mode: EncodingMode::Group3_1D, end_of_line: false, byte_align: false };
    match layout.compression {
        // "Modified Huffman": one-dimensional rows without end marks, each from a byte boundary.
        2 => FaxSettings { byte_align: true, ..plain },
        3 if options & TWO_DIMENSIONAL != 0 => {
            FaxSettings { mode: EncodingMode::Group3_2D, end_of_line: true, ..plain }
        }
        3 => FaxSettings { end_of_line: true, ..plain },
        _ => FaxSettings { mode: EncodingMode::Group4, ..plain },
    }
}

fn strip(chunk: &Chunk<'_>, data: Cow<'_, [u8]>, inverted: bool) -> ([u32; 4], ArchiveImage) {
    let image = g4(data.into_owned(), chunk.width, chunk.height, inverted, true);
    ([chunk.x, chunk.y, chunk.x + chunk.width, chunk.y + chunk.height], image)
}
