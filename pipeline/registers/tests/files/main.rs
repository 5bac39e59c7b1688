//! Whole files, as agencies send them and as they ship with the program.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod standing;

use std::path::PathBuf;

use sohoa_registers::{
    Context, Hide, Kind, Limits, Options, Reading, Rows, Severity, read, tables,
};
use sohoa_registers::{import, keys::agency_keys};
use sohoa_schemas::registers::{AgencyRow, DossierRow, ImportHeader};
use uuid::Uuid;

fn context<'a>(hide: &'a Hide<'a>, agencies: &[&str]) -> Context<'a> {
    let today = "2026-11-27".parse().unwrap();
    Context {
        province: "H08".into(),
        agency: Some("H08.12".into()),
        today,
        as_of: today,
        limits: Limits::default(),
        hide,
        hide_numbers: &|text| text.replace("052099001234", "id:ab"),
        register: tables::Agencies::new(&agencies.iter().map(agency).collect::<Vec<_>>()),
        inventory: Vec::new(),
        accept_unknown: false,
    }
}

fn agency(code: &&str) -> AgencyRow {
    AgencyRow {
        agency_uid: Uuid::new_v5(&Uuid::NAMESPACE_OID, code.as_bytes()),
        code: (*code).to_owned(),
        ..AgencyRow::default()
    }
}

fn taken(kind: Kind, bytes: &[u8], agencies: &[&str]) -> Reading {
    let hide = |text: &str| format!("h{}", text.len());
    read(("tep.csv", bytes), kind, &Options::default(), &context(&hide, agencies))
}

/// The errors and warnings, each with its row, column and code.
fn told(reading: &Reading) -> Vec<String> {
    let findings = reading.findings.iter().filter(|finding| finding.severity != Severity::Note);
    findings
        .map(|finding| {
            let row = finding.row.map(|row| row.to_string()).unwrap_or_default();
            let column = finding.column.clone().unwrap_or_default();
            format!("{row} {column} {}", finding.code)
        })
        .collect()
}

fn shipped(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/registers");
    std::fs::read(folder.join(name)).unwrap()
}

#[test]
fn a_file_that_holds_nothing_says_so() {
    for nothing in ["", "\r\n\r\n", "sep=;\n", "\u{feff}"] {
        let reading = taken(Kind::Agencies, nothing.as_bytes(), &[]);
        assert_eq!(
            (told(&reading), reading.errors),
            (vec!["  empty".to_owned()], 1),
            "{nothing:?}"
        );
    }
}

#[test]
fn the_files_that_ship_are_right() {
    let kinds = [
        (Kind::Phases, "phases.csv"),
        (Kind::Targets, "targets.csv"),
        (Kind::Agencies, "agencies.csv"),
    ];
    for (kind, name) in kinds {
        let reading = taken(kind, &shipped(name), &[]);
        assert_eq!(told(&reading), Vec::<String>::new(), "{name}");
        assert!(reading.is_acceptable(), "{name}");
    }
    let Some(Rows::Phases(phases)) = taken(Kind::Phases, &shipped("phases.csv"), &[]).rows else {
        panic!()
    };
    // Every year of a plan belongs to one phase of it.
    for province in ["H08", "H45"] {
        for year in 1950..=2021 {
            let of = phases.iter().filter(|phase| {
                phase.province == province
                    && phase.year_to.is_some_and(|to| year <= to)
                    && phase.year_from.is_none_or(|from| from <= year)
            });
            let of: Vec<i32> = of.map(|phase| phase.phase).collect();
            assert_eq!(of, [sohoa_schemas::registers::phase_of_year(year)], "{province} {year}");
        }
    }
    let Some(Rows::Targets(targets)) = taken(Kind::Targets, &shipped("targets.csv"), &[]).rows
    else {
        panic!()
    };
    let of = |level: &str, year: i32| {
        let end: chrono::NaiveDate = format!("{year}-12-31").parse().unwrap();
        let found = targets.iter().find(|target| {
            target.report.as_deref() == Some("R2")
                && target.scope_value.as_deref() == Some(level)
                && target.period_end == end
        });
        found.map(|target| target.value)
    };
    assert_eq!(of("province", 2021), Some(30.0));
    assert_eq!(of("district", 2023), Some(40.0));
    assert_eq!(of("commune", 2025), Some(75.0));
    let inventory = taken(Kind::Inventory, &shipped("inventory.csv"), &["H21"]);
    let Some(Rows::Inventory(rows)) = &inventory.rows else { panic!("{:?}", inventory.findings) };
    assert_eq!(told(&inventory), Vec::<String>::new());
    let counts: Vec<_> = rows.iter().map(|row| (row.phase, row.valid_paper_count)).collect();
    assert_eq!(counts, [(Some(2), 1250), (Some(3), 2480), (Some(4), 9000)], "without the sum");
}

