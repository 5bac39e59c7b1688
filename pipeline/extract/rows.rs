//! A page as rows of words.
//!
//! Owns the step from the engine's lines to visual rows: lines that stand side by side (the two
//! columns of a letterhead) become one row, left to right, and a row can be cut again at a gutter.
//! Words without text or with boxes that are no numbers are left out. Reading order of the engine
//! is not used.

use sohoa_document::{Again, PageText, Rect, Stamp, Word, fold::fold};

/// Rows looked back at when a line is placed beside another; two columns never need more.
const LOOK_BACK: usize = 6;

/// Words of a page that are looked at; a full page of small type has a tenth. Hostile text layers
/// hold millions, and rows cost more than linear time.
const MOST_WORDS: usize = 10_000;

/// Lines read again that are looked at: two lines, each by two models.
const MOST_AGAIN: usize = 16;

/// Readings of a signature block that are looked at.
const MOST_SIGNED: usize = 4;

/// A page as rows from top to bottom.
#[derive(Debug)]
pub(crate) struct Sheet<'a> {
    pub(crate) page: u32,
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) rows: Vec<Span<'a>>,
    /// Boxes of words in coloured ink.
    pub(crate) coloured: &'a [Rect],
    /// What stamps say.
    pub(crate) stamps: &'a [Stamp],
    /// Lines that were read again, and whether by the model of the first reading; the rows have
    /// them too, as first read.
    again: Vec<(bool, Span<'a>)>,
    /// The page with its signature block as read again, once a reading.
    pub(crate) signed: Vec<Self>,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(page: u32, text: &'a PageText) -> Self {
        let signed = text.signature.iter().take(MOST_SIGNED).map(|part| {
            let outside = text.lines.iter().map(|line| {
                let outside = |word: &&Word| !part.place.holds(word.bbox.centre());
                line.words.iter().filter(outside).collect()
            });
            let inside = part.lines.iter().map(|line| line.words.iter().collect());
            Self::of_lines(page, text, outside.chain(inside))
        });
        let signed = signed.collect();
        let lines = text.lines.iter().map(|line| line.words.iter().collect());
        Self { signed, ..Self::of_lines(page, text, lines) }
    }

    fn of_lines(page: u32, text: &'a PageText, lines: impl Iterator<Item = Vec<&'a Word>>) -> Self {
        let mut words = 0;
        let within = |line: &Vec<&Word>| {
            words += line.len();
            words <= MOST_WORDS
        };
        let mut lines: Vec<Span<'a>> = lines.take_while(within).filter_map(Span::of).collect();
        lines.sort_by(|a, b| a.bbox.centre().1.total_cmp(&b.bbox.centre().1));
        let mut rows: Vec<Span<'a>> = Vec::with_capacity(lines.len());
        for line in lines {
            let from = rows.len().saturating_sub(LOOK_BACK);
            match rows[from..].iter_mut().find(|row| row.beside(&line)) {
                Some(row) => row.join(line),
                None => rows.push(line),
            }
        }
        rows.sort_by(|a, b| a.bbox.centre().1.total_cmp(&b.bbox.centre().1));
        let size =
            |given: f32, floor: f32| if given.is_finite() { given.max(floor) } else { floor };
        let (width, height) = (size(text.width, 1.0), size(text.height, 1.0));
        let again = text.again.iter().take(MOST_AGAIN);
        let again = again
            .filter_map(|Again { line, same_model }| {
                Some((*same_model, Span::of(line.words.iter().collect())?))
            })
            .collect();
        let (coloured, stamps) = (&text.coloured, &text.stamps);
        Self { page, width, height, rows, coloured, stamps, again, signed: Vec::new() }
    }

    /// The page down to a height.
    pub(crate) fn above(&self, height: f32) -> Self {
        let rows = self.rows.iter().filter(|row| row.bbox.centre().1 < height);
        Self {
            rows: rows.cloned().collect(),
            again: self.again.clone(),
            signed: self.signed.iter().map(|sheet| sheet.above(height)).collect(),
            ..*self
        }
    }

    /// Second readings of the line in this box.
    pub(crate) fn again(&self, line: Rect) -> impl Iterator<Item = &(bool, Span<'a>)> {
        self.again.iter().filter(move |(_, span)| {
            let (x, y) = line.centre();
            let middle = span.bbox.centre();
            let across = line.x0 < middle.0 && middle.0 < line.x1;
            let down = |y: f32, of: &Rect| of.y0 < y && y < of.y1;
            (across || (span.bbox.x0 < x && x < span.bbox.x1))
                && (down(y, &span.bbox) || down(middle.1, &line))
        })
    }

    /// A position as a share of the page's width.
    pub(crate) fn x(&self, points: f32) -> f32 {
        points / self.width
    }

    /// A position as a share of the page's height.
    pub(crate) fn y(&self, points: f32) -> f32 {
        points / self.height
    }

    /// Height of ordinary type on this page: the median row.
    pub(crate) fn type_height(&self) -> f32 {
        let mut heights: Vec<f32> = self.rows.iter().map(Span::type_height).collect();
        median(&mut heights)
    }
}

