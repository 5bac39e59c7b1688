//! Box 10a: the secrecy stamp.
//!
//! A stamp stands alone: its words have no neighbour within a word's space, it is in capitals and in
//! the upper half of the page. The check prefers a false alarm to a leak: a person then looks.

use sohoa_document::Field;

use crate::{
    anchors::{edits, skeleton},
    confidence,
    fields::Secrecy,
    rows::{Sheet, Span},
};

/// Secrecy stamps lie in this upper share of the page.
const WITHIN: f32 = 0.5;

/// The stamp on a document's first page.
pub(crate) fn stamp(sheet: &Sheet<'_>) -> Option<Field<Secrecy>> {
    let rows = sheet.rows.iter().filter(|row| sheet.y(row.bbox.centre().1) < WITHIN);
    let parts = rows.flat_map(|row| row.split(0.9 * row.type_height().max(1.0)));
    let found = parts.filter_map(|part| {
        level(&part).map(|(value, cost)| {
            let zone = sheet.x(part.bbox.x0) < 0.45;
            let p = confidence::weigh(confidence::word(part.confidence()).max(0.8), 4.0);
            let p = if part.capitals() > 0.99 { p } else { confidence::weigh(p, 0.1) };
            let p = if zone { p } else { confidence::weigh(p, 0.3) };
            let p = if cost == 0 { p } else { confidence::weigh(p, 0.2) };
            Field { value, probability: p, page: sheet.page, bbox: part.bbox }
        })
    });
    found.max_by(|a, b| a.probability.total_cmp(&b.probability))
}

/// The level these words are, if they are nothing else; with the edits it took.
fn level(part: &Span<'_>) -> Option<(Secrecy, usize)> {
    let text = part.text();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let other = text.chars().filter(char::is_ascii_digit).count();
    if other > 0 || !(3..=10).contains(&letters) || part.capitals() < 0.3 {
        return None;
    }
    let word = skeleton(&text).replace(' ', "");
    let near = |wanted: &str, most: usize| edits(&word, &skeleton(wanted).replace(' ', ""), most);
    let exact_mat = near("MẬT", 0).map(|cost| (Secrecy::Mat, cost));
    let top = near("TUYỆT MẬT", 2).map(|cost| (Secrecy::TuyetMat, cost));
    let middle = near("TỐI MẬT", 1).map(|cost| (Secrecy::ToiMat, cost));
    top.or(middle).or(exact_mat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Paper;

    fn read(paper: &Paper) -> Option<Secrecy> {
        crate::secrecy(&paper.text()).map(|field| field.value)
    }

    #[test]
    fn stamps_that_stand_alone_are_found() {
        for (print, level) in
            [("MẬT", Secrecy::Mat), ("TỐI MẬT", Secrecy::ToiMat), ("TUYỆT MẬT", Secrecy::TuyetMat)]
        {
            let paper = Paper::decision().line(70.0, 190.0, print);
            assert_eq!(read(&paper), Some(level));
            let found = crate::secrecy(&paper.text()).unwrap();
            assert!(found.probability > 0.9, "{print}");
        }
    }

    #[test]
    fn words_in_sentences_are_no_stamp() {
        let paper = Paper::decision()
            .line(90.0, 300.0, "Căn cứ Luật Bảo vệ bí mật nhà nước ngày 15 tháng 11 năm 2018;")
            .line(90.0, 320.0, "ỦY BAN MẶT TRẬN TỔ QUỐC VIỆT NAM");
        assert_eq!(read(&paper), None);
    }
}
