//! The images that a page keeps for the archive, read back by decoders that are not ours.

use std::io::Read;

use fax::{Color, decoder};
use flate2::{Crc, read::ZlibDecoder};
use image::{DynamicImage, GrayImage, Luma, imageops};
use sohoa_document::{ArchiveImage, Codec, Colour, Scan};

/// The page as its archived images show it; `None` where one is of inks, which need a printer.
pub(crate) fn shown(scan: &Scan, width: u32, height: u32) -> Option<DynamicImage> {
    let mut page: Option<DynamicImage> = None;
    for (place, image) in &scan.images {
        let picture = decoded(image)?;
        let x = (place.rect.x0 / scan.width * width as f32).round() as i64;
        let y = (place.rect.y0 / scan.height * height as f32).round() as i64;
        let page = page.get_or_insert_with(|| match &picture {
            DynamicImage::ImageLuma8(_) => DynamicImage::new_luma8(width, height),
            _ => DynamicImage::new_rgb8(width, height),
        });
        imageops::replace(page, &picture, x, y);
    }
    page
}

/// One image as its stream holds it.
pub(crate) fn decoded(image: &ArchiveImage) -> Option<DynamicImage> {
    let mut picture = match (&image.codec, &image.colour) {
        (Codec::Flate { predictor: 15 }, colour)
            if *colour == Colour::Cmyk || (*colour == Colour::Rgb && image.bits < 8) =>
        {
            // What PNG has no word for; the length of its rows is told by the size.
            let mut rows = Vec::new();
            ZlibDecoder::new(image.data.as_slice()).read_to_end(&mut rows).unwrap();
            let row = image.width as usize * usize::from(colour.channels() * image.bits);
            assert_eq!(rows.len(), (row.div_ceil(8) + 1) * image.height as usize);
            return None;
        }
        (_, Colour::Cmyk) => return None,
        (Codec::Ccitt { k: -1, .. }, _) => from_g4(image),
        (Codec::Flate { predictor: 1 }, Colour::Gray) if image.bits == 8 => {
            let mut rows = Vec::new();
            ZlibDecoder::new(image.data.as_slice()).read_to_end(&mut rows).unwrap();
            GrayImage::from_raw(image.width, image.height, rows).unwrap().into()
        }
        (Codec::Flate { predictor: 15 }, _) => image::load_from_memory(&png(image)).unwrap(),
        (Codec::Jpeg { .. } | Codec::Jpx, _) => image::load_from_memory(&image.data).unwrap(),
        (codec, _) => panic!("no reader of {codec:?}"),
    };
    if image.inverted {
        picture.invert();
    }
    Some(picture)
}

fn from_g4(image: &ArchiveImage) -> DynamicImage {
    let width = u16::try_from(image.width).unwrap();
    let mut page = GrayImage::new(image.width, image.height);
    let mut y = 0;
    let data = image.data.iter().copied();
    let row = |changes: &[u16]| {
        for (x, colour) in (0..).zip(decoder::pels(changes, width)) {
            let value = if colour == Color::White { 255 } else { 0 };
            page.put_pixel(x, y, Luma([value]));
        }
        y += 1;
    };
    decoder::decode_g4(data, width, Some(image.height as u16), row).unwrap();
    assert_eq!(y, image.height);
    DynamicImage::ImageLuma8(page)
}

/// The same rows as the data of a PNG.
pub(crate) fn png(image: &ArchiveImage) -> Vec<u8> {
    let (kind, palette) = match &image.colour {
        Colour::Indexed { palette } => (3, Some(palette.as_slice())),
        Colour::Rgb => (2, None),
        _ => (0, None),
    };
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = [image.width.to_be_bytes(), image.height.to_be_bytes()].concat();
    header.extend([image.bits, kind, 0, 0, 0]);
    let palette = palette.map(|palette| (b"PLTE", palette));
    let parts = [Some((b"IHDR", header.as_slice())), palette, Some((b"IDAT", &image.data))];
    for (kind, body) in parts.into_iter().flatten().chain([(b"IEND", &[][..])]) {
        let mut sum = Crc::new();
        sum.update(kind);
        sum.update(body);
        out.extend((body.len() as u32).to_be_bytes());
        out.extend(kind);
        out.extend(body);
        out.extend(sum.sum().to_be_bytes());
    }
    out
}
