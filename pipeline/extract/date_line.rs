//! Where the date line stands: `Place, ngày d tháng m năm y`, and the words of each part.
//!
//! It must start its row or stand behind a gutter, so that a date cited in a sentence is never taken;
//! nor is one that goes on a citation in the line above it, as the template of a form has it.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;
use sohoa_document::{Rect, Word, fold::fold};

use crate::rows::{Joined, Sheet, Span};

static LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:^|[\s,.;])(?P<day>ng[a-z]{1,2}[.,:;]*\s*(?P<d>.{0,14}?))\s*[^a-z\d\s]?",
        r"(?P<t>th[a-z0-9]{2,3})[.,:]*\s*(?P<m>\S{0,5}?)\s*",
        r"(?P<n>n[a-z]{1,3})[.,:]*\s*(?P<y>\S{1,7}(?:\s\d{1,2})?)(?P<rest>.*)$"
    ))
    .expect("constant pattern, compiled in tests")
});

/// Only the start of the line is readable: enough for the place.
static START: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[a-z.]{2,}, (?P<day>ngay)").expect("constant pattern, compiled in tests")
});

static MONTH_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<place>[^\d]{3,40}),\s*th[a-z]ng\s*(?P<m>\d{1,2})\s*nam\s*(?P<y>\d{4})\W*$")
        .expect("constant pattern, compiled in tests")
});

/// What a date belongs to that follows in the next line: `Ban hành kèm theo Thông tư số …`.
static CITATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"kem theo|ban hanh|(?:thong tu|nghi dinh|quyet dinh|luat|mau) s[o06]|^[^a-z]{0,2}so:",
    )
    .expect("constant pattern, compiled in tests")
});

/// The date line as found.
#[derive(Debug)]
pub(crate) struct DateLine<'a> {
    pub(crate) row: usize,
    /// Left edge of the line, place included.
    pub(crate) left: f32,
    pub(crate) place: Option<Span<'a>>,
    pub(crate) day: Option<Part<'a>>,
    pub(crate) month: Part<'a>,
    pub(crate) year: Part<'a>,
    pub(crate) page: u32,
    pub(crate) bbox: Rect,
    pub(crate) text: String,
    /// Where the page's ink is coloured.
    pub(crate) coloured: &'a [Rect],
    /// The same line read again, and whether by the same model.
    pub(crate) again: Vec<(bool, Self)>,
}

/// One number of the date: as read, with its words.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub(crate) text: String,
    pub(crate) words: Vec<&'a Word>,
    /// Space to the anchor words before and after, in heights of the year's digits.
    pub(crate) gaps: (f32, f32),
}

impl Part<'_> {
    /// The part as printed: its text is folded.
    pub(crate) fn signs(&self) -> String {
        let signs = self.words.iter().flat_map(|word| word.text.chars());
        signs.skip_while(|c| !c.is_alphanumeric()).collect()
    }
}

/// Finds the date line in these rows.
pub(crate) fn find<'a>(sheet: &Sheet<'a>, rows: Range<usize>) -> Option<DateLine<'a>> {
    let mut lines = rows.filter_map(|index| line(sheet, index, sheet.rows.get(index)?));
    let mut found = lines.find(|line| line.place.is_some() || !goes_on_a_citation(sheet, line))?;
    let again = sheet.again(found.bbox);
    found.again = again
        .filter_map(|(same_model, span)| Some((*same_model, line(sheet, found.row, span)?)))
        .collect();
    Some(found)
}

fn goes_on_a_citation(sheet: &Sheet<'_>, line: &DateLine<'_>) -> bool {
    let height = line.bbox.height().max(1.0);
    let near = |row: &&Span<'_>| line.bbox.centre().1 - row.bbox.centre().1 < 2.2 * height;
    let above = sheet.rows[..line.row].iter().rev().take_while(near);
    let column = (line.bbox.x0 - 6.0 * height, line.bbox.x1 + 6.0 * height);
    let parts = above.filter_map(|row| row.between(column.0, column.1));
    parts.take(2).any(|part| CITATION.is_match(&part.folded()))
}

fn line<'a>(sheet: &Sheet<'a>, index: usize, row: &Span<'a>) -> Option<DateLine<'a>> {
    let joined = Joined::new(row, fold);
    full_line(sheet, index, row, &joined)
        .or_else(|| month_line(sheet, index, row))
        .or_else(|| start_only(sheet, index, row, &joined))
}

