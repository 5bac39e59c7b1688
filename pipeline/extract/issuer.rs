//! Box 2: the issuing agency and the one above it.
//!
//! The lines left of the national title, down to the number line. A line that starts with the head
//! word of an agency opens a name, any other continues the one above; the lowest name is the
//! issuer. No agency is known by name: agreement with the initials in the notation is the evidence.

use sohoa_document::{Field, Rect, Word, fold::fold};

use crate::{
    anchors::{edits, skeleton},
    casing, confidence,
    fields::Level,
    level::level,
    notation::{self, Notation},
    places,
    rows::Span,
    zones::Head,
};

/// First words of the names of agencies.
const OPENERS: &[&str] = &[
    "ubnd",
    "hdnd",
    // Before 1976: administrative committees, and the provinces' departments.
    "ubhc",
    "ty",
    "khu ủy",
    "khu tự trị",
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
    "phủ thủ tướng",
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

/// Most that a name can be worth which no notation confirms; below any accept line in use.
const UNWITNESSED: f32 = 0.85;

/// What box 2 says.
#[derive(Debug)]
pub(crate) struct IssuerRead {
    pub(crate) organ: Option<Field<String>>,
    pub(crate) parent: Option<Field<String>>,
    pub(crate) level: Option<Field<Level>>,
    /// Whether the initials of the issuer stand in the notation.
    pub(crate) agrees: bool,
    /// Whether they explain all of it that is not the kind, or the rest names the unit that keeps
    /// the paper (`SYT-NVY` and `Lưu: VT, NVY`).
    pub(crate) explains: bool,
    /// Whether the issuer stands in the notation letter for letter.
    pub(crate) spelled: bool,
}

/// Reads box 2; `notation` is the independent evidence, `archive` what stands behind `Lưu`.
pub(crate) fn read(
    head: &Head<'_, '_>,
    notation: Option<&Notation>,
    archive: Option<&str>,
) -> IssuerRead {
    let lines = lines(head);
    let names = names(&lines);
    let named = |name: &Vec<&Span<'_>>| field(head, name);
    let mut organ = names.last().and_then(named);
    let parent = names.len().checked_sub(2).and_then(|at| names.get(at)).and_then(named);
    let groups = notation.map(notation::agency_groups).unwrap_or_default();
    let initials = organ.as_ref().map(|organ| initials(&organ.value)).unwrap_or_default();
    let agrees = groups.iter().any(|group| stands_for(group, &initials));
    let spelled = groups.iter().any(|group| fold(group) == initials);
    let units: Vec<&str> =
        archive.unwrap_or_default().split(|c: char| !c.is_alphanumeric()).collect();
    let keeps = |group: &str| agrees && group.chars().count() > 1 && units.contains(&group);
    let explains = !groups.is_empty()
        && groups.iter().all(|group| stands_for(group, &initials) || keeps(group));
    if let Some(organ) = organ.as_mut() {
        // What tells a name with a lost line or word from a whole one is the notation; where that is
        // unread, known words that leave no room for a further line.
        let settled = groups.is_empty()
            && parent.is_some()
            && known(head, &organ.value)
            && full(head, &lines);
        let factor = if agrees { 3.0 } else { 0.4 };
        organ.probability = confidence::weigh(organ.probability, factor);
        if !agrees && !settled {
            organ.probability = organ.probability.min(UNWITNESSED);
        }
    }
    let level = organ.as_ref().and_then(|organ| {
        let value =
            level(&organ.value, parent.as_ref().map_or("", |parent| parent.value.as_str()))?;
        Some(Field { value, probability: organ.probability, page: organ.page, bbox: organ.bbox })
    });
    IssuerRead { organ, parent, level, agrees, explains, spelled }
}

/// Whether every word of the name is known, or it is a body named after the place of issue.
fn known(head: &Head<'_, '_>, name: &str) -> bool {
    let place = head.date.as_ref().and_then(|date| date.place.as_ref()).map(Span::text);
    let place = place.as_deref().unwrap_or_default();
    let place = place.trim_matches(|c: char| !c.is_alphanumeric());
    !unended(name)
        && (casing::sentence(name).1.iter().all(|known| *known)
            || (!place.is_empty() && places::named_after(name, place)))
}

/// Whether no line can be lost below the last one: it stands beside the motto or lower, and the
/// number line follows at the usual distance (in steps from the national title to the motto).
fn full(head: &Head<'_, '_>, lines: &[Span<'_>]) -> bool {
    let (Some((national, _)), Some((motto, _))) = (head.national, head.motto) else { return false };
    let (Some(number), Some(last)) = (&head.number, lines.last()) else { return false };
    let y = |row: usize| head.sheet.rows[row].bbox.centre().1;
    let (step, last) = ((y(motto) - y(national)).max(1.0), last.bbox.centre().1);
    last > y(motto) - 0.5 * step && number.span.bbox.centre().1 - last < 1.95 * step
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
    // Without a number line the letterhead ends soon after the motto.
    let bottom = match (&head.number, head.motto.or(head.national)) {
        (None, Some((row, _))) => sheet.rows[row].bbox.centre().1 + 1.8 * type_height,
        _ => f32::INFINITY,
    };
    let right = head.right_column();
    let mut lines = Vec::new();
    for (index, row) in sheet.rows[..end.min(sheet.rows.len())].iter().enumerate() {
        let y = row.bbox.centre().1;
        if y < top || y > bottom {
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

/// The line without specks at its ends; `None` when it is no line of capitals.
fn printed<'a>(line: &Span<'a>, width: f32) -> Option<Span<'a>> {
    let mut words = line.words.as_slice();
    while let [first, rest @ ..] = words
        && speck(first)
    {
        words = rest;
    }
    while let [rest @ .., last] = words
        && speck(last)
    {
        words = rest;
    }
    let line = Span::of(words.to_vec())?;
    let letters = line.text().chars().filter(|c| c.is_alphabetic()).count();
    (letters >= 3 && line.capitals() > 0.6 && line.bbox.x1 < 0.66 * width).then_some(line)
}

/// A sign, a lone letter that is no word, or a scrap that recognition doubts.
fn speck(word: &Word) -> bool {
    let mut letters = word.text.chars().filter(|c| c.is_lowercase() || c.is_uppercase());
    match (letters.next(), letters.next()) {
        (None, _) => !word.text.chars().any(|c| c.is_ascii_digit()),
        (Some(only), None) => !"YABCDIVXĐ".contains(only) || word.confidence < 0.6,
        _ => word.confidence < 0.25 && word.text.chars().count() <= 2,
    }
}

/// Lines grouped into names.
fn names<'l, 'a>(lines: &'l [Span<'a>]) -> Vec<Vec<&'l Span<'a>>> {
    let mut names: Vec<Vec<&Span<'_>>> = Vec::new();
    for line in lines {
        let open = opens(line) && !continues(names.last().and_then(|name| name.last()), line);
        match names.last_mut() {
            Some(name) if !open => name.push(line),
            _ => names.push(vec![line]),
        }
    }
    names
}

/// Whether the line above ends in a word that wants more, or in the middle of a known phrase that
/// this line ends (`TÀI NGUYÊN VÀ MÔI` over `TRƯỜNG`).
fn continues(above: Option<&&Span<'_>>, line: &Span<'_>) -> bool {
    let Some(last) = above.and_then(|above| above.words.last()) else { return false };
    let first = line.words.first().map_or("", |word| word.text.as_str());
    matches!(fold(&last.text).as_str(), "va" | "cua" | "-" | "thuoc" | "tai" | "ve" | "&")
        || (casing::is_phrase(&format!("{} {first}", last.text)) && !casing::is_phrase(&last.text))
}

fn opens(line: &Span<'_>) -> bool {
    let apart =
        |word: &str| casing::unglue(word).map_or_else(|| word.to_owned(), |parts| parts.join(" "));
    let text: Vec<String> = line.words.iter().take(3).map(|word| apart(&word.text)).collect();
    let words: Vec<String> = text.join(" ").split(' ').map(skeleton).collect();
    OPENERS.iter().any(|opener| {
        let opener: Vec<String> = opener.split(' ').map(skeleton).collect();
        let Some(start) = words.get(..opener.len()) else { return false };
        // Short words lie close to others (`đồng`, `đảng`; `huyện ủy` and `huyện Tuy …`).
        let most = |word: &String| match (opener.len(), word.chars().count()) {
            (1, 0..=5) | (_, 0..=3) => 0,
            _ => 1,
        };
        let costs = start.iter().zip(&opener).map(|(word, own)| edits(word, own, most(own)));
        costs.sum::<Option<usize>>().is_some_and(|cost| cost <= 1)
    })
}

fn field(head: &Head<'_, '_>, name: &Vec<&Span<'_>>) -> Option<Field<String>> {
    let words = name.iter().flat_map(|line| line.words.iter());
    let bbox = Rect::around(words.clone().map(|word| &word.bbox))?;
    let mut text: Vec<String> = Vec::new();
    let mut confidences: Vec<f32> = Vec::new();
    for word in words {
        let parts = casing::unglue(&word.text);
        let parts = parts.map_or_else(|| vec![word.text.clone()], |parts| vec![parts.join(" ")]);
        for part in parts.iter().flat_map(|part| part.split(' ')) {
            text.push(part.to_owned());
            confidences.push(word.confidence);
        }
    }
    let (value, known) = casing::sentence(&text.join(" "));
    let value = value.trim_matches(|c: char| !c.is_alphanumeric() && c != '(' && c != ')');
    // A known word stands for itself even where its marks were doubtful.
    let words = confidences.iter().zip(&known).map(|(confidence, known)| {
        let p = confidence::word(*confidence);
        if *known { p.max(0.97) } else { p }
    });
    let p = words.fold(1.0, f32::min);
    let sign = |word: &&String| {
        !word.chars().any(char::is_alphanumeric) && !matches!(word.as_str(), "-" | "–" | "—" | "&")
    };
    let p = if text.iter().any(|word| sign(&word)) { confidence::weigh(p, 0.1) } else { p };
    let p =
        if name.first().is_some_and(|line| opens(line)) { p } else { confidence::weigh(p, 0.1) };
    let p = if unended(value) { confidence::weigh(p, 0.05) } else { p };
    Some(Field { value: value.to_owned(), probability: p, page: head.sheet.page, bbox })
}

/// Whether the name lacks its end: a council without its place, a level without its name.
fn unended(name: &str) -> bool {
    let folded = fold(name);
    let level = ["tinh", "huyen", "xa", "phuong", "quan", "thanh pho", "thi tran", "va", "cua"];
    let bare = [
        "uy ban nhan dan",
        "uy ban hanh chinh",
        "ubnd",
        "ubhc",
        "hoi dong nhan dan",
        "hdnd",
        "so",
        "ty",
        "bo",
        "cuc",
        "truong",
    ];
    bare.contains(&folded.as_str())
        || level.iter().any(|word| folded.ends_with(&format!(" {word}")))
}

/// First letters of the words, folded, upper case; the place behind the level word is left out.
fn initials(name: &str) -> String {
    let folded = fold(name).replace(" thanh pho ", " tp. ");
    let stop = |word: &&str| {
        !matches!(*word, "tinh" | "huyen" | "xa" | "phuong" | "quan") && !word.starts_with("tp")
    };
    let mut out = String::new();
    for word in folded.split(' ').take_while(stop) {
        if matches!(word, "ubnd" | "ubhc" | "hdnd" | "bch" | "bql") {
            out.push_str(word);
        } else if word != "va" {
            out.extend(word.chars().find(|c| c.is_alphanumeric()));
        }
    }
    out
}

/// Whether the letters of the group occur in the initials in order, most of them.
fn stands_for(group: &str, initials: &str) -> bool {
    // Small letters only make a group pronounceable: `TTra` for `TT`.
    let group: String = group.chars().filter(|c| c.is_uppercase()).collect();
    let group = fold(&group);
    if group.chars().count() < 2 || initials.chars().count() > 2 * group.chars().count() + 2 {
        return false;
    }
    let mut rest = initials.chars();
    group.chars().all(|c| rest.any(|initial| initial == c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Paper, context, extract};

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
    fn names_over_two_lines_are_one_name() {
        let organ = |lines: [&str; 3]| {
            let paper =
                Paper::letterhead(lines[0], "Số:      /QĐ", "Gia Lai, ngày 14 tháng 3 năm 2019")
                    .line(90.0, 76.0, lines[1])
                    .line(90.0, 90.0, lines[2]);
            let fields = extract(&[paper], context()).segments.remove(0).fields;
            let text = |field: Option<Field<String>>| field.unwrap().value;
            (text(fields.parent_organ_name), text(fields.organ_name))
        };
        let (parent, own) = organ(["UBND TỈNH GIA LAI", "SỞ TÀI NGUYÊN VÀ MÔI", "TRƯỜNG"]);
        assert_eq!(
            (parent.as_str(), own.as_str()),
            ("UBND tỉnh Gia Lai", "Sở Tài nguyên và Môi trường")
        );
        let (parent, own) = organ(["UBND TỈNH GIA LAI", "ỦY BAN NHÂN DÂN", "HUYỆN TUY MẪU"]);
        assert_eq!(
            (parent.as_str(), own.as_str()),
            ("UBND tỉnh Gia Lai", "Ủy ban nhân dân huyện Tuy Mẫu")
        );
    }

    #[test]
    fn issuers_of_every_age_are_read() {
        for (lines, number, date, parent, own, code) in [
            (
                ["UỶ BAN NHÂN DÂN", "TỈNH NGHĨA BÌNH"],
                "Số: 123 QĐ/UB",
                "Quy Nhơn, ngày 17 tháng 12 năm 1985",
                None,
                "Ủy ban nhân dân tỉnh Nghĩa Bình",
                "123 QĐ/UB",
            ),
            (
                ["UỶ BAN HÀNH CHÍNH", "TỈNH HÀ BẮC"],
                "Số: 45-QĐ/UB",
                "Hà Bắc, ngày 08 tháng 5 năm 1968",
                None,
                "Ủy ban hành chính tỉnh Hà Bắc",
                "45-QĐ/UB",
            ),
            (
                ["HỘI ĐỒNG BỘ TRƯỞNG", ""],
                "Số: 217-HĐBT",
                "Hà Nội, ngày 14 tháng 11 năm 1987",
                None,
                "Hội đồng Bộ trưởng",
                "217-HĐBT",
            ),
            (
                ["UBND TỈNH SÔNG BÉ", "SỞ THƯƠNG NGHIỆP"],
                "Số: 31/TB-STN",
                "Sông Bé, ngày 14 tháng 10 năm 1991",
                Some("UBND tỉnh Sông Bé"),
                "Sở Thương nghiệp",
                "31/TB-STN",
            ),
            (
                ["UBND TỈNH THUẬN HẢI", "SỞ VĂN HÓA THÔNG TIN VÀ THỂ THAO"],
                "Số: 12/1990/QĐ-UB",
                "Phan Thiết, ngày 14 tháng 10 năm 1990",
                Some("UBND tỉnh Thuận Hải"),
                "Sở Văn hóa Thông tin và Thể thao",
                "12/1990/QĐ-UB",
            ),
            (
                ["TỈNH UỶ", "KIÊN GIANG"],
                "Số: 09-CTr/TU",
                "Rạch Giá, ngày 21 tháng 10 năm 1996",
                None,
                "Tỉnh ủy Kiên Giang",
                "09-CTr/TU",
            ),
        ] {
            let mut paper = Paper::letterhead(lines[0], number, date);
            if !lines[1].is_empty() {
                paper = paper.line(95.0, 76.0, lines[1]);
            }
            let fields = extract(&[paper], context()).segments.remove(0).fields;
            let text = |field: Option<Field<String>>| field.map(|field| field.value);
            assert_eq!(text(fields.organ_name).as_deref(), Some(own));
            assert_eq!(text(fields.parent_organ_name).as_deref(), parent, "{own}");
            assert_eq!(text(fields.code_full).as_deref(), Some(code), "{own}");
        }
    }

    #[test]
    fn known_words_without_room_below_need_no_notation() {
        let p = |organ: &str, number: f32| {
            let paper = Paper::default()
                .line(90.0, 60.0, "UBND TỈNH GIA LAI")
                .line(290.0, 60.0, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
                .line(110.0, 76.0, organ)
                .line(340.0, 76.0, "Độc lập - Tự do - Hạnh phúc")
                .line(110.0, number, "Số: ?(/?")
                .line(330.0, number, "Gia Lai, ngày 14 tháng 3 năm 2019");
            extract(&[paper], context()).segments.remove(0).fields.organ_name.unwrap().probability
        };
        assert!(p("SỞ NỘI VỤ", 104.0) > 0.9);
        assert!(p("SỞ NỘI VỤ", 120.0) < 0.9, "a line may be lost");
        assert!(p("SỞ NỘI XYZ", 104.0) < 0.9, "an unknown word");
    }

    #[test]
    fn a_name_without_its_end_is_known() {
        for name in ["Ủy ban nhân dân", "UBND huyện", "Sở", "Sở Y tế tỉnh"] {
            assert!(unended(name), "{name}");
        }
        for name in
            ["UBND huyện Tuy Mẫu", "Sở Y tế", "Chính phủ", "Trường Mầm non", "Bảo hiểm xã hội"]
        {
            assert!(!unended(name), "{name}");
        }
    }
}
