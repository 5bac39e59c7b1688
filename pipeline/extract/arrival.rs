//! The incoming stamp `ĐẾN`: number and date of arrival (Decree 30, Appendix IV).
//!
//! A box of 35 by 50 mm anywhere on the first page. Its `Ngày:` is never the date of issue. Most
//! numbers in it are written by hand, so probabilities are low unless they read as clear type.

use chrono::NaiveDate;
use sohoa_document::{Field, Rect, Word, fold::fold};

use crate::{anchors::is, confidence, date, rows::Sheet};

/// Half width and height of the search window around the word, in points (50 x 35 mm, and a bit).
const REACH: (f32, f32) = (110.0, 75.0);

/// First words of the stamp's lines, as skeletons.
pub(crate) const LABELS: [&str; 4] = ["den", "so", "ngay", "chuyen"];

/// Where a stamp stands in the left margin of the first page: the word `ĐẾN` in capitals, however
/// its marks were read, or its last line's `Chuyển:`, and the reach of the stamp around it.
pub(crate) fn place(sheet: &Sheet<'_>) -> Option<Rect> {
    let upper = sheet.rows.iter().take_while(|row| sheet.y(row.bbox.y0) < 0.45);
    let mut words = upper.flat_map(|row| row.words.iter());
    let anchor = words.find(|word| {
        let own = word.text.trim_matches(|c: char| !c.is_alphabetic());
        let named = fold(own) == "den" && own.chars().all(char::is_uppercase);
        let passed = fold(&word.text) == "chuyen:" && own.starts_with(char::is_uppercase);
        (named || passed) && sheet.x(word.bbox.x1) < 0.3
    })?;
    let Rect { x0, y0, y1, .. } = anchor.bbox;
    Some(Rect::new(x0 - 20.0, y0 - REACH.1, x0 + 145.0, y1 + REACH.1))
}

/// What the stamp says.
#[derive(Debug, Default)]
pub(crate) struct ArrivalRead {
    pub(crate) number: Option<Field<String>>,
    pub(crate) date: Option<Field<NaiveDate>>,
}

/// Reads the stamp on the first page.
pub(crate) fn read(sheet: &Sheet<'_>, scan_year: i32) -> ArrivalRead {
    let words: Vec<&Word> = sheet.rows.iter().flat_map(|row| row.words.iter().copied()).collect();
    let anchors = words.iter().filter(|word| {
        matches!(word.text.trim_matches(|c: char| !c.is_alphabetic()), "ĐẾN" | "ÐẾN" | "ĐÉN")
    });
    for anchor in anchors {
        let (x, y) = anchor.bbox.centre();
        let near = |word: &&&Word| {
            let (wx, wy) = word.bbox.centre();
            (wx - x).abs() < REACH.0 && (wy - y).abs() < REACH.1
        };
        let near: Vec<&Word> = words.iter().filter(near).copied().collect();
        let number = after(&near, "Số").and_then(|word| {
            let digits = word.text.trim_matches(|c: char| !c.is_alphanumeric());
            let plain =
                (1..=6).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
            plain.then(|| field(sheet, digits.to_owned(), word))
        });
        let date = after(&near, "Ngày").and_then(|word| {
            let value =
                date::short(word.text.trim_matches(|c: char| !c.is_ascii_digit()), scan_year)?;
            Some(field(sheet, value, word))
        });
        if number.is_some() || date.is_some() {
            return ArrivalRead { number, date };
        }
    }
    ArrivalRead::default()
}

/// The next word with digits right of a label that starts with a capital.
fn after<'a>(words: &[&'a Word], label: &str) -> Option<&'a Word> {
    let mut labels = words.iter().filter(|word| {
        let bare = word.text.trim_end_matches([':', '.']);
        is(bare, label) && bare.starts_with(char::is_uppercase)
    });
    labels.find_map(|label| right_of(words, label))
}

fn right_of<'a>(words: &[&'a Word], label: &Word) -> Option<&'a Word> {
    let same_row = |word: &&&Word| {
        word.bbox.x0 >= label.bbox.x1 - 1.0
            && word.bbox.y0 < label.bbox.y1
            && label.bbox.y0 < word.bbox.y1
            && word.bbox.x0 - label.bbox.x1 < 40.0
            && word.text.chars().any(|c| c.is_ascii_digit())
    };
    words.iter().filter(same_row).min_by(|a, b| a.bbox.x0.total_cmp(&b.bbox.x0)).copied()
}

fn field<T>(sheet: &Sheet<'_>, value: T, word: &Word) -> Field<T> {
    // Stamped forms are filled by hand more often than not.
    let p = confidence::weigh(confidence::word(word.confidence), 0.25);
    Field { value, probability: p, page: sheet.page, bbox: word.bbox }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Paper;

    #[test]
    fn the_stamp_gives_arrival_and_not_issue() {
        let text = Paper::decision()
            .line(420.0, 150.0, "ĐẾN")
            .line(400.0, 170.0, "Số: 2291")
            .line(400.0, 186.0, "Ngày: 14/6/2020")
            .text();
        let read = read(&Sheet::new(1, &text), 2026);
        assert_eq!(read.number.unwrap().value, "2291");
        assert_eq!(read.date.unwrap().value, NaiveDate::from_ymd_opt(2020, 6, 14).unwrap());
    }
}
