//! Days, months and years as people write them.

use chrono::{Datelike as _, Days, Months, NaiveDate};
use deltalake::datafusion::prelude::{Expr, col, lit};

/// First years that a document can be of: the republic's.
const FIRST_YEAR: i32 = 1945;
/// Last year that a four-digit number is taken for.
const LAST_YEAR: i32 = 2100;

/// From a day to a day, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

impl Period {
    /// All days that a document can be of.
    pub const EVER: Self = Self { from: day(1800, 1, 1), to: day(LAST_YEAR, 12, 31) };

    /// One day.
    pub fn day(day: NaiveDate) -> Self {
        Self { from: day, to: day }
    }

    /// One month.
    pub fn month(year: i32, month: u32) -> Option<Self> {
        let from = NaiveDate::from_ymd_opt(year, month, 1)?;
        Some(Self { from, to: from.checked_add_months(Months::new(1))?.pred_opt()? })
    }

    /// One year.
    pub fn year(year: i32) -> Option<Self> {
        let ends = (NaiveDate::from_ymd_opt(year, 1, 1)?, NaiveDate::from_ymd_opt(year, 12, 31)?);
        (FIRST_YEAR..=LAST_YEAR).contains(&year).then_some(Self { from: ends.0, to: ends.1 })
    }

    /// `01/06/2020`, `1-6-2020`, `2020-06-01`, `06/2020`, `2020-06` or `2020`.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
        if parts.iter().any(|part| part.len() > 4 || !part.bytes().all(|b| b.is_ascii_digit())) {
            return None;
        }
        let number = |part: &str| part.parse::<u32>().ok();
        let year = |part: &str| part.parse::<i32>().ok().filter(|_| part.len() == 4);
        match parts.as_slice() {
            [y] => Self::year(year(y)?),
            [y, m] if y.len() == 4 => Self::month(year(y)?, number(m)?),
            [m, y] => Self::month(year(y)?, number(m)?),
            [y, m, d] if y.len() == 4 => Self::date(year(y)?, number(m)?, number(d)?),
            [d, m, y] => Self::date(year(y)?, number(m)?, number(d)?),
            _ => None,
        }
    }

    /// One day by its numbers.
    pub fn date(year: i32, month: u32, day: u32) -> Option<Self> {
        Self::year(year)?;
        NaiveDate::from_ymd_opt(year, month, day).map(Self::day)
    }

    /// The days that both have; none where there are none.
    pub fn and(self, other: Self) -> Option<Self> {
        let both = Self { from: self.from.max(other.from), to: self.to.min(other.to) };
        (both.from <= both.to).then_some(both)
    }

    /// Whether it begins and ends with a year.
    fn is_years(self) -> bool {
        self.from.ordinal() == 1
            && self.to.checked_add_days(Days::new(1)).is_some_and(|next| next.ordinal() == 1)
    }

    /// The documents of the period. Whole years include what is known by its year alone; the log has
    /// minimum and maximum of both columns.
    pub(crate) fn filter(self) -> Expr {
        if self.is_years() {
            col("document_year").between(lit(self.from.year()), lit(self.to.year()))
        } else {
            col("issued_date").between(date(self.from), date(self.to))
        }
    }

    /// `2020`, `2020-06-01` or `2020-06-01 to 2020-06-30`.
    pub(crate) fn describe(self) -> String {
        match (self.is_years(), self.from.year() == self.to.year()) {
            (true, true) => format!("year {}", self.from.year()),
            (true, false) => format!("years {} to {}", self.from.year(), self.to.year()),
            (false, _) if self.from == self.to => format!("date {}", self.from),
            (false, _) => format!("dates {} to {}", self.from, self.to),
        }
    }
}

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day of the calendar")
}

/// A date as the query engine compares it: in days since 1970.
fn date(day: NaiveDate) -> Expr {
    use arrow::datatypes::Date32Type;
    use deltalake::datafusion::scalar::ScalarValue;
    Expr::Literal(ScalarValue::Date32(Some(Date32Type::from_naive_date(day))), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_write_them() {
        for (text, said) in [
            ("01/06/2020", "date 2020-06-01"),
            ("1-6-2020", "date 2020-06-01"),
            ("1.6.2020", "date 2020-06-01"),
            ("2020-06-01", "date 2020-06-01"),
            ("06/2020", "dates 2020-06-01 to 2020-06-30"),
            ("2020-02", "dates 2020-02-01 to 2020-02-29"),
            ("2020", "year 2020"),
        ] {
            assert_eq!(Period::parse(text).map(Period::describe).as_deref(), Some(said), "{text}");
        }
        for text in ["31/02/2020", "2114", "13/2020", "1/6", "", "1/6/20", "-", "１/６/2020"] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn two_periods_have_days_in_common_or_none() {
        let year = Period::parse("2020").unwrap();
        let month = Period::parse("06/2020").unwrap();
        assert_eq!(year.and(month), Some(month));
        assert_eq!(year.and(Period::parse("2021").unwrap()), None);
    }
}
