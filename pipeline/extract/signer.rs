//! Boxes 7a and 7b: authority, title and name of the signer.
//!
//! In the right column of the last page of the main part: capitals with the office, then the name
//! below the signature. Seals and signatures cover much of it; what has no text stays `None`, ink
//! is not read. `GIÁM ĐỐC` above `PHÓ GIÁM ĐỐC` means "for the head" even where `KT.` is missing.

use std::sync::LazyLock;

use regex::Regex;
use sohoa_document::{Field, Rect, fold::fold};

use crate::{
    anchors::{edits, skeleton},
    confidence,
    fields::Authority,
    rows::{Sheet, Span},
};

/// Offices a title starts with.
const OFFICES: &[&str] = &[
    "chủ tịch",
    "phó chủ tịch",
    "giám đốc",
    "phó giám đốc",
    "bộ trưởng",
    "thứ trưởng",
    "hiệu trưởng",
    "phó hiệu trưởng",
    "chánh văn phòng",
    "phó chánh văn phòng",
    "chánh thanh tra",
    "phó chánh thanh tra",
    "chánh án",
    "phó chánh án",
    "cục trưởng",
    "phó cục trưởng",
    "tổng cục trưởng",
    "phó tổng cục trưởng",
    "chi cục trưởng",
    "phó chi cục trưởng",
    "vụ trưởng",
    "phó vụ trưởng",
    "trưởng phòng",
    "phó trưởng phòng",
    "trưởng ban",
    "phó trưởng ban",
    "trưởng khoa",
    "phó trưởng khoa",
    "trưởng đoàn",
    "tổ trưởng",
    "viện trưởng",
    "phó viện trưởng",
    "tổng giám đốc",
    "phó tổng giám đốc",
    "thủ tướng",
    "phó thủ tướng",
    "bí thư",
    "phó bí thư",
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
    "phó thống đốc",
    "kiểm sát viên",
    "viện kiểm sát",
    "trưởng thôn",
    "chủ nhiệm",
    "phó chủ nhiệm",
    "ủy ban nhân dân",
    "hội đồng nhân dân",
    "ban thường vụ",
    "ban chấp hành",
    "ubnd",
    "hđnd",
];

static AUTHORITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\W{0,3}(?P<a>TUQ|TM|KT|TL|Q)\s?[.,:]\s?(?P<rest>.*)$")
        .expect("constant pattern, compiled in tests")
});
static RANK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:(?:PGS|GS|TS|ThS|Th\.?s|BS|CKI{1,2}|CK\d|DS|KS|CN|NGND|NGUT|TTND|TTƯT|Đại tá|Thượng tá|Trung tá|Thiếu tá|Bác sĩ|Dược sĩ)[.,\s]+)+")
        .expect("constant pattern, compiled in tests")
});

/// What the signature block says.
#[derive(Debug, Default)]
pub(crate) struct SignerRead {
    pub(crate) authority: Option<Field<Authority>>,
    pub(crate) title: Option<Field<String>>,
    pub(crate) name: Option<Field<String>>,
}

/// Whether the text is an office a person signs in.
pub(crate) fn is_title(text: &str) -> bool {
    let rest = AUTHORITY.captures(text).map_or(text, |c| c.name("rest").map_or("", |m| m.as_str()));
    let words: Vec<String> =
        rest.split_whitespace().map(skeleton).filter(|word| !word.is_empty()).collect();
    OFFICES.iter().any(|office| {
        let count = office.split(' ').count();
        let Some(start) = words.get(..count) else { return false };
        let (start, office) = (start.concat(), skeleton(office).replace(' ', ""));
        edits(&start, &office, usize::from(office.len() > 5)).is_some()
    })
}

/// Reads the last signature block of the document's pages.
pub(crate) fn read(sheets: &[Sheet<'_>], first_page_body: f32) -> SignerRead {
    for (index, sheet) in sheets.iter().enumerate().rev() {
        let from = if index == 0 { first_page_body } else { 0.0 };
        if let Some(block) = last_block(sheet, from) {
            return read_block(sheet, &block);
        }
    }
    SignerRead::default()
}

/// Lines of office, the last one's row index.
struct Block<'a> {
    lines: Vec<Span<'a>>,
    last_row: usize,
}

fn last_block<'a>(sheet: &Sheet<'a>, from: f32) -> Option<Block<'a>> {
    let at = (0..sheet.rows.len()).rev().find(|index| {
        let row = &sheet.rows[*index];
        row.bbox.y0 >= from && office_line(sheet, row).is_some()
    })?;
    let mut lines = vec![office_line(sheet, &sheet.rows[at])?];
    for row in sheet.rows[..at].iter().rev().take(8) {
        let Some(below) = lines.last() else { break };
        let step = below.bbox.centre().1 - row.bbox.centre().1;
        if step > 3.2 * below.type_height().max(1.0) || row.bbox.y0 < from || lines.len() >= 5 {
            break;
        }
        if let Some(line) = office_line(sheet, row) {
            lines.push(line);
        }
    }
    lines.reverse();
    Some(Block { lines, last_row: at })
}

