//! What lies beside the tables while they are made anew, so that others know.
//!
//! Its holder touches it every now and then. Touched lately it means: append nothing to these tables,
//! and sweep nothing that is not committed. Left alone it tells of a rebuild that was interrupted.
//! Age is that of the store's clock against ours, so clocks that differ much are refused at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use object_store::{ObjectStore, ObjectStoreExt as _, PutPayload, path::Path};
use tokio::{sync::Notify, task::JoinHandle, time::Instant};

use crate::error::IndexError;

/// Key in the index's folder.
const MARK: &str = "_rebuilding";

/// What it holds after a rebuild that failed and could still say so.
const INTERRUPTED: &[u8] = b"interrupted\n";

/// Between two touches.
const BEAT: Duration = Duration::from_secs(20);

/// Age at which its holder counts as dead: many touches, so that a slow store is not death.
const DEAD: TimeDelta = TimeDelta::minutes(10);

/// Most that a holder goes without a touch, or clocks may differ by. Half, so that a holder gives up
/// before others go on.
const LATE: Duration = Duration::from_mins(5);

/// What others see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// No rebuild.
    Nothing,
    /// Somebody makes the tables anew.
    Running,
    /// Somebody did, and ended before it was done; so long ago.
    Interrupted(TimeDelta),
}

/// A mark that is held. Dropped, it is left to age.
#[derive(Debug)]
pub(super) struct Mark {
    store: Arc<dyn ObjectStore>,
    beats: JoinHandle<()>,
    stop: Arc<Notify>,
    late: Arc<AtomicBool>,
}

impl Mark {
    /// Sets it, whether or not an interrupted rebuild left one.
    pub(super) async fn set(store: &Arc<dyn ObjectStore>) -> Result<Self, IndexError> {
        Self::set_with(store, BEAT).await
    }

    async fn set_with(store: &Arc<dyn ObjectStore>, beat: Duration) -> Result<Self, IndexError> {
        let before = look(store).await?;
        touch(store).await?;
        let meta = store.head(&Path::from(MARK)).await?;
        let differ = (Utc::now() - meta.last_modified).abs();
        if differ.to_std().is_ok_and(|differ| differ > LATE) {
            // Nothing was begun: it is as it was.
            if before == Seen::Nothing {
                store.delete(&Path::from(MARK)).await?;
            } else {
                store.put(&Path::from(MARK), PutPayload::from_static(INTERRUPTED)).await?;
            }
            return Err(IndexError::Clock { minutes: differ.num_minutes() });
        }
        let stop = Arc::<Notify>::default();
        let late = Arc::new(AtomicBool::new(false));
        let beats =
            tokio::spawn(go_on(Arc::clone(store), (beat, Arc::clone(&stop)), Arc::clone(&late)));
        Ok(Self { store: Arc::clone(store), beats, stop, late })
    }

    /// Whether others could see it all the time.
    ///
    /// # Errors
    /// [`IndexError::Busy`] when they may have taken its holder for dead, and have written to `table`.
    pub(super) fn held(&self, table: &'static str) -> Result<(), IndexError> {
        if self.late.load(Ordering::SeqCst) { Err(IndexError::Busy(table)) } else { Ok(()) }
    }

    /// A touch on its way is waited for: it would bring the mark back.
    async fn stop_beating(&mut self) {
        self.stop.notify_one();
        if let Err(error) = (&mut self.beats).await {
            tracing::debug!(%error, "the mark of the rebuild was not touched to the end");
        }
    }

