//! One writer at a time for an output.
//!
//! In a folder it is a locked file, which the system frees however the holder dies. In a bucket it
//! is a row of numbered objects, of which each is created by exactly one process: the holder beats
//! its own; who finds the last one still for long enough creates the next and thereby holds. A
//! holder that was only asleep sees the next number at its next beat and is told so.

use std::{
    fs::{File, TryLockError},
    time::Duration,
};

use bytes::Bytes;
use futures::TryStreamExt as _;
use object_store::{ObjectMeta, path::Path};
use sohoa_flow::{FatalKind, Fault};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{Created, Store, classify};

const STAGE: &str = "lease";

/// Where leases lie in an output.
pub const FOLDER: &str = "locks";

/// How a bucket's lease lives.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Between two beats of a holder.
    beat: Duration,
    /// Stillness after which a holder counts as dead: several beats, so that a slow store is not
    /// death.
    expiry: Duration,
}

const PACE: Pace = Pace { beat: Duration::from_secs(3), expiry: Duration::from_secs(20) };

/// What a holder writes as its last beat.
const ENDED: &[u8] = b"ended\n";

/// Somebody else writes to the output.
#[derive(Debug, thiserror::Error)]
#[error("another process is writing to `{address}` ({holder})")]
pub struct Taken {
    address: String,
    holder: String,
}

/// A held lease. Given back by [`Lease::end`]; dropped, it expires.
#[derive(Debug)]
pub struct Lease {
    held: Held,
    lost: CancellationToken,
}

#[derive(Debug)]
enum Held {
    File { _locked: File },
    Object { store: Box<Store>, key: String, beats: JoinHandle<()> },
}

impl Lease {
    /// Takes the lease, waiting for a dead holder's to expire.
    ///
    /// # Errors
    /// `Fatal` (configuration) with [`Taken`] while somebody holds it; the store's own otherwise.
    pub async fn take(store: &Store) -> Result<Self, Fault> {
        Self::take_at(store, PACE).await
    }

    async fn take_at(store: &Store, pace: Pace) -> Result<Self, Fault> {
        let lost = CancellationToken::new();
        let held = match store.folder() {
            Some(folder) => lock(store, &folder.join(FOLDER))?,
            None => claim(store, pace, &lost).await?,
        };
        Ok(Self { held, lost })
    }

    /// Is cancelled when somebody else has taken the lease, so that the holder has to stop.
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// The store cannot be written; the lease then expires.
    pub async fn end(self) -> Result<(), Fault> {
        match self.held {
            Held::File { .. } => Ok(()),
            Held::Object { store, key, beats } => {
                beats.abort();
                store.put(STAGE, &key, Bytes::from_static(ENDED)).await
            }
        }
    }
}

