//! Rows and stores for the tests of this crate.

mod store;

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use object_store::ObjectStore;
use sohoa_schemas::{
    code::{Code, Severity},
    events::{Action, EventRow},
    record::Rows,
    rows::{
        DocumentRow, FindingRow, IntakeRow, Outcome, PageRow, PageTextRow, SCHEMA_VERSION,
        SignatureRow,
    },
};
use url::Url;
use uuid::Uuid;

pub(crate) use self::store::{FusedStore, texts};
use crate::{Index, Table};

pub(crate) const APPLICATION: &str = "sohoa.documents.v1/0";
const PROVINCE: &str = "H63";

/// Scattered over the whole range, as hashed identities are.
fn uid(kind: u8, number: u32) -> Uuid {
    let spread = u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    Uuid::from_u128(spread ^ (u128::from(kind) << 64))
}

pub(crate) fn source_uid(number: u32) -> Uuid {
    uid(0, number)
}

fn moment(seconds: i64) -> DateTime<Utc> {
    let start = DateTime::parse_from_rfc3339("2026-11-03T01:02:03.000456Z").unwrap();
    start.with_timezone(&Utc) + TimeDelta::seconds(seconds)
}

fn month(number: u32) -> String {
    format!("2026-{:02}", 10 + number % 2)
}

/// The rows of a published source of two pages.
pub(crate) fn published(number: u32, version: i32) -> Rows {
    Rows {
        documents: vec![document(number, version)],
        pages: (1..=2).map(|page_no| page(number, version, page_no)).collect(),
        page_text: (1..=2).map(|page_no| page_text(number, version, page_no)).collect(),
        signatures: vec![signature(number, version)],
        findings: vec![finding(number, version)],
        intake: vec![intake(number, version, Outcome::Published, i64::from(version) * 100)],
        events: vec![event(number, version)],
    }
}

/// The rows of a source that waits for its release.
pub(crate) fn held(number: u32) -> Rows {
    Rows {
        intake: vec![intake(number, 1, Outcome::Held, 1)],
        findings: vec![finding(number, 1)],
        ..Rows::default()
    }
}

/// The rows of a refused source.
pub(crate) fn quarantined(number: u32) -> Rows {
    let mut row = intake(number, 1, Outcome::Quarantined, 0);
    row.code = Some(Code::F02Unreadable);
    row.sentence = Some(Code::F02Unreadable.sentence().to_owned());
    // Refused in the month before it is published.
    row.ingest_month = "2026-09".to_owned();
    Rows { intake: vec![row], ..Rows::default() }
}

pub(crate) fn join(several: impl IntoIterator<Item = Rows>) -> Rows {
    let mut all = Rows::default();
    for rows in several {
        all.extend(rows);
    }
    all
}

