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
