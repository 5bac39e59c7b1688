//! `sohoa sign` on what does not take another signature.

use std::{fs, process::Command};

use crate::{
    by_hand::{baseline, signed},
    made,
};

/// A certification as closed that the catalog does not name, so that it is found by verifying only.
const CLOSING: &str = "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams\
                       <</Type/TransformParams/P 1/V/1.2>>>>]";

#[test]
fn a_signature_that_would_break_another_is_not_left_at_the_output() {
    let issued = made::made(&made::agency());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for (further, exit) in [(CLOSING, 6), ("", 0)] {
        fs::write(path("in.pdf"), signed(further, |content| baseline(&issued, content))).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_sohoa"));
        command.args(["sign", &path("in.pdf"), "--output", &path("out.pdf")]);
        let ran = command.env("XDG_DATA_HOME", folder.path().join("data")).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(exit), "{said}");
        assert_eq!(folder.path().join("out.pdf").exists(), exit == 0, "{said}");
        assert_eq!(said.contains("`Signature1` does not allow"), exit != 0, "{said}");
        let entries = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let left = entries.filter(|name| name.to_string_lossy().starts_with('.')).count();
        assert_eq!(left, 0, "something is left behind");
    }
}
