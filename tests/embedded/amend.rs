//! What could not be read is listed, typed, and stands in the index; nothing else moves.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::Value;

use crate::support::{World, copy, json_lines};

/// Everything below a folder with its bytes.
fn bytes(world: &World, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = world.files(folder).into_keys();
    paths.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// The rows that a person sees, of all versions.
fn rows(world: &World) -> Vec<Value> {
    let of = |table: &str| {
        world.query(&format!(
            "select document_uid, version, code_number, code_full, issued_date, phase, type_name, \
             needs_review, updated_at from {table} order by document_uid, version"
        ))
    };
    [of("documents"), of("document_versions")].concat()
}

fn uids(world: &World) -> Vec<String> {
    let rows = world.query("select document_uid from documents order by 1");
    rows.iter().map(|row| row["document_uid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_missing_value_is_listed_with_its_picture_and_typed_in() {
    let world = World::with_samples(&["--dossiers", "2", "--documents", "2"]);
    assert_eq!(world.run(&[]).exit, 0);
    let listed = ["amend", "--list", "--output", "out", "--field", "arrival_number,số", "--json"];
    let shown = world.sohoa(&[&listed[..], &["--crops", "crops", "--csv", "todo.csv"]].concat());
    assert_eq!(shown.exit, 0, "{}", shown.stderr);
    let gaps: Vec<Value> =
        shown.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let arrivals: Vec<&Value> =
        gaps.iter().filter(|gap| gap["field"] == "arrival_number").collect();
    let unknown = "select count(*) as n from documents where arrival_number is null";
    assert_eq!(arrivals.len() as i64, world.number(unknown));
    assert!(!arrivals.is_empty(), "few papers bear a stamp of arrival");
    for gap in &gaps {
        assert!(PathBuf::from(gap["pdf"].as_str().unwrap()).is_file());
        let picture = std::fs::read(world.path(gap["crop"].as_str().unwrap())).unwrap();
        assert_eq!(&picture[1..4], b"PNG");
        assert!(picture.len() > 1000, "an empty picture of {gap}");
    }

    // Filled in as a spreadsheet would, in the column that is empty.
    let todo = std::fs::read_to_string(world.path("todo.csv")).unwrap();
    let uid = arrivals[0]["document_uid"].as_str().unwrap();
    let filled =
        todo.replace(&format!("{uid},arrival_number,,"), &format!("{uid},arrival_number,17,"));
    assert_ne!(todo, filled);
    world.write("todo.csv", &filled);
    let amended = world.sohoa(&["amend", "todo.csv", "--output", "out", "--by", "Lan", "--json"]);
    assert_eq!(amended.exit, 0, "{}", amended.stderr);
    let report: Value = serde_json::from_str(&amended.stdout).unwrap();
    assert_eq!((&report["amended"], &report["index"]), (&1.into(), &"written".into()));
    assert_eq!(report["empty"], gaps.len() as u64 - 1);
    let left = world.sohoa(&listed).stdout.lines().count();
    assert_eq!(left, gaps.len() - 1);
    let again = world.sohoa(&[&listed[..], &["--csv", "todo.csv"]].concat());
    assert_eq!(again.exit, 1, "a list that is being filled in was overwritten");
    world.audit();
}

/// What a person set survives another reading.
fn reading_again_keeps(world: &World, one: &str) {
    assert_eq!(world.run(&["--reprocess", "published"]).exit, 0);
    let row = &world.query(&format!("select * from documents where document_uid = '{one}'"))[0];
    assert_eq!((&row["version"], &row["code_full"]), (&3.into(), &"4567/2006/QĐ-UBND".into()));
    assert_eq!(row["field_source"]["issued_date"], "amended");
    world.audit();
}

fn wrong_rows_are_told(world: &World, (one, two): (&str, &str)) {
    let wrong = format!(
        "document_uid,field,value\n{one},number,45\n{one},date,31/02/2006\n{two},colour,red\n\
         00000000-0000-0000-0000-00000000000a,number,7\n"
    );
    world.write("wrong.csv", &wrong);
    let refused = world.sohoa(&["amend", "wrong.csv", "--output", "out", "--by", "Lan"]);
    assert_eq!(refused.exit, 6, "{}", refused.stderr);
    for told in ["line 3, value", "line 4, field", "line 5, document_uid", "nothing was written"] {
        assert!(refused.stderr.contains(told), "{told}: {}", refused.stderr);
    }
}

#[test]
fn a_correction_is_a_new_version_and_comes_once() {
    let world = World::with_samples(&["--dossiers", "2", "--documents", "2"]);
    assert_eq!(world.run(&[]).exit, 0);
    let uids = uids(&world);
    let (one, two) = (uids[0].as_str(), uids[1].as_str());
    let before = bytes(&world, "out");

    wrong_rows_are_told(&world, (one, two));
    let right = format!(
        "\u{feff}document_uid;field;value;who;note\r\n{one};code;4567/2006/QĐ-UBND;;sổ 3\r\n\
         {one};ngày ban hành;5/4/2006;Minh;\r\n{two};number;;;\r\n{two};signer_name;Lò Thị Thử Nghiệm;;\r\n"
    );
    world.write("right.csv", &right);
    let amend = ["amend", "right.csv", "--output", "out", "--by", "Lan"];
    let dry = world.sohoa(&[&amend[..], &["--dry-run"]].concat());
    assert_eq!(dry.exit, 0, "{}", dry.stderr);
    assert!(
        dry.stdout.contains("4567/2006/QĐ-UBND") && dry.stdout.contains("2 to amend"),
        "{}",
        dry.stdout
    );
    assert_eq!(bytes(&world, "out"), before, "neither wrong rows nor a dry run write anything");

    let done = world.sohoa(&amend);
    assert_eq!(done.exit, 0, "{}", done.stderr);
    let after = bytes(&world, "out");
    for (path, held) in &before {
        let moved = path.components().any(|part| part.as_os_str() == "index");
        assert!(moved || after.get(path) == Some(held), "{} changed", path.display());
    }
    let row = &world.query(&format!("select * from documents where document_uid = '{one}'"))[0];
    assert_eq!((&row["version"], &row["code_number"]), (&2.into(), &"4567".into()));
    assert_eq!((&row["issued_date"], &row["phase"]), (&"2006-04-05".into(), &3.into()));
    assert_eq!(row["field_source"]["code_notation"], "amended");
    assert!(row["field_amended"]["issued_date"].as_str().unwrap().ends_with("Z Minh"));
    assert_eq!(row["sha256_object"], world.query(&format!(
        "select sha256_object from document_versions where document_uid = '{one}' and version = 1"
    ))[0]["sha256_object"], "the signed file is the same");
    assert_eq!(world.number("select count(*) as n from documents"), 4);
    assert_eq!(world.number("select count(*) as n from document_versions"), 6);
    let records = world.named("out/documents", "v2/record.json");
    let notes = records.iter().map(|path| std::fs::read_to_string(path).unwrap());
    assert_eq!(notes.filter(|record| record.contains("sổ 3")).count(), 1);
    world.audit();

    // Neither the same file nor another run moves anything.
    let held = rows(&world);
    let again = world.sohoa(&amend);
    assert_eq!(again.exit, 0, "{}", again.stderr);
    assert!(again.stdout.contains("nothing is new"), "{}", again.stdout);
    assert_eq!(bytes(&world, "out"), after);
    let run = world.run(&[]);
    assert_eq!(run.count("documents", "skipped"), 4);
    assert_eq!(rows(&world), held);

    // An index made anew is the same.
    std::fs::remove_dir_all(world.path("out/index")).unwrap();
    assert_eq!(world.sohoa(&["index", "rebuild", "--output", "out"]).exit, 0);
    assert_eq!(rows(&world), held);
    world.audit();
    reading_again_keeps(&world, one);
}

#[test]
fn an_index_that_missed_a_correction_is_told_by_the_same_file() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    assert_eq!(world.run(&[]).exit, 0);
    let uid = &uids(&world)[0];
    // As if the process had been killed between the record and the index.
    let kept = world.path("kept");
    copy(&world.path("out/index"), &kept);
    world.write("a.csv", &format!("document_uid,field,value\n{uid},number,4567\n"));
    let amend = ["amend", "a.csv", "--output", "out", "--by", "Lan"];
    assert_eq!(world.sohoa(&amend).exit, 0);
    std::fs::remove_dir_all(world.path("out/index")).unwrap();
    std::fs::rename(kept, world.path("out/index")).unwrap();
    assert_eq!(world.number("select version as n from documents"), 1);
    assert_eq!(world.sohoa(&amend).exit, 0);
    assert_eq!(world.number("select version as n from documents"), 2);
    world.audit();
}

#[test]
fn corrections_at_once_are_all_kept() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    assert_eq!(world.run(&[]).exit, 0);
    let uid = &uids(&world)[0];
    let fields = ["signer_name", "archive_line", "issued_place"];
    let children = fields.map(|field| {
        let file = format!("{field}.csv");
        world.write(&file, &format!("document_uid,field,value\n{uid},{field},Mẫu {field}\n"));
        world.start(&["amend", &file, "--output", "out", "--by", field])
    });
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let row = &world.query("select * from documents")[0];
    assert_eq!(row["version"], 4);
    for field in fields {
        assert_eq!(row[field], format!("Mẫu {field}"));
    }
    assert_eq!(world.number("select count(*) as n from document_versions"), 4);
    assert_eq!(json_lines(&world.path("samples/truth.jsonl")).len(), 1);
    world.audit();
}
