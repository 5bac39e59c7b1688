//! The file formats a scan arrives in.

use clap::ValueEnum;

/// A container with its compression and, of a PDF, its text layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Multi-page TIFF, 1 bit, CCITT group 4
    TiffG4,
    /// Multi-page TIFF, colour, JPEG strips
    TiffJpeg,
    /// Multi-page TIFF, grey, LZW
    TiffLzw,
    /// One JPEG; the document has one page
    Jpeg,
    /// One colour PNG; the document has one page
    Png,
    /// Scanned PDF of JPEG pages, no text layer
    PdfJpeg,
    /// Scanned PDF of CCITT group 4 pages, no text layer
    PdfG4,
    /// Scanned PDF with the invisible garbage of an engine that knows no Vietnamese
    PdfJunkLayer,
    /// Scanned PDF whose only text is a signature's stamp
    PdfStampLayer,
    /// Scanned PDF with a true invisible text layer
    PdfGoodLayer,
    /// PDF made from a word processor: real text, no picture
    PdfBornDigital,
}

impl Format {
    /// Name on the command line and in the ground truth.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// How its pixels are compressed.
    pub(crate) fn codec(self) -> &'static str {
        match self {
            Self::TiffG4 | Self::PdfG4 => "ccitt-g4",
            Self::TiffLzw => "lzw",
            Self::Png => "deflate",
            Self::PdfBornDigital => "none",
            _ => "jpeg",
        }
    }

    /// Colour as a manifest writes it.
    pub(crate) fn colour(self) -> &'static str {
        match self {
            Self::TiffG4 | Self::PdfG4 => "bw1",
            Self::TiffLzw => "gray8",
            _ => "rgb24",
        }
    }

    /// File name extension.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::TiffG4 | Self::TiffJpeg | Self::TiffLzw => "tif",
            Self::Jpeg => "jpg",
            Self::Png => "png",
            _ => "pdf",
        }
    }

    /// Media type.
    pub(crate) fn media_type(self) -> &'static str {
        match self.extension() {
            "tif" => "image/tiff",
            "jpg" => "image/jpeg",
            "png" => "image/png",
            _ => "application/pdf",
        }
    }

    /// Kind of its text layer, as `inventory.csv` of an evaluation set would say.
    pub(crate) fn text_layer(self) -> &'static str {
        match self {
            Self::PdfJunkLayer => "junk",
            Self::PdfStampLayer => "stamp-only",
            Self::PdfGoodLayer | Self::PdfBornDigital => "good",
            _ => "none",
        }
    }

    /// Whether the file holds one page only.
    pub(crate) fn single_page(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png)
    }
}
