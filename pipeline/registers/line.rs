//! One row of a file, read field by field; what is wrong with a cell becomes a finding.

use std::cell::RefCell;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Utc};
use sohoa_schemas::registers::InventoryRow;

use crate::{
    code::AgencyCode,
    finding::{Finding, Place, Severity},
    grid::{Cell, Grid, Row},
    header::{Field, Header},
    limits::Limits,
    tables::Agencies,
    value::{self, Parsed},
};

/// Seconds east of Greenwich of Vietnam, which has no other time.
const VIETNAM: i32 = 7 * 3600;

/// Keyed hashing of what says something about a person.
pub type Hide<'a> = dyn Fn(&str) -> String + 'a;

/// What a file is read with, whatever it holds.
pub struct Context<'a> {
    /// Code of the province whose index it is: its rows are found under it, also those of agencies
    /// that came from another province.
    pub province: String,
    /// Code of the agency whose configuration this is: dossiers that name none are its own.
    pub agency: Option<String>,
    /// Today, in Vietnam.
    pub today: NaiveDate,
    /// Day the file speaks of, where its rows do not say.
    pub as_of: NaiveDate,
    /// Bounds.
    pub limits: Limits,
    /// Hashes identifiers of persons.
    pub hide: &'a Hide<'a>,
    /// Hashes the numbers of citizens within a text.
    pub hide_numbers: &'a Hide<'a>,
    /// Which agencies have, or had, which codes, and whom they took over; empty: none were imported yet.
    pub register: Agencies,
    /// The counts there are, which an import of others may replace, and what withdrew others.
    pub inventory: Vec<InventoryRow>,
    /// Take rows of agencies that are not among them, with a warning.
    pub accept_unknown: bool,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("province", &self.province).finish_non_exhaustive()
    }
}

/// Findings of a file, bounded; errors are counted all.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) findings: Vec<Finding>,
    pub(crate) errors: u64,
    /// Findings that were not kept.
    pub(crate) more: u64,
    most: usize,
}

impl Found {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    pub(crate) fn push(&mut self, finding: Finding) {
        self.errors += u64::from(finding.severity == Severity::Error);
        if self.findings.len() < self.most {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}

/// A row.
pub(crate) struct Line<'a> {
    pub(crate) row: &'a Row,
    pub(crate) header: &'a Header,
    pub(crate) grid: &'a Grid,
    pub(crate) context: &'a Context<'a>,
    pub(crate) found: &'a RefCell<Found>,
}

impl<'a> Line<'a> {
    /// Where it stands.
    pub(crate) fn place(&self) -> Place<'a> {
        Place { sheet: self.grid.sheet.as_deref(), row: self.row.number }
    }
}

