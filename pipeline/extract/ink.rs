//! What stands in a place that should hold printed digits.
//!
//! Numbers and days are often left blank by the typist and written in by hand. That is told apart
//! from print that could not be read, so that a clerk knows whether a better scan would help.

use sohoa_document::{Rect, Word};

/// Recognition of a pen's strokes is no surer than this.
const SCRAWL: f32 = 0.6;
/// Odds factor of geometry below which digits are no print.
pub(crate) const NO_PRINT: f32 = 0.05;

/// Odds factor of digits in coloured ink where the page's words are not: a pen's mostly, and no model
/// was trained on those. However surely they were read, they are no value.
pub(crate) const COLOURED: f32 = 0.002;

/// Whether one of the words stands where ink is coloured.
pub(crate) fn is_coloured(words: &[&Word], coloured: &[Rect]) -> bool {
    // The boxes are those of the first reading; another one cuts words in other places.
    let meets = |word: &&Word| {
        let middle = word.bbox.centre();
        coloured.iter().any(|ink| ink.holds(middle) || word.bbox.holds(ink.centre()))
    };
    words.iter().any(meets)
}

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

#[cfg(test)]
mod tests {
    use crate::testing::{Paper, context, extract};

    fn observed(paper: Paper, field: &str) -> String {
        let segment = extract(&[paper], context()).segments.remove(0);
        let findings = segment.findings.into_iter();
        let mut of_field = findings.filter(|finding| finding.field == field);
        of_field.next().unwrap().observed.unwrap()
    }

    fn head(number: &str, date: &str) -> Paper {
        Paper::letterhead("SỞ NỘI VỤ", number, date)
    }

    #[test]
    fn a_pen_a_blank_and_a_smudge_are_told_apart() {
        let date = "Gia Lai, ngày 05 tháng 4 năm 2019";
        let pen = head("Số:", date).tall(132.0, 99.0, "731", 15.0).line(170.0, 104.0, "/SNV-VP");
        assert_eq!(observed(pen, "code_number"), "handwritten: Số: 731 /SNV-VP");
        let scrawl = head("Số:", date).line_at(132.0, 104.0, "?(4", 0.3).line(170.0, 104.0, "/SNV");
        assert_eq!(observed(scrawl, "code_number"), "handwritten: Số: ?(4 /SNV");
        assert_eq!(observed(head("Số: .../SNV-VP", date), "code_number"), "blank: Số: .../SNV-VP");
        assert_eq!(observed(head("Số: B/SNV-VP", date), "code_number"), "unread: Số: B/SNV-VP");
        let day = head("Số: 731/SNV-VP", "Gia Lai, ngày ... tháng 4 năm 2019");
        assert!(observed(day, "issued_date").starts_with("blank: "));
    }
}
