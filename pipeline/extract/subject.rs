//! Box 5: the subject (trích yếu).
//!
//! Under a title it is the centred lines down to the rule, the enacting authority, `Căn cứ`,
//! `Kính gửi` or the body; in a letter it is the block in the left column that starts with `V/v`.
//! Words stay as printed; a leading `V/v` is dropped.

use sohoa_document::{Field, Rect, Word, fold::fold};

use crate::{
    anchors::{is, skeleton},
    arrival, confidence,
    kind::{self, ABOUT, Heading},
    office,
    rows::Span,
    zones::Head,
};

/// A subject is short; more rows than this are body.
const MOST_ROWS: usize = 10;

/// Reads the subject below the heading, or a letter's block.
pub(crate) fn read(head: &Head<'_, '_>, heading: Option<&Heading<'_>>) -> Option<Field<String>> {
    match heading {
        Some(heading) => titled(head, heading),
        None => letter(head),
    }
}

fn titled(head: &Head<'_, '_>, heading: &Heading<'_>) -> Option<Field<String>> {
    let sheet = head.sheet;
    let axis = heading.span.bbox.centre().0;
    let stamp = arrival::place(sheet);
    let mut lines: Vec<Span<'_>> = Vec::new();
    let mut above = heading.span.clone();
    for row in sheet.rows.iter().skip(heading.row + 1).take(MOST_ROWS) {
        let Some(row) = unstamped(row, stamp).as_ref().and_then(unnumbered) else { continue };
        let Some(line) = on_axis(&row, axis, 0.09 * sheet.width) else {
            // A scrawl or a stamp between the lines is passed over, a body line is the end.
            if row.confidence() < 0.6 {
                continue;
            }
            break;
        };
        let wide = if lines.is_empty() { 4.0 } else { 2.4 };
        if shouts(&lines, &line) || ends(&line) || step(&above, &line) > wide {
            break;
        }
        above = line.clone();
        lines.push(line);
    }
    // A subject starts with a capital; behind a stamp the start may be lost.
    let doubted = |line: &Span<'_>| {
        let first = line.words.first().filter(|word| word.confidence < 0.8);
        first.is_some_and(|word| stamp.is_some_and(|stamp| stamp.intersects(&word.bbox)))
    };
    let small = |line: &Span<'_>| {
        line.text().starts_with(char::is_lowercase) && !line.folded().starts_with("ve viec ")
    };
    let first = lines.first();
    let started = if first.is_some_and(small) || first.is_some_and(doubted) { 0.1 } else { 1.0 };
    join(head, &lines, started)
}

/// The row without what an incoming stamp wrote over it.
fn unstamped<'a>(row: &Span<'a>, stamp: Option<Rect>) -> Option<Span<'a>> {
    let Some(stamp) = stamp else { return Some(row.clone()) };
    let written = |word: &Word| {
        let own = skeleton(word.text.trim_matches(|c: char| !c.is_alphanumeric()));
        let label = arrival::LABELS.contains(&own.as_str());
        let letters = word.text.chars().filter(|c| c.is_alphabetic()).count();
        label || letters == 0 || (letters < 3 && word.confidence < 0.5)
    };
    let inside = |word: &Word| {
        let (x, y) = word.bbox.centre();
        (stamp.x0..stamp.x1).contains(&x) && (stamp.y0..stamp.y1).contains(&y)
    };
    Span::of(row.words.iter().filter(|word| !(inside(word) && written(word))).copied().collect())
}

/// The row without the number before it: an incoming stamp whose other words were not read leaves
/// its `Số: 466` beside the subject, and none begins so.
fn unnumbered<'a>(row: &Span<'a>) -> Option<Span<'a>> {
    let plain = |word: &Word| word.text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    match row.words.as_slice() {
        [label, digits, rest @ ..]
            if label.text.ends_with([':', ';', '.'])
                && skeleton(&plain(label)) == "so"
                && number(&plain(digits)) =>
        {
            Span::of(rest.to_vec())
        }
        _ => Some(row.clone()),
    }
}

/// From sentence case to capitals: a stamp, or the first heading of the body.
fn shouts(lines: &[Span<'_>], line: &Span<'_>) -> bool {
    lines.first().is_some_and(|first| first.capitals() < 0.5) && line.capitals() > 0.9
}

/// The part of the row whose middle lies on the title's axis.
fn on_axis<'a>(row: &Span<'a>, axis: f32, reach: f32) -> Option<Span<'a>> {
    let off = |span: &Span<'_>| (span.bbox.centre().0 - axis).abs();
    let whole = without_specks(row).filter(|line| off(line) <= reach && line.confidence() > 0.6);
    whole.or_else(|| {
        let parts = row.split(1.6 * row.type_height().max(1.0));
        let parts = parts.iter().filter_map(without_specks);
        parts
            .filter(|part| off(part) <= reach && part.confidence() > 0.6)
            .min_by(|a, b| off(a).total_cmp(&off(b)))
    })
}

