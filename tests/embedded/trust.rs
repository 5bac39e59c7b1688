//! What `verify` and `audit` notice.

use std::{fs, path::Path};

use crate::support::World;

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at % bytes.len();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_changed_byte_is_noticed_by_both() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1", "--formats", "jpeg"]);
    assert_eq!(world.run(&[]).exit, 0);
    let document = world.named("out/documents", "document.pdf").remove(0);
    let path = document.to_str().unwrap();
    let verified = world.sohoa(&["verify", path]);
    assert_eq!(verified.exit, 0, "{}", verified.stdout);
    assert!(verified.stdout.contains("TEST, not a legal signature"));
    flip(&document, 5000);
    assert_eq!(world.sohoa(&["verify", path]).exit, 6);
    assert_eq!(world.sohoa(&["audit", "--full", "--output", "out"]).exit, 6);
}

#[test]
fn a_lost_part_a_lost_record_and_a_lost_table_are_noticed() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "2"]);
    assert_eq!(world.run(&[]).exit, 0);
    let quick = || world.sohoa(&["audit", "--output", "out"]).exit;
    assert_eq!(quick(), 0);
    let text = world.named("out/documents", "text.txt").remove(0);
    let bytes = fs::read(&text).unwrap();
    fs::remove_file(&text).unwrap();
    assert_eq!(quick(), 6);
    fs::write(&text, bytes).unwrap();
    assert_eq!(quick(), 0);
    let record = world.named("out/documents", "record.json").remove(0);
    fs::rename(&record, world.path("away.json")).unwrap();
    assert_eq!(quick(), 6);
    fs::rename(world.path("away.json"), &record).unwrap();
    fs::remove_dir_all(world.path("out/index/pages")).unwrap();
    assert_eq!(quick(), 6);
}

#[test]
fn a_file_that_never_came_in_is_noticed() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    assert_eq!(world.run(&[]).exit, 0);
    fs::write(world.path("samples/scans/late.tif"), "x").unwrap();
    let ran = world.sohoa(&["audit", "--output", "out", "--input", "samples/scans"]);
    assert_eq!(ran.exit, 6);
    assert!(ran.stdout.contains("late.tif"), "{}", ran.stdout);
}

#[test]
fn an_unsigned_file_does_not_verify() {
    let world = World::with_samples(&["--dossiers", "1", "--formats", "pdf-jpeg"]);
    let scan = world
        .files("samples/scans")
        .into_keys()
        .find(|p| p.extension().is_some_and(|e| e == "pdf"));
    let ran = world.sohoa(&["verify", scan.unwrap().to_str().unwrap()]);
    assert_eq!(ran.exit, 6);
    assert!(ran.stdout.contains("not signed"), "{}", ran.stdout);
}
