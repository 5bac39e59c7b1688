//! CCITT fax streams: decoding G3 and G4, and encoding G4 without loss.

use fax::{Color, VecWriter, encoder::Encoder};
use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext, EncodingMode};
use sohoa_document::{ArchiveImage, Codec, Colour};

use crate::{error::DecodeError, samples::Samples};

/// How one stream was encoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FaxSettings {
    pub mode: EncodingMode,
    pub end_of_line: bool,
    pub byte_align: bool,
}

/// Rows of one bit a pixel in which black is 1.
#[derive(Debug)]
pub(crate) struct BlackBits {
    pub width: u32,
    pub rows: Vec<u8>,
}

impl BlackBits {
    pub(crate) fn new(width: u32) -> Self {
        Self { width, rows: Vec::new() }
    }

    fn stride(&self) -> usize {
        (self.width as usize).div_ceil(8)
    }

    pub(crate) fn height(&self) -> u32 {
        (self.rows.len() / self.stride().max(1)) as u32
    }

    /// Appends `rows` rows of a stream; fewer is an error, since lines of the page would be lost.
    pub(crate) fn decode(
        &mut self,
        data: &[u8],
        rows: u32,
        settings: FaxSettings,
    ) -> Result<(), DecodeError> {
        let before = self.height();
        let mut context = DecoderContext::new(DecodeSettings {
            columns: self.width,
            rows,
            end_of_block: true,
            end_of_line: settings.end_of_line,
            rows_are_byte_aligned: settings.byte_align,
            encoding: settings.mode,
            strict: false,
        });
        // An error after the last wanted row is only a missing end mark.
        let outcome = hayro_ccitt::decode(data, self, &mut context);
        let found = self.height() - before;
        if found < rows {
            let cause = outcome.err().map_or_else(String::new, |error| format!(" ({error:?})"));
            return Err(DecodeError::unreadable(format!(
                "its fax data ends at line {found} of {rows}{cause}"
            )));
        }
        self.rows.truncate((before + rows) as usize * self.stride());
        Ok(())
    }

    /// One G4 stream of all rows.
    pub(crate) fn encode_g4(&self, inverted: bool) -> Result<ArchiveImage, DecodeError> {
        // The encoder counts columns in 16 bits.
        let width = u16::try_from(self.width)
            .map_err(|_| DecodeError::unsupported("a fax image wider than 65,535 pixels"))?;
        let mut encoder = Encoder::new(VecWriter::new());
        for row in self.rows.chunks_exact(self.stride().max(1)) {
            let pixels = (0..usize::from(width)).map(|x| {
                if row[x / 8] & (0x80 >> (x % 8)) == 0 { Color::White } else { Color::Black }
            });
            match encoder.encode_line(pixels, width) {
                Ok(()) => {}
                Err(never) => match never {},
            }
        }
        let data = match encoder.finish() {
            Ok(writer) => writer.finish(),
            Err(never) => match never {},
        };
        Ok(g4(data, self.width, self.height(), inverted, false))
    }

    /// The same pixels for the raster.
    pub(crate) fn into_samples(self, inverted: bool) -> Samples {
        let (width, height) = (self.width, self.height());
        // In a fax black is 1, in grey samples 0 is black.
        Samples {
            width,
            height,
            bits: 1,
            colour: Colour::Gray,
            inverted: !inverted,
            rows: self.rows,
        }
    }
}

impl Decoder for BlackBits {
    fn push_row(&mut self, changes: &[u32]) {
        let start = self.rows.len();
        self.rows.resize(start + self.stride(), 0);
        let row = &mut self.rows[start..];
        for span in changes.chunks(2) {
            let from = span[0].min(self.width);
            let to = span.get(1).map_or(self.width, |to| *to).min(self.width);
            fill(row, from as usize, to as usize);
        }
    }
}

/// Sets the bits `from..to`.
fn fill(row: &mut [u8], from: usize, to: usize) {
    if from >= to {
        return;
    }
    let (first, last) = (from / 8, (to - 1) / 8);
    let head = 0xff_u8 >> (from % 8);
    let tail = 0xff_u8 << (7 - (to - 1) % 8);
    if first == last {
        row[first] |= head & tail;
        return;
    }
    row[first] |= head;
    row[first + 1..last].fill(0xff);
    row[last] |= tail;
}

/// A G4 stream as archived; `inverted` when its runs of white are to be shown black.
pub(crate) fn g4(
    data: Vec<u8>,
    width: u32,
    height: u32,
    inverted: bool,
    original: bool,
) -> ArchiveImage {
    ArchiveImage {
        data,
        codec: Codec::Ccitt { k: -1, black_is_1: false, byte_align: false, end_of_line: false },
        width,
        height,
        bits: 1,
        colour: Colour::Gray,
        inverted,
        icc: None,
        original_stream: original,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const G4: FaxSettings =
        FaxSettings { mode: EncodingMode::Group4, end_of_line: false, byte_align: false };

    proptest! {
        #[test]
        fn g4_loses_nothing(width in 1_u32..300, seed in prop::collection::vec(any::<u8>(), 1..400)) {
            let stride = (width as usize).div_ceil(8);
            let height = seed.len().div_ceil(stride);
            let mut rows: Vec<u8> = seed.iter().copied().cycle().take(stride * height).collect();
            let spare = stride * 8 - width as usize;
            for row in rows.chunks_exact_mut(stride) {
                row[stride - 1] &= 0xff << spare;
            }
            let bits = BlackBits { width, rows };
            let archived = bits.encode_g4(false).unwrap();
            let mut back = BlackBits::new(width);
            back.decode(&archived.data, archived.height, G4).unwrap();
            prop_assert_eq!(back.rows, bits.rows);
        }

        #[test]
        fn no_bytes_make_it_panic(data in prop::collection::vec(any::<u8>(), 0..200)) {
            for mode in [EncodingMode::Group4, EncodingMode::Group3_1D, EncodingMode::Group3_2D] {
                let mut bits = BlackBits::new(64);
                let settings = FaxSettings { mode, end_of_line: true, byte_align: false };
                if bits.decode(&data, 50, settings).is_ok() {
                    prop_assert_eq!(bits.height(), 50);
                }
            }
        }
    }

    #[test]
    fn a_cut_stream_is_an_error() {
        let bits = BlackBits { width: 64, rows: (0..800).map(|n| (n * 37) as u8).collect() };
        let whole = bits.encode_g4(false).unwrap().data;
        let mut back = BlackBits::new(64);
        let error = back.decode(&whole[..whole.len() / 2], 100, G4).unwrap_err();
        assert_eq!(error.code(), "F02_UNREADABLE");
    }
}
