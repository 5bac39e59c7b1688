//! What stands in a place that should hold printed digits.
//!
//! Numbers and days are often left blank by the typist and written in by hand. That is told apart
//! from print that could not be read, so that a clerk knows whether a better scan would help.

use sohoa_document::Word;

/// Recognition of a pen's strokes is no surer than this.
const SCRAWL: f32 = 0.6;
/// Odds factor of geometry below which digits are no print.
const NO_PRINT: f32 = 0.05;

/// Ordered by how little a machine can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ink {
    /// Digits, placed and sized like the print beside them.
    Print,
    /// Something that was not read.
    Unread,
    /// Nothing, or dots.
    Blank,
    /// Strokes that are not the print's size or on its line, or that read as no characters.
    Handwritten,
}

impl Ink {
    /// `read`: whether the text is digits; `printed`: the odds factor of their geometry.
    pub(crate) fn of(text: &str, words: &[&Word], read: bool, printed: f32) -> Self {
        let nothing = |c: char| c.is_whitespace() || matches!(c, '.' | ',' | ':' | '_' | '-' | '…');
        if text.chars().all(nothing) {
            return Self::Blank;
        }
        let least = words.iter().map(|word| word.confidence).fold(1.0, f32::min);
        if printed < NO_PRINT || (!read && least < SCRAWL) {
            return Self::Handwritten;
        }
        if read { Self::Print } else { Self::Unread }
    }

    /// What was seen, for a finding: the line with what is wrong with it.
    pub(crate) fn observed(self, line: &str) -> String {
        match self {
            Self::Print => line.to_owned(),
            Self::Unread => format!("unread: {line}"),
            Self::Blank => format!("blank: {line}"),
            Self::Handwritten => format!("handwritten: {line}"),
        }
    }
}
