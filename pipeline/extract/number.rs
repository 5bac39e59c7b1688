//! Box 3: number and notation.
//!
//! Read only on the row that starts with `Số`, never in the body. Numbers are often written by hand
//! into the printed line: digits count only as recognised (no look-alike is turned into a digit at
//! high probability), they must stand as print stands, and doubt lowers the probability below any
//! use. Where digits are unreadable the notation behind the slash may still be known.

use sohoa_document::{Field, Rect, Word, fold::fold};

use crate::{
    confidence,
    ink::{Ink, NO_PRINT},
    notation::Notation,
    number_line::NumberLine,
    number_parts::Parts,
    witness::{self, Seen},
};

/// Most that digits are worth which two models read as different numbers, or which one model alone
/// read where a pen may have been: a pen's digits can have the height and the base of print, and one
/// model repeats its error on them.
const UNWITNESSED: f32 = 0.85;

/// A label so many times as tall as the page's reading has it holds ink of the line below: what was
/// cut out took it in, and its heights tell nothing of a pen.
const STRETCHED: f32 = 1.3;

/// What the number line says.
#[derive(Debug)]
pub(crate) struct NumberRead {
    pub(crate) number: Option<Field<String>>,
    pub(crate) notation: Option<Field<Notation>>,
    /// Number, separator, year and notation as they belong together.
    pub(crate) full: Option<Field<String>>,
    /// Year inside the number, as in `12/2010/QĐ-UBND`.
    pub(crate) year: Option<i32>,
    /// What stands in the number's place.
    pub(crate) ink: Ink,
}

