//! Files of other writers, every layout a scanner or an old archive knows, pixel by pixel.
//!
//! `tests/files/make` made them; no file of that folder is left unjudged.

use std::{
    fs,
    path::{Path, PathBuf},
};

use image::DynamicImage;
use sohoa_decode::{DecodedPage, Keep, Limits, Origin, open};
use sohoa_document::Codec;

use crate::{
    archive::shown,
    build::difference,
    pictures::{
        HEIGHT, WIDTH, bilevel, cmyk, grey, grey_but, grey_on_white, palette, palette_on_white,
        rgb, rgb_on_white, rgb4,
    },
};

pub(crate) fn files(folder: &str) -> Vec<(String, PathBuf)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path))
        .collect();
    files.sort();
    files
}

fn page(path: &Path, keep: Keep) -> DecodedPage {
    let mut source = open(path, &Limits::default()).unwrap();
    assert_eq!(source.page_count(), 1, "{}", path.display());
    source
        .page(1, Origin::Paper, keep)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a file of this name shows, and how far from it JPEG may be.
fn expected(name: &str) -> Option<(DynamicImage, f64)> {
    let (kind, rest) = name.split_once('-').unwrap_or((name, ""));
    let lossy = if rest.contains("jpeg") { 2.5 } else { 0.0 };
    let picture = match kind {
        "bilevel" | "dpi" => bilevel(),
        "grey2" => grey(2),
        "grey4" => grey(4),
        "grey8" | "grey16" => grey(8),
        "grey12" => grey(12),
        "palette1" => palette(1),
        "palette2" => palette(2),
        "palette4" => palette(4),
        "palette8" => palette(8),
        "rgb4" => rgb4(),
        "rgb8" | "rgb16" | "rgbx8" => rgb(),
        "rgba8" => rgb_on_white(),
        "greya8" => grey_on_white(),
        "cmyk8" => cmyk(),
        // Chrominance of gradients over half as many pixels.
        "old" if rest.contains("grey") => return Some((grey(8), 1.0)),
        "ycbcr" | "old" => return Some((rgb(), 3.0)),
        _ => return None,
    };
    Some((picture, lossy))
}

#[test]
fn every_layout_of_a_tiff_gives_its_pixels_and_archives_them() {
    for (name, path) in files("tiff") {
        if name.starts_with("pages") {
            continue;
        }
        let (picture, tolerance) =
            expected(&name).unwrap_or_else(|| panic!("{name}: nothing says what it shows"));
        for keep in [Keep::Stream, Keep::Recoded] {
            let page = page(&path, keep);
            let seen = difference(page.raster.as_ref().unwrap(), &picture);
            assert!(seen <= tolerance, "{name} {keep:?}: differs by {seen:.2}");
            let scan = page.scan.as_ref().unwrap();
            if let Some(kept) = shown(scan, WIDTH, HEIGHT) {
                let seen = difference(&kept, &picture);
                // Noise of all colours is what JPEG is worst at.
                let loss = if keep == Keep::Recoded { 6.0 } else { 0.0 };
                assert!(
                    seen <= tolerance + loss,
                    "{name} {keep:?}: the archive differs by {seen:.2}"
                );
            }
        }
    }
}

#[test]
fn what_a_scanner_wrote_is_kept_as_it_is() {
    for name in [
        "bilevel-g4",
        "bilevel-g4-lsb",
        "bilevel-black0-g4",
        "grey8-jpeg",
        "rgb8-jpeg",
        "rgb8-jpeg-strips",
        "old-jpeg-ycbcr-tables",
        "old-jpeg-ycbcr-strips",
    ] {
        let (_, path) = files("tiff").into_iter().find(|(other, _)| other == name).unwrap();
        let scan = page(&path, Keep::Stream).scan.unwrap();
        assert_eq!(scan.images.len(), 1, "{name}");
        assert!(scan.images[0].1.original_stream, "{name}");
    }
}

#[test]
fn masks_are_no_pages_and_what_is_as_large_as_a_page_is_one() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/files/tiff");
    let pictures = |name: &str| {
        let mut source = open(&folder.join(name), &Limits::default()).unwrap();
        let pages = 1..=source.page_count();
        let rasters = pages.map(|number| source.page(number, Origin::Paper, Keep::Stream));
        rasters.map(|page| page.unwrap().raster.unwrap()).collect::<Vec<_>>()
    };
    // The second page of the other file is flagged as a reduced copy, and is none.
    for (name, wanted) in [
        ("pages.tif", vec![bilevel(), rgb(), grey(8)]),
        ("pages-with-reduced-and-mask.tif", vec![bilevel(), grey(8), rgb(), grey(8)]),
    ] {
        let seen = pictures(name);
        assert_eq!(seen.len(), wanted.len(), "{name}");
        for (seen, wanted) in seen.iter().zip(&wanted) {
            assert!(difference(seen, wanted) < 1.0, "{name}");
        }
    }
}