/// Distance of two lines in heights of their type.
fn step(above: &Span<'_>, below: &Span<'_>) -> f32 {
    let height = below.type_height().max(above.type_height()).max(1.0);
    (below.bbox.centre().1 - above.bbox.centre().1) / height
}

fn letter(head: &Head<'_, '_>) -> Option<Field<String>> {
    let sheet = head.sheet;
    let from = head.number.as_ref().map_or(head.bottom, |number| number.row + 1);
    let rows = sheet.rows.get(from..(from + 12).min(sheet.rows.len()))?;
    let about = |row: &Span<'_>| kind::about(row).is_some_and(|part| sheet.x(part.bbox.x0) < 0.4);
    let (at, factor) = if let Some(at) = rows.iter().position(about) {
        (at, 1.0)
    } else {
        // `V/v` itself unreadable: the block between the number and `Kính gửi`.
        let to = rows.iter().position(kind::addresses)?;
        (rows[..to].iter().position(|row| block_line(head, from, row).is_some())?, 0.2)
    };
    let first = kind::about(&rows[at]).unwrap_or_else(|| rows[at].clone());
    let mut lines = vec![block_line(head, from + at, &first)?];
    let mut foreign = runs_on(head, from + at, &rows[at], &lines[0]);
    for (offset, row) in rows.iter().enumerate().skip(at + 1).take(MOST_ROWS) {
        if ends(row) || kind::addresses(row) {
            break;
        }
        let line = block_line(head, from + offset, row).filter(|line| !shouts(&lines, line));
        let Some(line) = line else { continue };
        if ends(&line) || lines.last().is_some_and(|above| step(above, &line) > 2.4) {
            break;
        }
        foreign |= runs_on(head, from + offset, row, &line);
        lines.push(line);
    }
    join(head, &lines, factor * if foreign { 0.05 } else { 1.0 })
}

/// Whether the row's text goes on beyond the left column: then part of the line is another's, a
/// note written beside it, or its end is lost.
fn runs_on(head: &Head<'_, '_>, index: usize, row: &Span<'_>, line: &Span<'_>) -> bool {
    let date = head.date.as_ref().filter(|date| date.row == index).map(|date| date.left);
    let end = date.unwrap_or(f32::INFINITY);
    let reach = line.bbox.x1 + 0.9 * line.type_height().max(1.0);
    let beyond = |word: &Word| {
        let start = word.bbox.x0;
        start >= line.bbox.x1 - 1.0 && start < reach && start < end && !scrap(word)
    };
    row.words.iter().any(|word| beyond(word))
}

/// The row's part in the left column: up to the date, the right column or the first wide gap.
fn block_line<'a>(head: &Head<'_, 'a>, index: usize, row: &Span<'a>) -> Option<Span<'a>> {
    let sheet = head.sheet;
    let date = head.date.as_ref().filter(|date| date.row == index).map(|date| date.left);
    let right = head.right_column().min(0.5 * sheet.width) + 0.02 * sheet.width;
    let part = row.between(f32::NEG_INFINITY, date.unwrap_or(right))?;
    let parts = part.split(1.6 * part.type_height().max(1.0));
    let mut lines = parts.iter().filter_map(without_specks);
    lines.find(|line| sheet.x(line.bbox.x0) < 0.42 && line.confidence() > 0.6)
}

/// The span without signs and scraps at its ends.
fn without_specks<'a>(row: &Span<'a>) -> Option<Span<'a>> {
    let mut words = row.words.as_slice();
    while let [first, rest @ ..] = words
        && scrap(first)
    {
        words = rest;
    }
    while let [rest @ .., last] = words
        && scrap(last)
    {
        words = rest;
    }
    let span = Span::of(words.to_vec())?;
    (span.text().chars().filter(|c| c.is_alphanumeric()).count() > 1).then_some(span)
}

fn scrap(word: &Word) -> bool {
    !word.text.chars().any(|c| c.is_alphanumeric() && !sign(c))
        || (word.confidence < 0.4 && word.text.chars().count() < 9 && !ABOUT.is_match(&word.text))
}

/// Whether the text ends where a line was lost: no subject ends in these words.
fn dangles(text: &str) -> bool {
    // With their marks: folded, `số` is also the end of `hồ sơ`.
    const LINKS: &str =
        "và của về các cho số ngày năm tại thuộc theo với trong đến từ những tháng quý";
    let lower = text.to_lowercase();
    let last = lower.rsplit(' ').next().unwrap_or_default();
    LINKS.split(' ').any(|link| link == last)
        || lower.ends_with(" năm học")
        || lower.ends_with([',', '-', '('])
}

