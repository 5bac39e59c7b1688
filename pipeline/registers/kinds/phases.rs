//! Phases of a province's plan.

use sohoa_schemas::{registers::PhaseRow, rows::SCHEMA_VERSION};

use crate::{header::Field, line::Line};

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
    // Where the boundary rule changes nothing, the printed years are the ones that count.
    let counted = |name: &str, printed| if line.lacks(name) { printed } else { line.year(name) };
    let (year_from, year_to) = (counted("year_from", printed_from), counted("year_to", printed_to));
    if year_from.is_some_and(|from| year_to.is_some_and(|to| to < from)) {
        line.wrong("year", "year_to", "a year not before the first one");
    }
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