#[test]
fn a_plan_whose_phases_are_of_other_years_is_refused() {
    let head = "Giai đoạn;Từ năm;Đến năm;Tính từ năm;Tính đến năm;Từ ngày;Nguồn\n";
    let of = |lines: &str| taken(Kind::Phases, format!("{head}{lines}").as_bytes(), &[]);
    // As printed: 2016 is in two phases, and what is before 1996 has no beginning.
    let printed = of("2;2016;2021;;;01/01/2021;KH\n3;2006;2016;;;01/01/2021;KH\n\
                      5;;1996;;;01/01/2021;KH\n0;2022;;;;01/01/2022;KH\n1;;;;;01/01/2021;KH\n");
    assert_eq!(told(&printed), Vec::<String>::new());
    let Some(Rows::Phases(rows)) = &printed.rows else { panic!() };
    let years: Vec<_> = rows.iter().map(|row| (row.year_from, row.year_to)).collect();
    assert_eq!(
        years,
        [
            (Some(2016), Some(2021)),
            (Some(2006), Some(2015)),
            (None, Some(1995)),
            (Some(2022), None),
            (None, None)
        ]
    );
    let other = of("4;1990;2021;;;01/01/2021;KH\n2;;;2022;2026;01/01/2021;KH\n\
                    3;;2015;;;01/01/2021;KH\n");
    assert_eq!(
        told(&other),
        [
            "2 B (Từ năm) phase",
            "2 C (Đến năm) phase",
            "3 D (Tính từ năm) phase",
            "3 E (Tính đến năm) phase",
            "4 A (Giai đoạn) phase",
        ]
    );
    assert!(!other.is_acceptable());
}

#[test]
fn every_fault_of_a_file_is_told_at_once_with_row_and_column() {
    let file = "BIỂU 01\n\
        Mã cơ quan;Mã TTHC;Năm;Số lượng;Ngày kiểm kê\n\
        H08.12;1.004873;2019;1.5;30/06/2025\n\
        H08.99;1.004873;2019;10;30/06/2025\n\
        H08.12;1.0048;20199;12;31/02/2025\n\
        H08.12;1.004873;2018;7;30/06/2027\n\
        H08.12;1.004873;2017;8;30/06/2025\n\
        H08.12;1.004873;2017;9;30/06/2025\n\
        H08.12;1.004873;2015-2017;4;30/06/2025\n";
    let reading = taken(Kind::Inventory, file.as_bytes(), &["H08.12"]);
    let expected = [
        "3 D (Số lượng) number",
        "4 A (Mã cơ quan) unknown_agency",
        "5 B (Mã TTHC) procedure",
        "5 E (Ngày kiểm kê) date",
        "5 C (Năm) year",
        "6 E (Ngày kiểm kê) date",
        "8 A (Mã cơ quan), B (Mã TTHC), C (Năm) duplicate",
        "9 C (Năm) phase",
        "9  overlap",
    ];
    assert_eq!(told(&reading), expected);
    assert!(!reading.is_acceptable());
    let dup = reading.findings.iter().find(|finding| finding.code == "duplicate").unwrap();
    assert!(dup.expected.contains("row 7"), "{dup}");
    assert_eq!(dup.seen.as_deref(), Some("H08.12, 1.004873, 2017"));
    assert_eq!(dup.file, "tep.csv");
}

