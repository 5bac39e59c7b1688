//! Dossiers of the case system, each in its newest state.

use sohoa_schemas::{registers::DossierRow, rows::SCHEMA_VERSION};
use sohoa_source::identity::{DossierName, dossier_uid};

use crate::{
    code,
    grid::Cell,
    header::Field,
    line::{Line, PROCEDURE, in_vietnam},
    value::{self, Parsed},
};

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

/// Numbers by which one province's case system says that a dossier is resolved.
const RESOLVED: [&str; 3] = ["7", "9", "10"];

#[expect(clippy::too_many_lines, reason = "the row is that wide")]
pub(super) fn read(line: &Line<'_>) -> Option<(String, DossierRow)> {
    let before = line.found.borrow().errors;
    let dossier_code = line.text("dossier_code").map(|code| code.to_uppercase());
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
    let status = line.text("status");
    let owner_id_hmac =
        line.get("owner_id", "text", |cell| Ok((line.context.hide)(&identifier(cell)?)));
    let documents_expected = line.count("documents_expected");
    let (start_date, end_date) = (line.day("start_date"), line.day("end_date"));
    line.period(start_date, end_date, "end_date");
    let dossier_code = dossier_code?;
    // Both follow from the code alone where it says them: a dossier stays in its place whatever else
    // a later list says of it.
    let month = code::dossier_day(&dossier_code).map(|day| day.format("%Y-%m").to_string());
    let own = agency_of(&dossier_code).and_then(code::province);
    let own = own.or_else(|| code::province(handling.as_deref()?));
    // As a manifest would name it, so that its documents have the same identity.
    let named = line.text("handling_agency_code").or_else(|| line.context.agency.clone());
    let row = DossierRow {
        dossier_uid: dossier_uid(named.as_deref(), &DossierName::Dossier(&dossier_code)),
        province: own.unwrap_or(&line.context.province).to_owned(),
        received_month: month.unwrap_or_else(|| "unknown".to_owned()),
        procedure_base: procedure.as_ref().map(|(_, base)| base.clone()),
        procedure_code: procedure.map(|(given, _)| given),
        procedure_name: line.text("procedure_name"),
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
        owner_id_kind: line.choice("owner_id_kind", OWNERS),
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
        title: line.text("title"),
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

/// An identifier as it is hashed everywhere: without what people put between its letters and digits,
/// the letters large; and with the zero that a spreadsheet takes away from one that was typed as a
/// number: citizens' numbers have 9 or 12 digits.
fn identifier(cell: &Cell) -> Parsed<String> {
    let text = value::text(cell)?;
    let plain: String =
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    Ok(match (cell, plain.len()) {
        (Cell::Number(_), 8 | 11) => format!("0{plain}"),
        _ => plain,
    })
}

/// The agency's part of a dossier's code.
fn agency_of(code: &str) -> Option<&str> {
    let agency = code.rsplitn(3, '-').nth(2)?;
    agency.rsplit('.').find(|group| code::province(group).is_some())
}

fn resolved(has_date: bool, status: Option<&str>) -> Option<bool> {
    if has_date {
        return Some(true);
    }
    let status = status?;
    status.bytes().all(|b| b.is_ascii_digit()).then(|| RESOLVED.contains(&status))
}

/// Tells of steps that come before the one they follow.
fn in_order(line: &Line<'_>, steps: &[(&str, Option<chrono::DateTime<chrono::Utc>>)]) {
    let known: Vec<_> = steps.iter().filter_map(|(name, at)| Some((*name, (*at)?))).collect();
    for pair in known.windows(2) {
        let [(before, earlier), (name, later)] = pair else { continue };
        // A day without its hour may be the same day's midnight.
        if later.date_naive() < earlier.date_naive() {
            line.wrong("period", name, format!("a time not before {before}"));
        }
    }
}
