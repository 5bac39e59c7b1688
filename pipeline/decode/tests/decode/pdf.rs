//! PDF files: what is lifted, what is rendered, what is born-digital.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};
use image::DynamicImage;
use pdf_writer::Filter;
use sohoa_decode::{Keep, LayerQuality, Origin};
use sohoa_document::{Codec, Colour};

use crate::build::{
    A5, PdfImage, PdfPage, bitonal, black_bits, colour, difference, g4, grey, jpeg_image, opened,
    pdf,
};

/// The matrix that lays an image over the whole page.
const FULL: [f32; 6] = [A5.0, 0.0, 0.0, A5.1, 0.0, 0.0];
/// Pixels of an A5 page at 200 dpi.
const SIZE: (u32, u32) = (1167, 1653);

fn scan() -> DynamicImage {
    DynamicImage::ImageRgb8(colour(SIZE.0, SIZE.1))
}

fn scanned() -> PdfPage {
    PdfPage { images: vec![(FULL, jpeg_image(&scan()))], ..PdfPage::default() }
}

/// Group 4 data as the image of a page.
fn fax(data: Vec<u8>, black_is_1: bool) -> PdfImage {
    PdfImage {
        data,
        width: SIZE.0 as i32,
        height: SIZE.1 as i32,
        bits: 1,
        space: b"DeviceGray",
        filter: Some(Filter::CcittFaxDecode),
        fax: Some((-1, black_is_1)),
        inverted: black_is_1,
    }
}

#[test]
fn a_scanned_page_gives_its_own_jpeg() {
    let mut source = opened(&pdf(&[scanned()])).unwrap();
    let survey = source.survey().unwrap();
    assert_eq!(
        (survey.origin, survey.layers.as_slice()),
        (Origin::Paper, &[LayerQuality::None][..])
    );
    let page = source.page(1, survey.origin, Keep::Stream).unwrap();
    let kept = page.scan.unwrap();
    assert_eq!(kept.images[0].1.data, jpeg_image(&scan()).data);
    assert!(kept.images[0].1.original_stream);
    assert_eq!((kept.width, kept.height, kept.rotation), (A5.0, A5.1, 0));
    assert!((page.facts.dpi_x.unwrap() - 200.0).abs() < 0.2);
    assert!(difference(&page.raster.unwrap(), &scan()) < 6.0);
}

#[test]
fn fax_streams_keep_their_parameters() {
    let picture = bitonal(SIZE.0, SIZE.1);
    for black_is_1 in [false, true] {
        let image = fax(g4(&picture), black_is_1);
        let file = pdf(&[PdfPage { images: vec![(FULL, image)], ..PdfPage::default() }]);
        let page = opened(&file).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
        let (_, image) = &page.scan.as_ref().unwrap().images[0];
        assert_eq!(
            image.codec,
            Codec::Ccitt { k: -1, black_is_1, byte_align: false, end_of_line: false }
        );
        assert_eq!((image.inverted, &image.data), (black_is_1, &g4(&picture)));
        let expected = DynamicImage::ImageLuma8(picture.clone());
        assert_eq!(difference(&page.raster.unwrap(), &expected), 0.0, "BlackIs1 {black_is_1}");
    }
}

#[test]
fn raw_and_flate_rows_are_kept_as_flate() {
    let picture = bitonal(SIZE.0, SIZE.1);
    let rows: Vec<u8> = black_bits(&picture).iter().map(|byte| !byte).collect();
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(&rows).unwrap();
    for (data, filter, original) in
        [(zlib.finish().unwrap(), Some(Filter::FlateDecode), true), (rows, None, false)]
    {
        let image = PdfImage {
            data,
            width: SIZE.0 as i32,
            height: SIZE.1 as i32,
            bits: 1,
            space: b"DeviceGray",
            filter,
            fax: None,
            inverted: false,
        };
        let file = pdf(&[PdfPage { images: vec![(FULL, image)], ..PdfPage::default() }]);
        let page = opened(&file).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
        let (_, image) = &page.scan.as_ref().unwrap().images[0];
        assert!(matches!(image.codec, Codec::Flate { .. }));
        assert_eq!((image.original_stream, &image.colour), (original, &Colour::Gray));
        let expected = DynamicImage::ImageLuma8(picture.clone());
        assert_eq!(difference(&page.raster.unwrap(), &expected), 0.0);
    }
}

