//! Offices a person signs in (box 7a), as one line of capitals.
//!
//! Owns the table of offices, who is whose deputy, and the reading of a line: authority, office,
//! and whether ink stands before it that was not read. It does not know where the block is.

use std::sync::LazyLock;

use regex::Regex;
use sohoa_document::Word;

use crate::{
    anchors::{edits, skeleton},
    casing,
    fields::Authority,
    rows::{Sheet, Span},
};

/// Offices of heads and others; a head's deputy is `phó` and the head's office.
const OFFICES: &[&str] = &[
    "chủ tịch",
    "giám đốc",
    "bộ trưởng",
    "thứ trưởng",
    "hiệu trưởng",
    "chánh văn phòng",
    "chánh thanh tra",
    "chánh án",
    "cục trưởng",
    "tổng cục trưởng",
    "chi cục trưởng",
    "vụ trưởng",
    "trưởng phòng",
    "trưởng ban",
    "trưởng khoa",
    "trưởng đoàn",
    "tổ trưởng",
    "viện trưởng",
    "tổng giám đốc",
    "thủ tướng",
    "bí thư",
    "tổng biên tập",
    "kế toán trưởng",
    "trạm trưởng",
    "đội trưởng",
    "hạt trưởng",
    "ủy viên",
    "thư ký",
    "quyền giám đốc",
    "trưởng công an",
    "chỉ huy trưởng",
    "chính ủy",
    "thống đốc",
    "kiểm sát viên",
    "trưởng thôn",
    "chủ nhiệm",
];

/// Bodies on whose behalf a person signs; never a person's own office.
const BODIES: &[&str] = &[
    "ủy ban nhân dân",
    "hội đồng nhân dân",
    "viện kiểm sát",
    "ban thường vụ",
    "ban chấp hành",
    "ubnd",
    "hđnd",
];

struct Known {
    text: String,
    key: String,
    words: usize,
    /// The head's office, for a deputy's.
    head: Option<&'static str>,
    body: bool,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let known = |text: String, head, body| {
        let key = skeleton(&text).replace(' ', "");
        Known { words: text.split(' ').count(), text, key, head, body }
    };
    let heads = OFFICES.iter().map(|office| {
        known((*office).to_owned(), (*office == "thứ trưởng").then_some("bộ trưởng"), false)
    });
    let deputies = OFFICES.iter().map(|office| known(format!("phó {office}"), Some(office), false));
    let bodies = BODIES.iter().map(|body| known((*body).to_owned(), None, true));
    heads.chain(deputies).chain(bodies).collect()
});

static AUTHORITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\W{0,3}(?P<a>TUQ|TM|KT|TL|Q)\s?[.,:]\s?(?P<rest>.*)$")
        .expect("constant pattern, compiled in tests")
});

/// A line's office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Office {
    /// In capitals, in its proper spelling, with what follows it on the line.
    pub(crate) title: String,
    /// The table's entry.
    pub(crate) base: &'static str,
    /// For a deputy, the head's entry.
    pub(crate) head: Option<&'static str>,
    /// What follows the entry on the line, e.g. `SỞ NỘI VỤ`.
    pub(crate) rest: String,
    /// Whether it is a body's name and no person's office.
    pub(crate) body: bool,
    /// Edits it took; an unclear choice between two entries costs one more.
    pub(crate) cost: usize,
}

/// A line of the signature block.
#[derive(Debug, Clone)]
pub(crate) struct OfficeLine<'a> {
    /// The words of authority and office.
    pub(crate) span: Span<'a>,
    pub(crate) office: Office,
    pub(crate) authority: Option<Authority>,
    /// Something stands right before the office that was not read: most often a lost authority, or
    /// a lost `PHÓ`.
    pub(crate) cut: bool,
}

/// Whether the text is an office a person signs in.
pub(crate) fn is_title(text: &str) -> bool {
    parse(text).is_some()
}

/// The deputy's office of a head's.
pub(crate) fn deputy_of(head: &str) -> Option<&'static str> {
    let ministers = KNOWN.iter().find(|known| known.text == "thứ trưởng" && head == "bộ trưởng");
    ministers
        .or_else(|| KNOWN.iter().find(|known| known.head == Some(head)))
        .map(|known| known.text.as_str())
}

/// Authority and office the text starts with.
pub(crate) fn parse(text: &str) -> Option<(Option<Authority>, Office)> {
    let found = AUTHORITY.captures(text);
    let authority = found.as_ref().and_then(|c| c.name("a")).map(|m| match m.as_str() {
        "KT" => Authority::Kt,
        "Q" => Authority::Q,
        "TL" => Authority::Tl,
        "TM" => Authority::Tm,
        _ => Authority::Tuq,
    });
    let rest = found.as_ref().and_then(|c| c.name("rest")).map_or(text, |m| m.as_str());
    office(rest).map(|office| (authority, office))
}

fn office(text: &str) -> Option<Office> {
    let words: Vec<&str> =
        text.split_whitespace().filter(|word| !skeleton(word).is_empty()).collect();
    let near = |known: &'static Known| {
        let most = match known.key.chars().count() {
            0..=5 => 0,
            6..=8 => 1,
            _ => 2,
        };
        // Recognition glues words together and breaks them apart.
        let counts = known.words.saturating_sub(1).max(1)..=known.words + 1;
        let tries = counts.filter_map(|count| {
            let start: String = words.get(..count)?.iter().map(|word| skeleton(word)).collect();
            edits(&start, &known.key, most).map(|cost| (known, count, cost))
        });
        tries.min_by_key(|(_, count, cost)| (*cost, count.abs_diff(known.words)))
    };
    let mut found: Vec<_> = KNOWN.iter().filter_map(near).collect();
    found.sort_by_key(|(known, _, cost)| (*cost, std::cmp::Reverse(known.key.len())));
    let (known, count, cost) = *found.first()?;
    let rival = cost > 0 && found.get(1).is_some_and(|(_, _, other)| *other <= cost + 1);
    let rest = words[count..].join(" ");
    let rest = rest.trim_matches(|c: char| !c.is_alphanumeric());
    // Known words get back the marks that recognition lost.
    let rest = casing::sentence(rest).0.to_uppercase();
    let title = format!("{} {rest}", known.text.to_uppercase()).trim().to_owned();
    let cost = cost + usize::from(rival);
    Some(Office { title, base: &known.text, head: known.head, rest, body: known.body, cost })
}

