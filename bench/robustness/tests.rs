//! A small run over the files that the decoder's tests use, and that the same seed repeats.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

/// Runs over the decoder's test files.
fn run(files: u32, seed: u32) -> String {
    let good = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pipeline/decode/tests/files");
    let keep = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_robustness"))
        .args(["--files", &files.to_string(), "--seed", &seed.to_string()])
        .arg("--keep")
        .arg(keep.path())
        .arg(good)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    said
}

/// A line of the report.
fn line<'a>(report: &'a str, name: &str) -> &'a str {
    let found = report.lines().find_map(|line| line.trim_start().strip_prefix(name));
    found.unwrap_or_else(|| panic!("no `{name}` in:\n{report}")).trim()
}

#[test]
fn malformed_files_are_classified_and_workers_answer_for_every_death() {
    let report = run(250, 20_261_127);
    assert_eq!(line(&report, "malformed files"), "250");
    assert_eq!(line(&report, "classified"), "250 (100.00 %)");
    // The mutants are neither all sound nor all refused at the first byte.
    assert_ne!(line(&report, "every page published"), "0");
    assert_ne!(line(&report, "refused"), "0");
    assert!(line(&report, "F02_UNREADABLE").parse::<u32>().unwrap() > 20, "{report}");
}

#[test]
fn a_seed_makes_the_same_files() {
    let what = |report: &str| {
        let names = ["bits flipped", "classified", "pages published", "F02_UNREADABLE"];
        names.map(|name| line(report, name).to_owned())
    };
    assert_eq!(what(&run(40, 7)), what(&run(40, 7)));
}