/// A JBIG2 stream of one page with one region, coded as G4 is.
fn jbig2(picture: &image::GrayImage) -> Vec<u8> {
    let (width, height) = (picture.width().to_be_bytes(), picture.height().to_be_bytes());
    let mut page = [width, height].concat();
    page.extend([0; 11]);
    let mut region = [width, height].concat();
    region.extend([0; 9]);
    region.push(1);
    region.extend(g4(picture));
    let mut out = Vec::new();
    for (number, kind, body) in [(0_u32, 48_u8, page), (1, 38, region)] {
        out.extend(number.to_be_bytes());
        out.extend([kind, 0, 1]);
        out.extend((body.len() as u32).to_be_bytes());
        out.extend(body);
    }
    out
}

#[test]
fn a_jbig2_stream_is_kept() {
    let picture = bitonal(SIZE.0, SIZE.1);
    let image = PdfImage {
        data: jbig2(&picture),
        width: SIZE.0 as i32,
        height: SIZE.1 as i32,
        bits: 1,
        space: b"DeviceGray",
        filter: Some(Filter::Jbig2Decode),
        fax: None,
        inverted: false,
    };
    let file = pdf(&[PdfPage { images: vec![(FULL, image)], ..PdfPage::default() }]);
    let page = opened(&file).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let (_, image) = &page.scan.as_ref().unwrap().images[0];
    assert_eq!(image.codec, Codec::Jbig2 { globals: Vec::new() });
    assert_eq!((&image.data, image.bits), (&jbig2(&picture), 1));
    assert_eq!(difference(&page.raster.unwrap(), &DynamicImage::ImageLuma8(picture)), 0.0);
}

#[test]
fn strips_that_tile_the_page_are_lifted_each() {
    let half = A5.1 / 2.0;
    let upper = DynamicImage::ImageLuma8(grey(800, 600));
    let lower = DynamicImage::ImageLuma8(grey(800, 600));
    let images = vec![
        ([A5.0, 0.0, 0.0, half, 0.0, half], jpeg_image(&upper)),
        ([A5.0, 0.0, 0.0, half, 0.0, 0.0], jpeg_image(&lower)),
    ];
    let file = pdf(&[PdfPage { images, ..PdfPage::default() }]);
    let page = opened(&file).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let kept = page.scan.unwrap();
    assert_eq!(kept.images.len(), 2);
    assert!((kept.images[0].0.rect.y1 - kept.images[1].0.rect.y0).abs() < 0.01);
    assert!(kept.images.iter().all(|(_, image)| image.original_stream));
    assert!(page.raster.unwrap().width() > 700);
}

#[test]
fn invisible_text_is_not_drawn_over_and_visible_text_is() {
    for (mode, lifted) in [(3, true), (0, false)] {
        let over = format!("BT /F 12 Tf {mode} Tr 100 300 Td (Dc lp Ty do Hph phtic) Tj ET");
        let file = pdf(&[PdfPage { over: Some(over.into_bytes()), ..scanned() }]);
        let mut source = opened(&file).unwrap();
        let survey = source.survey().unwrap();
        assert_eq!(survey.origin, Origin::Paper, "mode {mode}");
        assert_eq!(survey.layers, [LayerQuality::StampOnly]);
        let page = source.page(1, survey.origin, Keep::Stream).unwrap();
        assert_eq!(page.scan.unwrap().images[0].1.original_stream, lifted, "mode {mode}");
        assert!(page.layer.is_none());
    }
}

#[test]
fn a_stamp_annotation_is_drawn_into_the_page() {
    let look = b"0 0 1 rg 0 0 100 40 re f".to_vec();
    let file = pdf(&[PdfPage { stamp: Some(look), ..scanned() }]);
    let page = opened(&file).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let kept = page.scan.unwrap();
    assert!(!kept.images[0].1.original_stream);
    assert_eq!(kept.images[0].1.width, 1750, "300 dpi");
    let raster = page.raster.unwrap().to_rgb8();
    // The middle of the stamp: 70 points from the left, 40 from the bottom.
    let pixel = raster.get_pixel(70 * 200 / 72, ((A5.1 - 40.0) * 200.0 / 72.0) as u32).0;
    assert!(pixel[2] > 200 && pixel[0] < 60 && pixel[1] < 60, "{pixel:?}");
    assert!((page.facts.dpi_x.unwrap() - 200.0).abs() < 0.2);
}

