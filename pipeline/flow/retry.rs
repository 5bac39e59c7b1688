//! Trying again, bounded in count and in time.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::{Duration, Instant},
};

use crate::fault::{Cause, Fault};

/// How often and how long.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Tries in all, the first included.
    pub attempts: u32,
    /// No new try begins later than this after the first.
    pub within: Duration,
    /// Pause before the second try; doubles up to `pause_max`, with jitter.
    pub pause: Duration,
    /// Longest pause.
    pub pause_max: Duration,
    /// Told the stage of every failure that is followed by another try.
    pub on_retry: Option<fn(&'static str)>,
}

impl Default for Policy {
    /// Long enough for a store's restart, short enough that an operator still watches.
    fn default() -> Self {
        Self {
            attempts: 6,
            within: Duration::from_mins(2),
            pause: Duration::from_millis(250),
            pause_max: Duration::from_secs(20),
            on_retry: None,
        }
    }
}

/// Every try failed.
#[derive(Debug, thiserror::Error)]
#[error("gave up after {attempts} tries in {seconds:.1} s")]
pub struct GaveUp {
    /// Tries made.
    pub attempts: u32,
    /// Seconds since the first.
    pub seconds: f64,
    /// The last error.
    #[source]
    pub last: Box<dyn std::error::Error + Send + Sync>,
}

/// Runs `operation` until it does not ask for a retry.
///
/// # Errors
/// The operation's own `Fatal` or `Reject`; after the last try a `Retry` that carries [`GaveUp`].
pub async fn retry<T, F, Fut>(policy: Policy, mut operation: F) -> Result<T, Fault>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Fault>>,
{
    let start = Instant::now();
    let mut pause = policy.pause;
    for attempt in 1.. {
        let cause = match operation().await {
            Err(Fault::Retry(cause)) => cause,
            done => return done,
        };
        let elapsed = start.elapsed();
        if attempt >= policy.attempts || elapsed + pause > policy.within {
            let seconds = elapsed.as_secs_f64();
            let gave_up = GaveUp { attempts: attempt, seconds, last: cause.error };
            return Err(Fault::Retry(Cause::new(cause.stage, gave_up)));
        }
        if let Some(tell) = policy.on_retry {
            tell(cause.stage);
        }
        // The error may name a received file, and names of files are people's names.
        tracing::warn!(stage = cause.stage, attempt, "trying again");
        tracing::debug!(error = %cause.error, "because");
        tokio::time::sleep(jittered(pause)).await;
        pause = (pause * 2).min(policy.pause_max);
    }
    unreachable!("the loop ends by returning")
}

/// Between half and all of `pause`, so that many processes do not knock at once.
pub fn jittered(pause: Duration) -> Duration {
    let random = RandomState::new().hash_one(0) as u32;
    pause.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick() -> Policy {
        Policy { attempts: 3, pause: Duration::ZERO, ..Policy::default() }
    }

    #[tokio::test]
    async fn it_ends_after_the_last_try_and_says_how_often() {
        let mut tries = 0;
        let result: Result<(), Fault> = retry(quick(), || {
            tries += 1;
            async { Err(Fault::retry("publish", "the store is away")) }
        })
        .await;
        let Err(Fault::Retry(cause)) = result else { panic!("expected a retry fault") };
        assert_eq!(tries, 3);
        assert_eq!(cause.chain().last().map(String::as_str), Some("the store is away"));
        assert!(cause.error.to_string().starts_with("gave up after 3 tries"));
    }

    #[tokio::test]
    async fn every_try_that_another_follows_is_told() {
        static TOLD: std::sync::Mutex<Vec<&str>> = std::sync::Mutex::new(Vec::new());
        let policy = Policy { on_retry: Some(|stage| TOLD.lock().unwrap().push(stage)), ..quick() };
        let away = || async { Err::<(), _>(Fault::retry("publish", "away")) };
        retry(policy, away).await.unwrap_err();
        assert_eq!(*TOLD.lock().unwrap(), ["publish", "publish"]);
    }

    #[tokio::test]
    async fn a_success_after_a_failure_is_a_success() {
        let mut tries = 0;
        let result = retry(quick(), || {
            tries += 1;
            let first = tries == 1;
            async move { if first { Err(Fault::retry("fetch", "reset")) } else { Ok(7) } }
        })
        .await;
        assert!(matches!(result, Ok(7)));
    }
}
