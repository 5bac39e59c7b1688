//! What is missing stops the run before the first page and says what to do.

use crate::support::{Ran, World};

fn run_with(world: &World, config: &str) -> Ran {
    let config = world.write("sohoa.toml", config);
    world.run(&["--config", &config])
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    let language = run_with(&world, "[ocr]\nlanguage = \"xyz\"\n");
    assert_eq!(language.exit, 3, "{}", language.stderr);
    assert!(language.stderr.contains("tesseract-ocr-xyz"), "{}", language.stderr);

    let font = run_with(&world, "[sign]\nfont = \"/nowhere/Tinos.ttf\"\n");
    assert_eq!(font.exit, 3, "{}", font.stderr);
    assert!(font.stderr.contains("fonts-croscore"), "{}", font.stderr);

    let key = "[sign]\nkey = \"/nowhere/key.pem\"\nchain = \"/nowhere/chain.pem\"\n\
               [release]\ndelegation = \"QD 1/2026\"\n";
    let key = run_with(&world, key);
    assert_eq!(key.exit, 2, "{}", key.stderr);
    assert!(key.stderr.contains("/nowhere/"), "{}", key.stderr);

    let unknown = run_with(&world, "[ocr]\nlangage = \"vie\"\n");
    assert_eq!(unknown.exit, 2);
    assert!(unknown.stderr.contains("langage"), "{}", unknown.stderr);
    assert!(world.files("out/documents").is_empty(), "a page was processed");
}

#[test]
fn an_output_that_cannot_be_written_stops_the_run() {
    let world = World::with_samples(&["--dossiers", "1", "--documents", "1"]);
    let ran = world.sohoa(&["run", "--input", "samples/scans", "--output", "/proc/sohoa"]);
    assert_eq!(ran.exit, 2, "{}", ran.stderr);
}

#[test]
fn an_input_that_is_not_there_is_a_usage_error() {
    let world = World::new();
    let ran = world.sohoa(&["run", "--input", "nowhere", "--output", "out"]);
    assert_eq!(ran.exit, 1);
    assert!(ran.stderr.contains("nowhere"), "{}", ran.stderr);
}

#[test]
fn check_tells_everything_it_tried() {
    let world = World::new();
    let ran = world.sohoa(&["check", "--output", "out"]);
    assert_eq!(ran.exit, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 6, "{}", ran.stdout);
    let config = world.write("sohoa.toml", "[ocr]\nlanguage = \"xyz\"\n");
    let ran = world.sohoa(&["check", "--config", &config]);
    assert_eq!(ran.exit, 3);
    assert!(ran.stdout.contains("FAILED recognition engine"), "{}", ran.stdout);
}