#[test]
fn rotation_of_page_and_of_matrix_become_one() {
    // The page is turned by its dictionary.
    let turned = PdfPage { rotate: 90, ..scanned() };
    let page = opened(&pdf(&[turned])).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let kept = page.scan.unwrap();
    assert_eq!((kept.rotation, kept.width, kept.height), (90, A5.0, A5.1));
    assert!(difference(&page.raster.unwrap(), &scan().rotate90()) < 6.0);

    // The image is laid sideways by its matrix: stored landscape, seen portrait.
    let sideways = DynamicImage::ImageRgb8(colour(SIZE.1, SIZE.0));
    let matrix = [0.0, -A5.1, A5.0, 0.0, 0.0, A5.1];
    let file =
        pdf(&[PdfPage { images: vec![(matrix, jpeg_image(&sideways))], ..PdfPage::default() }]);
    let page = opened(&file).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    let kept = page.scan.unwrap();
    assert!(kept.images[0].1.original_stream);
    assert_eq!((kept.rotation, kept.width, kept.height), (90, A5.1, A5.0));
    let place = kept.images[0].0.rect;
    assert!(
        place.x0.abs() < 0.01 && (place.x1 - A5.1).abs() < 0.01 && (place.y1 - A5.0).abs() < 0.01
    );
    assert!(difference(&page.raster.unwrap(), &sideways.rotate90()) < 6.0);
}

#[test]
fn a_mirrored_image_is_rendered() {
    let matrix = [-A5.0, 0.0, 0.0, A5.1, A5.0, 0.0];
    let file =
        pdf(&[PdfPage { images: vec![(matrix, jpeg_image(&scan()))], ..PdfPage::default() }]);
    let page = opened(&file).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    assert!(!page.scan.unwrap().images[0].1.original_stream);
    let raster = page.raster.unwrap();
    assert!(difference(&raster, &scan().fliph()) < difference(&raster, &scan()));
}

#[test]
fn a_white_patch_over_the_scan_is_seen() {
    let over = b"1 1 1 rg 40 400 200 100 re f".to_vec();
    let file = pdf(&[PdfPage { over: Some(over), ..scanned() }]);
    let page = opened(&file).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap();
    assert!(!page.scan.unwrap().images[0].1.original_stream, "what a patch hides must stay hidden");
}

fn drawn(text: &str) -> PdfPage {
    let mut content = String::from("BT /F 11 Tf 14 TL 50 550 Td ");
    for line in text.lines() {
        content.extend(["(", line, ") Tj T* "]);
    }
    content.push_str("ET");
    PdfPage { over: Some(content.into_bytes()), ..PdfPage::default() }
}

#[test]
fn drawn_text_is_born_digital_and_mixed_files_follow_the_paper_rule() {
    let text = "MONTHLY REPORT OF THE WAREHOUSE\nnumber 17 of March";
    let mut source = opened(&pdf(&[drawn(text)])).unwrap();
    let survey = source.survey().unwrap();
    assert_eq!(survey.origin, Origin::BornDigital);
    // No Vietnamese: the layer is not believed, so a raster is there to be read.
    assert_eq!(survey.layers, [LayerQuality::Junk]);
    let page = source.page(1, survey.origin, Keep::Stream).unwrap();
    assert!(page.scan.is_none() && page.layer.is_none());
    assert!((page.raster_dpi - 200.0).abs() < 0.1 && page.raster.is_some());

    let mut source = opened(&pdf(&[scanned(), drawn(text), PdfPage::default()])).unwrap();
    let survey = source.survey().unwrap();
    assert_eq!(survey.origin, Origin::Mixed);
    assert_eq!(survey.page_origins, [Some(Origin::Paper), Some(Origin::BornDigital), None]);
    let page = source.page(2, survey.origin, Keep::Stream).unwrap();
    assert_eq!(page.scan.unwrap().images[0].1.width, 1750);
    let blank = source.page(3, survey.origin, Keep::Stream).unwrap();
    assert!(blank.scan.is_some());
    assert!(blank.raster.unwrap().to_luma8().pixels().all(|pixel| pixel.0 == [255]));
}

/// Lines of text from the top of an A5 page on, or from another height.
fn lines(count: usize, from: usize) -> Vec<u8> {
    let line = "Bao cao tinh hinh thuc hien nhiem vu trong thang va phuong huong";
    let rows = format!("({line}) Tj T* ").repeat(count);
    format!("BT /F 9 Tf 13 TL 40 {from} Td {rows}ET").into_bytes()
}

