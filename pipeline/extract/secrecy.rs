//! Box 10a: the secrecy stamp.
//!
//! A stamp stands alone: its words have no neighbour within a word's space, it is in capitals and in
//! the upper half of the page. Stamped by hand it often touches print; so what coloured ink alone was
//! read as is looked at apart, however surely it was read. The check prefers a false alarm to a leak:
//! a person then looks.

use sohoa_document::{Field, Stamp};

use crate::{
    anchors::{edits, skeleton},
    confidence,
    fields::Secrecy,
    rows::{Sheet, Span},
};

/// Secrecy stamps lie in this upper share of the page.
const WITHIN: f32 = 0.5;

/// Words beside a stamp's that were read less surely are scraps of other ink.
const SCRAP: f32 = 0.5;

/// The stamp on a page.
pub(crate) fn stamp(sheet: &Sheet<'_>) -> Option<Field<Secrecy>> {
    let upper = |part: &Span<'_>| sheet.y(part.bbox.centre().1) < WITHIN;
    let alone = sheet.rows.iter().flat_map(apart).map(|part| (part, false));
    let inked = sheet
        .stamps
        .iter()
        .flat_map(|stamp| inked(stamp).into_iter().map(|part| (part, stamp.framed)));
    let found = alone.chain(inked).filter(|(part, _)| upper(part)).filter_map(|(part, framed)| {
        level(&part, framed).map(|(value, cost)| {
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

/// The parts of a row with more than a word's space between them.
fn apart<'a>(row: &Span<'a>) -> Vec<Span<'a>> {
    row.split(0.9 * row.type_height().max(1.0))
}

/// What of a stamp's line can be a degree: the whole of a frame; else what stands apart, and a word
/// among scraps.
fn inked(stamp: &Stamp) -> Vec<Span<'_>> {
    let words = || stamp.line.words.iter();
    let Some(line) = Span::of(words().collect()) else { return Vec::new() };
    if stamp.framed {
        return vec![line];
    }
    let mut parts = apart(&line);
    let others = |at: usize| words().enumerate().filter(move |(other, _)| *other != at);
    let among_scraps =
        words().enumerate().filter(|(at, _)| others(*at).all(|(_, word)| word.confidence < SCRAP));
    parts.extend(among_scraps.filter_map(|(_, word)| Span::of(vec![word])));
    parts
}

/// `MẬT` as recognition misreads it in a frame: a sign off that is no other word, or a rule beside it
/// taken for a letter. One edit would have `ĐẠT`, `VAT` and `MÁY` be secret.
const MISREAD: [&str; 7] = ["nat", "mai", "maf", "imat", "mati", "matt", "wat"];

/// The level these words are, if they are nothing else; with the edits it took.
fn level(part: &Span<'_>, framed: bool) -> Option<(Secrecy, usize)> {
    let text = part.text();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let other = text.chars().filter(char::is_ascii_digit).count();
    if other > 0 || !(3..=10).contains(&letters) || part.capitals() < 0.3 {
        return None;
    }
    let word = skeleton(&text).replace(' ', "");
    let near = |wanted: &str, most: usize| edits(&word, &skeleton(wanted).replace(' ', ""), most);
    let misread = framed && MISREAD.contains(&word.as_str());
    let exact_mat = near("MẬT", 0).or(misread.then_some(1)).map(|cost| (Secrecy::Mat, cost));
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
    fn a_stamp_over_print_is_found_in_its_ink() {
        let page = || Paper::decision();
        assert_eq!(read(&page().stamp((100.0, 150.0), "MẬT", 0.2, false)), Some(Secrecy::Mat));
        assert_eq!(
            read(&page().stamp((100.0, 150.0), "TỐI MẬT", 0.3, true)),
            Some(Secrecy::ToiMat)
        );
        assert_eq!(read(&page().stamp((100.0, 150.0), "MÂI", 0.3, true)), Some(Secrecy::Mat));
        let scraps =
            page().stamp((100.0, 150.0), "MẬT", 0.4, false).stamp((90.0, 150.0), "iz", 0.1, false);
        assert_eq!(read(&scraps), Some(Secrecy::Mat));
    }

    #[test]
    fn other_stamps_are_none() {
        for (text, framed) in [
            ("KHẨN", true),
            ("HỎA TỐC", true),
            ("MẪU", true),
            ("ĐẠT", true),
            ("VAT", true),
            ("MÁY", true),
            ("MỘT", true),
            ("SAO Y", true),
            ("ĐẾN", true),
            ("MẶT TRẬN", false),
        ] {
            let paper = Paper::decision().stamp((100.0, 150.0), text, 0.9, framed);
            assert_eq!(read(&paper), None, "{text}");
        }
        let low = Paper::decision().stamp((400.0, 700.0), "MẶT", 0.9, false);
        assert_eq!(read(&low), None, "a legend of a seal");
    }

    #[test]
    fn words_in_sentences_are_no_stamp() {
        let paper = Paper::decision()
            .line(90.0, 300.0, "Căn cứ Luật Bảo vệ bí mật nhà nước ngày 15 tháng 11 năm 2018;")
            .line(90.0, 320.0, "ỦY BAN MẶT TRẬN TỔ QUỐC VIỆT NAM");
        assert_eq!(read(&paper), None);
    }
}
