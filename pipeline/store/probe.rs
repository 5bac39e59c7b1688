//! Whether a store creates atomically.

use bytes::Bytes;
use futures::future::join_all;
use sohoa_flow::Fault;

use crate::{Created, Store};

/// Creates that race for one key: enough to catch a store that checks, then writes.
const RACERS: usize = 16;

/// What the race showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Exactly one create won.
    Atomic,
    /// So many did.
    Winners(usize),
}

/// Races simultaneous creates for a fresh key and removes it again.
///
/// # Errors
/// The store cannot be written at all.
pub async fn create_race(store: &Store) -> Result<Verdict, Fault> {
    let key = format!("probe/{}", uuid::Uuid::now_v7());
    let racers = (0..RACERS).map(|racer| {
        let key = &key;
        async move { store.create("check", key, Bytes::from(format!("racer {racer}"))).await }
    });
    let mut winners = 0;
    for result in join_all(racers).await {
        if result? == Created::New {
            winners += 1;
        }
    }
    store.remove(&key).await.map_err(|error| crate::classify("check", error))?;
    Ok(if winners == 1 { Verdict::Atomic } else { Verdict::Winners(winners) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Missing;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_folder_creates_atomically_and_keeps_no_probe() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        assert_eq!(create_race(&store).await.unwrap(), Verdict::Atomic);
        assert_eq!(std::fs::read_dir(folder.path().join("probe")).unwrap().count(), 0);
    }
}
