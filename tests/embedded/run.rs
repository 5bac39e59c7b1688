//! The main job, its summary, its second run, its answers.

use sohoa_schemas::summary::Summary;

use crate::support::{World, json_lines};

#[test]
fn every_sample_is_published_and_a_second_run_does_nothing() {
    let world = World::with_samples(&["--dossiers", "3"]);
    let truth = json_lines(&world.path("samples/truth.jsonl"));
    let first = world.run(&[]);
    assert_eq!(first.exit, 0, "{}", first.stderr);
    let summary: Summary = serde_json::from_str(&first.stdout).unwrap();
    assert_eq!(summary.documents.received, truth.len() as u64);
    assert_eq!(summary.documents.published, truth.len() as u64);
    let pages: usize = truth.iter().map(|one| one["pages"].as_array().unwrap().len()).sum();
    assert_eq!(summary.pages.published, pages as u64);
    world.audit();
    world.check_layouts();

    let before = world.files("out");
    let second = world.run(&[]);
    assert_eq!(second.exit, 0, "{}", second.stderr);
    assert_eq!(second.count("documents", "skipped"), truth.len() as u64);
    assert_eq!(second.count("pages", "skipped"), pages as u64);
    assert_eq!(before, world.files("out"), "the second run changed the output");

    // The index can be made anew from the records alone.
    std::fs::remove_dir_all(world.path("out/index")).unwrap();
    let rebuilt = world.sohoa(&["index", "rebuild", "--output", "out"]);
    assert_eq!(rebuilt.exit, 0, "{}", rebuilt.stderr);
    world.audit();
}

/// Whoever reads the logs learns which document, never whose.
#[test]
fn logs_name_documents_and_no_persons() {
    let mut world = World::with_samples(&["--dossiers", "2", "--faults", "none"]);
    world.set("SOHOA_LOG", "off,sohoa=debug");
    let ran = world.run(&["--log-json"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    for row in world.query("select distinct source_uid from documents") {
        let uid = row["source_uid"].as_str().unwrap();
        let settled = ran.stderr.lines().filter(|line| line.contains("a document is settled"));
        assert_eq!(settled.filter(|line| line.contains(uid)).count(), 1, "{uid}\n{}", ran.stderr);
    }
    for document in json_lines(&world.path("samples/truth.jsonl")) {
        for field in ["signer_name", "subject", "notation"] {
            let Some(said) = document[field].as_str() else { continue };
            assert!(!ran.stderr.contains(said), "{field} is in the log\n{}", ran.stderr);
        }
    }
    for manifest in world.named("samples/scans", "manifest.json") {
        let manifest = std::fs::read(manifest).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        let owner = manifest["dossier"]["owner"]["id_hmac"].as_str();
        assert!(owner.is_none_or(|id| !ran.stderr.contains(id)), "an owner is in the log");
    }
}

/// A scan that comes with a Vietnamese layer of some other engine: its words are guesses, and what
/// that engine did not see would be missed.
#[test]
fn a_scan_is_read_whatever_layer_it_comes_with() {
    let one = ["--dossiers", "1", "--documents", "1", "--faults", "none", "--formats", "pdf-jpeg"];
    let world = World::with_samples(&one);
    assert_eq!(world.run(&[]).exit, 0);
    let mut records = world.files("out/documents").into_keys();
    let record = records.rfind(|path| path.extension().is_some_and(|end| end == "pdf"));
    let record = record.expect("a two-layer PDF");
    let mut again = World::new();
    again.use_addresses("scans", "out", Vec::new());
    std::fs::create_dir_all(again.path("scans/dossier")).unwrap();
    std::fs::copy(record, again.path("scans/dossier/scan.pdf")).unwrap();
    let ran = again.run(&[]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(again.number("select count(*) as n from pages") > 0);
    let unread = "select count(*) as n from pages where text_origin <> 'ocr' and not blank";
    assert_eq!(again.number(unread), 0);
}

#[test]
fn what_is_read_with_certainty_is_what_was_printed() {
    let world = World::with_samples(&["--dossiers", "4", "--faults", "none", "--seed", "7"]);
    assert_eq!(world.run(&[]).exit, 0);
    let truth = json_lines(&world.path("samples/truth.jsonl"));
    let rows = world.query(
        "select i.uri, d.code_full, d.issued_date, d.type_code from documents d \
         join intake i on i.source_uid = d.source_uid",
    );
    let mut read = 0;
    for one in &truth {
        let file = one["file"].as_str().unwrap().trim_start_matches("scans/");
        let row = rows.iter().find(|row| row["uri"] == file).expect("a row for every document");
        for (column, field) in [("code_full", "notation"), ("issued_date", "issued_date")] {
            if row[column].is_null() {
                continue;
            }
            assert_eq!(row[column], one[field], "{column} of {file}");
            read += 1;
        }
    }
    assert!(read >= truth.len(), "only {read} values were read from {} documents", truth.len());
}

#[test]
fn reprocessing_makes_a_new_version_and_counts_once() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    assert_eq!(world.run(&[]).exit, 0);
    assert_eq!(world.run(&["--reprocess", "published"]).exit, 0);
    assert_eq!(world.number("select count(*) as n from documents"), 1);
    assert_eq!(world.number("select version as n from documents"), 2);
    assert_eq!(world.number("select count(*) as n from document_versions"), 2);
    assert_eq!(world.named("out", "record.json").len(), 2);
    world.audit();
}

#[test]
fn the_same_bytes_twice_are_one_document() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    let scan =
        world.files("samples/scans").into_keys().find(|path| !path.ends_with("manifest.json"));
    let scan = scan.unwrap();
    if let Some(manifest) = world.named("samples/scans", "manifest.json").first() {
        std::fs::remove_file(manifest).unwrap();
    }
    let copy = scan.with_file_name("copy").with_extension(scan.extension().unwrap());
    std::fs::copy(&scan, copy).unwrap();
    assert_eq!(world.run(&[]).exit, 0);
    assert_eq!(world.number("select count(*) as n from documents"), 1);
    assert_eq!(world.number("select count(*) as n from intake"), 2);
    assert_eq!(world.number("select count(*) as n from findings where code = 'M09_DUPLICATE'"), 1);
    world.audit();
    assert_eq!(world.run(&[]).count("documents", "skipped"), 2);
}

#[test]
fn a_dry_run_writes_nothing() {
    let world = World::with_samples(&["--dossiers", "1"]);
    let ran = world.run(&["--dry-run"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(!world.path("out").exists());
}
