//! Whether the process moves, and whether it can do its work.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// What a supervisor asks; a handle that can be cloned.
#[derive(Debug, Clone)]
pub struct Health(Arc<State>);

#[derive(Debug)]
struct State {
    began: Instant,
    /// Milliseconds after `began`.
    beat: AtomicU64,
    within: Duration,
    /// Why not, while it is not ready.
    reason: Mutex<Option<String>>,
}

impl Health {
    /// Of a process whose main loop calls [`beat`](Self::beat) more often than every `within`. It
    /// is alive for as long from now, and not ready.
    pub fn new(within: Duration) -> Self {
        Self(Arc::new(State {
            began: Instant::now(),
            beat: AtomicU64::new(0),
            within,
            reason: Mutex::new(Some("it is starting".to_owned())),
        }))
    }

    /// The main loop has moved.
    pub fn beat(&self) {
        self.beat_at(Instant::now());
    }

    /// It can do its work.
    pub fn ready(&self) {
        self.set(None);
    }

    /// It cannot, and why: a sentence for an operator, with nothing of a document in it.
    pub fn not_ready(&self, reason: impl Into<String>) {
        self.set(Some(reason.into()));
    }

    /// Why it is not ready; none when it is.
    pub fn reason(&self) -> Option<String> {
        self.0.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Time since the main loop moved, if that is too long.
    pub fn stalled(&self) -> Option<Duration> {
        self.stalled_at(Instant::now())
    }

    fn set(&self, reason: Option<String>) {
        *self.0.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }

    fn beat_at(&self, now: Instant) {
        let after = now.saturating_duration_since(self.0.began).as_millis();
        self.0.beat.fetch_max(u64::try_from(after).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn stalled_at(&self, now: Instant) -> Option<Duration> {
        let beat = Duration::from_millis(self.0.beat.load(Ordering::Relaxed));
        let since = now.saturating_duration_since(self.0.began).saturating_sub(beat);
        (since > self.0.within).then_some(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_alive_for_as_long_as_its_loop_moves() {
        let health = Health::new(Duration::from_secs(30));
        let at = |seconds| health.0.began + Duration::from_secs(seconds);
        assert_eq!(health.stalled_at(at(30)), None);
        assert_eq!(health.stalled_at(at(31)), Some(Duration::from_secs(31)));
        health.beat_at(at(40));
        assert_eq!(health.stalled_at(at(70)), None);
        assert_eq!(health.stalled_at(at(75)), Some(Duration::from_secs(35)));
    }

    #[test]
    fn it_is_ready_when_it_says_so() {
        let health = Health::new(Duration::from_secs(1));
        assert!(health.reason().is_some());
        let other = health.clone();
        other.ready();
        assert_eq!(health.reason(), None);
        other.not_ready("the store is away");
        assert_eq!(health.reason().as_deref(), Some("the store is away"));
    }
}
