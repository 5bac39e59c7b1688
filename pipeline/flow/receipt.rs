//! Receipts: each document in flight owes an answer.
//!
//! Invariant: `taken == settled + abandoned + open`. A receipt that is dropped without having been
//! settled (a panic, an early return, a cancelled task) counts as *abandoned*: not done, to be
//! taken up again by the next run. Nothing ever counts as done by silence.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Counts receipts; shared by everyone that takes one.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    taken: AtomicU64,
    settled: AtomicU64,
    abandoned: AtomicU64,
}

impl Ledger {
    /// Takes one document in.
    pub fn take(&self) -> Receipt {
        self.counts.taken.fetch_add(1, Ordering::Relaxed);
        Receipt { counts: Arc::clone(&self.counts), settled: false }
    }

    /// Documents taken in.
    pub fn taken(&self) -> u64 {
        self.counts.taken.load(Ordering::Relaxed)
    }

    /// Documents whose outcome is durable.
    pub fn settled(&self) -> u64 {
        self.counts.settled.load(Ordering::Relaxed)
    }

    /// Documents dropped without an answer.
    pub fn abandoned(&self) -> u64 {
        self.counts.abandoned.load(Ordering::Relaxed)
    }
}

/// One document's debt. Settle it once the outcome is durable.
#[derive(Debug)]
#[must_use = "a receipt that is dropped unsettled means the document was not done"]
pub struct Receipt {
    counts: Arc<Counts>,
    settled: bool,
}

impl Receipt {
    /// The outcome is durable: published, quarantined or held.
    pub fn settle(mut self) {
        self.settled = true;
        self.counts.settled.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if !self.settled {
            self.counts.abandoned.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_means_not_done() {
        let ledger = Ledger::default();
        ledger.take().settle();
        drop(ledger.take());
        let thread = {
            let receipt = ledger.take();
            std::thread::spawn(move || {
                let _held = receipt;
                panic!("a stage broke");
            })
        };
        assert!(thread.join().is_err());
        assert_eq!((ledger.taken(), ledger.settled(), ledger.abandoned()), (3, 1, 2));
    }
}
