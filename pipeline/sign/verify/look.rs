//! What the look of a field may draw, once the page under it is signed.
//!
//! A certification lets others write into boxes; that is no leave to draw over what was signed. So a
//! look is made of letters no higher than their frame, and of the border and background that the box
//! was signed with.

use super::filling::is_framed;
use crate::pdf::{
    Dictionary, Document, Object, PdfError, lexer::Lexer, object::Stream, page::boxed,
};

/// Operators of a content stream that choose colours, move, clip and mark. Clipping only ever shows
/// less.
const HARMLESS: &[&[u8]] = &[
    b"w", b"J", b"j", b"M", b"d", b"ri", b"i", b"ET", b"Tc", b"Tw", b"Tz", b"TL", b"Ts", b"Td",
    b"TD", b"T*", b"CS", b"cs", b"SC", b"SCN", b"sc", b"scn", b"G", b"g", b"RG", b"rg", b"K", b"k",
    b"BMC", b"BDC", b"EMC", b"MP", b"DP", b"BX", b"EX", b"m", b"l", b"c", b"v", b"y", b"h", b"re",
    b"W", b"W*", b"n", b"true", b"false", b"null",
];

/// Operators that write letters.
const LETTERS: &[&[u8]] = &[b"Tj", b"TJ", b"'", b"\""];

/// Ways to paint letters that give them no outline, which makes them as fat as its line.
const FILLED: [f64; 4] = [0.0, 3.0, 4.0, 7.0];

/// Operators that paint lines and surfaces, as the border and background of a box are.
const OF_BOXES: &[&[u8]] = &[b"S", b"s", b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"];

/// Operands kept for an operator: a matrix has six.
const OPERANDS: usize = 6;

/// More saved states than any real look.
const MAX_SAVED: usize = 1000;

/// A look that has a frame and writes letters only, or paints its box too.
pub(super) fn is_written(
    document: &Document,
    look: &Stream,
    painted: bool,
) -> Result<bool, PdfError> {
    let dictionary = &look.dictionary;
    if !dictionary.is("Subtype", "Form")
        || !is_framed(document, dictionary)?
        || has_drawn_letters(document, dictionary)?
    {
        return Ok(false);
    }
    let [left, bottom, right, top] = boxed(document, dictionary.get("BBox"))?.unwrap_or_default();
    // A look may be turned by its matrix, so that either side of the frame is its height.
    let room = (right - left).max(top - bottom);
    Ok(only_writes(&document.stream_data(look)?, painted, room))
}

/// What of the graphics state makes letters large.
#[derive(Debug, Clone, Copy)]
struct Letters {
    /// By how much a unit is enlarged.
    scale: f64,
    /// Their size.
    size: f64,
    /// By how much they themselves are enlarged.
    enlarged: f64,
    /// How they are painted.
    mode: f64,
}

impl Letters {
    /// Whether an operator changes them, and that is done.
    fn take(&mut self, operator: &[u8], numbers: &[f64]) -> bool {
        let last = numbers.last().copied().unwrap_or_default();
        match operator {
            b"cm" => self.scale *= enlargement(numbers),
            b"BT" => self.enlarged = 1.0,
            b"Tm" => self.enlarged = enlargement(numbers),
            b"Tf" => self.size = last.abs(),
            b"Tr" => self.mode = last,
            _ => return false,
        }
        true
    }

    fn fit(&self, room: f64) -> bool {
        FILLED.contains(&self.mode) && self.size * self.enlarged * self.scale <= room
    }
}

/// A content stream writes letters no higher than `room`, or paints its box too. What cannot be read
/// is drawn by some viewer or other.
fn only_writes(content: &[u8], painted: bool, room: f64) -> bool {
    let mut lexer = Lexer::new(content, true);
    let mut letters = Letters { scale: 1.0, size: 0.0, enlarged: 1.0, mode: 0.0 };
    let (mut saved, mut numbers) = (Vec::new(), Vec::new());
    loop {
        lexer.skip_space();
        match lexer.peek() {
            None => return true,
            Some(b'A'..=b'Z' | b'a'..=b'z' | b'\'' | b'"') => {}
            Some(_) => {
                let Ok(object) = lexer.object() else { return false };
                numbers.extend(object.number());
                // A list of numbers may be as long as it likes; no operator looks back that far.
                if numbers.len() > OPERANDS {
                    numbers.remove(0);
                }
                continue;
            }
        }
        let Ok(operator) = lexer.token() else { return false };
        let good = match operator {
            b"q" => {
                saved.push(letters);
                saved.len() < MAX_SAVED
            }
            b"Q" => {
                letters = saved.pop().unwrap_or(letters);
                true
            }
            _ if letters.take(operator, &numbers) || HARMLESS.contains(&operator) => true,
            _ if LETTERS.contains(&operator) => letters.fit(room),
            _ => painted && OF_BOXES.contains(&operator),
        };
        if !good {
            return false;
        }
        numbers.clear();
    }
}

/// How much longer a matrix makes the side that it makes longest.
fn enlargement(matrix: &[f64]) -> f64 {
    match *matrix {
        [a, b, c, d, _, _] => a.hypot(b).max(c.hypot(d)),
        _ => f64::INFINITY,
    }
}

/// A font of its resources has letters that are drawings.
fn has_drawn_letters(document: &Document, look: &Dictionary) -> Result<bool, PdfError> {
    let Object::Dictionary(resources) = document.entry(look, "Resources")? else {
        return Ok(false);
    };
    let Object::Dictionary(fonts) = document.entry(&resources, "Font")? else { return Ok(false) };
    for (_, font) in fonts.iter() {
        let font = document.resolve(font)?;
        let Some(font) = font.dictionary() else { continue };
        if document.entry(font, "Subtype")?.name() == Some(b"Type3") {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(content: &[u8], painted: bool) -> bool {
        only_writes(content, painted, 200.0)
    }

    #[test]
    fn letters_are_told_from_surfaces_and_pictures() {
        let words = b"/Tx BMC q 1 1 98 18 re W n BT /F1 9 Tf 0 g 2 4 Td <0041> Tj (x) ' ET Q EMC";
        assert!(writes(words, false));
        let surface = b"1 g 0 0 100 20 re f BT /F1 9 Tf (9) Tj ET";
        assert!(!writes(surface, false));
        assert!(writes(surface, true), "the box was signed with one");
        for picture in
            [&b"q 9 0 0 9 0 0 cm /Im1 Do Q"[..], b"/Sh1 sh", b"BI /W 1 ID x EI", b"/G gs"]
        {
            assert!(!writes(picture, true));
        }
    }

    #[test]
    fn letters_that_cover_are_no_letters() {
        for fat in [
            &b"900 w BT /F1 9 Tf 2 Tr (I) Tj ET"[..],
            b"BT /F1 900 Tf (I) Tj ET",
            b"BT /F1 1 Tf 900 0 0 900 0 0 Tm (I) Tj ET",
            b"100 0 0 100 0 0 cm BT /F1 9 Tf (I) Tj ET",
            b"1 0 0 cm BT /F1 9 Tf (I) Tj ET",
        ] {
            assert!(!writes(fat, true), "{}", String::from_utf8_lossy(fat));
        }
        assert!(writes(b"q 100 0 0 100 0 0 cm Q BT /F1 9 Tf 1 0 0 1 2 2 Tm (I) Tj ET", false));
    }
}
