//! Box 4: place and date of issue.
//!
//! What the line says that was found ([`crate::date_line`]). Digits that are not clearly printed (other
//! height or base than the printed year, odd spaces, doubtful recognition) lower the probability;
//! an unreadable part leaves no date, only a year where that part is clear.

use chrono::{Datelike, NaiveDate};
use sohoa_document::{Field, Rect, Word};

use crate::{
    confidence,
    date_line::{DateLine, Part},
    fields::Precision,
    ink::{self, Ink},
    places,
    witness::{self, Seen},
};

/// First year the Democratic Republic issued papers.
const FIRST_YEAR: i32 = 1945;

/// Most that a place is worth which is no province and stands in no agency's name.
const UNWITNESSED: f32 = 0.85;

/// Odds factor of a year in a line without a place.
const UNPLACED: f32 = 0.02;

/// Odds factor of letters that stand for digits (`l`, `i`, `o`).
const LOOK_ALIKE: f32 = 0.5;

/// Odds factor of a single digit where law wants two, read once and read alike more than once.
const LONE: f32 = 0.4;
const LONE_TWICE: f32 = 0.8;

/// What the date line says.
#[derive(Debug)]
pub(crate) struct DateRead {
    pub(crate) date: Option<Field<NaiveDate>>,
    pub(crate) precision: Option<Field<Precision>>,
    pub(crate) year: Option<Field<i32>>,
    pub(crate) place: Option<Field<String>>,
    /// The line as printed, each reading of it.
    pub(crate) observed: String,
    /// A complete date that lies after the year of scanning.
    pub(crate) future: bool,
    /// What stands in the places of day and month.
    pub(crate) ink: Ink,
    month_filled: bool,
}

impl DateRead {
    /// Whether at least month and year are filled in.
    pub(crate) fn month_known(&self) -> bool {
        self.month_filled
    }
}

