//! The program against the real services: what a folder cannot show.
//!
//! A service that `tests/run` could not obtain leaves its tests ignored, unless
//! `SOHOA_REQUIRE_SERVICES` is set: then they fail.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod bucket;
mod lanes;
#[path = "../embedded/support.rs"]
mod support;

use std::{env, process::ExitCode};

use libtest_mimic::{Arguments, Trial};
use sohoa_harness::{gateway, kafka};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = env::var_os("SOHOA_REQUIRE_SERVICES").is_some();
    let store = required || gateway::available();
    let brokers = required || kafka::available();
    let of_bucket = bucket::TESTS.iter().map(|test| trial(test, store));
    let of_lanes = lanes::TESTS.iter().map(|test| trial(test, store && brokers));
    libtest_mimic::run(&arguments, of_bucket.chain(of_lanes).collect()).exit_code()
}

fn trial((name, test): &(&'static str, fn()), possible: bool) -> Trial {
    let test = *test;
    let run = move || {
        test();
        Ok(())
    };
    Trial::test(*name, run).with_ignored_flag(!possible)
}
