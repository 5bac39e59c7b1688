//! What must hold for any page, however spoilt.

use proptest::prelude::*;
use sohoa_document::{Line, PageText, Rect, TextOrigin, Word, fold::fold};

use crate::{
    extract,
    fields::{Fields, Segment},
    testing::{Paper, context},
};

/// Words that steer extraction into every branch, and noise.
fn text() -> impl Strategy<Value = String> {
    const ANCHORS: &str = "Số: Số /QĐ-UBND 12/QĐ-UBND 05-NQ/TU ngày tháng năm 01 2020 CỘNG HÒA XÃ HỘI Độc \
        lập Tự do Hạnh phúc QUYẾT ĐỊNH V/v Về việc Kính gửi: Căn cứ Nơi nhận: Lưu: VT \
        KT. GIÁM ĐỐC PHÓ MẬT TỐI KHẨN ĐẾN Ngày: UBND TỈNH SỞ Y TẾ kèm theo - / ( 1 \
        Bình Định,";
    let anchors: Vec<&str> = ANCHORS.split(' ').collect();
    prop_oneof![
        4 => prop::sample::select(anchors).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
    ]
}

fn edge() -> impl Strategy<Value = f32> {
    prop_oneof![20 => 0.0f32..900.0, 1 => prop::num::f32::ANY]
}

fn word() -> impl Strategy<Value = Word> {
    let confidence = prop_oneof![20 => 0.0f32..1.0, 1 => prop::num::f32::ANY];
    (text(), edge(), edge(), 0.0f32..90.0, 0.0f32..20.0, confidence).prop_map(
        |(text, x, y, width, height, confidence)| {
            let bbox = Rect::new(x, y, x + width, y + height);
            Word { text, bbox, confidence }
        },
    )
}

fn page() -> impl Strategy<Value = PageText> {
    let line = prop::collection::vec(word(), 0..8).prop_map(|words| {
        let bbox = Rect::around(words.iter().map(|word| &word.bbox)).unwrap_or_default();
        Line { words, bbox, baseline: (bbox.y1, bbox.y1), block: 0 }
    });
    (prop::collection::vec(line, 0..40), edge(), edge()).prop_map(|(lines, width, height)| {
        PageText { lines, origin: TextOrigin::Ocr, ..PageText::empty(width, height) }
    })
}

/// Every text value with its column, page and probability.
fn values(fields: &Fields) -> Vec<(&'static str, String, u32, f32)> {
    let texts = [
        ("code_number", &fields.code_number),
        ("code_notation", &fields.code_notation),
        ("signer_name", &fields.signer_name),
        ("subject", &fields.subject),
        ("arrival_number", &fields.arrival_number),
        ("archive_line", &fields.archive_line),
        ("organ_name", &fields.organ_name),
        ("issued_place", &fields.issued_place),
    ];
    let held = texts.into_iter().filter_map(|(name, field)| Some((name, field.as_ref()?)));
    held.map(|(name, field)| (name, field.value.clone(), field.page, field.probability)).collect()
}

/// Letters and digits only, folded: how a value is looked for on its page.
fn bare(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

fn on_page(value: &str, page: &PageText) -> bool {
    let words: Vec<String> = page.words().map(|word| bare(&word.text)).collect();
    let parts = value.split(|c: char| !c.is_alphanumeric());
    parts
        .map(bare)
        .filter(|part| !part.is_empty())
        .all(|part| words.iter().any(|word| word.contains(&part)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_words_give_segments_that_cover_the_pages(texts in prop::collection::vec(page(), 0..4)) {
        let pages: Vec<(u32, &PageText)> = (1..).zip(&texts).collect();
        let found = extract(&pages, &context());
        let mut next = 1;
        for Segment { page_from, page_to, .. } in &found.segments {
            prop_assert_eq!(*page_from, next);
            prop_assert!(page_to >= page_from);
            next = page_to + 1;
        }
        prop_assert_eq!(next, texts.len() as u32 + 1);
    }

    #[test]
    fn probabilities_are_probabilities(texts in prop::collection::vec(page(), 1..3)) {
        let pages: Vec<(u32, &PageText)> = (1..).zip(&texts).collect();
        for segment in extract(&pages, &context()).segments {
            for (name, _, _, p) in values(&segment.fields) {
                prop_assert!((0.0..1.0).contains(&p), "{} {}", name, p);
            }
        }
    }

    #[test]
    fn what_is_read_stands_on_its_page(texts in prop::collection::vec(page(), 1..3)) {
        let pages: Vec<(u32, &PageText)> = (1..).zip(&texts).collect();
        for segment in extract(&pages, &context()).segments {
            for (name, value, page, _) in values(&segment.fields) {
                // Spelling of places and repaired kinds may differ from the print by a letter.
                if matches!(name, "issued_place" | "organ_name" | "code_notation") {
                    continue;
                }
                let text = &texts[page as usize - 1];
                prop_assert!(on_page(&value, text), "{} `{}`", name, value);
            }
        }
    }

    #[test]
    fn doubtful_digits_never_pass(confidence in 0.0f32..0.8) {
        let paper = Paper::letterhead("SỞ NỘI VỤ", "Số:", "Gia Lai, ngày 05 tháng 4 năm 2019")
            .line_at(131.0, 104.0, "731/SNV-VP", confidence);
        let found = crate::testing::extract(&[paper], context());
        let number = found.segments[0].fields.code_number.as_ref();
        prop_assert!(number.is_none_or(|field| field.probability < 0.9));
    }
}
