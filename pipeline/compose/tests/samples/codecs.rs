//! The bars in every codec an archive image can have.

use std::io::Write;

use fax::{BitWriter, Bits, Color, VecWriter, encoder::Encoder, maps};
use flate2::{Compression, write::ZlibEncoder};
use image::{DynamicImage, GrayImage, RgbImage, codecs::jpeg::JpegEncoder};
use sohoa_document::{ArchiveImage, Codec, Colour};

use super::raster::{INK, PAPER, Raster};

/// Bars and page of the coloured samples.
const RGB_INK: [u8; 3] = [0x20, 0x30, 0x80];
const RGB_PAPER: [u8; 3] = [0xf8, 0xf4, 0xe0];

/// The raster in every codec that can be encoded here.
pub(crate) fn every(raster: &Raster) -> Vec<(&'static str, ArchiveImage)> {
    let packed = bits(raster, 1, |ink| u8::from(!ink));
    let palette = Colour::Indexed { palette: [RGB_PAPER, RGB_INK].concat() };
    let indexes = bits(raster, 4, u8::from);
    let deep: Vec<u8> = raster.pixels.iter().flat_map(|pixel| [*pixel, 0x55]).collect();
    let rgb = rgb(raster);
    let mut images = vec![
        ("fax_g4", fax_g4(raster)),
        ("fax_g3", fax_g3(raster)),
        ("jbig2", jbig2(raster, Vec::new())),
        ("jbig2_globals", jbig2(raster, comment_segment())),
        ("jpeg_gray", jpeg(raster, &DynamicImage::ImageLuma8(gray(raster)), Colour::Gray)),
        ("jpeg_rgb", jpeg(raster, &DynamicImage::ImageRgb8(rgb.clone()), Colour::Rgb)),
        ("flate_bits", flate(raster, &packed, 1, Colour::Gray)),
        ("flate_gray", flate(raster, &raster.pixels, 8, Colour::Gray)),
        ("flate_gray_16", flate(raster, &deep, 16, Colour::Gray)),
        ("flate_rgb", flate(raster, rgb.as_raw(), 8, Colour::Rgb)),
        ("flate_indexed", flate(raster, &indexes, 4, palette)),
        ("flate_png_up", png_up(raster)),
        ("fax_black_is_1", fax_black_is_1(raster)),
        ("flate_inverted", inverted(raster)),
    ];
    if let Some(image) = cmyk(raster) {
        images.push(("flate_cmyk_icc", image));
    }
    images
}

/// JPEG 2000 made elsewhere from the same bars at 50 dpi: a bare codestream and a boxed file.
pub(crate) fn jpeg_2000() -> Vec<(&'static str, ArchiveImage)> {
    let image = |data: &[u8], colour| ArchiveImage {
        data: data.to_vec(),
        codec: Codec::Jpx,
        width: 413,
        height: 585,
        bits: 8,
        colour,
        inverted: false,
        icc: None,
        original_stream: true,
    };
    vec![
        ("jpx_bare_gray", image(include_bytes!("bars.j2k"), Colour::Gray)),
        ("jpx_boxed_rgb", image(include_bytes!("bars.jp2"), Colour::Rgb)),
    ]
}

fn image(raster: &Raster, data: Vec<u8>, codec: Codec, bits: u8, colour: Colour) -> ArchiveImage {
    ArchiveImage {
        data,
        codec,
        width: raster.width as u32,
        height: raster.height as u32,
        bits,
        colour,
        inverted: false,
        icc: None,
        original_stream: true,
    }
}

fn ccitt(k: i32, black_is_1: bool) -> Codec {
    Codec::Ccitt { k, black_is_1, byte_align: false, end_of_line: k == 0 }
}

fn g4(raster: &Raster) -> Vec<u8> {
    let mut encoder = Encoder::new(VecWriter::new());
    for row in raster.ink() {
        let row = row.map(|ink| if ink { Color::Black } else { Color::White });
        encoder.encode_line(row, raster.width as u32).unwrap();
    }
    encoder.finish().unwrap().finish()
}

/// Group 4.
pub(crate) fn fax_g4(raster: &Raster) -> ArchiveImage {
    image(raster, g4(raster), ccitt(-1, false), 1, Colour::Gray)
}

/// Group 4 whose decoder is told that black is 1, so that the picture has to be inverted again.
fn fax_black_is_1(raster: &Raster) -> ArchiveImage {
    let image = image(raster, g4(raster), ccitt(-1, true), 1, Colour::Gray);
    ArchiveImage { inverted: true, ..image }
}