/// A run of words on one row, left to right; never empty.
#[derive(Debug, Clone)]
pub(crate) struct Span<'a> {
    pub(crate) words: Vec<&'a Word>,
    pub(crate) bbox: Rect,
}

impl<'a> Span<'a> {
    /// The usable ones of these words; `None` when there are none.
    pub(crate) fn of(mut words: Vec<&'a Word>) -> Option<Self> {
        words.retain(|word| usable(word));
        words.sort_by(|a, b| a.bbox.x0.total_cmp(&b.bbox.x0));
        let bbox = Rect::around(words.iter().map(|word| &word.bbox))?;
        Some(Self { words, bbox })
    }

    /// Whether the other lies on the same row in a gap or beyond an end.
    fn beside(&self, other: &Self) -> bool {
        let overlap = self.bbox.y1.min(other.bbox.y1) - self.bbox.y0.max(other.bbox.y0);
        let smaller = self.bbox.height().min(other.bbox.height());
        let clear = |word: &&&Word| word.bbox.x1 <= other.bbox.x0 || other.bbox.x1 <= word.bbox.x0;
        overlap >= 0.5 * smaller && self.words.iter().all(|word| clear(&word))
    }

    fn join(&mut self, other: Self) {
        self.bbox = self.bbox.union(&other.bbox);
        self.words.extend(other.words);
        self.words.sort_by(|a, b| a.bbox.x0.total_cmp(&b.bbox.x0));
    }

    pub(crate) fn text(&self) -> String {
        join(self.words.iter().map(|word| word.text.as_str()))
    }

    pub(crate) fn folded(&self) -> String {
        join(
            self.words
                .iter()
                .map(|word| fold(&word.text))
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str),
        )
    }

    /// Mean confidence, weighted by characters.
    pub(crate) fn confidence(&self) -> f32 {
        let (sum, count) = self.words.iter().fold((0.0, 0.0), |(sum, count), word| {
            let letters = word.text.chars().count() as f32;
            (sum + word.confidence.clamp(0.0, 1.0) * letters, count + letters)
        });
        if count > 0.0 { sum / count } else { 0.0 }
    }

    /// Median height of the words that hold letters or digits.
    pub(crate) fn type_height(&self) -> f32 {
        let mut heights: Vec<f32> = self
            .words
            .iter()
            .filter(|word| word.text.chars().any(char::is_alphanumeric))
            .map(|word| word.bbox.height())
            .collect();
        if heights.is_empty() { self.bbox.height() } else { median(&mut heights) }
    }

    /// Share of capitals among the letters, 0 to 1.
    pub(crate) fn capitals(&self) -> f32 {
        let letters =
            self.words.iter().flat_map(|word| word.text.chars()).filter(|c| c.is_alphabetic());
        let (upper, all) = letters
            .fold((0u32, 0u32), |(upper, all), c| (upper + u32::from(c.is_uppercase()), all + 1));
        if all == 0 { 0.0 } else { upper as f32 / all as f32 }
    }

    /// Cut where the space between words is wider than `gap` points.
    pub(crate) fn split(&self, gap: f32) -> Vec<Self> {
        let mut parts: Vec<Vec<&'a Word>> = Vec::new();
        let mut edge = f32::NEG_INFINITY;
        for word in &self.words {
            match parts.last_mut() {
                Some(part) if word.bbox.x0 - edge <= gap => part.push(word),
                _ => parts.push(vec![word]),
            }
            edge = edge.max(word.bbox.x1);
        }
        parts.into_iter().filter_map(Self::of).collect()
    }

    /// The words whose middle lies between the two edges.
    pub(crate) fn between(&self, x0: f32, x1: f32) -> Option<Self> {
        let inside = |word: &&&Word| {
            let middle = word.bbox.centre().0;
            middle >= x0 && middle < x1
        };
        Self::of(self.words.iter().filter(inside).copied().collect())
    }
}

