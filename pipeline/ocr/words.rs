//! Reads what the engine found: words into lines, in points on the page.
//!
//! The bindings' iterators point into results the engine owns and do not borrow it, so nothing
//! here outlives the one function that reads everything. Two iterators walk the same results in
//! step: one gives text and confidence, the other structure (where lines and blocks begin).

use sohoa_document::{Line, Rect, Stamp, Word};
use tesseract_rs::{
    PageIterator, ResultIterator, TessPageIteratorLevel, TesseractAPI, TesseractError,
};
use unicode_normalization::UnicodeNormalization;

use crate::{error::OcrError, frame::Frame};

/// The binding takes the level of a baseline as the native number.
const TEXTLINE: i32 = TessPageIteratorLevel::RIL_TEXTLINE as i32;

/// A word of a second look must be read with this confidence. On the evaluation scans it
/// keeps the stamped names and titles and lets through one or two fragments of a seal's legend: a
/// stamped degree of secrecy that is missed weighs more than a stray word.
const SURE: f32 = 0.5;

/// And have so many letters: `MẬT` has three.
const SHORTEST_SURE: usize = 3;

/// What was read on one raster.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// The lines, in the engine's order; none is empty.
    pub(crate) lines: Vec<Line>,
    /// What stamps were read as.
    pub(crate) stamps: Vec<Stamp>,
    /// Words left out because the engine's bytes were not UTF-8.
    pub(crate) garbled_words: u32,
}

impl Reading {
    /// Characters of lying words, each counted with its word's confidence: how much sense the
    /// raster makes as it lies.
    ///
    /// The engine finds lines that run down the page by itself and turns them, unseen but for
    /// words that are taller than wide.
    pub(crate) fn evidence(&self) -> f32 {
        let lying = self.words().filter(|word| !stands(word));
        lying.map(weight).sum()
    }

    /// Whether the engine found more of it in lines that run down the page than in others. The rules of a
    /// table can hide that from whoever looks at the page alone.
    pub(crate) fn is_on_end(&self) -> bool {
        let all: f32 = self.words().map(weight).sum();
        all > 2.0 * self.evidence()
    }

    /// [`Reading::evidence`] for each character read; 0 without any.
    pub(crate) fn sense(&self) -> f32 {
        let chars: usize = self.words().map(|word| word.text.chars().count()).sum();
        if chars == 0 { 0.0 } else { self.evidence() / chars as f32 }
    }

    /// Adds the sure words of a second look that are new.
    ///
    /// A seal's round legend and signatures give short and doubtful words; most are left out.
    pub(crate) fn add_sure(&mut self, other: Self) {
        let known: Vec<Rect> = self.words().map(|word| word.bbox).collect();
        let new = |word: &Word| {
            word.confidence >= SURE
                && word.text.chars().filter(|c| c.is_alphabetic()).count() >= SHORTEST_SURE
                && !stands(word)
                && !known.iter().any(|bbox| bbox.intersects(&word.bbox))
        };
        let block = self.lines.last().map_or(0, |line| line.block + 1);
        for mut line in other.lines {
            line.words.retain(new);
            if let Some(bbox) = Rect::around(line.words.iter().map(|word| &word.bbox)) {
                (line.bbox, line.block) = (bbox, line.block + block);
                self.lines.push(line);
            }
        }
        self.garbled_words += other.garbled_words;
    }

    fn words(&self) -> impl Iterator<Item = &Word> {
        self.lines.iter().flat_map(|line| &line.words)
    }
}

/// Reads all words of the engine's last recognition.
pub(crate) fn read(engine: &TesseractAPI, frame: &Frame) -> Result<Reading, OcrError> {
    let results = match engine.get_iterator() {
        Ok(results) => results,
        // The engine has no iterator to give where it found no text at all.
        Err(TesseractError::NullPointerError) => return Ok(Reading::default()),
        Err(source) => return Err(OcrError::Native { doing: "opening its results", source }),
    };
    let layout = engine.get_page_iterator().map_err(OcrError::native("opening its layout"))?;
    let mut reader = Reader { frame, reading: Reading::default(), block: 0, line_open: false };
    loop {
        reader.word(&results, &layout).map_err(OcrError::native("reading a word"))?;
        let more = results.next(TessPageIteratorLevel::RIL_WORD);
        let in_step = layout.next(TessPageIteratorLevel::RIL_WORD);
        let more = more.map_err(OcrError::native("going to the next word"))?;
        if !(more && in_step.map_err(OcrError::native("going to the next word"))?) {
            break;
        }
    }
    Ok(reader.reading)
}

/// The state of the walk.
struct Reader<'a> {
    frame: &'a Frame,
    reading: Reading,
    block: u32,
    line_open: bool,
}

