//! Documents that were released and then held, because an authority or the token was silent: they are
//! gone on with by themselves once it answers, beside the lanes.
//!
//! Their messages have their answer (`held`) and never come again, so the held states in the store
//! are looked through. One document is tried first: while it meets the same silence, the others are
//! left alone, and the pause doubles. Several workers may try the same document; one publication
//! wins, and the others find it.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use sohoa_flow::{Shutdown, retry::jittered};
use sohoa_metrics::{HeldRetry, record};
use sohoa_publish::holding;
use sohoa_schemas::record::Released;

use crate::{
    channel::{self, Channel},
    context::{Office, now},
    exit::Failure,
    release::{Decided, Decision, Held, Order, Select, decide, held},
};

/// Longest pause between two tries: an authority that is back is used within that.
const LONGEST: Duration = Duration::from_mins(15);

/// Goes on with them until the process drains.
pub(crate) async fn go_on(office: Arc<Office>, shutdown: Shutdown) {
    let first = Duration::from_secs(office.settings.config.release.retry_seconds.max(1));
    let mut pause = first;
    loop {
        tokio::select! {
            biased;
            () = shutdown.drained() => return,
            () = tokio::time::sleep(jittered(pause)) => {}
        }
        let ended = tokio::select! {
            biased;
            // What is under way is found as it is left, by the next worker.
            () = shutdown.until_stopped() => return,
            ended = round(&office) => ended,
        };
        let good = match ended {
            Ok(Decided { published, damaged, failed, .. }) => {
                let left = damaged + failed;
                record::held_retried(HeldRetry::Published, published);
                record::held_retried(HeldRetry::Left, left);
                if published > 0 {
                    tracing::info!(published, left, "documents that waited are signed");
                }
                left == 0
            }
            Err(failure) => {
                record::held_retried(HeldRetry::Silent, 1);
                tracing::warn!(error = failure.line(), "what waits to be signed waits on");
                false
            }
        };
        pause = next(pause, first, good);
    }
}

/// The pause after a round.
fn next(pause: Duration, first: Duration, good: bool) -> Duration {
    if good { first } else { (pause * 2).min(LONGEST.max(first)) }
}

/// Tries what waits once.
async fn round(office: &Arc<Office>) -> Result<Decided, Failure> {
    let agency = office.settings.config.agency.clone();
    let select = Select { agency, ..Select::default() };
    let waiting = held(&office.output, &select);
    let mut waiting = waiting.try_filter_map(|one| std::future::ready(Ok(order(one)))).boxed();
    let Some(first) = waiting.try_next().await? else { return Ok(Decided::default()) };
    let on = ("release", channel::EVENTS_AND_LETTERS);
    let mut channel = Channel::open(on, &office.settings, &office.output)?;
    let first = stream::iter([Ok(first)]);
    let probed = decide(office, &mut channel, first, |_| {}).await?;
    let others = decide(office, &mut channel, waiting, |_| {}).await?;
    Ok(Decided {
        published: probed.published + others.published,
        refused: probed.refused + others.refused,
        damaged: probed.damaged + others.damaged,
        failed: probed.failed + others.failed,
    })
}

/// What was released already, and waits for nobody's word: it says itself by whose it was.
fn order(held: Held) -> Option<Order> {
    let reference = held.prepared.record.rows.documents.first()?.release_ref.clone();
    (held.waiting_for != holding::FOR_RELEASE).then(|| Order {
        prepared: held.prepared,
        decision: Decision::Approve,
        released: Released {
            by: "sohoa worker".into(),
            at: now(),
            reference: reference.unwrap_or_default(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_met_with_longer_and_longer_pauses() {
        let minute = Duration::from_mins(1);
        assert_eq!(next(minute, minute, false), 2 * minute);
        assert_eq!(next(8 * minute, minute, false), LONGEST);
        assert_eq!(next(LONGEST, minute, false), LONGEST);
        assert_eq!(next(LONGEST, minute, true), minute);
        let hour = 60 * minute;
        assert_eq!(next(hour, hour, false), hour, "who wants it rarely has it rarely");
    }
}
