//! TIFF files: every compression, bit order, strips, tables, thumbnails.

use std::io::Cursor;

use fax::{BitWriter, VecWriter, maps};
use image::{DynamicImage, GrayImage, ImageFormat};
use sohoa_decode::{Format, Keep, Origin};
use sohoa_document::{Codec, Colour};
use tiff::{
    encoder::{Compression, TiffEncoder, colortype},
    tags::Predictor,
};

use crate::{
    archive::png,
    build::{
        TiffPage, bitonal, black_bits, colour, difference, encoded, fax_page, g4, grey, opened,
        tiff,
    },
};

const SIZE: (u32, u32) = (331, 460);

fn picture() -> GrayImage {
    bitonal(SIZE.0, SIZE.1)
}

#[test]
fn a_g4_page_keeps_the_scanners_stream() {
    let bytes = tiff(&[fax_page(&picture(), 300), fax_page(&bitonal(200, 280), 200)]);
    let mut source = opened(&bytes).unwrap();
    assert_eq!((source.format(), source.page_count()), (Format::Tiff, 2));
    let page = source.page(1, Origin::Paper, Keep::Stream).unwrap();
    let scan = page.scan.unwrap();
    let (place, image) = &scan.images[0];
    assert_eq!(image.data, g4(&picture()));
    assert_eq!(
        image.codec,
        Codec::Ccitt { k: -1, black_is_1: false, byte_align: false, end_of_line: false }
    );
    assert!(image.original_stream && !image.inverted);
    assert!((place.rect.x1 - 331.0 / 300.0 * 72.0).abs() < 0.01);
    assert_eq!((page.facts.colour_mode.as_str(), page.facts.dpi_y), ("bitonal", Some(300.0)));
    let second = source.page(2, Origin::Paper, Keep::Stream).unwrap();
    let expected = DynamicImage::ImageLuma8(bitonal(200, 280));
    assert_eq!(difference(&second.raster.unwrap(), &expected), 0.0);
}

#[test]
fn reversed_bits_and_reversed_meaning_give_the_same_page() {
    let mut reversed = fax_page(&picture(), 200);
    reversed.tags.push((266, vec![2]));
    reversed.strips = vec![g4(&picture()).iter().map(|byte| byte.reverse_bits()).collect()];
    let page = opened(&tiff(&[reversed])).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    assert_eq!(page.scan.unwrap().images[0].1.data, g4(&picture()));
    assert_eq!(difference(&page.raster.unwrap(), &DynamicImage::ImageLuma8(picture())), 0.0);

    let mut negative = picture();
    image::imageops::invert(&mut negative);
    let mut inverted = fax_page(&negative, 200);
    for tag in &mut inverted.tags {
        if tag.0 == 262 {
            tag.1 = vec![1];
        }
    }
    let page = opened(&tiff(&[inverted])).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    assert!(page.scan.unwrap().images[0].1.inverted);
    assert_eq!(difference(&page.raster.unwrap(), &DynamicImage::ImageLuma8(picture())), 0.0);
}

fn in_strips(rows: u32) -> TiffPage {
    let whole = picture();
    let mut page = fax_page(&whole, 200);
    page.tags.retain(|tag| tag.0 != 278);
    page.tags.push((278, vec![rows]));
    page.strips = (0..SIZE.1.div_ceil(rows))
        .map(|strip| {
            let height = rows.min(SIZE.1 - strip * rows);
            g4(&image::imageops::crop_imm(&whole, 0, strip * rows, SIZE.0, height).to_image())
        })
        .collect();
    page
}

