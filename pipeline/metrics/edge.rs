//! Between two stages: what lies there, and who waits for whom.
//!
//! The upstream side waits to push when the downstream stage is the slow one; the downstream side
//! waits to pull when the upstream stage is. Both are measured, nothing is queued here.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::occupancy::Occupancy;

/// The edge into a stage; a handle that can be cloned.
#[derive(Debug, Clone)]
pub struct Edge(Arc<Measured>);

#[derive(Debug)]
struct Measured {
    push: Occupancy,
    pull: Occupancy,
    documents: AtomicU64,
    bytes: AtomicU64,
}

/// Someone waits; no longer when dropped.
#[derive(Debug)]
#[must_use = "the wait ends when this is dropped"]
pub struct Waiting {
    edge: Edge,
    side: Side,
}

/// A document lies between; no longer when dropped.
#[derive(Debug)]
#[must_use = "it is gone when this is dropped"]
pub struct Lying {
    edge: Edge,
    bytes: u64,
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Push,
    Pull,
}

/// What an edge has measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EdgeReading {
    /// Time the upstream side waited, summed over all who waited.
    pub push_wait: Duration,
    /// Time the downstream side waited, summed over all who waited.
    pub pull_wait: Duration,
    /// Documents lying between.
    pub documents: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Edge {
    pub(crate) fn new(now: Instant) -> Self {
        Self(Arc::new(Measured {
            push: Occupancy::new(now),
            pull: Occupancy::new(now),
            documents: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        }))
    }

    /// The upstream side waits to hand a document on, until the answer is dropped.
    pub fn wait_to_push(&self) -> Waiting {
        self.wait(Side::Push)
    }

    /// The downstream side waits for a document, until the answer is dropped.
    pub fn wait_to_pull(&self) -> Waiting {
        self.wait(Side::Pull)
    }

    /// So many wait to push from now on: for a side that knows their number, not each of them.
    pub fn set_pushing(&self, waiting: u32) {
        self.0.push.set(Instant::now(), waiting);
    }

    /// So many wait to pull from now on: the free places of a pool, for example.
    pub fn set_pulling(&self, waiting: u32) {
        self.0.pull.set(Instant::now(), waiting);
    }

    /// A document of so many bytes lies between, until the answer is dropped.
    pub fn put(&self, bytes: u64) -> Lying {
        self.0.documents.fetch_add(1, Ordering::Relaxed);
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        Lying { edge: self.clone(), bytes }
    }

    /// What was measured up to `now`.
    pub fn read(&self, now: Instant) -> EdgeReading {
        EdgeReading {
            push_wait: self.0.push.total(now),
            pull_wait: self.0.pull.total(now),
            documents: self.0.documents.load(Ordering::Relaxed),
            bytes: self.0.bytes.load(Ordering::Relaxed),
        }
    }

    fn wait(&self, side: Side) -> Waiting {
        self.side(side).enter(Instant::now());
        Waiting { edge: self.clone(), side }
    }

    fn side(&self, side: Side) -> &Occupancy {
        match side {
            Side::Push => &self.0.push,
            Side::Pull => &self.0.pull,
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.edge.side(self.side).leave(Instant::now());
    }
}

impl Drop for Lying {
    fn drop(&mut self) {
        self.edge.0.documents.fetch_sub(1, Ordering::Relaxed);
        self.edge.0.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_has_its_own_time() {
        let edge = Edge::new(Instant::now());
        let waiting = edge.wait_to_push();
        let later = Instant::now() + Duration::from_mins(1);
        let reading = edge.read(later);
        assert!(reading.push_wait >= Duration::from_secs(59), "{reading:?}");
        assert_eq!(reading.pull_wait, Duration::ZERO);
        drop(waiting);
        assert_eq!(edge.read(later + Duration::from_mins(1)).push_wait, reading.push_wait);
    }

    #[test]
    fn what_was_put_between_is_there_until_taken() {
        let edge = Edge::new(Instant::now());
        let (ten, five) = (edge.put(10), edge.put(5));
        drop(ten);
        let reading = edge.read(Instant::now());
        assert_eq!((reading.documents, reading.bytes), (1, 5));
        drop(five);
        let reading = edge.read(Instant::now());
        assert_eq!((reading.documents, reading.bytes), (0, 0));
    }
}
