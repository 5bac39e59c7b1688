//! What can go wrong with the engine.

use tesseract_rs::TesseractError;

/// Why nothing could be recognised.
#[derive(Debug, thiserror::Error)]
pub enum OcrError {
    /// The engine has no usable model of this name and language.
    #[error("no usable Tesseract model `{model}` of language `{language}` in {place}; {remedy}")]
    MissingModel {
        /// The model's name or folder, as configured.
        model: String,
        /// Tesseract's name of the language.
        language: String,
        /// Where it was looked for.
        place: String,
        /// What brings it.
        remedy: String,
    },
    /// A name or path holds bytes the engine cannot be given.
    #[error("{what} `{value}` cannot be passed to Tesseract")]
    UnusableSetting {
        /// Which setting.
        what: &'static str,
        /// Its value.
        value: String,
    },
    /// The raster's sides are beyond what the engine can address.
    #[error("a raster of {width} x {height} pixels is beyond the engine's bounds")]
    RasterTooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The engine refused or failed.
    #[error("Tesseract failed while {doing}")]
    Native {
        /// Which step.
        doing: &'static str,
        /// The binding's error.
        #[source]
        source: TesseractError,
    },
}

impl OcrError {
    /// Names the step of a native error.
    pub(crate) fn native(doing: &'static str) -> impl FnOnce(TesseractError) -> Self {
        move |source| Self::Native { doing, source }
    }
}
