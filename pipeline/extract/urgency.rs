//! Box 10b: the urgency stamp.
//!
//! `HỎA TỐC`, `THƯỢNG KHẨN` or `KHẨN`, standing alone in the upper part of the first page; `HỎA TỐC`
//! may be followed by an hour.

use sohoa_document::Field;

use crate::{
    anchors::{edits, skeleton},
    confidence,
    fields::Urgency,
    rows::{Sheet, Span},
};

const WITHIN: f32 = 0.45;

/// The stamp on a document's first page.
pub(crate) fn stamp(sheet: &Sheet<'_>) -> Option<Field<Urgency>> {
    let rows = sheet.rows.iter().filter(|row| sheet.y(row.bbox.centre().1) < WITHIN);
    let parts = rows.flat_map(|row| row.split(0.9 * row.type_height().max(1.0)));
    let found = parts.filter_map(|part| {
        let (value, cost) = level(&part)?;
        let zone = sheet.x(part.bbox.centre().0) < 0.5;
        let p = confidence::weigh(confidence::word(part.confidence()), 3.0);
        let p = if zone { p } else { confidence::weigh(p, 0.3) };
        let p = if cost == 0 { p } else { confidence::weigh(p, 0.4) };
        Some(Field { value, probability: p, page: sheet.page, bbox: part.bbox })
    });
    found.max_by(|a, b| a.probability.total_cmp(&b.probability))
}

fn level(part: &Span<'_>) -> Option<(Urgency, usize)> {
    if part.words.len() > 5 || part.capitals() < 0.8 {
        return None;
    }
    let text = part.text();
    let before_hour = text.split(|c: char| c.is_ascii_digit()).next().unwrap_or("");
    let word = skeleton(before_hour).replace(' ', "");
    let near = |wanted: &str, most: usize| edits(&word, &skeleton(wanted).replace(' ', ""), most);
    let fire = near("HỎA TỐC", 1).or_else(|| near("HỎA TỐC HẸN GIỜ", 2));
    let urgent = near("THƯỢNG KHẨN", 2);
    let plain = near("KHẨN", 0);
    fire.map(|cost| (Urgency::HoaToc, cost))
        .or(urgent.map(|cost| (Urgency::ThuongKhan, cost)))
        .or(plain.map(|cost| (Urgency::Khan, cost)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Paper;

    #[test]
    fn stamps_are_told_apart() {
        let read = |print: &str| {
            let text = Paper::decision().line(70.0, 190.0, print).text();
            stamp(&Sheet::new(1, &text)).map(|field| field.value)
        };
        assert_eq!(read("HÓA TỐC"), Some(Urgency::HoaToc));
        assert_eq!(read("THƯỢNG KHẨN"), Some(Urgency::ThuongKhan));
        assert_eq!(read("KHẨN"), Some(Urgency::Khan));
        assert_eq!(read("KHẨN TRƯƠNG"), None);
    }
}
