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
    recipients,
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
    office(text).is_some()
}

/// The office the text starts with, in its proper spelling, with the edits it took; an unclear
/// choice between two offices costs one more.
fn office(text: &str) -> Option<(String, usize)> {
    let rest = AUTHORITY.captures(text).and_then(|c| c.name("rest")).map_or(text, |m| m.as_str());
    let words: Vec<&str> =
        rest.split_whitespace().filter(|word| !skeleton(word).is_empty()).collect();
    let near = |office: &'static str| {
        let count = office.split(' ').count();
        let start: String = words.get(..count)?.iter().map(|word| skeleton(word)).collect();
        let wanted = skeleton(office).replace(' ', "");
        let most = match wanted.len() {
            0..=5 => 0,
            6..=8 => 1,
            _ => 2,
        };
        edits(&start, &wanted, most).map(|cost| (office, count, cost))
    };
    let mut found: Vec<_> = OFFICES.iter().filter_map(|office| near(office)).collect();
    found.sort_by_key(|(office, _, cost)| (*cost, std::cmp::Reverse(office.len())));
    let (office, count, cost) = *found.first()?;
    let rival = cost > 0 && found.get(1).is_some_and(|(_, _, other)| *other <= cost + 1);
    let rest = words[count..].iter().map(|word| (*word).to_owned());
    let words: Vec<String> = std::iter::once(office.to_uppercase()).chain(rest).collect();
    Some((words.join(" "), cost + usize::from(rival)))
}

/// Reads the signature block of the main part: the first page that has one beside `Nơi nhận`,
/// else the last page that has any. Annexes carry blocks of their own.
pub(crate) fn read(sheets: &[Sheet<'_>], first_page_body: f32) -> SignerRead {
    let from = |index: usize| if index == 0 { first_page_body } else { 0.0 };
    let beside_list = sheets.iter().enumerate().find_map(|(index, sheet)| {
        let list = recipients::list_row(sheet)?;
        let top = (list.bbox.y0 - 0.16 * sheet.height).max(from(index));
        Some((sheet, last_block(sheet, top, list.bbox.y1 + 0.16 * sheet.height)))
    });
    if let Some((sheet, block)) = beside_list {
        return block.map(|block| read_block(sheet, &block)).unwrap_or_default();
    }
    let last = sheets.iter().enumerate().rev();
    let found = last.filter_map(|(index, sheet)| {
        last_block(sheet, from(index), f32::INFINITY).map(|block| (sheet, block))
    });
    let Some((sheet, block)) = found.into_iter().next() else { return SignerRead::default() };
    let mut read = read_block(sheet, &block);
    // Without the list of recipients the block may be a form's.
    if let Some(title) = read.title.as_mut() {
        title.probability = confidence::weigh(title.probability, 0.2);
    }
    if let Some(name) = read.name.as_mut() {
        name.probability = confidence::weigh(name.probability, 0.3);
    }
    read
}

/// Lines of office, the last one's row index.
struct Block<'a> {
    lines: Vec<Span<'a>>,
    last_row: usize,
}

fn last_block<'a>(sheet: &Sheet<'a>, from: f32, to: f32) -> Option<Block<'a>> {
    let at = (0..sheet.rows.len()).rev().find(|index| {
        let row = &sheet.rows[*index];
        row.bbox.y0 >= from && row.bbox.y0 <= to && office_line(sheet, row).is_some()
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
    let (title, cost) = office(&last.text()).unwrap_or((last.text(), 3));
    let title = title.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let deputy = ["pho ", "thu truong"].iter().any(|lead| fold(&title).starts_with(lead));
    let implied = || {
        let below_head = deputy && block.lines.len() > 1;
        below_head.then(|| field(sheet, Authority::Kt, 0.85 * field_p(last), last.bbox))
    };
    let authority = authority.or_else(implied);
    // With KT. the office of the signer stands below the head's; the head's alone is not the signer's.
    let head_again = matches!(&authority, Some(a) if a.value == Authority::Kt) && !deputy;
    let on_behalf = |a: &Field<Authority>| !matches!(a.value, Authority::Tm | Authority::Q);
    let alone = block.lines.len() == 1 && authority.as_ref().is_some_and(on_behalf);
    let only_head = head_again || alone;
    let name = name_below(sheet, block.last_row, last.bbox);
    // A stamped deputy's line is often lost, and then the head's office stands alone: it is the
    // signer's only where an authority says so, or a name follows it.
    let certain = match (&authority, &name) {
        (Some(_), _) => 1.0,
        (None, Some(_)) => 0.4,
        (None, None) => 0.1,
    };
    let spelled = [1.0, 0.3, 0.05, 0.02][cost.min(3)];
    let p = confidence::weigh(field_p(last), certain * spelled);
    let title = (!only_head).then(|| field(sheet, title, p, last.bbox));
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
