//! Form fields and notes whose text the file holds and does not draw.
//!
//! A viewer makes a look for them; the interpreter draws only what has one. A document number that
//! a clerk typed into a field would be lost with no word.

use hayro_interpret::kurbo::{Affine, Rect as Box2};
use hayro_syntax::{
    object::{Array, Dict, Name, Object, Rect as PdfRect, String as PdfString},
    page::Page,
};
use sohoa_document::{Line, Rect, Word};
use unicode_normalization::UnicodeNormalization;

use super::observe::display;

/// Bits of the flags of an annotation that is not shown.
const HIDDEN: u32 = 1 << 1;
const NO_VIEW: u32 = 1 << 5;
/// A field may have what it holds from a field above it; forms are two or three deep.
const MOST_LEVELS: usize = 16;
/// Fields of one page; the largest form of an office has 300.
const MOST_FIELDS: usize = 2_000;
/// Letters of the fields of one page; a note of a page has 3,000. Many may share what one above holds.
const MOST_TEXT: usize = 10_000;
/// Bit of the flags of a field whose text nobody shall see.
const PASSWORD: u32 = 1 << 13;

/// A line of text for each line of such a field, in its box, in points of the page as displayed.
pub(super) fn undrawn(page: &Page<'_>) -> Vec<Line> {
    let Some(all) = page.raw().get::<Array<'_>>("Annots") else { return Vec::new() };
    let display = display(page);
    let mut letters = 0;
    all.iter::<Dict<'_>>()
        .take(MOST_FIELDS)
        .filter(|field| !has_look(field))
        .filter_map(|field| Some((text(&field)?, place(&field, display)?)))
        .take_while(|(text, _)| {
            letters += text.chars().count();
            letters <= MOST_TEXT
        })
        .flat_map(|(text, place)| lines(&text, place))
        .collect()
}

fn has_look(field: &Dict<'_>) -> bool {
    let look = field.get::<Dict<'_>>("AP").and_then(|looks| looks.get::<Object<'_>>("N"));
    matches!(look, Some(Object::Stream(_) | Object::Dict(_)))
}

/// What a viewer would show of it.
fn text(field: &Dict<'_>) -> Option<String> {
    let flags = field.get::<u32>("F").unwrap_or(0);
    if flags & (HIDDEN | NO_VIEW) != 0 {
        return None;
    }
    let is = |name: &Name<'_>, one_of: &[&[u8]]| one_of.contains(&name.as_ref());
    let kind = field.get::<Name<'_>>("Subtype")?;
    if is(&kind, &[b"FreeText"]) {
        return field.get::<PdfString<'_>>("Contents").map(|text| decoded(&text));
    }
    let filled = is(&kind, &[b"Widget"])
        && above(field, |level| level.get::<Name<'_>>("FT"))
            .is_some_and(|kind| is(&kind, &[b"Tx", b"Ch"]));
    if above(field, |level| level.get::<u32>("Ff")).is_some_and(|flags| flags & PASSWORD != 0) {
        return None;
    }
    let value = || above(field, |level| level.get::<PdfString<'_>>("V"));
    filled.then(value)?.map(|text| decoded(&text))
}

/// An entry of a field, or of the nearest field above that has it.
fn above<'a, T>(field: &Dict<'a>, entry: impl Fn(&Dict<'a>) -> Option<T>) -> Option<T> {
    let mut level = field.clone();
    for _ in 0..MOST_LEVELS {
        if let Some(found) = entry(&level) {
            return Some(found);
        }
        level = level.get::<Dict<'_>>("Parent")?;
    }
    None
}

/// UTF-16 or UTF-8 when it says so; else the encoding of PDF documents, which is Latin-1 as far as
/// letters and digits go.
fn decoded(text: &[u8]) -> String {
    let text = &text[..text.len().min(2 * MOST_TEXT)];
    match text {
        [0xfe, 0xff, rest @ ..] => {
            let units = rest.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).filter_map(Result::ok).collect()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => text.iter().map(|byte| of_documents(*byte)).collect(),
    }
}

/// A sign of the encoding of PDF documents; of those that are not Latin-1, what numbers are written with.
fn of_documents(byte: u8) -> char {
    match byte {
        0x84 | 0x85 => '–',
        0x80..=0x9f => ' ',
        byte => char::from(byte),
    }
}

fn place(field: &Dict<'_>, display: Affine) -> Option<Box2> {
    let rect = field.get::<PdfRect>("Rect")?;
    let place = display.transform_rect_bbox(Box2::new(rect.x0, rect.y0, rect.x1, rect.y1));
    (place.area() > 0.0).then_some(place)
}

/// The lines of a text, each a part of the height and the words beside one another.
fn lines(text: &str, place: Box2) -> Vec<Line> {
    let rows: Vec<&str> = text.lines().filter(|row| !row.trim().is_empty()).collect();
    let height = (place.height() / rows.len().max(1) as f64) as f32;
    let (left, top, width) = (place.x0 as f32, place.y0 as f32, place.width() as f32);
    let line = |row: &str, y0: f32| {
        let letter = width / row.chars().count().max(1) as f32;
        let mut words = Vec::new();
        let mut at = 0;
        for part in row.split(char::is_whitespace) {
            let count = part.chars().count();
            if count > 0 {
                let x0 = left + at as f32 * letter;
                let bbox = Rect::new(x0, y0, x0 + count as f32 * letter, y0 + height);
                words.push(Word { text: part.nfc().collect(), bbox, confidence: 1.0 });
            }
            at += count + 1;
        }
        let bbox = Rect::around(words.iter().map(|word| &word.bbox))?;
        let base = y0 + 0.8 * height;
        Some(Line { words, bbox, baseline: (base, base), block: 0 })
    };
    (0..)
        .zip(rows)
        .filter_map(|(number, row): (u16, _)| line(row, top + f32::from(number) * height))
        .collect()
}
