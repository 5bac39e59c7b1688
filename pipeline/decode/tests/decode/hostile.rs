//! Broken, cut, mislabelled and hostile files: an error that says what to do, never a panic.

use std::time::Instant;

use image::{DynamicImage, ImageFormat};
use proptest::prelude::*;
use sohoa_decode::{DecodeError, DecodedPage, Keep, Limits, Origin, open};

use crate::{
    build::{
        PdfPage, TiffPage, bitonal, colour, difference, encoded, fax_page, grey, jpeg_image,
        opened, pdf, save, tiff,
    },
    matrix::files,
};

fn all_pages(bytes: &[u8]) -> Result<Vec<DecodedPage>, DecodeError> {
    let mut source = opened(bytes)?;
    let survey = source.survey()?;
    (1..=source.page_count())
        .map(|number| source.page(number, survey.origin, Keep::Stream))
        .collect()
}

/// Small files of every container; each page carries ink.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let fax = bitonal(400, 560);
    let rgb = DynamicImage::ImageRgb8(colour(300, 420));
    let full = [420.0, 0.0, 0.0, 595.0, 0.0, 0.0];
    let paper = || PdfPage { images: vec![(full, jpeg_image(&rgb))], ..PdfPage::default() };
    vec![
        ("tiff", tiff(&[fax_page(&fax, 200), fax_page(&fax, 200)])),
        ("jpeg", encoded(&rgb, ImageFormat::Jpeg)),
        ("png", encoded(&DynamicImage::ImageLuma8(grey(300, 420)), ImageFormat::Png)),
        ("pdf", pdf(&[paper(), paper()])),
    ]
}

