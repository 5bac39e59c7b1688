//! The engine on pages whose words and places are known. Needs `tesseract-ocr-vie` and Tinos.

mod typeset;

use image::{DynamicImage, imageops};
use sohoa_document::{Rect, TextOrigin, Word};
use sohoa_ocr::{Engine, EngineConfig, OcrError, Profile, Recognised, prepare::turn};
use typeset::{Ink, Sheet};

const A4: (f32, f32) = (595.4, 842.0);
const DPI: f32 = 200.0;
const LINES: [&str; 6] = [
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "Độc lập - Tự do - Hạnh phúc",
    "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;",
    "Xét đề nghị của Giám đốc Sở Xây dựng tại Tờ trình về việc quy hoạch,",
    "Ủy ban nhân dân huyện đề nghị các đơn vị triển khai thực hiện nghiêm",
    "túc những nội dung nêu trên và báo cáo kết quả trước ngày 30 tháng 9.",
];

fn engine() -> Engine {
    Engine::new(&EngineConfig::default()).expect("apt-get install tesseract-ocr-vie")
}

/// The lines from 600 pixels down, 60 apart, 200 from the left.
fn printed(ink: Ink) -> Sheet {
    let mut sheet = Sheet::new();
    for (line, y) in LINES.iter().zip((600u16..).step_by(60)) {
        sheet.set(line, 200.0, f32::from(y), ink);
    }
    sheet
}

fn black() -> DynamicImage {
    DynamicImage::ImageRgb8(printed(Ink::BLACK).raster)
}

/// Share of the words set that were read exactly.
fn words_right(read: &Recognised) -> f32 {
    let text = read.text.plain();
    let read: Vec<&str> = text.split_whitespace().collect();
    let set: Vec<&str> = LINES.iter().flat_map(|line| line.split(' ')).collect();
    set.iter().filter(|word| read.contains(word)).count() as f32 / set.len() as f32
}

fn word<'a>(read: &'a Recognised, text: &str) -> &'a Word {
    let mut found = read.text.words().filter(|word| word.text == text);
    let word = found.next().unwrap_or_else(|| panic!("{text}: {}", read.text.plain()));
    assert!(found.next().is_none(), "{text} is there twice");
    word
}

#[test]
fn print_is_read_where_it_stands() {
    let read = engine().recognise(&black(), DPI, A4).unwrap();
    assert!(words_right(&read) > 0.9, "{}", read.text.plain());
    assert_eq!((read.turned, read.blank, read.text.origin), (0, false, TextOrigin::Ocr));
    let places = Sheet::new().set(LINES[4], 200.0, 840.0, Ink::BLACK);
    let found = word(&read, "huyện");
    let (left, right) = places[4];
    assert!((found.bbox.x0 - left * 0.36).abs() < 1.5, "{found:?} {places:?}");
    assert!((found.bbox.x1 - right * 0.36).abs() < 1.5, "{found:?} {places:?}");
    assert!(found.confidence > 0.8 && found.confidence <= 1.0);
    let line = read.text.lines.iter().find(|line| line.words.contains(found)).unwrap();
    assert!((line.baseline.0 - 840.0 * 0.36).abs() < 1.5, "{line:?}");
    assert!((line.baseline.1 - line.baseline.0).abs() < 1.0, "{line:?}");
}

#[test]
fn a_page_lying_any_way_is_read_upright() {
    let (engine, page) = (engine(), black());
    let upright = engine.recognise(&page, DPI, A4).unwrap();
    let expected = word(&upright, "huyện").bbox;
    let sideways = (A4.1, A4.0);
    let lying = [
        (page.rotate90(), sideways, 270),
        (page.rotate180(), A4, 180),
        (page.rotate270(), sideways, 90),
    ];
    for (raster, size, turned) in lying {
        let read = engine.recognise(&raster, DPI, size).unwrap();
        assert_eq!(read.turned, turned);
        assert_eq!((read.text.width, read.text.height), A4);
        let found = word(&read, "huyện").bbox;
        assert!((found.x0 - expected.x0).abs() < 1.5 && (found.y0 - expected.y0).abs() < 1.5);
    }
}