#[expect(clippy::too_many_lines, reason = "the row is that wide")]
pub(crate) fn document(number: u32, version: i32) -> DocumentRow {
    // Every second document has nothing that may be absent.
    let full = number.is_multiple_of(2);
    let text = |value: &str| full.then(|| value.to_owned());
    DocumentRow {
        document_uid: source_uid(number),
        source_uid: source_uid(number),
        version,
        province: PROVINCE.to_owned(),
        ingest_month: month(number),
        doc_id: text("H63.12"),
        doc_code: text("H63.12.0000001"),
        dossier_uid: uid(1, number / 3),
        dossier_code: Some(format!("000.00.{:06}", number / 3)),
        archive_file_code: text("01.07.H63"),
        paper_file_code: None,
        doc_ordinal: i32::try_from(number % 3).unwrap() + 1,
        doc_role: "component".to_owned(),
        procedure_code: text("1.004222"),
        procedure_base: text("1.004222"),
        paper_type_code: text("KQ.1"),
        commune_code: text("21553"),
        admin_code_system: text("QD124"),
        type_code: text("02"),
        type_abbr: text("QĐ"),
        type_name: text("QUYẾT ĐỊNH"),
        code_number: Some(number.to_string()),
        code_notation: text("QĐ-UBND"),
        code_full: Some(format!("{number}/QĐ-UBND")),
        issued_date: NaiveDate::from_ymd_opt(1987, 2, 28).filter(|_| full),
        issued_date_precision: text("day"),
        issued_place: text("Thị xã Đồng Xoài"),
        organ_name: text("ỦY BAN NHÂN DÂN TỈNH BÌNH ĐÔNG"),
        parent_organ_name: None,
        level_at_issue: text("province"),
        custodian_agency_code: Some(format!("H63.{:02}", number % 5)),
        subject: text("Về việc cấp giấy chứng nhận quyền sử dụng đất, thửa số 7"),
        subject_folded: text("ve viec cap giay chung nhan quyen su dung dat, thua so 7"),
        signer_authority: text("TM,KT"),
        signer_title: text("PHÓ CHỦ TỊCH"),
        signer_name: text("Nguyễn Thị Mẫu"),
        recipients: full.then(|| vec!["Như Điều 3".to_owned(), "Lưu: VT".to_owned()]),
        archive_line: text("Lưu: VT, ĐĐ"),
        secrecy_level: "none".to_owned(),
        urgency_level: "none".to_owned(),
        arrival_number: None,
        arrival_date: None,
        language_codes: vec!["01".to_owned()],
        page_count: 2,
        sheet_count: full.then_some(1),
        a4_equiv: full.then_some(2.5),
        page_from: 1,
        page_to: 2,
        parent_document_uid: None,
        pages_quarantined: 0,
        access_mode: "01".to_owned(),
        confidence_level: "02".to_owned(),
        physical_state: text("02"),
        retention_code: None,
        code_list_version: "2026-01".to_owned(),
        validity_status: "unknown".to_owned(),
        valid_to: NaiveDate::from_ymd_opt(2031, 5, 4).filter(|_| full),
        owner_id_kind: None,
        owner_id_hmac: None,
        phase: full.then_some(4),
        phase_boundary_year: false,
        document_year: full.then_some(1987),
        intake_channel: "bulk".to_owned(),
        partner_id: None,
        batch_id: text("lô 7"),
        scanned_at: full.then(|| moment(-86_400)),
        conversion_mark_text: None,
        converted_at: Some(moment(5)),
        converting_agency: text("H63.01"),
        pdf_profile: "PDF/A-2b".to_owned(),
        colour_depth_bits: Some(24),
        min_dpi: full.then_some(299.5),
        sha256_source_list: vec!["ab".repeat(32), "cd".repeat(32)],
        sha256_object: format!("{number:064x}"),
        object_uri: format!("documents/{number}/v{version}/document.pdf"),
        object_size: 1 << 40,
        signature_state: "ok".to_owned(),
        release_mode: text("delegated"),
        release_ref: None,
        extraction_confidence: full.then_some(0.875),
        fields_missing: if full { Vec::new() } else { vec!["subject".to_owned()] },
        needs_review: !full,
        field_conf: if full {
            BTreeMap::from([("subject".to_owned(), 0.5), ("code_full".to_owned(), 0.75)])
        } else {
            BTreeMap::new()
        },
        field_source: BTreeMap::from([("code_full".to_owned(), "page".to_owned())]),
        field_amended: full.then(|| {
            BTreeMap::from([("subject".to_owned(), "2026-11-20T08:00:00Z van thu".to_owned())])
        }),
        field_box: BTreeMap::from([("code_full".to_owned(), "1:10,20,30,40".to_owned())]),
        ocr_engine: text("tesseract 5.3.0"),
        ocr_lang: text("vie"),
        ocr_mean_conf: full.then_some(0.9375),
        ocr_char_count: 1234,
        state: "published".to_owned(),
        first_seen_at: moment(0),
        updated_at: moment(i64::from(version)),
        schema_version: SCHEMA_VERSION,
    }
}

pub(crate) fn page(number: u32, version: i32, page_no: i32) -> PageRow {
    PageRow {
        page_uid: page_uid(number, page_no),
        document_uid: source_uid(number),
        source_uid: source_uid(number),
        version,
        dossier_uid: uid(1, number / 3),
        province: PROVINCE.to_owned(),
        ingest_month: month(number),
        page_no,
        source_file_sha256: "ab".repeat(32),
        source_page_no: page_no,
        outcome: "published".to_owned(),
        width_px: Some(2480),
        height_px: None,
        dpi_x: Some(300.0),
        dpi_y: None,
        width_pt: 595.25,
        height_pt: 841.5,
        orientation_fixed_deg: 90,
        skew_deg: Some(-0.5),
        colour_mode: "rgb".to_owned(),
        bit_depth: Some(8),
        blank: page_no == 2,
        text_origin: "ocr".to_owned(),
        ocr_mean_conf: Some(0.25),
        ocr_word_count: 200,
        low_conf_word_share: None,
        words_diacritic_share: Some(0.125),
        barcodes: None,
        personal_barcodes: None,
        decode_ms: 40,
        ocr_ms: 1300,
        fault_codes: if page_no == 2 { vec!["I05_BLANK".to_owned()] } else { Vec::new() },
        schema_version: SCHEMA_VERSION,
    }
}

fn page_uid(number: u32, page_no: i32) -> Uuid {
    uid(2, number * 8 + u32::try_from(page_no).unwrap())
}

pub(crate) fn page_text(number: u32, version: i32, page_no: i32) -> PageTextRow {
    PageTextRow {
        page_uid: page_uid(number, page_no),
        document_uid: source_uid(number),
        source_uid: source_uid(number),
        version,
        province: PROVINCE.to_owned(),
        ingest_month: month(number),
        page_no,
        text: "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc".to_owned(),
        text_folded: "cong hoa xa hoi chu nghia viet nam\ndoc lap - tu do - hanh phuc".to_owned(),
        barcode_texts: None,
        schema_version: SCHEMA_VERSION,
    }
}

