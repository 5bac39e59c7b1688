//! Files that are cut short, empty, garbage, or called something they are not.

use anyhow::Result;

use super::{Expect, Good, Shelf};
use crate::{chance::Chance, format::Format};

const UNREADABLE: &str = "F02_UNREADABLE";

/// Files whose bytes are damaged.
pub(super) fn damaged(shelf: &mut Shelf, good: &Good<'_>) -> Result<()> {
    let cut = |bytes: &[u8], percent: usize| bytes[..bytes.len() * percent / 100].to_vec();
    let tiff = good.make(Format::TiffG4)?.bytes;
    // The first directory lies after the first page's strip: at 20 % there is none, at 80 % the second is cut.
    shelf.put(
        "truncated-early.tif",
        &cut(&tiff, 20),
        Expect::code(UNREADABLE, "cut before the first directory"),
    )?;
    shelf.put(
        "truncated-second-page.tif",
        &cut(&tiff, 80),
        Expect::code(UNREADABLE, "cut inside the second page").or(&["I10_PAGE_COUNT_MISMATCH"]),
    )?;
    let pdf = good.make(Format::PdfJpeg)?.bytes;
    shelf.put(
        "truncated.pdf",
        &cut(&pdf, 40),
        Expect::code(UNREADABLE, "cut inside the first picture; no xref, no trailer")
            .or(&["I10_PAGE_COUNT_MISMATCH"]),
    )?;
    let jpeg = good.make(Format::Jpeg)?.bytes;
    shelf.put(
        "truncated.jpg",
        &cut(&jpeg, 50),
        Expect::code(UNREADABLE, "half of the scan lines are missing"),
    )?;
    let png = good.make(Format::Png)?.bytes;
    shelf.put(
        "truncated.png",
        &cut(&png, 50),
        Expect::code(UNREADABLE, "half of the scan lines are missing"),
    )?;
    let mut flipped = png;
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x5a;
    shelf.put(
        "flipped-bits.png",
        &flipped,
        Expect::code(UNREADABLE, "one byte is wrong, so the check sum is"),
    )?;
    let mut chance = Chance::new(23);
    for name in ["garbage.pdf", "garbage.tif", "garbage.jpg"] {
        let bytes: Vec<u8> = (0..20_000).map(|_| chance.bits() as u8).collect();
        let expect = Expect::code(UNREADABLE, "random bytes").or(&["F05_UNSUPPORTED"]);
        shelf.put(name, &bytes, expect)?;
    }
    for name in ["empty.pdf", "empty.tif"] {
        shelf.put(name, b"", Expect::code(UNREADABLE, "no bytes at all"))?;
    }
    shelf.put(
        "zero-pages.pdf",
        &zero_page_pdf(),
        Expect::code(UNREADABLE, "a well-formed file without pages"),
    )?;
    shelf.put(
        "zero-pages.tif",
        b"II*\0\0\0\0\0",
        Expect::code(UNREADABLE, "a header without directories"),
    )
}

/// Files whose name says something else than their bytes.
pub(super) fn mislabelled(shelf: &mut Shelf, good: &Good<'_>) -> Result<()> {
    let html = "<!DOCTYPE html><html><head><title>404</title></head><body><h1>Không tìm thấy trang</h1></body></html>\n";
    shelf.put(
        "html-error-page.pdf",
        html.as_bytes(),
        Expect::code("F05_UNSUPPORTED", "a web server's error page saved as PDF"),
    )?;
    let works = Expect::works("the name lies, the bytes are good");
    shelf.put("png-named.tif", &good.make(Format::Png)?.bytes, works)?;
    shelf.put("jpeg-named.png", &good.make(Format::Jpeg)?.bytes, works)?;
    shelf.put("tiff-named.pdf", &good.make(Format::TiffG4)?.bytes, works)
}

fn zero_page_pdf() -> Vec<u8> {
    use pdf_writer::{Pdf, Ref};
    let mut pdf = Pdf::new();
    let (catalog, tree) = (Ref::new(1), Ref::new(2));
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids([]).count(0);
    pdf.finish()
}
