//! What is printed is read, however it lies and whatever lies over it.

use image::{DynamicImage, GrayImage, Luma, imageops};
use rxing::BarcodeFormat;
use sohoa_document::Symbology;

use crate::paper::{CODE, DPI, barcode, leaning, printed, read, with};

const ALL: [(BarcodeFormat, Symbology, u32); 5] = [
    (BarcodeFormat::QR_CODE, Symbology::QrCode, 4),
    (BarcodeFormat::DATA_MATRIX, Symbology::DataMatrix, 5),
    (BarcodeFormat::PDF_417, Symbology::Pdf417, 3),
    (BarcodeFormat::CODE_128, Symbology::Code128, 3),
    (BarcodeFormat::CODE_39, Symbology::Code39, 2),
];

fn on_paper(format: BarcodeFormat, module: u32) -> GrayImage {
    barcode(format, CODE, module, 80)
}

#[test]
fn every_symbology_is_read_where_it_stands() {
    for (format, symbology, module) in ALL {
        let picture = on_paper(format, module);
        let page = with(printed(), &picture, (300, 120));
        let found = sohoa_barcode::read(&DynamicImage::ImageLuma8(page), DPI);
        let [one] = found.codes.as_slice() else { panic!("{symbology:?}: {found:?}") };
        assert_eq!(one.symbology, symbology);
        assert_eq!(one.text.as_deref(), Some(CODE));
        let points = |pixels: u32| pixels as f32 * 72.0 / DPI;
        let (x, y) = one.bbox.centre();
        let middle = (points(300 + picture.width() / 2), points(120 + picture.height() / 2));
        assert!((x - middle.0).abs() < 8.0 && (y - middle.1).abs() < 8.0, "{symbology:?}: {one:?}");
        assert!(one.bbox.width() < points(picture.width()) + 14.0, "{symbology:?}: {one:?}");
    }
}

#[test]
fn codes_that_lean_or_lie_on_their_side_are_read() {
    for (format, symbology, module) in ALL {
        for degrees in [-90.0, 3.0, -7.0, 20.0, 90.0, 180.0] {
            // Leaning bars as fine as these lose too much at this resolution.
            if symbology == Symbology::Code39 && degrees % 90.0 != 0.0 {
                continue;
            }
            let page = with(printed(), &leaning(&on_paper(format, module), degrees), (60, 60));
            assert_eq!(read(page), [CODE], "{symbology:?} at {degrees} degrees");
        }
    }
}

#[test]
fn noise_blur_and_fading_are_survived() {
    for (format, symbology, module) in ALL {
        let page = with(printed(), &on_paper(format, module), (300, 120));
        let mut seed = 7u32;
        let mut chance = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed >> 24
        };
        let mut noisy = page.clone();
        for pixel in noisy.pixels_mut() {
            let grain = chance() as i32 % 61 - 30;
            pixel.0[0] = (i32::from(pixel.0[0]) + grain).clamp(0, 255) as u8;
        }
        let faded = GrayImage::from_fn(page.width(), page.height(), |x, y| {
            let shade = 0.35 + 0.3 * x as f32 / page.width() as f32;
            Luma([(230.0 - (245.0 - f32::from(page.get_pixel(x, y).0[0])) * shade) as u8])
        });
        assert_eq!(read(noisy), [CODE], "{symbology:?} under noise");
        assert_eq!(read(imageops::blur(&page, 0.8)), [CODE], "{symbology:?} blurred");
        assert_eq!(read(faded), [CODE], "{symbology:?} faded");
    }
}

#[test]
fn codes_of_persons_are_counted_and_not_kept() {
    let card = "052099001234|211234567|Nguyen Van Mau|01011999|Nam|Thon Mau|01012021";
    let picture = barcode(BarcodeFormat::QR_CODE, card, 4, 0);
    let page = with(printed(), &picture, (300, 120));
    let found = sohoa_barcode::read(&DynamicImage::ImageLuma8(page), DPI);
    assert_eq!((found.personal, found.codes.len()), (1, 0));

    // A receipt that names the applicant still tells its dossier.
    let receipt = barcode(BarcodeFormat::QR_CODE, &format!("{CODE}|{card}"), 4, 0);
    let page = with(printed(), &receipt, (300, 120));
    let found = sohoa_barcode::read(&DynamicImage::ImageLuma8(page), DPI);
    assert_eq!(found.personal, 1);
    assert_eq!(found.codes[0].dossier_codes, [CODE]);
    assert!(!format!("{found:?}").contains("0520"));
}

#[test]
fn print_alone_gives_the_decoder_nothing_to_do() {
    let page = DynamicImage::ImageLuma8(printed());
    assert_eq!(sohoa_barcode::areas(&page, DPI), [[0; 4]; 0]);
}

#[test]
fn two_codes_on_a_page_are_both_read() {
    let page = with(printed(), &on_paper(BarcodeFormat::QR_CODE, 4), (100, 100));
    let other = barcode(BarcodeFormat::CODE_128, "H08.12-240115-0007", 3, 80);
    let mut codes = read(with(page, &other, (600, 100)));
    codes.sort();
    assert_eq!(codes, [CODE, "H08.12-240115-0007"]);
}
