//! What somebody typed, as a value of a column; or what is wrong with it.
//!
//! Looser in form than the page is read (a person may write `5/4/2019`), and as strict in meaning: a
//! day that no calendar has, or a number that is none, does not pass.

use chrono::{Datelike as _, NaiveDate};
use sohoa_document::fold::fold;
use sohoa_extract::kinds;

/// Papers of the archives are from this century and the last; an older year is a slip of the
/// keyboard.
const EARLIEST: i32 = 1900;

/// Most characters of a text. The law allows 500 for the longest; the index keeps more, to be
/// shortened at export.
const LONGEST: usize = 4_000;

/// Most signs of a number: `codeNumber(11)`.
const LONGEST_NUMBER: usize = 11;

/// Most signs of a notation. The law allows 30, and old ones are longer.
const LONGEST_NOTATION: usize = 40;

/// Most parts of a notation: `NQLT/BTP-BCA-VKSNDTC-TANDTC` has five.
const MOST_GROUPS: usize = 6;

/// Words of `level_at_issue`, with what else they are called.
pub(super) const LEVELS: [(&str, &[&str]); 4] = [
    ("central", &["trung uong"]),
    ("province", &["tinh", "cap tinh", "thanh pho"]),
    ("district", &["huyen", "cap huyen", "quan", "thi xa"]),
    ("commune", &["xa", "cap xa", "phuong", "thi tran"]),
];

/// Words of `urgency_level`.
pub(super) const URGENCIES: [(&str, &[&str]); 4] = [
    ("none", &["khong", "thuong"]),
    ("khan", &[]),
    ("thuong_khan", &["thuong khan"]),
    ("hoa_toc", &["hoa toc"]),
];

/// Words of `doc_role`.
pub(super) const ROLES: [(&str, &[&str]); 6] = [
    ("result", &["ket qua", "kq"]),
    ("component", &["thanh phan", "thanh phan ho so"]),
    ("verification", &["xac minh", "tham tra", "y kien"]),
    ("attachment", &["dinh kem", "kem theo"]),
    ("other", &["khac"]),
    ("unknown", &["chua ro", "khong ro"]),
];

/// Words of `validity_status`.
pub(super) const VALIDITIES: [(&str, &[&str]); 4] = [
    ("valid", &["con hieu luc", "con"]),
    ("expired", &["het hieu luc", "het han"]),
    ("revoked", &["thu hoi", "bi thu hoi", "da thu hoi"]),
    ("unknown", &["chua ro", "khong ro"]),
];

/// Words of `signer_authority`.
const AUTHORITIES: [&str; 5] = ["TM", "KT", "TL", "TUQ", "Q"];

/// A checked value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Number, notation and both as printed.
    Code {
        /// `45`.
        number: String,
        /// `QĐ-UBND`.
        notation: String,
        /// `45/2010/QĐ-UBND`.
        full: String,
    },
    /// A day, or the first of what is known of it.
    Date {
        /// The day.
        date: NaiveDate,
        /// `day`, `month` or `year`.
        precision: &'static str,
    },
    /// A kind of document.
    Kind {
        /// `01` to `32`.
        code: &'static str,
        /// As in notations.
        abbr: Option<&'static str>,
        /// As printed; none leaves what is on record.
        name: Option<String>,
    },
    /// Several texts.
    List(Vec<String>),
    /// No value: what is on record is wrong, and the right one cannot be read.
    Null,
    /// Text.
    Text(String),
    /// A year.
    Year(i32),
}

/// Text of any wording.
pub(super) fn text(text: &str) -> Result<Value, String> {
    if text.chars().count() > LONGEST {
        return Err(format!("is longer than {LONGEST} characters"));
    }
    if !text.chars().any(char::is_alphabetic) {
        return Err(format!("`{text}` has no letter in it"));
    }
    Ok(Value::Text(text.to_owned()))
}

/// Texts between semicolons.
pub(super) fn list(typed: &str) -> Result<Value, String> {
    let items: Vec<String> = typed.split(';').map(|item| item.trim().to_owned()).collect();
    let items: Vec<String> = items.into_iter().filter(|item| !item.is_empty()).collect();
    text(typed)?;
    Ok(Value::List(items))
}

