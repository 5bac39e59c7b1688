//! The program against the real services: what a folder cannot show.
//!
//! A service that `tests/run` could not obtain leaves its tests ignored, unless
//! `SOHOA_REQUIRE_SERVICES` is set: then they fail.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod bucket;
mod gateway;
#[path = "../embedded/support.rs"]
mod support;

use std::{env, process::ExitCode};

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let missing = gateway::program().is_none() && env::var_os("SOHOA_REQUIRE_SERVICES").is_none();
    let trials = bucket::TESTS.iter().map(|(name, test)| {
        let run = move || {
            test();
            Ok(())
        };
        Trial::test(*name, run).with_ignored_flag(missing)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
