//! Dossiers of the case system, each in its newest state.

use sohoa_schemas::{registers::DossierRow, rows::SCHEMA_VERSION};
use sohoa_source::identity::{DossierName, dossier_uid};

use super::{owner, status};
use crate::{
    code,
    finding::Severity,
    header::Field,
    line::{Line, PROCEDURE, day_in_vietnam, in_vietnam},
    value,
};

/// What a row is known by.
pub(super) const KEY: &[&str] = &["dossier_code"];

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        "dossier_code",
        &["ma ho so", "so ho so", "ma so ho so", "ma so ho so tthc", "dossier"],
    )
    .required(),
    PROCEDURE,
    Field::new("procedure_name", &["ten thu tuc", "ten tthc", "thu tuc"]),
    Field::new("field_code", &["ma linh vuc", "linh vuc"]),
    Field::new("procedure_level", &["cap", "cap thu tuc"]),
    Field::new(
        "receiving_unit_code",
        &["ma don vi tiep nhan", "don vi tiep nhan", "noi tiep nhan", "bo phan mot cua"],
    ),
    Field::new(
        "handling_agency_code",
        &["ma co quan giai quyet", "co quan giai quyet", "don vi xu ly", "ma don vi xu ly"],
    ),
    Field::new("channel", &["kenh", "hinh thuc", "hinh thuc nop", "kenh tiep nhan"]),
    Field::new("status", &["trang thai", "tinh trang", "trang thai ho so"]),
    Field::new("ticket_at", &["lay so", "gio lay so", "thoi diem lay so"]),
    Field::new("served_at", &["gio goi", "thoi diem phuc vu"]),
    Field::new("received_at", &["ngay tiep nhan", "thoi diem tiep nhan", "ngay nhan", "ngay nop"]),
    Field::new("accepted_at", &["ngay chap nhan", "thoi diem chap nhan"]),
    Field::new("appointed_at", &["ngay hen tra", "han tra", "ngay hen tra ket qua"]),
    Field::new("resolved_at", &["ngay co ket qua", "ngay giai quyet", "ngay hoan thanh"]),
    Field::new("returned_at", &["ngay tra", "ngay tra ket qua"]),
    Field::new("outcome", &["ket qua", "ket qua giai quyet"]),
    Field::new("owner_id_kind", &["loai dinh danh", "loai giay to tuy than"]),
    Field::new(
        "owner_id",
        &["so dinh danh", "cccd", "so cccd", "cmnd", "so cmnd", "cccd/cmnd", "ma so thue"],
    )
    .secret(),
    Field::new("component_count", &["so thanh phan", "so giay to"]).counting(),
    Field::new("components_digitised", &["thanh phan da so hoa", "so giay to da so hoa"])
        .counting(),
    Field::new("components_reused", &["thanh phan tai su dung", "so giay to tai su dung"])
        .counting(),
    Field::new("reused_from_national_portal", &["tai su dung tu cong quoc gia"]),
    Field::new("result_count", &["so ket qua"]).counting(),
    Field::new("results_digitised", &["ket qua da so hoa", "so ket qua da so hoa"]).counting(),
    Field::new("result_electronic", &["ket qua dien tu"]),
    Field::new("resubmission_demanded", &["yeu cau nop lai"]),
    Field::new("paper_parallel", &["nop song song ban giay", "ho so giay song song"]),
    Field::new("waiting_minutes", &["phut cho", "thoi gian cho"]).counting(),
    Field::new("processing_minutes", &["phut xu ly", "thoi gian xu ly"]).counting(),
    Field::new("staff_ref", &["ma can bo", "can bo tiep nhan", "nguoi tiep nhan", "staff"])
        .secret(),
    Field::new("remote_area", &["vung sau vung xa", "vung sau, vung xa"]),
    Field::new("archive_file_code", &["ma ho so luu tru", "ma luu tru"]),
    Field::new("paper_file_code", &["ma ho so giay", "hop ho so", "so hop"]),
    Field::new("title", &["tieu de", "tieu de ho so"]),
    Field::new("retention_code", &["thoi han bao quan", "ma thoi han"]),
    Field::new("start_date", &["ngay bat dau", "thoi gian bat dau"]),
    Field::new("end_date", &["ngay ket thuc", "thoi gian ket thuc"]),
    Field::new(
        "documents_expected",
        &["so van ban", "tong so van ban", "so tai lieu", "so luong tai lieu", "total_doc"],
    )
    .counting(),
    Field::new("pages_expected", &["so trang", "tong so trang", "number_of_page"]).counting(),
    Field::new("listed_at", &["ngay lap danh sach", "ngay trich xuat", "ngay ket xuat"]),
];

