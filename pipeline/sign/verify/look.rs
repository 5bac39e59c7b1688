//! What the look of a field or note may draw, once the page under it is signed.
//!
//! A certification lets others write into boxes, or put notes beside the text; neither is leave to
//! hide what was signed. So a look is drawn of what leaves it to be seen: letters no higher than
//! their frame, and for notes thin lines, surfaces that what is below shines through, and the small
//! icon by which viewers mark a comment.

use super::filling::is_framed;
use crate::pdf::{
    Dictionary, Document, Object, PdfError,
    lexer::{Fault, Lexer},
    object::Stream,
    page::boxed,
};

/// Operators of a content stream that choose colours, move, clip and mark. Clipping only ever shows
/// less.
const HARMLESS: &[&[u8]] = &[
    b"J", b"j", b"M", b"d", b"ri", b"i", b"ET", b"Tc", b"Tw", b"Tz", b"TL", b"Ts", b"Td", b"TD",
    b"T*", b"CS", b"cs", b"SC", b"SCN", b"sc", b"scn", b"G", b"g", b"RG", b"rg", b"K", b"k",
    b"BMC", b"BDC", b"EMC", b"MP", b"DP", b"BX", b"EX", b"m", b"l", b"c", b"v", b"y", b"h", b"re",
    b"W", b"W*", b"n", b"true", b"false", b"null",
];

/// Operators that write letters.
const LETTERS: &[&[u8]] = &[b"Tj", b"TJ", b"'", b"\""];

/// Operators that paint lines, and those that paint surfaces.
const LINES: &[&[u8]] = &[b"S", b"s"];
const SURFACES: &[&[u8]] = &[b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"];

/// Width of a line that underlines, and does not cover.
const THIN: f64 = 3.0;

/// The most of a surface's opacity that what is below it shines through.
const SHINES_THROUGH: f64 = 0.6;

/// Looks within looks, as highlighting is drawn.
const MAX_DEPTH: usize = 3;

/// Operands kept for an operator: a matrix has six.
const OPERANDS: usize = 6;

/// What a look may be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brush {
    /// Letters.
    Words,
    /// And the border and background that the box was signed with.
    Box,
    /// Letters, thin lines, and surfaces that what is below shines through.
    Marks,
    /// Lines and surfaces: a picture as small as an icon.
    Icon,
}

/// A look draws with this brush only, and in its frame.
pub(super) fn keeps_to(document: &Document, look: &Stream, brush: Brush) -> Result<bool, PdfError> {
    let dictionary = &look.dictionary;
    if !dictionary.is("Subtype", "Form") || !is_framed(document, dictionary)? {
        return Ok(false);
    }
    let [left, bottom, right, top] = boxed(document, dictionary.get("BBox"))?.unwrap_or_default();
    // A look may be turned by its matrix, so that either side of the frame is its height.
    let room = (right - left).max(top - bottom);
    let hand = Hand { document, brush, room };
    hand.draws(look, State::default(), 0)
}

/// What of the graphics state matters here.
#[derive(Debug, Clone, Copy)]
struct State {
    /// By how much a unit is enlarged.
    scale: f64,
    /// Width of lines.
    width: f64,
    /// What is below shines through what is painted.
    sheer: bool,
    /// Size of letters.
    size: f64,
    /// By how much letters are enlarged.
    enlarged: f64,
    /// How letters are painted.
    mode: f64,
}

impl Default for State {
    fn default() -> Self {
        Self { scale: 1.0, width: 1.0, sheer: false, size: 0.0, enlarged: 1.0, mode: 0.0 }
    }
}

struct Hand<'a> {
    document: &'a Document,
    brush: Brush,
    room: f64,
}

