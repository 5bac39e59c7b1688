//! CCITT fax streams: decoding G3 and G4, and encoding G4 without loss.

use fax::{Color, VecWriter, encoder::Encoder};
use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext, EncodingMode};
use sohoa_document::{ArchiveImage, Codec, Colour};

use crate::{
    error::DecodeError,
    fax_damage::{Count, damage},
    samples::Samples,
};

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

    /// Appends `rows` rows of a stream.
    ///
    /// Gives whether the stream held them all; one that ends the picture itself before the last
    /// row is complete, and the rows it leaves out are white.
    ///
    /// # Errors
    /// A stream that breaks off: lines of the page would be lost.
    pub(crate) fn decode(
        &mut self,
        data: &[u8],
        rows: u32,
        settings: FaxSettings,
    ) -> Result<bool, DecodeError> {
        let before = self.height();
        // An error after the last wanted row is only a missing end mark.
        let mut outcome =
            hayro_ccitt::decode(data, self, &mut context(self.width, rows, settings, true));
        let mut found = self.height() - before;
        if found < rows && outcome.is_err() {
            let sound = found;
            self.rows.truncate(before as usize * self.stride());
            let mut lenient = context(self.width, rows, settings, false);
            outcome = hayro_ccitt::decode(data, self, &mut lenient);
            found = self.height() - before;
            let damage = damage(data, self.width, settings, (sound, found), outcome.ok());
            if !damage.is_borne(rows) {
                let lines = damage.lines + rows.saturating_sub(found);
                return Err(DecodeError::unreadable(format!(
                    "its fax data is damaged or cut short in {lines} of {rows} lines"
                )));
            }
        }
        if found < rows {
            let ended =
                outcome.is_ok_and(|end| found > 0 && ends_block(&data[..end.min(data.len())]));
            if !ended {
                let cause = outcome.err().map_or_else(String::new, |error| format!(" ({error})"));
                return Err(DecodeError::unreadable(format!(
                    "its fax data ends at line {found} of {rows}{cause}"
                )));
            }
        }
        self.rows.resize((before + rows) as usize * self.stride(), 0);
        Ok(found >= rows)
    }

    /// Lays the upper left part of a tile on the page, at a place that is a multiple of 8 across.
    pub(crate) fn place(
        &mut self,
        tile: &Self,
        (x, y): (u32, u32),
        (width, height): (u32, u32),
    ) -> Result<(), DecodeError> {
        if !x.is_multiple_of(8) {
            return Err(DecodeError::unsupported("a fax TIFF in tiles of an odd width"));
        }
        let (from, length) = (x as usize / 8, (width as usize).div_ceil(8));
        let end = (y + height) as usize * self.stride();
        if self.rows.len() < end {
            self.rows.resize(end, 0);
        }
        let spare = 8 * length - width as usize;
        for (row, at) in
            tile.rows.chunks_exact(tile.stride().max(1)).zip(y as usize..).take(height as usize)
        {
            let start = at * self.stride() + from;
            self.rows[start..start + length].copy_from_slice(&row[..length]);
            // What a tile shows beyond the page's edge stays out.
            self.rows[start + length - 1] &= 0xff << spare;
        }
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

/// Whether a stream holds its rows, but for a little that careless writers leave out and for a
/// few damaged lines; one that ends the picture itself holds them all.
pub(crate) fn has_rows(data: &[u8], width: u32, rows: u32, settings: FaxSettings) -> bool {
    let read = |strict| {
        let mut found = Count(0);
        let mut context = context(width, rows, settings, strict);
        (hayro_ccitt::decode(data, &mut found, &mut context), found.0)
    };
    let (mut outcome, mut found) = read(true);
    if found < rows && outcome.is_err() {
        let sound = found;
        (outcome, found) = read(false);
        if !damage(data, width, settings, (sound, found), outcome.ok()).is_borne(rows) {
            return false;
        }
    }
    let ended = outcome.is_ok_and(|end| found > 0 && ends_block(&data[..end.min(data.len())]));
    ended || u64::from(found) * 100 >= u64::from(rows) * 98
}

pub(crate) fn context(
    width: u32,
    rows: u32,
    settings: FaxSettings,
    strict: bool,
) -> DecoderContext {
    DecoderContext::new(DecodeSettings {
        columns: width,
        rows,
        end_of_block: true,
        end_of_line: settings.end_of_line,
        rows_are_byte_aligned: settings.byte_align,
        encoding: settings.mode,
        strict,
    })
}

/// Whether the last bits are the mark that ends a picture: two ends of line, with or without the
/// bit that tells the kind of the line between them.
pub(crate) fn ends_block(data: &[u8]) -> bool {
    let tail =
        data.iter().rev().take(8).rev().fold(0_u64, |tail, byte| tail << 8 | u64::from(*byte));
    (0..40).any(|shift| {
        let bits = tail >> shift;
        bits & 0x00ff_ffff == 0x1001 || bits & 0x03ff_ffff == 0x3003
    })
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
            prop_assert!(back.decode(&archived.data, archived.height, G4).unwrap());
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
    fn a_stream_that_ends_the_picture_early_is_complete() {
        let bits = BlackBits { width: 64, rows: (0..800).map(|n| (n * 37) as u8).collect() };
        let whole = bits.encode_g4(false).unwrap().data;
        let mut back = BlackBits::new(64);
        assert!(!back.decode(&whole, 130, G4).unwrap());
        assert_eq!(back.rows[..800], bits.rows);
        assert_eq!(back.rows[800..], [0; 240]);
        // Without its end mark it is cut.
        let mut back = BlackBits::new(64);
        assert!(back.decode(&whole[..whole.len() - 3], 130, G4).is_err());
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