fn full_line<'a>(
    sheet: &Sheet<'a>,
    index: usize,
    row: &Span<'a>,
    joined: &Joined<'_, 'a>,
) -> Option<DateLine<'a>> {
    let mut found = LINE.captures(&joined.text)?;
    // A place like `Quảng Ngãi,` reads as `ngày` too: the one inside what follows it is the word.
    while let Some(d) = found.name("d")
        && let Some((before, _)) = joined.text[..d.start()].char_indices().next_back()
        && let Some(again) = LINE.captures_at(&joined.text, before)
        && again.name("day").is_some_and(|day| d.range().contains(&day.start()))
    {
        found = again;
    }
    let group = |name: &str| found.name(name).map_or(0..0, |m| m.range());
    // Words after the year make it a sentence, a form's or a legal basis'.
    let rest = &joined.text[group("rest")];
    if rest.split(' ').any(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 2) {
        return None;
    }
    let (left, place) = opening(sheet, row, joined.word_at(group("day").start))?;
    let part = |name: &str| {
        let range = group(name);
        let text = joined.text[range.clone()].to_owned();
        Part { text, words: joined.words(range.clone()).to_vec(), gaps: gaps(joined, row, &range) }
    };
    let words = row.words.iter().filter(|word| word.bbox.x0 >= left);
    Some(DateLine {
        row: index,
        left,
        place,
        day: Some(part("d")),
        month: part("m"),
        year: part("y"),
        page: sheet.page,
        bbox: Rect::around(words.map(|word| &word.bbox))?,
        text: row.text(),
        coloured: sheet.coloured,
        again: Vec::new(),
    })
}

/// Left edge and place of a line whose `ngày` is this word; `None` inside a sentence.
fn opening<'a>(sheet: &Sheet<'a>, row: &Span<'a>, first: usize) -> Option<(f32, Option<Span<'a>>)> {
    if sheet.x(row.words.get(first)?.bbox.x0) < 0.3 {
        return None;
    }
    let place = place_before(row, first);
    let left = place.as_ref().map_or(row.words[first].bbox.x0, |place| place.bbox.x0);
    let ends = row.words.iter().filter(|word| word.bbox.x1 <= left).map(|word| word.bbox.x1);
    let before = ends.fold(f32::NEG_INFINITY, f32::max);
    (left - before >= 0.8 * row.type_height()).then_some((left, place))
}

fn start_only<'a>(
    sheet: &Sheet<'a>,
    index: usize,
    row: &Span<'a>,
    joined: &Joined<'_, 'a>,
) -> Option<DateLine<'a>> {
    let found = START.captures(&joined.text)?.name("day")?;
    let first = joined.word_at(found.start());
    let (left, place) = opening(sheet, row, first)?;
    let capital = |span: &Span<'_>| {
        let text = span.text();
        text.starts_with(char::is_uppercase) && text.contains(char::is_lowercase)
    };
    let after = row.words.len() - first;
    if after > 8 || !place.as_ref().is_some_and(capital) {
        return None;
    }
    let blank = || Part { text: String::new(), words: Vec::new(), gaps: (0.0, 0.0) };
    let words = row.words.iter().filter(|word| word.bbox.x0 >= left);
    Some(DateLine {
        row: index,
        left,
        place,
        day: Some(blank()),
        month: blank(),
        year: blank(),
        page: sheet.page,
        bbox: Rect::around(words.map(|word| &word.bbox))?,
        text: row.text(),
        coloured: sheet.coloured,
        again: Vec::new(),
    })
}

/// `Place, tháng m năm y`: older papers and reports without a day.
fn month_line<'a>(sheet: &Sheet<'a>, index: usize, row: &Span<'a>) -> Option<DateLine<'a>> {
    let line = row.split(2.0 * row.type_height()).pop()?;
    let joined = Joined::new(&line, fold);
    let found = MONTH_LINE.captures(&joined.text)?;
    if sheet.x(line.bbox.x0) < 0.3 {
        return None;
    }
    let part = |name: &str| {
        let range = found.name(name).map_or(0..0, |m| m.range());
        let text = joined.text[range.clone()].to_owned();
        Part { text, words: joined.words(range).to_vec(), gaps: (0.0, 0.0) }
    };
    let place = found.name("place").and_then(|m| Span::of(joined.words(m.range()).to_vec()));
    Some(DateLine {
        row: index,
        left: line.bbox.x0,
        place,
        day: None,
        month: part("m"),
        year: part("y"),
        page: sheet.page,
        bbox: line.bbox,
        text: line.text(),
        coloured: sheet.coloured,
        again: Vec::new(),
    })
}

/// The words before `ngày` that belong to it: close together, at most seven.
fn place_before<'a>(row: &Span<'a>, first: usize) -> Option<Span<'a>> {
    let gap = 1.0 * row.type_height();
    let mut from = first;
    while from > 0 && first - from < 7 {
        let space = row.words[from].bbox.x0 - row.words[from - 1].bbox.x1;
        if space > gap || row.words[from - 1].text.chars().any(|c| c.is_ascii_digit()) {
            break;
        }
        from -= 1;
    }
    Span::of(row.words[from..first].to_vec())
}

/// Space before and after the part, in heights of its row.
fn gaps(joined: &Joined<'_, '_>, row: &Span<'_>, range: &Range<usize>) -> (f32, f32) {
    if range.is_empty() {
        return (0.0, 0.0);
    }
    let (from, to) = (joined.word_at(range.start), joined.word_at(range.end - 1));
    let height = row.type_height().max(1.0);
    let space = |a: usize, b: usize| (row.words[b].bbox.x0 - row.words[a].bbox.x1) / height;
    let before = if from == 0 { 0.0 } else { space(from - 1, from) };
    let after = if to + 1 >= row.words.len() { 0.0 } else { space(to, to + 1) };
    (before, after)
}