/// A number: digits, perhaps with letters behind (`45a`, `12bis`).
pub(super) fn number(text: &str) -> Result<Value, String> {
    let wrong = || Err(format!("`{text}` is no number; write the digits, like 45 or 45a"));
    let letters = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.len() - letters.len();
    let fits = (1..=8).contains(&digits)
        && letters.chars().count() <= 3
        && letters.chars().all(char::is_alphabetic)
        && text.chars().count() <= LONGEST_NUMBER;
    if fits { Ok(Value::Text(text.to_owned())) } else { wrong() }
}

/// A notation: groups of letters joined by dashes or slashes.
pub(super) fn notation(text: &str) -> Result<String, String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).map(sign).collect();
    let groups: Vec<&str> = plain.split(['-', '/']).collect();
    let group = |group: &&str| {
        (1..=16).contains(&group.chars().count())
            && group.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '&'))
    };
    let capitals = plain.chars().filter(|c| c.is_uppercase()).count();
    let fits = groups.len() <= MOST_GROUPS
        && groups.iter().all(group)
        && plain.starts_with(char::is_uppercase)
        && capitals >= 2
        && plain.chars().count() <= LONGEST_NOTATION;
    if fits {
        return Ok(plain);
    }
    Err(format!("`{text}` is no notation; write it as printed behind the number, like QĐ-UBND"))
}

/// Number and notation in one: `45/QĐ-UBND`, `12/2010/QĐ-UBND`, `05-NQ/TU`, `123 QĐ/UB`.
pub(super) fn code(text: &str) -> Result<Value, String> {
    let wrong = |why: String| format!("`{text}` is no number with its notation: {why}");
    let split = text.find(|c: char| c.is_whitespace() || matches!(sign(c), '/' | '-'));
    let Some(at) = split else {
        return Err(wrong("write both, like 45/QĐ-UBND".into()));
    };
    let (number, rest) = text.split_at(at);
    let Value::Text(number) = self::number(number).map_err(wrong)? else {
        return Err(wrong("write the digits first".into()));
    };
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(sign(c), '/' | '-'));
    // The year of a legal document is part of what is printed, and not of its notation.
    let year = rest.split_once('/').filter(|(year, _)| {
        year.len() == 4 && year.parse().is_ok_and(|year: i32| year >= EARLIEST)
    });
    let notation = notation(year.map_or(rest, |(_, notation)| notation)).map_err(wrong)?;
    Ok(Value::Code { number, notation, full: tight(text) })
}

/// The code as it is written: a blank only where it parts number and notation.
fn tight(text: &str) -> String {
    let mut full = String::new();
    for word in text.split_whitespace() {
        let word: String = word.chars().map(sign).collect();
        let joins = |c: Option<char>| matches!(c, None | Some('/' | '-'));
        if !joins(full.chars().last()) && !joins(word.chars().next()) {
            full.push(' ');
        }
        full.push_str(&word);
    }
    full
}

/// One sign for each look-alike of dash and `Đ`.
fn sign(c: char) -> char {
    match c {
        '–' | '—' | '−' | '‐' | '_' => '-',
        'Ð' | 'Ɖ' => 'Đ',
        c => c,
    }
}

/// A day: `2019-04-05`, `5/4/2019`, `05.04.2019`.
pub(super) fn day(text: &str, today: NaiveDate) -> Result<Value, String> {
    date(text, today)?;
    last_day(text)
}

/// A day that may lie ahead: the last on which a paper holds.
pub(super) fn last_day(text: &str) -> Result<Value, String> {
    match calendar(text)? {
        (date, "day") => Ok(Value::Date { date, precision: "day" }),
        _ => Err(format!("`{text}` is no day; write 2019-04-05 or 05/04/2019")),
    }
}

/// A day, or a month (`04/2019`, `2019-04`) or a year (`2019`) where a paper names no more.
pub(super) fn date(text: &str, today: NaiveDate) -> Result<Value, String> {
    let (date, precision) = calendar(text)?;
    if date > today {
        return Err(format!("`{text}` lies in the future"));
    }
    Ok(Value::Date { date, precision })
}