    /// Takes it away: the tables are whole.
    pub(super) async fn lift(mut self) -> Result<(), IndexError> {
        self.stop_beating().await;
        match self.store.delete(&Path::from(MARK)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Says that the tables may not be whole and that nobody is at work.
    pub(super) async fn leave(mut self) {
        self.stop_beating().await;
        let payload = PutPayload::from_static(INTERRUPTED);
        if let Err(error) = self.store.put(&Path::from(MARK), payload).await {
            tracing::debug!(%error, "the mark of the rebuild is left to age");
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.beats.abort();
    }
}

async fn touch(store: &Arc<dyn ObjectStore>) -> Result<(), IndexError> {
    store.put(&Path::from(MARK), PutPayload::from_static(b"running\n")).await?;
    Ok(())
}

async fn go_on(
    store: Arc<dyn ObjectStore>,
    (beat, stop): (Duration, Arc<Notify>),
    late: Arc<AtomicBool>,
) {
    let mut last = Instant::now();
    loop {
        tokio::select! {
            () = stop.notified() => return,
            () = tokio::time::sleep(beat) => {}
        }
        let began = Instant::now();
        // A store that does not answer is the rebuild's business, which will meet it too.
        if touch(&store).await.is_ok() {
            last = began;
        }
        if last.elapsed() > LATE {
            late.store(true, Ordering::SeqCst);
        }
    }
}

/// What is there to be seen.
pub(crate) async fn look(store: &Arc<dyn ObjectStore>) -> Result<Seen, IndexError> {
    let found = match store.get(&Path::from(MARK)).await {
        Ok(found) => found,
        Err(object_store::Error::NotFound { .. }) => return Ok(Seen::Nothing),
        Err(error) => return Err(error.into()),
    };
    let age = Utc::now() - found.meta.last_modified;
    let is_over = age > DEAD || found.bytes().await? == INTERRUPTED;
    Ok(if is_over { Seen::Interrupted(age) } else { Seen::Running })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::testing::FusedStore;

    /// As time would: whoever held the mark is dead.
    pub(crate) async fn age(store: &Arc<FusedStore>) {
        if store.head(&Path::from(MARK)).await.is_ok() {
            store.put(&Path::from(MARK), PutPayload::from_static(INTERRUPTED)).await.unwrap();
        }
    }

    /// Takes the mark away, as if it had not been there yet.
    pub(crate) async fn hide(store: &Arc<FusedStore>) {
        store.delete(&Path::from(MARK)).await.unwrap();
    }

    fn sound() -> Arc<dyn ObjectStore> {
        FusedStore::sound()
    }

    #[tokio::test]
    async fn a_mark_is_seen_while_it_is_held_and_after_an_interruption() {
        let store = sound();
        assert_eq!(look(&store).await.unwrap(), Seen::Nothing);
        let mark = Mark::set(&store).await.unwrap();
        assert_eq!(look(&store).await.unwrap(), Seen::Running);
        mark.leave().await;
        assert!(matches!(look(&store).await.unwrap(), Seen::Interrupted(_)));
        let again = Mark::set(&store).await.unwrap();
        assert_eq!(look(&store).await.unwrap(), Seen::Running);
        again.lift().await.unwrap();
        assert_eq!(look(&store).await.unwrap(), Seen::Nothing);
    }

    #[tokio::test]
    async fn a_held_mark_stays_young() {
        let store = sound();
        let mark = Mark::set_with(&store, Duration::from_millis(1)).await.unwrap();
        let written = async || store.head(&Path::from(MARK)).await.unwrap().last_modified;
        let first = written().await;
        while written().await == first {
            tokio::task::yield_now().await;
        }
        mark.held("documents").unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_holder_whose_store_was_away_too_long_knows_it() {
        let fused = FusedStore::sound();
        let store: Arc<dyn ObjectStore> = Arc::clone(&fused) as _;
        let mark = Mark::set(&store).await.unwrap();
        fused.break_after(-1);
        while mark.held("documents").is_ok() {
            tokio::time::sleep(BEAT).await;
        }
        // Late for good, also when the store is back.
        fused.mend();
        tokio::time::sleep(2 * BEAT).await;
        assert!(matches!(mark.held("documents"), Err(IndexError::Busy("documents"))));
    }
}