#[test]
fn boxes_of_a_leaning_page_lie_on_the_leaning_page() {
    let engine = engine();
    let lean = 3.0f32;
    let upright = engine.recognise(&black(), DPI, A4).unwrap();
    let raster = DynamicImage::ImageLuma8(turn::straighten(&black().to_luma8(), -lean));
    let read = engine.recognise(&raster, DPI, A4).unwrap();
    assert!((read.skew_deg.unwrap() - lean).abs() < 0.2);
    assert!(words_right(&read) > 0.9, "{}", read.text.plain());
    for text in ["Căn", "2015;", "huyện", "túc"] {
        let (x, y) = word(&upright, text).bbox.centre();
        let (sin, cos) = lean.to_radians().sin_cos();
        let (dx, dy) = (x - A4.0 / 2.0, y - A4.1 / 2.0);
        let expected = (A4.0 / 2.0 + dx * cos - dy * sin, A4.1 / 2.0 + dx * sin + dy * cos);
        let (x, y) = word(&read, text).bbox.centre();
        assert!((x - expected.0).abs() < 2.0 && (y - expected.1).abs() < 2.0, "{text}");
    }
    let line = read.text.lines.iter().max_by_key(|line| line.words.len()).unwrap();
    let fall = (line.baseline.1 - line.baseline.0) / line.bbox.width();
    assert!((fall - lean.to_radians().tan()).abs() < 0.01, "{line:?}");
}

#[test]
fn a_line_is_read_again_where_it_stands_however_the_page_lies() {
    let engine = engine();
    let upright = engine.recognise(&black(), DPI, A4).unwrap();
    let line = upright.text.lines.iter().find(|line| line.text().contains("huyện")).unwrap();
    let (zone, expected) = (line.bbox, word(&upright, "huyện").bbox);
    let lean = DynamicImage::ImageLuma8(turn::straighten(&black().to_luma8(), -1.5));
    for (raster, size) in [(black(), A4), (black().rotate90(), (A4.1, A4.0)), (lean, A4)] {
        let read = engine.recognise(&raster, DPI, size).unwrap();
        let again = engine.read_again(&raster, DPI, &read, &[zone]).unwrap();
        assert!(again[0].same_model);
        let text = again[0].line.text();
        assert!(text.contains("nhân dân huyện đề nghị"), "{text}");
        let found = again[0].line.words.iter().find(|word| word.text == "huyện").unwrap().bbox;
        let far = (found.x0 - expected.x0).abs().max((found.y0 - expected.y0).abs());
        assert!(far < 8.0, "{found:?} {expected:?}");
    }
    let nowhere = Rect::new(9.0e9, -1.0, f32::NAN, 2.0);
    assert!(engine.read_again(&black(), DPI, &upright, &[nowhere]).unwrap().is_empty());
}

const RED: [u8; 3] = [205, 45, 60];

#[test]
fn a_stamp_is_not_missed_where_a_page_gets_little_care() {
    // Print close above and below: layout analysis takes no word of it for a line of its own.
    let mut sheet = printed(Ink::BLACK);
    sheet.set("MẬT", 700.0, 690.0, Ink { colour: RED, size: 72.0 });
    let raster = DynamicImage::ImageRgb8(sheet.raster);
    let read = engine().recognise_with(&raster, DPI, A4, Profile::CHEAP).unwrap();
    assert!(word(&read, "MẬT").bbox.x0 > 200.0);
}