impl Hand<'_> {
    fn draws(&self, look: &Stream, state: State, depth: usize) -> Result<bool, PdfError> {
        if depth > MAX_DEPTH || has_drawn_letters(self.document, &look.dictionary)? {
            return Ok(false);
        }
        let content = self.document.stream_data(look)?;
        let resources = match self.document.entry(&look.dictionary, "Resources")? {
            Object::Dictionary(resources) => resources,
            _ => Dictionary::new(),
        };
        let mut within = |name: &[u8], state: State| -> Result<bool, PdfError> {
            let Some(Object::Stream(inner)) = self.named(&resources, ("XObject", name))? else {
                return Ok(false);
            };
            Ok(inner.dictionary.is("Subtype", "Form") && self.draws(&inner, state, depth + 1)?)
        };
        let sheer = |name: &[u8]| -> Result<Option<bool>, PdfError> {
            match self.named(&resources, ("ExtGState", name))? {
                Some(Object::Dictionary(found)) => is_sheer(self.document, &found),
                _ => Ok(None),
            }
        };
        // What cannot be read is drawn by some viewer or other.
        reads(&content, state, (self.brush, self.room), (&mut within, &sheer))
    }

    fn named(
        &self,
        resources: &Dictionary,
        (kind, name): (&str, &[u8]),
    ) -> Result<Option<Object>, PdfError> {
        let Object::Dictionary(all) = self.document.entry(resources, kind)? else {
            return Ok(None);
        };
        let found = all.iter().find(|(key, _)| *key == name);
        found.map(|(_, object)| self.document.resolve(object)).transpose()
    }
}

/// A graphics state that lets what is below shine through, or not; none where it does anything else.
fn is_sheer(document: &Document, state: &Dictionary) -> Result<Option<bool>, PdfError> {
    let known: &[&[u8]] = &[b"Type", b"BM", b"ca", b"CA", b"AIS", b"SMask", b"SA", b"OP", b"op"];
    if state.iter().any(|(key, _)| !known.contains(&key)) {
        return Ok(None);
    }
    let blend = document.entry(state, "BM")?;
    let blends = matches!(blend.name(), Some(b"Multiply" | b"Darken"));
    let opacity =
        |key| -> Result<f64, PdfError> { Ok(document.entry(state, key)?.number().unwrap_or(1.0)) };
    let thin = opacity("ca")? <= SHINES_THROUGH && opacity("CA")? <= SHINES_THROUGH;
    Ok(Some(blends || thin))
}

/// How what a content stream names is looked up.
type Lookup<'a> = (
    &'a mut dyn FnMut(&[u8], State) -> Result<bool, PdfError>,
    &'a dyn Fn(&[u8]) -> Result<Option<bool>, PdfError>,
);

fn reads(
    content: &[u8],
    mut state: State,
    (brush, room): (Brush, f64),
    (within, sheer): Lookup<'_>,
) -> Result<bool, PdfError> {
    let mut lexer = Lexer::new(content, true);
    let (mut saved, mut numbers, mut name) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        lexer.skip_space();
        match lexer.peek() {
            None => return Ok(true),
            Some(b'A'..=b'Z' | b'a'..=b'z' | b'\'' | b'"') => {}
            Some(_) => {
                match lexer.object() {
                    Ok(Object::Name(found)) => name = found,
                    Ok(object) => numbers.extend(object.number()),
                    Err(_) => return Ok(false),
                }
                // A list of numbers may be as long as it likes; no operator looks back that far.
                if numbers.len() > OPERANDS {
                    numbers.remove(0);
                }
                continue;
            }
        }
        let Ok::<_, Fault>(operator) = lexer.token() else { return Ok(false) };
        let good = match operator {
            b"q" => {
                saved.push(state);
                saved.len() < MAX_SAVED
            }
            b"Q" => {
                state = saved.pop().unwrap_or(state);
                true
            }
            b"gs" if brush == Brush::Marks => {
                let found = sheer(&name)?;
                state.sheer = found.unwrap_or(false);
                found.is_some()
            }
            b"gs" => brush == Brush::Icon && sheer(&name)?.is_some(),
            b"Do" => brush == Brush::Marks && within(&name, state)?,
            operator => state.takes(operator, &numbers) || state.allows(operator, brush, room),
        };
        if !good {
            return Ok(false);
        }
        numbers.clear();
    }
}

