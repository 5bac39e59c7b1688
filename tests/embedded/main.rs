//! The program as its users run it: a folder of scans in, a folder of records out.
//!
//! Samples come from the sample maker, built beside the program (`tests/run` builds both).

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod amend;
mod bad_input;
mod barcodes;
mod events;
mod find;
mod heads;
mod index;
mod interrupted;
mod levels;
mod misuse;
#[expect(dead_code, unreachable_pub, reason = "the tests of the signer need more of it")]
#[path = "../../pipeline/sign/tests/made/pki.rs"]
mod pki;
mod policy;
mod refusing;
mod registers;
mod release;
mod report;
mod run;
mod scene;
mod signing;
#[expect(dead_code, unreachable_pub, reason = "the tests of the signer need more of it")]
#[path = "../../pipeline/sign/tests/made/stamps.rs"]
mod stamps;
mod submissions;
mod support;
mod sweep;
mod tokens;
mod trust;