fn signature(number: u32, version: i32) -> SignatureRow {
    SignatureRow {
        signature_uid: uid(3, number),
        document_uid: source_uid(number),
        source_uid: source_uid(number),
        version,
        province: PROVINCE.to_owned(),
        ingest_month: month(number),
        sha256_object: format!("{number:064x}"),
        seq: 1,
        field_name: "Agency".to_owned(),
        made_by_sohoa: true,
        role: "agency_copy".to_owned(),
        position: "top_right".to_owned(),
        page_no: Some(1),
        subject_kind: "organisation".to_owned(),
        subject_kind_basis: "O without CN of a person".to_owned(),
        subject_dn: None,
        subject_cn: Some("Sở Mẫu Bình Đông".to_owned()),
        subject_o: None,
        subject_mst: None,
        subject_mns: None,
        issuer_dn: Some("CN=Test".to_owned()),
        serial_hex: Some("0a".to_owned()),
        cert_sha256: Some("ef".repeat(32)),
        chain_root_sha256: None,
        trust_domain: "test".to_owned(),
        agency_code: None,
        agency_match: None,
        sub_filter: "ETSI.CAdES.detached".to_owned(),
        digest_alg: Some("SHA-256".to_owned()),
        sig_alg: Some("ECDSA".to_owned()),
        key_bits: Some(256),
        signing_time_claimed: Some(moment(4)),
        timestamp_time: None,
        tsa_dn: None,
        tsa_not_after: None,
        cert_not_before: Some(moment(-1_000_000)),
        cert_not_after: Some(moment(1_000_000)),
        revocation_method: Some("none".to_owned()),
        revocation_status: Some("unknown".to_owned()),
        revocation_checked_at: None,
        evidence_uri: None,
        byte_range_covers_all: true,
        modified_after: false,
        pades_level: "B-B".to_owned(),
        verdict: "ok".to_owned(),
        verified_at: moment(6),
        verifier_version: None,
        schema_version: SCHEMA_VERSION,
    }
}

/// The publication of a version.
pub(crate) fn event(number: u32, version: i32) -> EventRow {
    let at = (PROVINCE, moment(i64::from(version)));
    let subject = ("source", source_uid(number));
    EventRow {
        version: Some(version),
        ingest_month: month(number),
        dossier_uid: Some(uid(1, number / 3)),
        details: Some(r#"{"lý do":"số hóa"}"#.to_owned()),
        ..EventRow::new(Action::Published, subject, at, &version.to_string())
    }
}

fn finding(number: u32, version: i32) -> FindingRow {
    FindingRow {
        finding_uid: uid(4, number),
        source_uid: source_uid(number),
        version,
        province: PROVINCE.to_owned(),
        ingest_month: month(number),
        subject_kind: "page".to_owned(),
        subject_uid: page_uid(number, 2),
        code: Code::I05Blank,
        severity: Severity::Info,
        field: None,
        observed: Some("trang trắng".to_owned()),
        expected: None,
        stage: "ocr".to_owned(),
        detected_at: moment(2),
        schema_version: SCHEMA_VERSION,
    }
}

pub(crate) fn intake(number: u32, version: i32, outcome: Outcome, settled: i64) -> IntakeRow {
    let pages = |of: Outcome| if of == outcome { 2 } else { 0 };
    IntakeRow {
        intake_uid: uid(5, number),
        source_uid: source_uid(number),
        dossier_uid: uid(1, number / 3),
        province: PROVINCE.to_owned(),
        ingest_month: month(number),
        source_name: "scans".to_owned(),
        uri: format!("hồ sơ {}/{number}.pdf", number / 3),
        etag: (!number.is_multiple_of(3)).then(|| format!("\"{number}\"")),
        size: 1000 + i64::from(number),
        modified_at: moment(-500),
        sha256: Some("ab".repeat(32)),
        media_type: Some("application/pdf".to_owned()),
        pages: 2,
        pages_published: pages(Outcome::Published),
        pages_quarantined: pages(Outcome::Quarantined),
        pages_held: pages(Outcome::Held),
        outcome,
        code: None,
        sentence: None,
        duplicate_of: None,
        version,
        received_at: moment(-400),
        settled_at: moment(settled),
        schema_version: SCHEMA_VERSION,
    }
}

/// An index in memory with a fuse in its way.
pub(crate) fn index(store: &Arc<FusedStore>) -> Index {
    let store: Arc<dyn ObjectStore> = Arc::clone(store) as _;
    Index::open(&store, Url::parse("s3://bucket/index").unwrap()).unwrap()
}

/// Every row of a table as one line of JSON, sorted.
pub(crate) async fn dump(index: &Index, table: Table) -> Vec<String> {
    // Where an event stands in its chain is a matter of when it was told.
    let columns = if table == Table::Events { "* EXCEPT (seq, prev_hash, row_hash)" } else { "*" };
    select(index, &format!("SELECT {columns} FROM {}", table.name())).await
}

/// The answer to a query, one line of JSON a row, sorted.
pub(crate) async fn select(index: &Index, sql: &str) -> Vec<String> {
    let stream = index.query(sql).await.unwrap();
    let mut out = Vec::new();
    let schema = stream.schema();
    crate::output::write(schema, stream, crate::output::Format::Json, &mut out).await.unwrap();
    let mut lines: Vec<_> =
        String::from_utf8(out).unwrap().lines().map(ToOwned::to_owned).collect();
    lines.sort();
    lines
}
