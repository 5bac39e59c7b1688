//! Reference data: files in, tables out, held against what was scanned; and nothing half imported.

use std::{fmt::Write as _, fs};

use crate::support::World;

fn shipped(name: &str) -> String {
    format!("{}/../../deploy/registers/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn import<'a>(kind: &'a str, file: &'a str) -> [&'a str; 7] {
    ["import", kind, file, "--output", "out", "--by", "Lê Thị Mẫu"]
}

#[test]
fn registers_are_imported_once_kept_and_made_anew() {
    let world = World::new();
    for (kind, name) in
        [("agencies", "agencies.csv"), ("phases", "phases.csv"), ("targets", "targets.csv")]
    {
        let file = shipped(name);
        let ran = world.sohoa(&import(kind, &file));
        assert_eq!(ran.exit, 0, "{kind}: {}", ran.stderr);
    }
    let h08 =
        "select name, valid_to, successor_codes[1] as successor from agencies where code = 'H08'";
    let row = &world.query(h08)[0];
    assert_eq!(row["valid_to"], "2025-07-01");
    assert_eq!(row["successor"], "H21");
    assert_eq!(world.number("select count(*) as n from phases"), 11);
    assert_eq!(
        world.number("select count(*) as n from agency_keys where key = '000.00.00.H08'"),
        1
    );

    what_changes_nothing(&world);
    assert_eq!(world.sohoa(&import("inventory", &shipped("inventory.csv"))).exit, 0);

    let events = world.write(
        "quay.csv",
        "Mã hồ sơ,Hành động,Thời điểm,Mã cán bộ\nH21-240115-0007,ticket_taken,15/01/2024 07:30,NV1\n\
         H21-240115-0007,served,15/01/2024 07:41,NV1\n",
    );
    for _ in 0..2 {
        let ran = world.sohoa(&import("events", &events));
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
    }
    let waited = "select count(*) as n from events where action in ('ticket_taken', 'served')";
    assert_eq!(world.number(waited), 2);
    let told = "select count(*) as n from events where action = 'imported'";
    assert_eq!(world.number(told), 5, "each import once");
    let tables = ["agencies", "agency_keys", "inventory", "phases", "targets"];
    let counts = || tables.map(|table| world.number(&format!("select count(*) as n from {table}")));
    let counted = counts();
    fs::remove_dir_all(world.path("out/index")).unwrap();
    let rebuilt = world.sohoa(&["index", "rebuild", "--output", "out"]);
    assert_eq!(rebuilt.exit, 0, "{}", rebuilt.stderr);
    assert_eq!(counts(), counted);
    let files = world.sohoa(&["index", "files", "inventory", "--output", "out"]);
    assert!(files.stdout.contains("/inventory/"), "{}", files.stdout);
}

fn what_changes_nothing(world: &World) {
    let before = world.files("out");
    let file = shipped("agencies.csv");
    let again = world.sohoa(&[&import("agencies", &file)[..], &["--json"]].concat());
    assert_eq!(again.exit, 0, "{}", again.stderr);
    assert!(again.stdout.contains("\"state\":\"unchanged\""), "{}", again.stdout);
    assert_eq!(world.files("out"), before, "the same file again changes nothing");

    // A right file beside a wrong one is not taken either.
    let wrong = world.write(
        "kiem-ke.csv",
        "Mã cơ quan;Năm;Số lượng;Ngày kiểm kê\nH21;2019;1.5;31/02/2025\nH99;2019;7;30/06/2025\n",
    );
    let right = shipped("inventory.csv");
    let arguments = ["import", "inventory", &right, &wrong, "--output", "out", "--by", "VP"];
    let refused = world.sohoa(&arguments);
    assert_eq!(refused.exit, 6, "{}", refused.stderr);
    for said in ["row 2, column C", "row 2, column D", "row 3, column A", "nothing was written"] {
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
    }
    assert_eq!(world.files("out"), before);
    let dry = world.sohoa(&["import", "inventory", &right, "--output", "out", "--dry-run"]);
    assert_eq!((dry.exit, world.files("out")), (0, before), "{}", dry.stderr);
}

#[test]
fn the_first_import_of_all_can_be_tried_without_leaving_anything() {
    let world = World::new();
    let agencies = shipped("agencies.csv");
    let dry = world.sohoa(&["import", "agencies", &agencies, "--output", "out", "--dry-run"]);
    assert_eq!(dry.exit, 0, "{}", dry.stderr);
    assert!(!world.path("out").exists());
}

#[test]
fn counts_and_lists_are_held_against_the_scans() {
    let world = World::with_samples(&["--dossiers", "2", "--documents", "2"]);
    assert_eq!(world.run(&[]).exit, 0);
    let listed = "select dossier_code as code, count(*) filter (where parent_document_uid is null) as n, \
                  sum(page_count) as pages from documents where dossier_code is not null \
                  group by dossier_code order by 1";
    let scanned = world.query(listed);
    let mut list = "Mã hồ sơ,Số văn bản,Số trang\n".to_owned();
    for (at, row) in scanned.iter().enumerate() {
        let code = row["code"].as_str().unwrap();
        // The first list is right, every other says one page more.
        let pages = row["pages"].as_i64().unwrap() + i64::from(at > 0);
        writeln!(list, "{code},{},{pages}", row["n"]).unwrap();
    }
    list.push_str("H00.1-240115-9999,1,1\n");
    let file = world.write("ho-so.csv", &list);
    let ran = world.sohoa(&import("dossiers", &file));
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let of = |arguments: &[&str]| {
        let common = ["--output", "out", "--format", "json"];
        let ran = world.sohoa(&[&["reconcile"], arguments, &common].concat());
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        ran.stdout
    };
    let differences = of(&["dossiers"]);
    assert!(differences.contains("H00.1-240115-9999") && differences.contains("not_scanned"));
    assert_eq!(differences.lines().count(), scanned.len().saturating_sub(1) + 1, "{differences}");
    assert_eq!(of(&["dossiers", "--all"]).lines().count(), scanned.len() + 1);

    let uncounted = of(&["inventory"]);
    assert!(uncounted.contains("not_counted"), "{uncounted}");
    let file =
        world.write("kiem-ke.csv", "Mã cơ quan,Từ năm,Đến năm,Số lượng\nH00.77,1996,2005,12\n");
    assert_eq!(world.sohoa(&import("inventory", &file)).exit, 0);
    let missing = of(&["inventory", "--agency", "000.00.77.H00"]);
    assert_eq!(missing.lines().count(), 1, "{missing}");
    assert!(missing.contains("\"verdict\":\"not_scanned\"") && missing.contains("\"counted\":12"));
}

/// The latest import counts, also where it says again what an earlier one said.
#[test]
fn a_correction_is_taken_back() {
    let world = World::new();
    let shipped = shipped("phases.csv");
    let text = fs::read_to_string(&shipped).unwrap();
    let corrected = world.write("phases.csv", &text.replace("Results of", "Kết quả"));
    let printed = "select count(*) as n from phases where title like 'Results of%'";
    for (file, is_shipped) in [(&shipped, true), (&corrected, false), (&shipped, true)] {
        let ran = world.sohoa(&import("phases", file));
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        assert_eq!(world.number(printed) > 0, is_shipped, "{file}");
    }
}
