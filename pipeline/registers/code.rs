//! Codes of agencies, procedures and dossiers in the spellings of their decrees.

use std::collections::BTreeSet;

use sohoa_source::agency::{is_qd20, of_qcvn102};

/// Characters an agency's code may have.
const LONGEST: usize = 35;

/// An agency's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyCode {
    /// In the spelling of Decision 20/2020 where it has one.
    pub code: String,
    /// `QD20`, `QCVN102` or `local`: where the given spelling is from.
    pub system: &'static str,
}

impl AgencyCode {
    /// Reads a code; `None` where it is none at all.
    pub fn parse(given: &str) -> Option<Self> {
        let given = given.trim().to_uppercase();
        let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || ".-_/".contains(c);
        if given.is_empty() || given.len() > LONGEST || !given.chars().all(fits) {
            return None;
        }
        if let Some(code) = of_qcvn102(&given) {
            return Some(Self { code, system: "QCVN102" });
        }
        let system = if is_qd20(&given) { "QD20" } else { "local" };
        Some(Self { code: given, system })
    }
}

/// Every spelling under which documents carry an agency's code.
pub fn spellings(code: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::from([code.to_owned()]);
    let groups: Vec<&str> = code.split('.').collect();
    let widths = [3, 2, 2, 3];
    if is_qd20(code) && groups.len() <= widths.len() {
        let places = widths.iter().rev().zip(groups.iter().map(Some).chain([None; 3]));
        let legacy: Option<Vec<String>> = places
            .map(|(width, group)| {
                let width = *width;
                let group = group.copied().unwrap_or_default();
                (group.len() <= width).then(|| format!("{group:0>width$}"))
            })
            .collect();
        let turned = legacy.map(|groups| groups.into_iter().rev().collect::<Vec<_>>().join("."));
        all.extend(turned.filter(|legacy| of_qcvn102(legacy).as_deref() == Some(code)));
    }
    all
}

/// A procedure's code without the province's suffix: `1.004873` of `1.004873.000.00.00.H08`.
pub fn procedure_base(given: &str) -> Option<&str> {
    let base = given.get(..8)?;
    let is_base = matches!(base.as_bytes(), [b'0'..=b'9', b'.', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
    let rest = &given[8..];
    let is_suffix = rest.is_empty() || rest.strip_prefix('.').and_then(of_qcvn102).is_some();
    (is_base && is_suffix).then_some(base)
}

/// A dossier's code as it is kept: in large letters, without spaces around what joins its parts.
pub fn dossier_code(given: &str) -> String {
    let parts = given.split('-').map(|part| part.split('.').map(str::trim).collect::<Vec<_>>());
    parts.map(|groups| groups.join(".")).collect::<Vec<_>>().join("-").to_uppercase()
}

/// Day of reception in a dossier's code: `240115` of `H08.12-240115-0007`.
pub fn dossier_day(code: &str) -> Option<chrono::NaiveDate> {
    let mut parts = code.rsplit('-');
    let (serial, day, agency) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let shaped = (4..=6).contains(&serial.len()) && digits(serial) && day.len() == 6 && digits(day);
    AgencyCode::parse(agency).filter(|_| shaped)?;
    let number = |range: std::ops::Range<usize>| day[range].parse::<u32>().ok();
    chrono::NaiveDate::from_ymd_opt(2000 + number(0..2)? as i32, number(2..4)?, number(4..6)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_an_agency_are_one_code() {
        let parsed = |given| AgencyCode::parse(given).map(|code| (code.code, code.system));
        assert_eq!(parsed("000.00.12.H08"), Some(("H08.12".into(), "QCVN102")));
        assert_eq!(parsed("000.00.00.h08"), Some(("H08".into(), "QCVN102")));
        assert_eq!(parsed("000.00.BD.H08"), Some(("H08.BD".into(), "QCVN102")));
        assert_eq!(parsed("H08.29.5"), Some(("H08.29.5".into(), "QD20")));
        assert_eq!(parsed("SNV-01"), Some(("SNV-01".into(), "local")));
        assert_eq!(parsed("Sở Nội vụ"), None);
        assert_eq!(parsed(""), None);
    }

    #[test]
    fn a_code_is_found_in_every_spelling() {
        let of = |code| spellings(code).into_iter().collect::<Vec<_>>();
        assert_eq!(of("H08"), ["000.00.00.H08", "H08"]);
        assert_eq!(of("H08.12"), ["000.00.12.H08", "H08.12"]);
        assert_eq!(of("H08.29.005"), ["H08.29.005"], "a group too long for the old scheme");
    }

    #[test]
    fn procedures_and_dossiers_are_taken_apart() {
        assert_eq!(procedure_base("1.004873.000.00.00.H08"), Some("1.004873"));
        assert_eq!(procedure_base("1.004873"), Some("1.004873"));
        assert_eq!(procedure_base("1.00487"), None);
        assert_eq!(procedure_base("1.004873.H08"), None);
        let day = dossier_day("H08.12-240115-0007").unwrap();
        assert_eq!(day.to_string(), "2024-01-15");
        assert_eq!(dossier_day("000.00.BD.H08-230411-0004").unwrap().to_string(), "2023-04-11");
        assert_eq!(dossier_day("H08.12-241315-0007"), None);
        assert_eq!(dossier_code("h08.12 - 240115 -0007"), "H08.12-240115-0007");
        assert_eq!(dossier_code("Người lập"), "NGƯỜI LẬP");
    }
}
