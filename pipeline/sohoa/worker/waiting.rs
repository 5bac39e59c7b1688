//! Documents that were released and then held, because an authority or the token was silent: they are
//! gone on with by themselves once it answers, beside the lanes.
//!
//! Their messages have their answer (`held`) and never come again, so the held states in the store
//! are looked through. One document is tried first: while it meets the same silence, the others are
//! left alone, and the pause doubles. Several workers may try the same document; one publication
//! wins, and the others find it. So that this is rare, each worker begins somewhere else.

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{Stream, StreamExt as _, TryStreamExt as _, stream, stream::TryChunksError};
use sohoa_flow::{Fault, Shutdown, retry::jittered};
use sohoa_metrics::{HeldRetry, record};
use sohoa_publish::holding;
use sohoa_schemas::record::{Prepared, Released};
use sohoa_store::Store;

use super::passed::Passed;
use crate::{
    channel::{self, Channel},
    context::{Office, now},
    exit::Failure,
    observe::rest,
    release::{AT_ONCE, Decided, Decision, Order, Select, decide, states},
};

/// Longest pause between two tries: an authority that is back is used within that.
const LONGEST: Duration = Duration::from_mins(15);

/// States that one begins somewhere else in. Many times what all workers have in hand at once, so that
/// two seldom meet, and a few hundred kilobytes.
const STRETCH: usize = 8_192;

/// Goes on with them until the process drains.
pub(crate) async fn go_on(office: Arc<Office>, shutdown: Shutdown) {
    let first = Duration::from_secs(office.settings.config.release.retry_seconds.max(1));
    let passed = Passed::default();
    let (mut pause, mut looked) = (first, Duration::ZERO);
    loop {
        // A look costs as much as is held, and every worker looks.
        let rest = pause.max(rest(looked).min(LONGEST));
        tokio::select! {
            biased;
            () = shutdown.drained() => return,
            () = tokio::time::sleep(jittered(rest)) => {}
        }
        let ended = tokio::select! {
            biased;
            // What is under way is found as it is left, by the next worker.
            () = shutdown.until_stopped() => return,
            ended = round(&office, &passed, &shutdown) => ended,
        };
        let good = match ended {
            Ok(Round { decided: Decided { published, damaged, failed, .. }, looked: took }) => {
                looked = took;
                let left = damaged + failed;
                record::held_retried(HeldRetry::Published, published);
                record::held_retried(HeldRetry::Left, left);
                if published > 0 {
                    tracing::info!(published, left, "documents that waited are signed");
                }
                left == 0
            }
            Err(failure) => {
                passed.break_off();
                record::held_retried(HeldRetry::Silent, 1);
                tracing::warn!(error = failure.line(), "what waits to be signed waits on");
                false
            }
        };
        pause = next(pause, first, good);
    }
}

/// What came of a round.
struct Round {
    decided: Decided,
    /// How long it took until something was found, or nothing.
    looked: Duration,
}

/// Tries what waits once. Told to drain it begins nothing more, and ends with what it has begun.
async fn round(
    office: &Arc<Office>,
    passed: &Passed,
    shutdown: &Shutdown,
) -> Result<Round, Failure> {
    let agency = office.settings.config.agency.clone();
    let select = Select { agency, ..Select::default() };
    let waiting = waiting(&office.output, &select, passed);
    let mut waiting = waiting.take_until(shutdown.drained()).boxed();
    let began = Instant::now();
    let first = waiting.try_next().await?;
    let looked = began.elapsed();
    let mut decided = Decided::default();
    if let Some(first) = first {
        let on = ("release", channel::EVENTS_AND_LETTERS);
        let mut channel = Channel::open(on, &office.settings, &office.output)?;
        let first = stream::iter([Ok(first)]);
        let probed = decide(office, &mut channel, first, |_| {}).await?;
        let others = decide(office, &mut channel, waiting, |_| {}).await?;
        decided = Decided {
            published: probed.published + others.published,
            refused: probed.refused + others.refused,
            damaged: probed.damaged + others.damaged,
            failed: probed.failed + others.failed,
        };
    }
    passed.complete();
    Ok(Round { decided, looked })
}