#[test]
fn few_strips_are_placed_and_many_are_joined_without_loss() {
    let page =
        opened(&tiff(&[in_strips(160)])).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let scan = page.scan.unwrap();
    assert_eq!(scan.images.len(), 3);
    assert!(scan.images.iter().all(|(_, image)| image.original_stream));
    assert_eq!(scan.images[0].0.rect.y1, scan.images[1].0.rect.y0);
    assert!((scan.images[2].0.rect.y1 - scan.height).abs() < 0.01);
    assert_eq!(difference(&page.raster.unwrap(), &DynamicImage::ImageLuma8(picture())), 0.0);

    let page =
        opened(&tiff(&[in_strips(16)])).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let scan = page.scan.unwrap();
    assert_eq!(scan.images.len(), 1);
    assert_eq!(
        scan.images[0].1.data,
        g4(&picture()),
        "the joined stream is that of the whole page"
    );
    assert_eq!(difference(&page.raster.unwrap(), &DynamicImage::ImageLuma8(picture())), 0.0);
}

/// How the rows of a one-dimensional stream are parted.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Rows {
    /// Compression 2: each from a byte boundary.
    Aligned,
    /// Compression 3: after an end-of-line mark.
    Marked,
    /// Compression 3, option 4: after a mark that ends on a byte boundary.
    MarkedAligned,
}

fn g3(picture: &GrayImage, rows: Rows) -> Vec<u8> {
    let (mut out, mut length) = (VecWriter::new(), 0_usize);
    let mut put = |bits: fax::Bits| {
        length += usize::from(bits.len);
        out.write(bits).unwrap();
        length
    };
    let zero = || fax::Bits { data: 0, len: 1 };
    for row in picture.rows() {
        if rows == Rows::MarkedAligned {
            while (put(zero()) + usize::from(maps::EOL.len)) % 8 != 0 {}
        }
        if rows != Rows::Aligned {
            put(maps::EOL);
        }
        let pixels: Vec<bool> = row.map(|pixel| pixel.0[0] < 128).collect();
        let (mut at, mut black, mut end) = (0, false, 0);
        while at < pixels.len() {
            let run = pixels[at..].iter().take_while(|pixel| **pixel == black).count();
            let table = if black { &maps::black::ENTRIES } else { &maps::white::ENTRIES };
            if run >= 64 {
                put(table[63 + run / 64].1);
            }
            end = put(table[run % 64].1);
            at += run;
            black = !black;
        }
        while rows == Rows::Aligned && end % 8 != 0 {
            end = put(zero());
        }
    }
    out.finish()
}

#[test]
fn g3_becomes_g4_without_loss() {
    for (rows, compression, options) in
        [(Rows::Aligned, 2, 0), (Rows::Marked, 3, 0), (Rows::MarkedAligned, 3, 4)]
    {
        let mut page = fax_page(&picture(), 200);
        page.strips = vec![g3(&picture(), rows)];
        page.tags.retain(|tag| tag.0 != 259);
        page.tags.extend([(259, vec![compression]), (292, vec![options])]);
        let page = opened(&tiff(&[page])).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
        let (_, image) = &page.scan.as_ref().unwrap().images[0];
        assert!(!image.original_stream);
        assert_eq!(image.data, g4(&picture()), "{rows:?}");
        let expected = DynamicImage::ImageLuma8(picture());
        assert_eq!(difference(&page.raster.unwrap(), &expected), 0.0, "{rows:?}");
    }
}

/// Parts a JPEG into its tables and a stream without them.
fn parted(jpeg: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut tables, mut rest) = (vec![0xff, 0xd8], vec![0xff, 0xd8]);
    let mut at = 2;
    while jpeg[at + 1] != 0xda {
        let length = usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]])) + 2;
        let part = &jpeg[at..at + length];
        let target = if matches!(jpeg[at + 1], 0xdb | 0xc4) { &mut tables } else { &mut rest };
        target.extend(part);
        at += length;
    }
    tables.extend([0xff, 0xd9]);
    rest.extend(&jpeg[at..]);
    (tables, rest)
}