impl Reader<'_> {
    /// Takes the word both iterators stand on.
    fn word(
        &mut self,
        results: &ResultIterator,
        layout: &PageIterator,
    ) -> Result<(), TesseractError> {
        if layout.is_at_beginning_of(TessPageIteratorLevel::RIL_BLOCK)? {
            self.block += 1;
            self.line_open = false;
        }
        if layout.is_at_beginning_of(TessPageIteratorLevel::RIL_TEXTLINE)? {
            self.line_open = false;
        }
        let text = match results.get_utf8_text(TessPageIteratorLevel::RIL_WORD) {
            Ok(text) => clean(&text),
            Err(TesseractError::Utf8Error(_)) => {
                self.reading.garbled_words += 1;
                return Ok(());
            }
            // A block without text: a picture, a rule.
            Err(TesseractError::NullPointerError) => return Ok(()),
            Err(other) => return Err(other),
        };
        // A word without a box is a block without text, too.
        let bounds = match results.get_bounding_box(TessPageIteratorLevel::RIL_WORD) {
            Ok(bounds) if !text.is_empty() => bounds,
            Ok(_) | Err(TesseractError::InvalidParameterError) => return Ok(()),
            Err(other) => return Err(other),
        };
        let confidence = results.confidence(TessPageIteratorLevel::RIL_WORD)? / 100.0;
        let confidence = if confidence.is_finite() { confidence.clamp(0.0, 1.0) } else { 0.0 };
        let bbox = self.frame.rect(bounds);
        let word = Word { text, bbox, confidence };
        match self.reading.lines.last_mut() {
            Some(line) if self.line_open => {
                line.bbox = line.bbox.union(&bbox);
                line.words.push(word);
            }
            _ => self.open_line(word),
        }
        self.level_baseline(layout);
        Ok(())
    }

    fn open_line(&mut self, word: Word) {
        let bbox = word.bbox;
        let baseline = (bbox.y1, bbox.y1);
        self.reading.lines.push(Line { words: vec![word], bbox, baseline, block: self.block - 1 });
        self.line_open = true;
    }

    /// Carries the engine's baseline to the ends of the line's box as it stands.
    fn level_baseline(&mut self, layout: &PageIterator) {
        let Some(line) = self.reading.lines.last_mut() else { return };
        let Ok((x0, y0, x1, y1)) = layout.baseline(TEXTLINE) else { return };
        let (x0, y0) = self.frame.point(x0 as f32, y0 as f32);
        let (x1, y1) = self.frame.point(x1 as f32, y1 as f32);
        if x1 - x0 < 1.0 {
            return;
        }
        let slope = (y1 - y0) / (x1 - x0);
        let at = |x: f32| y0 + (x - x0) * slope;
        line.baseline = (at(line.bbox.x0), at(line.bbox.x1));
    }
}

/// Its characters, counted with its confidence.
fn weight(word: &Word) -> f32 {
    word.confidence * word.text.chars().count() as f32
}

/// Whether a word of some length is taller than wide.
fn stands(word: &Word) -> bool {
    word.text.chars().nth(2).is_some() && word.bbox.height() > word.bbox.width()
}

/// NFC, without white space or control characters.
fn clean(text: &str) -> String {
    text.nfc().filter(|c| !c.is_whitespace() && !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(words: &[(&str, Rect, f32)]) -> Reading {
        let lines = words.iter().map(|(text, bbox, confidence)| Line {
            words: vec![Word { text: (*text).into(), bbox: *bbox, confidence: *confidence }],
            bbox: *bbox,
            baseline: (bbox.y1, bbox.y1),
            block: 0,
        });
        Reading { lines: lines.collect(), garbled_words: 0, stamps: Vec::new() }
    }

    #[test]
    fn standing_words_are_no_evidence() {
        let lying = Rect::new(0.0, 0.0, 40.0, 10.0);
        let standing = Rect::new(0.0, 0.0, 10.0, 40.0);
        assert_eq!(reading(&[("phòng", lying, 0.8)]).sense(), 0.8);
        assert_eq!(reading(&[("phòng", lying, 0.8), ("sóng.", standing, 0.8)]).sense(), 0.4);
        assert_eq!(reading(&[]).sense(), 0.0);
    }

    #[test]
    fn a_page_of_which_most_words_stand_is_on_end() {
        let lying = Rect::new(0.0, 0.0, 40.0, 10.0);
        let standing = Rect::new(0.0, 0.0, 10.0, 40.0);
        let (one, other) = (("phòng", lying, 0.8), ("sóng.", standing, 0.9));
        assert!(reading(&[one, other]).is_on_end());
        assert!(!reading(&[one, one, other]).is_on_end());
        assert!(!reading(&[]).is_on_end());
    }

    #[test]
    fn a_second_look_adds_only_sure_new_words() {
        let at = |y: f32| Rect::new(0.0, y, 40.0, y + 10.0);
        let mut first = reading(&[("Quyết", at(0.0), 0.9)]);
        first.add_sure(reading(&[
            ("Quyêt", at(5.0), 0.9),
            ("MẬT", at(20.0), 0.9),
            ("xứ*", at(40.0), 0.9),
            ("KHẨN", at(60.0), 0.4),
        ]));
        let texts: Vec<&str> = first.words().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, ["Quyết", "MẬT"]);
        assert_eq!(first.lines[1].block, 1);
    }

    #[test]
    fn words_are_composed_and_bare() {
        assert_eq!(clean("U\u{309}y\u{200a}\n"), "\u{1ee6}y");
        assert_eq!(clean(" \t\u{0}"), "");
    }
}
