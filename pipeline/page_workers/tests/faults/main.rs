//! Children that crash, hang, balloon, babble and are killed, and the pages beside them.
//!
//! This binary is both sides: started with [`WORKER`] it is a page worker whose engine does what
//! the file name of each job says; otherwise it runs the tests. The faults live only here.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faulty;
mod scenarios;

use libtest_mimic::{Arguments, Trial};

/// First argument of a child.
const WORKER: &str = "faulty-page-worker";

/// First argument of a parent that is there to be killed.
const PARENT: &str = "parent-of-a-faulty-page-worker";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [WORKER, mode] => return faulty::serve_as(mode),
        [PARENT, fault] => return scenarios::be_a_parent(fault),
        _ => {}
    }
    let trials = scenarios::ALL
        .iter()
        .map(|(name, scenario)| {
            Trial::test(*name, || {
                scenario();
                Ok(())
            })
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
