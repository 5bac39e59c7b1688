//! What a person at a terminal sees of long work.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Between two plain lines, where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// A bar on a terminal, plain lines otherwise.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    what: &'static str,
    total: u64,
    done: AtomicU64,
    began: Instant,
    said: AtomicU64,
}

impl Progress {
    /// Begins; `what` goes on after "3 of 7 documents".
    pub(crate) fn begin(bars: &MultiProgress, total: u64, what: &'static str) -> Self {
        let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
        let bar = terminal.then(|| {
            let style = ProgressStyle::with_template(
                "{bar:30} {pos}/{len} documents {msg}  {elapsed_precise} elapsed, {eta} left",
            );
            let bar = bars.add(ProgressBar::new(total));
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(what);
            bar
        });
        let (done, said) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { bar, what, total, done, began: Instant::now(), said }
    }

    /// One more is done.
    pub(crate) fn one(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(bar) = &self.bar {
            return bar.inc(1);
        }
        let due = self.began.elapsed().as_secs() / EVERY.as_secs();
        if self.said.fetch_max(due, Ordering::Relaxed) < due {
            let rest = self.total.saturating_sub(done) as f64 / done as f64;
            let left = indicatif::HumanDuration(self.began.elapsed().mul_f64(rest));
            eprintln!("{done}/{} documents {}, {left:#} left", self.total, self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
