//! The program against the real services: what a folder cannot show.
//!
//! A service that `tests/run` could not obtain leaves its tests ignored, unless
//! `SOHOA_REQUIRE_SERVICES` is set: then they fail.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod brokers;
mod bucket;
mod lanes;
mod prometheus;
#[expect(dead_code, unreachable_pub, reason = "the tests of the signer need more of it")]
#[path = "../../pipeline/sign/tests/made/stamps.rs"]
mod stamps;
mod stores;
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
    let own = gateway::store_of_the_user().map(|_| trial(&bucket::OWN, true));
    let of_stores = stores::TESTS.iter().map(|test| trial(test, store));
    // Brokers with passwords are started here, whatever brokers the user has.
    let jars = required || env::var_os("SOHOA_KAFKA_JARS").is_some();
    let of_brokers = brokers::TESTS.iter().map(|test| trial(test, jars));
    let of_lanes = lanes::TESTS.iter().map(|test| trial(test, store && brokers));
    let prometheus = required || (store && brokers && prometheus::available());
    let of_prometheus = prometheus::TESTS.iter().map(|test| trial(test, prometheus));
    let trials = of_bucket
        .chain(own)
        .chain(of_stores)
        .chain(of_brokers)
        .chain(of_lanes)
        .chain(of_prometheus);
    let ended = libtest_mimic::run(&arguments, trials.collect());
    brokers::finish();
    ended.exit_code()
}

fn trial((name, test): &(&'static str, fn()), possible: bool) -> Trial {
    let test = *test;
    let run = move || {
        test();
        Ok(())
    };
    Trial::test(*name, run).with_ignored_flag(!possible)
}
