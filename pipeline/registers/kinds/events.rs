//! What happened at the counter and at the post office: times and actions for table `events`.

use sohoa_schemas::events::{Action, EventRow};
use sohoa_source::identity::{DossierName, dossier_uid, register_uid};
use uuid::Uuid;

use crate::{
    code,
    header::Field,
    line::{Line, in_vietnam},
    value,
};

/// What a row is known by.
pub(super) const KEY: &[&str] = &[
    "action",
    "occurred_at",
    "dossier_code",
    "batch_id",
    "document_uid",
    "component",
    "unit_code",
];

pub(super) const FIELDS: &[Field] = &[
    Field::new("action", &["hanh dong", "su kien", "thao tac"]).required(),
    Field::new("occurred_at", &["thoi diem", "thoi gian", "luc", "time"]).required(),
    Field::new("dossier_code", &["ma ho so", "so ho so", "ma so ho so", "dossier"]),
    Field::new("batch_id", &["ma lo", "lo", "ma dot", "batch"]),
    Field::new("document_uid", &["ma tai lieu"]),
    Field::new("component", &["ma thanh phan", "thanh phan", "ma giay to"]),
    Field::new("agency_code", &["ma co quan", "ma don vi", "ma co quan giai quyet"]),
    Field::new("unit_code", &["ma don vi tiep nhan", "ma buu cuc", "quay", "noi tiep nhan"]),
    Field::new("staff", &["ma can bo", "can bo", "nguoi thuc hien", "staff_ref"]).secret(),
    Field::new("partner_id", &["doi tac", "ma doi tac", "partner"]),
    Field::new("outcome", &["ket qua"]),
    Field::new("error_code", &["ma loi"]),
    Field::new("duration_seconds", &["thoi luong", "so giay"]),
    Field::new("attempt", &["lan", "lan thu"]),
    Field::new("reused_from", &["tai su dung tu", "nguon tai su dung"]),
    Field::new("files", &["so tep", "so file"]).counting(),
    Field::new("pages", &["so trang"]).counting(),
];

const OUTCOMES: &[(&str, &[&str])] = &[
    ("ok", &["dat", "thanh cong"]),
    ("duplicate", &["trung", "trung lap"]),
    ("refused", &["tu choi", "loi", "khong dat"]),
];
const SOURCES: &[(&str, &[&str])] =
    &[("province", &["tinh", "kho tinh"]), ("national", &["quoc gia", "cong quoc gia"])];

pub(super) fn read(line: &Line<'_>) -> Option<(String, EventRow)> {
    let action = line.get("action", "choice", |cell| action(&value::text(cell)?));
    let shown = line.get("occurred_at", "date", value::time);
    line.past(shown.map(|time| time.date()), "occurred_at");
    let agency = line.known_agency("agency_code");
    let unit = line.known_agency("unit_code");
    let dossier_code = line.text("dossier_code").map(|code| code::dossier_code(&code));
    let named = agency.clone().or_else(|| line.context.agency.clone());
    let dossier = dossier_code
        .as_deref()
        .map(|code| dossier_uid(named.as_deref(), &DossierName::Dossier(code)));
    let (kind, subject) = subject(line, dossier)?;
    let action = action?;
    let staff = line.hidden("staff");
    let partner = line.text("partner_id");
    let component = line.text("component");
    let details = details(line, component.as_deref(), dossier_code.as_deref());
    let occurred_at = in_vietnam(shown?);
    let name = format!(
        "{} {} {}",
        occurred_at.timestamp_micros(),
        unit.as_deref().unwrap_or_default(),
        component.unwrap_or_default()
    );
    let mut row =
        EventRow::new(action, (kind, subject), (&line.context.province, occurred_at), &name);
    row.dossier_uid = dossier;
    row.dossier_code = dossier_code;
    row.agency_code = agency;
    row.unit_code = unit;
    let kind = match (&staff, &partner) {
        (Some(_), _) => "person",
        (None, Some(_)) => "partner",
        (None, None) => "service",
    };
    kind.clone_into(&mut row.actor_kind);
    row.actor_ref = staff.or(partner);
    row.outcome = line.choice("outcome", OUTCOMES).unwrap_or_else(|| "ok".to_owned());
    row.error_code = line.text("error_code");
    row.duration_ms =
        line.get("duration_seconds", "number", value::whole).map(|seconds| seconds * 1000);
    row.attempt = line.count("attempt");
    row.details = details;
    Some((format!("{} {}", action.as_str(), row.event_uid), row))
}

/// The pipeline's own actions are read off its records, never imported.
fn action(given: &str) -> Result<Action, String> {
    let known = |action: &Action| matches!(action.stage(), "one_stop" | "partner");
    Action::from_name(&given.to_lowercase()).filter(known).ok_or_else(|| {
        let names: Vec<&str> =
            Action::ALL.iter().filter(|action| known(action)).map(|a| a.as_str()).collect();
        format!("one of {}", names.join(", "))
    })
}

fn subject(line: &Line<'_>, dossier: Option<Uuid>) -> Option<(&'static str, Uuid)> {
    let document = line.get("document_uid", "uid", |cell| {
        let uid = Uuid::parse_str(&value::text(cell)?);
        uid.map_err(|_| "a document's uid, as the table documents has it".to_owned())
    });
    let batch = line.text("batch_id").map(|batch| register_uid("batch", &[&batch]));
    let subject = document
        .map(|uid| ("document", uid))
        .or(dossier.map(|uid| ("dossier", uid)))
        .or(batch.map(|uid| ("batch", uid)));
    if subject.is_none() {
        line.wrong(
            "missing",
            "dossier_code",
            "dossier_code, document_uid or batch_id: one of them",
        );
    }
    subject
}

fn details(line: &Line<'_>, component: Option<&str>, dossier_code: Option<&str>) -> Option<String> {
    let text = |value: Option<String>| value.map(serde_json::Value::from);
    let number = |value: Option<i32>| value.map(serde_json::Value::from);
    let known = [
        ("dossier_code", text(dossier_code.map(str::to_owned))),
        ("component", text(component.map(str::to_owned))),
        ("batch_id", text(line.text("batch_id"))),
        ("from", text(line.choice("reused_from", SOURCES))),
        ("files", number(line.count("files"))),
        ("pages", number(line.count("pages"))),
    ];
    let object: serde_json::Map<String, serde_json::Value> =
        known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    (!object.is_empty()).then(|| serde_json::Value::Object(object).to_string())
}
