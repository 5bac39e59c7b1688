//! Administrative procedures.

use sohoa_document::fold::fold;
use sohoa_schemas::{registers::ProcedureRow, rows::SCHEMA_VERSION};

use crate::{
    header::Field,
    line::{Line, PROCEDURE},
};

/// What a row is known by.
pub(super) const KEY: &[&str] = &["procedure_code"];

pub(super) const FIELDS: &[Field] = &[
    PROCEDURE.required(),
    Field::new("name", &["ten", "ten thu tuc", "ten tthc", "ten thu tuc hanh chinh"]).required(),
    Field::new("field_code", &["ma linh vuc"]),
    Field::new("field_name", &["linh vuc", "ten linh vuc"]),
    Field::new("level", &["cap", "cap thuc hien", "cap giai quyet"]),
    Field::new("online_level", &["muc do", "muc do dvc", "dich vu cong", "muc do truc tuyen"]),
    Field::new("has_result", &["co ket qua"]),
    Field::new("component_codes", &["thanh phan ho so", "ma thanh phan", "ma loai giay to"]),
    Field::new("result_type_codes", &["ket qua", "ma loai ket qua", "loai ket qua"]),
    Field::new("valid_from", &["hieu luc tu", "tu ngay"]),
    Field::new("valid_to", &["hieu luc den", "den ngay"]),
];

const ONLINE: &[(&str, &[&str])] = &[
    ("full", &["toan trinh", "muc do 4", "4"]),
    ("partial", &["mot phan", "muc do 3", "3"]),
    ("none", &["khong", "con lai", "cung cap thong tin", "muc do 2", "2"]),
];

pub(super) fn read(line: &Line<'_>) -> Option<(String, ProcedureRow)> {
    let procedure = line.procedure("procedure_code");
    let name = line.text("name");
    let (valid_from, valid_to) = (line.day("valid_from"), line.day("valid_to"));
    line.period(valid_from, valid_to, "valid_to");
    let level = line.level("level");
    let online_level = line.choice("online_level", ONLINE);
    let has_result = line.truth("has_result").unwrap_or(true);
    let (name, (procedure_code, procedure_base)) = (name?, procedure?);
    let row = ProcedureRow {
        procedure_base,
        procedure_code,
        name_folded: fold(&name),
        name,
        field_code: line.text("field_code"),
        field_name: line.text("field_name"),
        level,
        online_level,
        has_result,
        component_codes: line.list("component_codes"),
        result_type_codes: line.list("result_type_codes"),
        valid_from,
        valid_to,
        import_key: String::new(),
        schema_version: SCHEMA_VERSION,
        province: line.context.province.clone(),
    };
    Some((row.procedure_base.clone(), row))
}
