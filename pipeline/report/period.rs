//! Periods as the province counts them.
//!
//! Reports are due before the 19th of a quarter's last month, so data are taken up to the 14th:
//! a quarter runs from the 15th of the month before it to the 14th of its last month, and so do a
//! half-year and a year; a month from the 15th of the month before to its own 14th. A span of dates
//! is taken as it is written.

use chrono::{Datelike as _, Months, NaiveDate};

/// Last day that is counted in the month in which a period ends.
const CUT_OFF: u32 = 14;
/// Day before which a report is due, in the month in which its period ends.
const DUE: u32 = 19;

/// A period of days of Viet Nam, first and last counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Its name for people, in Vietnamese.
    pub name: String,
    /// The report is due before this day; none for months and for spans of dates.
    pub due: Option<NaiveDate>,
}

/// A period that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a period: write 2026-Q3, 2026-09, 2026-H1, 2026 or 2026-01-01..2026-03-31")]
pub struct NotAPeriod(pub String);

impl std::str::FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        span(text).or_else(|| named(text)).ok_or_else(|| NotAPeriod(text.to_owned()))
    }
}

/// `2026-01-01..2026-03-31`.
fn span(text: &str) -> Option<Period> {
    let (from, to) = text.split_once("..")?;
    let date = |text: &str| text.parse::<NaiveDate>().ok().filter(|date| is_year(date.year()));
    let (from, to) = (date(from)?, date(to)?);
    let name = format!("Từ ngày {} đến ngày {}", from.format("%d/%m/%Y"), to.format("%d/%m/%Y"));
    (from <= to).then_some(Period { from, to, name, due: None })
}

/// A year, or a part of one.
fn named(text: &str) -> Option<Period> {
    let (year, part) = match text.split_once('-') {
        Some((year, part)) => (year, Some(part)),
        None => (text, None),
    };
    let year = digits(year, 4).and_then(|year| i32::try_from(year).ok()).filter(|y| is_year(*y))?;
    let Some(part) = part else {
        return ending(year, 12, 12, format!("Năm {year}"), true);
    };
    if let Some(quarter) = part.strip_prefix(['Q', 'q']) {
        let quarter = digits(quarter, 1).filter(|quarter| (1..=4).contains(quarter))?;
        let roman = ["I", "II", "III", "IV"][quarter as usize - 1];
        return ending(year, 3 * quarter, 3, format!("Quý {roman} năm {year}"), true);
    }
    if let Some(half) = part.strip_prefix(['H', 'h']) {
        let half = digits(half, 1).filter(|half| (1..=2).contains(half))?;
        let which = if half == 1 { "đầu" } else { "cuối" };
        return ending(year, 6 * half, 6, format!("6 tháng {which} năm {year}"), true);
    }
    let month = digits(part, 2).filter(|month| (1..=12).contains(month))?;
    ending(year, month, 1, format!("Tháng {month} năm {year}"), false)
}

/// The `months` months that end on the cut-off of one.
fn ending(year: i32, month: u32, months: u32, name: String, is_due: bool) -> Option<Period> {
    let to = NaiveDate::from_ymd_opt(year, month, CUT_OFF)?;
    let from = to.checked_sub_months(Months::new(months))?.succ_opt()?;
    let due = if is_due { to.with_day(DUE) } else { None };
    Some(Period { from, to, name, due })
}

fn digits(text: &str, count: usize) -> Option<u32> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn is_year(year: i32) -> bool {
    // The query engine counts nanoseconds, and not beyond 2262.
    (1900..=2199).contains(&year)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(text: &str) -> (String, String) {
        let period: Period = text.parse().unwrap();
        (period.from.to_string(), period.to.to_string())
    }

    #[test]
    fn a_quarter_is_cut_off_on_the_14th_and_due_before_the_19th() {
        assert_eq!(days("2026-Q3"), ("2026-06-15".into(), "2026-09-14".into()));
        assert_eq!(days("2026-Q1"), ("2025-12-15".into(), "2026-03-14".into()));
        let quarter: Period = "2026-q3".parse().unwrap();
        assert_eq!(quarter.due.unwrap().to_string(), "2026-09-19");
        assert_eq!(quarter.name, "Quý III năm 2026");
    }

    #[test]
    fn four_quarters_two_halves_and_twelve_months_make_the_year_without_a_gap() {
        let year: Period = "2026".parse().unwrap();
        for parts in [
            (1..=4).map(|part| format!("2026-Q{part}")).collect::<Vec<_>>(),
            (1..=2).map(|part| format!("2026-H{part}")).collect(),
            (1..=12).map(|part| format!("2026-{part:02}")).collect(),
        ] {
            let mut next = year.from;
            for part in parts {
                let part: Period = part.parse().unwrap();
                assert_eq!(part.from, next);
                next = part.to.succ_opt().unwrap();
            }
            assert_eq!(next.pred_opt().unwrap(), year.to);
        }
    }

    #[test]
    fn a_span_of_dates_is_taken_as_it_is() {
        assert_eq!(days("2026-01-01..2026-03-31"), ("2026-01-01".into(), "2026-03-31".into()));
        assert_eq!("2026-01-01..2026-01-01".parse::<Period>().unwrap().due, None);
    }

    #[test]
    fn what_is_no_period_says_what_would_be_one() {
        for text in [
            "",
            "26",
            "2026-13",
            "2026-Q5",
            "2026-Q",
            "2026-1",
            "Q3",
            "2026-H3",
            "2026-02-30..2026-03-01",
            "2026-03-31..2026-01-01",
            "0000",
            "2026-",
            "2026-Q03",
            "2200",
            "+026",
            "2026-09 ",
        ] {
            let error = text.parse::<Period>().unwrap_err();
            assert!(error.to_string().contains("2026-Q3"), "{text}: {error}");
        }
    }
}