impl DateLine<'_> {
    /// Reads the line; `scan_year` bounds the year.
    pub(crate) fn read(&self, scan_year: i32) -> DateRead {
        let year = self.year(scan_year);
        let mut future = false;
        let mut date = None;
        let mut precision = None;
        if let (Some((y, py)), Some((m, pm))) = (year, self.month()) {
            let (day, pd, exact) = match &self.day {
                Some(_) => match self.day() {
                    Some((d, pd)) => (Some(d), pd, Precision::Day),
                    None => (None, 0.0, Precision::Day),
                },
                None => (Some(1), 0.98, Precision::Month),
            };
            let value = day.and_then(|day| NaiveDate::from_ymd_opt(y, m, day));
            let probability = (py * pm * pd).clamp(0.0, 0.999);
            if let Some(value) = value.filter(|_| probability >= confidence::GUESS) {
                date = Some(self.field(value, probability));
                precision = Some(self.field(exact, probability));
            }
        }
        if let Some((y, _)) = self.plain_year().filter(|(y, _)| *y > scan_year) {
            future = y <= scan_year + 100;
        }
        DateRead {
            future,
            ink: self.ink(),
            month_filled: year.is_some() && self.month().is_some(),
            year: year.map(|(y, p)| self.field(y, confidence::weigh(p, self.placed()))),
            place: self.place(),
            observed: self.observed(),
            date,
            precision,
        }
    }

    fn field<T>(&self, value: T, probability: f32) -> Field<T> {
        Field { value, probability, page: self.page, bbox: self.bbox }
    }

    /// The line as read, once or more.
    pub(crate) fn observed(&self) -> String {
        self.readings().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" | ")
    }

    /// Whether it was read more than once.
    pub(crate) fn was_read_again(&self) -> bool {
        !self.again.is_empty()
    }

    /// The box to be read again.
    pub(crate) fn bbox(&self) -> Rect {
        self.bbox
    }

    /// The least readable of day and month.
    fn ink(&self) -> Ink {
        let part =
            |part: &Part<'_>, read| Ink::of(&part.text, &part.words, read, self.printed(part));
        let day = self.day.as_ref().map(|day| part(day, self.day().is_some()));
        let month = part(&self.month, self.month().is_some());
        day.into_iter().chain([month]).max().unwrap_or(Ink::Unread)
    }

    /// This reading of the line and the others.
    fn readings(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.again.iter().map(|(_, line)| line))
    }

    /// What each reading has of something.
    fn seen<T>(&self, of: impl Fn(&Self) -> Option<(T, f32)>) -> Vec<Seen<T>> {
        let again = self.again.iter().map(|(same_model, line)| Seen::new(*same_model, of(line)));
        std::iter::once(Seen::new(true, of(self))).chain(again).collect()
    }

    fn day(&self) -> Option<(u32, f32)> {
        self.number(|line| line.day.as_ref(), 31)
    }

    fn month(&self) -> Option<(u32, f32)> {
        self.number(|line| Some(&line.month), 12)
    }

    /// Odds factor of a year for the line it stands in: a date of issue has its place before it, and
    /// without one it may be a form's, of a birth or of another paper.
    fn placed(&self) -> f32 {
        let last = self.place.as_ref().and_then(|place| place.words.last());
        let parted = last.is_some_and(|word| word.text.ends_with([',', '.', ';']));
        let known = || self.place().is_some_and(|place| place.probability > UNWITNESSED);
        if parted || known() { 1.0 } else { UNPLACED }
    }

    fn plain_year(&self) -> Option<(i32, f32)> {
        let seen = self.seen(Self::own_year).into_iter().zip(self.readings());
        let seen = seen.map(|(seen, line)| seen.like(&line.year.signs(), |year| year.parse().ok()));
        witness::join(&seen.collect::<Vec<_>>())
    }

    fn own_year(&self) -> Option<(i32, f32)> {
        let digits: String = self.year.text.chars().filter(char::is_ascii_digit).collect();
        let clean = self.year.text.trim_matches(|c: char| !c.is_alphanumeric());
        let year = digits.parse().ok().filter(|_| digits.len() == 4)?;
        let doubt = if clean == digits { 1.0 } else { 0.2 };
        let pen = if self.is_coloured(&self.year) { ink::COLOURED } else { 1.0 };
        Some((year, confidence::weigh(weakest(&self.year.words), doubt * pen)))
    }

    fn year(&self, scan_year: i32) -> Option<(i32, f32)> {
        self.plain_year().filter(|(year, _)| (FIRST_YEAR..=scan_year).contains(year))
    }

    /// A day or month and the probability that it is printed so, by all readings of its part.
    fn number(&self, part: impl Fn(&Self) -> Option<&Part<'_>>, most: u32) -> Option<(u32, f32)> {
        let value = |digits: &str| digits.parse().ok().filter(|value| (1..=most).contains(value));
        let seen = self.seen(|line| part(line).and_then(|part| Self::own_number(part, most)));
        let like = |(seen, line): (Seen<u32>, &Self)| match part(line) {
            Some(part) => seen.like(&part.signs(), value),
            None => seen,
        };
        let seen: Vec<Seen<u32>> = seen.into_iter().zip(self.readings()).map(like).collect();
        let (value, p) = witness::join(&seen)?;
        let right = || {
            let right = self.readings().zip(&seen).filter(|(_, seen)| seen.has(&value));
            right.filter_map(|(line, _)| Some((line, part(line)?)))
        };
        let mut p = confidence::weigh(
            p,
            witness::middle(right().map(|(line, part)| line.printed(part)).collect()),
        );
        // Law wants `08` for days and `01`, `02` for months: a single digit may be half of a pair.
        let single = |part: &Part<'_>| part.text.chars().filter(char::is_ascii_digit).count() < 2;
        if right().all(|(_, part)| single(part)) && (most == 31 || value < 3) {
            p = confidence::weigh(p, if right().count() > 1 { LONE_TWICE } else { LONE });
        }
        Some((value, p))
    }

    /// What this reading has for a part, whether it is printed or not.
    fn own_number(part: &Part<'_>, most: u32) -> Option<(u32, f32)> {
        let clean = part.text.trim_matches(|c: char| !c.is_alphanumeric());
        let (digits, exact) = digits(clean)?;
        // Letters alone are a Roman number, or nothing.
        if !clean.chars().any(|c| c.is_ascii_digit()) {
            return None;
        }
        let value: u32 = digits.parse().ok()?;
        if digits.len() > 2 || !(1..=most).contains(&value) {
            return None;
        }
        let mut p = weakest(&part.words);
        if clean != part.text.trim_end_matches(['.', ',']) {
            p = confidence::weigh(p, 0.05);
        } else if !exact {
            // In type `l6` can only be 16; a stroke that is no letter may be ink.
            let letters = clean.chars().all(|c| c.is_ascii_alphanumeric());
            p = confidence::weigh(p, if letters { LOOK_ALIKE } else { 0.05 });
        }
        Some((value, p))
    }

    /// Height of the printed year's digits; what is written by hand beside it is taller.
    pub(crate) fn digit_height(&self) -> Option<f32> {
        self.readings().find_map(Self::own_digit_height)
    }

    fn own_digit_height(&self) -> Option<f32> {
        match self.year.words.as_slice() {
            _ if self.is_coloured(&self.year) => None,
            [word] if only_digits(word) => Some(word.bbox.height()).filter(|height| *height > 1.0),
            _ => None,
        }
    }

    fn is_coloured(&self, part: &Part<'_>) -> bool {
        ink::is_coloured(&part.words, self.coloured)
    }

    /// Odds factor from colour and geometry: print is black, and printed digits are as tall as the
    /// year's and on its base.
    fn printed(&self, part: &Part<'_>) -> f32 {
        if self.is_coloured(part) {
            return ink::COLOURED;
        }
        let (Some(height), [word]) = (self.own_digit_height(), part.words.as_slice()) else {
            return 0.2;
        };
        let year = self.year.words[0].bbox;
        let distance = (year.x0 - word.bbox.x0).abs();
        // Glued to `ngày` or `tháng`, the box is as tall as those: with descender and mark.
        let (bounds, factor) =
            if only_digits(word) { (0.82..=1.2, 1.0) } else { (0.82..=1.45, 0.6) };
        let off = ((word.bbox.y1 - year.y1).abs() - 0.02 * distance).max(0.0) / height;
        let mut factor = factor;
        if !bounds.contains(&(word.bbox.height() / height)) || (only_digits(word) && off > 0.3) {
            factor *= 0.01;
        }
        if part.gaps.0.max(part.gaps.1) > 1.6 {
            factor *= 0.5;
        }
        factor
    }

    fn place(&self) -> Option<Field<String>> {
        let span = self.place.as_ref()?;
        let text = span.text();
        let text = text.trim_matches(|c: char| !c.is_alphanumeric() && c != ')');
        if text.chars().filter(|c| c.is_alphabetic()).count() < 2 {
            return None;
        }
        let p = confidence::word(span.confidence());
        let (value, p) = match places::province(text) {
            Some((name, 0)) => (name.to_owned(), confidence::weigh(p, 6.0)),
            Some((name, _)) => (name.to_owned(), confidence::weigh(p, 2.0)),
            // Communes and districts are not in the table: only the issuer's name can say more.
            None => (text.to_owned(), confidence::weigh(p, 0.12).min(UNWITNESSED)),
        };
        let field = Field { value, probability: p, page: self.page, bbox: span.bbox };
        Some(field).filter(|field| field.probability >= confidence::GUESS)
    }
}