#[test]
fn jpeg_strips_get_their_tables_back() {
    let whole = colour(320, 448);
    let mut strips = Vec::new();
    let mut tables = Vec::new();
    for strip in 0..2 {
        let part = image::imageops::crop_imm(&whole, 0, strip * 224, 320, 224).to_image();
        let jpeg = encoded(&DynamicImage::ImageRgb8(part), ImageFormat::Jpeg);
        let (shared, stream) = parted(&jpeg);
        tables = shared;
        strips.push(stream);
    }
    let page = TiffPage {
        tags: vec![
            (256, vec![320]),
            (257, vec![448]),
            (258, vec![8]),
            (259, vec![7]),
            (262, vec![6]),
            (277, vec![3]),
            (278, vec![224]),
        ],
        strips,
        tables: Some(tables),
        dpi: Some(200),
    };
    let page = opened(&tiff(&[page])).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let scan = page.scan.unwrap();
    assert_eq!(scan.images.len(), 1, "strips of whole blocks are joined");
    assert!(scan.images[0].1.original_stream);
    let alone = image::load_from_memory(&scan.images[0].1.data).unwrap();
    assert!(difference(&alone, &DynamicImage::ImageRgb8(whole.clone())) < 6.0);
    assert!(difference(&page.raster.unwrap(), &DynamicImage::ImageRgb8(whole)) < 6.0);
}

fn written(compression: Compression, predictor: Predictor) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    let mut encoder =
        TiffEncoder::new(&mut out).unwrap().with_compression(compression).with_predictor(predictor);
    let (rgb, grey) = (colour(120, 170), grey(120, 170));
    let deep: Vec<u16> = grey.iter().map(|value| u16::from(*value) * 257).collect();
    encoder.write_image::<colortype::RGB8>(120, 170, rgb.as_raw()).unwrap();
    encoder.write_image::<colortype::Gray8>(120, 170, grey.as_raw()).unwrap();
    encoder.write_image::<colortype::Gray16>(120, 170, &deep).unwrap();
    out.into_inner()
}

#[test]
fn lossless_compressions_lose_nothing() {
    for (compression, predictor) in [
        (Compression::Uncompressed, Predictor::None),
        (Compression::Lzw, Predictor::Horizontal),
        (Compression::Deflate(tiff::encoder::DeflateLevel::Balanced), Predictor::None),
        (Compression::Packbits, Predictor::None),
    ] {
        let mut source = opened(&written(compression, predictor)).unwrap();
        assert_eq!(source.page_count(), 3);
        let expected = [
            DynamicImage::ImageRgb8(colour(120, 170)),
            DynamicImage::ImageLuma8(grey(120, 170)),
            DynamicImage::ImageLuma8(grey(120, 170)),
        ];
        for (number, expected) in (1..).zip(expected) {
            let page = source.page(number, Origin::Paper, Keep::Stream).unwrap();
            let (_, image) = &page.scan.as_ref().unwrap().images[0];
            assert_eq!((&image.codec, image.bits), (&Codec::Flate { predictor: 15 }, 8));
            assert_eq!(difference(&page.raster.unwrap(), &expected), 0.0, "page {number}");
        }
    }
}

#[test]
fn archived_rows_unpack_to_the_same_samples() {
    let bytes = written(Compression::Lzw, Predictor::None);
    let page = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let image = page.scan.unwrap().images.remove(0).1;
    let back = image::load_from_memory(&png(&image)).unwrap();
    assert_eq!(back.to_rgb8(), colour(120, 170));
}

fn raw(photometric: u32, bits: u32, rows: Vec<u8>) -> TiffPage {
    let mut page = fax_page(&picture(), 200);
    for tag in &mut page.tags {
        match tag.0 {
            258 => tag.1 = vec![bits],
            259 => tag.1 = vec![1],
            262 => tag.1 = vec![photometric],
            _ => {}
        }
    }
    page.strips = vec![rows];
    page
}