/// Whether the row belongs to what comes after a subject.
fn ends(row: &Span<'_>) -> bool {
    let words = row.words.iter().map(|word| word.text.as_str());
    let mut words = words.skip_while(|word| !word.chars().any(char::is_alphanumeric));
    let lead = words.next().unwrap_or_default();
    let two = format!("{lead} {}", words.next().unwrap_or_default());
    let opens =
        lead.trim_start_matches(|c: char| !c.is_alphanumeric()).starts_with(char::is_uppercase);
    let body = [
        "Căn cứ",
        "Kính gửi",
        "Thực hiện",
        "Kính mời",
        "Theo đề",
        "Xét đề",
        "Độ mật",
        "Ngày ký",
        "Hôm nay",
        "Cấp cho",
    ];
    if opens && body.iter().any(|anchor| is(&two, anchor)) {
        return true;
    }
    // `(Ban hành kèm theo Quyết định số …)` under the title of an attachment.
    if row.text().starts_with('(') && row.folded().contains("kem theo ") {
        return true;
    }
    let numeral = |c: char| c.is_ascii_digit() || "IVX".contains(c);
    let numbered = lead.ends_with('.') && lead.trim_end_matches('.').chars().all(numeral);
    numbered || (row.capitals() > 0.8 && (office::is_title(&row.text()) || is_agency(row)))
}

fn is_agency(row: &Span<'_>) -> bool {
    let text =
        row.words.iter().take(3).map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
    is(&text, "Ủy ban nhân") || is(&text, "Hội đồng nhân") || text.starts_with("BỘ TRƯỞNG")
}

/// Where `Về việc` starts behind at most three scraps; else the start.
fn stray_start(text: &str) -> usize {
    let at = text.find("Về việc").unwrap_or(0);
    if text[..at].split_whitespace().count() <= 3 { at } else { 0 }
}

/// A token that no printed subject holds: a lone sign or consonant, or a sign no typewriter has.
fn odd(word: &str) -> bool {
    let letters: Vec<char> = word.chars().filter(|c| c.is_alphanumeric() && !sign(*c)).collect();
    match letters.as_slice() {
        [] => {
            !matches!(word, "-" | "–" | "—" | "&" | "+" | "/" | "(" | ")" | "," | "." | ";" | ":")
        }
        [only] => only.is_lowercase() && word.chars().count() == 1 && !vowel(*only),
        [first, rest @ ..] => {
            // `iàC`: a capital behind small letters; `kWh` and `pH` are short.
            let turned = first.is_lowercase() && rest.iter().any(|c| c.is_uppercase());
            (turned && rest.len() > 2) || word.chars().any(sign)
        }
    }
}

/// Whether the text begins with a quotation that it never ends: debris before a line that is none
/// the surer for it.
fn opens_only(text: &str) -> bool {
    let quote = |c: char| matches!(c, '"' | '“' | '”' | '\'' | '‘' | '’');
    text.starts_with(quote) && !text.chars().skip(1).any(quote)
}

fn sign(c: char) -> bool {
    "|¿¡«»ˆ`~^_=<>{}[]\\¬®©°•†‡¦".contains(c)
}

fn vowel(c: char) -> bool {
    matches!(fold(c.encode_utf8(&mut [0; 4])).as_str(), "a" | "e" | "i" | "o" | "u" | "y")
}

/// A word that recognition doubts.
fn lost(word: &Word) -> bool {
    word.confidence < 0.4 && word.text.chars().filter(|c| c.is_alphabetic()).count() > 1
}

