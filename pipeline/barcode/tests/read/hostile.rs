//! Whatever the pixels are, reading them ends without a panic and without an invented code.

use image::{DynamicImage, GrayImage, Luma, RgbImage};
use proptest::prelude::*;
use rxing::BarcodeFormat;

use crate::paper::{CODE, DPI, barcode, printed, with};

fn noise(size: (u32, u32), seed: u32, grain: u32) -> GrayImage {
    let grain = grain.max(1);
    GrayImage::from_fn(size.0, size.1, |x, y| {
        let cell = (x / grain).wrapping_mul(73_856_093) ^ (y / grain).wrapping_mul(19_349_663);
        let mixed = (cell ^ seed).wrapping_mul(0x9E37_79B1);
        let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x85EB_CA6B);
        Luma([if mixed >> 31 == 0 { 10 } else { 250 }])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn noise_of_any_grain_holds_no_code(
        width in 1u32..500, height in 1u32..500, seed in any::<u32>(), grain in 1u32..12
    ) {
        let patch = noise((width, height), seed, grain);
        let page = DynamicImage::ImageLuma8(with(printed(), &patch, (200, 50)));
        let found = sohoa_barcode::read(&page, DPI);
        prop_assert!(found.codes.iter().all(|one| one.dossier_codes.is_empty()), "{found:?}");
    }

    /// Damaged symbols reach deeper into the decoders than noise does.
    #[test]
    fn a_damaged_code_is_read_right_or_not_at_all(
        which in 0usize..5, hits in prop::collection::vec((0u32..400, 0u32..200, 1u32..40), 1..12)
    ) {
        let formats = [
            BarcodeFormat::QR_CODE, BarcodeFormat::DATA_MATRIX, BarcodeFormat::PDF_417,
            BarcodeFormat::CODE_128, BarcodeFormat::CODE_39,
        ];
        let mut symbol = barcode(formats[which], CODE, 3, 60);
        for (x, y, side) in hits {
            let (x, y) = (x % symbol.width(), y % symbol.height());
            for dy in 0..side {
                for dx in 0..side {
                    if x + dx < symbol.width() && y + dy < symbol.height() {
                        let pixel = symbol.get_pixel_mut(x + dx, y + dy);
                        pixel.0[0] = 255 - pixel.0[0];
                    }
                }
            }
        }
        let page = DynamicImage::ImageLuma8(with(printed(), &symbol, (100, 100)));
        for one in sohoa_barcode::read(&page, DPI).codes {
            // Code 39 has no check of its own: there a wrong character may pass.
            let checked = one.symbology != sohoa_document::Symbology::Code39;
            prop_assert!(!checked || one.dossier_codes.iter().all(|code| code == CODE), "{one:?}");
        }
    }

    #[test]
    fn any_size_and_resolution_is_survived(
        width in 0u32..80, height in 0u32..80, seed in any::<u32>(),
        dpi in prop::num::f32::ANY, scale in 1u32..400
    ) {
        let grey = noise((width, height), seed, 3);
        let rgb = RgbImage::from_fn(width, height, |x, y| image::Rgb([grey.get_pixel(x, y).0[0]; 3]));
        sohoa_barcode::read(&DynamicImage::ImageLuma8(grey), dpi);
        sohoa_barcode::read(&DynamicImage::ImageRgb8(rgb), scale as f32);
        sohoa_barcode::read(&DynamicImage::new_luma16(width, height), scale as f32);
    }
}
