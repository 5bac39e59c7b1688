//! The invisible text: every word over its printed one, lines in reading order.
//!
//! A line has one text matrix (its start, turn and slope) and one size; each word is placed along
//! the baseline and stretched to its box. The space after a word fills the gap to the next, so that
//! a reader never has to guess where words part.

use pdf_writer::{Content, Name, Str, types::TextRenderingMode};
use sohoa_document::{Line, PageText, Rect};

use crate::{
    error::ComposeError,
    glyphless::{Coded, Glyphless, SPACE},
    truetype::{ASCENT, DESCENT},
    turn::{Turn, round},
};

/// Name of the font in a page's resources.
pub(crate) const FONT: Name<'static> = Name(b"F");
/// A PDF/A string holds 32,767 bytes; two a code.
const MAX_STRING: usize = 32_000;
/// No scanned line falls steeper than this (down over right); such a baseline is wrong.
const MAX_SLOPE: f32 = 0.5;
/// Readers part words at a tenth of an em, whatever spaces they are given.
const GAP_EMS: f32 = 0.15;
/// No more than this part of a word's box is given up for the gap after it.
const MAX_GIVEN_UP: f32 = 0.3;

const ASCENT_EMS: f32 = ASCENT as f32 / 1000.0;
const HEIGHT_EMS: f32 = (ASCENT - DESCENT) as f32 / 1000.0;

/// Where a line stands and how large it is.
#[derive(Debug, Clone, Copy)]
struct Setting {
    /// Left end of the baseline on the upright page.
    origin: (f32, f32),
    /// Fall of the baseline, down over right.
    slope: f32,
    /// Font size in points.
    size: f32,
}

/// Adds the text of a page to its content.
pub(crate) fn write(
    content: &mut Content,
    text: &PageText,
    turn: Turn,
    font: &mut Glyphless,
) -> Result<(), ComposeError> {
    let mut begun = false;
    for line in &text.lines {
        let words = encode(line, font)?;
        let Some((first, _)) = words.first() else { continue };
        if !begun {
            content.begin_text().set_text_rendering_mode(TextRenderingMode::Invisible);
            begun = true;
        }
        let setting = Setting::of(line, first.x0);
        let (x, y) = setting.origin;
        content.set_font(FONT, setting.size).set_text_matrix(turn.text_matrix(x, y, setting.slope));
        write_words(content, &words, setting, font.space_ems());
    }
    if begun {
        content.end_text();
    }
    Ok(())
}

fn encode(line: &Line, font: &mut Glyphless) -> Result<Vec<(Rect, Coded)>, ComposeError> {
    let mut words = Vec::with_capacity(line.words.len());
    for word in &line.words {
        let Rect { x0, y0, x1, y1 } = word.bbox;
        if ![x0, y0, x1, y1].iter().all(|side| side.abs() < 1e5) {
            return Err(ComposeError::Page("a word's box lies outside any page"));
        }
        if let Some(coded) = font.encode(&word.text)? {
            words.push((word.bbox, coded));
        }
    }
    Ok(words)
}

fn write_words(content: &mut Content, words: &[(Rect, Coded)], setting: Setting, space: f32) {
    // Along the baseline a step is longer than across the page.
    let stretch = setting.slope.hypot(1.0);
    let mut pen = 0.0;
    for (i, (bbox, coded)) in words.iter().enumerate() {
        let start = round((bbox.x0 - setting.origin.0) * stretch, 2);
        if start != pen {
            content.next_line(round(start - pen, 2), 0.0);
            pen = start;
        }
        let next = words.get(i + 1).map(|(next, _)| (next.x0 - bbox.x0) * stretch);
        let width = word_width(bbox.width() * stretch, next, setting.size);
        content.set_horizontal_scaling(scaling(width, coded.ems * setting.size));
        for part in coded.bytes.chunks(MAX_STRING) {
            content.show(Str(part));
        }
        if let Some(next) = next {
            // A word that stands left of its neighbour still parts from it by a sliver.
            let gap = (next - width).max(0.01);
            content.set_horizontal_scaling(scaling(gap, space * setting.size));
            content.show(Str(&SPACE.to_be_bytes()));
        }
    }
}

/// The box's width, less what the gap to the next word's start needs.
fn word_width(width: f32, next: Option<f32>, size: f32) -> f32 {
    let width = width.max(0.1);
    match next {
        Some(next) if next > 0.0 => {
            width.min((next - GAP_EMS * size).max(width * (1.0 - MAX_GIVEN_UP)))
        }
        _ => width,
    }
}

