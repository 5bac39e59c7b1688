//! What is wrong with a file, or worth knowing of it: where, what was seen, what was expected.

use std::fmt;

use serde::Serialize;
use sohoa_document::mask::mask;

/// Characters of a cell that are shown.
const SHOWN: usize = 60;

/// Weight of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing of the file is taken.
    Error,
    /// Taken, and somebody should look at it.
    Warning,
    /// How it was understood.
    Note,
}

impl Severity {
    /// As written before a finding.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing about a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its weight.
    pub severity: Severity,
    /// The file, as it was named.
    pub file: String,
    /// The sheet, in a spreadsheet.
    pub sheet: Option<String>,
    /// Row, from 1, as the spreadsheet program or an editor numbers it.
    pub row: Option<u64>,
    /// Column, as the spreadsheet program letters it, and its heading: `C (Số lượng)`; of
    /// several, between commas.
    pub column: Option<String>,
    /// What it is about, in one word that does not change: `date`, `duplicate`, `encoding`, …
    pub code: &'static str,
    /// What stands there; never an owner's or a person's number.
    pub seen: Option<String>,
    /// What is wrong, and what would be right.
    pub expected: String,
}

impl Finding {
    /// A finding about a file as a whole.
    pub fn of_file(severity: Severity, code: &'static str, expected: impl Into<String>) -> Self {
        Self {
            severity,
            file: String::new(),
            sheet: None,
            row: None,
            column: None,
            code,
            seen: None,
            expected: expected.into(),
        }
    }

    /// The same about a row.
    #[must_use]
    pub fn at(mut self, row: u64) -> Self {
        self.row = Some(row);
        self
    }

    /// The same about a sheet.
    #[must_use]
    pub(crate) fn of_sheet(mut self, sheet: Option<&str>) -> Self {
        self.sheet = sheet.map(str::to_owned);
        self
    }

    /// The same about the row of a place.
    #[must_use]
    pub(crate) fn at_place(self, place: Place<'_>) -> Self {
        self.at(place.row).of_sheet(place.sheet)
    }

    /// With what was seen, cut short and without numbers that may be a person's: a number may stand
    /// in any column.
    #[must_use]
    pub fn seeing(mut self, seen: &str) -> Self {
        // The whole text first: a number that is cut no longer looks like one.
        let seen = mask(seen);
        let cut: String = seen.chars().take(SHOWN).collect();
        let more = if cut.len() < seen.len() { "…" } else { "" };
        self.seen = Some(format!("{cut}{more}"));
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity.as_str(), self.file)?;
        if let Some(sheet) = &self.sheet {
            write!(f, ", sheet {sheet}")?;
        }
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        if let Some(seen) = &self.seen {
            write!(f, ": `{seen}`")?;
        }
        write!(f, ": {}", self.expected)
    }
}

/// Where a row stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) sheet: Option<&'a str>,
    pub(crate) row: u64,
}

impl Place<'_> {
    /// As it is named in a finding about another row.
    pub(crate) fn named_from(self, other: Place<'_>) -> String {
        match self.sheet {
            Some(sheet) if self.sheet != other.sheet => {
                format!("row {} of sheet {sheet}", self.row)
            }
            _ => format!("row {}", self.row),
        }
    }
}

/// A column's letters, from its place counted from 0.
pub fn letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(b'A' + (column % 26) as u8);
        match column / 26 {
            0 => break,
            more => column = more - 1,
        }
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_lettered_as_spreadsheets_do() {
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["A", "Z", "AA", "ZZ", "AAA"]);
    }

    #[test]
    fn a_persons_number_is_not_seen_whatever_column_it_stands_in() {
        let seen = |text: &str| {
            Finding::of_file(Severity::Error, "date", "a day").seeing(text).seen.unwrap()
        };
        assert_eq!(seen("CCCD 052099001234"), "CCCD ###");
        let cut = format!("{} 052099001234", "x".repeat(SHOWN - 5));
        assert!(!seen(&cut).contains("052"));
        assert_eq!(seen("000.00.12.H08-240115-0007"), "000.00.12.H08-240115-0007");
    }

    #[test]
    fn a_finding_says_where_and_what() {
        let mut finding = Finding::of_file(Severity::Error, "date", "a day: 05/04/2019").at(7);
        finding.file = "kiem-ke.xlsx".into();
        finding.sheet = Some("Sở".into());
        finding.column = Some("C (Ngày)".into());
        let text = finding.seeing("31/02/2019").to_string();
        assert_eq!(
            text,
            "error: kiem-ke.xlsx, sheet Sở, row 7, column C (Ngày): `31/02/2019`: a day: 05/04/2019"
        );
    }
}