/// The digits meant, and whether they were read as digits.
fn digits(text: &str) -> Option<(String, bool)> {
    let mapped: String = text
        .chars()
        .map(|c| match c {
            'o' => '0',
            'l' | 'i' | '|' | ']' => '1',
            c => c,
        })
        .collect();
    let plain = !mapped.is_empty() && mapped.chars().all(|c| c.is_ascii_digit());
    plain.then(|| {
        let exact = mapped == text;
        (mapped, exact)
    })
}

fn only_digits(word: &Word) -> bool {
    let digits = word.text.trim_end_matches(['.', ',']);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || "lIOo".contains(c))
}

/// Probability of the least sure of these words; one that is all digits is read more surely.
fn weakest(words: &[&Word]) -> f32 {
    let p = |word: &&Word| {
        let map = if only_digits(word) { confidence::digits } else { confidence::word };
        map(word.confidence)
    };
    words.iter().map(p).fold(1.0, f32::min)
}

/// A date printed as digits with separators, e.g. in a stamp.
pub(crate) fn short(text: &str, scan_year: i32) -> Option<NaiveDate> {
    let parts: Vec<&str> = text.split(['/', '-', '.']).map(str::trim).collect();
    let [day, month, year] = parts.as_slice() else { return None };
    let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    (FIRST_YEAR..=scan_year).contains(&date.year()).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fields::Fields,
        testing::{Paper, context, extract},
    };

    fn fields(date: &str) -> Fields {
        let paper = Paper::letterhead("UBND TỈNH BÌNH ĐỊNH", "Số: 12/BC-UBND", date);
        extract(&[paper], context()).segments.remove(0).fields
    }

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    #[test]
    fn a_printed_date_passes_the_accept_line() {
        let read = fields("Bình Định, ngày 08 tháng 4 năm 2019");
        let date = read.issued_date.unwrap();
        assert_eq!(date.value, day(2019, 4, 8));
        assert!(date.probability > 0.9);
        assert_eq!(read.issued_date_precision.unwrap().value, Precision::Day);
        assert_eq!(read.issued_place.unwrap().value, "Bình Định");
    }

    #[test]
    fn a_blank_or_scrawled_day_leaves_the_year_only() {
        for print in [
            "Bình Định, ngày    tháng 4 năm 2019",
            "Bình Định, ngày ... tháng 4 năm 2019",
            "Bình Định, ngày (Q tháng 4 năm 2019",
            "Bình Định, ngày 2| tháng 4 năm 2019",
            "Bình Định, ngày 38 tháng 4 năm 2019",
        ] {
            let read = fields(print);
            assert_eq!(read.issued_date, None, "{print}");
            assert_eq!(read.document_year.map(|field| field.value), Some(2019), "{print}");
        }
    }

    #[test]
    fn letters_that_look_like_digits_are_doubted_not_refused() {
        let read = |print: &str| fields(print).issued_date.map(|f| (f.value, f.probability));
        let (value, p) = read("Bình Định, ngày l6 tháng I1 năm 2019").unwrap();
        assert_eq!(value, day(2019, 11, 16));
        assert!(p < read("Bình Định, ngày 16 tháng 11 năm 2019").unwrap().1);
        assert_eq!(read("Bình Định, ngày 16 tháng II năm 2019"), None, "may be February");
    }

    #[test]
    fn the_panel_of_a_signature_is_a_witness() {
        let paper = |panel: &str| {
            Paper::default()
                .line(330.0, 20.0, panel)
                .line(90.0, 60.0, "UBND TỈNH BÌNH ĐỊNH")
                .line(290.0, 60.0, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
                .line(110.0, 104.0, "Số: 12/BC-UBND")
                .line_at(330.0, 104.0, "Bình Định, ngày 08 tháng 4 năm 2019", 0.6)
        };
        let p = |panel: &str| {
            let found = extract(&[paper(panel)], context());
            found.segments[0].fields.issued_date.as_ref().unwrap().probability
        };
        assert!(p("Thời gian ký: 08/04/2019 14:22:35") > p("Thời gian ký: 14:22:35"));
    }

    /// A paper whose date line was read three times: at first, again, and by another model.
    fn read_again(first: &str, own: &str, other: &str) -> Fields {
        let paper = Paper::letterhead("SỞ NỘI VỤ", "Số: 12/BC-SNV", first)
            .again(330.0, 104.0, own, true)
            .again(330.0, 104.0, other, false);
        extract(&[paper], context()).segments.remove(0).fields
    }

    #[test]
    fn another_model_settles_what_the_first_took_for_letters() {
        let read = |first: &str, own: &str, other: &str| {
            let date = read_again(first, own, other).issued_date?;
            (date.probability >= 0.9).then_some(date.value)
        };
        let place = "Gia Lai, ngày";
        let say = |day: &str| format!("{place} {day} tháng 12 năm 2019");
        let other = |day: &str| format!("Gia Lai, ngay {day} thang 12 ndm 2019");
        assert_eq!(read(&say("l6"), &say("l6"), &other("16")), Some(day(2019, 12, 16)));
        assert_eq!(read(&say("lồ"), &say("lồ"), &other("18")), Some(day(2019, 12, 18)));
        assert_eq!(read(&say("2Š"), &say("25"), &other("25")), Some(day(2019, 12, 25)));
        assert_eq!(read(&say("16"), &say("16"), &other("18")), None, "they differ");
        assert_eq!(read(&say("(Q"), &say("{O"), &other("10")), None, "one alone");
    }

    #[test]
    fn a_part_in_coloured_ink_leaves_no_date() {
        let date = "Gia Lai, ngày 05 tháng 04 năm 2019";
        let paper = || Paper::letterhead("SỞ NỘI VỤ", "Số: 12/BC-SNV", date);
        let read = |paper: Paper| extract(&[paper], context()).segments.remove(0);
        assert!(read(paper()).fields.issued_date.is_some());
        for (x, year) in [(407.5, Some(2019)), (457.1, Some(2019)), (494.3, None)] {
            let found = read(paper().coloured(x, 104.0));
            assert_eq!(found.fields.issued_date, None, "{x}");
            let sure = found.fields.document_year.filter(|year| year.probability > 0.5);
            assert_eq!(sure.map(|year| year.value), year, "{x}");
            let told = found.findings.iter().find(|found| found.field == "issued_date").unwrap();
            let told = told.observed.as_ref().unwrap();
            assert!(year.is_none() || told.starts_with("handwritten: "), "{told}");
        }
    }

    #[test]
    fn the_date_of_a_forms_template_is_not_the_papers() {
        let form = |lines: &[(f32, f32, &str)]| {
            let of = |paper: Paper, line: &(f32, f32, &str)| paper.line(line.0, line.1, line.2);
            let paper = lines.iter().fold(Paper::default(), of);
            let paper = paper.line(290.0, 90.0, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM").line(
                340.0,
                106.0,
                "Độc lập - Tự do - Hạnh phúc",
            );
            paper.line(250.0, 180.0, "TỜ KHAI ĐĂNG KÝ").line(90.0, 220.0, "Kính gửi: UBND xã Mẫu")
        };
        let template = [
            (380.0, 30.0, "Mẫu số 02"),
            (330.0, 44.0, "Ban hành kèm theo Thông tư số 04/2020/TT-BTP"),
            (380.0, 58.0, "ngày 28 tháng 5 năm 2020"),
        ];
        let read = |paper: Paper| extract(&[paper], context()).segments.remove(0).fields;
        let mut placed = template;
        placed[2].2 = "Hà Nội, ngày 28 tháng 5 năm 2020";
        assert_eq!(read(form(&placed)).issued_date, None);
        let undated = read(form(&template));
        assert_eq!((undated.issued_date, undated.document_year), (None, None));
        let dated = form(&template).line(350.0, 134.0, "Mẫu, ngày 15 tháng 6 năm 2021");
        assert_eq!(read(dated).issued_date.unwrap().value, day(2021, 6, 15));
        // The titles may be unread.
        let of = |paper: Paper, line: &(f32, f32, &str)| paper.line(line.0, line.1, line.2);
        let untitled = template.iter().fold(Paper::default(), of);
        assert_eq!(read(untitled.line(250.0, 180.0, "TỜ KHAI ĐĂNG KÝ")).issued_date, None);
    }

    #[test]
    fn a_year_without_a_place_or_before_a_cited_one_passes_no_line() {
        let birth = Paper::letterhead("UBND XÃ MẪU", "Số: 12/TLKT-BS", "ngày 12 tháng 5 năm 1945");
        let read = |paper: Paper| extract(&[paper], context()).segments.remove(0).fields;
        assert!(read(birth).document_year.unwrap().probability < 0.9);
        let line = "Cấp lần đầu ngày 12 tháng 5 năm 2015";
        let granted = Paper::letterhead("UBND XÃ MẪU", "Số: 12/GCN", line);
        assert!(read(granted).document_year.unwrap().probability < 0.9);
        let first = Paper::letterhead("UBND XÃ MẪU", "Số: 12/GCN", "Mẫu, ngày 12 tháng 5 năm 2015");
        assert!(read(first.clone()).document_year.unwrap().probability > 0.9);
        let again = first.line(90.0, 200.0, "Căn cứ Luật Mẫu ngày 15 tháng 6 năm 2021;");
        assert!(read(again).document_year.unwrap().probability < 0.9);
    }

    #[test]
    fn days_that_do_not_exist_and_years_to_come_are_refused() {
        assert_eq!(fields("Bình Định, ngày 30 tháng 02 năm 2019").issued_date, None);
        assert_eq!(fields("Bình Định, ngày 30 tháng 12 năm 2091").issued_date, None);
        assert_eq!(fields("Bình Định, ngày 30 tháng 12 năm 1891").issued_date, None);
    }

    #[test]
    fn a_month_without_a_day_says_so() {
        let read = fields("Bình Định, tháng 4 năm 2019");
        assert_eq!(read.issued_date.unwrap().value, day(2019, 4, 1));
        assert_eq!(read.issued_date_precision.unwrap().value, Precision::Month);
    }

    #[test]
    fn words_glued_to_their_numbers_are_read() {
        let read = fields("Bình Định, ngày22 tháng 9 năm 2019");
        assert_eq!(read.issued_date.unwrap().value, day(2019, 9, 22));
    }

    #[test]
    fn a_place_that_reads_like_the_word_for_day_is_a_place() {
        let read = fields("Quảng Ngãi, ngày 08 tháng 4 năm 2019");
        assert_eq!(read.issued_place.unwrap().value, "Quảng Ngãi");
        assert_eq!(read.issued_date.unwrap().value, day(2019, 4, 8));
    }

    #[test]
    fn short_dates_follow_the_calendar() {
        assert_eq!(short("14/6/2020", 2026), Some(day(2020, 6, 14)));
        assert_eq!(short("31/6/2020", 2026), None);
        assert_eq!(short("14/6", 2026), None);
    }
}
