//! What a reader selects, copies and finds, as poppler tells it. Skipped, with a word about it,
//! where poppler is not installed.

use std::{
    io::ErrorKind,
    process::{Command, Stdio},
};

use proptest::prelude::*;
use sohoa_document::{Line, PageText, Rect, Scan, TextOrigin, Word};

use crate::samples;

/// Output of `pdftotext`; `None` without poppler.
fn pdftotext(options: &[&str], pdf: &[u8]) -> Option<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pdf).unwrap();
    let run = Command::new("pdftotext")
        .args(options)
        .args(["-enc", "UTF-8"])
        .arg(file.path())
        .arg("-")
        .stderr(Stdio::inherit())
        .output();
    match run {
        Ok(output) => {
            assert!(output.status.success());
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("skipped: poppler's pdftotext is not installed");
            None
        }
        Err(error) => panic!("pdftotext: {error}"),
    }
}

/// Words and their boxes on the upright page.
fn boxes(pdf: &[u8]) -> Option<Vec<(String, Rect)>> {
    let html = pdftotext(&["-bbox"], pdf)?;
    let words = html.lines().filter_map(|line| {
        let line = line.trim().strip_prefix("<word ")?.strip_suffix("</word>")?;
        let (sides, text) = line.split_once('>')?;
        let side = |name: &str| -> Option<f32> {
            sides.split_once(&format!("{name}=\""))?.1.split('"').next()?.parse().ok()
        };
        let rect = Rect::new(side("xMin")?, side("yMin")?, side("xMax")?, side("yMax")?);
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&apos;", "'");
        Some((text.replace("&amp;", "&"), rect))
    });
    Some(words.collect())
}

#[test]
fn the_text_of_every_sample_is_as_meant() {
    for sample in samples::all() {
        let file = samples::compose([(&sample.scan, &sample.text)]);
        let Some(read) = pdftotext(&["-raw"], &file.out) else { return };
        let lines: Vec<&str> =
            read.lines().filter(|line| !line.trim_matches('\u{c}').is_empty()).collect();
        assert_eq!(lines, samples::LINES, "{}", sample.name);
    }
}

#[test]
fn every_word_lies_on_its_bar() {
    for sample in samples::all() {
        let file = samples::compose([(&sample.scan, &sample.text)]);
        let Some(mut read) = boxes(&file.out) else { return };
        for word in sample.text.words() {
            let near = |(text, rect): &(String, Rect)| {
                *text == word.text && overlap(rect, &word.bbox) > 0.8
            };
            let found = read.iter().position(near);
            let found = found.unwrap_or_else(|| panic!("{}: {word:?} in {read:?}", sample.name));
            read.remove(found);
        }
        assert!(read.is_empty(), "{}: {read:?}", sample.name);
    }
}

/// Shared area over the area of both.
fn overlap(a: &Rect, b: &Rect) -> f32 {
    let area = |r: &Rect| r.width().max(0.0) * r.height().max(0.0);
    let shared = Rect::new(a.x0.max(b.x0), a.y0.max(b.y0), a.x1.min(b.x1), a.y1.min(b.y1));
    area(&shared) / (area(a) + area(b) - area(&shared))
}

/// Letters, figures and signs of the papers, and of other scripts that are written left to right.
/// No hyphen: by layout, poppler takes it away at the end of a line.
const LETTERS: &str = "aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụ\
    ừửữứựỳỷỹýỵĂÂĐÊÔƠƯỆỘỮẤ0123456789.,;:!?()/–“”‘’\"'&%<>[]§№€₫½°²…ßçñΩλЖщ漢字あ한";

/// Lines of words whose letters are 3 to 9 points wide, at least a tenth of an em apart.
fn page(shortest: usize) -> impl Strategy<Value = PageText> {
    let letters: Vec<char> = LETTERS.chars().collect();
    let word = proptest::collection::vec(proptest::sample::select(letters), shortest..9)
        .prop_map(String::from_iter);
    let line = proptest::collection::vec((word, 3.0f32..9.0, 1.3f32..20.0), 1..8);
    (proptest::collection::vec(line, 1..12), -0.01f32..0.01).prop_map(|(lines, slope)| {
        let lines = lines.into_iter().zip(0u8..).map(|(words, row)| line_of(words, row, slope));
        PageText {
            lines: lines.collect(),
            origin: TextOrigin::Ocr,
            ..PageText::empty(700.0, 600.0)
        }
    })
}

/// A line of 13-point type from words, the width of their letters and the gap after them.
fn line_of(words: Vec<(String, f32, f32)>, row: u8, slope: f32) -> Line {
    let left = 60.0 + 40.0 * f32::from(row);
    let mut x = 30.0;
    let words: Vec<Word> = words
        .into_iter()
        .map(|(text, letter, gap)| {
            let width = letter * text.chars().count() as f32;
            let at = left + slope * x;
            let bbox = Rect::new(x, at - 11.6, x + width, at + slope * width + 2.8);
            x += width + gap;
            Word { text, bbox, confidence: 1.0 }
        })
        .collect();
    let bbox = Rect::around(words.iter().map(|word| &word.bbox)).unwrap();
    Line { words, bbox, baseline: (left + slope * bbox.x0, left + slope * bbox.x1), block: 0 }
}

fn composed(text: &PageText, quarter: u16) -> Vec<u8> {
    let (width, height) = if quarter.is_multiple_of(2) { (700.0, 600.0) } else { (600.0, 700.0) };
    let scan = Scan { width, height, rotation: 90 * quarter, images: Vec::new() };
    samples::compose([(&scan, text)]).out
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn any_words_come_back_where_they_were(text in page(1), quarter in 0u16..4) {
        let file = composed(&text, quarter);
        let Some(read) = pdftotext(&["-raw"], &file) else { return Ok(()) };
        let meant: Vec<&str> = text.words().map(|word| word.text.as_str()).collect();
        prop_assert_eq!(read.split_whitespace().collect::<Vec<_>>(), meant);

        let read = boxes(&file).expect("poppler was there a moment ago");
        for word in text.words() {
            let near = |(text, rect): &(String, Rect)| {
                *text == word.text
                    && (rect.x0 - word.bbox.x0).abs() < 0.5
                    && (rect.x1 - word.bbox.x1).abs() < 1.5
                    && (rect.y0 - word.bbox.y0).abs() < 6.0
                    && (rect.y1 - word.bbox.y1).abs() < 6.0
            };
            prop_assert!(read.iter().any(near), "{:?} in {:?}", word, read);
        }
    }

    /// By layout the order of blocks is poppler's own idea, and it takes a line of single letters
    /// for one word spaced out; other words are neither cut nor glued.
    #[test]
    fn no_word_is_cut_or_glued_by_layout(text in page(2), quarter in 0u16..4) {
        let Some(read) = pdftotext(&[], &composed(&text, quarter)) else { return Ok(()) };
        let mut read: Vec<&str> = read.split_whitespace().collect();
        let mut meant: Vec<&str> = text.words().map(|word| word.text.as_str()).collect();
        read.sort_unstable();
        meant.sort_unstable();
        prop_assert_eq!(read, meant);
    }
}
