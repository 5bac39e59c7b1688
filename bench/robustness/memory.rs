//! What a worker took, as the kernel counts it.

use std::fs;

/// Peaks of a process, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Peak {
    /// Memory.
    pub(crate) resident: u64,
    /// Address space, which the limit holds for.
    pub(crate) address_space: u64,
}

/// Peaks of a process since [`forget`] was called for it; nothing of one that is gone.
pub(crate) fn peak(pid: u32) -> Peak {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = |key: &str| {
        let found = status.lines().find_map(|line| line.strip_prefix(key)?.strip_suffix("kB"));
        found.and_then(|kibibytes| kibibytes.trim().parse::<u64>().ok()).unwrap_or(0) << 10
    };
    Peak { resident: line("VmHWM:"), address_space: line("VmPeak:") }
}

/// Counts the peak of memory anew from here on; that of address space cannot be.
pub(crate) fn forget(pid: u32) -> bool {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").is_ok()
}
