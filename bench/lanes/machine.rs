//! What was measured on, as every result names it.

use std::{env, fs, thread};

use sohoa_harness::programs::program;

/// Cores, processor, memory, kernel, and how busy it was before.
pub(crate) fn describe() -> String {
    let line = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let found = text.lines().find_map(|line| line.strip_prefix(key)?.split_once(':'));
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let first = |file: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        text.split_whitespace().next().unwrap_or_default().to_owned()
    };
    let memory = line("/proc/meminfo", "MemTotal");
    let kibibytes: f64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
    format!(
        "{} cores, {}, {:.0} GiB, Linux {}; load {} at the start",
        cores(),
        line("/proc/cpuinfo", "model name"),
        kibibytes / f64::from(1 << 20),
        first("/proc/sys/kernel/osrelease"),
        first("/proc/loadavg")
    )
}

/// Cores that a process of ours may use.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What was typed.
pub(crate) fn command() -> String {
    let typed = env::args().skip(1).collect::<Vec<_>>().join(" ");
    format!("bench/lanes/run {typed}")
}

/// Where the program under measurement lies.
pub(crate) fn subject() -> String {
    program("SOHOA_BIN").to_string_lossy().into_owned()
}
