//! Barcodes printed on a page, as far as they may leave the process that read them.

use serde::{Deserialize, Serialize};

use crate::geometry::Rect;

/// How a barcode is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Symbology {
    /// Code 128, with a check character.
    Code128,
    /// Code 39, mostly without a check character.
    Code39,
    /// Data Matrix ECC 200.
    DataMatrix,
    /// PDF417.
    Pdf417,
    /// QR code.
    QrCode,
}

impl Symbology {
    /// The word the index stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code128 => "code_128",
            Self::Code39 => "code_39",
            Self::DataMatrix => "data_matrix",
            Self::Pdf417 => "pdf_417",
            Self::QrCode => "qr_code",
        }
    }
}

/// One barcode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Barcode {
    /// How it is drawn.
    pub symbology: Symbology,
    /// What it says; `None` where it says something about a person.
    pub text: Option<String>,
    /// Codes of administrative dossiers in it, each once.
    pub dossier_codes: Vec<String>,
    /// Codes of administrative procedures in it, each once.
    pub procedure_codes: Vec<String>,
    /// Its place on the page as it is read.
    pub bbox: Rect,
}

/// The barcodes of one page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Barcodes {
    /// Those that may be kept, from the top left.
    pub codes: Vec<Barcode>,
    /// How many say something about a person, such as the code of an identity card; of them nothing
    /// is kept but the dossier's and the procedure's code.
    pub personal: u32,
}
