//! JPEG and PNG files.

use image::{DynamicImage, GrayAlphaImage, ImageFormat, LumaA};
use sohoa_decode::{Format, Keep, LayerQuality, Origin};
use sohoa_document::{Codec, Colour};

use crate::build::{colour, difference, encoded, grey, opened};

#[test]
fn a_jpeg_is_kept_byte_for_byte() {
    let bytes = encoded(&DynamicImage::ImageRgb8(colour(300, 420)), ImageFormat::Jpeg);
    let mut source = opened(&bytes).unwrap();
    assert_eq!((source.format(), source.page_count()), (Format::Jpeg, 1));
    let survey = source.survey().unwrap();
    assert_eq!((survey.origin, survey.signed), (Origin::Paper, false));
    assert_eq!(survey.layers, [LayerQuality::None]);
    let page = source.page(1, survey.origin, Keep::Stream).unwrap();
    let scan = page.scan.unwrap();
    let (_, image) = &scan.images[0];
    assert_eq!(image.data, bytes);
    assert_eq!((image.width, image.height, image.bits), (300, 420, 8));
    assert_eq!((&image.colour, &image.codec), (&Colour::Rgb, &Codec::Jpeg { inverted: false }));
    assert!(image.original_stream && page.layer.is_none());
    let raster = page.raster.unwrap();
    assert!(difference(&raster, &DynamicImage::ImageRgb8(colour(300, 420))) < 6.0);
}

#[test]
fn exif_orientation_turns_the_page_and_not_the_stream() {
    let plain = encoded(&DynamicImage::ImageLuma8(grey(300, 420)), ImageFormat::Jpeg);
    // A little-endian EXIF block with the one tag `Orientation` = 6.
    let mut exif =
        b"\xff\xe1\0\x22Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
            .to_vec();
    let length = (exif.len() - 2) as u16;
    exif[2..4].copy_from_slice(&length.to_be_bytes());
    let mut bytes = plain[..2].to_vec();
    bytes.extend(exif);
    bytes.extend(&plain[2..]);
    let page = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let scan = page.scan.unwrap();
    assert_eq!(scan.rotation, 90);
    assert_eq!(scan.images[0].1.data, bytes);
    assert!(scan.width < scan.height && scan.displayed_size().0 > scan.displayed_size().1);
    let upright = DynamicImage::ImageLuma8(grey(300, 420)).rotate90();
    assert!(difference(&page.raster.unwrap(), &upright) < 6.0);
}

#[test]
fn a_plain_png_keeps_its_compressed_rows() {
    let picture = DynamicImage::ImageRgb8(colour(210, 297));
    let bytes = encoded(&picture, ImageFormat::Png);
    let page = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let (_, image) = &page.scan.as_ref().unwrap().images[0];
    assert_eq!(image.codec, Codec::Flate { predictor: 15 });
    assert!(image.original_stream);
    assert!(
        bytes.windows(image.data.len()).any(|part| part == image.data),
        "not the IDAT of the file"
    );
    assert_eq!(difference(&page.raster.unwrap(), &picture), 0.0);
    assert_eq!(page.facts.dpi_x, None);
}

#[test]
fn transparency_is_flattened_on_white() {
    let clear = GrayAlphaImage::from_fn(200, 280, |x, _| LumaA([0, if x < 100 { 255 } else { 0 }]));
    let bytes = encoded(&DynamicImage::ImageLumaA8(clear), ImageFormat::Png);
    let page = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let (_, image) = &page.scan.as_ref().unwrap().images[0];
    assert!(!image.original_stream);
    assert_eq!(image.colour, Colour::Gray);
    let raster = page.raster.unwrap().to_luma8();
    assert_eq!((raster.get_pixel(10, 10).0, raster.get_pixel(150, 10).0), ([0], [255]));
}

#[test]
fn a_dense_scan_is_reduced_for_recognition_only() {
    let mut bytes = encoded(&DynamicImage::ImageRgb8(colour(2480, 3508)), ImageFormat::Jpeg);
    // The encoder wrote a JFIF density of unit 0; say 300 dots per inch.
    bytes[13..18].copy_from_slice(&[1, 1, 44, 1, 44]);
    let page = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    assert_eq!((page.facts.dpi_x, page.facts.width_px), (Some(300.0), 2480));
    let raster = page.raster.unwrap();
    assert_eq!((raster.width(), raster.height(), page.raster_dpi), (1653, 2339, 200.0));
    assert!(page.facts.findings.is_empty(), "{:?}", page.facts.findings);
}

#[test]
fn a_coarse_scan_is_a_finding() {
    let mut bytes = encoded(&DynamicImage::ImageLuma8(grey(1240, 1754)), ImageFormat::Jpeg);
    bytes[13..18].copy_from_slice(&[1, 0, 150, 0, 150]);
    let page = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    assert_eq!(page.facts.findings, ["I01_DPI_LOW", "I02_NOT_COLOUR"]);
    assert_eq!(page.raster.unwrap().width(), 1240);
}

#[test]
fn a_scan_that_does_not_say_how_dense_it_is_or_says_nonsense_is_a_finding() {
    let plain = encoded(&DynamicImage::ImageRgb8(colour(1654, 2339)), ImageFormat::Jpeg);
    // A JFIF density: without a unit, what software writes when it does not know, of no dots.
    for density in [[0, 0, 1, 0, 1], [1, 0, 72, 0, 72], [1, 0, 0, 0, 0]] {
        let mut bytes = plain.clone();
        bytes[13..18].copy_from_slice(&density);
        let page = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
        assert_eq!((page.facts.dpi_x, page.facts.dpi_y), (None, None), "{density:?}");
        assert_eq!(page.facts.findings, ["I01_DPI_LOW"], "{density:?}");
    }
}

#[test]
fn jpegs_that_a_pdf_cannot_hold_are_unsupported() {
    let plain = encoded(&DynamicImage::ImageLuma8(grey(300, 420)), ImageFormat::Jpeg);
    let frame = plain.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    // The frame's kind: lossless, hierarchical, arithmetic-coded; then its depth: 12 and 2 bits.
    for (at, value) in [(1, 0xc3), (1, 0xc5), (1, 0xc9), (4, 12), (4, 2)] {
        let mut bytes = plain.clone();
        bytes[frame + at] = value;
        let error = opened(&bytes).unwrap_err();
        assert_eq!(error.code(), "F05_UNSUPPORTED", "{at} {value:x}: {error}");
    }
}

#[test]
fn a_jpeg_that_breaks_off_is_refused_whatever_follows() {
    let plain = encoded(&DynamicImage::ImageRgb8(colour(640, 900)), ImageFormat::Jpeg);
    let cut = plain.len() * 3 / 5;
    let mut zeroes = plain[..cut].to_vec();
    zeroes.resize(plain.len(), 0);
    for bytes in [plain[..cut].to_vec(), zeroes] {
        let error = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap_err();
        assert_eq!(error.code(), "F02_UNREADABLE");
    }
}
