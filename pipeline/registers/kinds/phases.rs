//! Phases of a province's plan.

use sohoa_schemas::{
    registers::{PhaseRow, phase_of_year},
    rows::SCHEMA_VERSION,
};

use crate::{header::Field, line::Line};

/// What a row is known by.
pub(super) const KEY: &[&str] = &["phase", "province"];

pub(super) const FIELDS: &[Field] = &[
    Field::new("province", &["ma tinh", "tinh"]),
    Field::new("phase", &["giai doan"]).required(),
    Field::new("printed_from", &["tu nam", "nam dau"]),
    Field::new("printed_to", &["den nam", "nam cuoi"]),
    Field::new("year_from", &["tinh tu nam"]),
    Field::new("year_to", &["tinh den nam"]),
    Field::new("window_from", &["tu ngay", "bat dau"]).required(),
    Field::new("window_to", &["den ngay", "ket thuc"]),
    Field::new("title", &["noi dung", "ten"]),
    Field::new("source_doc", &["van ban", "can cu", "ke hoach", "nguon"]).required(),
];

/// Latest phase a plan may have.
const LAST: i32 = 20;

/// Documents get their phase when they are read, by a rule that no table changes: a plan that says
/// otherwise would be held against other papers than its own.
const YEARS: &str = "the years of the phase, which are the same in every plan: 2 is 2016 to 2021, 3 is 2006 \
                     to 2015, 4 is 1996 to 2005, 5 is to 1995, and 0 is from 2022";

pub(super) fn read(line: &Line<'_>) -> Option<(String, PhaseRow)> {
    let phase = line.count("phase");
    if phase.is_some_and(|phase| phase > LAST) {
        line.wrong("number", "phase", format!("a phase from 0 to {LAST}"));
    }
    let province = line.agency("province").map(|code| code.code);
    let province = province.unwrap_or_else(|| line.context.province.clone());
    let (window_from, window_to) = (line.day("window_from"), line.day("window_to"));
    line.period(window_from, window_to, "window_to");
    let (printed_from, printed_to) = (line.year("printed_from"), line.year("printed_to"));
    let year_from = if line.lacks("year_from") { printed_from } else { line.year("year_from") };
    // A year printed in two phases belongs to the earlier scheduled, which is that of later years.
    let is_shared = |year: i32| {
        phase.is_some_and(|phase| phase_of_year(year) != phase && phase_of_year(year - 1) == phase)
    };
    let within = printed_to.map(|year| if is_shared(year) { year - 1 } else { year });
    let year_to = if line.lacks("year_to") { within } else { line.year("year_to") };
    if year_from.is_some_and(|from| year_to.is_some_and(|to| to < from)) {
        line.wrong("year", "year_to", "a year not before the first one");
    }
    check_years(line, phase, (year_from, year_to));
    let row = PhaseRow {
        province,
        phase: phase?,
        printed_from,
        printed_to,
        year_from,
        year_to,
        window_from: window_from?,
        window_to,
        title: line.text("title"),
        source_doc: line.text("source_doc")?,
        import_key: String::new(),
        schema_version: SCHEMA_VERSION,
    };
    Some((format!("phase {} of {}", row.phase, row.province), row))
}

fn check_years(line: &Line<'_>, phase: Option<i32>, (from, to): (Option<i32>, Option<i32>)) {
    let Some(phase) = phase else { return };
    let is_open = |names: [&str; 2]| names.iter().all(|name| line.lacks(name));
    for (names, year, end) in [
        (["year_from", "printed_from"], from, to.map(|_| i32::MIN)),
        (["year_to", "printed_to"], to, from.map(|_| i32::MAX)),
    ] {
        let year = if is_open(names) { end } else { year };
        if year.is_some_and(|year| phase_of_year(year) != phase) {
            let name = names.into_iter().find(|name| !line.lacks(name));
            line.wrong("phase", name.unwrap_or("phase"), YEARS);
        }
    }
}
