//! The invisible text: every word over its printed one, lines in reading order.
//!
//! A line has one size; each word is stretched to its box and stands upright on the point of the
//! line's baseline under its middle. On a skewed page the words are so many steps of a stair: text
//! that runs aslant is cut within words by poppler (at half a point of fall), and the step is less
//! than a reader can see. The space after a word fills the gap to the next, so that nobody has to
//! guess where words part.

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
/// Readers part words at up to 0.15 em, whatever spaces they are given.
const GAP_EMS: f32 = 0.17;
/// No more than this part of a word's box is given up for the gap after it.
const MAX_GIVEN_UP: f32 = 0.6;

const ASCENT_EMS: f32 = ASCENT as f32 / 1000.0;
const HEIGHT_EMS: f32 = (ASCENT - DESCENT) as f32 / 1000.0;

/// How a line is set.
#[derive(Debug, Clone, Copy)]
struct Setting {
    /// Height of the baseline at the left edge of the upright page, in points from the top.
    baseline: f32,
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
        if words.is_empty() {
            continue;
        }
        if !begun {
            content.begin_text().set_text_rendering_mode(TextRenderingMode::Invisible);
            begun = true;
        }
        write_line(content, &words, turn, (Setting::of(line), font.space_ems()));
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

fn write_line(
    content: &mut Content,
    words: &[(Rect, Coded)],
    turn: Turn,
    (setting, space): (Setting, f32),
) {
    content.set_font(FONT, setting.size);
    // Steps are taken from where the last one ended, so that rounding does not add up.
    let mut pen: Option<(f32, f32)> = None;
    for (i, (bbox, coded)) in words.iter().enumerate() {
        let at = (round(bbox.x0, 2), round(setting.under(bbox.centre().0), 2));
        match pen {
            None => content.set_text_matrix(turn.text_matrix(at.0, at.1)),
            Some((x, y)) => content.next_line(round(at.0 - x, 2), round(y - at.1, 2)),
        };
        pen = Some(at);
        let next = words.get(i + 1).map(|(next, _)| next.x0 - bbox.x0);
        let width = word_width(bbox.width(), next, setting.size);
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
    round(wished / natural * 100.0, 1).clamp(0.1, 100_000.0)
}

impl Setting {
    /// Reads the line's baseline and height; a baseline that cannot be is replaced.
    fn of(line: &Line) -> Self {
        let words = Rect::around(line.words.iter().map(|word| &word.bbox)).unwrap_or(line.bbox);
        let (left, right) = line.baseline;
        let slope = (right - left) / line.bbox.width();
        let read = Self { baseline: left - slope * line.bbox.x0, slope, size: 0.0 };
        let (ends, height) = ((read.under(words.x0), read.under(words.x1)), words.height());
        let (high, low) = (ends.0.min(ends.1), ends.0.max(ends.1));
        // Comparisons with a NaN are false, so such a baseline is replaced too.
        let usable = slope.abs() <= MAX_SLOPE
            && high >= words.y0 + 0.3 * height
            && low <= words.y1 + 0.3 * height;
        if usable {
            let (above, below) = (high - words.y0, (words.y1 - low).max(0.0));
            Self { size: size(line, above, below), ..read }
        } else {
            let above = height * ASCENT_EMS / HEIGHT_EMS;
            let size = size(line, above, height - above);
            Self { baseline: words.y0 + above, slope: 0.0, size }
        }
    }

    /// Height of the baseline at `x`.
    fn under(&self, x: f32) -> f32 {
        self.baseline + self.slope * x
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
        let setting = Setting::of(&line);
        assert!((setting.size - 13.0).abs() < 0.02, "{setting:?}");
        assert_eq!(setting.under(35.0), 111.583);
    }

    #[test]
    fn a_baseline_that_cannot_be_is_replaced() {
        for baseline in [(f32::NAN, 1.0), (0.0, 0.0), (300.0, 300.0), (100.0, 180.0)] {
            let setting = Setting::of(&line(&[Rect::new(0.0, 100.0, 90.0, 120.0)], baseline));
            assert_eq!(setting.slope, 0.0);
            assert!((100.0..120.0).contains(&setting.baseline), "{setting:?}");
        }
    }

    #[test]
    fn one_stray_box_does_not_make_the_line_huge() {
        let mut boxes = vec![Rect::new(0.0, 100.0, 30.0, 112.0); 5];
        boxes.push(Rect::new(200.0, 20.0, 260.0, 130.0));
        assert!(Setting::of(&line(&boxes, (110.0, 110.0))).size < 24.0);
    }

    #[test]
    fn words_give_way_to_the_gap_between_them() {
        assert_eq!(word_width(20.0, Some(30.0), 10.0), 20.0);
        assert_eq!(word_width(20.0, Some(20.0), 10.0), 18.3);
        assert!((word_width(2.0, Some(1.0), 10.0) - 0.8).abs() < 1e-6);
        assert_eq!(word_width(20.0, Some(-5.0), 10.0), 20.0);
        assert_eq!(word_width(0.0, None, 10.0), 0.1);
    }
}
