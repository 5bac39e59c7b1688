//! Targets of the plans.

use sohoa_schemas::{registers::TargetRow, rows::SCHEMA_VERSION};
use sohoa_source::identity::register_uid;

use crate::{code::AgencyCode, finding::Severity, header::Field, line::Line, value};

/// What a row is known by.
pub(super) const KEY: &[&str] = &["metric", "province", "scope", "scope_value", "period_end"];

pub(super) const FIELDS: &[Field] = &[
    Field::new("metric", &["chi tieu", "ma chi tieu"]).required(),
    Field::new("report", &["bao cao", "bieu"]),
    Field::new("scope", &["pham vi"]).required(),
    Field::new("scope_value", &["doi tuong", "gia tri pham vi"]),
    Field::new("province", &["ma tinh"]),
    Field::new("period_start", &["tu ngay", "bat dau"]),
    Field::new("period_end", &["den ngay", "thoi han", "han"]).required(),
    Field::new("value", &["gia tri", "muc", "muc tieu"]).required().counting(),
    Field::new("unit", &["don vi tinh", "dvt"]).required(),
    Field::new("comparison", &["so sanh"]),
    Field::new("source_doc", &["van ban", "can cu", "nguon", "ke hoach"]).required(),
    Field::new("note", &["ghi chu"]),
];

const SCOPES: &[(&str, &[&str])] = &[
    ("province", &["tinh", "toan tinh"]),
    ("level", &["cap"]),
    ("agency", &["co quan", "don vi"]),
    ("area", &["dia ban", "vung"]),
];
const UNITS: &[(&str, &[&str])] = &[
    ("percent", &["%", "phan tram", "ty le"]),
    ("points", &["diem", "diem phan tram"]),
    ("minutes", &["phut"]),
    ("dossiers_per_staff_year", &["ho so/nguoi/nam"]),
    ("count", &["so luong", "don vi"]),
];
const COMPARISONS: &[(&str, &[&str])] = &[
    ("at_least", &[">=", "≥", "toi thieu", "it nhat"]),
    ("at_most", &["<=", "≤", "toi da", "khong qua"]),
];
const AREAS: &[(&str, &[&str])] = &[
    ("remote", &["vung sau, vung xa", "vung sau vung xa", "dac biet kho khan"]),
    ("other", &["con lai", "khac"]),
];

pub(super) fn read(line: &Line<'_>) -> Option<(String, TargetRow)> {
    let metric = line.get("metric", "metric", |cell| {
        let text = value::text(cell)?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        text.chars()
            .all(plain)
            .then_some(text)
            .ok_or_else(|| "a name of small letters and _, such as results_digitised".to_owned())
    });
    let report = line.get("report", "report", |cell| {
        let text = value::text(cell)?.to_uppercase();
        let number = text.strip_prefix('R').and_then(|number| number.parse::<u8>().ok());
        number.filter(|n| (1..=15).contains(n)).map(|_| text).ok_or("R1 to R15".to_owned())
    });
    let scope = line.choice("scope", SCOPES);
    let scope_value = scope.as_deref().and_then(|scope| scope_value(line, scope));
    let (period_start, period_end) = (line.day("period_start"), line.day("period_end"));
    line.period(period_start, period_end, "period_end");
    let value = line.get("value", "number", value::decimal);
    let unit = line.choice("unit", UNITS);
    if unit.as_deref() == Some("percent") {
        bounded(line, value);
    }
    let comparison = line.choice("comparison", COMPARISONS);
    let province = line.agency("province").map(|code| code.code);
    let province = province.unwrap_or_else(|| line.context.province.clone());
    let (metric, scope, period_end) = (metric?, scope?, period_end?);
    let end = period_end.to_string();
    let key =
        [metric.as_str(), &province, &scope, scope_value.as_deref().unwrap_or_default(), &end];
    let row = TargetRow {
        target_uid: register_uid("targets", &key),
        province: province.clone(),
        report,
        agency_uid: None,
        period_start,
        period_end,
        value: value?,
        unit: unit?,
        comparison: comparison.unwrap_or_else(|| "at_least".to_owned()),
        source_doc: line.text("source_doc")?,
        note: line.text("note"),
        import_key: String::new(),
        schema_version: SCHEMA_VERSION,
        metric: metric.clone(),
        scope: scope.clone(),
        scope_value: scope_value.clone(),
    };
    Some((key.join(" "), row))
}

fn scope_value(line: &Line<'_>, scope: &str) -> Option<String> {
    if scope == "province" {
        return None;
    }
    if line.lacks("scope_value") {
        line.wrong("missing", "scope_value", "the level, the agency's code, or remote or other");
    }
    match scope {
        "level" => line.level("scope_value"),
        "area" => line.choice("scope_value", AREAS),
        _ => line.get("scope_value", "agency", |cell| {
            AgencyCode::parse(&value::text(cell)?)
                .map(|code| code.code)
                .ok_or_else(|| "an agency's code such as H08.12".to_owned())
        }),
    }
}

fn bounded(line: &Line<'_>, value: Option<f64>) {
    let Some(value) = value else { return };
    if !(0.0..=100.0).contains(&value) {
        line.wrong("number", "value", "a percentage from 0 to 100");
    } else if value > 0.0 && value <= 1.0 {
        line.tell(
            Severity::Warning,
            "number",
            "value",
            "30 for thirty percent: taken as it stands, below one percent",
        );
    }
}
