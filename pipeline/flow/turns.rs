//! One at a time: work on the same key takes turns, work on different keys goes side by side.
//!
//! Invariant: two holders of a turn never share a key. A key that nobody holds or waits for costs
//! no memory.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

type Held<K> = HashMap<K, Arc<AsyncMutex<()>>>;

/// The turns of a process.
#[derive(Debug)]
pub struct Turns<K> {
    held: Mutex<Held<K>>,
}

/// A turn; over when dropped.
#[derive(Debug)]
pub struct Turn<'a, K: Eq + Hash> {
    turns: &'a Turns<K>,
    key: K,
    guard: Option<OwnedMutexGuard<()>>,
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self { held: Mutex::default() }
    }
}

impl<K: Clone + Eq + Hash> Turns<K> {
    /// Waits until nobody else works on `key`.
    pub async fn take(&self, key: K) -> Turn<'_, K> {
        let lock = Arc::clone(self.held().entry(key.clone()).or_default());
        // Made before waiting, so that a waiter that is dropped cleans up too.
        let mut turn = Turn { turns: self, key, guard: None };
        turn.guard = Some(lock.lock_owned().await);
        turn
    }
}

impl<K> Turns<K> {
    fn held(&self) -> MutexGuard<'_, Held<K>> {
        // The map is whole after every statement under the lock.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash> Drop for Turn<'_, K> {
    fn drop(&mut self) {
        self.guard = None;
        let mut held = self.turns.held();
        // Only the map's own reference is left: nobody waits.
        if held.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            held.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt as _, poll};

    use super::*;

    #[tokio::test]
    async fn one_key_waits_and_others_do_not() {
        let turns = Turns::default();
        let first = turns.take(1).await;
        let mut second = Box::pin(turns.take(1));
        assert!(poll!(&mut second).is_pending());
        assert!(turns.take(2).now_or_never().is_some());
        drop(first);
        drop(second.await);
        assert!(turns.held().is_empty());
    }

    #[tokio::test]
    async fn a_waiter_that_gives_up_leaves_nothing_behind() {
        let turns = Turns::default();
        let first = turns.take("a").await;
        let mut second = Box::pin(turns.take("a"));
        assert!(poll!(&mut second).is_pending());
        drop(second);
        drop(first);
        assert!(turns.held().is_empty());
    }
}