impl NumberLine<'_> {
    /// Reads the line; `digit_height` is the height of digits printed beside it, when known.
    pub(crate) fn read(&self, digit_height: Option<f32>) -> NumberRead {
        let readings: Vec<Parts<'_>> =
            self.readings().filter_map(|line| line.parts(digit_height)).collect();
        let first = self.parts(digit_height);
        let Some(lead) = readings.first() else {
            return NumberRead {
                number: None,
                notation: None,
                full: None,
                year: None,
                ink: Ink::Unread,
            };
        };
        let notation = self.notation(&readings);
        let number = self.number(&readings);
        let ink = first.map_or(Ink::Unread, |parts| {
            Ink::of(&parts.digits, &parts.digit_words, number.is_some(), parts.printed)
        });
        // Digits without a notation may be a date, a telephone number or a form's own number.
        let whole =
            |number: &Field<String>| notation.is_some() && number.probability >= confidence::GUESS;
        let number = number.filter(whole);
        let year = lead.year;
        let full = number.as_ref().zip(notation.as_ref()).map(|(number, notation)| {
            let year = year.map_or_else(String::new, |year: i32| format!("{year}/"));
            let value = format!("{}{}{year}{}", number.value, lead.separator, notation.value.text);
            let bbox = number.bbox.union(&notation.bbox);
            Field { value, probability: joint(number, notation), page: self.page, bbox }
        });
        NumberRead { number, notation, full, year, ink }
    }

    /// This reading of the line and the others.
    fn readings(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.again)
    }

    /// Whether its digits stand as no print stands: read again, they still would.
    pub(crate) fn is_written(&self, digit_height: Option<f32>) -> bool {
        let parts = self.parts(digit_height);
        parts.is_some_and(|parts| !parts.digit_words.is_empty() && parts.printed < NO_PRINT)
    }

    /// The line as read, once or more.
    pub(crate) fn observed(&self) -> String {
        self.readings().map(|line| line.span.text()).collect::<Vec<_>>().join(" | ")
    }

    /// Whether it was read more than once.
    pub(crate) fn was_read_again(&self) -> bool {
        !self.again.is_empty()
    }

    /// The notation by all readings: they agree where only marks differ, and the first that has it
    /// gives its letters.
    fn notation(&self, readings: &[Parts<'_>]) -> Option<Field<Notation>> {
        let key = |notation: &Notation| fold(&notation.text);
        let seen = |parts: &Parts<'_>| {
            let notation = parts.notation().map(|(notation, p)| (key(&notation), p));
            Seen::new(parts.same_model, notation)
        };
        let (value, p) = witness::join(&readings.iter().map(seen).collect::<Vec<_>>())?;
        let has = |parts: &&Parts<'_>| parts.notation.as_ref().is_some_and(|n| key(n) == value);
        let parts = readings.iter().find(has)?;
        Some(self.field(parts.notation.clone()?, p, &parts.notation_words))
    }

    fn number(&self, readings: &[Parts<'_>]) -> Option<Field<String>> {
        let seen = readings.iter().map(|parts| Seen::new(parts.same_model, parts.number()));
        let seen: Vec<Seen<String>> = seen.collect();
        let (value, p) = witness::join(&seen)?;
        let right = seen.iter().zip(readings).filter(|(seen, _)| seen.has(&value));
        let right: Vec<&Parts<'_>> = right.map(|(_, parts)| parts).collect();
        let printed = self.printed_by(&right);
        let words = &right.first()?.digit_words;
        let p = confidence::weigh(p, printed);
        let witnessed = right.iter().any(|parts| !parts.same_model);
        // Apart from label and notation the typist left room for a pen.
        let pen =
            right.iter().any(|parts| parts.apart) || !right.iter().any(|parts| parts.is_clear());
        let other = readings.iter().filter(|parts| !parts.same_model);
        let denied = other.filter_map(Parts::number).any(|(other, _)| other != value);
        Some(self.field(
            value,
            if denied || (pen && !witnessed) { p.min(UNWITNESSED) } else { p },
            words,
        ))
    }

    /// Odds factor of geometry and colour by all readings that have the value, or those of them that
    /// measured print and nothing else.
    fn printed_by(&self, right: &[&Parts<'_>]) -> f32 {
        let tallest = STRETCHED * self.label_height();
        let (plain, stretched): (Vec<&Parts<'_>>, Vec<_>) =
            right.iter().partition(|parts| parts.label_height <= tallest);
        let measured = if plain.is_empty() { stretched } else { plain };
        witness::middle(measured.iter().map(|parts| parts.printed).collect())
    }

    fn field<T>(&self, value: T, probability: f32, words: &[&Word]) -> Field<T> {
        let bbox = Rect::around(words.iter().map(|word| &word.bbox)).unwrap_or(self.span.bbox);
        Field { value, probability, page: self.page, bbox }
    }
}

/// Probability that both are right: one word is right or wrong as a whole.
pub(crate) fn joint<A, B>(number: &Field<A>, notation: &Field<B>) -> f32 {
    if number.bbox == notation.bbox {
        number.probability.min(notation.probability)
    } else {
        number.probability * notation.probability
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        fields::Fields,
        testing::{Paper, TYPE, context, extract},
    };

    fn fields(paper: Paper) -> Fields {
        extract(&[paper], context()).segments.remove(0).fields
    }

    fn letterhead(number: &str) -> Fields {
        fields(Paper::letterhead(
            "UBND TỈNH BÌNH ĐỊNH",
            number,
            "Bình Định, ngày 17 tháng 12 năm 1998",
        ))
    }

    fn text(field: Option<&sohoa_document::Field<String>>) -> Option<&str> {
        field.map(|field| field.value.as_str())
    }

    #[test]
    fn printed_numbers_of_every_age_are_read() {
        for (print, number, notation, full) in [
            ("Số: 2114/QĐ-UBND", "2114", "QĐ-UBND", "2114/QĐ-UBND"),
            ("Số: 2114 /QĐ-UBND", "2114", "QĐ-UBND", "2114/QĐ-UBND"),
            ("Số: 2114/ QĐ - UBND", "2114", "QĐ-UBND", "2114/QĐ-UBND"),
            ("Số: 12/2010/QĐ-UBND", "12", "QĐ-UBND", "12/2010/QĐ-UBND"),
            ("Số: 05-NQ/TU", "05", "NQ/TU", "05-NQ/TU"),
            ("Số: 123 QĐ/UB", "123", "QĐ/UB", "123 QĐ/UB"),
            ("Số: 123/QĐ-UB", "123", "QĐ-UB", "123/QĐ-UB"),
            ("Số: 123/1998/QĐ-UB", "123", "QĐ-UB", "123/1998/QĐ-UB"),
            ("Số: 45-QĐ/UB", "45", "QĐ/UB", "45-QĐ/UB"),
            ("Số: 09-CTr/TU", "09", "CTr/TU", "09-CTr/TU"),
            ("Số: 217-HĐBT", "217", "HĐBT", "217-HĐBT"),
            ("Số: 12 CT/UB", "12", "CT/UB", "12 CT/UB"),
            ("Số: 31/SNV-CCVC", "31", "SNV-CCVC", "31/SNV-CCVC"),
            ("Số 31/SNV", "31", "SNV", "31/SNV"),
        ] {
            let read = letterhead(print);
            assert_eq!(text(read.code_number.as_ref()), Some(number), "{print}");
            assert_eq!(text(read.code_notation.as_ref()), Some(notation), "{print}");
            assert_eq!(text(read.code_full.as_ref()), Some(full), "{print}");
        }
    }

    #[test]
    fn a_paper_that_a_letter_is_about_does_not_lend_its_number() {
        let letter = |number: Option<&str>| {
            let paper = Paper::default()
                .line(90.0, 60.0, "SỞ NỘI VỤ")
                .line(290.0, 60.0, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
                .line(330.0, 104.0, "Gia Lai, ngày 05 tháng 4 năm 2019");
            let paper =
                number.into_iter().fold(paper, |paper, text| paper.line(110.0, 104.0, text));
            paper
                .line(90.0, 122.0, "V/v thực hiện Quyết định")
                .line(95.0, 136.0, "số 1571/QĐ-UBND")
                .line(220.0, 190.0, "Kính gửi: Các phòng, ban;")
        };
        assert_eq!(fields(letter(None)).code_full, None);
        assert_eq!(fields(letter(Some("Số: 31/SNV-CCVC"))).code_full.unwrap().value, "31/SNV-CCVC");
    }

    #[test]
    fn a_clear_number_passes_the_accept_line() {
        let read = letterhead("Số: 2114/QĐ-UBND");
        assert!(read.code_full.unwrap().probability > 0.9);
    }

    #[test]
    fn one_word_is_right_or_wrong_as_a_whole() {
        let read = |organ: &str, confidence: f32| {
            let paper = Paper::letterhead(organ, "Số:", "Gia Lai, ngày 05 tháng 4 năm 2019")
                .line_at(131.0, 104.0, "02/TB-SNV", confidence)
                .line(260.0, 140.0, "THÔNG BÁO");
            let read = fields(paper);
            (read.code_number.unwrap().probability, read.code_full.unwrap().probability)
        };
        let (number, full) = read("SỞ NỘI VỤ", 0.82);
        assert!((number - full).abs() < 1.0e-6, "the notation is not the weaker one");
        // A known notation says nothing of digits beside it: they may be written by hand.
        assert!((number - read("SỞ Y TẾ", 0.82).0).abs() < 1.0e-6);
    }

    #[test]
    fn a_blank_or_a_scrawl_is_no_number_but_leaves_the_notation() {
        for print in ["Số:      /QĐ-UBND", "Số: ..../QĐ-UBND", "Số: ?(4/QĐ-UBND", "Số: lÍ /QĐ-UBND"]
        {
            let read = letterhead(print);
            assert_eq!(read.code_number, None, "{print}");
            assert_eq!(read.code_full, None, "{print}");
            assert_eq!(text(read.code_notation.as_ref()), Some("QĐ-UBND"), "{print}");
        }
    }

    #[test]
    fn digits_taller_than_print_are_handwriting() {
        let mut tall = Paper::letterhead("SỞ NỘI VỤ", "Số:", "Gia Lai, ngày 05 tháng 4 năm 2019");
        tall = tall.tall(132.0, 99.0, "731", 15.0).line(170.0, 104.0, "/SNV-VP");
        assert_eq!(fields(tall).code_number, None);
        let mut even = Paper::letterhead("SỞ NỘI VỤ", "Số:", "Gia Lai, ngày 05 tháng 4 năm 2019");
        even = even.tall(132.0, 104.0, "731", 10.0).line(152.0, 104.0, "/SNV-VP");
        assert!(fields(even).code_number.unwrap().probability > 0.5);
    }

    #[test]
    fn digits_in_coloured_ink_are_handwriting_however_they_stand() {
        let date = "Gia Lai, ngày 05 tháng 4 năm 2019";
        let apart = Paper::letterhead("SỞ NỘI VỤ", "Số:", date)
            .line(132.0, 104.0, "731")
            .line(152.0, 104.0, "/SNV-VP");
        let glued = Paper::letterhead("SỞ NỘI VỤ", "Số: 731/SNV-VP", date);
        for (paper, x) in [(apart, 132.0), (glued, 132.0)] {
            assert!(fields(paper.clone()).code_number.is_some());
            // However often and by whom they were read.
            let paper = paper.again(110.0, 104.0, "Số: 731 /SNV-VP", true);
            let paper = paper.again(110.0, 104.0, "S6: 731 /SNV-VP", false).coloured(x, 104.0);
            let segment = extract(&[paper], context()).segments.remove(0);
            assert_eq!(segment.fields.code_number, None);
            assert_eq!(text(segment.fields.code_notation.as_ref()), Some("SNV-VP"));
            let mut told = segment.findings.iter().filter(|found| found.code == "M01_MISSING");
            let told = told.find(|found| found.field == "code_number").unwrap();
            assert!(told.observed.as_ref().unwrap().starts_with("handwritten: "), "{told:?}");
        }
    }

    #[test]
    fn a_number_that_the_other_model_reads_differently_does_not_pass_however_often_one_repeats_it()
    {
        let again = |doubt: f32| {
            let date = "Gia Lai, ngày 05 tháng 4 năm 2019";
            let mut paper = Paper::letterhead("SỞ NỘI VỤ", "Số: 228/TB-SNV", date);
            paper = paper.again(110.0, 104.0, "Số: 228/TB-SNV", true);
            paper = paper.again_at((110.0, 104.0), ("S6: 528/TB-SNV", doubt), false);
            fields(paper).code_number.unwrap().probability
        };
        assert!(again(0.96) < 0.9 && again(0.45) < 0.9);
    }

    #[test]
    fn digits_that_are_not_clear_pass_only_where_two_models_read_them() {
        let read = |confidence: f32| {
            let date = "Gia Lai, ngày 05 tháng 4 năm 2019";
            let line = |paper: Paper| paper.line_at(132.0, 104.0, "24/TB-SNV", confidence);
            line(Paper::letterhead("SỞ NỘI VỤ", "Số:", date)).line(260.0, 140.0, "THÔNG BÁO")
        };
        let p = |paper: Paper| fields(paper).code_number.unwrap().probability;
        assert!(p(read(0.88)) < 0.9 && p(read(0.9)) > 0.9);
        assert!(p(read(0.88).again(110.0, 104.0, "S6: 24/TB-SNV", false)) > 0.9);
    }

    #[test]
    fn digits_apart_pass_only_where_two_models_read_them() {
        let date = "Gia Lai, ngày 05 tháng 4 năm 2019";
        let paper = || {
            Paper::letterhead("SỞ NỘI VỤ", "Số:", date)
                .line(132.0, 104.0, "31")
                .line(148.0, 104.0, "/BC-SNV")
        };
        let p = |paper: Paper| fields(paper).code_number.unwrap().probability;
        assert!(p(paper()) < 0.9);
        let own = || paper().again(110.0, 104.0, "Số: 31/BC-SNV", true);
        assert!(p(own()) < 0.9);
        assert!(p(own().again(110.0, 104.0, "S6: 31/BC-SNV", false)) > 0.9);
    }

    /// The probabilities of number, and of number and notation, read at first and by two models.
    fn read_again(first: (&str, f32), own: &str, other: &str) -> (String, f32) {
        let date = "Gia Lai, ngày 05 tháng 4 năm 2019";
        let paper = Paper::default()
            .line(90.0, 60.0, "SỞ NỘI VỤ")
            .line(290.0, 60.0, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
            .line_at(110.0, 104.0, first.0, first.1)
            .line(330.0, 104.0, date)
            .line(260.0, 140.0, "THÔNG BÁO")
            .again(110.0, 104.0, own, true)
            .again(110.0, 104.0, other, false);
        let full = fields(paper).code_full.unwrap();
        (full.value, full.probability)
    }

    #[test]
    fn two_models_that_agree_lift_a_doubtful_number() {
        let doubtful = ("Số: 02/TB-SNV.", 0.66);
        let (value, p) = read_again(doubtful, "Số: 02/TB-SNV", "Sé: 02/TB-SNV");
        assert_eq!(value, "02/TB-SNV");
        assert!(p > 0.9, "{p}");
        let (_, p) = read_again(doubtful, "Số: 02/TB-SNV", "S6: 82/TB-SNV");
        assert!(p < 0.9, "{p}");
    }

    #[test]
    fn ink_of_the_line_below_makes_no_pen_of_print() {
        let date = "Gia Lai, ngày 05 tháng 4 năm 2019";
        let paper = |digits: f32| {
            let paper = Paper::default()
                .line(90.0, 60.0, "SỞ NỘI VỤ")
                .line(290.0, 60.0, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
                .line(110.0, 104.0, "Số:")
                .tall(132.0, 104.0, "02", digits)
                .line(150.0, 104.0, "/TB-SNV")
                .line(330.0, 104.0, date)
                .line(260.0, 140.0, "THÔNG BÁO");
            let paper = paper
                .again_tall((110.0, 104.0), "Số: 02 /TB-SNV", true, 2.0 * TYPE.0)
                .again_tall((110.0, 104.0), "S6: 02 /TB-SNV", false, 2.0 * TYPE.0);
            fields(paper).code_number.unwrap().probability
        };
        assert!(paper(TYPE.0) > 0.9);
        assert!(paper(1.8 * TYPE.0) < 0.9, "written");
    }

    #[test]
    fn marks_the_other_model_does_not_know_stay_as_read() {
        let (value, p) = read_again(("Số: 02/ĐL-SNV", 0.9), "Số: 02/ĐL-SNV", "S6:02/DL-SNV");
        assert_eq!(value, "02/ĐL-SNV");
        assert!(p > 0.5);
    }

    #[test]
    fn a_line_without_its_label_is_no_second_reading() {
        let (_, with) = read_again(("Số: 63/TB-SNV", 0.7), "Số: 63/TB-SNV", "S6: 63/TB-SNV");
        let (_, without) = read_again(("Số: 63/TB-SNV", 0.7), "63/TB-SNV", "63/TB-SNV");
        assert!(without < with);
    }

    #[test]
    fn a_label_takes_no_digit_of_the_number_glued_to_it() {
        for (print, number) in
            [("Số05/QĐ-UBND", "05"), ("Số6/QĐ-UBND", "6"), ("Sé6: 02/QĐ-UBND", "02")]
        {
            let read = letterhead(print);
            assert_eq!(text(read.code_number.as_ref()), Some(number), "{print}");
        }
    }

    #[test]
    fn a_number_in_the_body_is_never_taken() {
        let paper = Paper::default()
            .line(290.0, 60.0, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
            .line(90.0, 300.0, "Căn cứ Quyết định")
            .line(90.0, 320.0, "số 12/QĐ-UBND ngày 03 tháng 4 năm 2019;");
        let read = fields(paper);
        assert_eq!((read.code_number, read.code_notation), (None, None));
    }
}
