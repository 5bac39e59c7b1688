//! Box 2: the issuing agency and the one above it.
//!
//! The lines left of the national title, down to the number line. A line that starts with the head
//! word of an agency opens a name, any other continues the one above; the lowest name is the
//! issuer. No agency is known by name: agreement with the initials in the notation is the evidence.

use sohoa_document::{Field, fold::fold};

use crate::{
    anchors::{edits, skeleton, tolerance},
    casing, confidence,
    fields::Level,
    notation::{self, Notation},
    rows::Span,
    zones::Head,
};

/// First words of the names of agencies.
const OPENERS: &[&str] = &[
    "ubnd",
    "hdnd",
    "ủy ban",
    "hội đồng",
    "bộ",
    "sở",
    "cục",
    "tổng cục",
    "chi cục",
    "vụ",
    "phòng",
    "viện",
    "trung tâm",
    "trạm",
    "kho bạc",
    "thanh tra",
    "kiểm toán",
    "ngân hàng",
    "tòa án",
    "công an",
    "bảo hiểm",
    "liên đoàn",
    "hội",
    "đoàn",
    "trường",
    "đại học",
    "học viện",
    "bệnh viện",
    "công ty",
    "tổng công ty",
    "tập đoàn",
    "ban",
    "bch",
    "bql",
    "đảng",
    "đảng bộ",
    "đảng ủy",
    "tỉnh ủy",
    "thành ủy",
    "huyện ủy",
    "thị ủy",
    "chi bộ",
    "văn phòng",
    "chính phủ",
    "thủ tướng",
    "quốc hội",
    "chủ tịch",
    "mặt trận",
    "đài",
    "báo",
    "quỹ",
    "hạt",
    "đội",
    "tổ",
    "khoa",
    "hợp tác xã",
    "nhà máy",
    "xí nghiệp",
];
/// Cities that are provinces.
const CENTRAL_CITIES: [&str; 6] =
    ["ha noi", "ho chi minh", "da nang", "hai phong", "can tho", "hue"];

/// What box 2 says.
#[derive(Debug)]
pub(crate) struct IssuerRead {
    pub(crate) organ: Option<Field<String>>,
    pub(crate) parent: Option<Field<String>>,
    pub(crate) level: Option<Field<Level>>,
    /// Whether the initials of the issuer stand in the notation.
    pub(crate) agrees: bool,
}

/// Reads box 2; `notation` is the independent evidence.
pub(crate) fn read(head: &Head<'_, '_>, notation: Option<&Notation>) -> IssuerRead {
    let lines = lines(head);
    let names = names(&lines);
    let named = |name: &Vec<&Span<'_>>| field(head, name);
    let mut organ = names.last().and_then(named);
    let parent = names.len().checked_sub(2).and_then(|at| names.get(at)).and_then(named);
    let groups = notation.map(notation::agency_groups).unwrap_or_default();
    let initials = organ.as_ref().map(|organ| initials(&organ.value)).unwrap_or_default();
    let agrees = groups.iter().any(|group| stands_for(group, &initials));
    if let Some(organ) = organ.as_mut() {
        let factor = if agrees { 4.0 } else { 0.7 };
        organ.probability = confidence::weigh(organ.probability, factor);
    }
    let level = organ.as_ref().and_then(|organ| {
        let value =
            level(&organ.value, parent.as_ref().map_or("", |parent| parent.value.as_str()))?;
        Some(Field { value, probability: organ.probability, page: organ.page, bbox: organ.bbox })
    });
    IssuerRead { organ, parent, level, agrees }
}

/// The printed lines of box 2.
fn lines<'a>(head: &Head<'_, 'a>) -> Vec<Span<'a>> {
    let sheet = head.sheet;
    let end = match (&head.number, &head.date) {
        (Some(number), _) => number.row,
        (None, Some(date)) => date.row,
        (None, None) => head.bottom,
    };
    let type_height = sheet.type_height().max(1.0);
    let top = head
        .national
        .or(head.motto)
        .map_or(f32::NEG_INFINITY, |(row, _)| sheet.rows[row].bbox.centre().1 - 2.2 * type_height);
    let right = head.right_column();
    let mut lines = Vec::new();
    for (index, row) in sheet.rows[..end.min(sheet.rows.len())].iter().enumerate() {
        if row.bbox.centre().1 < top {
            continue;
        }
        let own = [head.national, head.motto].into_iter().flatten().find(|(at, _)| *at == index);
        let cut = own.map_or(right, |(_, x)| x);
        let Some(left) = row.between(f32::NEG_INFINITY, cut) else { continue };
        let Some(line) = printed(&left, sheet.width) else { continue };
        lines.push(line);
    }
    lines
}

/// The line without specks; `None` when it is no line of capitals.
fn printed<'a>(line: &Span<'a>, width: f32) -> Option<Span<'a>> {
    let wordy =
        |text: &str| text.chars().any(char::is_alphabetic) || matches!(text, "-" | "–" | "—" | "&");
    let words = line.words.iter().copied().filter(|word| wordy(&word.text)).collect();
    let line = Span::of(words)?;
    let letters = line.text().chars().filter(|c| c.is_alphabetic()).count();
    (letters >= 3 && line.capitals() > 0.6 && line.bbox.x1 < 0.66 * width).then_some(line)
}

/// Lines grouped into names.
fn names<'l, 'a>(lines: &'l [Span<'a>]) -> Vec<Vec<&'l Span<'a>>> {
    let mut names: Vec<Vec<&Span<'_>>> = Vec::new();
    for line in lines {
        let open = opens(line) && !continues(names.last().and_then(|name| name.last().copied()));
        match names.last_mut() {
            Some(name) if !open => name.push(line),
            _ => names.push(vec![line]),
        }
    }
    names
}

