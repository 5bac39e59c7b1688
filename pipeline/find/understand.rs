//! From what somebody typed to the parts of a request.
//!
//! | typed | understood as |
//! |---|---|
//! | `2114`, `số 2114` | number |
//! | `2114/QĐ-UBND`, `28/2018/QĐ-TTg`, `QĐ-UBND` | number and notation, notation |
//! | `quyết định 2114`, `quyet dinh so 2114` | kind and number; a kind without a number is words |
//! | `01/06/2020`, `ngày 1 tháng 6 năm 2020`, `tháng 6 năm 2020`, `năm 2020` | date of issue |
//! | `000.00.00.H08-200601-0001`, `H08.12-240115-0007` | dossier |
//! | `5b1e0f…-…` | document |
//! | `"thửa số 7"` | these words one after the other |
//! | all else | words |

use std::sync::LazyLock;

use regex::Regex;
use sohoa_document::fold::fold;
use sohoa_extract::Kind;

use crate::{
    code::{Code, is_notation},
    period::Period,
    request::Request,
};

/// Most digits of a document's number.
const NUMBER_DIGITS: usize = 6;

static DOSSIER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?:[0-9A-Z]{3}\.[0-9A-Z]{2}\.[0-9A-Z]{2}\.[A-Y]\d{2}|[A-Y]\d{2}(?:\.[0-9A-Z]{1,6}){0,5})-\d{6}-\d{4,6}$",
    )
    .expect("a fixed pattern")
});

/// What was typed cannot be looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misunderstood {
    /// A quotation mark is alone.
    #[error("a quotation mark is opened and not closed")]
    Unclosed,
    /// A citizen's number does not belong where others see it.
    #[error("this looks like the number of a citizen")]
    CitizensNumber,
    /// Two dates exclude each other.
    #[error("the dates asked for exclude each other")]
    NoDay,
    /// Two values for the same thing.
    #[error("there are two {0} in it")]
    Two(&'static str),
}

/// A word as typed, or a quoted phrase.
#[derive(Debug)]
struct Token {
    text: String,
    folded: String,
    quoted: bool,
}

impl Request {
    /// Adds the parts that are in a text.
    ///
    /// # Errors
    /// [`Misunderstood`] says what is wrong with it.
    pub fn understand(&mut self, text: &str) -> Result<(), Misunderstood> {
        let tokens = tokens(text)?;
        let mut rest = tokens.as_slice();
        while !rest.is_empty() {
            let taken = self.take(rest)?;
            rest = &rest[taken..];
        }
        Ok(())
    }

    /// Adds a period; both have to hold.
    ///
    /// # Errors
    /// [`Misunderstood::NoDay`] where no day is in both.
    pub fn within(&mut self, period: Period) -> Result<(), Misunderstood> {
        let both = self.period.unwrap_or(Period::EVER).and(period);
        self.period = Some(both.ok_or(Misunderstood::NoDay)?);
        Ok(())
    }

    /// Understands what begins here; says how many tokens that took.
    fn take(&mut self, tokens: &[Token]) -> Result<usize, Misunderstood> {
        let first = &tokens[0];
        if is_citizens_number(&first.text) || is_grouped_number(tokens) {
            return Err(Misunderstood::CitizensNumber);
        }
        if first.quoted {
            self.words.push(&first.text);
            return Ok(1);
        }
        if let Some((period, taken)) = dates(tokens) {
            self.within(period)?;
            return Ok(taken);
        }
        if let Some((kind, taken)) = kind(tokens)
            && let Some((number, further)) = numbered(&tokens[taken..])
        {
            set(&mut self.kind, kind, "kinds")?;
            self.take_number(number, false)?;
            return Ok(taken + further);
        }
        if let Some((number, taken)) = numbered(tokens) {
            // After a number, four digits are a year: `2114 2020`.
            if taken == 1
                && (self.number.is_some() || self.code.is_some())
                && let Some(year) = Period::parse(number)
            {
                self.within(year)?;
                return Ok(1);
            }
            self.take_number(number, taken == 1)?;
            return Ok(taken);
        }
        self.take_word(first)?;
        Ok(1)
    }