/// A picture laid into a box of the page.
fn laid(x: f32, y: f32, width: f32, height: f32) -> ([f32; 6], PdfImage) {
    ([width, 0.0, 0.0, height, x, y], jpeg_image(&scan()))
}

#[test]
fn a_scan_beside_a_number_or_a_note_is_read_as_paper() {
    // As a clerk's program lays a scan at two thirds of its size over a page number.
    let smaller = || laid(67.0, 95.0, A5.0 * 0.68, A5.1 * 0.68);
    let number = b"BT /F 9 Tf 190 20 Td (Trang 1/1) Tj ET".to_vec();
    let caption =
        b"BT /F 9 Tf 60 560 Td (Anh chup van ban gui kem theo email ngay 12) Tj ET".to_vec();
    for over in [number.clone(), caption, lines(5, 70), [lines(5, 80), number.clone()].concat()] {
        let page = PdfPage { images: vec![smaller()], over: Some(over), ..PdfPage::default() };
        let mut source = opened(&pdf(&[page])).unwrap();
        let survey = source.survey().unwrap();
        assert_eq!(survey.origin, Origin::Paper);
        let page = source.page(1, survey.origin, Keep::Stream).unwrap();
        assert!(page.raster.is_some() && page.layer.is_none());
        // The scan's own resolution, not that of the drawing.
        assert!((page.facts.dpi_x.unwrap() - 200.0 / 0.68).abs() < 0.5, "{:?}", page.facts);
    }
    // Half a page across, as the card of a citizen is pasted.
    let card = PdfPage {
        images: vec![laid(40.0, 300.0, 340.0, 200.0)],
        over: Some(number),
        ..PdfPage::default()
    };
    assert_eq!(opened(&pdf(&[card])).unwrap().survey().unwrap().origin, Origin::Paper);
}

#[test]
fn a_report_with_a_figure_stays_born_digital() {
    let figure = || laid(40.0, 40.0, 340.0, 250.0);
    let portrait = || laid(40.0, 40.0, 200.0, 280.0);
    for image in [figure(), portrait()] {
        let over = Some(lines(20, 560));
        let page = PdfPage { images: vec![image], over, ..PdfPage::default() };
        assert_eq!(opened(&pdf(&[page])).unwrap().survey().unwrap().origin, Origin::BornDigital);
    }
    // A few lines over a figure: still its own record, but what the figure says is read too.
    let page = PdfPage { images: vec![figure()], over: Some(lines(4, 560)), ..PdfPage::default() };
    let mut source = opened(&pdf(&[page])).unwrap();
    let survey = source.survey().unwrap();
    assert_eq!(survey.origin, Origin::BornDigital);
    let page = source.page(1, survey.origin, Keep::Stream).unwrap();
    assert!(page.scan.is_none() && page.layer.is_none() && page.raster.is_some());
}

#[test]
fn an_image_that_breaks_inside_is_refused_whether_it_is_lifted_or_drawn() {
    let mut image = jpeg_image(&scan());
    let middle = image.data.len() / 2;
    image.data.splice(middle..middle, [0xff, 0xd9]);
    let broken = || PdfPage {
        images: vec![(FULL, PdfImage { data: image.data.clone(), ..jpeg_image(&scan()) })],
        ..PdfPage::default()
    };
    let stamp = Some(b"0 0 1 rg 0 0 100 40 re f".to_vec());
    for page in [broken(), PdfPage { stamp, ..broken() }] {
        let error =
            opened(&pdf(&[page])).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap_err();
        assert_eq!(error.code(), "F02_UNREADABLE", "{error}");
    }
}

#[test]
fn an_image_that_decodes_to_nothing_is_seen_under_a_stamp() {
    // A white line, the mark that ends a picture, and what a page is coded in.
    let mut data = vec![0x80, 0x08, 0x00, 0x80];
    data.extend((0..20_000_u32).map(|n| (n * n / 7 + n) as u8));
    let image = fax(data, false);
    let page = PdfPage {
        images: vec![(FULL, image)],
        stamp: Some(b"0 0 1 rg 0 0 100 40 re f".to_vec()),
        ..PdfPage::default()
    };
    let error = opened(&pdf(&[page])).unwrap().page(1, Origin::Paper, Keep::Stream).unwrap_err();
    assert_eq!(error.code(), "I13_WHITE_DECODE", "{error}");
}