impl Line<'_> {
    /// A finding about a field of this row.
    pub(crate) fn tell(
        &self,
        severity: Severity,
        code: &'static str,
        name: &str,
        expected: impl Into<String>,
    ) {
        self.tell_of(severity, code, &[name], expected);
    }

    /// A finding about several fields at once: of those, about the ones that are filled in.
    pub(crate) fn tell_of(
        &self,
        severity: Severity,
        code: &'static str,
        names: &[&str],
        expected: impl Into<String>,
    ) {
        let mut finding = Finding::of_file(severity, code, expected).at_place(self.place());
        let columns: Vec<usize> =
            names.iter().filter_map(|name| self.header.column(name)).collect();
        let is_filled = |column: &usize| !self.row.cell(*column).is_empty();
        let filled: Vec<usize> = columns.iter().copied().filter(is_filled).collect();
        let told = if filled.is_empty() { &columns } else { &filled };
        let joined = |shown: fn(&Self, usize) -> String, columns: &[usize]| {
            let shown = columns.iter().map(|column| shown(self, *column));
            (!columns.is_empty()).then(|| shown.collect::<Vec<_>>().join(", "))
        };
        finding.column = joined(|line, column| line.header.shown(column), told);
        if let Some(seen) = joined(Self::visible, &filled) {
            finding = finding.seeing(&seen);
        }
        self.found.borrow_mut().push(finding);
    }

    /// What stands in a column, as a finding may say it.
    fn visible(&self, column: usize) -> String {
        let secret = self.header.columns[column].1.is_some_and(|field| field.secret);
        if secret { "(hidden)".to_owned() } else { self.row.cell(column).shown() }
    }

    /// An error about a field of this row.
    pub(crate) fn wrong(&self, code: &'static str, name: &str, expected: impl Into<String>) {
        self.tell(Severity::Error, code, name, expected);
    }

    /// A field's cell as it is shown; empty where there is no such column.
    pub(crate) fn shown(&self, name: &str) -> String {
        self.header.column(name).map(|column| self.row.cell(column).shown()).unwrap_or_default()
    }

    /// Whether a field's cell is empty, or there is no such column.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        self.header.column(name).is_none_or(|column| self.row.cell(column).is_empty())
    }

    /// A field's value; none where it is empty, or wrong and told.
    pub(crate) fn get<T>(
        &self,
        name: &str,
        code: &'static str,
        parse: impl FnOnce(&Cell) -> Parsed<T>,
    ) -> Option<T> {
        let column = self.header.column(name)?;
        let field = self.header.columns[column].1?;
        match self.row.cell(column) {
            Cell::Empty => {
                if field.required {
                    self.wrong("missing", name, "a value: no row may be without it");
                }
                None
            }
            Cell::Fault(_) => {
                self.wrong("formula", name, "a value, not a formula's error");
                None
            }
            Cell::Text(text) if text.contains('\u{fffd}') => {
                self.wrong(
                    "encoding",
                    name,
                    "letters that were lost on the way; send the original",
                );
                None
            }
            _ if field.counts && self.grid.is_spread(self.row.number, column) => {
                self.wrong("merged", name, "a number for each row: a merged one would count twice");
                None
            }
            cell => parse(cell).map_err(|expected| self.wrong(code, name, expected)).ok(),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name, "text", value::text)
    }

    /// A text in somebody's own words, in which a citizen's number may stand.
    pub(crate) fn words(&self, name: &str) -> Option<String> {
        self.text(name).map(|text| (self.context.hide_numbers)(&text))
    }

    pub(crate) fn day(&self, name: &str) -> Option<NaiveDate> {
        self.get(name, "date", value::day)
    }

    /// A moment; clocks are Vietnam's.
    pub(crate) fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        self.get(name, "date", value::time).map(in_vietnam)
    }

    pub(crate) fn count(&self, name: &str) -> Option<i32> {
        self.get(name, "number", value::count)
    }

    pub(crate) fn truth(&self, name: &str) -> Option<bool> {
        self.get(name, "truth", value::truth)
    }

    pub(crate) fn year(&self, name: &str) -> Option<i32> {
        let today = self.context.today;
        self.get(name, "year", |cell| value::year(cell, today))
    }

    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        self.get(name, "text", value::list).unwrap_or_default()
    }

    pub(crate) fn choice(&self, name: &str, choices: &[(&str, &[&str])]) -> Option<String> {
        self.get(name, "choice", |cell| value::choice(cell, choices))
    }

    /// A level of administration.
    pub(crate) fn level(&self, name: &str) -> Option<String> {
        self.choice(name, LEVELS)
    }

    /// An agency's code, in the spelling of Decision 20/2020.
    pub(crate) fn agency(&self, name: &str) -> Option<AgencyCode> {
        self.get(name, "agency", |cell| {
            AgencyCode::parse(&value::text(cell)?)
                .ok_or_else(|| "an agency's code such as H08.12 or 000.00.12.H08".to_owned())
        })
    }

    /// The same of an agency that must be known.
    pub(crate) fn known_agency(&self, name: &str) -> Option<String> {
        let code = self.agency(name)?.code;
        let register = &self.context.register;
        if !register.is_empty() && !register.knows(&code) {
            let severity =
                if self.context.accept_unknown { Severity::Warning } else { Severity::Error };
            self.tell(
                severity,
                "unknown_agency",
                name,
                "a code of the table of agencies: import those first (sohoa import agencies), or \
                 give --accept-unknown-agencies",
            );
        }
        Some(code)
    }

    /// A procedure's code as given, and without its suffix.
    pub(crate) fn procedure(&self, name: &str) -> Option<(String, String)> {
        self.get(name, "procedure", |cell| {
            let given = value::text(cell)?.to_uppercase();
            let base = crate::code::procedure_base(&given).map(str::to_owned);
            base.map(|base| (given, base)).ok_or_else(|| {
                "a procedure's code such as 1.004873 or 1.004873.000.00.00.H08".to_owned()
            })
        })
    }

    /// Keyed hash of an identifier of a person.
    pub(crate) fn hidden(&self, name: &str) -> Option<String> {
        let hide = self.context.hide;
        self.get(name, "text", |cell| Ok(hide(&value::text(cell)?)))
    }

    /// Tells of a period that ends before it begins.
    pub(crate) fn period(&self, from: Option<NaiveDate>, to: Option<NaiveDate>, name: &str) {
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            self.wrong("period", name, "a day that is not before the period's first one");
        }
    }

    /// Tells of a day that has not come yet.
    pub(crate) fn past(&self, day: Option<NaiveDate>, name: &str) {
        if day.is_some_and(|day| day > self.context.today) {
            self.wrong("date", name, format!("a day up to today, {}", self.context.today));
        }
    }
}

/// The moment a clock in Vietnam shows this.
pub(crate) fn in_vietnam(shown: NaiveDateTime) -> DateTime<Utc> {
    (shown - vietnam()).and_utc()
}

/// The day it is in Vietnam at a moment.
pub(crate) fn day_in_vietnam(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&vietnam()).date_naive()
}

/// Vietnam's time.
pub(crate) fn vietnam() -> FixedOffset {
    FixedOffset::east_opt(VIETNAM).expect("seven hours are within a day")
}

/// Levels of administration, and what they are called.
pub(crate) const LEVELS: &[(&str, &[&str])] = &[
    ("central", &["trung uong", "tw", "cap trung uong", "bo", "bo, nganh"]),
    ("province", &["tinh", "cap tinh", "so", "so, nganh", "so, ban, nganh", "thanh pho"]),
    ("district", &["huyen", "cap huyen", "quan", "thi xa"]),
    ("commune", &["xa", "cap xa", "phuong", "thi tran", "xa, phuong", "xa, phuong, thi tran"]),
];

/// Column of an agency, as most files have it.
pub(crate) const AGENCY: Field = Field::new(
    "agency_code",
    &[
        "ma co quan",
        "ma don vi",
        "ma dinh danh",
        "ma dinh danh co quan",
        "ma dinh danh don vi",
        "ma dinh danh dien tu",
        "agency",
        "code",
    ],
);

/// Column of a procedure, as most files have it.
pub(crate) const PROCEDURE: Field = Field::new(
    "procedure_code",
    &[
        "ma tthc",
        "ma thu tuc",
        "ma thu tuc hanh chinh",
        "ma so tthc",
        "ma quoc gia",
        "procedure",
        "procedure_base",
    ],
);

/// Column of a result's kind.
pub(crate) const RESULT_TYPE: Field = Field::new(
    "result_type_code",
    &["ma loai ket qua", "loai ket qua", "ma ket qua", "result_type"],
);
