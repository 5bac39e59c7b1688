//! The harness finds what there is to be found, and what it once found stays fixed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fs, path::Path, process::Command};

fn fuzz(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_fuzz")).args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn what_was_found_stays_fixed() {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("found");
    for target in fs::read_dir(found).unwrap().map(Result::unwrap) {
        let name = target.file_name().into_string().unwrap();
        for case in fs::read_dir(target.path()).unwrap().map(|entry| entry.unwrap().path()) {
            let (well, said) = fuzz(&[&name, "--file", case.to_str().unwrap()]);
            assert!(well, "{}: {said}", case.display());
        }
    }
}

#[test]
fn each_kind_of_fault_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("case");
    let faults = ["panic", "overflow", "memory", "slow"];
    for (word, fails) in faults.map(|word| (word, true)).into_iter().chain([("nothing", false)]) {
        fs::write(&path, format!("says {word} here")).unwrap();
        let (well, said) = fuzz(&["planted", "--file", path.to_str().unwrap()]);
        assert_eq!(well, !fails, "{word}: {said}");
    }
}

#[test]
fn a_fault_a_change_away_is_found_and_made_small() {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().to_str().unwrap();
    let (well, said) = fuzz(&["planted", "--cases", "60000", "--keep", keep]);
    assert!(!well && said.contains("planted.rs"), "{said}");
    let kept = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::read(kept).unwrap(), b"panic");
}

#[test]
fn targets_are_listed_and_unknown_ones_refused() {
    let (well, said) = fuzz(&["--list"]);
    assert!(well && said.lines().count() > 20 && !said.contains("planted"), "{said}");
    let (well, said) = fuzz(&["nothing-of-the-kind"]);
    assert!(!well && said.contains("--list"), "{said}");
}