/// The first day of what is named, and whether a day, a month or a year is.
fn calendar(text: &str) -> Result<(NaiveDate, &'static str), String> {
    let form = || format!("`{text}` is no date; write 2019-04-05 or 05/04/2019");
    let parts: Vec<&str> = text.split(['-', '/', '.']).map(str::trim).collect();
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !parts.iter().all(digits) || parts.iter().any(|part| part.len() > 4) {
        return Err(form());
    }
    let long = |at: usize| parts.get(at).is_some_and(|part| part.len() == 4);
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    let (year, month, day, precision) = match parts.len() {
        3 if long(0) => (number(0), number(1), number(2), "day"),
        3 if long(2) => (number(2), number(1), number(0), "day"),
        2 if long(0) => (number(0), number(1), 1, "month"),
        2 if long(1) => (number(1), number(0), 1, "month"),
        1 if long(0) => (number(0), 1, 1, "year"),
        _ => return Err(form()),
    };
    let date = i32::try_from(year).ok().and_then(|y| NaiveDate::from_ymd_opt(y, month, day));
    let Some(date) = date else {
        let turned = precision == "day" && month > 12 && day <= 12;
        let why = if turned { "; the day stands before the month" } else { "" };
        return Err(format!("`{text}` is in no calendar{why}; write 2019-04-05 or 05/04/2019"));
    };
    if date.year() < EARLIEST {
        return Err(format!("`{text}` lies before {EARLIEST}"));
    }
    Ok((date, precision))
}

/// A year.
pub(super) fn year(text: &str, today: NaiveDate) -> Result<Value, String> {
    match text.parse() {
        Ok(year) if (EARLIEST..=today.year()).contains(&year) => Ok(Value::Year(year)),
        _ => Err(format!("`{text}` is no year from {EARLIEST} to {}", today.year())),
    }
}

/// One of a closed list of words.
pub(super) fn word(text: &str, words: &[(&str, &[&str])]) -> Result<Value, String> {
    let wanted = fold(text);
    let found = words.iter().find(|(word, others)| {
        *word == wanted || fold(word) == wanted || others.contains(&wanted.as_str())
    });
    found.map(|(word, _)| Value::Text((*word).to_owned())).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("`{text}` is none of {}", known.join(", "))
    })
}

/// `KT`, or several in their order: `TM,KT`.
pub(super) fn authority(text: &str) -> Result<Value, String> {
    let given = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    let given: Vec<String> = given.map(str::to_uppercase).collect();
    if given.is_empty() || given.iter().any(|one| !AUTHORITIES.contains(&one.as_str())) {
        return Err(format!("`{text}` is none of {}", AUTHORITIES.join(", ")));
    }
    Ok(Value::Text(given.join(",")))
}

/// A kind by its name, its abbreviation or its code.
pub(super) fn kind(text: &str) -> Result<Value, String> {
    // A spreadsheet makes 2 of 02.
    let code = if text.len() == 1 { format!("0{text}") } else { text.to_owned() };
    if code == "32" {
        return Ok(Value::Kind { code: "32", abbr: None, name: None });
    }
    let found = kinds().find(|kind| kind.code == code).or_else(|| by_name(text));
    let found = found.or_else(|| kinds().find(|kind| !kind.abbr.is_empty() && kind.abbr == text));
    found.map(known).ok_or_else(|| {
        format!(
            "`{text}` is no kind of document; write its name (Quyết định), its abbreviation (QĐ) \
             or its code (02), or 32 and the printed title in another line as type_name"
        )
    })
}

/// A printed title: of a known kind, or of another one.
pub(super) fn title(title: &str) -> Result<Value, String> {
    text(title)?;
    Ok(by_name(title).map_or_else(
        || Value::Kind { code: "32", abbr: None, name: Some(title.to_owned()) },
        known,
    ))
}

fn by_name(text: &str) -> Option<&'static sohoa_extract::Kind> {
    let wanted = fold(text);
    kinds().find(|kind| fold(kind.name) == wanted)
}

