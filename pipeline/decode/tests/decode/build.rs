//! Builders of small files: a picture of "text", TIFF directories by hand, PDF pages.

use std::{io::Cursor, path::PathBuf};

use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref};
use sohoa_decode::{DecodeError, Limits, Source, open};
use tempfile::TempDir;

pub(crate) struct Saved {
    _folder: TempDir,
    pub(crate) path: PathBuf,
}

pub(crate) fn save(bytes: &[u8]) -> Saved {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paper.pdf");
    std::fs::write(&path, bytes).unwrap();
    Saved { _folder: folder, path }
}

pub(crate) fn opened(bytes: &[u8]) -> Result<Source, DecodeError> {
    open(&save(bytes).path, &Limits::default())
}

/// Black marks on white, unequal in both directions, so that a mirrored or turned copy differs.
pub(crate) fn ink(x: u32, y: u32, width: u32, height: u32) -> bool {
    let inside = x > width / 10 && x < width * 7 / 10 && y > height / 10 && y < height / 2;
    inside && (y / 6).is_multiple_of(2) && (x / 3 + y / 6) % 5 < 3
}

pub(crate) fn grey(width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        Luma([if ink(x, y, width, height) { 20 } else { 250 }])
    })
}

pub(crate) fn bitonal(width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| Luma([if ink(x, y, width, height) { 0 } else { 255 }]))
}

pub(crate) fn colour(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb(if ink(x, y, width, height) { [200, 30, 40] } else { [250, 250, 245] })
    })
}

pub(crate) fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// Packed rows in which black is 1.
pub(crate) fn black_bits(picture: &GrayImage) -> Vec<u8> {
    let mut out = Vec::new();
    for row in picture.rows() {
        let bits: Vec<bool> = row.map(|pixel| pixel.0[0] < 128).collect();
        for byte in bits.chunks(8) {
            let packed = byte.iter().enumerate().map(|(at, black)| u8::from(*black) << (7 - at));
            out.push(packed.sum());
        }
    }
    out
}

pub(crate) fn g4(picture: &GrayImage) -> Vec<u8> {
    let width = u16::try_from(picture.width()).unwrap();
    let mut encoder = fax::encoder::Encoder::new(fax::VecWriter::new());
    for row in picture.rows() {
        let pels = row.map(|p| if p.0[0] < 128 { fax::Color::Black } else { fax::Color::White });
        encoder.encode_line(pels, width).unwrap();
    }
    encoder.finish().unwrap().finish()
}

