//! Our own programs, as tests start them: in a folder of the test's own, away from the user's.

use std::{env, ffi::OsString, fs::create_dir_all, path::Path, process::Command};

/// `sohoa` (`SOHOA_BIN`) at work in `folder`: what it keeps for its user lies under `data`, what it
/// keeps for a while under `tmp`, and it finds its store by `environment`.
pub fn sohoa(folder: &Path, environment: Vec<(&'static str, String)>) -> Command {
    let (data, tmp) = (folder.join("data"), folder.join("tmp"));
    for made in [&data, &tmp] {
        create_dir_all(made).unwrap();
    }
    let mut command = Command::new(program("SOHOA_BIN"));
    command.current_dir(folder).env("XDG_DATA_HOME", data).env("TMPDIR", tmp).envs(environment);
    command
}

/// Runs the sample maker (`SOHOA_SAMPLES`) with `arguments` and `output`.
pub fn samples(arguments: &[&str], output: &Path) {
    let mut command = Command::new(program("SOHOA_SAMPLES"));
    let made = command.args(arguments).arg("--output").arg(output).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// The program that an environment variable names.
pub fn program(variable: &str) -> OsString {
    env::var_os(variable).unwrap_or_else(|| panic!("{variable} names no program"))
}
