//! Barcodes through decoder and engine, as a child reads a page.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

use std::path::PathBuf;

use image::{GrayImage, Luma, imageops};
use rxing::{BarcodeFormat, MultiFormatWriter, Writer as _};
use sohoa_decode::{Keep, Limits, Origin};
use sohoa_document::{Page, Symbology};
use sohoa_ocr::EngineConfig;
use sohoa_page_workers::{Care, DecodeAndRecognise, PageEngine as _, PageJob};
use tempfile::TempDir;

const CODE: &str = "H08.12-240115-0007";

/// An A4 page at 200 dpi with a QR code near its top left, as a PNG file.
fn paper(folder: &TempDir, change: impl Fn(GrayImage) -> GrayImage) -> PathBuf {
    let code = MultiFormatWriter.encode(CODE, &BarcodeFormat::QR_CODE, 1, 1).unwrap();
    let module = 5;
    let symbol = GrayImage::from_fn(code.getWidth() * module, code.getHeight() * module, |x, y| {
        Luma([if code.get(x / module, y / module) { 20 } else { 246 }])
    });
    let mut page = GrayImage::from_pixel(1654, 2339, Luma([246]));
    imageops::replace(&mut page, &symbol, 200, 150);
    let path = folder.path().join("page.png");
    change(page).save(&path).unwrap();
    path
}

fn read(path: PathBuf, care: Care) -> Page {
    let mut engine = DecodeAndRecognise::new(&EngineConfig::default(), Limits::default()).unwrap();
    let origin = Origin::Paper;
    let job = PageJob { path, number: 1, origin, megapixels: 3.9, keep: Keep::Stream };
    engine.page(&job, care).unwrap()
}

#[test]
fn a_code_is_read_beside_the_text_and_placed_on_the_page() {
    let folder = TempDir::new().unwrap();
    let page = read(paper(&folder, |page| page), Care::Full);
    let [code] = page.barcodes.codes.as_slice() else { panic!("{:?}", page.barcodes) };
    assert_eq!((code.symbology, code.text.as_deref()), (Symbology::QrCode, Some(CODE)));
    assert_eq!(code.dossier_codes, [CODE]);
    let (x, y) = code.bbox.centre();
    let (across, down) = (x / page.text.width, y / page.text.height);
    assert!((0.08..0.22).contains(&across) && (0.05..0.13).contains(&down), "{across} {down}");
}

#[test]
fn leaning_and_specked_paper_is_read_too() {
    let folder = TempDir::new().unwrap();
    let lean = |page: GrayImage| {
        GrayImage::from_fn(page.width(), page.height(), |x, y| {
            let from = (x as f32 + y as f32 * 0.05, y as f32 - x as f32 * 0.05);
            let inside = from.0 >= 0.0 && from.1 >= 0.0;
            let at = (from.0 as u32, from.1 as u32);
            let inside = inside && at.0 < page.width() && at.1 < page.height();
            let speck = (x * 7919 + y * 104_729) % 613 == 0;
            let paper = if inside { page.get_pixel(at.0, at.1).0[0] } else { 246 };
            Luma([if speck { 0 } else { paper }])
        })
    };
    let page = read(paper(&folder, lean), Care::Full);
    assert_eq!(page.barcodes.codes.len(), 1);
    assert_eq!(page.barcodes.codes[0].dossier_codes, [CODE]);
}

#[test]
fn after_a_broken_bound_no_code_is_looked_for() {
    let folder = TempDir::new().unwrap();
    let page = read(paper(&folder, |page| page), Care::Reduced);
    assert_eq!(page.barcodes, sohoa_document::Barcodes::default());
}
