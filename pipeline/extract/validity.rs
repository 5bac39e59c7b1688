//! How long the paper itself says it holds.
//!
//! Only the end is of use: `có hiệu lực kể từ ngày ký` does not say that a paper still holds, for it
//! may have been revoked since. An end counts where the sentence is about this paper (`giấy phép
//! này`, the paper's own kind, or a line of a form that begins with it): papers speak of the terms of
//! leases, projects and other papers far more often than of their own.

use std::{ops::Range, sync::LazyLock};

use chrono::{Months, NaiveDate};
use regex::{Captures, Regex};
use sohoa_document::{Field, Rect, Word, fold::fold};

use crate::{
    anchors::skeleton,
    confidence,
    fields::Validity,
    ink,
    rows::{Sheet, Span},
};

/// Probability that a sentence about `this paper` was understood, and a line without a subject.
const UNDERSTOOD: (f32, f32) = (0.97, 0.94);

/// Digits taller than this many times the type beside them are written by hand; a slash is taller
/// than a digit.
const TALLEST: f32 = 1.5;

/// Letters looked back over for the subject of a sentence.
const LOOK_BACK: usize = 160;

/// Words between `này` and what is said of it.
const MOST_BETWEEN: usize = 3;

/// A term ends within so many years of its beginning.
const LONGEST_TERM: i32 = 100;

/// A day in words or figures, or the end of a year.
const DAY: &str = concat!(
    r"(?:(?:ngay ?:? ?)?(?P<d>\d{1,2})(?: ?[/.-] ?| thang )(?P<m>\d{1,2})(?: ?[/.-] ?| nam )(?P<y>\d{4})",
    r"|nam (?P<whole>\d{4}))\b"
);

/// `có giá trị đến ngày …`, `có hiệu lực từ ngày … đến hết ngày …`, `thời hạn của giấy phép: đến …`.
static UNTIL: LazyLock<Regex> = LazyLock::new(|| {
    let begin =
        r"\b(?:gia tri|hieu luc|(?P<term>thoi han))(?P<of>[^.;]{0,70}?) den(?: ?:)? (?:het )?";
    Regex::new(&format!("{begin}{DAY}")).expect("constant pattern, compiled in tests")
});
/// `giấy phép này hết hiệu lực ngày …`.
static ENDS: LazyLock<Regex> = LazyLock::new(|| {
    let begin = r"\bhet (?:hieu luc|gia tri|han)(?: thi hanh| su dung)? (?:ke )?(?:tu |vao )?";
    Regex::new(&format!("{begin}{DAY}")).expect("constant pattern, compiled in tests")
});
/// `có giá trị 05 (năm) năm, kể từ ngày ký`.
static TERM: LazyLock<Regex> = LazyLock::new(|| {
    let begin = concat!(
        r"\b(?:gia tri|hieu luc|(?P<term>thoi han))(?P<of>[^.;\d]{0,50}?) (?P<count>\d{1,3})",
        r"(?: ?\([a-z ]{2,30}\))? (?P<unit>nam|thang),? (?:ke )?tu (?:(?P<issued>ngay (?:ky|cap|ban hanh))\b|"
    );
    Regex::new(&format!("{begin}{DAY})")).expect("constant pattern, compiled in tests")
});
/// Words after which a sentence is about a condition or about another paper.
static ELSEWHERE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:neu|khong|truong hop|mau|thay the|bai bo|so ?:? ?\d|gia han)")
        .expect("constant pattern, compiled in tests")
});

/// The stamp of an archive or a law department.
const STAMPS: [&str; 3] = ["HẾT HIỆU LỰC", "ĐÃ HẾT HIỆU LỰC", "VĂN BẢN HẾT HIỆU LỰC"];

/// The last day on which the paper says it holds. `issued` is its date, `kind` its printed name;
/// several different ends are none.
pub(crate) fn end(
    sheets: &[Sheet<'_>],
    body: f32,
    issued: Option<&Field<NaiveDate>>,
    kind: Option<&str>,
) -> Option<Field<NaiveDate>> {
    let flow = Flow::new(sheets, body);
    let kind = kind.map(fold);
    let found = [(&*UNTIL, Reading::Day), (&*ENDS, Reading::Day), (&*TERM, Reading::Term)];
    let found = found.into_iter().flat_map(|(pattern, reading)| {
        pattern.captures_iter(&flow.text).map(move |found| (found, reading))
    });
    let mut ends = found.filter_map(|(c, reading)| flow.end(&c, reading, issued, kind.as_deref()));
    let first = ends.next()?;
    ends.all(|other| other.value == first.value).then_some(first)
}

/// A stamp on the first page that says the paper no longer holds.
pub(crate) fn stamp(sheet: &Sheet<'_>) -> Option<Field<Validity>> {
    let parts = sheet.rows.iter().flat_map(|row| row.split(0.9 * row.type_height().max(1.0)));
    let is_stamp = |part: &Span<'_>| {
        let text = skeleton(&part.text());
        part.capitals() > 0.99 && STAMPS.iter().any(|stamp| skeleton(stamp) == text)
    };
    parts
        .filter(is_stamp)
        .map(|part| Field {
            value: Validity::Expired,
            probability: confidence::weigh(confidence::word(part.confidence()), 3.0),
            page: sheet.page,
            bbox: part.bbox,
        })
        .max_by(|a, b| a.probability.total_cmp(&b.probability))
}