const CHANNELS: &[(&str, &[&str])] = &[
    ("counter", &["truc tiep", "tai quay", "mot cua"]),
    ("online", &["truc tuyen", "qua mang", "dvc", "cong dvc", "dich vu cong"]),
    ("post", &["buu chinh", "buu dien", "qua buu dien", "bcci"]),
    ("bulk_backfill", &["so hoa", "hoi co"]),
];
const OUTCOMES: &[(&str, &[&str])] = &[
    ("granted", &["dong y", "cap", "da cap", "dat"]),
    ("refused", &["tu choi", "khong dong y", "tra lai"]),
    ("withdrawn", &["rut", "rut ho so"]),
    ("unknown", &["khong ro"]),
];
const OWNERS: &[(&str, &[&str])] = &[
    ("cccd", &["can cuoc", "can cuoc cong dan", "so dinh danh ca nhan"]),
    ("cmnd", &["chung minh nhan dan"]),
    ("mst", &["ma so thue", "ma so doanh nghiep"]),
    ("other", &["khac"]),
];

const CODE: &str = "a dossier's code such as H08.12-240115-0007";

#[expect(clippy::too_many_lines, reason = "the row is that wide")]
pub(super) fn read(line: &Line<'_>) -> Option<(String, DossierRow)> {
    let before = line.found.borrow().errors;
    let dossier_code = dossier_code(line);
    let procedure = line.procedure("procedure_code");
    let receiving = line.known_agency("receiving_unit_code");
    let handling = line.known_agency("handling_agency_code");
    let received = line.get("received_at", "date", value::time);
    line.past(received.map(|time| time.date()), "received_at");
    let received_at = received.map(in_vietnam);
    let listed = line.time("listed_at");
    let listed_at = listed.unwrap_or_else(|| in_vietnam(line.context.as_of.into()));
    let (resolved_at, returned_at) = (line.time("resolved_at"), line.time("returned_at"));
    in_order(
        line,
        &[("received_at", received_at), ("resolved_at", resolved_at), ("returned_at", returned_at)],
    );
    let status = status(line);
    let owner_id_kind = line.choice("owner_id_kind", OWNERS);
    let owner_id_hmac = owner::identifier(line, owner_id_kind.as_deref());
    let documents_expected = line.count("documents_expected");
    let (start_date, end_date) = (line.day("start_date"), line.day("end_date"));
    line.period(start_date, end_date, "end_date");
    let dossier_code = dossier_code?;
    // Both follow from the code alone where it says them: a dossier stays in its place whatever else
    // a later list says of it.
    let month = code::dossier_day(&dossier_code).map(|day| day.format("%Y-%m").to_string());
    // As a manifest would name it, so that its documents have the same identity.
    let named = handling.clone().or_else(|| line.context.agency.clone());
    let row = DossierRow {
        dossier_uid: dossier_uid(named.as_deref(), &DossierName::Dossier(&dossier_code)),
        province: line.context.province.clone(),
        received_month: month.unwrap_or_else(|| "unknown".to_owned()),
        procedure_base: procedure.as_ref().map(|(_, base)| base.clone()),
        procedure_code: procedure.map(|(given, _)| given),
        procedure_name: line.words("procedure_name"),
        field_code: line.text("field_code"),
        procedure_level: line.level("procedure_level"),
        receiving_unit_code: receiving,
        receiving_unit_uid: None,
        handling_agency_code: handling,
        handling_agency_uid: None,
        level_at_receipt: None,
        channel: line.choice("channel", CHANNELS),
        resolved: resolved(resolved_at.is_some() || returned_at.is_some(), status.as_deref()),
        status,
        ticket_at: line.time("ticket_at"),
        served_at: line.time("served_at"),
        received_at,
        accepted_at: line.time("accepted_at"),
        appointed_at: line.time("appointed_at"),
        resolved_at,
        returned_at,
        outcome: line.choice("outcome", OUTCOMES).unwrap_or_else(|| "unknown".to_owned()),
        owner_id_kind,
        owner_id_hmac,
        component_count: line.count("component_count"),
        components_digitised: line.count("components_digitised"),
        components_reused: line.count("components_reused"),
        reused_from_national_portal: line.truth("reused_from_national_portal"),
        result_count: line.count("result_count"),
        results_digitised: line.count("results_digitised"),
        result_electronic: line.truth("result_electronic"),
        resubmission_demanded: line.truth("resubmission_demanded"),
        paper_parallel: line.truth("paper_parallel"),
        waiting_minutes: line.count("waiting_minutes"),
        processing_minutes: line.count("processing_minutes"),
        staff_ref: line.hidden("staff_ref"),
        remote_area: line.truth("remote_area"),
        archive_file_code: line.text("archive_file_code"),
        paper_file_code: line.text("paper_file_code"),
        title: line.words("title"),
        retention_code: line.text("retention_code"),
        start_date,
        end_date,
        documents_expected,
        pages_expected: line.count("pages_expected"),
        listed_at,
        import_key: String::new(),
        schema_version: SCHEMA_VERSION,
        dossier_code,
    };
    let is_right = line.found.borrow().errors == before;
    is_right.then(|| (row.dossier_code.clone(), row))
}