/// Group 3, one-dimensional, an end-of-line before every row.
fn fax_g3(raster: &Raster) -> ArchiveImage {
    let mut out = VecWriter::new();
    for row in raster.ink() {
        out.write(maps::EOL).unwrap();
        let (mut black, mut run) = (false, 0);
        for ink in row {
            if ink != black {
                write_run(&mut out, black, run);
                (black, run) = (ink, 0);
            }
            run += 1;
        }
        write_run(&mut out, black, run);
    }
    (0..6).for_each(|_| out.write(maps::EOL).unwrap());
    image(raster, out.finish(), ccitt(0, false), 1, Colour::Gray)
}

fn write_run(out: &mut VecWriter, black: bool, run: usize) {
    let table = if black { &maps::black::ENTRIES } else { &maps::white::ENTRIES };
    let code = |out: &mut VecWriter, index: usize| {
        let bits: Bits = table[index].1;
        out.write(bits).unwrap();
    };
    if run >= 64 {
        code(out, 63 + run / 64);
    }
    code(out, run % 64);
}

/// A page of one generic region, itself coded as Group 4.
fn jbig2(raster: &Raster, globals: Vec<u8>) -> ArchiveImage {
    let (width, height) =
        ((raster.width as u32).to_be_bytes(), (raster.height as u32).to_be_bytes());
    let mut page = [width, height].concat();
    page.extend_from_slice(&[0; 11]);
    let mut region = [width, height, [0; 4], [0; 4]].concat();
    // External combination "or"; then MMR coding.
    region.extend_from_slice(&[0, 1]);
    region.extend_from_slice(&g4(raster));
    let mut data = segment(1, 48, 1, &page);
    data.extend(segment(2, 38, 1, &region));
    image(raster, data, Codec::Jbig2 { globals }, 1, Colour::Gray)
}

fn segment(number: u32, kind: u8, page: u8, content: &[u8]) -> Vec<u8> {
    let mut out = number.to_be_bytes().to_vec();
    out.extend_from_slice(&[kind, 0, page]);
    out.extend_from_slice(&(content.len() as u32).to_be_bytes());
    out.extend_from_slice(content);
    out
}

/// A comment that belongs to no page, as the simplest global segment.
fn comment_segment() -> Vec<u8> {
    segment(0, 62, 0, b"\x20\0\0\0Title\0bars\0\0")
}

fn jpeg(raster: &Raster, picture: &DynamicImage, colour: Colour) -> ArchiveImage {
    let mut data = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut data, 90)).unwrap();
    image(raster, data, Codec::Jpeg { inverted: false }, 8, colour)
}

fn gray(raster: &Raster) -> GrayImage {
    let (width, height) = (raster.width as u32, raster.height as u32);
    GrayImage::from_raw(width, height, raster.pixels.clone()).unwrap()
}

fn rgb(raster: &Raster) -> RgbImage {
    let colour = |pixel: &u8| if *pixel == INK { RGB_INK } else { RGB_PAPER };
    let pixels = raster.pixels.iter().flat_map(colour).collect();
    RgbImage::from_raw(raster.width as u32, raster.height as u32, pixels).unwrap()
}

fn bits(raster: &Raster, width: u8, value: impl Fn(bool) -> u8) -> Vec<u8> {
    let mut out = Vec::new();
    for row in raster.ink() {
        let mut writer = VecWriter::new();
        for ink in row {
            writer.write(Bits { data: value(ink).into(), len: width }).unwrap();
        }
        out.extend(writer.finish());
    }
    out
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn flate(raster: &Raster, samples: &[u8], bits: u8, colour: Colour) -> ArchiveImage {
    image(raster, zlib(samples), Codec::Flate { predictor: 1 }, bits, colour)
}

fn inverted(raster: &Raster) -> ArchiveImage {
    let samples: Vec<u8> = raster.pixels.iter().map(|pixel| 255 - pixel).collect();
    ArchiveImage { inverted: true, ..flate(raster, &samples, 8, Colour::Gray) }
}

fn png_up(raster: &Raster) -> ArchiveImage {
    let mut samples = Vec::new();
    let mut above = vec![0u8; raster.width];
    for row in raster.pixels.chunks(raster.width) {
        samples.push(2);
        samples.extend(row.iter().zip(&above).map(|(here, above)| here.wrapping_sub(*above)));
        above.copy_from_slice(row);
    }
    image(raster, zlib(&samples), Codec::Flate { predictor: 15 }, 8, Colour::Gray)
}

/// Only where Ghostscript's profile is installed.
fn cmyk(raster: &Raster) -> Option<ArchiveImage> {
    let icc = std::fs::read("/usr/share/color/icc/ghostscript/default_cmyk.icc").ok()?;
    let key = |pixel: &u8| [0, 0, 0, if *pixel == PAPER { 0x10 } else { 0xe0 }];
    let samples: Vec<u8> = raster.pixels.iter().flat_map(key).collect();
    let image = flate(raster, &samples, 8, Colour::Cmyk);
    Some(ArchiveImage { icc: Some(serde_bytes::ByteBuf::from(icc)), ..image })
}