/// The part of the row in the right column that is an office in capitals.
fn office_line<'a>(sheet: &Sheet<'a>, row: &Span<'a>) -> Option<Span<'a>> {
    right_parts(sheet, row).into_iter().find(|part| {
        part.capitals() > 0.7 && is_title(&part.text()) && sheet.x(part.bbox.centre().0) > 0.53
    })
}

/// Parts of the row in the right half; the page's gutter cuts even where the gap is small.
fn right_parts<'a>(sheet: &Sheet<'a>, row: &Span<'a>) -> Vec<Span<'a>> {
    let mut parts = row.split(1.2 * row.type_height().max(1.0));
    parts.retain(|part| sheet.x(part.bbox.x0) > 0.36 && sheet.x(part.bbox.centre().0) > 0.5);
    parts
}

fn read_block(sheet: &Sheet<'_>, block: &Block<'_>) -> SignerRead {
    let field_p = |span: &Span<'_>| confidence::word(span.confidence());
    let authority = block.lines.iter().rev().find_map(|line| {
        let text = line.text();
        let found = AUTHORITY.captures(&text)?;
        let value = match found.name("a")?.as_str() {
            "KT" => Authority::Kt,
            "Q" => Authority::Q,
            "TL" => Authority::Tl,
            "TM" => Authority::Tm,
            _ => Authority::Tuq,
        };
        Some(field(sheet, value, field_p(line), line.bbox))
    });
    let Some(last) = block.lines.last() else { return SignerRead::default() };
    let text = last.text();
    let bare = AUTHORITY
        .captures(&text)
        .and_then(|c| c.name("rest"))
        .map_or(text.as_str(), |m| m.as_str());
    let title = bare.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let deputy = ["pho ", "thu truong"].iter().any(|lead| fold(&title).starts_with(lead));
    let implied = || {
        let below_head = deputy && block.lines.len() > 1;
        below_head.then(|| field(sheet, Authority::Kt, 0.85 * field_p(last), last.bbox))
    };
    let authority = authority.or_else(implied);
    // With KT. the office of the signer stands below the head's; the head's alone is not the signer's.
    let only_head = matches!(&authority, Some(a) if a.value != Authority::Tm && a.value != Authority::Q)
        && block.lines.len() == 1;
    let p = if only_head { 0.3 } else { field_p(last) };
    let name = name_below(sheet, block.last_row, last.bbox);
    let certain = if name.is_some() || authority.is_some() { 1.0 } else { 0.5 };
    let title = (!only_head).then(|| field(sheet, title, confidence::weigh(p, certain), last.bbox));
    SignerRead { authority, title, name }
}

fn field<T>(sheet: &Sheet<'_>, value: T, probability: f32, bbox: Rect) -> Field<T> {
    Field { value, probability, page: sheet.page, bbox }
}

/// The name below the signature: two to five capitalised words on the axis of the title.
fn name_below(sheet: &Sheet<'_>, row: usize, title: Rect) -> Option<Field<String>> {
    let limit = title.y1 + 0.24 * sheet.height;
    let rows = sheet.rows.iter().skip(row + 1).take_while(|row| row.bbox.y0 < limit);
    rows.filter_map(|row| {
        let parts = right_parts(sheet, row);
        let part = parts
            .into_iter()
            .find(|part| (part.bbox.centre().0 - title.centre().0).abs() < 0.1 * sheet.width)?;
        let text = part.text();
        let bare = RANK.replace(text.trim(), "").trim().to_owned();
        let far = part.bbox.y0 - title.y1 > 1.5 * title.height();
        (far && is_name(&bare)).then(|| {
            let worst =
                part.words.iter().map(|word| confidence::word(word.confidence)).fold(1.0, f32::min);
            field(sheet, proper(&bare), confidence::weigh(worst, 0.8), part.bbox)
        })
    })
    .last()
}

fn is_name(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let syllable = |word: &&str| {
        word.chars().all(char::is_alphabetic)
            && word.chars().next().is_some_and(char::is_uppercase)
            && (2..=7).contains(&word.chars().count())
    };
    (2..=5).contains(&words.len()) && words.iter().all(syllable) && !is_title(text)
}

/// A name in capitals as it is written: first letters upper.
fn proper(text: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |c| c.to_string() + &chars.as_str().to_lowercase())
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offices_are_known_through_misreadings() {
        assert!(is_title("KT. BỘ TRƯỜNG"));
        assert!(is_title("PHÓ GIÁM ĐÓC"));
        assert!(is_title("TM. ỦY BAN NHÂN DÂN"));
        assert!(!is_title("QUYẾT ĐỊNH"));
        assert!(!is_title(""));
    }

    #[test]
    fn names_are_words_with_capitals() {
        assert!(is_name("Trần Văn Mẫu"));
        assert!(!is_name("Trần văn"));
        assert!(!is_name("GIÁM ĐỐC"));
        assert_eq!(proper("TRẦN VĂN MẪU"), "Trần Văn Mẫu");
    }
}
