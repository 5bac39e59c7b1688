//! Signs that the engine has several readings for and the paper one.

use sohoa_document::Line;

/// More than this is a line to write on, or a rule.
const LONGEST_DASH: usize = 3;

/// Sets the signs of a line in order: the letter `Đ` where its twin of other alphabets was read, and
/// one dash where a stroke was read as several, or as a tilde before an item of a list. No letter is
/// another afterwards.
pub(super) fn set_in_order(line: &mut Line) {
    let words = line.words.len();
    for (at, word) in line.words.iter_mut().enumerate() {
        if word.text.contains(['\u{d0}', '\u{f0}']) {
            word.text = word.text.replace('\u{d0}', "Đ").replace('\u{f0}', "đ");
        }
        if is_smeared_dash(&word.text) || (at == 0 && words > 1 && word.text == "~") {
            "-".clone_into(&mut word.text);
        }
    }
}

/// Several strokes, one of them a dash.
fn is_smeared_dash(text: &str) -> bool {
    (2..=LONGEST_DASH).contains(&text.chars().count())
        && text.contains(['-', '–', '—'])
        && text.chars().all(|c| "-–—_~".contains(c))
}

#[cfg(test)]
mod tests {
    use sohoa_document::{Rect, Word};

    use super::*;

    fn set(text: &str) -> String {
        let bbox = Rect::new(0.0, 0.0, 10.0, 10.0);
        let words = text.split(' ');
        let words = words.map(|text| Word { text: text.into(), bbox, confidence: 0.8 }).collect();
        let mut line = Line { words, bbox, baseline: (10.0, 10.0), block: 0 };
        set_in_order(&mut line);
        line.text()
    }

    #[test]
    fn a_stroke_is_one_dash() {
        assert_eq!(set("-_ Sở Y tế;"), "- Sở Y tế;");
        assert_eq!(set("~ Phó CVP; a ~ b"), "- Phó CVP; a ~ b");
        assert_eq!(set("Độc lập —- Tự do"), "Độc lập - Tự do");
        for stands in ["~", "-", "—", "___ ----", "ngày __", "-a a-b"] {
            assert_eq!(set(stands), stands);
        }
    }

    #[test]
    fn the_letter_is_the_vietnamese_one() {
        assert_eq!(set("BG\u{d0} \u{f0}ã"), "BGĐ đã");
    }
}
