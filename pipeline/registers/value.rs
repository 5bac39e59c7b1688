//! One cell as a value, however it was typed. The error is what would have been right.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use sohoa_document::fold::fold;

use crate::{grid::Cell, line::vietnam};

/// A value, or the sentence that says what is expected.
pub(crate) type Parsed<T> = Result<T, String>;

/// Earliest day that is believed; earlier ones are typing errors.
const EARLIEST: i32 = 1900;

/// Latest year that is believed: targets of the plans reach to 2030, visions to 2045.
const LATEST: i32 = 2060;

/// Day that a spreadsheet counts from, such that 1 March 1900 and later are right.
const EPOCH: (i32, u32, u32) = (1899, 12, 30);

const DAY: &str = "a day such as 05/04/2019 (day first) or 2019-04-05, from 1900 to 2060";
const TIME: &str = "a day and time such as 05/04/2019 08:30, 05/04/2019 02:30 CH or \
                    2019-04-05T08:30:00+07:00, from 1900 to 2060";
const WHOLE: &str = "a whole number such as 1234 or 1.234, not below zero";
const DECIMAL: &str = "a number such as 94,04";

/// Text as it stands.
#[expect(clippy::unnecessary_wraps, reason = "it is one parser among others")]
pub(crate) fn text(cell: &Cell) -> Parsed<String> {
    match cell {
        // A code that was typed as a number.
        Cell::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Ok(format!("{number:.0}"))
        }
        cell => Ok(cell.shown()),
    }
}

/// A day.
pub(crate) fn day(cell: &Cell) -> Parsed<NaiveDate> {
    time(cell).map(|time| time.date()).map_err(|_| DAY.to_owned())
}

/// A moment, as a clock in Vietnam shows it; midnight where only a day is given.
pub(crate) fn time(cell: &Cell) -> Parsed<NaiveDateTime> {
    let time = match cell {
        Cell::Time(time) => Some(*time),
        Cell::Number(serial) => of_serial(*serial),
        Cell::Text(text) => of_text(text),
        _ => None,
    };
    time.filter(|time| (EARLIEST..=LATEST).contains(&time.year())).ok_or_else(|| TIME.to_owned())
}

fn of_serial(serial: f64) -> Option<NaiveDateTime> {
    // A bare year is none, and a day needs five digits since 1927.
    let is_one = (10_000.0..100_000.0).contains(&serial);
    let (year, month, day) = EPOCH;
    let epoch = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_opt(0, 0, 0)?;
    let seconds = (serial * 86_400.0).round();
    is_one.then(|| epoch + TimeDelta::seconds(seconds as i64))
}

fn of_text(text: &str) -> Option<NaiveDateTime> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text.trim()) {
        return Some(instant.with_timezone(&vietnam()).naive_local());
    }
    let folded = fold(text);
    if let Ok(serial) = folded.parse::<f64>() {
        return of_serial(serial);
    }
    let numbers: Vec<&str> = folded.split(|c: char| !c.is_ascii_digit()).collect();
    let mut numbers = numbers.into_iter().filter(|number| !number.is_empty());
    let mut next = || numbers.next();
    let (first, month, last) = (next()?, next()?, next()?);
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    if year.len() != 4 || day.len() > 2 || month.len() > 2 {
        return None;
    }
    let day = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    let words = || folded.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    // Words that are no part of a day: something else stands there.
    let known = ["ngay", "thang", "nam", "t", "gio", "luc", "h", "phut"];
    let halves: Vec<bool> = words().filter_map(half_of_day).collect();
    let is_strange = |word: &str| !known.contains(&word) && half_of_day(word).is_none();
    // Another clock's time, in a form that is none of the standard's.
    let has_offset =
        folded.contains('+') || folded.rfind('-') > folded.find(':').or(Some(usize::MAX));
    if words().any(is_strange) || has_offset || halves.len() > 1 {
        return None;
    }
    let rest: Vec<&str> = numbers.collect();
    let clock = match rest.as_slice() {
        // Tenths and less, after a point.
        [clock @ .., second, parts] if folded.contains(&format!(":{second}.{parts}")) => {
            [clock, &[*second]].concat()
        }
        clock => clock.to_vec(),
    };
    let clock: Vec<u32> = clock.into_iter().map(str::parse).collect::<Result<_, _>>().ok()?;
    let time = match (clock.as_slice(), halves.first()) {
        ([], None) => Some(NaiveTime::MIN),
        ([hour, rest @ ..], half) if matches!(rest.len(), 1 | 2) => {
            let hour = of_half(*hour, half.copied())?;
            NaiveTime::from_hms_opt(hour, rest[0], rest.get(1).copied().unwrap_or_default())
        }
        _ => None,
    };
    time.map(|time| day.and_time(time))
}

