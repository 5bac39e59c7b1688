//! Pages from the file to the words, as a child does its work: what is faint is read, what is
//! empty costs nothing. Needs `tesseract-ocr-vie` and Tinos.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../ocr/tests/engine/typeset.rs"]
mod typeset;

use image::{Rgb, RgbImage};
use sohoa_decode::{Keep, Limits, Origin};
use sohoa_document::{Line, Page, TextOrigin};
use sohoa_ocr::EngineConfig;
use sohoa_page_workers::{Care, DecodeAndRecognise, PageEngine as _, PageJob};
use typeset::{Ink, Sheet};

const LINES: [&str; 4] = [
    "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015;",
    "Xét đề nghị của Giám đốc Sở Xây dựng tại Tờ trình về việc quy hoạch,",
    "Ủy ban nhân dân huyện đề nghị các đơn vị triển khai thực hiện nghiêm",
    "túc những nội dung nêu trên và báo cáo kết quả trước ngày 30 tháng 9.",
];

/// Forty lines in one colour, on paper of the level 250.
fn printed(colour: [u8; 3]) -> RgbImage {
    let mut sheet = Sheet::new();
    for (line, y) in LINES.iter().cycle().zip((240u16..).step_by(50)).take(40) {
        sheet.set(line, 200.0, f32::from(y), Ink { colour, ..Ink::BLACK });
    }
    sheet.raster
}

/// The page of a file that holds this one picture.
fn page(picture: &RgbImage) -> Page {
    page_with(picture, Care::Full)
}

fn page_with(picture: &RgbImage, care: Care) -> Page {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.png");
    picture.save(&path).unwrap();
    let job =
        PageJob { path, number: 1, origin: Origin::Paper, megapixels: 4.0, keep: Keep::Stream };
    let config = EngineConfig::default();
    let mut worker = DecodeAndRecognise::new(&config, Limits::default()).unwrap();
    worker.page(&job, care).unwrap()
}

fn is_called_blank(page: &Page) -> bool {
    let found = page.facts.findings.iter().any(|code| code == "I05_BLANK");
    assert_eq!(found, page.facts.blank, "{:?}", page.facts);
    found
}

/// Share of the words of the four lines that stand on the page.
fn words_right(page: &Page) -> f32 {
    let text = page.text.plain();
    let read: Vec<&str> = text.split_whitespace().collect();
    let set: Vec<&str> = LINES.iter().flat_map(|line| line.split(' ')).collect();
    set.iter().filter(|word| read.contains(word)).count() as f32 / set.len() as f32
}

#[test]
fn a_very_faint_page_is_read() {
    for ink in [215, 230] {
        let page = page(&printed([ink; 3]));
        assert!(!is_called_blank(&page), "ink {ink}");
        assert_eq!(page.text.origin, TextOrigin::Ocr);
        assert!(words_right(&page) > 0.8, "ink {ink}: {}", page.text.plain());
    }
}

#[test]
fn a_page_that_was_read_with_less_care_says_so() {
    let picture = printed([20; 3]);
    for (care, said) in [(Care::Full, false), (Care::Reduced, true)] {
        let page = page_with(&picture, care);
        let found = page.facts.findings.iter().any(|code| code == "T05_LESS_CARE");
        assert_eq!(found, said, "{:?}", page.facts.findings);
    }
}

#[test]
fn ink_without_a_word_is_told() {
    let told = |page: &Page| page.facts.findings.iter().any(|code| code == "T07_NOT_READ");
    assert!(!told(&page(&printed([20; 3]))));
    let mut drawn = Sheet::new().raster;
    for at in 0..900_u32 {
        for thick in 0..5 {
            drawn.put_pixel(300 + at, 300 + at + thick, Rgb([20; 3]));
            drawn.put_pixel(1200 - at, 300 + at + thick, Rgb([20; 3]));
        }
    }
    let drawn = page(&drawn);
    assert!(told(&drawn) && !is_called_blank(&drawn), "{:?}", drawn.facts.findings);
}

#[test]
fn a_doubtful_line_of_a_letterhead_is_read_again_and_a_clear_one_is_not() {
    let letterhead = |day: &str| {
        let mut sheet = Sheet::new();
        let date = format!("Gia Lai, ngày {day} tháng 4 năm 2019");
        for (text, x, y) in [
            ("SỞ NỘI VỤ", 250.0, 180.0),
            ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 760.0, 180.0),
            ("Độc lập - Tự do - Hạnh phúc", 880.0, 230.0),
            ("Số: 31/BC-SNV", 230.0, 310.0),
            (&date, 850.0, 310.0),
            ("BÁO CÁO", 700.0, 420.0),
        ] {
            sheet.set(text, x, y, Ink::BLACK);
        }
        for (line, y) in LINES.iter().cycle().zip((600u16..).step_by(50)).take(12) {
            sheet.set(line, 200.0, f32::from(y), Ink::BLACK);
        }
        page(&sheet.raster).text.again
    };
    assert_eq!(letterhead("25"), []);
    let again = letterhead("xx");
    let own = again.iter().find(|again| again.same_model).unwrap();
    assert!(own.line.text().contains("tháng 4 năm 2019"), "{}", own.line.text());
}

