//! Documents a second.

use std::time::Duration;

use tokio::time::Instant;

/// How much of what was not used may be made up for: a pause between two listings, not an hour.
const CATCH_UP: Duration = Duration::from_secs(1);

/// When the next document may go.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Option<Duration>,
    next: Instant,
}

impl Pace {
    /// At most so many a second; a positive number.
    pub(crate) fn new(per_second: Option<f64>) -> Self {
        // A century between two documents is as good as longer.
        let longest = 100.0 * 365.0 * 86_400.0;
        let interval = per_second.map(|rate| Duration::from_secs_f64((1.0 / rate).min(longest)));
        Self { interval, next: Instant::now() }
    }

    /// How long it is until the next document may go; none when it may now.
    pub(crate) fn wait(&self) -> Option<Duration> {
        let wait = self.next.saturating_duration_since(Instant::now());
        (self.interval.is_some() && !wait.is_zero()).then_some(wait)
    }

    /// A document went.
    pub(crate) fn went(&mut self) {
        if let Some(interval) = self.interval {
            let earliest = Instant::now().checked_sub(CATCH_UP).unwrap_or(self.next);
            self.next = self.next.max(earliest) + interval;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_rate_holds_over_any_minute_but_for_a_second_of_catching_up() {
        let mut pace = Pace::new(Some(20.0));
        tokio::time::sleep(Duration::from_mins(5)).await;
        let begun = Instant::now();
        let mut sent = 0;
        while begun.elapsed() < Duration::from_mins(1) {
            if let Some(wait) = pace.wait() {
                tokio::time::sleep(wait).await;
            } else {
                pace.went();
                sent += 1;
            }
        }
        assert!((1200..=1222).contains(&sent), "{sent}");
    }

    #[tokio::test]
    async fn without_a_rate_nothing_waits() {
        let mut pace = Pace::new(None);
        pace.went();
        assert_eq!(pace.wait(), None);
    }
}
