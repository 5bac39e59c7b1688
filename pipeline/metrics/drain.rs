//! When a lane will be empty: what is left, by an exponentially smoothed rate.

use std::time::{Duration, Instant};

/// Weight of the past: long enough that one thick dossier does not move the estimate much, short
/// enough that a new worker shows within minutes.
const MEMORY: Duration = Duration::from_mins(5);

/// Without a document for this long nothing moves, and no time can be named.
const STANDSTILL: Duration = Duration::from_mins(10);

/// The rate of a lane.
#[derive(Debug, Clone)]
pub struct Drain {
    last: Option<Seen>,
    /// Documents and seconds, both fading, so that their quotient is unbiased from the start.
    documents: f64,
    seconds: f64,
    moved_at: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Instant,
    settled: u64,
}

impl Default for Drain {
    fn default() -> Self {
        Self { last: None, documents: 0.0, seconds: 0.0, moved_at: None }
    }
}

impl Drain {
    /// The number of documents settled since the start was `settled` at `now`.
    pub fn observe(&mut self, now: Instant, settled: u64) {
        let Some(last) = self.last else {
            self.last = Some(Seen { at: now, settled });
            return;
        };
        let passed = now.saturating_duration_since(last.at).as_secs_f64();
        if passed <= 0.0 {
            return;
        }
        // Fewer than before: the count began anew, and what it shows is what was done since.
        let done = settled.checked_sub(last.settled).unwrap_or(settled);
        let memory = MEMORY.as_secs_f64();
        let fade = (-passed / memory).exp();
        let fresh = memory * (1.0 - fade);
        self.documents = self.documents * fade + done as f64 / passed * fresh;
        self.seconds = self.seconds * fade + fresh;
        self.last = Some(Seen { at: now, settled });
        if done > 0 {
            self.moved_at = Some(now);
        }
    }

    /// Documents a second; none while nothing moves.
    pub fn rate(&self) -> Option<f64> {
        let (moved, last) = (self.moved_at?, self.last?.at);
        let moves = last.saturating_duration_since(moved) < STANDSTILL && self.seconds > 0.0;
        moves.then(|| self.documents / self.seconds)
    }

    /// Time until `lag` documents are settled, if no more come; none while nothing moves.
    pub fn eta(&self, lag: u64) -> Option<Duration> {
        if lag == 0 {
            return Some(Duration::ZERO);
        }
        Duration::try_from_secs_f64(lag as f64 / self.rate()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steady(per_step: u64, step: Duration, steps: u32) -> (Drain, Instant) {
        let start = Instant::now();
        let mut drain = Drain::default();
        for turn in 0..=steps {
            drain.observe(start + step * turn, per_step * u64::from(turn));
        }
        (drain, start + step * steps)
    }

    #[test]
    fn nothing_is_said_before_anything_moved() {
        let mut drain = Drain::default();
        assert_eq!(drain.eta(5), None);
        drain.observe(Instant::now(), 900);
        assert_eq!(drain.eta(5), None, "what was settled before the start is no rate");
        assert_eq!(drain.eta(0), Some(Duration::ZERO));
    }

    #[test]
    fn a_standstill_ends_the_estimate() {
        let (mut drain, end) = steady(10, Duration::from_secs(5), 100);
        assert!(drain.eta(100).is_some());
        drain.observe(end + STANDSTILL, 1_000);
        assert_eq!(drain.eta(100), None);
        drain.observe(end + STANDSTILL + Duration::from_secs(5), 1_010);
        assert!(drain.eta(100).is_some());
    }

    #[test]
    fn a_doubled_rate_is_believed_within_minutes() {
        let (mut drain, end) = steady(10, Duration::from_secs(5), 1_000);
        for turn in 1..=120 {
            drain.observe(end + Duration::from_secs(5) * turn, 10_000 + 20 * u64::from(turn));
        }
        let rate = drain.rate().unwrap();
        assert!((3.6..4.0).contains(&rate), "{rate}");
    }

    #[test]
    fn a_count_that_begins_anew_is_no_burst() {
        let (mut drain, end) = steady(10, Duration::from_secs(5), 100);
        drain.observe(end + Duration::from_secs(5), 10);
        let rate = drain.rate().unwrap();
        assert!((rate - 2.0).abs() < 1e-6, "{rate}");
    }

    proptest! {
        #[test]
        fn a_steady_rate_is_told_exactly(
            per_step in 1u64..1_000, seconds in 1u64..60, steps in 1u32..50, lag in 1u64..10_000_000,
        ) {
            let (drain, _) = steady(per_step, Duration::from_secs(seconds), steps);
            let expected = (lag * seconds) as f64 / per_step as f64;
            let told = drain.eta(lag).unwrap().as_secs_f64();
            prop_assert!((told / expected - 1.0).abs() < 1e-6, "{} {}", told, expected);
        }

        #[test]
        fn any_counts_give_a_time_or_none(counts in proptest::collection::vec((any::<u64>(), 0u64..100_000), 0..50), lag in any::<u64>()) {
            let start = Instant::now();
            let mut drain = Drain::default();
            for (settled, at) in counts {
                drain.observe(start + Duration::from_millis(at), settled);
                let rate = drain.rate();
                prop_assert!(rate.is_none_or(|rate| rate.is_finite() && rate >= 0.0));
                drain.eta(lag);
            }
        }
    }
}
