//! Waiting for a condition: tests never sleep and hope.

use std::time::{Duration, Instant};

/// Longest wait for anything; far beyond what a loaded machine takes.
pub const DEADLINE: Duration = Duration::from_mins(10);

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks until `condition` holds, at most for [`DEADLINE`].
///
/// What else could end the wait (a child that ended) is for `condition` to notice.
pub fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    assert!(holds_within(DEADLINE, condition), "waited too long for {what}");
}

/// Whether `condition` comes to hold within `limit`; looks once at least.
pub fn holds_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if condition() {
            return true;
        }
        if start.elapsed() >= limit {
            return false;
        }
        std::thread::park_timeout(PAUSE);
    }
}