/// What the numbers of a match mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// The end itself.
    Day,
    /// So many years or months from a day on.
    Term,
}

/// The body as one folded text, with the way back to the words.
struct Flow<'a> {
    text: String,
    /// Where each word starts in the text, its page, and the height of type on its row.
    words: Vec<(usize, u32, f32, &'a Word)>,
    /// Where each row starts.
    rows: Vec<usize>,
    coloured: Vec<(u32, &'a [Rect])>,
}

impl<'a> Flow<'a> {
    /// Everything below the letterhead, which ends at `body` on the first sheet.
    fn new(sheets: &[Sheet<'a>], body: f32) -> Self {
        let mut flow =
            Self { text: String::new(), words: Vec::new(), rows: Vec::new(), coloured: Vec::new() };
        for (at, sheet) in sheets.iter().enumerate() {
            flow.coloured.push((sheet.page, sheet.coloured));
            for row in sheet.rows.iter().filter(|row| at > 0 || row.bbox.y0 >= body) {
                flow.push(sheet.page, row);
            }
        }
        flow
    }

    fn push(&mut self, page: u32, row: &Span<'a>) {
        let height = row.type_height();
        for (at, word) in row.words.iter().enumerate() {
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            if at == 0 {
                self.rows.push(self.text.len());
            }
            self.words.push((self.text.len(), page, height, word));
            self.text.push_str(&fold(&word.text));
        }
    }

    fn end(
        &self,
        found: &Captures<'_>,
        reading: Reading,
        issued: Option<&Field<NaiveDate>>,
        kind: Option<&str>,
    ) -> Option<Field<NaiveDate>> {
        let whole = found.get(0)?.range();
        let understood = self.is_own(found, kind)?;
        let named = day(found);
        let (value, basis) = match reading {
            Reading::Day => (named?, 1.0),
            Reading::Term => {
                let from = named.map(|day| (day, 1.0));
                let (from, p) = from.or(issued.map(|field| (field.value, field.probability)))?;
                (after(from, found)?, p)
            }
        };
        let from = issued.map_or(value, |field| field.value);
        let latest = from.checked_add_months(Months::new(12 * LONGEST_TERM as u32))?;
        if !(from..=latest).contains(&value) {
            return None;
        }
        let (page, bbox, digits) = self.seen(whole)?;
        Some(Field { value, probability: understood * basis * digits, page, bbox })
    }

    /// How surely the sentence is about this paper, whose printed kind is `kind`; `None` where it may
    /// be about something else.
    fn is_own(&self, found: &Captures<'_>, kind: Option<&str>) -> Option<f32> {
        let start = found.get(0)?.start();
        let of = found.name("of").map_or("", |m| m.as_str());
        let term = found.name("term").is_some();
        if ELSEWHERE.is_match(of) {
            return None;
        }
        let lead = self.lead(start);
        if !term && lead.is_some_and(str::is_empty) {
            return Some(UNDERSTOOD.1);
        }
        let kind = kind?;
        let sentence = self.sentence(start);
        let of = of.trim_start_matches(" hieu luc").trim_start_matches(" cua");
        let of = of.split([':', ',']).next().unwrap_or_default().trim();
        if ELSEWHERE.is_match(sentence) {
            None
        } else if term && !of.is_empty() {
            // The term of a lease or a project is not the paper's.
            let named = of.trim_end_matches(" la").trim_end_matches(" nay");
            kind.starts_with(named).then_some(UNDERSTOOD.1)
        } else if this_paper(sentence, kind) {
            Some(UNDERSTOOD.0)
        } else {
            let subject = lead.unwrap_or(sentence).trim();
            (subject.len() > 5 && kind.starts_with(subject)).then_some(UNDERSTOOD.1)
        }
    }

    /// What stands before the byte in its sentence.
    fn sentence(&self, start: usize) -> &str {
        let before = &self.text[..start];
        let cut = before.char_indices().rev().take(LOOK_BACK).last().map_or(0, |(at, _)| at);
        before[cut..].rsplit(['.', ';']).next().unwrap_or_default()
    }

    /// What stands before the byte in its row, without `có`, where a sentence or a line of a form
    /// begins with the row: one that was broken goes on in lower case.
    fn lead(&self, start: usize) -> Option<&str> {
        let row = *self.rows[..self.rows.partition_point(|row| *row <= start)].last()?;
        let words = self.words.iter().skip_while(|word| word.0 < row);
        let first = words.flat_map(|word| word.3.text.chars()).find(|c| c.is_alphabetic());
        let lead = self.text[row..start].trim().trim_end_matches("co");
        let lead = lead.trim_matches(['-', '+', '*', ' ']);
        first.is_some_and(char::is_uppercase).then_some(lead)
    }

    /// Page and box of a match, and how surely its digits were read.
    fn seen(&self, range: Range<usize>) -> Option<(u32, Rect, f32)> {
        let from = self.words.partition_point(|word| word.0 <= range.start).saturating_sub(1);
        let to = self.words.partition_point(|word| word.0 < range.end);
        let words = self.words.get(from..to)?;
        let page = words.last()?.1;
        let bbox = Rect::around(words.iter().filter(|w| w.1 == page).map(|w| &w.3.bbox))?;
        let mut p: f32 = 1.0;
        for (_, page, height, word) in words {
            if !word.text.contains(|c: char| c.is_ascii_digit()) {
                continue;
            }
            let boxes = self.coloured.iter().filter(|(of, _)| of == page);
            let pen = boxes.flat_map(|(_, boxes)| *boxes).any(|ink| ink.intersects(&word.bbox));
            let factor =
                if pen || word.bbox.height() > TALLEST * height { ink::COLOURED } else { 1.0 };
            p = p.min(confidence::weigh(confidence::digits(word.confidence), factor));
        }
        Some((page, bbox, p))
    }
}

/// Whether the sentence so far is about `<kind> này`.
fn this_paper(sentence: &str, kind: &str) -> bool {
    let Some((paper, rest)) = sentence.rsplit_once(" nay") else { return false };
    let name: Vec<&str> = kind.split(' ').take(2).collect();
    paper.contains(&name.join(" ")) && rest.split_whitespace().count() <= MOST_BETWEEN
}

/// The day that a match names, or the last one of its year.
fn day(found: &Captures<'_>) -> Option<NaiveDate> {
    let number = |name: &str| found.name(name).and_then(|m| m.as_str().parse::<u32>().ok());
    match number("whole") {
        Some(year) => NaiveDate::from_ymd_opt(year as i32, 12, 31),
        None => NaiveDate::from_ymd_opt(number("y")? as i32, number("m")?, number("d")?),
    }
}

/// The day a term ends that begins with `from`.
fn after(from: NaiveDate, found: &Captures<'_>) -> Option<NaiveDate> {
    let count: u32 = found.name("count")?.as_str().parse().ok()?;
    let months = if &found["unit"] == "nam" { 12 * count } else { count };
    from.checked_add_months(Months::new(months)).filter(|_| count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fields::Fields,
        testing::{Paper, context, extract},
    };

    /// The fields of a paper issued on 2 March 2015 whose body says this.
    fn fields(title: &str, body: &[&str]) -> Fields {
        let mut paper = Paper::letterhead(
            "SỞ XÂY DỰNG",
            "Số: 31/GP-SXD",
            "Bình Định, ngày 02 tháng 3 năm 2015",
        )
        .line(250.0, 140.0, title);
        for (line, y) in body.iter().zip((300_u16..).step_by(18)) {
            paper = paper.line(80.0, f32::from(y), line);
        }
        extract(&[paper], context()).segments.remove(0).fields
    }

    fn end_of(title: &str, body: &[&str]) -> Option<String> {
        fields(title, body).valid_to.map(|field| field.value.to_string())
    }

    #[test]
    fn the_end_of_this_paper_is_read() {
        for (body, end) in [
            ("Giấy phép này có giá trị đến ngày 31 tháng 12 năm 2020.", "2020-12-31"),
            ("Giấy phép có giá trị đến hết ngày 12/3/2025.", "2025-03-12"),
            ("Có giá trị đến: 15/08/2024", "2024-08-15"),
            ("- Có giá trị đến ngày: 15/08/2024", "2024-08-15"),
            ("Giấy phép này có hiệu lực từ ngày 01/4/2015 đến hết ngày 31/12/2020.", "2020-12-31"),
            ("Giấy phép này có hiệu lực kể từ ngày ký và có giá trị đến năm 2020.", "2020-12-31"),
            ("Giấy phép này có thời hạn 05 năm kể từ ngày ký.", "2020-03-02"),
            ("Giấy phép này có giá trị 05 (năm) năm, kể từ ngày cấp.", "2020-03-02"),
            ("Thời hạn của giấy phép: 18 tháng kể từ ngày ký.", "2016-09-02"),
            ("Thời hạn hiệu lực của giấy phép: đến ngày 01/02/2018.", "2018-02-01"),
            ("Giấy phép này hết hiệu lực kể từ ngày 01 tháng 01 năm 2019.", "2019-01-01"),
        ] {
            assert_eq!(end_of("GIẤY PHÉP", &[body]).as_deref(), Some(end), "{body}");
        }
    }

    #[test]
    fn a_sentence_runs_over_lines() {
        let body =
            ["Điều 3. Giấy phép xây dựng này có giá trị trong", "thời hạn 12 tháng kể từ ngày ký."];
        assert_eq!(end_of("GIẤY PHÉP", &body).as_deref(), Some("2016-03-02"));
    }

    #[test]
    fn what_is_not_the_end_of_this_paper_is_none() {
        for body in [
            "Quyết định này có hiệu lực kể từ ngày ký.",
            "Quyết định này có hiệu lực thi hành kể từ ngày 15 tháng 6 năm 2015.",
            "Quyết định số 12/2010/QĐ-UBND hết hiệu lực kể từ ngày 15/6/2015.",
            "Quyết định này thay thế Quyết định có giá trị đến ngày 31/12/2018.",
            "theo Giấy phép số 12/GP-SXD có giá trị đến ngày 31/12/2018 của Sở.",
            "Thời hạn sử dụng đất: đến ngày 15/10/2043.",
            "Thời hạn sử dụng: 50 năm kể từ ngày ký.",
            "Giấy phép này cấp cho dự án có thời hạn 05 năm kể từ ngày ký.",
            "Thời hạn thực hiện dự án: 05 năm kể từ ngày ký hợp đồng.",
            "Công trình phải khởi công trong thời hạn 12 tháng kể từ ngày cấp.",
            "Nếu giấy phép này có giá trị đến ngày 31/12/2018 thì được gia hạn.",
            "Giấy phép này có giá trị đến ngày 31/02/2018.",
            "Giấy phép này có giá trị đến ngày 31/12/2014.",
            "Phát huy giá trị di tích đến năm 2020, tầm nhìn 2030.",
            "Báo cáo kết quả đến ngày 31/12/2018.",
        ] {
            assert_eq!(end_of("GIẤY PHÉP", &[body]), None, "{body}");
        }
        let broken = ["Nhà thầu phải trình Chứng chỉ hành nghề", "có giá trị đến ngày 31/12/2018."];
        assert_eq!(end_of("GIẤY PHÉP", &broken), None);
        let two = ["Giấy phép này có giá trị đến ngày 31/12/2018.", "Có giá trị đến: 31/12/2019"];
        assert_eq!(end_of("GIẤY PHÉP", &two), None);
    }

    #[test]
    fn a_day_in_coloured_ink_is_not_sure() {
        let p = |paper: Paper| {
            let fields = extract(&[paper], context()).segments.remove(0).fields;
            fields.valid_to.map_or(0.0, |field| field.probability)
        };
        let paper = || Paper::decision().line(80.0, 400.0, "Có giá trị đến: 15/08/2024");
        assert!(p(paper()) > 0.9);
        assert!(p(paper().coloured(166.8, 400.0)) < 0.5);
    }

    #[test]
    fn a_paper_never_says_that_it_is_valid_and_is_expired_from_the_day_after() {
        let fields = fields("GIẤY PHÉP", &["Giấy phép này có giá trị đến ngày 31/12/2020."]);
        let on = |y, m, d| {
            let day = NaiveDate::from_ymd_opt(y, m, d).unwrap();
            fields.validity_on(day).map(|field| field.value)
        };
        assert_eq!(on(2020, 12, 31), None);
        assert_eq!(on(2021, 1, 1), Some(Validity::Expired));
    }

    #[test]
    fn a_stamp_stands_alone() {
        let read = |paper: Paper| {
            let fields = extract(&[paper], context()).segments.remove(0).fields;
            fields.validity_on(NaiveDate::MIN).map(|field| field.value)
        };
        let stamped = Paper::decision().line(80.0, 200.0, "HẾT HIỆU LỰC");
        assert_eq!(read(stamped), Some(Validity::Expired));
        let named = Paper::decision().line(80.0, 200.0, "DANH MỤC VĂN BẢN HẾT HIỆU LỰC NĂM 2015");
        assert_eq!(read(named), None);
        assert_eq!(read(Paper::decision()), None);
    }
}
