//! PDF files of another writer: every filter, page layout, encryption and broken table, by pixel.
//!
//! `tests/files/make-pdf` made them; no file of that folder is left unjudged.

use image::{DynamicImage, imageops::FilterType};
use sohoa_decode::{DecodedPage, Keep, Limits, Origin, open};

use crate::{
    archive::{decoded, shown},
    build::difference,
    matrix::files,
    pictures::{HEIGHT, WIDTH, bilevel, cmyk, grey, palette, rgb},
};

fn expected(name: &str) -> DynamicImage {
    let (kind, rest) = name.split_once('-').unwrap_or((name, ""));
    match (kind, rest) {
        ("rotated", _) if rest.starts_with("90") => grey(8).rotate90(),
        ("rotated", _) if rest.starts_with("180") => grey(8).rotate180(),
        ("rotated", _) if rest.starts_with("270") => grey(8).rotate270(),
        ("inherited", _) => grey(8).rotate90(),
        ("ccitt" | "jbig2" | "encrypted" | "two" | "layers" | "soft", _)
        | ("flate", "grey1-png-predictor") => bilevel(),
        ("flate", "palette4-png-predictor") => palette(4),
        ("dct", "cmyk-adobe" | "ycck-adobe") => cmyk(),
        ("dct", "ycbcr" | "progressive") => rgb(),
        _ if rest.contains("rgb") => rgb(),
        _ => grey(8),
    }
}

/// Pages that are not one plain image, or of inks: drawn, and compared as drawn.
fn is_drawn(name: &str) -> bool {
    name.starts_with("strips") || name.starts_with("layers") || name.starts_with("soft-mask")
}

fn pages(name: &str, path: &std::path::Path) -> Vec<DecodedPage> {
    let mut source = open(path, &Limits::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    let survey = source.survey().unwrap();
    assert_eq!(survey.origin, Origin::Paper, "{name}");
    let numbers = 1..=source.page_count();
    numbers
        .map(|number| {
            let page = source.page(number, survey.origin, Keep::Stream);
            page.unwrap_or_else(|error| panic!("{name}: {error}"))
        })
        .collect()
}

#[test]
fn every_filter_and_layout_gives_its_pixels_and_archives_them() {
    for (name, path) in files("pdf") {
        if name.starts_with("locked") || name.starts_with("annotation") {
            continue;
        }
        let picture = expected(&name);
        let all = pages(&name, &path);
        assert_eq!(all.len(), if name.starts_with("two") { 2 } else { 1 }, "{name}");
        for page in all {
            let mut seen = page.raster.unwrap();
            let lossy = name.starts_with("dct") || name.contains("lossy");
            // Inks become light by the interpreter's idea of a press.
            let inks = if name.contains("cmyk") || name.contains("ycck") { 20.0 } else { 0.0 };
            let mut tolerance = if lossy { 4.0 + inks } else { 0.0 };
            if is_drawn(&name) {
                seen = seen.resize_exact(WIDTH, HEIGHT, FilterType::Triangle);
                // Enlarged, smoothed and reduced.
                tolerance = 24.0;
            } else if name.contains("grey16") {
                tolerance = 1.0;
            }
            let apart = difference(&seen, &picture);
            assert!(apart <= tolerance, "{name}: differs by {apart:.2}");
            let scan = page.scan.unwrap();
            let turned = scan.rotation;
            let readable = scan.images.iter().all(|(_, image)| {
                use sohoa_document::Codec;
                let fax = matches!(image.codec, Codec::Ccitt { k: -1, black_is_1: false, .. });
                fax || matches!(image.codec, Codec::Flate { predictor: 15 })
            });
            if readable && image_bits(&scan) < 16 && !is_drawn(&name) {
                let kept = shown(&scan, WIDTH, HEIGHT).unwrap();
                let kept = match turned {
                    90 => kept.rotate90(),
                    180 => kept.rotate180(),
                    270 => kept.rotate270(),
                    _ => kept,
                };
                assert!(difference(&kept, &picture) <= tolerance, "{name}: the archive differs");
            }
        }
    }
}

fn image_bits(scan: &sohoa_document::Scan) -> u8 {
    scan.images.iter().map(|(_, image)| image.bits).max().unwrap_or(0)
}

#[test]
fn a_scanners_stream_is_kept_whatever_the_file_around_it() {
    let kept = |name: &str| {
        let packed_anew = ["ascii", "raw", "run-length", "lzw", "layers", "soft-mask", "inline"];
        !packed_anew.iter().any(|part| name.starts_with(part))
            && (!name.starts_with("annotation")
                || name.contains("hidden")
                || name.contains("no-view"))
    };
    for (name, path) in files("pdf").into_iter().filter(|(name, _)| !name.starts_with("locked")) {
        for page in pages(&name, &path) {
            let images = page.scan.unwrap().images;
            let original = images.iter().all(|(_, image)| image.original_stream);
            assert_eq!(original, kept(&name), "{name}");
        }
    }
}

#[test]
fn a_password_is_asked_for_by_a_code() {
    let locked = files("pdf").into_iter().filter(|(name, _)| name.starts_with("locked"));
    let codes: Vec<_> =
        locked.map(|(_, path)| open(&path, &Limits::default()).unwrap_err().code()).collect();
    assert_eq!(codes, ["F03_ENCRYPTED"; 5]);
}

/// A box of 20 x 10 points, 40 from the left and 30 from the bottom of a page 74 high.
fn box_is_black(picture: &DynamicImage) -> bool {
    let grey = picture.to_luma8();
    let at = |x: f32, y: f32| {
        let scale = |points: f32, size: u32, whole: f32| (points / whole * size as f32) as u32;
        let x = scale(x, grey.width(), 106.0).min(grey.width() - 1);
        let y = scale(74.0 - y, grey.height(), 74.0).min(grey.height() - 1);
        grey.get_pixel(x, y).0[0]
    };
    assert!(at(20.0, 35.0) > 250 && at(50.0, 60.0) > 250, "the paper is white");
    at(50.0, 35.0) < 50
}

#[test]
fn what_a_field_or_a_note_shows_is_seen_and_kept() {
    for (name, path) in files("pdf") {
        let Some(kind) = name.strip_prefix("annotation-") else { continue };
        let page = pages(&name, &path).remove(0);
        let shows = !matches!(kind, "hidden" | "no-view");
        assert_eq!(box_is_black(page.raster.as_ref().unwrap()), shows, "{name}");
        let image = &page.scan.unwrap().images[0].1;
        let kept = decoded(image).unwrap();
        assert_eq!(box_is_black(&kept), shows, "{name}: the archive");
    }
}