#[test]
fn what_is_told_twice_is_told_with_its_columns_and_without_empty_ones() {
    let agencies = "Mã cơ quan,Tên,Cấp,Hiệu lực từ\nH08.01,Sở Y tế,tỉnh,\nH08.01,Sở Nội vụ,tỉnh,\n\
        H08.02,Sở Nội vụ,tỉnh,01/07/2025\nH08.02,Sở Y tế,tỉnh,01/07/2025\n";
    let reading = taken(Kind::Agencies, agencies.as_bytes(), &[]);
    let found: Vec<String> = reading.findings.iter().map(ToString::to_string).collect();
    let expected = [
        "error: tep.csv, row 3, column A (Mã cơ quan): `H08.01`: one row of these; row 2 says otherwise",
        "error: tep.csv, row 5, column A (Mã cơ quan), D (Hiệu lực từ): `H08.02, 01/07/2025`: one \
         row of these; row 4 says otherwise",
    ];
    assert_eq!(found, expected);
    let staff = "Mã cán bộ,Mã cơ quan,Từ ngày\nNV17,H08.12,01/01/2025\nNV17,H08.12,01/01/2025\n";
    let reading = taken(Kind::Staff, staff.as_bytes(), &["H08.12"]);
    let twice = reading.findings.iter().find(|finding| finding.code == "duplicate").unwrap();
    assert_eq!(twice.seen.as_deref(), Some("(hidden), H08.12, 01/01/2025"), "{twice}");
}

#[test]
fn a_file_in_tcvn3_is_converted_and_says_so_and_garbage_is_refused() {
    let mut tcvn3 = b"M\xb7 \xaeinh danh,T\xaan,C\xcap\n".to_vec();
    tcvn3.extend(b"H08.12,S\xeb N\xe9i v\xf4,t\xd8nh\n");
    let reading = taken(Kind::Agencies, &tcvn3, &[]);
    let Some(Rows::Agencies(rows)) = &reading.rows else { panic!("{:?}", reading.findings) };
    assert_eq!((rows[0].name.as_str(), rows[0].level.as_str()), ("Sở Nội vụ", "province"));
    assert_eq!(reading.findings[0].code, "encoding");
    assert!(reading.findings[0].expected.contains("TCVN3"), "{}", reading.findings[0]);
    let garbage = taken(Kind::Agencies, b"M\xe3,T\xean\nH08,Stra\xdfe \xdcb\xf6\n", &[]);
    assert_eq!(told(&garbage), ["1  encoding"]);
    assert!(garbage.rows.is_none());
    let binary = taken(Kind::Agencies, b"\x89PNG\0\0", &[]);
    assert_eq!(told(&binary), ["  unreadable"]);
}

#[test]
fn a_persons_number_is_in_no_row_and_no_finding() {
    let file = "Mã hồ sơ,Số CCCD,Mã cán bộ,Ngày tiếp nhận\n\
        000.00.12.H08-240115-0007,052 099 001 234,NV17,15/01/2024\n\
        000.00.12.H08-240116-0008,052099001235,NV17,16/13/2024\n";
    let reading = taken(Kind::Dossiers, file.as_bytes(), &[]);
    let text = format!("{:?} {:?}", reading.rows, reading.findings);
    assert!(!text.contains("9900") && !text.contains("099 0") && !text.contains("NV17"), "{text}");
    let Some(Rows::Dossiers(rows)) = &reading.rows else { panic!() };
    assert_eq!(rows[0].owner_id_hmac.as_deref(), Some("h12"));
    assert_eq!((rows[0].province.as_str(), rows[0].received_month.as_str()), ("H08", "2024-01"));
    assert_eq!(told(&reading), ["3 D (Ngày tiếp nhận) date"]);
    let (_, rows) = dossiers(
        "Mã hồ sơ,Tiêu đề hồ sơ,Tên thủ tục,Trạng thái\n\
         H08.12-240115-0007,\"Cấp GCN cho ông A, CCCD 052099001234\",Cấp 052099001234,Chờ 052099001234\n",
    );
    assert_eq!(rows[0].title.as_deref(), Some("Cấp GCN cho ông A, CCCD id:ab"));
    assert!(!format!("{rows:?}").contains("052099001234"), "{rows:?}");
}