#[test]
fn a_stamp_that_is_all_a_page_shows_is_read() {
    let mut sheet = Sheet::new();
    sheet.set("TUYỆT MẬT", 250.0, 400.0, Ink { colour: [205, 45, 60], size: 64.0 });
    let page = page(&sheet.raster);
    assert!(!is_called_blank(&page));
    assert!(page.text.plain().contains("MẬT"), "{}", page.text.plain());
}

/// A sheet with forty lines, and this in a frame, its left upper corner at a place.
fn framed(word: &str, (left, top): (u32, u32), colour: [u8; 3]) -> RgbImage {
    let mut sheet = Sheet::new();
    sheet.raster = printed([20; 3]);
    let (width, height) = (60 + 24 * word.chars().count() as u32, 66);
    for (x, y) in (0..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
        let rule = x < 4 || y < 4 || x >= width - 4 || y >= height - 4;
        if rule {
            sheet.raster.put_pixel(left + x, top + y, Rgb(colour));
        }
    }
    sheet.set(word, left as f32 + 25.0, top as f32 + 48.0, Ink { colour, size: 40.0 });
    sheet.raster
}

#[test]
fn a_framed_degree_of_secrecy_is_seen_over_print_and_another_stamp_is_none() {
    let red = [205, 45, 60];
    // Over the words of two lines, and in black on the free margin above them.
    let (over, free) = ((420, 300), (420, 100));
    for (word, place, colour, secret) in [
        ("MẬT", over, red, true),
        ("TUYỆT MẬT", over, red, true),
        ("MẬT", free, [25; 3], true),
        ("KHẨN", over, red, false),
        ("ĐẠT", free, red, false),
        ("MÁY", free, [25; 3], false),
    ] {
        let read = page(&framed(word, place, colour));
        let stamps: Vec<String> = read.text.stamps.iter().map(|stamp| stamp.line.text()).collect();
        assert_eq!(sohoa_extract::secrecy(&read.text).is_some(), secret, "{word}: {stamps:?}");
    }
}

#[test]
fn a_stamped_name_is_read_through_a_pen_and_beside_a_seal() {
    let mut sheet = Sheet::new();
    sheet.raster = printed([20; 3]);
    for (x, y) in (150..1550).flat_map(|x| (1500..2300).map(move |y| (x, y))) {
        sheet.raster.put_pixel(x, y, Rgb([250, 250, 248]));
    }
    sheet.set("Nơi nhận:", 200.0, 1600.0, Ink::BLACK);
    sheet.set("- Lưu: VT.", 200.0, 1650.0, Ink::BLACK);
    sheet.set("GIÁM ĐỐC", 1000.0, 1600.0, Ink::BLACK);
    let red = Ink { colour: [205, 45, 60], ..Ink::BLACK };
    let mut put = |x: f32, y: f32, colour| sheet.raster.put_pixel(x as u32, y as u32, Rgb(colour));
    for at in 0..6000_u16 {
        let (part, thick) = (f32::from(at) / 6000.0, f32::from(at % 6));
        let turn = part * std::f32::consts::TAU;
        let (x, y) = (960.0 + (110.0 + thick) * turn.cos(), 1770.0 + (110.0 + thick) * turn.sin());
        put(x, y, red.colour);
        put(930.0 + 500.0 * part, 1926.0 - 4.0 * part + thick, [40, 50, 165]);
    }
    // The stamp lies over the pen's stroke.
    sheet.set("Trần Văn Mẫu", 1000.0, 1930.0, red);
    let text = page(&sheet.raster).text;
    assert!(!text.signature.is_empty());
    let context = sohoa_extract::Context { scan_year: 2026, accept_line: 0.9 };
    let found = sohoa_extract::extract(&[(1, &text)], &context).segments.remove(0).fields;
    let lines = text.signature.iter().flat_map(|part| part.lines.iter().map(Line::text));
    let lines: Vec<String> = lines.collect();
    let name = found.signer_name.unwrap_or_else(|| panic!("{lines:?}"));
    assert_eq!(name.value, "Trần Văn Mẫu", "{} {lines:?}", name.probability);
    assert!(name.probability >= 0.9, "{}", name.probability);
    let said = text.settled().plain();
    assert!(said.contains("Trần Văn Mẫu"), "whoever searches finds him: {said}");
}

#[test]
fn an_empty_sheet_is_kept_and_not_read() {
    let mut state = 7u32;
    let mut sheet = Sheet::new().raster;
    for pixel in sheet.pixels_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = (state >> 24) as u8 % 7;
        pixel.0 = pixel.0.map(|level| level - grain);
    }
    for spot in 0..40 {
        sheet.put_pixel(100 + spot * 31, 300 + spot * 41, Rgb([60; 3]));
    }
    let page = page(&sheet);
    assert!(is_called_blank(&page));
    assert_eq!((page.text.origin, page.text.lines.len()), (TextOrigin::None, 0));
    assert_eq!(page.scan.unwrap().images.len(), 1);
}