/// The part of the row in the right column that is an office in capitals.
pub(crate) fn line<'a>(sheet: &Sheet<'a>, row: &Span<'a>) -> Option<OfficeLine<'a>> {
    right_parts(sheet, row).into_iter().find_map(|part| {
        // Scraps of a seal or a lost authority may stand before the office; words make a phrase.
        let scraps = part.words.iter().take_while(|word| is_scrap(word)).count();
        let starts = 0..part.words.len().min(scraps + 1).min(4);
        let lines = starts.filter_map(|skipped| {
            let span = Span::of(part.words[skipped..].to_vec())?;
            let (authority, office) = parse(&span.text())?;
            let placed = span.capitals() > 0.7 && sheet.x(span.bbox.centre().0) > 0.53;
            let cut = authority.is_none() && ink_before(sheet, row, &span);
            placed.then_some(OfficeLine { span, office, authority, cut })
        });
        lines.min_by_key(|line| line.office.cost)
    })
}

fn is_scrap(word: &Word) -> bool {
    word.confidence < 0.7 || word.text.chars().filter(|c| c.is_alphabetic()).count() < 2
}

/// Parts of the row in the right half; the page's gutter cuts even where the gap is small.
pub(crate) fn right_parts<'a>(sheet: &Sheet<'a>, row: &Span<'a>) -> Vec<Span<'a>> {
    let mut parts = row.split(1.2 * row.type_height().max(1.0));
    parts.retain(|part| sheet.x(part.bbox.x0) > 0.36 && sheet.x(part.bbox.centre().0) > 0.5);
    parts
}

/// Whether anything but the other column's text stands close before the span.
fn ink_before(sheet: &Sheet<'_>, row: &Span<'_>, span: &Span<'_>) -> bool {
    let first = span.words.first();
    if first.is_some_and(|word| !word.text.starts_with(char::is_alphanumeric)) {
        return true;
    }
    let reach = 2.0 * span.type_height().max(1.0);
    let column = |word: &Word| word.confidence > 0.8 && sheet.x(word.bbox.x1) < 0.52;
    let speck = |word: &Word| {
        !word.text.chars().any(char::is_alphanumeric) && word.bbox.height() < 0.15 * reach
    };
    row.words.iter().any(|word| {
        let gap = span.bbox.x0 - word.bbox.x1;
        word.bbox.x0 < span.bbox.x0 && gap <= reach && !column(word) && !speck(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Paper;

    fn read(paper: &Paper) -> Option<(Option<Authority>, String, bool)> {
        let text = paper.text();
        let sheet = Sheet::new(1, &text);
        line(&sheet, &sheet.rows[0]).map(|line| (line.authority, line.office.title, line.cut))
    }

    #[test]
    fn offices_are_known_through_misreadings() {
        let title = |text: &str| parse(text).map(|(_, office)| office.title);
        assert_eq!(title("KT. BỘ TRƯỜNG"), Some("BỘ TRƯỞNG".into()));
        assert_eq!(title("PHÓ GIÁM ĐÓC"), Some("PHÓ GIÁM ĐỐC".into()));
        assert_eq!(title("GI ÁM ĐỐC"), Some("GIÁM ĐỐC".into()));
        assert_eq!(title("GIÁMĐỐC"), Some("GIÁM ĐỐC".into()));
        assert_eq!(title("GIÁM ĐỐC SỞ NỘI VỤ"), Some("GIÁM ĐỐC SỞ NỘI VỤ".into()));
        assert!(is_title("TM. ỦY BAN NHÂN DÂN"));
        assert!(!is_title("QUYẾT ĐỊNH"));
        assert!(!is_title(""));
    }

    #[test]
    fn deputies_know_their_heads() {
        assert_eq!(deputy_of("giám đốc"), Some("phó giám đốc"));
        assert_eq!(deputy_of("bộ trưởng"), Some("thứ trưởng"));
        assert_eq!(deputy_of("phó giám đốc"), None);
        assert_eq!(parse("THỨ TRƯỞNG").unwrap().1.head, Some("bộ trưởng"));
    }

    #[test]
    fn ink_before_an_office_is_seen_and_the_other_column_is_none() {
        let clean = Paper::default().line(340.0, 600.0, "GIÁM ĐỐC");
        assert_eq!(read(&clean), Some((None, "GIÁM ĐỐC".into(), false)));
        let scraps = clean.clone().line_at(316.0, 600.0, "t(,", 0.2);
        assert_eq!(read(&scraps), Some((None, "GIÁM ĐỐC".into(), true)));
        let phrase = Paper::default().line(330.0, 600.0, "PHÊ DUYỆT GIÁM ĐỐC");
        assert_eq!(read(&phrase), None);
        let column = clean.line(240.0, 600.0, "- Như Điều 3;");
        assert_eq!(read(&column), Some((None, "GIÁM ĐỐC".into(), false)));
        let whole = Paper::default().line(320.0, 600.0, "KT. GIÁM ĐỐC");
        assert_eq!(read(&whole), Some((Some(Authority::Kt), "GIÁM ĐỐC".into(), false)));
    }
}