/// The code; one of another form than Circular 01/2018 has is taken with a warning, and a text is
/// none.
fn dossier_code(line: &Line<'_>) -> Option<String> {
    let code = line.get("dossier_code", "dossier_code", |cell| {
        let code = code::dossier_code(&value::text(cell)?);
        let is_one = !code.contains(' ') && code.contains(|c: char| c.is_ascii_digit());
        is_one.then_some(code).ok_or_else(|| CODE.to_owned())
    })?;
    let day = code::dossier_day(&code);
    if day.is_none_or(|day| day > line.context.today) {
        let said = format!("{CODE}, with a day up to today; taken as it stands");
        line.tell(Severity::Warning, "dossier_code", "dossier_code", said);
    }
    Some(code)
}

/// The status by its national number; one that is not known is kept as it stands.
fn status(line: &Line<'_>) -> Option<String> {
    let given = line.words("status")?;
    let known = status::number(&given);
    if known.is_none() {
        let said = format!("{}; taken as it stands, and counted as received", status::EXPECTED);
        line.tell(Severity::Warning, "status", "status", said);
    }
    Some(known.map_or(given, str::to_owned))
}

fn resolved(has_date: bool, status: Option<&str>) -> Option<bool> {
    if has_date {
        return Some(true);
    }
    let number = status::number(status?)?;
    Some(status::RESOLVED.contains(&number))
}

/// Tells of steps that come before the one they follow.
fn in_order(line: &Line<'_>, steps: &[(&str, Option<chrono::DateTime<chrono::Utc>>)]) {
    let known: Vec<_> = steps.iter().filter_map(|(name, at)| Some((*name, (*at)?))).collect();
    for pair in known.windows(2) {
        let [(before, earlier), (name, later)] = pair else { continue };
        // A day without its hour is the same day's midnight in Vietnam, still the day before in UTC.
        if day_in_vietnam(*later) < day_in_vietnam(*earlier) {
            line.wrong("period", name, format!("a time not before {before}"));
        }
    }
}
