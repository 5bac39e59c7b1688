//! Pages with known words: every word is printed as a dark bar that fills its box, so that both
//! what is seen and what is read can be compared with what was meant.

pub(crate) mod codecs;
pub(crate) mod raster;

use chrono::DateTime;
use sohoa_compose::{ComposeConfig, Composed, Composer, Description, Font};
use sohoa_document::{Line, PageText, Placement, Rect, Scan, TextOrigin, Word};

/// A4 upright, in points.
pub(crate) const PAGE: (f32, f32) = (595.2, 842.4);

/// One page and what its file is called.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) scan: Scan,
    pub(crate) text: PageText,
}

/// Lines as they occur in the papers, with every kind of letter and mark.
pub(crate) const LINES: [&str; 9] = [
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "Độc lập - Tự do - Hạnh phúc",
    "Số: 123/QĐ-UBND",
    "QUYẾT ĐỊNH",
    "Về việc phê duyệt kế hoạch số hóa hồ sơ, tài liệu lưu trữ",
    "Căn cứ Luật Lưu trữ ngày 21 tháng 6 năm 2024;",
    "“Ẵ ẵ Ặ ặ Ữ ữ Ỵ ỵ Ờ ỡ” (§ 5) – 100.000đ ½ © €",
    "Ποσό Москва 漢字 naïve façade",
    "Nơi nhận: - Như Điều 3; - Lưu: VT, NC.",
];

/// The words of [`LINES`], their lines falling by `slope`.
pub(crate) fn text(slope: f32) -> PageText {
    let lines = LINES.iter().enumerate().map(|(row, text)| {
        let baseline = 90.0 + 48.0 * row as f32;
        line(text, (70.0, baseline), slope, row as u32 / 3)
    });
    PageText { lines: lines.collect(), origin: TextOrigin::Ocr, ..PageText::empty(PAGE.0, PAGE.1) }
}

/// One line of 14-point type whose letters are 6 points wide.
fn line(text: &str, (left, baseline): (f32, f32), slope: f32, block: u32) -> Line {
    let mut x = left;
    let words: Vec<Word> = text
        .split(' ')
        .map(|text| {
            let width = 6.0 * text.chars().count() as f32;
            let at = baseline + slope * (x - left);
            let (high, low) = (at.min(at + slope * width), at.max(at + slope * width));
            let bbox = Rect::new(x, high - 12.5, x + width, low + 3.0);
            x += width + 4.0;
            Word { text: text.to_owned(), bbox, confidence: 0.9 }
        })
        .collect();
    let bbox = Rect::around(words.iter().map(|word| &word.bbox)).unwrap();
    Line { words, bbox, baseline: (baseline, baseline + slope * bbox.width()), block }
}

/// Every codec, every turn, strips, and a skewed page.
pub(crate) fn all() -> Vec<Sample> {
    let mut samples = Vec::new();
    let text = text(0.0);
    for (name, image) in codecs::every(&raster::Raster::bars(&text, 100)) {
        samples.push(sample(name, 0, vec![(whole(0), image)], text.clone()));
    }
    for (name, image) in codecs::jpeg_2000() {
        samples.push(sample(name, 0, vec![(whole(0), image)], text.clone()));
    }
    for rotation in [90, 180, 270] {
        let stored = raster::Raster::bars(&text, 100).stored(rotation);
        let images = vec![(whole(rotation), codecs::fax_g4(&stored))];
        samples.push(sample(format!("turned_{rotation}"), rotation, images, text.clone()));
    }
    samples.push(strips(&text));
    for (name, slope) in [("falling", 0.03), ("rising", -0.02)] {
        let text = self::text(slope);
        let image = codecs::fax_g4(&raster::Raster::bars(&text, 100));
        samples.push(sample(name, 0, vec![(whole(0), image)], text));
    }
    samples
}

fn sample(
    name: impl Into<String>,
    rotation: u16,
    images: Vec<(Placement, sohoa_document::ArchiveImage)>,
    text: PageText,
) -> Sample {
    let (width, height) = stored_size(rotation);
    Sample { name: name.into(), scan: Scan { width, height, rotation, images }, text }
}

fn stored_size(rotation: u16) -> (f32, f32) {
    if rotation.is_multiple_of(180) { PAGE } else { (PAGE.1, PAGE.0) }
}

fn whole(rotation: u16) -> Placement {
    let (width, height) = stored_size(rotation);
    Placement { rect: Rect::new(0.0, 0.0, width, height) }
}

fn strips(text: &PageText) -> Sample {
    let raster = raster::Raster::bars(text, 100);
    let rows = 300;
    let point = PAGE.1 / raster.height as f32;
    let images = (0..raster.height).step_by(rows).map(|top| {
        let strip = raster.rows(top, (top + rows).min(raster.height));
        let (y0, y1) = (top as f32 * point, (top + strip.height) as f32 * point);
        (Placement { rect: Rect::new(0.0, y0, PAGE.0, y1) }, codecs::fax_g4(&strip))
    });
    sample("strips", 0, images.collect(), text.clone())
}

/// The font of the default configuration.
pub(crate) fn font() -> Font {
    Font::read(&ComposeConfig::default().font).unwrap()
}

/// A description with markup, marks and brackets in it.
pub(crate) fn description() -> Description {
    Description {
        title: "Quyết định 123/QĐ-UBND (bản <số> & hóa)".into(),
        author: Some("Ủy ban nhân dân tỉnh Hạ Giang".into()),
        subject: Some("Về việc phê duyệt kế hoạch số hóa".into()),
        created: DateTime::parse_from_rfc3339("2026-11-04T08:05:09+07:00").unwrap(),
        creator: "sohoa".into(),
        producer: "sohoa-compose 0.1.0".into(),
        identifier: "6f2ab9a4-94c7-5a9e-8a38-0d34a4dbb3b1".into(),
        language: "vi-VN".into(),
    }
}

/// One file of all the pages given.
pub(crate) fn compose<'a>(
    pages: impl IntoIterator<Item = (&'a Scan, &'a PageText)>,
) -> Composed<Vec<u8>> {
    let mut composer = Composer::new(Vec::new(), &font(), &description()).unwrap();
    for (scan, text) in pages {
        composer.add_page(scan, text).unwrap();
    }
    composer.finish().unwrap()
}
