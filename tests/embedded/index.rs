//! `sohoa index`: upkeep of what two runs left.

use serde_json::Value;

use crate::support::{Ran, World};

fn index(world: &World, arguments: &[&str]) -> Ran {
    let (command, further) = arguments.split_first().unwrap();
    world.sohoa(&[&["index", command, "--output", "out", "--json"][..], further].concat())
}

fn answer(world: &World, arguments: &[&str]) -> Value {
    let ran = index(world, arguments);
    assert_eq!(ran.exit, 0, "{}{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

fn documents(world: &World) -> Value {
    answer(world, &["stats", "--table", "documents"])["tables"][0].clone()
}

#[test]
fn an_index_is_compacted_verified_and_vacuumed_without_changing() {
    let world = World::with_samples(&["--dossiers", "2"]);
    assert_eq!(world.run(&[]).exit, 0);
    let all = "select * from documents order by document_uid";
    let before = world.query(all);
    assert_eq!(documents(&world)["rows"].as_u64(), Some(before.len() as u64));

    let planned = answer(&world, &["compact", "--dry-run"]);
    assert!(!planned["units"].as_array().unwrap().is_empty());
    let compacted = answer(&world, &["compact"]);
    assert!(compacted["compacted"]["files_after"].as_u64().unwrap() > 0);
    assert_eq!(answer(&world, &["compact", "--dry-run"])["units"].as_array().unwrap().len(), 0);
    assert_eq!(world.query(all), before);

    let refused = index(&world, &["vacuum", "--retention-days", "0"]);
    assert_eq!(refused.exit, 1);
    assert!(refused.stderr.contains("--no-readers"), "{}", refused.stderr);
    let removed = |answer: &Value| -> u64 {
        let tables = answer["tables"].as_array().unwrap();
        tables.iter().map(|table| table["removed"].as_u64().unwrap()).sum()
    };
    assert_eq!(removed(&answer(&world, &["vacuum"])), 0, "within the retention");
    let gone = answer(&world, &["vacuum", "--retention-days", "0", "--no-readers"]);
    assert!(removed(&gone) > 0);
    assert_eq!(world.query(all), before);

    let verdict = answer(&world, &["verify", "--deep"]);
    assert_eq!(verdict["differences_total"], 0, "{verdict}");
    assert!(verdict["records"].as_u64().unwrap() > 0);
    assert!(answer(&world, &["verify"])["records"].as_u64().unwrap() > 0);

    // One file loses its end.
    let listed = world.sohoa(&["index", "files", "pages", "--output", "out"]);
    let file = world.path(listed.stdout.lines().next().unwrap());
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let ran = index(&world, &["verify"]);
    assert_eq!(ran.exit, 6);
    let verdict: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(verdict["differences"][0]["repair"], "sohoa index rebuild");
    assert_eq!(verdict["differences"][0]["table"], "pages");
    assert_eq!(world.sohoa(&["index", "rebuild", "--output", "out"]).exit, 0);
    assert_eq!(answer(&world, &["verify", "--deep"])["differences_total"], 0);
}

#[test]
fn reference_tables_are_kept_up_like_the_others() {
    let world = World::new();
    let file = format!("{}/../../deploy/registers/phases.csv", env!("CARGO_MANIFEST_DIR"));
    let imported =
        world.sohoa(&["import", "phases", &file, "--output", "out", "--by", "Lê Thị Mẫu"]);
    assert_eq!(imported.exit, 0, "{}", imported.stderr);
    let stats = answer(&world, &["stats", "--table", "phases"])["tables"][0].clone();
    assert_eq!((&stats["rows"], &stats["files"]), (&11.into(), &1.into()), "{stats}");
    assert_eq!(answer(&world, &["verify", "--deep"])["differences_total"], 0);
    assert_eq!(answer(&world, &["vacuum", "--table", "phases"])["tables"][0]["table"], "phases");
    assert_eq!(answer(&world, &["compact", "--table", "phases"])["compacted"]["files_before"], 0);

    // An import was kept and then its program was killed.
    let import = &world.files("out/imports/phases").into_keys().next().unwrap();
    let name = import.file_name().unwrap().to_str().unwrap().replacen("20", "21", 1);
    std::fs::copy(import, import.with_file_name(name)).unwrap();
    let ran = index(&world, &["verify", "--table", "phases"]);
    assert_eq!(ran.exit, 6, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("knows 1 of 2 imports"), "{}", ran.stdout);

    // Its only file is gone.
    let listed = world.sohoa(&["index", "files", "phases", "--output", "out"]);
    std::fs::remove_file(listed.stdout.trim()).unwrap();
    let ran = index(&world, &["verify", "--table", "phases"]);
    assert_eq!(ran.exit, 6);
    assert!(ran.stdout.contains("is missing"), "{}", ran.stdout);
    assert_eq!(world.sohoa(&["index", "rebuild", "--output", "out"]).exit, 0);
    assert_eq!(answer(&world, &["verify", "--deep"])["differences_total"], 0);
    assert_eq!(world.number("select count(*) as n from phases"), 11);
}

#[test]
fn a_damaged_file_of_events_does_not_keep_the_other_tables_from_a_rebuild() {
    let world = World::with_samples(&["--dossiers", "1"]);
    assert_eq!(world.run(&[]).exit, 0);
    let pages = world.number("select count(*) as n from pages");
    let listed = world.sohoa(&["index", "files", "events", "--output", "out"]);
    let file = world.path(listed.stdout.lines().next().unwrap());
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, "no Parquet").unwrap();
    std::fs::remove_dir_all(world.path("out/index/pages")).unwrap();
    let ran = world.sohoa(&["index", "rebuild", "--output", "out"]);
    assert_eq!(ran.exit, 6, "{}", ran.stderr);
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(
        ran.stderr.contains("events: left as it is") && ran.stderr.contains(name),
        "{}",
        ran.stderr
    );
    assert_eq!(world.number("select count(*) as n from pages"), pages);
    std::fs::write(&file, whole).unwrap();
    assert_eq!(world.sohoa(&["index", "rebuild", "--output", "out"]).exit, 0);
    assert_eq!(world.sohoa(&["audit", "--events", "--output", "out"]).exit, 0);
    assert_eq!(answer(&world, &["verify", "--deep"])["differences_total"], 0);
}