fn join(head: &Head<'_, '_>, lines: &[Span<'_>], factor: f32) -> Option<Field<String>> {
    let bbox = Rect::around(lines.iter().map(|line| &line.bbox))?;
    let text: Vec<String> = lines.iter().map(Span::text).collect();
    let text = text.join(" ");
    let start = ABOUT.find(&text).map_or_else(|| stray_start(&text), |found| found.end());
    let value = text[start..].trim().to_owned();
    if value.chars().filter(|c| c.is_alphabetic()).count() < 4 {
        return None;
    }
    // A subject is long: one wrong word is no wrong subject, many are.
    let mean = lines.iter().map(|line| confidence::word(line.confidence())).fold(1.0, f32::min);
    let opened = start > 0 || value.starts_with("Về");
    let words = || lines.iter().flat_map(|line| line.words.iter());
    let odd = words().any(|word| odd(&word.text))
        || words().filter(|word| lost(word)).count() > 1
        || opens_only(&value);
    let whole = if dangles(&value) || odd { 0.05 } else { 1.0 };
    let p = confidence::weigh(mean, factor * whole * if opened { 1.0 } else { 0.6 });
    Some(Field { value, probability: p, page: head.sheet.page, bbox })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Paper, context, extract};

    fn read(paper: Paper) -> Option<Field<String>> {
        extract(&[paper], context()).segments.remove(0).fields.subject
    }

    fn notice() -> Paper {
        Paper::letterhead("SỞ NỘI VỤ", "Số: 12/TB-SNV", "Gia Lai, ngày 14 tháng 3 năm 2019").line(
            262.0,
            140.0,
            "THÔNG BÁO",
        )
    }

    #[test]
    fn lines_on_the_axis_are_joined_down_to_the_body() {
        let paper = notice()
            .line(180.0, 156.0, "Về việc tuyển dụng công chức xã,")
            .line(240.0, 170.0, "phường năm 2019")
            .line(110.0, 210.0, "Căn cứ Luật Cán bộ, công chức;");
        let subject = read(paper).unwrap();
        assert_eq!(subject.value, "Về việc tuyển dụng công chức xã, phường năm 2019");
        assert!(subject.probability > 0.9);
    }

    #[test]
    fn a_subject_that_breaks_off_does_not_pass() {
        let paper = notice().line(200.0, 156.0, "Về việc tuyển dụng công chức năm");
        assert!(read(paper).unwrap().probability < 0.9);
    }

    #[test]
    fn an_incoming_stamp_beside_the_subject_is_left_out() {
        let paper = notice()
            .line(80.0, 156.0, "Số: 466")
            .line(190.0, 156.0, "Về việc tuyển dụng công chức")
            .line(80.0, 174.0, "ĐẾN")
            .line(110.0, 210.0, "Căn cứ Luật Cán bộ, công chức;");
        let subject = read(paper).unwrap();
        assert_eq!(subject.value, "Về việc tuyển dụng công chức");
        let behind = notice()
            .line_at(80.0, 156.0, "zz<%", 0.1)
            .line(130.0, 156.0, "việc tuyển dụng công chức xã, phường năm 2019")
            .line(80.0, 174.0, "ĐẾN")
            .line(110.0, 210.0, "Căn cứ Luật Cán bộ, công chức;");
        assert!(read(behind).is_none_or(|subject| subject.probability < 0.9));
    }

    #[test]
    fn a_note_beside_a_letters_subject_spoils_it() {
        let letter = |note: &str| {
            let paper = Paper::letterhead(
                "UBND TỈNH GIA LAI",
                "Số: 31/SNV-CCVC",
                "Gia Lai, ngày 14 tháng 3 năm 2019",
            );
            let paper = paper.line(90.0, 122.0, &format!("V/v báo cáo công tác{note}"));
            let paper = paper.line(100.0, 136.0, "cải cách hành chính");
            read(paper.line(220.0, 190.0, "Kính gửi: Các sở, ban, ngành tỉnh;")).unwrap()
        };
        assert!(letter("").probability > 0.9);
        let noted = " 1. Cô Mẫu gửi văn bản này đến các phòng để phổ biến";
        assert!(letter(noted).probability < 0.9);
    }

    #[test]
    fn signs_and_lone_consonants_belong_to_no_subject() {
        for word in ["|", "ˆ", "»›:", "¿no", "t", "45ˆ", "k.iàC"] {
            assert!(odd(word), "{word}");
        }
        for word in ["-", "ở", "Y", "(đợt", "2019-2020", "GD&ĐT", "“Tháng", "4", "II", "kWh"]
        {
            assert!(!odd(word), "{word}");
        }
    }

    #[test]
    fn a_number_beside_the_subject_is_left_out() {
        let paper = notice()
            .line(110.0, 156.0, "Số: 2725")
            .line(200.0, 156.0, "Tuyển dụng công chức xã")
            .line(110.0, 210.0, "Căn cứ Luật Cán bộ, công chức;");
        assert_eq!(read(paper).unwrap().value, "Tuyển dụng công chức xã");
    }

    #[test]
    fn a_quotation_that_never_ends_is_doubt() {
        let subject = |text: &str| read(notice().line(190.0, 156.0, text)).unwrap().probability;
        assert!(subject("Về việc phát động “Tháng hành động”") > 0.9);
        assert!(subject("“Tuyển dụng công chức xã, phường") < 0.9);
    }

    #[test]
    fn the_enacting_authority_is_no_subject() {
        let paper = notice().line(230.0, 160.0, "GIÁM ĐỐC SỞ NỘI VỤ");
        assert_eq!(read(paper), None);
    }
}
