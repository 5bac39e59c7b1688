//! The image the archive keeps: the scanner's own compressed stream wherever it can be kept.

use serde::{Deserialize, Serialize};

/// How the bytes of an [`ArchiveImage`] are compressed. Only what a PDF can hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// CCITT fax. `k < 0` is G4, `0` is G3 1-D, `> 0` is G3 2-D, as PDF's `/K`.
    Ccitt {
        /// PDF's `/K`.
        k: i32,
        /// PDF's `/BlackIs1`.
        black_is_1: bool,
        /// PDF's `/EncodedByteAlign`.
        byte_align: bool,
        /// PDF's `/EndOfLine`.
        end_of_line: bool,
    },
    /// Zlib over the rows; `predictor` as PDF's `/Predictor` (1 none, 2 TIFF, 15 PNG).
    Flate {
        /// PDF's `/Predictor`.
        predictor: u8,
    },
    /// JBIG2 as embedded in PDF, with its globals (empty when there are none).
    Jbig2 {
        /// The `/JBIG2Globals` stream.
        #[serde(with = "serde_bytes")]
        globals: Vec<u8>,
    },
    /// A complete baseline or progressive JPEG (tables included).
    Jpeg {
        /// Whether a CMYK or YCCK JPEG stores inverted values (Adobe marker).
        inverted: bool,
    },
    /// JPEG 2000: a boxed JP2 file or a bare codestream.
    Jpx,
}

/// The colour of an image's samples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// Four channels, subtractive.
    Cmyk,
    /// One channel; 0 is black.
    Gray,
    /// Palette of RGB triples over `bits`-wide indexes.
    Indexed {
        /// 3 bytes an entry.
        #[serde(with = "serde_bytes")]
        palette: Vec<u8>,
    },
    /// Three channels, sRGB assumed.
    Rgb,
}

impl Colour {
    /// Samples a pixel.
    pub fn channels(&self) -> u8 {
        match self {
            Self::Cmyk => 4,
            Self::Gray | Self::Indexed { .. } => 1,
            Self::Rgb => 3,
        }
    }
}

/// A compressed image, as the scanner made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveImage {
    /// The compressed bytes.
    #[serde(with = "serde_bytes")]
    pub data: Vec<u8>,
    /// How they are compressed.
    pub codec: Codec,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Bits a sample: 1, 2, 4, 8 or 16.
    pub bits: u8,
    /// Meaning of the samples.
    pub colour: Colour,
    /// Whether sample values are inverted (PDF's `/Decode [1 0 …]`).
    pub inverted: bool,
    /// The embedded ICC profile, when the source had one that fits `colour`.
    pub icc: Option<serde_bytes::ByteBuf>,
    /// Whether the stream is the source's own (`true`) or was encoded here (`false`).
    pub original_stream: bool,
}