/// Whether a word, folded, is the mark of the afternoon (`CH`) or that of the morning (`SA`).
fn half_of_day(word: &str) -> Option<bool> {
    match word {
        "ch" | "pm" => Some(true),
        "sa" | "am" => Some(false),
        _ => None,
    }
}

/// The hour of the day, of a clock of twelve hours where a half is given.
fn of_half(hour: u32, is_afternoon: Option<bool>) -> Option<u32> {
    let Some(is_afternoon) = is_afternoon else { return Some(hour) };
    (1..=12).contains(&hour).then(|| hour % 12 + if is_afternoon { 12 } else { 0 })
}

/// A whole number, not below zero.
pub(crate) fn whole(cell: &Cell) -> Parsed<i64> {
    let number = match cell {
        Cell::Number(number) => (number.fract() == 0.0).then_some(*number as i64),
        Cell::Text(text) => ungrouped(text).and_then(|digits| digits.parse().ok()),
        _ => None,
    };
    number.filter(|number| (0..=1_000_000_000).contains(number)).ok_or_else(|| WHOLE.to_owned())
}

/// The same, small.
pub(crate) fn count(cell: &Cell) -> Parsed<i32> {
    i32::try_from(whole(cell)?).map_err(|_| WHOLE.to_owned())
}

/// Digits without what groups them by thousands.
fn ungrouped(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split(['.', ',', ' ', '\u{a0}']).collect();
    let digits = |group: &&str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    let grouped = match groups.split_first() {
        Some((first, [])) => digits(first),
        Some((first, rest)) => {
            digits(first)
                && first.len() <= 3
                && rest.iter().all(|group| digits(group) && group.len() == 3)
        }
        None => false,
    };
    grouped.then(|| groups.concat())
}

/// A number with or without a fraction, and with or without a percent sign.
pub(crate) fn decimal(cell: &Cell) -> Parsed<f64> {
    let wrong = || DECIMAL.to_owned();
    match cell {
        Cell::Number(number) if number.is_finite() => Ok(*number),
        Cell::Text(text) => {
            let text = text.trim_end_matches('%').trim();
            let separators = text.matches(['.', ',']).count();
            let fraction = text.rsplit(['.', ',']).next().unwrap_or_default();
            if separators == 1 && fraction.len() == 3 {
                return Err("one of 1234 and 1,2340: three digits after one separator may be \
                            thousands or a fraction"
                    .to_owned());
            }
            if let Some(digits) = ungrouped(text) {
                return digits.parse().map_err(|_| wrong());
            }
            // The last separator is that of the fraction.
            let (whole, fraction) = text.rsplit_once(['.', ',']).ok_or_else(wrong)?;
            let whole = ungrouped(whole).ok_or_else(wrong)?;
            format!("{whole}.{fraction}").parse().map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}

/// A year of documents.
pub(crate) fn year(cell: &Cell, today: NaiveDate) -> Parsed<i32> {
    let number = match cell {
        Cell::Number(number) => Some(*number as i32).filter(|year| f64::from(*year) == *number),
        Cell::Text(text) => fold(text).trim_start_matches("nam ").parse().ok(),
        Cell::Time(time) => Some(time.year()),
        _ => None,
    };
    number
        .filter(|year| (1900..=today.year() + 5).contains(year))
        .ok_or_else(|| format!("a year from 1900 to {}", today.year() + 5))
}

/// Yes or no.
pub(crate) fn truth(cell: &Cell) -> Parsed<bool> {
    match cell {
        Cell::Bool(value) => Ok(*value),
        Cell::Number(1.0) => Ok(true),
        Cell::Number(0.0) => Ok(false),
        Cell::Text(text) => match fold(text).as_str() {
            "x" | "co" | "yes" | "y" | "true" | "1" | "✓" | "✔" | "dung" => Ok(true),
            "khong" | "no" | "n" | "false" | "0" | "-" | "sai" => Ok(false),
            _ => Err("có or không (yes, no, x)".to_owned()),
        },
        _ => Err("có or không (yes, no, x)".to_owned()),
    }
}

/// One of a list, each with what people write for it, folded.
pub(crate) fn choice(cell: &Cell, choices: &[(&str, &[&str])]) -> Parsed<String> {
    let said = fold(&text(cell)?);
    let found =
        choices.iter().find(|(name, also)| said == fold(name) || also.contains(&said.as_str()));
    found.map(|(name, _)| (*name).to_owned()).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        format!("one of {}", names.join(", "))
    })
}