/// Whether the line above ends in a word that wants more.
fn continues(above: Option<&Span<'_>>) -> bool {
    let last = above.and_then(|line| line.words.last()).map(|word| fold(&word.text));
    last.is_some_and(|last| {
        matches!(last.as_str(), "va" | "cua" | "-" | "thuoc" | "tai" | "ve" | "&")
    })
}

fn opens(line: &Span<'_>) -> bool {
    let words: Vec<String> = line.words.iter().take(3).map(|word| skeleton(&word.text)).collect();
    OPENERS.iter().any(|opener| {
        let count = opener.split(' ').count();
        let Some(start) = words.get(..count) else { return false };
        let (start, opener) = (start.join(" "), skeleton(opener));
        edits(&start, &opener, tolerance(opener.chars().count()).min(1)).is_some()
    })
}

fn field(head: &Head<'_, '_>, name: &Vec<&Span<'_>>) -> Option<Field<String>> {
    let text: Vec<String> = name.iter().map(|line| line.text()).collect();
    let text = text.join(" ");
    let trimmed = text.trim_matches(|c: char| !c.is_alphanumeric() && c != '(' && c != ')');
    let (value, known) = casing::sentence(trimmed);
    let bbox = sohoa_document::Rect::around(name.iter().map(|line| &line.bbox))?;
    let words = name.iter().map(|line| confidence::word(line.confidence()));
    let p = words.fold(1.0, f32::min);
    let p = confidence::weigh(p, 0.4 + known);
    let p =
        if name.first().is_some_and(|line| opens(line)) { p } else { confidence::weigh(p, 0.2) };
    Some(Field { value, probability: p, page: head.sheet.page, bbox })
}

/// First letters of the words, folded, upper case; the place behind the level word is left out.
fn initials(name: &str) -> String {
    let folded = fold(name);
    let stop = |word: &&str| !matches!(*word, "tinh" | "huyen" | "xa" | "phuong" | "quan");
    let mut out = String::new();
    for word in folded.split(' ').take_while(stop) {
        if matches!(word, "ubnd" | "hdnd" | "bch" | "bql") {
            out.push_str(word);
        } else if word != "va" {
            out.extend(word.chars().find(|c| c.is_alphanumeric()));
        }
    }
    out
}

/// Whether the letters of the group occur in the initials in order, most of them.
fn stands_for(group: &str, initials: &str) -> bool {
    let group = fold(group);
    if group.chars().count() < 2 || initials.chars().count() > 2 * group.chars().count() + 2 {
        return false;
    }
    let mut rest = initials.chars();
    group.chars().all(|c| rest.any(|initial| initial == c))
}

fn level(organ: &str, parent: &str) -> Option<Level> {
    let (organ, parent) = (fold(organ), fold(parent));
    let starts = |text: &str, words: &[&str]| words.iter().any(|word| text.starts_with(word));
    if starts(&organ, &["so ", "tinh uy", "tinh doan", "thanh uy"]) {
        return Some(Level::Province);
    }
    if starts(&organ, &["bo chi huy"]) {
        return Some(Level::Province);
    }
    let central =
        ["bo ", "chinh phu", "thu tuong", "quoc hoi", "tong cuc", "ngan hang nha nuoc viet nam"];
    if starts(&organ, &central) {
        return Some(Level::Central);
    }
    place_level(&organ).or_else(|| {
        if starts(&parent, &["so "]) {
            return Some(Level::Province);
        }
        if starts(&parent, &central) {
            return Some(Level::Central);
        }
        place_level(&parent)
    })
}

fn place_level(name: &str) -> Option<Level> {
    let padded = format!(" {name} ");
    let has = |words: &[&str]| words.iter().any(|word| padded.contains(&format!(" {word} ")));
    let city = padded.split_once(" thanh pho ").map(|(_, rest)| rest);
    if let Some(city) = city {
        let central = CENTRAL_CITIES.iter().any(|name| city.starts_with(name));
        return Some(if central { Level::Province } else { Level::District });
    }
    if has(&["huyen", "quan", "thi xa", "huyen uy"]) {
        return Some(Level::District);
    }
    if has(&["phuong", "xa", "thi tran"])
        && !padded.contains("bao hiem xa")
        && !padded.contains(" xa hoi")
    {
        return Some(Level::Commune);
    }
    has(&["tinh"]).then_some(Level::Province)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_stand_in_the_notation() {
        assert!(stands_for("SYT", &initials("Sở Y tế")));
        assert!(stands_for("BGDĐT", &initials("Bộ Giáo dục và Đào tạo")));
        assert!(stands_for("UBND", &initials("Ủy ban nhân dân tỉnh Bình Định")));
        assert!(stands_for("ĐHKTCN", &initials("Trường Đại học Kỹ thuật - Công nghệ Cần Thơ")));
        assert!(!stands_for("SNV", &initials("Sở Y tế")));
        assert!(!stands_for("", "syt"));
    }

    #[test]
    fn levels_follow_the_names() {
        assert_eq!(level("Ủy ban nhân dân tỉnh Gia Lai", ""), Some(Level::Province));
        assert_eq!(level("Ủy ban nhân dân thành phố Đà Nẵng", ""), Some(Level::Province));
        assert_eq!(level("UBND thành phố Quy Nhơn", ""), Some(Level::District));
        assert_eq!(level("UBND thị xã An Nhơn", ""), Some(Level::District));
        assert_eq!(level("UBND xã Cát Minh", ""), Some(Level::Commune));
        assert_eq!(level("Bộ Công Thương", ""), Some(Level::Central));
        assert_eq!(level("Thanh tra", "Sở Y tế"), Some(Level::Province));
        assert_eq!(level("Trường Mầm non", ""), None);
    }
}
