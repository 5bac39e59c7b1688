//! Ledgers of submissions, held against what was received, and refusals that are over.

use serde_json::{Value, json};

use crate::support::World;

/// A world whose every scan is published, and the lines that a ledger has of its files.
fn published() -> (World, Vec<Value>) {
    let world = World::with_samples(&["--dossiers", "1"]);
    assert_eq!(world.run(&[]).exit, 0);
    let rows = world.query(
        "select dossier_uid, uri, size, etag, to_char(modified_at, '%Y-%m-%dT%H:%M:%S%.6fZ') \
         as modified_at from intake order by uri",
    );
    let document = |row: &Value| {
        let file = json!({ "key": row["uri"], "size": row["size"], "etag": row["etag"],
            "modified_at": row["modified_at"] });
        json!({ "dossier_uid": row["dossier_uid"], "ordinal": 1, "files": [file] })
    };
    let documents: Vec<Value> = rows.iter().map(document).collect();
    assert!(documents.len() > 1);
    (world, documents)
}

/// Writes a ledger of one chunk.
fn submit(world: &World, name: &str, documents: &[Value], written_at: &str) {
    let order = json!({ "input": "scans", "address": "file:///scans", "agency": null,
        "layout": "auto", "include": [], "exclude": [], "limit": null, "topic": "sohoa.bulk.v1" });
    let plan = json!({ "schema_version": 1, "submission": name, "order": order,
        "begun_at": written_at });
    let totals = json!({ "documents": documents.len(), "files": documents.len(), "bytes": 1,
        "refused": 0 });
    let position = json!({ "folder": "", "address": "a", "index": 0 });
    let chunk = json!({ "schema_version": 1, "submission": name, "number": 1,
        "documents": documents, "position": position, "delivered": [], "totals": totals,
        "written_at": written_at });
    std::fs::create_dir_all(world.path(&format!("out/ledger/{name}"))).unwrap();
    world.write(&format!("out/ledger/{name}/plan.json"), &plan.to_string());
    world.write(&format!("out/ledger/{name}/000001.json"), &chunk.to_string());
}

fn outcomes(world: &World, name: &str) -> Vec<Value> {
    let ran = world.sohoa(&["batch", name, "--output", "out", "--format", "json"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let line = |line: &str| serde_json::from_str::<Value>(line).unwrap()["outcome"].clone();
    ran.stdout.lines().map(line).collect()
}

fn audit(world: &World, more: &[&str]) -> (i32, Value) {
    let ran = world.sohoa(&[&["audit", "--json", "--output", "out"], more].concat());
    (ran.exit, serde_json::from_str(&ran.stdout).unwrap())
}

#[test]
fn a_submitted_scan_that_was_never_received_is_found_after_it_left_the_input() {
    let (world, mut documents) = published();
    submit(&world, "all", &documents, "2026-01-01T00:00:00Z");
    let (exit, report) = audit(&world, &[]);
    assert_eq!(exit, 0, "{report}");
    assert_eq!(report["submitted"], documents.len());
    assert!(outcomes(&world, "all").iter().all(|outcome| outcome == "published"));

    // The message of a scan was deleted, and the scan is gone from the input as well.
    let mut lost = documents[0].clone();
    lost["files"][0]["key"] = json!("gone/lost.tif");
    documents.push(lost);
    submit(&world, "old", &documents, "2026-01-01T00:00:00Z");
    let (exit, report) = audit(&world, &[]);
    assert_eq!(exit, 6, "{report}");
    assert_eq!((&report["submitted_lost"], &report["submitted_waiting"]), (&json!(1), &json!(0)));
    assert!(report["problems"][0].as_str().unwrap().contains("gone/lost.tif"), "{report}");
    // With more patience it may still be in its lane.
    let (exit, report) = audit(&world, &["--settled-within", "36500"]);
    assert_eq!(exit, 0, "{report}");
    assert_eq!((&report["submitted_lost"], &report["submitted_waiting"]), (&json!(0), &json!(1)));
}

#[test]
fn changed_bytes_have_no_answer_from_an_earlier_receipt() {
    let (world, mut documents) = published();
    documents[1]["files"][0]["etag"] = json!("another");
    submit(&world, "changed", &documents, "2026-01-01T00:00:00Z");
    let outcomes = outcomes(&world, "changed");
    assert_eq!((&outcomes[0], &outcomes[1]), (&json!("published"), &json!("waiting")));
}

#[test]
fn a_missing_file_that_came_later_is_no_refusal_any_more() {
    let world = World::with_samples(&["--dossiers", "1"]);
    let manifest = world.named("samples/scans", "manifest.json").remove(0);
    let folder = manifest.parent().unwrap();
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = files.filter(|path| path.is_file() && *path != manifest).min().unwrap();
    std::fs::rename(&file, world.path("away")).unwrap();
    assert_eq!(world.run(&[]).exit, 5);
    let list = || {
        let ran = world.sohoa(&["dead-letters", "list", "--output", "out", "--json"]);
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        let lines = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.collect::<Vec<_>>()
    };
    let refused = list();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0]["code"], "F10_MISSING_FILE");
    std::fs::rename(world.path("away"), &file).unwrap();
    assert_eq!(world.run(&[]).exit, 0);
    assert!(list().is_empty());

    // What became of it, it can be shown by its key and by its source.
    let key = refused[0]["key"].as_str().unwrap();
    let uid = key.rsplit('/').next().unwrap().trim_end_matches(".json");
    for id in [key, uid] {
        let shown = world.sohoa(&["dead-letters", "show", id, "--output", "out"]);
        assert_eq!(shown.exit, 0, "{}", shown.stderr);
        assert!(shown.stdout.contains("F10_MISSING_FILE"));
    }
    let unknown = world.sohoa(&["dead-letters", "show", "2-7", "--output", "out"]);
    assert_eq!(unknown.exit, 1, "{}", unknown.stderr);
}