#[test]
fn an_import_gives_back_its_rows_and_a_shortened_one_is_damage() {
    let reading = taken(Kind::Agencies, &shipped("agencies.csv"), &[]);
    let rows = reading.rows.unwrap();
    let now = "2026-11-27T07:00:00Z".parse().unwrap();
    let header = ImportHeader {
        kind: rows.kind().name().into(),
        file_name: "agencies.csv".into(),
        file_sha256: "ab".into(),
        rows_sha256: "cd".into(),
        sheet: None,
        imported_at: now,
        imported_by: "VP".into(),
        as_of: "2026-11-27".parse().unwrap(),
        rows: rows.len() as u64,
        schema_version: 1,
    };
    let lines = import::lines(&rows).unwrap();
    let object = import::object(&header, &lines).unwrap();
    let key = import::key(Kind::Agencies, now, "cd");
    assert_eq!(import::rows_hash(&key), Some("cd"));
    let parsed = import::parse(&key, &object).unwrap();
    assert_eq!(parsed.rows, rows);
    let short = &object[..object.len() - 40];
    import::parse(&key, &short[..=short.iter().rposition(|b| *b == b'\n').unwrap()]).unwrap_err();

    // The merger of 2025: the province is found by either name, each in its time.
    let agencies = tables::agencies(&[(key, parsed)]);
    let gia_lai: Vec<_> = agencies.iter().filter(|row| row.code == "H21").collect();
    let binh_dinh = agencies.iter().find(|row| row.code == "H08").unwrap();
    assert_eq!(gia_lai.len(), 2);
    assert_eq!(binh_dinh.successor_uids, [gia_lai[0].agency_uid]);
    assert_eq!(binh_dinh.valid_to, Some("2025-07-01".parse().unwrap()));
    let keys = agency_keys(&agencies);
    let of = |key: &str| keys.iter().filter(|row| row.key == key).count();
    assert_eq!(of("ubnd tỉnh gia lai"), 1, "one row over both periods");
    assert_eq!(of("000.00.00.H08"), 1);
    let register = tables::Agencies::new(&agencies);
    assert_eq!(register.predecessors(gia_lai[0].agency_uid), [binh_dinh.agency_uid]);
    assert!(register.predecessors(binh_dinh.agency_uid).is_empty());
    assert!(keys.iter().all(|row| !row.ambiguous));
}

fn dossiers(text: &str) -> (Reading, Vec<DossierRow>) {
    let reading = taken(Kind::Dossiers, text.as_bytes(), &[]);
    let Some(Rows::Dossiers(rows)) = reading.rows.clone() else { panic!("{:?}", reading.findings) };
    (reading, rows)
}

