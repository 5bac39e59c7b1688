//! Rows of `documents`.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, Int64Array, RecordBatch},
    datatypes::{DataType, Field, Schema, SchemaRef},
};

use crate::{
    Outcome,
    columns::{batch as fill, days, floats, map, numbers, text, words},
    province::{Document, PROVINCE, Province, mix},
};

const KEYS: [&str; 5] = ["code_full", "issued_date", "organ_name", "signer_name", "subject"];

const SUBJECTS: [(&str, &str); 4] = [
    (
        "Về việc cấp giấy chứng nhận quyền sử dụng đất",
        "ve viec cap giay chung nhan quyen su dung dat",
    ),
    ("Về việc thu hồi đất để thực hiện dự án", "ve viec thu hoi dat de thuc hien du an"),
    ("Về việc giải quyết trợ cấp người có công", "ve viec giai quyet tro cap nguoi co cong"),
    ("Về việc đăng ký kết hôn", "ve viec dang ky ket hon"),
];

const FAMILIES: [&str; 6] = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Hoàng"];
const GIVEN: [&str; 8] = ["Mẫu", "An", "Bình", "Chi", "Dũng", "Hạnh", "Khoa", "Lan"];

/// The documents of a month as a compaction orders them.
pub(crate) fn order(province: &Province, month: u64) -> Outcome<Vec<Document>> {
    let rows: Vec<Document> = province.of_month(month).map(|n| province.document(n)).collect();
    let schema = Arc::new(Schema::new(vec![
        Field::new("custodian_agency_code", DataType::Utf8, true),
        Field::new("document_year", DataType::Int32, true),
    ]));
    let columns =
        vec![text(rows.iter().map(Document::agency_code)), numbers(rows.iter().map(|d| d.year))];
    let places = sohoa_index::places(&RecordBatch::try_new(schema, columns)?)?;
    let mut by_place: Vec<(u32, String, Document)> = places
        .values()
        .iter()
        .zip(rows)
        .map(|(place, document)| (*place, code_full(&document), document))
        .collect();
    by_place.sort_unstable_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    Ok(by_place.into_iter().map(|(_, _, document)| document).collect())
}

