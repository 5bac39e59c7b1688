//! The inventory: how many papers an agency keeps.

use sohoa_schemas::{
    registers::{InventoryRow, phase_of_year},
    rows::SCHEMA_VERSION,
};
use sohoa_source::identity::register_uid;

use crate::{
    finding::Severity,
    header::Field,
    line::{AGENCY, Line, PROCEDURE, RESULT_TYPE},
    overlap, value,
};

/// What a row is known by.
pub(super) const KEY: &[&str] =
    &["agency_code", "procedure_code", "result_type_code", "document_year", "year_from", "year_to"];

pub(super) const FIELDS: &[Field] = &[
    AGENCY.required(),
    PROCEDURE,
    RESULT_TYPE,
    Field::new("document_year", &["nam", "nam ban hanh", "nam hinh thanh", "nam van ban", "year"]),
    Field::new("year_from", &["tu nam", "nam dau"]),
    Field::new("year_to", &["den nam", "nam cuoi"]),
    Field::new("level", &["cap", "cap hanh chinh"]),
    Field::new(
        "valid_paper_count",
        &[
            "so luong",
            "so luong ket qua",
            "so ket qua con hieu luc",
            "so luong con hieu luc",
            "tong so ket qua",
            "so ban",
            "count",
        ],
    )
    .required()
    .counting(),
    Field::new("page_count", &["so trang", "tong so trang", "pages"]).counting(),
    Field::new("counted_at", &["ngay kiem ke", "ngay thong ke", "ngay dem"]),
    Field::new("method", &["phuong phap", "cach thuc", "cach dem"]),
    Field::new("source_ref", &["nguon", "bien ban", "can cu", "source"]),
];

const METHODS: &[(&str, &[&str])] = &[
    ("count", &["dem", "kiem dem", "thuc te"]),
    ("estimate", &["uoc tinh", "uoc", "uoc luong"]),
    (overlap::WITHDRAWN, &["rut", "rut lai", "huy", "bai bo", "thu hoi"]),
];

pub(super) fn read(line: &Line<'_>) -> Option<(String, InventoryRow)> {
    let agency_code = line.known_agency("agency_code");
    let procedure = line.procedure("procedure_code");
    let result_type_code = line.text("result_type_code");
    let valid_paper_count = line.get("valid_paper_count", "number", value::whole);
    let page_count = line.get("page_count", "number", value::whole);
    let counted_at = line.day("counted_at").unwrap_or(line.context.as_of);
    line.past(Some(counted_at), "counted_at");
    let method = line.choice("method", METHODS).unwrap_or_else(|| "count".to_owned());
    let (year_from, year_to) = years(line);
    let phase = phase(line, year_from, year_to);
    let agency_code = agency_code?;
    let procedure_base = procedure.map(|(_, base)| base);
    let shown = |year: Option<i32>| year.map(|year| year.to_string()).unwrap_or_default();
    let key = [
        agency_code.clone(),
        procedure_base.clone().unwrap_or_default(),
        result_type_code.clone().unwrap_or_default(),
        shown(year_from),
        shown(year_to),
    ];
    let parts: Vec<&str> = key.iter().map(String::as_str).collect();
    let row = InventoryRow {
        inventory_uid: register_uid("inventory", &parts),
        province: line.context.province.clone(),
        agency_uid: None,
        agency_code,
        procedure_base,
        result_type_code,
        year_from,
        year_to,
        level: line.level("level"),
        phase,
        valid_paper_count: valid_paper_count?,
        page_count,
        counted_at,
        method,
        source_ref: line.text("source_ref"),
        import_key: String::new(),
        schema_version: SCHEMA_VERSION,
    };
    let [agency, procedure, result, from, to] = &key;
    Some((format!("{agency} {procedure} {result} {from}-{to}"), row))
}

/// The years counted: one, or from the first to the last.
fn years(line: &Line<'_>) -> (Option<i32>, Option<i32>) {
    let one = line.get("document_year", "year", |cell| {
        // `2016-2020` in one cell.
        let text = value::text(cell)?;
        match text.split_once(['-', '–']) {
            Some((from, to)) => {
                let year =
                    |text: &str| value::year(&crate::grid::Cell::text(text), line.context.today);
                Ok((year(from)?, year(to)?))
            }
            None => value::year(cell, line.context.today).map(|year| (year, year)),
        }
    });
    let (from, to) = (line.year("year_from"), line.year("year_to"));
    let (from, to) = match one {
        Some((one_from, one_to)) => (from.or(Some(one_from)), to.or(Some(one_to))),
        None => (from, to.or(from)),
    };
    if from.is_some_and(|from| to.is_some_and(|to| to < from)) {
        line.wrong("year", "year_to", "a year not before the first one");
    }
    (from, to)
}

/// The phase of all the years, if they have one.
fn phase(line: &Line<'_>, from: Option<i32>, to: Option<i32>) -> Option<i32> {
    let Some(to) = to else {
        // One that is wrong is told already.
        if ["document_year", "year_from", "year_to"].iter().all(|name| line.lacks(name)) {
            line.tell(
                Severity::Warning,
                "no_years",
                "document_year",
                "years: without them a count is in no phase; it is of all papers of an agency that \
                 has no other count, else of those whose year nobody knows",
            );
        }
        return None;
    };
    // Without a first year, everything up to the last one.
    let first = from.map_or(5, phase_of_year);
    if first != phase_of_year(to) {
        let name = if line.lacks("year_from") { "document_year" } else { "year_from" };
        line.tell(
            Severity::Warning,
            "phase",
            name,
            "years of one phase (to 1995, 1996-2005, 2006-2015, 2016-2021, from 2022): this count \
             stands in no phase of a report",
        );
        return None;
    }
    Some(first)
}
