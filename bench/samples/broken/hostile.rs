//! Files that ask for more memory than they are worth: absurd sizes and decompression bombs.

use std::io::Write as _;

use anyhow::Result;
use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref};

use super::{Expect, Shelf};

const BOMB: &str = "F07_DECOMPRESSION_BOMB";

/// Side of the claimed pictures: ten thousand million pixels.
const ABSURD: u32 = 100_000;
/// Side of the pictures that really unfold: 400 million bytes from a few hundred kilobytes.
const UNFOLDS: u32 = 20_000;

/// Writes the hostile files.
pub(super) fn put(shelf: &mut Shelf) -> Result<()> {
    let claims = Expect::code(BOMB, "claims 100000 x 100000 pixels and holds next to nothing");
    shelf.put("absurd-size.png", &png(ABSURD, &packed(1000)?), claims)?;
    shelf.put("absurd-size.tif", &tiff(), claims)?;
    shelf.put("absurd-size.jpg", &jpeg(), Expect::code(BOMB, "claims 65500 x 65500 pixels"))?;
    // Each line of a PNG starts with its filter's number.
    let side = u64::from(UNFOLDS);
    let unfolds = Expect::code(BOMB, "unfolds to 400 MB of black");
    shelf.put("bomb.png", &png(UNFOLDS, &packed(side * (side + 1))?), unfolds)?;
    let once = packed(side * side)?;
    let mut twice = ZlibEncoder::new(Vec::new(), Compression::best());
    twice.write_all(&once)?;
    let twice = twice.finish()?;
    shelf.put("bomb.pdf", &pdf(&twice), Expect::code(BOMB, "two nested filters, 400 MB of black"))
}

/// So many zero bytes, packed.
fn packed(count: u64) -> Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let block = vec![0; 1 << 20];
    let mut left = count;
    while left > 0 {
        let take = left.min(block.len() as u64);
        encoder.write_all(&block[..take as usize])?;
        left -= take;
    }
    Ok(encoder.finish()?)
}

/// A grey PNG of the claimed side around the given packed data.
fn png(side: u32, data: &[u8]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = [side.to_be_bytes(), side.to_be_bytes()].concat();
    header.extend([8, 0, 0, 0, 0]);
    for (kind, body) in [(b"IHDR", header.as_slice()), (b"IDAT", data), (b"IEND", &[])] {
        file.extend((body.len() as u32).to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(kind);
        crc.update(body);
        file.extend(kind);
        file.extend(body);
        file.extend(crc.sum().to_be_bytes());
    }
    file
}

/// A grey TIFF that claims one strip for all of it.
fn tiff() -> Vec<u8> {
    crate::tiff::write(&[crate::tiff::Page {
        coding: crate::tiff::Coding::LzwGrey,
        width: ABSURD,
        height: ABSURD,
        rows_per_strip: ABSURD,
        dpi: 200,
        // Clear code, end of information.
        strips: vec![vec![0x80, 0x40, 0x40]],
    }])
}

/// The headers of a JPEG, without a scan.
fn jpeg() -> Vec<u8> {
    let side = 65_500u16.to_be_bytes();
    let mut file = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    file.extend([16; 64]);
    file.extend([0xff, 0xc0, 0, 11, 8, side[0], side[1], side[0], side[1], 1, 1, 0x11, 0]);
    file.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0xff, 0xd9]);
    file
}

fn pdf(data: &[u8]) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let [catalog, tree, page, content, image] = [1, 2, 3, 4, 5].map(Ref::new);
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids([page]).count(1);
    let mut object = pdf.page(page);
    object.parent(tree).media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).contents(content);
    object.resources().x_objects().pair(Name(b"Im0"), image);
    object.finish();
    let mut drawing = Content::new();
    drawing.transform([595.0, 0.0, 0.0, 842.0, 0.0, 0.0]).x_object(Name(b"Im0"));
    pdf.stream(content, drawing.finish().as_slice());
    let mut picture = pdf.image_xobject(image, data);
    picture.width(UNFOLDS as i32).height(UNFOLDS as i32).bits_per_component(8);
    picture.color_space().device_gray();
    let filter = Name(b"FlateDecode");
    picture.insert(Name(b"Filter")).array().items([filter, filter]);
    picture.finish();
    pdf.finish()
}