/// Rows of some documents of a month.
pub(crate) fn batch(schema: &SchemaRef, month: u64, rows: &[Document]) -> RecordBatch {
    let column = |name: &str| -> Option<ArrayRef> {
        let field = schema.field_with_name(name).ok()?;
        Some(match name {
            "document_uid" | "source_uid" => text(rows.iter().map(Document::uid)),
            "province" => words(rows.iter().map(|_| PROVINCE)),
            "ingest_month" => text(rows.iter().map(|_| format!("2026-{:02}", month + 1))),
            "dossier_uid" => text(rows.iter().map(Document::dossier_uid)),
            "dossier_code" => text(rows.iter().map(Document::dossier_code)),
            "doc_ordinal" => numbers(rows.iter().map(|d| d.ordinal)),
            "doc_role" => {
                words(rows.iter().map(|d| if d.ordinal == 1 { "result" } else { "component" }))
            }
            "type_code" => words(rows.iter().map(|d| d.kind().0)),
            "type_abbr" => words(rows.iter().map(|d| d.kind().1)),
            "type_name" => words(rows.iter().map(|d| d.kind().2)),
            "code_number" => text(rows.iter().map(|d| d.code_number().to_string())),
            "code_notation" => words(rows.iter().map(|d| d.kind().3)),
            "code_full" => text(rows.iter().map(code_full)),
            "issued_date" => days(rows.iter().map(issued)),
            "issued_date_precision" => words(rows.iter().map(|_| "day")),
            "organ_name" => text(rows.iter().map(|d| format!("ỦY BAN NHÂN DÂN {:03}", d.agency))),
            "level_at_issue" => words(rows.iter().map(|d| level(d.agency))),
            "custodian_agency_code" => text(rows.iter().map(Document::agency_code)),
            "subject" => text(rows.iter().map(|d| subject(d, false))),
            "subject_folded" => text(rows.iter().map(|d| subject(d, true))),
            "signer_name" => text(rows.iter().map(signer)),
            "phase" => numbers(rows.iter().map(Document::phase)),
            "document_year" => numbers(rows.iter().map(|d| d.year)),
            "page_count" | "page_to" => numbers(rows.iter().map(|d| d.pages as i32)),
            "sha256_object" => text(rows.iter().map(hash)),
            "object_uri" => text(rows.iter().map(address)),
            "object_size" => {
                let sizes = rows.iter().map(|d| d.pages as i64 * 150_000);
                Arc::new(Int64Array::from_iter_values(sizes)) as ArrayRef
            }
            "signature_state" => words(rows.iter().map(|_| "ok")),
            "state" => words(rows.iter().map(|_| "published")),
            "validity_status" => {
                words(rows.iter().map(|d| if d.seed % 20 == 0 { "unknown" } else { "valid" }))
            }
            "access_mode" => words(rows.iter().map(|d| if d.seed % 50 == 0 { "01" } else { "02" })),
            "extraction_confidence" => floats(rows.iter().map(|d| confidence(d, 9))),
            "ocr_mean_conf" => floats(rows.iter().map(|d| confidence(d, 8))),
            "ocr_char_count" => numbers(rows.iter().map(|d| (d.pages * 900 + d.seed % 700) as i32)),
            "field_conf" => {
                let values = rows.iter().flat_map(|d| (0..5).map(move |at| confidence(d, at)));
                map(field, &KEYS, floats(values))
            }
            "field_source" => {
                map(field, &KEYS, words(rows.iter().flat_map(|_| KEYS.map(|_| "page"))))
            }
            "field_box" => {
                let values = rows.iter().flat_map(|d| (0..5).map(move |at| place(d, at)));
                map(field, &KEYS, text(values))
            }
            _ => return None,
        })
    };
    fill(schema, rows.len(), column)
}

fn code_full(document: &Document) -> String {
    format!("{}/{}", document.code_number(), document.kind().3)
}

/// Days since 1970.
fn issued(document: &Document) -> i32 {
    (document.year - 1970) * 365 + ((document.seed >> 13) % 365) as i32
}

/// Level of an agency.
pub(crate) fn level(agency: usize) -> &'static str {
    match agency {
        0..20 => "province",
        20..60 => "district",
        _ => "commune",
    }
}

fn subject(document: &Document, folded: bool) -> String {
    let (said, plain) = SUBJECTS[(document.seed >> 7) as usize % SUBJECTS.len()];
    let parcel = document.seed >> 17 & 0x3FFF;
    if folded {
        format!("{plain}, thua so {parcel}")
    } else {
        format!("{said}, thửa số {parcel}")
    }
}

fn signer(document: &Document) -> String {
    // Some dozen people sign for an agency in a decade.
    let person =
        mix((document.agency as u64) << 8 | document.seed % 3 | (document.year as u64 / 4) << 32);
    let family = FAMILIES[person as usize % FAMILIES.len()];
    format!("{family} Văn {}", GIVEN[(person >> 9) as usize % GIVEN.len()])
}

fn hash(document: &Document) -> String {
    let part = |salt: u64| mix(document.seed ^ salt);
    format!("{:016x}{:016x}{:016x}{:016x}", part(1), part(2), part(3), part(4))
}

fn address(document: &Document) -> String {
    let uid = document.uid();
    format!("documents/{}/{uid}/v1/{:016x}/document.pdf", &uid[..2], mix(document.seed ^ 1))
}

fn confidence(document: &Document, at: u64) -> f32 {
    1.0 - (mix(document.seed ^ at << 5) % 200) as f32 / 1000.0
}

fn place(document: &Document, at: u64) -> String {
    let bits = mix(document.seed ^ at << 9);
    let (x, y) = (60 + bits % 300, 40 + (bits >> 20) % 700);
    format!("1:{x},{y},{},{}", x + 60 + bits % 90, y + 14)
}
