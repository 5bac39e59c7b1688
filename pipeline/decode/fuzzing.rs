//! The parsers of outside bytes, a function each, for `tests/fuzz`; no part of the crate's interface.
//!
//! Each function ends for any bytes. It panics where a parser of ours breaks its promise: what it
//! lets pass must be fit for the stages behind it.

use std::sync::Arc;

use hayro_ccitt::EncodingMode;
use sohoa_document::{ArchiveImage, Scan};

use crate::{
    exif::Exif,
    fax_codec::{BlackBits, FaxSettings, has_rows},
    jpeg::{self, JpegHeader},
    jpeg_join,
    jpeg_page::JpegFile,
    jpx,
    limits::Limits,
    page::{DecodedPage, Keep},
    pdf,
    png_page::PngFile,
    source::{Source, guarded, sniff},
    tiff::TiffFile,
};

/// Small enough for hundreds of files a second; nothing else depends on them.
const LIMITS: Limits = Limits { max_file_bytes: 1 << 20, max_pages: 16, max_pixels: 1 << 20 };

/// Pages looked at in one file.
const MOST_PAGES: u32 = 3;

/// A file of any container, from its first bytes to its pages.
pub fn file(bytes: &[u8]) {
    let Ok(format) = sniff(bytes) else { return };
    let opened = guarded(|| Source::of(format, Arc::new(bytes.to_vec()), &LIMITS));
    let Ok(mut source) = opened else { return };
    let pages = source.page_count();
    assert!((1..=LIMITS.max_pages).contains(&pages));
    let Ok(survey) = source.survey() else { return };
    assert_eq!((survey.format, survey.pages), (format, pages));
    assert_eq!(survey.layers.len(), pages as usize);
    assert_eq!(survey.page_megapixels.len(), pages as usize);
    assert_eq!(survey.page_origins.len(), pages as usize);
    assert!(survey.page_megapixels.iter().all(|size| size.is_finite() && *size >= 0.0));
    for number in 1..=pages.min(MOST_PAGES) {
        if let Ok(page) = source.page(number, survey.origin, Keep::Stream) {
            check_page(&page);
        }
    }
}

/// A TIFF file: directories, layouts, strips and tiles of every compression.
pub fn tiff(bytes: &[u8]) {
    let opened = guarded(|| TiffFile::open(Arc::new(bytes.to_vec()), &LIMITS));
    let Ok(file) = opened else { return };
    let Ok(survey) = file.survey() else { return };
    assert_eq!(survey.pages as usize, file.page_count());
    for index in 0..file.page_count().min(MOST_PAGES as usize) {
        for keep in [Keep::Stream, Keep::Recoded] {
            if let Ok(page) = guarded(|| file.page(index, keep)) {
                check_page(&page);
            }
        }
    }
}

/// A JPEG stream: markers, EXIF, its end, the joining of strips, the splicing of tables.
pub fn jpeg(bytes: &[u8]) {
    let _exif = Exif::read(bytes);
    if let Ok(header) = JpegHeader::read(bytes)
        && let Ok(image) = jpeg::archive(bytes.to_vec(), &header)
    {
        assert_eq!((image.width, image.height), (header.width, header.height));
    }
    let half = bytes.len() / 2;
    if let Ok(whole) = jpeg::splice(Some(&bytes[half..]), &bytes[..half], Some(0)) {
        assert!(whole.starts_with(&[0xff, 0xd8]));
    }
    if let Some(joined) = jpeg_join::join(&[bytes, bytes]) {
        let joined = JpegHeader::read(&joined);
        let alone = JpegHeader::read(bytes);
        if let (Ok(joined), Ok(alone)) = (joined, alone) {
            assert_eq!((joined.width, joined.height), (alone.width, 2 * alone.height));
        }
    }
    let opened = guarded(|| JpegFile::open(Arc::new(bytes.to_vec()), &LIMITS));
    if let Ok(file) = opened
        && let Ok(page) = guarded(|| file.page(Keep::Stream))
    {
        check_page(&page);
    }
}

/// The boxes and the header of a JPEG 2000 file.
pub fn jpeg2000(bytes: &[u8]) {
    if let Some(header) = jpx::Header::read(bytes) {
        assert!(header.channels > 0 && (1..=128).contains(&header.bits));
    }
}

/// The chunks of a PNG file, and its pixels.
pub fn png(bytes: &[u8]) {
    let opened = guarded(|| PngFile::open(Arc::new(bytes.to_vec()), &LIMITS));
    if let Ok(file) = opened
        && let Ok(page) = guarded(|| file.page(Keep::Stream))
    {
        check_page(&page);
    }
}

/// A fax stream of a width and a kind that the first bytes say.
pub fn fax(bytes: &[u8]) {
    let [width1, width0, rows, flags, data @ ..] = bytes else { return };
    let width = u32::from(u16::from_be_bytes([*width1, *width0])) % 4096 + 1;
    let rows = u32::from(*rows) + 1;
    let mode = match flags % 3 {
        0 => EncodingMode::Group4,
        1 => EncodingMode::Group3_1D,
        _ => EncodingMode::Group3_2D,
    };
    let settings = FaxSettings { mode, end_of_line: flags & 4 != 0, byte_align: flags & 8 != 0 };
    assert!(guarded(|| Ok(has_rows(data, width, rows, settings))).is_ok());
    let mut bits = BlackBits::new(width);
    if guarded(|| bits.decode(data, rows, settings)).is_err() {
        return;
    }
    assert_eq!(bits.height(), rows);
    // What the archive gets in its place shows the same.
    let Ok(archived) = bits.encode_g4(false) else { return };
    let mut again = BlackBits::new(width);
    let plain = FaxSettings { mode: EncodingMode::Group4, end_of_line: false, byte_align: false };
    let outcome = guarded(|| again.decode(&archived.data, rows, plain));
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(again.rows == bits.rows, "the archived fax shows something else");
}

/// What is seen of a PDF before it is decoded: its end, the filters around and in its images.
pub fn pdf_images(bytes: &[u8]) {
    pdf::fuzzing::images(bytes, &LIMITS);
}

fn check_page(page: &DecodedPage) {
    if let Some(raster) = &page.raster {
        assert!(raster.width() > 0 && raster.height() > 0);
        assert!(page.raster_dpi.is_finite() && page.raster_dpi > 0.0, "{}", page.raster_dpi);
    }
    if let Some(scan) = &page.scan {
        check_scan(scan);
    }
    assert!(page.facts.findings.iter().all(|code| !code.is_empty()));
}

fn check_scan(scan: &Scan) {
    let sides = [scan.width, scan.height];
    assert!(sides.iter().all(|side| side.is_finite() && *side > 0.0), "{sides:?}");
    assert!(matches!(scan.rotation, 0 | 90 | 180 | 270));
    assert!(!scan.images.is_empty(), "a page without an image");
    for (placement, image) in &scan.images {
        let sides = [placement.rect.width(), placement.rect.height()];
        assert!(sides.iter().all(|side| side.is_finite()), "{sides:?}");
        check_image(image);
    }
}

fn check_image(image: &ArchiveImage) {
    assert!(image.width > 0 && image.height > 0 && !image.data.is_empty());
    assert!((1..=16).contains(&image.bits), "{} bits", image.bits);
}
