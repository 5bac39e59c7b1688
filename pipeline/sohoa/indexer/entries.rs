//! The rows that events point at.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use sohoa_flow::{
    Fault,
    retry::{Policy, retry},
};
use sohoa_metrics::{Skipped, record};
use sohoa_publish::survey::{self, Entry};
use sohoa_schemas::{message::DocumentEvent, record::Rows, rows::Outcome};
use sohoa_store::Store;

use crate::observe::tried_again;

/// Objects read at once: a store's latency is waited for once, not a thousand times.
const AT_ONCE: usize = 16;

/// The rows of all events, in their order.
///
/// # Errors
/// `Retry` when the store does not give an object for long.
pub(super) async fn rows(
    store: &Store,
    events: impl Iterator<Item = &DocumentEvent>,
) -> Result<Rows, Fault> {
    let read = stream::iter(events).map(|event| read(store, event)).buffered(AT_ONCE);
    read.try_fold(Rows::default(), |mut all, rows| async move {
        all.extend(rows);
        Ok(all)
    })
    .await
}

async fn read(store: &Store, event: &DocumentEvent) -> Result<Rows, Fault> {
    let policy = Policy { on_retry: Some(tried_again), ..Policy::default() };
    let entry = retry(policy, || survey::entry(store, &event.key)).await?;
    match entry {
        // A held document's state is gone once it is released; its publication is announced later.
        None if event.outcome == Outcome::Held => Ok(Rows::default()),
        None => {
            record::index_skipped(Skipped::Gone);
            tracing::error!(key = event.key, "an announced object is gone; run sohoa audit");
            Ok(Rows::default())
        }
        Some(Entry::Damaged(why)) => {
            record::index_skipped(Skipped::Damaged);
            tracing::error!(
                key = event.key,
                why,
                "an announced object is damaged; run sohoa audit"
            );
            Ok(Rows::default())
        }
        Some(entry) => Ok(entry.into_rows()),
    }
}
