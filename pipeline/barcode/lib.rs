//! Barcodes on a page: found cheaply, decoded, and reduced to what may be kept.
//!
//! Most pages have none, so the page is first looked over for dense, contrasting areas
//! (`areas`); only these are given to a decoder (`decode`). What a barcode says is searched for
//! codes of dossiers and procedures ([`codes`]); what it says about a person is dropped here, in the
//! process that read it (`personal`).
//!
//! The decoder is `rxing`, the port of `ZXing`: the only well-kept one in Rust that reads QR, Data
//! Matrix, PDF417, Code 128 and Code 39 (`rqrr` and `bardecoder` read QR alone). It is known to panic
//! on hostile symbols; a panic ends the reading of that area and of nothing else. It knows no bound
//! on time: that is the business of the process it runs in.

mod areas;
pub mod codes;
mod decode;
mod personal;
mod pixels;
mod quiet;

use image::DynamicImage;
use sohoa_document::{Barcode, Barcodes, Rect};

pub use areas::{Area, areas};

/// Most areas of a page that are given to the decoder, the largest first.
const MOST_AREAS: usize = 6;

/// Reads the barcodes of a page.
///
/// `raster` is the page as displayed, grey or RGB; `dpi` its resolution against the page size, in
/// which the boxes come back as points.
pub fn read(raster: &DynamicImage, dpi: f32) -> Barcodes {
    let mut found = Barcodes::default();
    if !(50.0..=1200.0).contains(&dpi) {
        return found;
    }
    for area in areas(raster, dpi).into_iter().take(MOST_AREAS) {
        let Some((symbology, text)) = decode::decode(&pixels::crop(raster, area)) else { continue };
        let [x0, y0, x1, y1] = area.map(|edge| edge as f32 * 72.0 / dpi);
        let bbox = Rect::new(x0, y0, x1, y1);
        let personal = personal::is_personal(&text);
        found.personal += u32::from(personal);
        let dossier_codes = codes::dossier_codes(&text);
        let procedure_codes = codes::procedure_codes(&text);
        if personal && dossier_codes.is_empty() && procedure_codes.is_empty() {
            continue;
        }
        let text = (!personal).then_some(text);
        found.codes.push(Barcode { symbology, text, dossier_codes, procedure_codes, bbox });
    }
    found
        .codes
        .sort_by(|a, b| a.bbox.y0.total_cmp(&b.bbox.y0).then(a.bbox.x0.total_cmp(&b.bbox.x0)));
    found
}
