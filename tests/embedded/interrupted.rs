//! Killed at any moment, run again: everything complete, nothing twice.

use crate::support::{World, json_lines, signal, wait_until};

#[test]
fn killed_again_and_again_it_still_completes_and_repeats_nothing() {
    let world = World::with_samples(&["--dossiers", "3"]);
    let config = world.write("sohoa.toml", "[index]\ncommit_documents = 2\n");
    let arguments = ["run", "--input", "samples/scans", "--output", "out", "--config", &config];
    // Each round dies a little later: before the first object, between parts and records, between
    // the tables of one commit.
    for objects in [1, 4, 9, 16, 25, 36] {
        let before = world.files("out").len();
        let mut child = world.start(&arguments);
        let mut ended = false;
        wait_until("objects of this round", || {
            ended = child.try_wait().unwrap().is_some();
            ended || world.files("out").len() >= before + objects
        });
        if !ended {
            signal(&child, "KILL");
            child.wait().unwrap();
        }
    }
    let last = world.run(&["--config", &config]);
    assert_eq!(last.exit, 0, "{}", last.stderr);
    let documents = json_lines(&world.path("samples/truth.jsonl")).len();
    assert_eq!(world.number("select count(*) as n from documents"), documents as i64);
    assert_eq!(
        world.number("select count(distinct document_uid) as n from documents"),
        documents as i64
    );
    world.audit();
}

#[test]
fn who_is_told_to_end_while_it_starts_ends_in_order() {
    let world = World::with_samples(&["--dossiers", "1"]);
    // Nothing listens on the discard port of the loopback.
    let config = world.write("sohoa.toml", "[kafka]\nbrokers = \"127.0.0.1:9\"\n");
    let said = world.path("said");
    let places = ["--output", "out", "--config", &config];
    let worker = ["worker", "--slot", "one", "--input", "samples/scans"];
    for command in [&worker[..], &["indexer"]] {
        let mut child = world.start_saying(&[command, &places].concat(), &said);
        wait_until("its search for a broker", || {
            std::fs::read_to_string(&said).unwrap().contains("do not answer")
        });
        signal(&child, "TERM");
        assert_eq!(child.wait().unwrap().code(), Some(0), "{command:?}");
    }
}

#[test]
fn the_first_interrupt_drains_and_the_next_run_completes() {
    let world = World::with_samples(&["--dossiers", "3"]);
    let mut child = world.start(&["run", "--input", "samples/scans", "--output", "out"]);
    wait_until("the first original", || !world.files("out/originals").is_empty());
    signal(&child, "INT");
    let ended = child.wait().unwrap();
    assert!(matches!(ended.code(), Some(130 | 0)), "{ended}");
    let done = world.number("select count(*) as n from documents");
    assert!(done >= 1, "what was under way was not finished");
    let last = world.run(&[]);
    assert_eq!(last.exit, 0, "{}", last.stderr);
    assert_eq!(last.count("documents", "skipped") as i64, done);
    world.audit();
}

/// A worker that was taken for dead may publish what another one refused, by a clock that is behind:
/// whoever meets the document next puts the receipts right, and nothing of it is lost.
#[test]
fn a_record_older_than_its_refusal_counts_when_the_document_comes_again() {
    let world =
        World::with_samples(&["--dossiers", "1", "--documents", "1", "--formats", "tiff-g4"]);
    assert_eq!(world.run(&[]).count("documents", "published"), 1);
    world.refuse_later("out");
    // Nobody announced the record.
    std::fs::remove_dir_all(world.path("out/index")).unwrap();
    assert_eq!(world.run(&["--reprocess", "quarantined"]).exit, 0);
    assert_eq!(world.number("select count(*) as n from documents"), 1);
    assert_eq!(world.number("select count(*) as n from intake where outcome = 'published'"), 1);
    let latest = world.query("select cast(settled_at as varchar) as at from intake");
    assert!(latest[0]["at"].as_str().unwrap().starts_with("2999"), "{latest:?}");
    world.audit();
}
