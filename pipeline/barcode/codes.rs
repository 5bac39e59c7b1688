//! Codes of dossiers and procedures inside a text: plain, in a URL, between pipes, in JSON.
//!
//! Forms: domain.md §6.8 (Circular 01/2018 Art. 19, and the form with codes of Decision 20).

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use chrono::NaiveDate;
use regex::{Match, Regex};

static DOSSIER: LazyLock<Regex> = LazyLock::new(|| {
    let group = r"[0-9A-Z]{3}\.[0-9A-Z]{2}\.[0-9A-Z]{2}\.[A-Y][0-9]{2}";
    let recent = r"[A-Y][0-9]{2}(?:\.[0-9A-Z]{1,6}){0,5}";
    Regex::new(&format!(r"(?:{group}|{recent})-[0-9]{{6}}-[0-9]{{4,6}}"))
        .expect("constant pattern, compiled in tests")
});

static PROCEDURE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[0-9]\.[0-9]{6}(?:\.000\.00\.00\.[A-Z][0-9]{2})?")
        .expect("constant pattern, compiled in tests")
});

/// The codes of dossiers in `text`, each once, in their order; only those whose date is one.
pub fn dossier_codes(text: &str) -> Vec<String> {
    standing_alone(&DOSSIER, text, |code| received_on(code).is_some())
}

/// The codes of procedures in `text`, each once, in their order.
///
/// A base code alone (`1.004873`) looks like a coordinate; it counts beside a dossier's code only.
pub fn procedure_codes(text: &str) -> Vec<String> {
    let with_base = !dossier_codes(text).is_empty();
    standing_alone(&PROCEDURE, text, |code| with_base || code.contains(".000."))
}

/// The day a dossier was received, from its code; `None` when the code has no such day.
pub fn received_on(dossier_code: &str) -> Option<NaiveDate> {
    let day = dossier_code.rsplit('-').nth(1)?;
    let part = |range: Range<usize>| day.get(range)?.parse::<u32>().ok();
    NaiveDate::from_ymd_opt(2000 + part(0..2)? as i32, part(2..4)?, part(4..6)?)
}

/// Whether two codes name the same procedure: a base code leaves out the province.
pub fn same_procedure(one: &str, other: &str) -> bool {
    let base = |code: &str| code.get(..8).map(str::to_owned);
    one == other || (one.len().min(other.len()) == 8 && base(one) == base(other))
}

fn standing_alone(pattern: &Regex, text: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let text = percent_decoded(text);
    let mut found: Vec<String> = Vec::new();
    for code in pattern.find_iter(&text).filter(|code| stands_alone(&text, code)) {
        let code = code.as_str();
        if wanted(code) && !found.iter().any(|known| known == code) {
            found.push(code.to_owned());
        }
    }
    found
}

/// Whether neither letters nor digits go on at either end.
fn stands_alone(text: &str, found: &Match<'_>) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || c == '.' || c == '-';
    let before = text[..found.start()].chars().next_back();
    let mut after = text[found.end()..].chars();
    let open = match after.next() {
        // The full stop of a sentence.
        Some('.' | '-') => after.next().is_some_and(char::is_alphanumeric),
        Some(c) => c.is_alphanumeric(),
        None => false,
    };
    !open && !before.is_some_and(goes_on)
}

/// `%2E` and the like resolved; bytes that are no UTF-8 are replaced.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = text.get(at + 1..at + 3).filter(|_| byte == b'%');
        if let Some(value) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            out.push(value);
            at += 3;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OLD: &str = "000.00.12.H08-160412-0031";

    #[test]
    fn a_dossier_code_is_found_however_it_is_wrapped() {
        for text in [
            OLD.to_owned(),
            format!("https://dichvucong.example.vn/tra-cuu?ma_ho_so={OLD}&x=1"),
            format!("https://dichvucong.example.vn/%3Fma%3D{OLD}%26x"),
            format!("1|{OLD}|Một cửa"),
            format!(r#"{{"maHoSo":"{OLD}","maThuTuc":"1.004873.000.00.00.H08"}}"#),
            format!("Mã hồ sơ: {OLD}."),
        ] {
            assert_eq!(dossier_codes(&text), [OLD], "{text}");
        }
        for recent in ["H08.12-240115-0007", "H08.29.5-240115-000712", "000.00.BD.H08-230411-0004"]
        {
            assert_eq!(dossier_codes(recent), [recent]);
        }
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for text in [
            "000.00.12.H08-161312-0031",
            "000.00.12.H08-160230-0031",
            "000.00.12.H08-160412-00311234567",
            "X000.00.12.H08-160412-0031",
            "000.00.12.H08-160412-0031A",
            "00.12.H08-160412-0031",
            "000.00.12.h08-160412-0031",
            "052099001234|Mẫu|01012000",
        ] {
            assert_eq!(dossier_codes(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_base_code_alone_may_be_a_coordinate() {
        assert_eq!(procedure_codes("9.176543,105.150123"), [""; 0]);
        assert_eq!(procedure_codes("TTHC 1.004873.000.00.00.H08"), ["1.004873.000.00.00.H08"]);
        assert_eq!(procedure_codes(&format!("{OLD}|1.004873")), ["1.004873"]);
        assert!(same_procedure("1.004873", "1.004873.000.00.00.H08"));
        assert!(!same_procedure("1.004873.000.00.00.H55", "1.004873.000.00.00.H08"));
        assert!(!same_procedure("1.004874", "1.004873.000.00.00.H08"));
    }

    #[test]
    fn the_day_of_a_code_is_read() {
        assert_eq!(received_on(OLD), NaiveDate::from_ymd_opt(2016, 4, 12));
        assert_eq!(received_on("no code"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_a_trap(text in "\\PC*%?[0-9A-F]?[0-9A-Z.%-]{0,40}\\PC*") {
            for code in dossier_codes(&text).iter().chain(&procedure_codes(&text)) {
                prop_assert!(DOSSIER.is_match(code) || PROCEDURE.is_match(code));
            }
        }
    }
}
