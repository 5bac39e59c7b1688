//! Bitonal pages: fax strips, kept as they are where one G4 stream or a few make the page.

use std::borrow::Cow;

use hayro_ccitt::EncodingMode;
use sohoa_document::ArchiveImage;

use super::{
    directory::tags,
    pages::{Chunk, Layout, PageImages},
};
use crate::{
    error::DecodeError,
    fax_codec::{BlackBits, FaxSettings, g4},
};

/// Strips kept as an image each; more show seams in viewers, and are joined without loss.
const MOST_STRIPS: usize = 4;

pub(super) fn page(layout: &Layout<'_>) -> Result<PageImages, DecodeError> {
    let chunks = layout.chunks()?;
    if chunks.iter().any(|chunk| chunk.width != layout.width) {
        return Err(DecodeError::unsupported("a fax TIFF in tiles"));
    }
    let settings = settings(layout)?;
    let reversed = layout.number(tags::FILL_ORDER) == Some(2);
    let mut bits = BlackBits::new(layout.width);
    let mut streams = Vec::new();
    for chunk in &chunks {
        let data = oriented(chunk.data, reversed);
        bits.decode(&data, chunk.height, settings)?;
        streams.push(data);
    }
    // Photometric 1 shows the runs that fax calls white as black.
    let inverted = layout.photometric == 1;
    let keep = settings.mode == EncodingMode::Group4 && chunks.len() <= MOST_STRIPS;
    let images = if keep {
        let strips = chunks.iter().zip(streams);
        strips.map(|(chunk, data)| strip(chunk, data, inverted)).collect()
    } else {
        let all = bits.encode_g4(inverted)?;
        vec![([0, 0, layout.width, layout.height], all)]
    };
    Ok((images, bits.into_samples(inverted).to_pixels()?))
}

fn settings(layout: &Layout<'_>) -> Result<FaxSettings, DecodeError> {
    let options = layout.number(tags::T4_OPTIONS).unwrap_or(0);
    let plain =
        FaxSettings { mode: EncodingMode::Group3_1D, end_of_line: false, byte_align: false };
    match layout.number(tags::COMPRESSION) {
        // "Modified Huffman": one-dimensional rows without end marks, each from a byte boundary.
        Some(2) => Ok(FaxSettings { byte_align: true, ..plain }),
        Some(3) if options & 2 != 0 => {
            Err(DecodeError::unsupported("a TIFF fax page in uncompressed mode"))
        }
        Some(3) if options & 1 != 0 => {
            Ok(FaxSettings { mode: EncodingMode::Group3_2D, end_of_line: true, ..plain })
        }
        Some(3) => Ok(FaxSettings { end_of_line: true, ..plain }),
        _ => Ok(FaxSettings { mode: EncodingMode::Group4, ..plain }),
    }
}

fn oriented(data: &[u8], reversed: bool) -> Cow<'_, [u8]> {
    if reversed {
        Cow::Owned(data.iter().map(|byte| byte.reverse_bits()).collect())
    } else {
        Cow::Borrowed(data)
    }
}

fn strip(chunk: &Chunk<'_>, data: Cow<'_, [u8]>, inverted: bool) -> ([u32; 4], ArchiveImage) {
    let image = g4(data.into_owned(), chunk.width, chunk.height, inverted, true);
    ([chunk.x, chunk.y, chunk.x + chunk.width, chunk.y + chunk.height], image)
}