    fn take_number(&mut self, number: &str, may_be_word: bool) -> Result<(), Misunderstood> {
        match Code::parse(number) {
            Some(code) => set(&mut self.code, code, "numbers"),
            // A second bare number is a word of the subject: `nghị quyết 12 khóa 9`.
            None if self.number.is_some() || self.code.is_some() => {
                self.words.push(number);
                Ok(())
            }
            None => {
                self.number_may_be_word = may_be_word;
                set(&mut self.number, number.to_owned(), "numbers")
            }
        }
    }

    fn take_word(&mut self, token: &Token) -> Result<(), Misunderstood> {
        let text = token.text.as_str();
        let code = text.to_uppercase();
        if let Ok(uid) = text.parse() {
            set(&mut self.document_uid, uid, "document uids")
        } else if DOSSIER.is_match(&code) {
            set(&mut self.dossier_code, code, "dossier codes")
        } else if is_notation(text) {
            set(&mut self.notation, text.to_owned(), "notations")
        } else {
            self.words.push(text);
            Ok(())
        }
    }
}

fn set<T>(part: &mut Option<T>, value: T, what: &'static str) -> Result<(), Misunderstood> {
    if part.is_some() {
        return Err(Misunderstood::Two(what));
    }
    *part = Some(value);
    Ok(())
}

fn tokens(text: &str) -> Result<Vec<Token>, Misunderstood> {
    let mut tokens = Vec::new();
    let pieces: Vec<&str> = text.split(['"', '“', '”']).collect();
    if pieces.len().is_multiple_of(2) {
        return Err(Misunderstood::Unclosed);
    }
    let mut add = |text: &str, quoted: bool| {
        let text = text.trim_matches([',', ';', '.', ':', '?', '!']);
        if !text.is_empty() {
            tokens.push(Token { text: text.to_owned(), folded: fold(text), quoted });
        }
    };
    for (at, piece) in pieces.into_iter().enumerate() {
        if at % 2 == 1 {
            add(piece, true);
        } else {
            piece.split_whitespace().for_each(|word| add(word, false));
        }
    }
    Ok(tokens)
}

/// Nine or twelve digits, however they are grouped.
fn is_citizens_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    matches!(digits, 9 | 12)
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | ' '))
}

/// Three or four groups of three digits, or three of four: the same with spaces.
fn is_grouped_number(tokens: &[Token]) -> bool {
    let lengths = tokens.iter().map_while(|token| {
        let digits = !token.quoted && token.text.bytes().all(|b| b.is_ascii_digit());
        digits.then_some(token.text.len())
    });
    matches!(lengths.collect::<Vec<_>>().as_slice(), [3, 3, 3] | [3, 3, 3, 3] | [4, 4, 4])
}

/// `số 2114`, `2114` or `2114/QĐ-UBND`, with the tokens it took.
fn numbered(tokens: &[Token]) -> Option<(&str, usize)> {
    let labels = usize::from(tokens.first().is_some_and(|t| !t.quoted && t.folded == "so"));
    let token = tokens.get(labels).filter(|token| !token.quoted)?;
    let text = token.text.as_str();
    let digits = text.len() <= NUMBER_DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    (digits || Code::parse(text).is_some()).then_some((text, labels + 1))
}

/// The kind whose name stands here, the longest one.
fn kind(tokens: &[Token]) -> Option<(&'static Kind, usize)> {
    let fits = |kind: &'static Kind| {
        let name = fold(kind.name);
        let words: Vec<&str> = name.split(' ').collect();
        let same = words.len() <= tokens.len()
            && words.iter().zip(tokens).all(|(word, token)| !token.quoted && *word == token.folded);
        same.then_some((kind, words.len()))
    };
    sohoa_extract::kinds().filter_map(fits).max_by_key(|(_, words)| *words)
}

/// The date that stands here, with the tokens it took.
fn dates(tokens: &[Token]) -> Option<(Period, usize)> {
    let number = |at: usize| tokens.get(at)?.text.parse::<u32>().ok();
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|t| !t.quoted && t.folded == word);
    let year = |at: usize| {
        let year = &tokens.get(at)?.text;
        (year.len() == 4).then(|| year.parse::<i32>().ok()).flatten()
    };
    if is(0, "ngay") {
        if is(2, "thang") && is(4, "nam") {
            return Some((Period::date(year(5)?, number(3)?, number(1)?)?, 6));
        }
        return Some((written_date(&tokens.get(1)?.text)?, 2));
    }
    if is(0, "thang") {
        if is(2, "nam") {
            return Some((Period::month(year(3)?, number(1)?)?, 4));
        }
        return Some((written_date(&tokens.get(1)?.text)?, 2));
    }
    if is(0, "nam") {
        return Some((Period::year(year(1)?)?, 2));
    }
    Some((written_date(&tokens[0].text).filter(|_| !tokens[0].quoted)?, 1))
}