#[test]
fn raw_bits_are_read_in_both_meanings() {
    let black = black_bits(&picture());
    let white: Vec<u8> = black.iter().map(|byte| !byte).collect();
    for (photometric, rows) in [(0, black), (1, white)] {
        let page = opened(&tiff(&[raw(photometric, 1, rows)]))
            .unwrap()
            .page(1, Origin::Paper, Keep::Stream)
            .unwrap();
        assert_eq!(page.scan.unwrap().images[0].1.bits, 1);
        let expected = DynamicImage::ImageLuma8(picture());
        assert_eq!(difference(&page.raster.unwrap(), &expected), 0.0, "photometric {photometric}");
    }
}

#[test]
fn a_palette_is_kept_as_one() {
    let indexes: Vec<u8> = picture().iter().map(|value| u8::from(*value == 0)).collect();
    let mut page = raw(3, 8, indexes);
    let mut map = vec![0_u32; 768];
    for plane in 0..3 {
        map[plane * 256] = 0xffff;
    }
    map[1] = 0xffff;
    page.tags.push((320, map));
    let bytes = tiff(&[page]);
    // The builder writes every value as a long; a colour map is of shorts.
    let page = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream);
    let page = page.unwrap();
    let image = &page.scan.as_ref().unwrap().images[0].1;
    let Colour::Indexed { palette } = &image.colour else { panic!("{:?}", image.colour) };
    assert_eq!(palette[..6], [255, 255, 255, 255, 0, 0]);
}

#[test]
fn thumbnails_are_no_pages() {
    let mut small = fax_page(&bitonal(40, 60), 20);
    small.tags.push((254, vec![1]));
    let mut source =
        opened(&tiff(&[fax_page(&picture(), 200), small, fax_page(&picture(), 200)])).unwrap();
    assert_eq!(source.page_count(), 2);
    assert_eq!(source.page(2, Origin::Paper, Keep::Stream).unwrap().facts.width_px, SIZE.0);
    assert_eq!(source.page(3, Origin::Paper, Keep::Stream).unwrap_err().code(), "F02_UNREADABLE");
}

#[test]
fn orientation_turns_the_page() {
    let mut page = fax_page(&picture(), 200);
    page.tags.push((274, vec![8]));
    let page = opened(&tiff(&[page])).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    assert_eq!(page.scan.unwrap().rotation, 270);
    let upright = DynamicImage::ImageLuma8(picture()).rotate270();
    assert_eq!(difference(&page.raster.unwrap(), &upright), 0.0);
}

/// A page of 8-bit grey with one tag more, or another value.
fn with(tag: u16, value: u32) -> Vec<u8> {
    let mut page = raw(1, 8, picture().into_raw());
    page.tags.retain(|other| other.0 != tag);
    page.tags.push((tag, vec![value]));
    tiff(&[page])
}

#[test]
fn what_is_not_read_is_said_to_be_unsupported() {
    // Compressions: RLE of words, NeXT, JBIG, JPEG 2000, LZMA, Zstandard, WebP, and none we know;
    // bits: 24, 32; colours: CIE L*a*b*, ITU L*a*b*, a filter array; signed numbers, fractions.
    for (tag, value) in [
        (259, 32771),
        (259, 32766),
        (259, 34661),
        (259, 34712),
        (259, 34925),
        (259, 50000),
        (259, 50001),
        (259, 4711),
        (258, 24),
        (258, 32),
        (262, 8),
        (262, 10),
        (262, 32803),
        (339, 2),
        (339, 3),
        (277, 9),
    ] {
        let error = opened(&with(tag, value)).unwrap().page(1, Origin::Paper, Keep::Stream);
        assert_eq!(error.unwrap_err().code(), "F05_UNSUPPORTED", "tag {tag} of {value}");
    }
}