impl State {
    /// Whether an operator changes what matters here, and that is done.
    fn takes(&mut self, operator: &[u8], numbers: &[f64]) -> bool {
        let last = numbers.last().copied().unwrap_or_default();
        match operator {
            b"cm" => self.scale *= enlargement(numbers),
            b"BT" => self.enlarged = 1.0,
            b"Tm" => self.enlarged = enlargement(numbers),
            b"Tf" => self.size = last.abs(),
            b"Tr" => self.mode = last,
            b"w" => self.width = last.abs(),
            _ => return false,
        }
        true
    }

    /// Whether an operator may paint, or is harmless.
    fn allows(&self, operator: &[u8], brush: Brush, room: f64) -> bool {
        let thin = self.width * self.scale <= THIN;
        if LETTERS.contains(&operator) {
            // Letters with an outline are as fat as its lines.
            let filled = [0.0, 3.0, 4.0, 7.0].contains(&self.mode);
            return brush != Brush::Icon
                && filled
                && self.size * self.enlarged * self.scale <= room;
        }
        let (line, surface) = (LINES.contains(&operator), SURFACES.contains(&operator));
        match brush {
            _ if !line && !surface => HARMLESS.contains(&operator),
            Brush::Words => false,
            Brush::Box | Brush::Icon => true,
            Brush::Marks => self.sheer || (line && thin),
        }
    }
}

/// More saved states than any real look.
const MAX_SAVED: usize = 1000;

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

    fn draws(content: &[u8], brush: Brush) -> bool {
        let within = &mut |name: &[u8], _| Ok(name == b"Fm");
        let sheer =
            |name: &[u8]| Ok([&b"Sheer"[..], b"Dense"].contains(&name).then_some(name == b"Sheer"));
        reads(content, State::default(), (brush, 200.0), (within, &sheer)).unwrap()
    }

    #[test]
    fn letters_are_told_from_surfaces_and_pictures() {
        let words = b"/Tx BMC q 1 1 98 18 re W n BT /F1 9 Tf 0 g 2 4 Td <0041> Tj (x) ' ET Q EMC";
        assert!(draws(words, Brush::Words));
        let surface = b"1 g 0 0 100 20 re f BT /F1 9 Tf (9) Tj ET";
        assert!(!draws(surface, Brush::Words));
        assert!(draws(surface, Brush::Box), "the box was signed with one");
        for picture in
            [&b"q 9 0 0 9 0 0 cm /Im1 Do Q"[..], b"/Sh1 sh", b"BI /W 1 ID x EI", b"/Sheer gs"]
        {
            assert!(!draws(picture, Brush::Box));
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
            assert!(!draws(fat, Brush::Box), "{}", String::from_utf8_lossy(fat));
        }
        assert!(draws(
            b"q 100 0 0 100 0 0 cm Q BT /F1 9 Tf 1 0 0 1 2 2 Tm (I) Tj ET",
            Brush::Words
        ));
    }

    #[test]
    fn a_note_marks_and_does_not_cover() {
        for good in [
            &b"/Sheer gs 1 1 0 rg 0 0 100 10 re f"[..],
            b"/Sheer gs /Fm Do",
            b"1 w 0 0 m 100 0 l S BT /F1 9 Tf (seen) Tj ET",
        ] {
            assert!(draws(good, Brush::Marks), "{}", String::from_utf8_lossy(good));
        }
        for covering in [
            &b"1 g 0 0 100 10 re f"[..],
            b"q /Sheer gs Q 1 g 0 0 100 10 re f",
            b"/Sheer gs /Dense gs 1 g 0 0 100 10 re f",
            b"/Other gs 1 g 0 0 100 10 re f",
            b"20 w 0 0 m 100 0 l S",
            b"/Im1 Do",
        ] {
            assert!(!draws(covering, Brush::Marks), "{}", String::from_utf8_lossy(covering));
        }
        assert!(draws(b"/Dense gs 1 1 0 rg 0 0 20 20 re B", Brush::Icon));
        assert!(!draws(b"BT /F1 9 Tf (9) Tj ET", Brush::Icon));
        assert!(!draws(b"/Im1 Do", Brush::Icon));
    }
}