/// PDF's `Tz`: per cent that bring a natural width to the wished one.
fn scaling(wished: f32, natural: f32) -> f32 {
    round(wished / natural * 100.0, 2).clamp(0.01, 100_000.0)
}

impl Setting {
    /// Reads the line's baseline and height; a baseline that cannot be is replaced.
    fn of(line: &Line, x: f32) -> Self {
        let words = Rect::around(line.words.iter().map(|word| &word.bbox)).unwrap_or(line.bbox);
        let (left, right) = line.baseline;
        let slope = (right - left) / line.bbox.width();
        let at = |x: f32| left + slope * (x - line.bbox.x0);
        let (ends, height) = ((at(words.x0), at(words.x1)), words.height());
        let (high, low) = (ends.0.min(ends.1), ends.0.max(ends.1));
        // Comparisons with a NaN are false, so such a baseline is replaced too.
        let usable = slope.abs() <= MAX_SLOPE
            && high >= words.y0 + 0.3 * height
            && low <= words.y1 + 0.3 * height;
        let (slope, y, above) = if usable {
            (slope, at(x), high - words.y0)
        } else {
            let above = height * ASCENT_EMS / HEIGHT_EMS;
            (0.0, words.y0 + above, above)
        };
        let below = if usable { (words.y1 - low).max(0.0) } else { height - above };
        Self { origin: (x, y), slope: round(slope, 5), size: size(line, above, below) }
    }
}

/// The size whose tallest letters reach from the baseline to the line's top, kept sane where one
/// stray box (a seal read as a letter) is far taller than the words around it.
fn size(line: &Line, above: f32, below: f32) -> f32 {
    let mut heights: Vec<f32> = line.words.iter().map(|word| word.bbox.height()).collect();
    heights.sort_by(f32::total_cmp);
    let most = 2.0 * heights.get(heights.len() / 2).copied().unwrap_or(1.0);
    let size = (above / ASCENT_EMS).max((above + below) / HEIGHT_EMS);
    round(size.min(most / HEIGHT_EMS).clamp(0.5, 2_000.0), 2)
}

#[cfg(test)]
mod tests {
    use sohoa_document::Word;

    use super::*;

    fn line(boxes: &[Rect], baseline: (f32, f32)) -> Line {
        let word = |bbox: &Rect| Word { text: "a".into(), bbox: *bbox, confidence: 1.0 };
        Line {
            words: boxes.iter().map(word).collect(),
            bbox: Rect::around(boxes).unwrap(),
            baseline,
            block: 0,
        }
    }

    #[test]
    fn a_line_of_thirteen_points_is_set_in_thirteen_points() {
        let line = line(&[Rect::new(10.0, 100.0, 60.0, 114.39)], (111.583, 111.583));
        let setting = Setting::of(&line, 10.0);
        assert!((setting.size - 13.0).abs() < 0.02, "{setting:?}");
        assert_eq!(setting.origin, (10.0, 111.583));
    }

    #[test]
    fn a_baseline_that_cannot_be_is_replaced() {
        for baseline in [(f32::NAN, 1.0), (0.0, 0.0), (300.0, 300.0), (100.0, 180.0)] {
            let setting = Setting::of(&line(&[Rect::new(0.0, 100.0, 90.0, 120.0)], baseline), 0.0);
            assert_eq!(setting.slope, 0.0);
            assert!((100.0..120.0).contains(&setting.origin.1), "{setting:?}");
        }
    }

    #[test]
    fn one_stray_box_does_not_make_the_line_huge() {
        let mut boxes = vec![Rect::new(0.0, 100.0, 30.0, 112.0); 5];
        boxes.push(Rect::new(200.0, 20.0, 260.0, 130.0));
        assert!(Setting::of(&line(&boxes, (110.0, 110.0)), 0.0).size < 24.0);
    }

    #[test]
    fn words_give_way_to_the_gap_between_them() {
        assert_eq!(word_width(20.0, Some(30.0), 10.0), 20.0);
        assert_eq!(word_width(20.0, Some(20.0), 10.0), 18.5);
        assert_eq!(word_width(2.0, Some(1.0), 10.0), 1.4);
        assert_eq!(word_width(20.0, Some(-5.0), 10.0), 20.0);
        assert_eq!(word_width(0.0, None, 10.0), 0.1);
    }
}