#[test]
fn what_stands_below_a_list_is_no_dossier() {
    let (reading, rows) = dossiers(
        "Mã hồ sơ,Ngày tiếp nhận,Ghi chú\n\
         H08.12-240115-0007,15/01/2024,Nguyễn Văn A 052099001234\n\
         Tổng cộng: 1 hồ sơ,,\n\
         \"Gia Lai, ngày 27 tháng 11 năm 2026\",,\n\
         Người lập biểu,,Thủ trưởng đơn vị\n",
    );
    let codes: Vec<_> = rows.iter().map(|row| row.dossier_code.as_str()).collect();
    assert_eq!(codes, ["H08.12-240115-0007"], "{:?}", reading.findings);
    assert!(reading.is_acceptable());
    let skipped = reading.findings.iter().filter(|finding| finding.code == "skipped");
    let skipped: Vec<_> = skipped.map(|f| (f.row.unwrap(), f.seen.clone().unwrap())).collect();
    let expected = [(3, 1), (4, 1), (5, 2)].map(|(row, n)| (row, format!("{n} cells")));
    assert_eq!(skipped, expected, "and of persons nothing is told");
    // What has an owner, a day or a count is a row, whatever stands in its code.
    let (reading, rows) = dossiers(
        "Mã hồ sơ,Ngày tiếp nhận\n\
         khong co,15/01/2024\n\
         HS 12,15/01/2024\n\
         1234/2015,15/01/2015\n\
         H08.12-270115-0001,15/01/2024\n\
         h08.12 - 240116 - 0008,16/01/2024\n",
    );
    let expected = ["2 A (Mã hồ sơ) dossier_code", "3 A (Mã hồ sơ) dossier_code"];
    assert_eq!(told(&reading)[..2], expected);
    assert_eq!(reading.errors, 2);
    let warned = ["4 A (Mã hồ sơ) dossier_code", "5 A (Mã hồ sơ) dossier_code"];
    assert_eq!(told(&reading)[2..], warned, "taken, with a warning");
    assert_eq!(rows.last().unwrap().dossier_code, "H08.12-240116-0008");
}

#[test]
fn a_sum_in_the_column_of_the_code_is_left_out_and_a_corporation_is_none() {
    let file = "Mã cơ quan,Loại kết quả,Số lượng\nH08.12,Tổng số,7\nTổng cộng,,7\n";
    let reading = taken(Kind::Inventory, file.as_bytes(), &[]);
    let Some(Rows::Inventory(rows)) = &reading.rows else { panic!("{:?}", reading.findings) };
    assert!(reading.is_acceptable(), "{:?}", reading.findings);
    assert_eq!(rows.len(), 1, "the kind of result may be called so");
    let file = "Mã định danh,Tên,Cấp\nH08.77,Tổng công ty Mẫu,tỉnh\n";
    assert_eq!(taken(Kind::Agencies, file.as_bytes(), &[]).rows.unwrap().len(), 1);
}

#[test]
fn a_status_is_kept_by_its_number_and_an_unknown_one_is_told() {
    let (reading, rows) = dossiers(
        "Mã hồ sơ,Trạng thái\n\
         H08.12-240115-0001,Từ chối tiếp nhận\n\
         H08.12-240115-0002,Chờ tiếp nhận\n\
         H08.12-240115-0003,01\n\
         H08.12-240115-0004,Đã trả kết quả\n\
         H08.12-240115-0005,Chuyển phòng\n",
    );
    let kept: Vec<_> =
        rows.iter().map(|row| (row.status.as_deref().unwrap(), row.resolved)).collect();
    let expected = [
        ("3", Some(false)),
        ("1", Some(false)),
        ("1", Some(false)),
        ("10", Some(true)),
        ("Chuyển phòng", None),
    ];
    assert_eq!(kept, expected);
    assert_eq!(told(&reading), ["6 B (Trạng thái) status"]);
}

#[test]
fn a_result_of_the_day_it_was_asked_for_is_in_order_and_one_of_the_day_before_is_not() {
    let (reading, rows) = dossiers(
        "Mã hồ sơ,Ngày tiếp nhận,Ngày có kết quả,Ngày trả\n\
         H08.12-240115-0001,15/01/2024 08:00,15/01/2024,15/01/2024\n\
         H08.12-240115-0002,15/01/2024 08:00,15/01/2024 16:30,15/01/2024\n\
         H08.12-240115-0003,15/01/2024 08:00,14/01/2024 16:30,15/01/2024\n\
         H08.12-240115-0004,15/01/2024 08:00,15/01/2024,14/01/2024\n",
    );
    let expected = ["4 C (Ngày có kết quả) period", "5 D (Ngày trả) period"];
    assert_eq!(told(&reading), expected);
    assert_eq!(rows.len(), 2);
}

