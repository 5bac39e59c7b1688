//! Faults that are there to be found: a harness that finds none might be blind.

use std::{hint::black_box, time::Duration};

use cpu_time::ThreadTime;

use crate::child::MOST_CPU;

pub(crate) const NAME: &str = "planted";

/// None of these is a fault; all are a change away from one.
pub(crate) fn good() -> Vec<Vec<u8>> {
    vec![b"a long enough text that says qanic somewhere in its middle, and goes on".to_vec()]
}

/// Fails as the bytes say.
pub(crate) fn feed(bytes: &[u8]) {
    let says = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
    if says(b"panic") {
        let none: &[u8] = black_box(&[]);
        black_box(none[bytes.len()]);
    }
    if says(b"overflow") {
        black_box(deep(1));
    }
    if says(b"memory") {
        black_box(vec![1_u8; 8 << 30]);
    }
    while says(b"hang") {
        std::thread::park();
    }
    let begun = ThreadTime::now();
    while says(b"slow") && begun.elapsed() < MOST_CPU + Duration::from_millis(200) {}
}

fn deep(number: u64) -> u64 {
    let held = black_box([number; 64]);
    if black_box(true) { deep(number + 1) + held[7] } else { number }
}
