//! One reading of the number line, in its parts: digits, year, notation.
//!
//! Four ways to write it, of every age; and whether its digits stand as print stands.

use std::sync::LazyLock;

use regex::Regex;
use sohoa_document::Word;

use crate::{
    confidence, ink,
    notation::{self, Notation},
    number_line::NumberLine,
    rows::Joined,
};

static MODERN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?P<num>[^/]{0,16}?)\s*/\s*(?:(?P<year>(?:19|20)\d\d)\s*/\s*)?",
        r"(?P<not>[^\s\-–—]{1,20}(?:\s?[-–—]\s?[^\s\-–—]{1,16}){0,3})"
    ))
    .expect("constant pattern, compiled in tests")
});
/// `05-NQ/TU`: Party bodies and mass organisations.
static PARTY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<num>[^-/–—]{0,8}?)\s?[-–—]\s?(?P<not>\p{L}{1,5}\s?/\s?\S{1,20})")
        .expect("constant pattern, compiled in tests")
});
/// `123 QĐ/UB`: before 1993.
static OLD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?P<num>\d{1,5})\s(?P<not>(?:QĐ|QD|CT|NQ|TB|CV|BC|TTr|KH)\s?[/-]\s?\p{Lu}\S{0,15})",
    )
    .expect("constant pattern, compiled in tests")
});
/// `217-HĐBT`: the government and its head until the 1990s, without a kind.
static CENTRAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<num>\d{1,4})\s?[-–—]\s?(?P<not>HĐBT|HĐCP|HĐNN|TTg|CP|CT)\b[^/]*$")
        .expect("constant pattern, compiled in tests")
});
/// Odds factor of a notation whose kind was repaired.
pub(crate) const REPAIRED: f32 = 0.5;

/// Digits that every reading has less surely than this may be handwritten: few printed digits are,
/// and most handwritten ones.
const CLEAR: f32 = 0.895;

/// The parts of one reading of the line.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) digits: String,
    pub(crate) digit_words: Vec<&'a Word>,
    pub(crate) notation: Option<Notation>,
    pub(crate) notation_words: Vec<&'a Word>,
    pub(crate) separator: &'static str,
    pub(crate) year: Option<i32>,
    /// Odds factor of the digits' geometry and colour.
    pub(crate) printed: f32,
    pub(crate) label_height: f32,
    /// Whether the digits are words of their own.
    pub(crate) apart: bool,
    pub(crate) same_model: bool,
}

impl Parts<'_> {
    pub(crate) fn notation(&self) -> Option<(Notation, f32)> {
        let notation = self.notation.clone()?;
        let p = confidence::weakest(&self.notation_words);
        let p = if notation.repaired { confidence::weigh(p, REPAIRED) } else { p };
        Some((notation, p))
    }

    /// Whether each word of the digits was read as surely as clear print is.
    pub(crate) fn is_clear(&self) -> bool {
        self.digit_words.iter().all(|word| word.confidence >= CLEAR)
    }

    /// The digits, printed or not, and their probability; stray signs beside them are doubt.
    pub(crate) fn number(&self) -> Option<(String, f32)> {
        let (value, clean) = digits_of(&self.digits)?;
        let p = confidence::weakest(&self.digit_words);
        Some((value, if clean { p } else { confidence::weigh(p, 0.1) }))
    }
}

impl<'a> NumberLine<'a> {
    /// Its parts; `digit_height` is the height of digits printed beside it, when known.
    pub(crate) fn parts(&self, digit_height: Option<f32>) -> Option<Parts<'a>> {
        let joined = Joined::new(&self.span, str::to_owned);
        let rest = &joined.text[self.label..];
        let old = OLD.captures(rest).map(|c| (c, " "));
        let party = || PARTY.captures(rest).map(|c| (c, "-"));
        let modern = || MODERN.captures(rest).map(|c| (c, "/"));
        let central = || CENTRAL.captures(rest).map(|c| (c, "-"));
        let party = || party().filter(|(c, _)| is_party(c));
        let (found, separator) = old.or_else(party).or_else(central).or_else(modern)?;
        let range = |name: &str| {
            found.name(name).map_or(0..0, |m| m.start() + self.label..m.end() + self.label)
        };
        let (digit_words, notation_words) =
            (joined.words(range("num")), joined.words(range("not")));
        let alone = |other: &&Word| !digit_words.iter().any(|word| std::ptr::eq(*word, *other));
        let neighbours = [self.span.words.first(), notation_words.first()];
        Some(Parts {
            apart: neighbours.into_iter().flatten().all(alone),
            digits: found.name("num").map_or("", |m| m.as_str()).to_owned(),
            notation: found.name("not").and_then(|m| notation::read(m.as_str())),
            separator,
            year: found.name("year").and_then(|m| m.as_str().parse().ok()),
            printed: self.printed(digit_words, notation_words, digit_height),
            label_height: self.label_height(),
            digit_words: digit_words.to_vec(),
            notation_words: notation_words.to_vec(),
            same_model: self.same_model,
        })
    }

    pub(crate) fn label_height(&self) -> f32 {
        self.span.words.first().map_or(1.0, |label| label.bbox.height().max(1.0))
    }

    /// Odds factor from colour and geometry: print is black, and printed digits are as tall as the
    /// printed year, stand on the label's base and follow it closely. Handwriting is taller by a third
    /// and more.
    fn printed(&self, digits: &[&Word], notation: &[&Word], digit_height: Option<f32>) -> f32 {
        let (Some(first), Some(label)) = (digits.first(), self.span.words.first()) else {
            return 0.1;
        };
        if ink::is_coloured(digits, self.coloured) {
            return ink::COLOURED;
        }
        let glued_to_label = std::ptr::eq(*first, *label);
        let glued_to_notation = notation.first().is_some_and(|next| std::ptr::eq(*first, *next));
        let label_height = self.label_height();
        // `Số:` carries a mark; its digits are about three quarters of it.
        let expected = digit_height.unwrap_or(0.76 * label_height).max(1.0);
        let ratio = first.bbox.height() / expected;
        let bounds = match (glued_to_label, glued_to_notation) {
            (true, _) => 0.8..=1.42,
            (false, true) => 0.85..=1.36,
            (false, false) => 0.82..=1.22,
        };
        let off = (first.bbox.y1 - label.bbox.y1).abs() / label_height;
        let space = (first.bbox.x0 - label.bbox.x1) / label_height;
        let mut factor = 1.0;
        if digits.len() > 1 {
            factor *= 0.1;
        }
        if !bounds.contains(&ratio) || off > 0.3 {
            factor *= 0.01;
        }
        if glued_to_label || space > 1.6 {
            factor *= 0.4;
        }
        factor
    }
}

/// A party notation has letters before its slash that are a kind; else the dash is inside `SYT-NVY`.
fn is_party(found: &regex::Captures<'_>) -> bool {
    found.name("not").and_then(|m| notation::read(m.as_str())).is_some_and(|n| n.kind.is_some())
}

/// The digits with an optional letter, and whether they were printed so without any stray sign.
fn digits_of(text: &str) -> Option<(String, bool)> {
    let text = text.trim();
    let clean = text.trim_matches(['.', ',', ':', '-', ' ', '_', '…']);
    let digits = clean.chars().take_while(char::is_ascii_digit).count();
    let suffix = clean.chars().skip(digits).collect::<String>();
    let letter = suffix.is_empty()
        || (suffix.chars().count() == 1 && suffix.chars().all(char::is_alphabetic));
    ((1..=6).contains(&digits) && letter)
        .then(|| (clean.to_owned(), clean == text && suffix.is_empty()))
}