fn lock(store: &Store, folder: &std::path::Path) -> Result<Held, Fault> {
    let failed = |error| Fault::fatal(FatalKind::Configuration, STAGE, error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    let path = folder.join("run.lock");
    let file = File::options().create(true).append(true).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Held::File { _locked: file }),
        Err(TryLockError::WouldBlock) => Err(taken(store, "it holds locks/run.lock")),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn taken(store: &Store, holder: &str) -> Fault {
    let error = Taken { address: store.address(), holder: holder.to_owned() };
    Fault::fatal(FatalKind::Configuration, STAGE, error)
}

async fn claim(store: &Store, pace: Pace, lost: &CancellationToken) -> Result<Held, Fault> {
    let last = newest(store).await?;
    let number = last.as_ref().map_or(0, |(number, _)| *number);
    if let Some((_, meta)) = &last {
        wait_for_end(store, pace, meta).await?;
    }
    let key = key(number + 1);
    let holder = format!("process {} of {}", std::process::id(), uuid::Uuid::new_v4());
    match store.create(STAGE, &key, Bytes::from(format!("{holder}\n"))).await? {
        Created::New => {}
        Created::Existed(other) => {
            return Err(taken(store, String::from_utf8_lossy(&other).trim()));
        }
    }
    if let Some((_, meta)) = last {
        store.remove(meta.location.as_ref()).await.map_err(|error| classify(STAGE, error))?;
    }
    let (number, lost) = (number + 1, lost.clone());
    let beat = Beat { store: store.clone(), pace, number, holder, lost };
    Ok(Held::Object { store: Box::new(store.clone()), key, beats: tokio::spawn(beat.go_on()) })
}

fn key(number: u64) -> String {
    format!("{FOLDER}/run-{number:010}")
}

/// The lease of the highest number.
async fn newest(store: &Store) -> Result<Option<(u64, ObjectMeta)>, Fault> {
    let listing = store.objects().list(Some(&Path::from(FOLDER)));
    let found: Vec<ObjectMeta> =
        listing.try_collect().await.map_err(|error| classify(STAGE, error))?;
    let number =
        |meta: &ObjectMeta| meta.location.filename()?.strip_prefix("run-")?.parse::<u64>().ok();
    Ok(found.into_iter().filter_map(|meta| Some((number(&meta)?, meta))).max_by_key(|(n, _)| *n))
}

/// Waits until the holder has ended or stood still for long enough.
async fn wait_for_end(store: &Store, pace: Pace, seen: &ObjectMeta) -> Result<(), Fault> {
    let path = &seen.location;
    let read = || async { store.get_path(path).await.map_err(|error| classify(STAGE, error)) };
    let first = read().await?;
    if !matches!(first.as_deref(), None | Some(ENDED)) {
        tracing::warn!("another process wrote here last; waiting whether it still lives");
    }
    let until = Instant::now() + pace.expiry;
    let mut ticks = tokio::time::interval(pace.beat);
    loop {
        let now = read().await?;
        match now.as_deref() {
            None | Some(ENDED) => return Ok(()),
            Some(other) if now != first => {
                return Err(taken(store, String::from_utf8_lossy(other).trim()));
            }
            Some(_) if Instant::now() >= until => return Ok(()),
            Some(_) => {}
        }
        ticks.tick().await;
    }
}

/// The holder's sign of life.
struct Beat {
    store: Store,
    pace: Pace,
    number: u64,
    holder: String,
    lost: CancellationToken,
}

impl Beat {
    async fn go_on(self) {
        let mut ticks = tokio::time::interval(self.pace.beat);
        for beat in 1u64.. {
            ticks.tick().await;
            if self.once(beat).await.is_err() {
                // A store that does not answer is the writer's business, who will meet it too.
                tracing::debug!(beat, "the lease could not be renewed");
            }
            if self.lost.is_cancelled() {
                return;
            }
        }
    }

    async fn once(&self, beat: u64) -> Result<(), Fault> {
        if newest(&self.store).await?.is_none_or(|(number, _)| number != self.number) {
            self.lost.cancel();
            return Ok(());
        }
        let line = format!("{}, beat {beat}\n", self.holder);
        self.store.put(STAGE, &key(self.number), Bytes::from(line)).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::memory::InMemory;

    use super::*;
    use crate::Missing;

    fn bucket() -> Store {
        Store::from_parts(Arc::new(InMemory::new()), "memory:///".parse().unwrap())
    }

    const QUICK: Pace = Pace { beat: Duration::from_millis(2), expiry: Duration::from_millis(400) };

    fn is_taken(answer: Result<Lease, Fault>) -> bool {
        matches!(answer, Err(Fault::Fatal(fatal)) if fatal.cause.error.is::<Taken>())
    }

    #[tokio::test]
    async fn a_folder_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let first = Lease::take(&store).await.unwrap();
        assert!(is_taken(Lease::take(&store).await));
        first.end().await.unwrap();
        assert!(Lease::take(&store).await.is_ok());
    }

    #[tokio::test]
    async fn a_bucket_has_one_writer_and_a_given_back_lease_is_free_at_once() {
        let store = bucket();
        let first = Lease::take_at(&store, QUICK).await.unwrap();
        assert!(is_taken(Lease::take_at(&store, QUICK).await));
        first.end().await.unwrap();
        // With a day to wait for the expiry, only a free lease is had before the test's end.
        let patient = Pace { expiry: Duration::from_hours(24), ..QUICK };
        let second = Lease::take_at(&store, patient).await.unwrap();
        assert!(!second.lost().is_cancelled());
    }

    #[tokio::test]
    async fn a_dead_writers_lease_expires_and_a_sleeper_is_told() {
        let store = bucket();
        let first = Lease::take_at(&store, QUICK).await.unwrap();
        let Held::Object { beats, .. } = &first.held else { panic!("a bucket has no file") };
        beats.abort();
        let second = Lease::take_at(&store, QUICK).await.unwrap();
        assert!(is_taken(Lease::take_at(&store, QUICK).await));
        let sleeper = Beat {
            store: store.clone(),
            pace: QUICK,
            number: 1,
            holder: "sleeper".into(),
            lost: CancellationToken::new(),
        };
        sleeper.once(9).await.unwrap();
        assert!(sleeper.lost.is_cancelled());
        second.end().await.unwrap();
    }
}
