//! Whether a thread still comes round.
//!
//! The client library has calls that wait for ever after some troubles of brokers, whatever limit of
//! time they are given; a thread that is in one can say so no more.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rdkafka::ClientConfig;

/// librdkafka's own `max.poll.interval.ms`.
const POLL_INTERVAL: Duration = Duration::from_mins(5);

/// librdkafka's own `session.timeout.ms`. Positions wait so long for a broker that takes them, the
/// longest of our calls.
const SESSION: Duration = Duration::from_secs(45);

/// Most of the time since the last look that counts. In a longer pause the whole process, or its
/// machine, stood still, and nothing is known of the thread.
const LOOK: Duration = Duration::from_secs(5);

/// Counts the calls of a thread, and how long it has been in the present one.
#[derive(Debug)]
pub(crate) struct Pulse {
    beats: AtomicU64,
    watched: Mutex<Watched>,
    longest: Duration,
}

/// What who looks has seen.
#[derive(Debug)]
struct Watched {
    beats: u64,
    at: Instant,
    /// How long nothing was seen to move.
    still: Duration,
}

/// How long the group waits for a consumer that does not poll.
pub(crate) fn poll_interval(config: &ClientConfig) -> Duration {
    duration(config, "max.poll.interval.ms").unwrap_or(POLL_INTERVAL)
}

/// After this a call is not slow but lost: twice what the longest may take, and never more than the
/// group waits.
fn longest_call(config: &ClientConfig) -> Duration {
    let session = duration(config, "session.timeout.ms").unwrap_or(SESSION);
    poll_interval(config).min(2 * session.max(SESSION))
}

fn duration(config: &ClientConfig, name: &str) -> Option<Duration> {
    config.get(name)?.parse().ok().map(Duration::from_millis)
}

impl Pulse {
    /// Of a thread that begins now, with a client of these settings.
    pub(crate) fn of(config: &ClientConfig) -> Self {
        let watched = Watched { beats: 0, at: Instant::now(), still: Duration::ZERO };
        let (beats, watched) = (AtomicU64::new(0), Mutex::new(watched));
        Self { beats, watched, longest: longest_call(config) }
    }

    /// It has come round, or from one call to the next.
    pub(crate) fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether it is in a call for longer than one may take. To be asked every few seconds.
    pub(crate) fn has_stopped(&self) -> bool {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.look(self.beats.load(Ordering::Relaxed), Instant::now());
        watched.still > self.longest
    }
}

impl Watched {
    fn look(&mut self, beats: u64, now: Instant) {
        let passed = now.saturating_duration_since(self.at).min(LOOK);
        self.still = if beats == self.beats { self.still + passed } else { Duration::ZERO };
        (self.beats, self.at) = (beats, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_may_take_what_the_settings_let_it() {
        let mut config = ClientConfig::new();
        assert_eq!(longest_call(&config), Duration::from_secs(90));
        config.set("session.timeout.ms", "6000");
        assert_eq!(longest_call(&config), Duration::from_secs(90));
        config.set("session.timeout.ms", "120000");
        assert_eq!(longest_call(&config), Duration::from_mins(4));
        config.set("max.poll.interval.ms", "120000");
        assert_eq!(longest_call(&config), Duration::from_mins(2));
    }

    #[test]
    fn only_time_that_was_watched_counts() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut watched = Watched { beats: 7, at: start, still: Duration::ZERO };
        watched.look(7, at(4));
        assert_eq!(watched.still, Duration::from_secs(4));
        // The process was stopped, and the thread with it.
        watched.look(7, at(1_000));
        assert_eq!(watched.still, Duration::from_secs(9));
        watched.look(8, at(1_002));
        assert_eq!(watched.still, Duration::ZERO);
        watched.look(8, at(1_003));
        assert_eq!(watched.still, Duration::from_secs(1));
    }
}