#[test]
fn jpeg_2000_files_give_their_pixels_and_are_kept() {
    for (name, path) in files("jp2") {
        let (picture, tolerance, kept) = match name.as_str() {
            "grey" | "grey-rpcl" | "grey16" => (grey(8), 0.0, true),
            "rgb" | "rgb-tiles" => (rgb(), 0.0, true),
            "rgb-lossy" => (rgb(), 3.0, true),
            "rgba" => (rgb_on_white(), 0.0, false),
            _ => panic!("{name}: nothing says what it shows"),
        };
        let page = page(&path, Keep::Stream);
        let seen = difference(page.raster.as_ref().unwrap(), &picture);
        assert!(seen <= tolerance, "{name}: differs by {seen:.2}");
        let image = &page.scan.unwrap().images[0].1;
        assert_eq!(image.original_stream, kept, "{name}");
        assert_eq!(image.codec == Codec::Jpx, kept, "{name}");
        assert!(!kept || image.data == fs::read(&path).unwrap(), "{name}");
    }
}

#[test]
fn jpeg_files_give_their_pixels_in_every_turn() {
    for (name, path) in files("jpeg") {
        let upright = match name.strip_prefix("exif-").map(|turn| turn.parse::<u8>().unwrap()) {
            Some(2) => Some(rgb().fliph()),
            Some(3) => Some(rgb().rotate180()),
            Some(4) => Some(rgb().flipv()),
            Some(5) => Some(rgb().rotate90().fliph()),
            Some(6) => Some(rgb().rotate90()),
            Some(7) => Some(rgb().rotate270().fliph()),
            Some(8) => Some(rgb().rotate270()),
            Some(_) => Some(rgb()),
            None => None,
        };
        let picture = match name.as_str() {
            "arithmetic" | "cmyk-unmarked" => {
                let error = open(&path, &Limits::default()).unwrap_err();
                assert_eq!(error.code(), "F05_UNSUPPORTED", "{name}: {error}");
                continue;
            }
            "grey" | "progressive-grey" => grey(8),
            "cmyk-adobe" | "ycck-adobe" => cmyk(),
            _ => upright.unwrap_or_else(rgb),
        };
        for keep in [Keep::Stream, Keep::Recoded] {
            let page = page(&path, keep);
            let seen = difference(page.raster.as_ref().unwrap(), &picture);
            assert!(seen < 4.0, "{name} {keep:?}: differs by {seen:.2}");
        }
    }
}

#[test]
fn png_files_give_their_pixels_and_keep_their_rows() {
    for (name, path) in files("png") {
        let (picture, kept) = match name.as_str() {
            "grey1" => (bilevel(), true),
            "grey1-interlaced" => (bilevel(), false),
            "grey8" | "grey8-dpi" | "grey16" => (grey(8), true),
            "grey16-interlaced" => (grey(8), false),
            "grey8-key" => (grey_but(100), false),
            "rgb8" | "animated" => (rgb(), true),
            "rgb8-interlaced" => (rgb(), false),
            "rgba8" => (rgb_on_white(), false),
            "palette4" => (palette(4), true),
            "palette4-transparent" => (palette_on_white(), false),
            _ => panic!("{name}: nothing says what it shows"),
        };
        let page = page(&path, Keep::Stream);
        let seen = difference(page.raster.as_ref().unwrap(), &picture);
        // Sixteen bits are rounded, not cut.
        let tolerance = if name.starts_with("grey16") { 1.0 } else { 0.0 };
        assert!(seen <= tolerance, "{name}: differs by {seen:.2}");
        let scan = page.scan.unwrap();
        assert_eq!(scan.images[0].1.original_stream, kept, "{name}");
        let shown = shown(&scan, WIDTH, HEIGHT).unwrap();
        assert!(difference(&shown, &picture) <= tolerance, "{name}: the archive differs");
    }
}