/// Several texts in one cell.
pub(crate) fn list(cell: &Cell) -> Parsed<Vec<String>> {
    let text = text(cell)?;
    let parts = text.split([';', '|', '\n']).map(str::trim).filter(|part| !part.is_empty());
    Ok(parts.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 27).unwrap()
    }

    #[test]
    fn a_day_is_read_as_people_type_it() {
        let expected = NaiveDate::from_ymd_opt(2019, 4, 5).unwrap();
        for typed in [
            "05/04/2019",
            "5-4-2019",
            "05.04.2019",
            "2019-04-05",
            "ngày 5 tháng 4 năm 2019",
            "43560",
            "05/04/2019 08:30",
        ] {
            assert_eq!(day(&Cell::text(typed)), Ok(expected), "{typed}");
        }
        assert_eq!(day(&Cell::Number(43560.0)), Ok(expected));
        for typed in
            ["31/02/2019", "04/25/2019", "2019", "05/04/19", "05/04/1819", "quý 3", "QĐ 5/4/2019"]
        {
            assert!(day(&Cell::text(typed)).is_err(), "{typed}");
        }
        assert!(day(&Cell::Number(2019.0)).is_err(), "a year is no day");
        let minute = time(&Cell::text("05/04/2019 14:05")).unwrap();
        assert_eq!(minute.to_string(), "2019-04-05 14:05:00");
        assert_eq!(time(&Cell::text("2019-04-05T14:05:00")), Ok(minute));
    }

    #[test]
    fn a_clock_of_twelve_hours_and_that_of_another_place_are_set_to_the_one_here() {
        for (typed, read) in [
            ("05/04/2019 02:30 CH", "2019-04-05 14:30:00"),
            ("05/04/2019 2:30:15 CH", "2019-04-05 14:30:15"),
            ("05/04/2019 12:05 CH", "2019-04-05 12:05:00"),
            ("05/04/2019 12:05 SA", "2019-04-05 00:05:00"),
            ("05/04/2019 11:50 SA", "2019-04-05 11:50:00"),
            ("4-5-2019 1:10 PM", "2019-05-04 13:10:00"),
            ("05/04/2019 14:30:00.250", "2019-04-05 14:30:00"),
            ("ngày 05/04/2019 lúc 8h30", "2019-04-05 08:30:00"),
            ("2019-04-05T08:30:00Z", "2019-04-05 15:30:00"),
            ("2019-04-05T18:30:00Z", "2019-04-06 01:30:00"),
            ("2019-04-05T08:30:00+07:00", "2019-04-05 08:30:00"),
            ("2019-04-05T08:30:00-05:00", "2019-04-05 20:30:00"),
        ] {
            let time = time(&Cell::text(typed)).map(|time| time.to_string());
            assert_eq!(time.as_deref(), Ok(read), "{typed}");
        }
        for typed in [
            "05/04/2019 14:30 CH",
            "05/04/2019 00:30 SA",
            "05/04/2019 08:30 SA CH",
            "05/04/2019 CH",
            "05/04/2019 08:30Z",
            "05/04/2019 08:30+07:00",
            "2019-04-05 08:30 -05",
            "05/04/2019 08:30:00 15",
        ] {
            assert!(time(&Cell::text(typed)).is_err(), "{typed}");
        }
    }

    #[test]
    fn numbers_are_read_with_their_dots() {
        for (typed, number) in
            [("1.234", 1234), ("1 234 567", 1_234_567), ("1,234", 1234), ("7", 7)]
        {
            assert_eq!(whole(&Cell::text(typed)), Ok(number), "{typed}");
        }
        for typed in ["1.5", "12.34", "-3", "khoảng 100", "1.2345", "1e3"] {
            assert!(whole(&Cell::text(typed)).is_err(), "{typed}");
        }
        assert!(whole(&Cell::Number(1.5)).is_err());
        for (typed, number) in
            [("94,04", 94.04), ("94.04 %", 94.04), ("1.234,5", 1234.5), ("80", 80.0)]
        {
            assert_eq!(decimal(&Cell::text(typed)), Ok(number), "{typed}");
        }
        assert!(decimal(&Cell::text("1.234")).is_err(), "thousands or a fraction");
        assert_eq!(year(&Cell::text("Năm 2019"), today()), Ok(2019));
        assert!(year(&Cell::Number(20199.0), today()).is_err());
        assert_eq!(text(&Cell::Number(12.0)), Ok("12".into()));
    }

    #[test]
    fn choices_and_truths_are_read_in_both_languages() {
        let levels: &[(&str, &[&str])] =
            &[("province", &["tinh", "cap tinh"]), ("commune", &["xa"])];
        assert_eq!(choice(&Cell::text("Cấp tỉnh"), levels), Ok("province".into()));
        assert_eq!(choice(&Cell::text("huyện"), levels), Err("one of province, commune".into()));
        assert_eq!(truth(&Cell::text("Có")), Ok(true));
        assert_eq!(truth(&Cell::text("Không")), Ok(false));
        assert!(truth(&Cell::text("?")).is_err());
    }
}
