//! How long how many were there: a count, summed over time while it passes.
//!
//! A wait that has not ended yet counts already, so an hour without a document does not show as
//! one jump at its end.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A count and its sum over time.
#[derive(Debug)]
pub struct Occupancy(Mutex<State>);

#[derive(Debug)]
struct State {
    present: u32,
    since: Instant,
    total: Duration,
}

impl Occupancy {
    /// Nobody there, at `now`.
    pub fn new(now: Instant) -> Self {
        Self(Mutex::new(State { present: 0, since: now, total: Duration::ZERO }))
    }

    /// One more.
    pub fn enter(&self, now: Instant) {
        let mut state = self.until(now);
        state.present = state.present.saturating_add(1);
    }

    /// One less.
    pub fn leave(&self, now: Instant) {
        let mut state = self.until(now);
        state.present = state.present.saturating_sub(1);
    }

    /// So many from now on, whoever they are.
    pub fn set(&self, now: Instant, present: u32) {
        self.until(now).present = present;
    }

    /// Time of somebody whose coming and going was measured elsewhere.
    pub fn add(&self, now: Instant, time: Duration) {
        let mut state = self.until(now);
        state.total = state.total.saturating_add(time);
    }

    /// How many are there.
    pub fn present(&self, now: Instant) -> u32 {
        self.until(now).present
    }

    /// The sum of everybody's time up to `now`.
    pub fn total(&self, now: Instant) -> Duration {
        self.until(now).total
    }

    /// The state brought up to `now`; an earlier `now` than the last one changes nothing.
    fn until(&self, now: Instant) -> MutexGuard<'_, State> {
        // Whole after every statement under the lock.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.since).saturating_mul(state.present);
        state.total = state.total.saturating_add(passed);
        state.since = state.since.max(now);
        state
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wait_counts_before_it_ends() {
        let start = Instant::now();
        let occupancy = Occupancy::new(start);
        let at = |seconds| start + Duration::from_secs(seconds);
        occupancy.enter(at(1));
        assert_eq!(occupancy.total(at(4)), Duration::from_secs(3));
        occupancy.enter(at(4));
        occupancy.leave(at(6));
        assert_eq!(occupancy.total(at(7)), Duration::from_secs(8));
    }

    proptest! {
        #[test]
        fn the_total_is_the_sum_of_the_stays(stays in proptest::collection::vec((0u64..1_000, 0u64..1_000), 0..30)) {
            let start = Instant::now();
            let occupancy = Occupancy::new(start);
            let mut steps: Vec<_> = stays
                .iter()
                .flat_map(|(from, long)| [(*from, true), (from + long, false)])
                .collect();
            // Nobody leaves before entering.
            steps.sort_by_key(|(at, enters)| (*at, !enters));
            for (at, enters) in steps {
                let now = start + Duration::from_millis(at);
                if enters { occupancy.enter(now) } else { occupancy.leave(now) }
            }
            let sum = stays.iter().map(|(_, long)| Duration::from_millis(*long)).sum();
            prop_assert_eq!(occupancy.total(start + Duration::from_secs(10)), sum);
        }
    }
}
