//! Memory of a process and its children, looked at again and again.
//!
//! A page that several of them share (the program itself) counts once, in parts (`Pss` and
//! `SwapPss` of `smaps_rollup`); where that may not be read, each is counted with all that it has
//! (`VmRSS`), and the result says so. What comes and goes between two looks is not seen in the sum;
//! the kernel's own high-water mark of each process (`VmHWM`) is kept beside it.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::processes::family;

/// One look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    /// How far the work was.
    pub(crate) progress: usize,
    /// Bytes of the process.
    pub(crate) own: u64,
    /// Bytes of its children.
    pub(crate) children: u64,
}

impl Sample {
    /// Bytes of all of them.
    pub(crate) fn all(&self) -> u64 {
        self.own + self.children
    }
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// In order of time.
    pub(crate) samples: Vec<Sample>,
    /// Whether shared pages were counted once.
    pub(crate) shared_once: bool,
    /// The greatest number of bytes resident, by process; of all that ever ran.
    pub(crate) marks: BTreeMap<u32, u64>,
}

impl Seen {
    /// The look with most memory in all.
    pub(crate) fn peak(&self) -> Sample {
        *self.samples.iter().max_by_key(|sample| sample.all()).unwrap()
    }

    /// How the bytes were counted.
    pub(crate) fn measure(&self) -> &'static str {
        if self.shared_once { "PSS" } else { "RSS, shared pages more than once" }
    }
}

/// Looks from a thread of its own until told to end.
#[derive(Debug)]
pub(crate) struct Sampler {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

impl Sampler {
    /// Looks at a process and its children `every` so often; `progress` says how far the work is.
    pub(crate) fn start(
        pid: u32,
        every: Duration,
        progress: impl Fn() -> usize + Send + 'static,
    ) -> Self {
        let over = Arc::<AtomicBool>::default();
        let until = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let mut seen = Seen { shared_once: true, ..Seen::default() };
            let mut next = Instant::now();
            while !until.load(Ordering::Relaxed) {
                look(&mut seen, pid, progress());
                next = (next + every).max(Instant::now());
                while let Some(left) = next.checked_duration_since(Instant::now())
                    && !left.is_zero()
                    && !until.load(Ordering::Relaxed)
                {
                    thread::park_timeout(left);
                }
            }
            seen
        });
        Self { over, thread }
    }

    /// Ends, and gives what was seen.
    pub(crate) fn end(self) -> Seen {
        self.over.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        let seen = self.thread.join().unwrap();
        assert!(!seen.samples.is_empty(), "nothing was seen of the process");
        seen
    }
}

fn look(seen: &mut Seen, pid: u32, progress: usize) {
    let mut sample = Sample { progress, own: 0, children: 0 };
    for member in family(pid) {
        let Some(bytes) = resident(seen, member) else { continue };
        *if member == pid { &mut sample.own } else { &mut sample.children } += bytes;
    }
    // Before it has a memory of its own, and after it has given it back, there is nothing to see.
    if sample.own > 0 {
        seen.samples.push(sample);
    }
}

/// Bytes of one process; none of one that is gone.
fn resident(seen: &mut Seen, pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    seen.marks.insert(pid, field(&status, "VmHWM:")?);
    let shares = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"));
    let share = shares.ok().and_then(|shares| {
        Some(field(&shares, "Pss:")? + field(&shares, "SwapPss:").unwrap_or_default())
    });
    if share.is_none() {
        seen.shared_once = false;
    }
    share.or_else(|| field(&status, "VmRSS:"))
}

/// A line of kibibytes, as bytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

#[cfg(test)]
mod tests {
    use sohoa_harness::wait_until;

    use super::*;

    #[test]
    fn a_line_of_kibibytes_is_read() {
        let text = "Pss:                 562 kB\nPss_Dirty:           140 kB\nSwapPss:  3 kB\n";
        assert_eq!(field(text, "Pss:"), Some(562 << 10));
        assert_eq!(field(text, "SwapPss:"), Some(3 << 10));
        assert_eq!(field(text, "VmHWM:"), None);
    }

    #[test]
    fn memory_that_is_taken_is_seen() {
        let looks = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = Arc::clone(&looks);
        let sampler = Sampler::start(std::process::id(), Duration::from_millis(1), move || {
            count.fetch_add(1, Ordering::Relaxed)
        });
        let look_again = || {
            let now = looks.load(Ordering::Relaxed);
            wait_until("two more looks", || looks.load(Ordering::Relaxed) > now + 2);
        };
        look_again();
        let taken = std::hint::black_box(vec![1u8; 64 << 20]);
        look_again();
        drop(taken);
        let seen = sampler.end();
        let (first, peak) = (seen.samples[0], seen.peak());
        assert!(peak.own >= first.own + (60 << 20), "{first:?} {peak:?}");
        assert!(seen.marks[&std::process::id()] >= 64 << 20);
    }
}