/// Mean difference of two pictures of the same size.
pub(crate) fn difference(a: &DynamicImage, b: &DynamicImage) -> f64 {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    let (a, b) = (a.to_rgb8(), b.to_rgb8());
    let sum: u64 = a.iter().zip(b.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len() as f64
}

/// One TIFF directory: short and long values, and strips.
pub(crate) struct TiffPage {
    pub(crate) tags: Vec<(u16, Vec<u32>)>,
    pub(crate) strips: Vec<Vec<u8>>,
    /// JPEG tables, tag 347.
    pub(crate) tables: Option<Vec<u8>>,
    /// Dots per inch.
    pub(crate) dpi: Option<u32>,
}

/// A little-endian TIFF of all pages.
pub(crate) fn tiff(pages: &[TiffPage]) -> Vec<u8> {
    let mut out = b"II\x2a\0\0\0\0\0".to_vec();
    let mut link = 4;
    for page in pages {
        let mut entries: Vec<(u16, u16, u32, Vec<u8>)> = Vec::new();
        for (tag, values) in &page.tags {
            entries.push((*tag, 4, values.len() as u32, le(values)));
        }
        let mut offsets = Vec::new();
        for strip in &page.strips {
            offsets.push(out.len() as u32);
            out.extend(strip);
        }
        let lengths: Vec<u32> = page.strips.iter().map(|strip| strip.len() as u32).collect();
        entries.push((273, 4, offsets.len() as u32, le(&offsets)));
        entries.push((279, 4, lengths.len() as u32, le(&lengths)));
        if let Some(tables) = &page.tables {
            entries.push((347, 7, tables.len() as u32, tables.clone()));
        }
        if let Some(dpi) = page.dpi {
            entries.push((282, 5, 1, le(&[dpi, 1])));
            entries.push((283, 5, 1, le(&[dpi, 1])));
        }
        entries.sort_by_key(|entry| entry.0);
        let mut table = Vec::new();
        for (tag, kind, count, data) in entries {
            table.extend(tag.to_le_bytes());
            table.extend(kind.to_le_bytes());
            table.extend(count.to_le_bytes());
            if data.len() <= 4 {
                let mut inline = data;
                inline.resize(4, 0);
                table.extend(inline);
            } else {
                table.extend((out.len() as u32).to_le_bytes());
                out.extend(data);
            }
        }
        let start = out.len() as u32;
        out[link..link + 4].copy_from_slice(&start.to_le_bytes());
        out.extend(((table.len() / 12) as u16).to_le_bytes());
        out.extend(table);
        link = out.len();
        out.extend([0; 4]);
    }
    out
}

fn le(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A bitonal G4 page.
pub(crate) fn fax_page(picture: &GrayImage, dpi: u32) -> TiffPage {
    TiffPage {
        tags: vec![
            (256, vec![picture.width()]),
            (257, vec![picture.height()]),
            (258, vec![1]),
            (259, vec![4]),
            (262, vec![0]),
            (278, vec![picture.height()]),
        ],
        strips: vec![g4(picture)],
        tables: None,
        dpi: Some(dpi),
    }
}

/// What a page of a built PDF holds.
#[derive(Default)]
pub(crate) struct PdfPage {
    /// Images, each with its matrix.
    pub(crate) images: Vec<([f32; 6], PdfImage)>,
    /// Content after the images.
    pub(crate) over: Option<Vec<u8>>,
    /// Appearance stream of a stamp annotation, in the box 20 20 120 60.
    pub(crate) stamp: Option<Vec<u8>>,
    pub(crate) rotate: i32,
}

/// An image of a page.
pub(crate) struct PdfImage {
    pub(crate) data: Vec<u8>,
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) bits: i32,
    pub(crate) space: &'static [u8],
    pub(crate) filter: Option<Filter>,
    /// Of CCITT: `(K, BlackIs1)`.
    pub(crate) fax: Option<(i32, bool)>,
    pub(crate) inverted: bool,
}

pub(crate) const A5: (f32, f32) = (420.0, 595.0);

pub(crate) fn jpeg_image(picture: &DynamicImage) -> PdfImage {
    PdfImage {
        data: encoded(picture, ImageFormat::Jpeg),
        width: picture.width() as i32,
        height: picture.height() as i32,
        bits: 8,
        space: if picture.color().has_color() { b"DeviceRGB" } else { b"DeviceGray" },
        filter: Some(Filter::DctDecode),
        fax: None,
        inverted: false,
    }
}

/// A PDF of A5 pages with a Helvetica font named F.
pub(crate) fn pdf(pages: &[PdfPage]) -> Vec<u8> {
    let mut next = 1;
    let mut fresh = || {
        next += 1;
        Ref::new(next - 1)
    };
    let (catalog, tree, font) = (fresh(), fresh(), fresh());
    let kids: Vec<Ref> = pages.iter().map(|_| fresh()).collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids(kids.iter().copied()).count(kids.len() as i32);
    pdf.type1_font(font).base_font(Name(b"Helvetica"));
    for (page, id) in pages.iter().zip(kids) {
        let (content_id, stamp_id, look_id) = (fresh(), fresh(), fresh());
        let image_ids: Vec<Ref> = page.images.iter().map(|_| fresh()).collect();
        let names: Vec<String> = (0..image_ids.len()).map(|number| format!("I{number}")).collect();
        let mut written = pdf.page(id);
        written.parent(tree).media_box(Rect::new(0.0, 0.0, A5.0, A5.1)).contents(content_id);
        written.rotate(page.rotate);
        let mut resources = written.resources();
        resources.fonts().pair(Name(b"F"), font);
        let mut objects = resources.x_objects();
        for (name, image) in names.iter().zip(&image_ids) {
            objects.pair(Name(name.as_bytes()), image);
        }
        objects.finish();
        resources.finish();
        if page.stamp.is_some() {
            written.annotations([stamp_id]);
        }
        written.finish();
        let mut content = Content::new();
        for (name, (matrix, _)) in names.iter().zip(&page.images) {
            content.save_state().transform(*matrix).x_object(Name(name.as_bytes())).restore_state();
        }
        let mut body = content.finish().to_vec();
        body.push(b'\n');
        body.extend(page.over.iter().flatten());
        pdf.stream(content_id, &body);
        for (id, (_, image)) in image_ids.iter().zip(&page.images) {
            write_image(&mut pdf, *id, image);
        }
        if let Some(look) = &page.stamp {
            let area = Rect::new(20.0, 20.0, 120.0, 60.0);
            let mut note = pdf.annotation(stamp_id);
            note.subtype(pdf_writer::types::AnnotationType::Square).rect(area);
            note.appearance().normal().stream(look_id);
            note.finish();
            pdf.form_xobject(look_id, look).bbox(Rect::new(0.0, 0.0, 100.0, 40.0));
        }
    }
    pdf.finish()
}

fn write_image(pdf: &mut Pdf, id: Ref, image: &PdfImage) {
    let mut written = pdf.image_xobject(id, &image.data);
    written.width(image.width).height(image.height).bits_per_component(image.bits);
    written.color_space_name(Name(image.space));
    if image.inverted {
        written.decode([1.0, 0.0]);
    }
    if let Some(filter) = image.filter {
        written.filter(filter);
    }
    if let Some((k, black_is_1)) = image.fax {
        let mut params = written.decode_parms();
        params.k(k).columns(image.width).rows(image.height).black_is_1(black_is_1);
    }
}