#[test]
fn an_owner_is_hashed_only_where_it_is_one_and_as_one() {
    let (_, rows) = dossiers(
        "Mã hồ sơ,Số CCCD\nH08.12-240115-0001,52099001234\nH08.12-240115-0002,052099001234\n",
    );
    assert_eq!(rows[0].owner_id_hmac, rows[1].owner_id_hmac, "a zero lost in CSV");
    let file = "Mã hồ sơ,Số định danh,Loại định danh\n\
        H08.12-240115-0001,\"5,2099E+10\",CCCD\n\
        H08.12-240115-0002,khong co,CCCD\n\
        H08.12-240115-0003,0520990012,\n\
        H08.12-240115-0004,05209900123,Mã số thuế\n";
    let reading = taken(Kind::Dossiers, file.as_bytes(), &[]);
    let expected = [2, 3, 5].map(|row| format!("{row} B (Số định danh) owner_id"));
    assert_eq!(told(&reading), expected, "ten digits may be a tax code");
    let text = format!("{:?}", reading.findings);
    assert!(!text.contains("2099") && !text.contains("khong co"), "{text}");
}

#[test]
fn a_list_without_headings_shows_nobody() {
    let file = "H21.5-240115-0007,Nguyễn Văn A,CCCD,052099001234\n\
        H21.5-240115-0008,Trần Thị B,CCCD,052099001235\n";
    let of = |map: &[(&str, &str)]| {
        let map = map.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let hide = |text: &str| format!("h{}", text.len());
        let options = Options { map, ..Options::default() };
        let context = context(&hide, &[]);
        format!(
            "{:?}",
            read(("tep.csv", file.as_bytes()), Kind::Dossiers, &options, &context).findings
        )
    };
    for map in [None, Some(("A", "dossier_code")), Some(("D", "dossier_code"))] {
        let text = of(map.as_slice());
        assert!(!text.contains("9900") && !text.contains("Nguyễn"), "{text}");
    }
}

#[test]
fn rows_are_of_the_province_whose_index_it_is_and_one_agency_has_one_dossier() {
    let inventory = "Mã cơ quan,Số lượng\nH45.07,7\n";
    let Some(Rows::Inventory(rows)) = taken(Kind::Inventory, inventory.as_bytes(), &[]).rows else {
        panic!()
    };
    assert_eq!((rows[0].province.as_str(), rows[0].agency_code.as_str()), ("H08", "H45.07"));
    let procedures = "Mã TTHC,Tên\n1.004873.000.00.00.H21,Cấp giấy\n";
    let Some(Rows::Procedures(rows)) = taken(Kind::Procedures, procedures.as_bytes(), &[]).rows
    else {
        panic!()
    };
    assert_eq!(rows[0].province, "H08");
    let staff = "Mã cán bộ,Mã đơn vị,Từ ngày\nNV1,H45.07,01/01/2024\n";
    let Some(Rows::Staff(rows)) = taken(Kind::Staff, staff.as_bytes(), &[]).rows else { panic!() };
    assert_eq!(rows[0].province, "H08");
    let file = |agency: &str| format!("Mã hồ sơ,Cơ quan giải quyết\nH45.07-240115-0001,{agency}\n");
    let (_, rows) = dossiers(&file("000.00.12.H08"));
    assert_eq!(rows[0].province, "H08");
    assert_eq!(rows[0].dossier_uid, dossiers(&file("H08.12")).1[0].dossier_uid);
    let events = |agency: &str| {
        let text = format!(
            "Mã hồ sơ,Hành động,Thời điểm,Mã cơ quan\n\
             H45.07-240115-0001,component_reused,15/01/2024 07:30,{agency}\n"
        );
        let Some(Rows::Events(rows)) = taken(Kind::Events, text.as_bytes(), &[]).rows else {
            panic!()
        };
        rows
    };
    let event = &events("000.00.12.H08")[0];
    assert_eq!(event.province, "H08");
    assert_eq!(event.dossier_uid, Some(rows[0].dossier_uid));
    assert_eq!(event.dossier_code.as_deref(), Some("H45.07-240115-0001"));
    assert_eq!(event.event_uid, events("H08.12")[0].event_uid);
}
