//! Kinds of wrong, each a file that `sohoa verify` must not take, and good files that it must: one
//! line a kind, with the verdict and the exit code that are expected. `SOHOA_TABLE=1` with
//! `--nocapture` prints the table.
//!
//! * [`bytes`]: bytes altered, cut, added; ranges and values forged.
//! * [`revisions`]: what is appended to a signed file, and what a file was prepared for.
//! * [`forms`]: fields and notes on what was certified, good and bad.
//! * [`holders`]: whose certificate it is, and what became of it.
//! * [`times`]: time-stamps that are wrong.
//! * [`good`]: no alarm.
//! * [`signing`]: what is refused another signature.
//! * [`by_hand`]: signatures made by `openssl`, with whatever dictionary and attributes.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod by_hand;
mod bytes;
mod forms;
mod good;
mod holders;
mod revisions;
mod signing;
mod times;

#[path = "../../pipeline/sign/tests/made/mod.rs"]
mod made;

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use serde_json::Value;

/// A file, and what is to be said of it.
struct Kind {
    name: &'static str,
    file: Vec<u8>,
    /// The worst verdict of the report; `unreadable` where there is none.
    verdict: &'static str,
    /// The agency is named that has to have signed.
    of_agency: bool,
    /// Authorities are asked.
    online: bool,
    /// The roots are those of public authorities.
    public: bool,
}

impl Kind {
    fn new(name: &'static str, verdict: &'static str, file: Vec<u8>) -> Self {
        Self { name, file, verdict, of_agency: false, online: false, public: false }
    }

    /// With `--agency`.
    fn of_agency(self) -> Self {
        Self { of_agency: true, ..self }
    }

    /// With `--online`.
    fn online(self) -> Self {
        Self { online: true, ..self }
    }

    /// With the roots in `sign.public_roots`.
    fn public(self) -> Self {
        Self { public: true, ..self }
    }

    fn exit(&self) -> i32 {
        let good = ["ok", "ok_legacy_alg"];
        if good.contains(&self.verdict) { 0 } else { 6 }
    }
}

/// Some kinds, and the roots they are judged by, PEM.
struct Kinds {
    roots: String,
    all: Vec<Kind>,
}

const CONFIG: &str = "[[sign.agencies]]\ncode = \"H08.12\"\nnames = [\"Sở Thử nghiệm tỉnh Mẫu\"]\n";

/// Verdict and exit code of the program.
fn judged(folder: &Path, roots: &str, kind: &Kind) -> (String, i32) {
    let (said, exit) = asked(folder, roots, kind, &[]);
    let verdict = said["report"]["verdict"].as_str().unwrap_or("unreadable");
    assert_eq!(said["valid"], exit == 0, "{}", kind.name);
    (verdict.to_owned(), exit)
}

/// What the program says of a kind, and its exit code.
fn asked(folder: &Path, roots: &str, kind: &Kind, further: &[&str]) -> (Value, i32) {
    let path = |name: &str| folder.join(name).display().to_string();
    fs::write(path("file.pdf"), &kind.file).unwrap();
    fs::write(path("roots.pem"), roots).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sohoa"));
    command.args(["verify", &path("file.pdf"), "--json"]);
    command.env("XDG_DATA_HOME", folder.join("data"));
    if kind.public {
        let roots = format!("[sign]\npublic_roots = [{:?}]\n{CONFIG}", path("roots.pem"));
        fs::write(path("public.toml"), roots).unwrap();
        command.args(["--config", &path("public.toml")]);
    } else {
        command.args(["--config", &path("sohoa.toml"), "--root", &path("roots.pem")]);
    }
    if kind.of_agency {
        command.args(["--agency", "H08.12"]);
    }
    if kind.online {
        command.arg("--online");
    }
    let ran = command.args(further).output().unwrap();
    let said: Value = serde_json::from_slice(&ran.stdout)
        .unwrap_or_else(|_| panic!("{}: {}", kind.name, String::from_utf8_lossy(&ran.stderr)));
    (said, ran.status.code().unwrap_or(-1))
}

/// Judges them all; answers with the table's lines and with what is not as it should be.
fn judge(groups: &[Kinds]) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sohoa.toml"), CONFIG).unwrap();
    let (mut lines, mut differ) = (Vec::new(), Vec::new());
    for group in groups {
        for kind in &group.all {
            let (verdict, exit) = judged(folder.path(), &group.roots, kind);
            let line = format!("{:<66} {verdict:<24} {exit}", kind.name);
            if (verdict.as_str(), exit) != (kind.verdict, kind.exit()) {
                differ.push(format!("{line}, not {} {}", kind.verdict, kind.exit()));
            }
            lines.push(line);
        }
    }
    if std::env::var_os("SOHOA_TABLE").is_some() {
        println!("{}", lines.join("\n"));
    }
    (lines, differ)
}

#[test]
fn every_kind_of_wrong_is_detected() {
    let groups =
        [bytes::kinds(), revisions::kinds(), forms::wrong(), holders::kinds(), times::kinds()];
    let (lines, differ) = judge(&groups);
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    let names: BTreeSet<_> =
        groups.iter().flat_map(|group| &group.all).map(|kind| kind.name).collect();
    assert_eq!(names.len(), lines.len(), "two kinds have one name");
    assert!(names.len() >= 30, "{}", names.len());
}

#[test]
fn good_files_give_no_alarm() {
    let (_, differ) = judge(&good::kinds());
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn a_revocation_that_nobody_knows_of_is_accepted_by_who_says_so_alone() {
    let folder = tempfile::tempdir().unwrap();
    let config = |setting: &str| fs::write(folder.path().join("sohoa.toml"), setting).unwrap();
    let Kinds { roots, all } = good::of_authorities();
    let unknown = |kind: &&Kind| kind.verdict == "indeterminate_revocation";
    let kind = all.iter().find(unknown).unwrap();
    let exit = |further: &[&str]| {
        let (said, exit) = asked(folder.path(), &roots, kind, further);
        assert_eq!(said["report"]["verdict"], "indeterminate_revocation");
        assert_eq!(said["valid"], exit == 0);
        exit
    };
    config("");
    assert_eq!(exit(&[]), 6);
    assert_eq!(exit(&["--accept-unknown-revocation"]), 0);
    config("[sign]\nunknown_revocation = \"warn\"\n");
    assert_eq!((exit(&[]), exit(&["--strict"])), (0, 6));
}
