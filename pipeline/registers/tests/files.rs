//! Whole files, as agencies send them and as they ship with the program.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

use std::{collections::HashSet, path::PathBuf};

use sohoa_registers::{
    Context, Hide, Kind, Limits, Options, Reading, Rows, Severity, read, tables,
};
use sohoa_registers::{import, keys::agency_keys};
use sohoa_schemas::registers::ImportHeader;

fn context<'a>(hide: &'a Hide<'a>, agencies: &[&str]) -> Context<'a> {
    let today = "2026-11-27".parse().unwrap();
    Context {
        province: "H08".into(),
        agency: Some("H08.12".into()),
        today,
        as_of: today,
        limits: Limits::default(),
        hide,
        agencies: agencies.iter().map(|code| (*code).to_owned()).collect::<HashSet<_>>(),
        accept_unknown: false,
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
        "8  duplicate",
        "9 C (Năm) phase",
    ];
    assert_eq!(told(&reading), expected);
    assert!(!reading.is_acceptable());
    let dup = reading.findings.iter().find(|finding| finding.code == "duplicate").unwrap();
    assert!(dup.expected.contains("row 7"), "{dup}");
    assert_eq!(dup.file, "tep.csv");
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
    assert!(keys.iter().all(|row| !row.ambiguous));
}
