//! A page after decode and recognition.

use serde::{Deserialize, Serialize};
use sohoa_schemas::summary::StepSeconds;

use crate::{barcode::Barcodes, geometry::Rect, image::ArchiveImage, text::PageText};

/// Where one image goes on the page.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// Box of the image on the page as stored, before `Scan::rotation`, in points from the top left.
    pub rect: Rect,
}

/// The page as an archive keeps it: one image, or strips that tile it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// Width of the page as stored, in points.
    pub width: f32,
    /// Height of the page as stored, in points.
    pub height: f32,
    /// Clockwise turn that makes the stored page upright: 0, 90, 180 or 270 (PDF's `/Rotate`).
    pub rotation: u16,
    /// The images, bottom first.
    pub images: Vec<(Placement, ArchiveImage)>,
}

impl Scan {
    /// Width and height as a person reads the page.
    pub fn displayed_size(&self) -> (f32, f32) {
        match self.rotation {
            90 | 270 => (self.height, self.width),
            _ => (self.width, self.height),
        }
    }
}

/// What is known about a page beside its image and text.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PageFacts {
    /// Pixels across, of the largest image; 0 when the page was drawn, not scanned.
    pub width_px: u32,
    /// Pixels down.
    pub height_px: u32,
    /// Dots per inch across, when the file says or implies it.
    pub dpi_x: Option<f32>,
    /// Dots per inch down.
    pub dpi_y: Option<f32>,
    /// `bitonal`, `gray`, `rgb`, `cmyk` or `palette`.
    pub colour_mode: String,
    /// Bits a sample.
    pub bit_depth: u8,
    /// A real blank page, as recognition judged it: kept, and not read.
    pub blank: bool,
    /// Skew the OCR raster was turned by, in degrees; the archived image is untouched.
    pub skew_deg: Option<f32>,
    /// Time spent decoding, milliseconds.
    pub decode_ms: u32,
    /// Time spent recognising, milliseconds.
    pub ocr_ms: u32,
    /// CPU time of the page worker for this page.
    pub cpu: StepSeconds,
    /// Finding codes of the page, e.g. `I01_DPI_LOW`.
    pub findings: Vec<String>,
    /// Words whose marks were put back from the words beside them.
    #[serde(default)]
    pub repaired_words: u32,
}

/// A page with everything that composing, extraction and the index need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// 1-based number in the source file.
    pub number: u32,
    /// The archived image; `None` for a page of a born-digital original that is kept as it is.
    pub scan: Option<Scan>,
    /// What was read.
    pub text: PageText,
    /// The barcodes on it.
    pub barcodes: Barcodes,
    /// Facts.
    pub facts: PageFacts,
}