fn known(kind: &'static sohoa_extract::Kind) -> Value {
    let abbr = Some(kind.abbr).filter(|abbr| !abbr.is_empty());
    Value::Kind { code: kind.code, abbr, name: Some(kind.name.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 27).unwrap()
    }

    fn shown(value: Result<Value, String>) -> String {
        match value {
            Ok(Value::Date { date, precision }) => format!("{date} {precision}"),
            Ok(Value::Code { number, notation, full }) => format!("{number}|{notation}|{full}"),
            Ok(Value::Kind { code, abbr, name }) => {
                format!("{code} {} {}", abbr.unwrap_or("-"), name.unwrap_or_default())
            }
            Ok(Value::Text(text)) => text,
            Ok(other) => format!("{other:?}"),
            Err(why) => format!("! {why}"),
        }
    }

    #[test]
    fn dates_are_read_as_people_write_them_and_as_calendars_have_them() {
        let date = |text| shown(date(text, today()));
        for text in ["2019-04-05", "05/04/2019", "5/4/2019", "5.4.2019", "05-04-2019"] {
            assert_eq!(date(text), "2019-04-05 day", "{text}");
        }
        assert_eq!(date("04/2019"), "2019-04-01 month");
        assert_eq!(date("1998"), "1998-01-01 year");
        assert!(date("29/02/2019").contains("no calendar"));
        assert_eq!(date("29/02/2020"), "2020-02-29 day");
        assert!(date("04/25/2019").contains("day stands before the month"));
        assert!(date("05/04/19").contains("no date"));
        assert!(date("28/11/2026").contains("future"));
        assert!(date("05/04/1019").contains("1900"));
        assert!(date("Apr-19").contains("no date"));
        assert!(date("2019-04-05 00:00").contains("no date"));
        assert!(shown(day("04/2019", today())).contains("no day"));
        assert!(shown(year("2027", today())).starts_with('!'));
    }

    #[test]
    fn a_code_is_kept_as_it_is_found_again() {
        for text in ["45 / QĐ-UBND", "45/ QĐ - UBND", " 45/QĐ–UBND "] {
            assert_eq!(shown(code(text.trim())), "45|QĐ-UBND|45/QĐ-UBND", "{text}");
        }
        assert_eq!(shown(code("123  QĐ/UB")), "123|QĐ/UB|123 QĐ/UB");
    }

    #[test]
    fn numbers_and_notations_have_their_shape() {
        assert_eq!(shown(number("0045")), "0045");
        assert_eq!(shown(number("12bis")), "12bis");
        for text in ["", "a45", "45/QĐ", "4 5", "123456789", "45-"] {
            assert!(shown(number(text)).starts_with('!'), "{text}");
        }
        assert_eq!(notation("QĐ – UBND").unwrap(), "QĐ-UBND");
        assert_eq!(notation("NQ/TU").unwrap(), "NQ/TU");
        for text in ["ngày", "QĐ--UBND", "-UBND", "Q", "45/QĐ-UBND", "QĐ-UBND!"] {
            assert!(notation(text).is_err(), "{text}");
        }
        assert_eq!(shown(code("45/QĐ-UBND")), "45|QĐ-UBND|45/QĐ-UBND");
        assert_eq!(shown(code("12/2010/QĐ-UBND")), "12|QĐ-UBND|12/2010/QĐ-UBND");
        assert_eq!(shown(code("05–NQ/TU")), "05|NQ/TU|05-NQ/TU");
        assert_eq!(shown(code("123 QĐ/UB")), "123|QĐ/UB|123 QĐ/UB");
        for text in ["45", "QĐ-UBND", "45/", "x/QĐ-UBND"] {
            assert!(shown(code(text)).starts_with('!'), "{text}");
        }
    }

    #[test]
    fn a_kind_is_called_by_name_abbreviation_or_code() {
        for text in ["02", "2", "QĐ", "quyet dinh", "QUYẾT ĐỊNH"] {
            assert_eq!(shown(kind(text)), "02 QĐ Quyết định", "{text}");
        }
        assert_eq!(shown(kind("22")), "22 - Công văn");
        assert_eq!(shown(kind("Nghị định")), "32 NĐ Nghị định");
        assert_eq!(shown(kind("32")), "32 - ");
        assert!(shown(kind("33")).contains("no kind of document"));
        assert_eq!(shown(title("Bản cam kết")), "32 - Bản cam kết");
        assert_eq!(shown(title("tờ trình")), "15 TTr Tờ trình");
    }

    #[test]
    fn words_lists_and_texts() {
        assert_eq!(shown(word("Hỏa tốc", &URGENCIES)), "hoa_toc");
        assert_eq!(shown(word("Trung ương", &LEVELS)), "central");
        assert!(shown(word("galaxy", &LEVELS)).contains("commune"));
        assert_eq!(shown(authority("TM. kt.")), "TM,KT");
        assert!(shown(authority("PP")).starts_with('!'));
        let items = vec!["Như Điều 3".to_owned(), "Lưu: VT".to_owned()];
        assert_eq!(list(" Như Điều 3; Lưu: VT ;"), Ok(Value::List(items)));
        assert!(list(";;").is_err());
        assert!(shown(text("....")).contains("no letter"));
        assert!(shown(text(&"đ".repeat(LONGEST + 1))).contains("longer"));
    }
}