/// What waits for nobody's word, of what is held: all that was not passed over before, from anywhere
/// on.
fn waiting<'a>(
    output: &'a Store,
    select: &'a Select,
    passed: &'a Passed,
) -> impl Stream<Item = Result<Order, Fault>> + 'a {
    let unknown = states(output).try_filter(|state| std::future::ready(!passed.knows(state)));
    unknown
        .try_chunks(STRETCH)
        .map_err(|TryChunksError(_, fault)| fault)
        .map_ok(|states| stream::iter(from_anywhere(states)).map(Ok))
        .try_flatten()
        .map_ok(move |state| async move { Ok((state, state.read(output).await?)) })
        .try_buffered(AT_ONCE)
        .try_filter_map(move |(state, prepared)| {
            let order = prepared.filter(|prepared| select.takes(prepared)).and_then(order);
            if order.is_none() {
                passed.add(&state);
            }
            std::future::ready(Ok(order))
        })
}

/// All of them, beginning with any.
fn from_anywhere<T>(mut all: Vec<T>) -> Vec<T> {
    let random = RandomState::new().hash_one(0) as usize;
    let begin = random.checked_rem(all.len()).unwrap_or(0);
    all.rotate_left(begin);
    all
}

/// The pause after a round.
fn next(pause: Duration, first: Duration, good: bool) -> Duration {
    if good { first } else { (pause * 2).min(LONGEST.max(first)) }
}

/// What was released already, and waits for nobody's word: it says itself by whose it was.
fn order(prepared: Prepared) -> Option<Order> {
    let reference = prepared.record.rows.documents.first()?.release_ref.clone();
    (prepared.waiting_for != holding::FOR_RELEASE).then(|| Order {
        prepared,
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
    use std::{collections::HashSet, fs};

    use sohoa_publish::keys;
    use sohoa_schemas::{
        record::{Record, Rows},
        rows::DocumentRow,
    };
    use sohoa_store::Missing;
    use uuid::Uuid;

    use super::*;

    fn prepared(number: u128, waiting_for: &str) -> Prepared {
        let rows = Rows { documents: vec![DocumentRow::default()], ..Rows::default() };
        let source_uid = Uuid::from_u128(number);
        let record = Record { source_uid, version: 1, rows, ..Record::default() };
        Prepared { record, waiting_for: waiting_for.into(), ..Prepared::default() }
    }

    /// What a look finds.
    async fn found(output: &Store, passed: &Passed) -> Vec<u128> {
        let select = Select::default();
        let orders = waiting(output, &select, passed).try_collect::<Vec<_>>().await.unwrap();
        passed.complete();
        let uid = |order: &Order| order.prepared.record.source_uid.as_u128();
        let mut found: Vec<_> = orders.iter().map(uid).collect();
        found.sort_unstable();
        found
    }

    #[tokio::test]
    async fn what_waits_for_the_clerk_is_read_once_and_what_is_written_again_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let output = Store::open(folder.path().to_str().unwrap(), Missing::Create).unwrap();
        let keep = async |number, waiting_for| {
            let key = keys::work(Uuid::from_u128(number), 1, holding::PREPARED);
            let state = serde_json::to_vec(&prepared(number, waiting_for)).unwrap();
            output.put("test", &key, state.into()).await.unwrap();
        };
        for number in 0..40 {
            keep(number, holding::FOR_RELEASE).await;
        }
        keep(50, holding::FOR_STAMP).await;
        let passed = Passed::default();
        assert_eq!(found(&output, &passed).await, [50]);
        assert_eq!(found(&output, &passed).await, [50], "it waits until it is signed");
        // One that was read would be found: it says something else, and nothing shows that it does.
        let key = keys::work(Uuid::from_u128(7), 1, holding::PREPARED);
        let file = folder.path().join(key);
        let written = fs::metadata(&file).unwrap().modified().unwrap();
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace("\"release\"", "\"another\"")).unwrap();
        fs::File::options().write(true).open(&file).unwrap().set_modified(written).unwrap();
        assert_eq!(found(&output, &passed).await, [50], "it is not read again");
        assert_eq!(found(&output, &Passed::default()).await, [7, 50], "a new process reads it");
        for (number, waiting_for) in [(8, holding::FOR_TOKEN), (60, holding::FOR_EVIDENCE)] {
            keep(number, waiting_for).await;
        }
        assert_eq!(found(&output, &passed).await, [8, 50, 60]);
    }

    #[test]
    fn two_begin_at_different_places_and_leave_nothing_out() {
        let all: Vec<u32> = (0..1_000).collect();
        let first: HashSet<_> = (0..20).map(|_| from_anywhere(all.clone())[0]).collect();
        assert!(first.len() > 1);
        let mut rotated = from_anywhere(all.clone());
        rotated.sort_unstable();
        assert_eq!(rotated, all);
        assert!(from_anywhere(Vec::<u32>::new()).is_empty());
    }

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
