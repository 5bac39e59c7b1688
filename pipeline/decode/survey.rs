//! What is known of a file before any page is rasterised.

use serde::{Deserialize, Serialize};

/// The container, told by its first bytes and never by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One JPEG image.
    Jpeg,
    /// One JPEG 2000 image, boxed or bare.
    Jpeg2000,
    /// PDF.
    Pdf,
    /// One PNG image.
    Png,
    /// TIFF or `BigTIFF`, one or many pages.
    Tiff,
}

/// Whether a file, or a page, was made from paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Drawn as text and vectors by a computer: the original is the record.
    BornDigital,
    /// Some pages of each kind: treated as paper.
    Mixed,
    /// Images of paper.
    Paper,
}

/// How far the text layer of a page can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerQuality {
    /// Vietnamese as printed: used instead of recognition.
    Good,
    /// Made by an engine that knows no Vietnamese, or in a legacy font encoding.
    Junk,
    /// No text.
    None,
    /// Only the visible stamp of a digital signature or a note, over a page image.
    StampOnly,
}

/// What is known of a file before any page is rasterised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// The container.
    pub format: Format,
    /// Pages.
    pub pages: u32,
    /// The rule the whole file follows.
    pub origin: Origin,
    /// Whether at least one signature field is filled.
    pub signed: bool,
    /// What the file could do by itself (scripts, attached files), by name; never run.
    pub active: Vec<String>,
    /// Quality of the text layer, a page each.
    pub layers: Vec<LayerQuality>,
    /// Megapixels that decoding a page costs, a page each: deadlines scale with it.
    pub page_megapixels: Vec<f32>,
    /// Origin of each page; `None` for a page with nothing on it.
    pub page_origins: Vec<Option<Origin>>,
}

impl Survey {
    /// A file that is only images.
    pub(crate) fn of_images(format: Format, page_megapixels: Vec<f32>) -> Self {
        Self {
            format,
            pages: page_megapixels.len() as u32,
            origin: Origin::Paper,
            signed: false,
            active: Vec::new(),
            layers: vec![LayerQuality::None; page_megapixels.len()],
            page_origins: vec![Some(Origin::Paper); page_megapixels.len()],
            page_megapixels,
        }
    }
}
