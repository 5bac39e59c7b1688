//! What is asked of a report, and its SQL with that filled in.

use chrono::NaiveDate;

use crate::{catalogue::Report, period::Period};

/// Opens the block of a report's SQL that is replaced.
const BEGIN: &str = "WITH parameters AS (\n";
/// Closes it.
const END: &str = "), -- end of parameters\n";
/// Longest code of an agency (Decision 20/2020).
const LONGEST_CODE: usize = 35;

/// Which agencies and levels a report shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelAt {
    /// As they were when the document was issued or the dossier taken in.
    Issue,
    /// As they are today.
    Now,
}

impl LevelAt {
    /// As written in the answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Now => "now",
        }
    }
}

/// The code of an agency or province.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyCode(String);

/// A text that is no agency's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an agency code: capitals, digits and dots, like H08 or H08.12")]
pub struct NotACode(pub String);

impl std::str::FromStr for AgencyCode {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let is_code = (1..=LONGEST_CODE).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
        if is_code { Ok(Self(text.to_owned())) } else { Err(NotACode(text.to_owned())) }
    }
}

impl std::fmt::Display for AgencyCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is asked of a report.
#[derive(Debug, Clone)]
pub struct Question {
    /// The period.
    pub period: Period,
    /// The province; none: every one in the index.
    pub province: Option<AgencyCode>,
    /// The agency and those below it; none: every one.
    pub agency: Option<AgencyCode>,
    /// Agencies and levels as they were or are.
    pub level_at: LevelAt,
    /// Day of Viet Nam on which it is asked.
    pub today: NaiveDate,
}

impl Question {
    /// The report's SQL with these parameters.
    pub fn sql(&self, report: &Report) -> String {
        let (head, rest) = report.sql.split_once(BEGIN).unwrap_or((report.sql, ""));
        let body = rest.split_once(END).map_or(rest, |(_, body)| body);
        format!("{head}{BEGIN}{}{END}{body}", self.parameters())
    }

    fn parameters(&self) -> String {
        format!(
            "    SELECT DATE '{}' AS period_from,\n           DATE '{}' AS period_to,\n           \
             CAST({} AS VARCHAR) AS province,\n           CAST({} AS VARCHAR) AS agency,\n           \
             '{}' AS level_at,\n           DATE '{}' AS today\n",
            self.period.from,
            self.period.to,
            text(self.province.as_ref()),
            text(self.agency.as_ref()),
            self.level_at.as_str(),
            self.today,
        )
    }
}

/// A code as a literal: it holds no quote, see [`AgencyCode`].
fn text(code: Option<&AgencyCode>) -> String {
    code.map_or_else(|| "NULL".to_owned(), |code| format!("'{code}'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::REPORTS;

    fn question(period: &str) -> Question {
        Question {
            period: period.parse().unwrap(),
            province: None,
            agency: Some("H08.12".parse().unwrap()),
            level_at: LevelAt::Now,
            today: NaiveDate::from_ymd_opt(2026, 9, 15).unwrap(),
        }
    }

    #[test]
    fn only_the_parameters_of_the_shipped_text_are_replaced() {
        for report in &REPORTS {
            let sql = question("2026-Q1").sql(report);
            assert!(sql.contains("DATE '2025-12-15' AS period_from"), "{}", report.name);
            assert!(sql.contains("CAST('H08.12' AS VARCHAR) AS agency"));
            assert!(sql.contains("CAST(NULL AS VARCHAR) AS province"));
            assert!(sql.contains("'now' AS level_at"));
            assert!(sql.contains("DATE '2026-09-15' AS today"));
            for default in ["2026-06-15", "2026-09-20"] {
                assert!(!sql.contains(default), "{}: a default stays", report.name);
            }
            let rest = |sql: &str| sql.split_once(END).unwrap().1.to_owned();
            assert_eq!(rest(&sql), rest(report.sql));
        }
    }

    #[test]
    fn a_code_cannot_leave_its_quotes() {
        for text in ["", "H08'", "H08; drop table documents", "H08 ", "Ủy ban", &"H".repeat(36)] {
            text.parse::<AgencyCode>().unwrap_err();
        }
        assert_eq!("000.00.12.H08".parse::<AgencyCode>().unwrap().to_string(), "000.00.12.H08");
    }
}
