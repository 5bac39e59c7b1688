//! Staff, pseudonymous: the number is hashed as it is read and stands nowhere.

use sohoa_schemas::{registers::StaffRow, rows::SCHEMA_VERSION};

use crate::{
    header::Field,
    line::{AGENCY, Line},
    value,
};

/// What a row is known by.
pub(super) const KEY: &[&str] = &["staff_ref", "agency_code", "from_date"];

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "staff_ref",
        &[
            "ma can bo",
            "ma so can bo",
            "ma nhan vien",
            "so hieu",
            "can bo",
            "staff",
            "staff_number",
        ],
    )
    .required()
    .secret(),
    AGENCY.required(),
    Field::new("role", &["vai tro", "nhiem vu", "vi tri"]),
    Field::new("fte", &["ty le thoi gian", "he so", "so bien che"]),
    Field::new("from_date", &["tu ngay", "ngay bat dau", "from"]).required(),
    Field::new("to_date", &["den ngay", "ngay ket thuc", "to"]),
    Field::new("remote_area", &["vung sau vung xa", "vung sau, vung xa", "dac biet kho khan"]),
];

const ROLES: &[(&str, &[&str])] = &[
    ("reception", &["tiep nhan", "mot cua"]),
    ("processing", &["xu ly", "giai quyet", "chuyen mon"]),
    ("scanning", &["so hoa", "quet"]),
    ("clerk", &["van thu"]),
    ("other", &["khac"]),
];

pub(super) fn read(line: &Line<'_>) -> Option<(String, StaffRow)> {
    let staff_ref = line.hidden("staff_ref");
    let agency_code = line.known_agency("agency_code");
    let role = line.choice("role", ROLES).unwrap_or_else(|| "reception".to_owned());
    let fte = line.get("fte", "number", |cell| {
        value::decimal(cell)
            .ok()
            .filter(|fte| *fte > 0.0 && *fte <= 1.0)
            .ok_or_else(|| "a share of a full-time post, above 0 to 1".to_owned())
    });
    let (from_date, to_date) = (line.day("from_date"), line.day("to_date"));
    line.period(from_date, to_date, "to_date");
    let agency_code = agency_code?;
    let row = StaffRow {
        staff_ref: staff_ref?,
        province: line.context.province.clone(),
        agency_uid: None,
        agency_code,
        role,
        fte: fte.unwrap_or(1.0),
        from_date: from_date?,
        to_date,
        remote_area: line.truth("remote_area").unwrap_or_default(),
        import_key: String::new(),
        schema_version: SCHEMA_VERSION,
    };
    Some((format!("{} {} {}", row.staff_ref, row.agency_code, row.from_date), row))
}