/// A date in figures; four digits alone are a number as well.
fn written_date(text: &str) -> Option<Period> {
    Period::parse(text).filter(|_| text.contains(['/', '-', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn understood(text: &str) -> String {
        let mut request = Request::default();
        request.understand(text).unwrap();
        request.explanation()
    }

    #[test]
    fn what_people_type_is_understood() {
        for (typed, said) in [
            ("2114", "number 2114"),
            ("số 2114", "number 2114"),
            ("So: 2114", "number 2114"),
            ("2114/QĐ-UBND", "number 2114/QĐ-UBND"),
            ("số 28/2018/QĐ-TTg", "number 28/2018/QĐ-TTg"),
            ("QĐ-UBND năm 2020", "notation QĐ-UBND, year 2020"),
            ("quyet dinh 2114", "number 2114, kind Quyết định"),
            ("Quyết định số 2114", "number 2114, kind Quyết định"),
            (
                "quyết định 2114/QĐ-UBND ngày 01/06/2020",
                "number 2114/QĐ-UBND, kind Quyết định, date 2020-06-01",
            ),
            ("ngày 1 tháng 6 năm 2020", "date 2020-06-01"),
            ("tháng 6 năm 2020", "dates 2020-06-01 to 2020-06-30"),
            ("tháng 6/2020", "dates 2020-06-01 to 2020-06-30"),
            ("2114 2020", "number 2114, year 2020"),
            ("2020", "number 2020"),
            ("thông tư liên tịch 5", "number 5, kind Thông tư liên tịch"),
            ("quyết định cấp đất", "words quyết định cấp đất"),
            ("\"thửa số 7\" Bình Định", "words \"thửa số 7\" bình định"),
            ("nghị quyết 12 khóa 9", "number 12, kind Nghị quyết, words khóa 9"),
            ("000.00.00.h08-200601-0001", "dossier 000.00.00.H08-200601-0001"),
            ("H08.12-240115-0007", "dossier H08.12-240115-0007"),
            (
                "5b1e0f00-0000-5000-8000-000000000001",
                "document 5b1e0f00-0000-5000-8000-000000000001",
            ),
            ("tháng lương", "words tháng lương"),
            ("năm", "words năm"),
            ("", ""),
        ] {
            assert_eq!(understood(typed), said, "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_looked_for_is_said() {
        let mut request = Request::default();
        for (typed, why) in [
            ("\"thửa số 7", Misunderstood::Unclosed),
            ("052099001234", Misunderstood::CitizensNumber),
            ("211.234.567", Misunderstood::CitizensNumber),
            ("052-099-001-234", Misunderstood::CitizensNumber),
            ("\"052 099 001 234\"", Misunderstood::CitizensNumber),
            ("cccd 052 099 001 234", Misunderstood::CitizensNumber),
            ("01/06/2020 năm 2021", Misunderstood::NoDay),
            ("QĐ-UBND TB-UBND", Misunderstood::Two("notations")),
        ] {
            assert_eq!(request.clone().understand(typed), Err(why), "{typed}");
        }
        assert_eq!(request.understand("0912345678"), Ok(()), "ten digits are a telephone's");
    }

    #[test]
    fn a_number_among_words_may_be_a_word() {
        let mut request = Request::default();
        request.understand("báo cáo răng hàm mặt lần 2").unwrap();
        assert_eq!(request.explanation(), "number 2, words báo cáo răng hàm mặt lần");
        let other = request.with_number_as_word().unwrap();
        assert_eq!(other.explanation(), "words báo cáo răng hàm mặt lần 2");
        assert_eq!(other.with_number_as_word(), None);
        let mut sure = Request::default();
        sure.understand("số 2").unwrap();
        assert_eq!(sure.with_number_as_word(), None);
    }
}