#[test]
fn words_of_a_blue_pen_are_told() {
    let mut sheet = printed(Ink::BLACK);
    sheet.set("Số:          /QĐ-UBND", 200.0, 500.0, Ink::BLACK);
    sheet.set("2147", 265.0, 500.0, Ink { colour: [38, 52, 150], size: 36.0 });
    let raster = DynamicImage::ImageRgb8(sheet.raster);
    for profile in [Profile::STANDARD, Profile::CHEAP] {
        let read = engine().recognise_with(&raster, DPI, A4, profile).unwrap();
        let told = &read.text.coloured;
        assert!(told.iter().all(|bbox| (80.0..135.0).contains(&bbox.x0)), "{told:?}");
        let digits = read.text.words().find(|word| word.text.contains("2147"));
        assert!(digits.is_none_or(|word| told.contains(&word.bbox)), "{}", read.text.plain());
    }
}

#[test]
fn print_under_a_seal_and_the_stamp_beside_it_are_both_read() {
    let mut sheet = printed(Ink::BLACK);
    let stamp = Ink { colour: RED, size: 64.0 };
    sheet.set("MẬT", 250.0, 400.0, stamp);
    for (x, y, pixel) in sheet.raster.enumerate_pixels_mut() {
        let far = (x as f32 - 700.0).hypot(y as f32 - 780.0);
        // Ink over print darkens what it covers, as ink does.
        if (150.0..165.0).contains(&far) || far < 60.0 && (x + y) % 9 < 5 {
            pixel.0 = [pixel.0[0].min(210), pixel.0[1] / 4, pixel.0[2] / 4];
        }
    }
    let raster = DynamicImage::ImageRgb8(sheet.raster);
    let read = engine().recognise(&raster, DPI, A4).unwrap();
    assert!(words_right(&read) > 0.9, "{}", read.text.plain());
    assert!(word(&read, "MẬT").bbox.y1 < 160.0);
}

#[test]
fn a_faint_page_is_read_and_an_empty_one_is_blank() {
    let engine = engine();
    let faint = DynamicImage::ImageRgb8(printed(Ink { colour: [215; 3], size: 36.0 }).raster);
    let read = engine.recognise(&faint, DPI, A4).unwrap();
    assert!(!read.blank && words_right(&read) > 0.8, "{}", read.text.plain());
    let empty = DynamicImage::ImageRgb8(Sheet::new().raster);
    let read = engine.recognise(&empty, DPI, A4).unwrap();
    assert!(read.blank && read.text.lines.is_empty() && read.text.origin == TextOrigin::None);
}

#[test]
fn a_page_reads_the_same_whatever_was_read_before() {
    let engine = engine();
    let first = engine.recognise(&black(), DPI, A4).unwrap();
    let other = DynamicImage::ImageRgb8(imageops::rotate180(&black().to_rgb8()));
    engine.recognise(&other, DPI, A4).unwrap();
    assert_eq!(engine.recognise(&black(), DPI, A4).unwrap(), first);
}

#[test]
fn odd_rasters_are_no_reason_to_fail() {
    let engine = engine();
    for (width, height) in [(0, 0), (1, 1), (9, 4000), (12, 12), (3000, 11)] {
        for level in [0, 255] {
            let raster = image::GrayImage::from_pixel(width, height, image::Luma([level]));
            let raster = DynamicImage::ImageLuma8(raster);
            let read = engine.recognise(&raster, f32::NAN, (10.0, 10.0)).unwrap();
            assert!(read.text.lines.is_empty(), "{width} x {height}");
        }
    }
    let long = DynamicImage::new_luma8(40_000, 12);
    let refused = engine.recognise(&long, DPI, A4);
    assert!(matches!(refused, Err(OcrError::RasterTooLarge { width: 40_000, .. })));
}

#[test]
fn a_missing_model_names_its_package() {
    let folder = tempfile::tempdir().unwrap();
    let config = EngineConfig { tessdata: Some(folder.path().into()), ..Default::default() };
    let message = Engine::new(&config).unwrap_err().to_string();
    assert!(message.contains("apt-get install tesseract-ocr-vie"), "{message}");
    assert!(message.contains(&*folder.path().to_string_lossy()), "{message}");
    for language in ["", "../vie", "v\0ie"] {
        let config = EngineConfig { language: language.into(), ..Default::default() };
        assert!(matches!(Engine::new(&config), Err(OcrError::UnusableSetting { .. })));
    }
}