#[test]
fn a_file_cut_anywhere_is_an_error_or_whole() {
    for (name, bytes) in samples() {
        let whole = all_pages(&bytes).unwrap().len();
        for part in 0..16 {
            let cut = &bytes[..bytes.len() * part / 16];
            match all_pages(cut) {
                Err(error) => assert!(!error.to_string().is_empty()),
                Ok(pages) => {
                    assert_eq!(pages.len(), whole, "{name} cut at {part}/16 lost a page silently");
                    let inked = pages.iter().all(|page| {
                        let raster = page.raster.as_ref().unwrap().to_luma8();
                        raster.pixels().any(|pixel| pixel.0[0] < 128)
                    });
                    assert!(inked, "{name} cut at {part}/16 gave a white page");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn flipped_bytes_never_panic(kind in 0_usize..4, spots in prop::collection::vec((any::<u32>(), any::<u8>()), 1..12)) {
        let mut bytes = samples().swap_remove(kind).1;
        let length = bytes.len();
        for (spot, value) in spots {
            bytes[spot as usize % length] = value;
        }
        if let Err(error) = all_pages(&bytes) {
            prop_assert!(error.code().starts_with(['F', 'I']));
        }
    }
}

/// A file of another writer cut at a length, or with some bytes changed, is an error or whole.
#[test]
fn files_of_other_writers_cut_anywhere_are_an_error_or_whole() {
    for folder in ["tiff", "jpeg", "jp2", "png", "pdf"] {
        for (name, path) in files(folder) {
            let bytes = std::fs::read(path).unwrap();
            let Ok(whole) = all_pages(&bytes) else { continue };
            let step = (bytes.len() / if folder == "pdf" { 12 } else { 40 }).max(1);
            let ends = (bytes.len().saturating_sub(24)..bytes.len()).step_by(3);
            for cut in (0..bytes.len()).step_by(step).chain(ends) {
                let Ok(pages) = all_pages(&bytes[..cut]) else { continue };
                assert_eq!(pages.len(), whole.len(), "{name} cut at {cut} lost a page silently");
                for (cut_page, page) in pages.iter().zip(&whole) {
                    let (seen, wanted) = (&cut_page.raster, &page.raster);
                    let apart = difference(seen.as_ref().unwrap(), wanted.as_ref().unwrap());
                    assert!(apart < 3.0, "{name} cut at {cut} lost part of a page: {apart:.1}");
                }
            }
        }
    }
}

#[test]
fn nothing_and_the_wrong_thing_have_their_own_words() {
    let cases: [(&[u8], &str, &str); 6] = [
        (b"", "F02_UNREADABLE", "empty"),
        (b"\r\n<!DOCTYPE html><html><body>404</body></html>", "F05_UNSUPPORTED", "web page"),
        (b"PK\x03\x04rest", "F05_UNSUPPORTED", "ZIP or Office"),
        (&[0; 64], "F05_UNSUPPORTED", "zero bytes"),
        (b"%PDF-1.7\nnothing else", "F02_UNREADABLE", "cut short"),
        (b"%PDF-1.7\nnothing\nstartxref\n9\n%%EOF", "F02_UNREADABLE", "list of pages"),
    ];
    for (bytes, code, words) in cases {
        let error = opened(bytes).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn no_pages_are_an_error() {
    assert_eq!(opened(&pdf(&[])).unwrap_err().code(), "F02_UNREADABLE");
    assert_eq!(opened(b"II\x2a\0\0\0\0\0").unwrap_err().code(), "F02_UNREADABLE");
}

#[test]
fn a_declared_page_that_is_not_there_is_a_mismatch() {
    let page = || PdfPage {
        images: vec![(
            [420.0, 0.0, 0.0, 595.0, 0.0, 0.0],
            jpeg_image(&DynamicImage::ImageLuma8(grey(200, 280))),
        )],
        ..PdfPage::default()
    };
    let bytes = pdf(&[page(), page()]);
    let at = bytes.windows(8).position(|part| part == b"/Count 2").unwrap();
    let mut lying = bytes;
    lying[at + 7] = b'3';
    let error = opened(&lying).unwrap_err();
    assert_eq!(error.code(), "I10_PAGE_COUNT_MISMATCH");
    assert!(matches!(error, DecodeError::PageCountMismatch { declared: 3, found: 2 }));
}

#[test]
fn absurd_sizes_are_refused_before_allocation() {
    let huge = TiffPage {
        tags: vec![
            (256, vec![3_000_000_000]),
            (257, vec![3_000_000_000]),
            (258, vec![1]),
            (259, vec![4]),
            (262, vec![0]),
        ],
        strips: vec![vec![0; 10]],
        tables: None,
        dpi: None,
    };
    assert_eq!(opened(&tiff(&[huge])).unwrap_err().code(), "F07_DECOMPRESSION_BOMB");

    let mut png = encoded(&DynamicImage::ImageLuma8(grey(64, 64)), ImageFormat::Png);
    png[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    assert_eq!(opened(&png).unwrap_err().code(), "F07_DECOMPRESSION_BOMB");

    let mut image = jpeg_image(&DynamicImage::ImageLuma8(grey(64, 64)));
    (image.width, image.height) = (2_000_000, 2_000_000);
    let page =
        PdfPage { images: vec![([420.0, 0.0, 0.0, 595.0, 0.0, 0.0], image)], ..PdfPage::default() };
    let mut source = opened(&pdf(&[page])).unwrap();
    assert_eq!(source.survey().unwrap().pages, 1);
    assert_eq!(
        source.page(1, Origin::Paper, Keep::Stream).unwrap_err().code(),
        "F07_DECOMPRESSION_BOMB"
    );
}

/// A page of many tiles or strips that all lie in the same place of the file.
fn overlaid(tags: &[(u16, u32)], count: usize, data: Vec<u8>) -> Vec<u8> {
    let plain = [(258, 8), (262, 1), (277, 1)];
    let all = tags.iter().chain(plain.iter().filter(|(tag, _)| tags.iter().all(|t| t.0 != *tag)));
    let page = TiffPage {
        tags: all.map(|(tag, value)| (*tag, vec![*value])).collect(),
        strips: vec![data],
        tables: None,
        dpi: None,
    };
    let mut page = page;
    // The builder lists one strip; the lists of a hostile file name it again and again.
    let length = page.strips[0].len() as u32;
    let (offsets, lengths) =
        if tags.iter().any(|tag| tag.0 == 322) { (324, 325) } else { (273, 279) };
    if offsets == 324 {
        page.tags.push((offsets, vec![8; count]));
        page.tags.push((lengths, vec![length; count]));
    }
    tiff(&[page])
}

#[test]
fn tiles_far_larger_than_their_page_are_refused() {
    let tags = [(256, 1), (257, 100_000), (259, 1), (322, 4096), (323, 16)];
    let bytes = overlaid(&tags, 6250, vec![0; 65536]);
    let started = Instant::now();
    let error = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap_err();
    assert_eq!(error.code(), "F02_UNREADABLE", "{error}");
    assert!(started.elapsed().as_secs() < 2);
}

#[test]
fn jpeg_tiles_that_lie_over_one_another_are_bounded() {
    let tile = encoded(&DynamicImage::ImageLuma8(grey(512, 512)), ImageFormat::Jpeg);
    let tags = [(256, 16), (257, 100_000), (259, 7), (322, 500), (323, 16)];
    let bytes = overlaid(&tags, 6250, tile);
    let started = Instant::now();
    let error = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap_err();
    assert_eq!(error.code(), "F02_UNREADABLE", "{error}");
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn strips_that_lie_over_one_another_are_refused_before_they_are_copied() {
    let jpeg = encoded(&DynamicImage::ImageLuma8(grey(16, 16)), ImageFormat::Jpeg);
    for (compression, bits, data) in [(4, 1, Vec::new()), (7, 8, jpeg.clone()), (6, 8, jpeg)] {
        let padded = [data, vec![0x55; 1 << 20]].concat();
        let tags =
            [(256, 16), (257, 100_000), (258, bits), (259, compression), (322, 16), (323, 16)];
        let bytes = overlaid(&tags, 6250, padded);
        let error = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap_err();
        assert_eq!(error.code(), "F02_UNREADABLE", "{error}");
        assert!(error.to_string().contains("over one another"), "{compression}: {error}");
    }
}

#[test]
fn directories_laid_over_one_another_are_bounded() {
    // Each directory of the chain names 4,000 tags and the next, two bytes further on.
    let mut bytes = b"II\x2a\0\x08\0\0\0".to_vec();
    bytes.resize(400_000, 0);
    for at in (8..300_000).step_by(2) {
        bytes[at..at + 2].copy_from_slice(&4000_u16.to_le_bytes());
    }
    let started = Instant::now();
    assert!(opened(&bytes).is_err());
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn limits_on_bytes_and_pages_hold() {
    let fax = bitonal(100, 140);
    let bytes = tiff(&[fax_page(&fax, 200), fax_page(&fax, 200), fax_page(&fax, 200)]);
    let saved = save(&bytes);
    let few = Limits { max_pages: 2, ..Limits::default() };
    assert_eq!(open(&saved.path, &few).unwrap_err().code(), "F06_TOO_LARGE");
    let small = Limits { max_file_bytes: 100, ..Limits::default() };
    let error = open(&saved.path, &small).unwrap_err();
    assert_eq!(error.code(), "F06_TOO_LARGE");
    assert!(error.to_string().contains(&bytes.len().to_string()), "{error}");
    let exact = Limits { max_file_bytes: bytes.len() as u64, ..Limits::default() };
    assert_eq!(open(&saved.path, &exact).unwrap().page_count(), 3);
}

#[test]
fn a_circular_list_of_pages_ends() {
    let mut bytes = tiff(&[fax_page(&bitonal(100, 140), 200)]);
    let first = bytes[4..8].to_vec();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&first);
    assert_eq!(opened(&bytes).unwrap_err().code(), "F02_UNREADABLE");
}