fn usable(word: &Word) -> bool {
    let Rect { x0, y0, x1, y1 } = word.bbox;
    [x0, y0, x1, y1].iter().all(|edge| edge.is_finite() && edge.abs() < 1.0e6)
        && x1 >= x0
        && y1 >= y0
        && word.confidence.is_finite()
        && !word.text.trim().is_empty()
}

fn join<'t>(words: impl Iterator<Item = &'t str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

/// The middle value; 0 of nothing.
pub(crate) fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}

/// A span's text with the way back from a position in it to the word.
#[derive(Debug)]
pub(crate) struct Joined<'s, 'a> {
    pub(crate) text: String,
    starts: Vec<usize>,
    span: &'s Span<'a>,
}

impl<'s, 'a> Joined<'s, 'a> {
    /// `form` is applied to each word; words are joined by one space.
    pub(crate) fn new(span: &'s Span<'a>, form: impl Fn(&str) -> String) -> Self {
        let mut text = String::new();
        let mut starts = Vec::with_capacity(span.words.len());
        for word in &span.words {
            if !text.is_empty() {
                text.push(' ');
            }
            starts.push(text.len());
            text.push_str(&form(&word.text));
        }
        Self { text, starts, span }
    }

    /// Index of the word that holds the byte.
    pub(crate) fn word_at(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// The words a byte range touches.
    pub(crate) fn words(&self, range: std::ops::Range<usize>) -> &'s [&'a Word] {
        if range.is_empty() || self.span.words.is_empty() {
            return &[];
        }
        let from = self.word_at(range.start);
        let to = self.word_at(range.end - 1);
        &self.span.words[from..=to]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Paper;

    #[test]
    fn lines_side_by_side_are_one_row_from_left_to_right() {
        let text = Paper::default()
            .line(300.0, 60.0, "phải")
            .line(90.0, 61.0, "trái")
            .line(200.0, 60.0, "giữa")
            .line(90.0, 80.0, "dưới")
            .text();
        let rows: Vec<String> = Sheet::new(1, &text).rows.iter().map(Span::text).collect();
        assert_eq!(rows, ["trái giữa phải", "dưới"]);
    }

    #[test]
    fn a_gutter_cuts_a_row() {
        let text = Paper::default().line(90.0, 60.0, "một hai").line(300.0, 60.0, "ba").text();
        let sheet = Sheet::new(1, &text);
        let parts: Vec<String> = sheet.rows[0].split(20.0).iter().map(Span::text).collect();
        assert_eq!(parts, ["một hai", "ba"]);
    }

    #[test]
    fn bytes_lead_back_to_words() {
        let text = Paper::default().line(90.0, 60.0, "Số: 12 /QĐ").text();
        let sheet = Sheet::new(1, &text);
        let joined = Joined::new(&sheet.rows[0], str::to_owned);
        let at = joined.text.find("12").unwrap();
        assert_eq!(joined.words(at..at + 2)[0].text, "12");
        assert!(joined.words(at..at).is_empty());
    }
}