#[test]
fn strips_without_their_lengths_reach_to_the_next() {
    let mut page = raw(1, 8, Vec::new());
    page.tags.retain(|tag| tag.0 != 278);
    page.tags.push((278, vec![100]));
    page.strips = picture().as_raw().chunks(331 * 100).map(<[u8]>::to_vec).collect();
    let mut bytes = tiff(&[page]);
    // The builder writes the lengths as tag 279; a tag of no meaning hides them.
    let at = bytes.windows(4).rposition(|part| part == [0x17, 1, 4, 0]).unwrap();
    bytes[at] = 0x18;
    let page = opened(&bytes).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    assert_eq!(difference(&page.raster.unwrap(), &DynamicImage::ImageLuma8(picture())), 0.0);
}

#[test]
fn a_page_with_fewer_fax_lines_than_it_says_is_white_below_when_its_stream_ended() {
    let mut page = fax_page(&picture(), 200);
    for tag in &mut page.tags {
        if tag.0 == 257 || tag.0 == 278 {
            tag.1 = vec![SIZE.1 + 40];
        }
    }
    let page = opened(&tiff(&[page])).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let raster = page.raster.unwrap();
    assert_eq!(raster.height(), SIZE.1 + 40);
    let below = raster.crop_imm(0, SIZE.1, SIZE.0, 40).to_luma8();
    assert!(below.iter().all(|value| *value == 255));
    let image = &page.scan.unwrap().images[0].1;
    assert_eq!((image.height, image.original_stream), (SIZE.1 + 40, false));
}

#[test]
fn pages_that_are_all_called_reduced_are_the_pages() {
    let mut only = fax_page(&picture(), 200);
    only.tags.push((254, vec![1]));
    assert_eq!(opened(&tiff(&[only])).unwrap().page_count(), 1);
}

#[test]
fn a_page_flagged_as_a_reduced_copy_is_a_page_unless_it_is_a_small_one_of_that_shape() {
    let flagged = |width, height| {
        let mut page = fax_page(&bitonal(width, height), 200);
        page.tags.push((254, vec![1]));
        page
    };
    let page = || fax_page(&bitonal(1200, 1700), 200);
    let count = |pages: &[TiffPage]| opened(&tiff(pages)).unwrap().page_count();
    // As large, larger, of another shape: other pages.
    assert_eq!(count(&[page(), flagged(1200, 1700), flagged(2400, 3400), flagged(600, 500)]), 4);
    // The levels of a pyramid, and thumbnails before and after their page.
    assert_eq!(count(&[page(), flagged(600, 850), flagged(300, 425), flagged(150, 213)]), 1);
    assert_eq!(count(&[flagged(160, 120), page(), flagged(90, 128)]), 1);
}

#[test]
fn a_fax_that_ends_at_once_though_data_follows_is_no_white_page() {
    // A white line, the mark that ends a picture, and what a page is coded in.
    let mut data = vec![0x80, 0x08, 0x00, 0x80];
    data.extend((0..20_000_u32).map(|n| (n * n / 7 + n) as u8));
    let mut page = fax_page(&picture(), 200);
    page.strips = vec![data];
    let error = opened(&tiff(&[page])).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap_err();
    assert_eq!(error.code(), "I13_WHITE_DECODE", "{error}");
}

#[test]
fn a_g3_page_with_many_damaged_lines_is_refused() {
    let page = |data: Vec<u8>| {
        let mut page = fax_page(&picture(), 200);
        page.strips = vec![data];
        page.tags.retain(|tag| tag.0 != 259);
        page.tags.extend([(259, vec![3]), (292, vec![0])]);
        opened(&tiff(&[page])).unwrap().page(1, Origin::Paper, Keep::Stream)
    };
    let whole = g3(&picture(), Rows::Marked);
    assert!(page(whole.clone()).is_ok());
    let mut damaged = whole;
    // Every so often a byte that is part of no code.
    for at in (200..damaged.len() - 200).step_by(100) {
        damaged[at] = 0;
        damaged[at + 1] = 1;
    }
    let error = page(damaged).unwrap_err();
    assert_eq!(error.code(), "F02_UNREADABLE");
    assert!(error.to_string().contains("lines"), "{error}");
}
