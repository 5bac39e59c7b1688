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

/// A little-endian EXIF block with the one tag `Orientation`.
fn exif_block(orientation: u8) -> Vec<u8> {
    let mut block = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    block
}

/// A JPEG segment of EXIF.
fn exif_segment(block: &[u8]) -> Vec<u8> {
    let length = (block.len() as u16 + 8).to_be_bytes();
    [&[0xff, 0xe1], &length[..], b"Exif\0\0", block].concat()
}

#[test]
fn exif_orientation_turns_the_page_and_not_the_stream() {
    let plain = encoded(&DynamicImage::ImageLuma8(grey(300, 420)), ImageFormat::Jpeg);
    let exif = exif_segment(&exif_block(6));
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
fn exif_orientation_turns_a_png_as_well() {
    let picture = DynamicImage::ImageLuma8(grey(300, 420));
    let plain = encoded(&picture, ImageFormat::Png);
    for (orientation, upright, kept) in
        [(6, picture.rotate90(), true), (2, picture.fliph(), false), (1, picture.clone(), true)]
    {
        let block = exif_block(orientation);
        let mut chunk = (block.len() as u32).to_be_bytes().to_vec();
        chunk.extend(b"eXIf");
        chunk.extend(block);
        let mut sum = flate2::Crc::new();
        sum.update(&chunk[4..]);
        chunk.extend(sum.sum().to_be_bytes());
        let mut bytes = plain.clone();
        // Behind the header.
        bytes.splice(33..33, chunk);
        let page = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
        let scan = page.scan.unwrap();
        assert_eq!(scan.images[0].1.original_stream, kept, "orientation {orientation}");
        assert_eq!(difference(&page.raster.unwrap(), &upright), 0.0, "orientation {orientation}");
    }
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

/// The code of a JPEG file, or that it was read.
fn outcome(bytes: &[u8]) -> &'static str {
    let page = opened(bytes).and_then(|mut file| file.page(1, Origin::Paper, Keep::Stream));
    page.map_or_else(|error| error.code(), |_| "read")
}

#[test]
fn a_jpeg_that_is_broken_inside_is_refused_though_it_has_its_end() {
    let plain = encoded(&DynamicImage::ImageRgb8(colour(1240, 1754)), ImageFormat::Jpeg);
    assert_eq!(outcome(&plain), "read");
    let middle = plain.len() / 2;
    for inserted in [&[0xff, 0xd9][..], &[0xff, 0xc4], &[0xff, 0x00].repeat(20)] {
        let mut bytes = plain.clone();
        bytes.splice(middle..middle, inserted.iter().copied());
        assert_eq!(outcome(&bytes), "F02_UNREADABLE", "{inserted:x?}");
    }
    let mut lost = plain.clone();
    lost.drain(middle..middle + 3000);
    assert_eq!(outcome(&lost), "F02_UNREADABLE");
    // A page that breaks off, and a thumbnail that has its end.
    let thumbnail = [exif_block(1), encoded(&DynamicImage::new_luma8(8, 8), ImageFormat::Jpeg)];
    let mut cut = plain[..middle].to_vec();
    cut.splice(2..2, exif_segment(&thumbnail.concat()));
    assert_eq!(outcome(&cut), "F02_UNREADABLE");
}

#[test]
fn a_jpeg_of_which_nothing_is_lost_is_read_whatever_its_faults() {
    let picture = DynamicImage::ImageRgb8(colour(640, 900));
    let plain = encoded(&picture, ImageFormat::Jpeg);
    let end = plain.len() - 2;
    let mut padded = plain.clone();
    padded.splice(end..end, [0; 12]);
    let mut before = plain.clone();
    // Behind the first segment.
    before.splice(20..20, [0; 6]);
    let behind = [&plain[..], &[0x55; 5000]].concat();
    for bytes in [plain[..end].to_vec(), padded, before, behind] {
        let page = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
        assert!(difference(&page.raster.unwrap(), &picture) < 6.0);
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

#[test]
fn a_jpeg_2000_of_unequal_channels_is_unsupported() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/jp2/rgb.j2k");
    let mut bytes = std::fs::read(path).unwrap();
    // The depth of the second channel.
    bytes[45] = 11;
    assert_eq!(opened(&bytes).unwrap_err().code(), "F05_UNSUPPORTED");
}

#[test]
fn a_page_that_says_it_is_a_card_is_coarse() {
    let mut bytes = encoded(&DynamicImage::ImageLuma8(grey(1240, 1754)), ImageFormat::Jpeg);
    // 300 dots per inch.
    bytes[13..18].copy_from_slice(&[1, 1, 44, 1, 44]);
    let page = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    assert_eq!(page.facts.dpi_x, Some(150.0));
    assert_eq!(page.facts.findings, ["I01_DPI_LOW", "I02_NOT_COLOUR"]);
    assert_eq!(page.raster.unwrap().width(), 1240);
}
