//! One area to one barcode.
//!
//! Linear codes are turned upright first: the decoder looks along rows. The matrix codes find their
//! own turn. What does not decode as it is gets a second look at twice the size, which helps where
//! modules are under three pixels, and a third one smoothed, which helps against specks.

use image::GrayImage;
use rxing::{
    BarcodeFormat, BinaryBitmap, DecodeHints, Luma8LuminanceSource, RXingResult, Reader,
    common::HybridBinarizer,
    datamatrix::DataMatrixReader,
    oned::{Code39Reader, Code128Reader},
    pdf417::PDF417Reader,
    qrcode::cpp_port::QrReader,
};
use sohoa_document::Symbology;

use crate::{
    pixels::{doubled, grain, smoothed, turned},
    quiet::quietly,
};

/// From so much common direction on an area may be bars.
const BARS: f32 = 0.25;

/// Up to so much it may be a matrix.
const MATRIX: f32 = 0.6;

/// Bars lean by so much before they are worth turning.
const LEAST_LEAN_DEG: f32 = 1.5;

/// Longest text that is kept; the largest QR code holds 4,296 letters.
const LONGEST_TEXT: usize = 4_296;

/// Larger areas are not doubled: their modules are large enough.
const LARGEST_DOUBLED: u32 = 500_000;

type Bitmap = BinaryBitmap<HybridBinarizer<Luma8LuminanceSource>>;

/// The barcode in an area, if there is one.
pub(crate) fn decode(area: &GrayImage) -> Option<(Symbology, String)> {
    let grain = grain(area);
    let upright = (grain.unity >= BARS && grain.degrees.abs() >= LEAST_LEAN_DEG)
        .then(|| turned(area, grain.degrees));
    let bars = (grain.unity >= BARS).then(|| upright.as_ref().unwrap_or(area));
    let matrix = (grain.unity <= MATRIX).then_some(area);
    let look = |change: &dyn Fn(&GrayImage) -> GrayImage| {
        let bars = bars.and_then(|area| of_bars(&change(area)));
        bars.or_else(|| matrix.and_then(|area| of_matrix(&change(area))))
    };
    let small = area.width() * area.height() <= LARGEST_DOUBLED;
    look(&Clone::clone)
        .or_else(|| if small { look(&doubled) } else { None })
        .or_else(|| look(&smoothed))
}

fn of_bars(area: &GrayImage) -> Option<(Symbology, String)> {
    read(area, &mut Code128Reader, BarcodeFormat::CODE_128)
        .or_else(|| read(area, &mut Code39Reader::default(), BarcodeFormat::CODE_39))
        .or_else(|| read(area, &mut PDF417Reader, BarcodeFormat::PDF_417))
}

fn of_matrix(area: &GrayImage) -> Option<(Symbology, String)> {
    read(area, &mut QrReader, BarcodeFormat::QR_CODE)
        .or_else(|| read(area, &mut DataMatrixReader, BarcodeFormat::DATA_MATRIX))
}

/// One reader's answer. A reader that panics has found nothing: its indices follow what a hostile
/// symbol says.
fn read(
    area: &GrayImage,
    reader: &mut impl Reader,
    format: BarcodeFormat,
) -> Option<(Symbology, String)> {
    let hints = DecodeHints {
        TryHarder: Some(true),
        PossibleFormats: Some([format].into()),
        ..DecodeHints::default()
    };
    let attempt = || -> Option<RXingResult> {
        let pixels = area.as_raw().clone();
        let source = Luma8LuminanceSource::new(pixels, area.width(), area.height()).ok()?;
        let mut bitmap: Bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
        reader.decode_with_hints(&mut bitmap, &hints).ok()
    };
    let result = quietly(attempt)??;
    let text = result.getText();
    let symbology = match result.getBarcodeFormat() {
        BarcodeFormat::CODE_128 => Symbology::Code128,
        BarcodeFormat::CODE_39 => Symbology::Code39,
        BarcodeFormat::DATA_MATRIX => Symbology::DataMatrix,
        BarcodeFormat::PDF_417 => Symbology::Pdf417,
        BarcodeFormat::QR_CODE => Symbology::QrCode,
        _ => return None,
    };
    // Three characters in a row of bars are found in any table.
    let least = if matches!(symbology, Symbology::Code39) { 6 } else { 1 };
    let length = text.chars().count();
    (least..=LONGEST_TEXT).contains(&length).then(|| (symbology, text.to_owned()))
}
