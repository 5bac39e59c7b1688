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

/// Writes a ledger without a chunk.
fn begin(world: &World, name: &str, begun_at: &str) {
    let order = json!({ "input": "scans", "address": "file:///scans", "agency": null,
        "layout": "auto", "include": [], "exclude": [], "limit": null, "topic": "sohoa.bulk.v1" });
    let plan = json!({ "schema_version": 1, "submission": name, "order": order,
        "begun_at": begun_at });
    std::fs::create_dir_all(world.path(&format!("out/ledger/{name}"))).unwrap();
    world.write(&format!("out/ledger/{name}/plan.json"), &plan.to_string());
}

/// Writes a ledger of one chunk.
fn submit(world: &World, name: &str, documents: &[Value], written_at: &str) {
    begin(world, name, written_at);
    let totals = json!({ "documents": documents.len(), "files": documents.len(), "bytes": 1,
        "refused": 0 });
    let position = json!({ "folder": "", "address": "a", "index": 0 });
    let chunk = json!({ "schema_version": 1, "submission": name, "number": 1,
        "documents": documents, "position": position, "delivered": [], "totals": totals,
        "written_at": written_at });
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
fn a_submission_that_has_no_chunk_yet_is_one() {
    let world = World::new();
    begin(&world, "young", "2026-01-01T00:00:00Z");
    let batch = |name: &str, format: &str| {
        world.sohoa(&["batch", name, "--output", "out", "--format", format])
    };
    let begun = batch("young", "table");
    assert_eq!(begun.exit, 0, "{}", begun.stderr);
    assert_eq!(begun.stdout, "no document of it has been submitted yet\n");
    assert_eq!((batch("young", "json").stdout.as_str(), batch("young", "json").exit), ("", 0));
    let unknown = batch("old", "table");
    assert_eq!(unknown.exit, 1, "{}", unknown.stdout);
    assert!(unknown.stderr.contains("there is no submission `old`"), "{}", unknown.stderr);
}

#[test]
fn a_spreadsheet_gets_a_row_a_document_with_its_refusal() {
    let (world, mut documents) = published();
    let refused = world.refuse_later("out");
    let indexed = world.sohoa(&["index", "rebuild", "--output", "out"]);
    assert_eq!(indexed.exit, 0, "{}", indexed.stderr);
    let mut waiting = documents[0].clone();
    waiting["files"][0]["key"] = json!("=box, \"7\"/1.tif");
    documents.push(waiting);
    submit(&world, "all", &documents, "2026-01-01T00:00:00Z");
    let ran = world.sohoa(&["batch", "all", "--output", "out", "--format", "csv"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "dossier_uid,ordinal,files,outcome,code,sentence,sentence_vi,pages");
    assert_eq!(lines.len(), 1 + documents.len());
    let last = lines.last().unwrap();
    assert!(last.contains("\"'=box, \"\"7\"\"/1.tif\",waiting,"), "{last}");
    let uri = world.query(&format!("select uri from intake where source_uid = '{refused}'"));
    let uri = uri[0]["uri"].as_str().unwrap();
    let row = lines.iter().find(|line| line.contains(uri)).unwrap();
    assert!(row.contains(",quarantined,X03_KILLED_WORKER,"), "{row}");
    let published = lines.iter().filter(|line| line.contains(",published,,,,")).count();
    assert_eq!(published, documents.len() - 2, "{}", ran.stdout);
}

#[test]
fn a_backfill_is_tried_out_and_told_to_wait_without_brokers() {
    let world = World::with_samples(&["--dossiers", "1"]);
    let places = ["--input", "samples/scans", "--output", "out", "--submission", "young"];
    let backfill = |more: &[&str]| world.sohoa(&[&["backfill"][..], &places, more].concat());
    let counted = |more: &[&str]| {
        let ran = backfill(&[&["--dry-run", "--json"][..], more].concat());
        assert_eq!(ran.exit, 0, "{}", ran.stderr);
        let counted: Value = serde_json::from_str(&ran.stdout).unwrap();
        (counted["ended"].clone(), counted["totals"]["documents"].as_u64().unwrap())
    };
    let (ended, all) = counted(&[]);
    assert!(ended == "completed" && all > 1, "{ended} {all}");
    assert_eq!(counted(&["--limit", "1"]), ("limited".into(), 1));
    assert_eq!(counted(&["--exclude", "**"]).1, 0);
    assert!(!world.path("out").exists(), "nothing is written");

    std::fs::create_dir(world.path("out")).unwrap();
    let never = backfill(&["--order", "pause"]);
    assert_eq!(never.exit, 1, "{}", never.stdout);
    assert!(never.stderr.contains("there is no submission `young`"), "{}", never.stderr);
    begin(&world, "young", "2026-01-01T00:00:00Z");
    let paused = || {
        let status = backfill(&["--order", "status"]);
        assert_eq!(status.exit, 0, "{}", status.stderr);
        serde_json::from_str::<Value>(&status.stdout).unwrap()["paused"].clone()
    };
    assert_eq!(paused(), false);
    assert_eq!(backfill(&["--order", "pause"]).exit, 0);
    assert_eq!(paused(), true);
    for _ in 0..2 {
        assert_eq!(backfill(&["--order", "resume"]).exit, 0, "twice does no harm");
        assert_eq!(paused(), false);
    }
}

#[test]
fn how_a_submission_stands_is_told_though_the_brokers_are_away() {
    let (world, documents) = published();
    submit(&world, "all", &documents, "2026-01-01T00:00:00Z");
    let config = world.write("sohoa.toml", "[kafka]\nbrokers = \"127.0.0.1:1\"\n");
    let places = ["--input", "samples/scans", "--output", "out", "--submission", "all"];
    let asked = ["backfill", "--order", "status", "--config", &config];
    let status = world.sohoa(&[&asked[..], &places].concat());
    assert_eq!(status.exit, 0, "{}", status.stderr);
    assert!(status.stderr.contains("it cannot be said how far"), "{}", status.stderr);
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["submitted"]["documents"], documents.len());
    for unknown in ["consumed", "settled", "lag", "minutes_left"] {
        assert_eq!(status.get(unknown), Some(&Value::Null), "{unknown}");
    }
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
    let said: Value = serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    let partner = said["partner"]["id"].as_str().unwrap();
    assert_eq!(refused[0]["partner"], partner);
    let at = refused[0]["at"].as_str().unwrap();
    let stage = refused[0]["stage"].as_str().unwrap();
    for (filter, found) in [
        (["--partner", partner], 1),
        (["--partner", "nobody"], 0),
        (["--submission", "first"], 0),
        (["--stage", stage], 1),
        (["--stage", "sign"], 0),
        (["--code", "F10"], 1),
        (["--code", "X"], 0),
        (["--since", at], 1),
        (["--since", "2999-01-01"], 0),
        (["--until", at], 0),
        (["--until", "2999-01-01"], 1),
    ] {
        let list = ["dead-letters", "list", "--output", "out", "--json"];
        let ran = world.sohoa(&[&list[..], &filter].concat());
        assert_eq!((ran.exit, ran.stdout.lines().count()), (0, found), "{filter:?}");
    }
    let no_time = ["dead-letters", "list", "--output", "out", "--since", "yesterday"];
    assert_eq!(world.sohoa(&no_time).exit, 1, "that is no time");
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
