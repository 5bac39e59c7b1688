//! A bound in bytes on what is in flight, with a share that only live may use.
//!
//! Invariant: the sum of the granted permits never exceeds the budget, nor bulk's sum its part of
//! it; except that one bulk item larger than that part is admitted when no other bulk is in flight
//! and live holds no more than its reserve or leaves room for it, and one live item larger than the
//! budget when nothing is in flight. Live has its reserve beside such a bulk item too, so the sum
//! never exceeds the budget or the one oversize item, whichever is larger, by more than the reserve.
//! The order of those who wait is that of [`PrioritySemaphore`].

use crate::{
    semaphore::{Closed, PrioritySemaphore},
    urgency::Urgency,
};

pub use crate::semaphore::Permit;

/// The byte budget of a process; a handle that can be cloned.
#[derive(Debug, Clone)]
pub struct Budget {
    bytes: PrioritySemaphore,
}

impl Budget {
    /// A budget of `bytes` without a reserve.
    pub fn new(bytes: u64) -> Self {
        Self::with_reserve(bytes, 0)
    }

    /// A budget of `bytes`, of which bulk leaves `reserved_for_live` to live. When that is all of
    /// it, bulk has its items in flight one by one.
    pub fn with_reserve(bytes: u64, reserved_for_live: u64) -> Self {
        Self { bytes: PrioritySemaphore::new(bytes, reserved_for_live) }
    }

    /// Waits until `bytes` are free for bulk.
    pub async fn acquire(&self, bytes: u64) -> Permit {
        self.acquire_for(Urgency::Bulk, bytes).await
    }

    /// Waits until `bytes` are free for this urgency; more than it may ever have, until it is
    /// admitted as the one oversize item.
    ///
    /// # Panics
    /// Never: nothing closes the semaphore.
    pub async fn acquire_for(&self, urgency: Urgency, bytes: u64) -> Permit {
        let granted: Result<Permit, Closed> = self.bytes.acquire(urgency, bytes).await;
        granted.expect("the semaphore is private to the budget and never closed")
    }

    /// Takes `bytes` when they are free and nobody waits who would be served before.
    pub fn try_acquire(&self, urgency: Urgency, bytes: u64) -> Option<Permit> {
        self.bytes.try_acquire(urgency, bytes)
    }

    /// Bytes granted at the moment; more than [`Self::total`] while one oversize item is in flight.
    pub fn used(&self) -> u64 {
        self.bytes.granted_in_all()
    }

    /// Bytes granted to this urgency at the moment.
    pub fn used_by(&self, urgency: Urgency) -> u64 {
        self.bytes.granted(urgency)
    }

    /// Those who wait for bytes.
    pub fn waiting(&self) -> usize {
        self.bytes.waiting()
    }

    /// Bytes that may be granted to this urgency at once.
    pub fn part_of(&self, urgency: Urgency) -> u64 {
        self.bytes.part_of(urgency)
    }

    /// The whole budget in bytes, with the reserve.
    pub fn total(&self) -> u64 {
        self.bytes.total()
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt as _, poll};
    use proptest::prelude::*;

    use super::*;

    #[tokio::test]
    async fn one_oversize_item_is_admitted_alone() {
        let budget = Budget::new(10);
        let small = budget.acquire(1).await;
        assert!(budget.acquire(50).now_or_never().is_none());
        drop(small);
        let large = budget.acquire(50).now_or_never().expect("the budget is empty");
        assert_eq!(budget.used(), 50);
        assert!(budget.acquire_for(Urgency::Live, 0).now_or_never().is_none());
        drop(large);
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn two_that_turn_out_larger_do_not_wait_for_each_other() {
        let budget = Budget::new(10);
        let (one, other) = (budget.acquire(4).await, budget.acquire(4).await);
        let mut grown = Box::pin(one.at_least(8));
        assert!(poll!(&mut grown).is_pending());
        let mut second = Box::pin(other.at_least(9));
        assert!(poll!(&mut second).is_pending());
        let grown = grown.await.unwrap();
        assert_eq!((grown.units(), budget.used()), (8, 8));
        assert!(poll!(&mut second).is_pending());
        let kept = grown.at_least(3).await.unwrap();
        assert_eq!(kept.units(), 8, "what it holds is not waited for again");
        drop(kept);
        assert_eq!(second.await.unwrap().units(), 9);
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test]
    async fn bulk_leaves_the_reserve_to_live() {
        let budget = Budget::with_reserve(10, 4);
        let _bulk = budget.acquire(6).await;
        assert!(budget.try_acquire(Urgency::Bulk, 1).is_none());
        let _live = budget.try_acquire(Urgency::Live, 4).expect("reserved");
        assert!(budget.try_acquire(Urgency::Live, 1).is_none());
        assert_eq!(Urgency::ALL.map(|urgency| budget.used_by(urgency)), [4, 6]);
        assert_eq!((budget.used(), budget.total()), (10, 10));
        assert_eq!(Urgency::ALL.map(|urgency| budget.part_of(urgency)), [10, 6]);
    }

    #[tokio::test]
    async fn live_may_use_all_and_is_served_before_an_earlier_bulk() {
        let budget = Budget::with_reserve(10, 4);
        let all = budget.try_acquire(Urgency::Live, 10).expect("free");
        let mut bulk = Box::pin(budget.acquire(1));
        assert!(poll!(&mut bulk).is_pending());
        let mut live = Box::pin(budget.acquire_for(Urgency::Live, 10));
        assert!(poll!(&mut live).is_pending());
        drop(all);
        assert!(poll!(&mut bulk).is_pending());
        assert!(live.now_or_never().is_some());
        assert!(bulk.now_or_never().is_some(), "given back as soon as nobody held it");
    }

    #[tokio::test]
    async fn a_bulk_item_larger_than_its_part_is_not_passed_by_small_ones() {
        let budget = Budget::with_reserve(10, 4);
        let first = budget.acquire(1).await;
        let mut large = Box::pin(budget.acquire(8));
        assert!(poll!(&mut large).is_pending());
        let mut small = Box::pin(budget.acquire(1));
        assert!(poll!(&mut small).is_pending());
        assert!(budget.try_acquire(Urgency::Bulk, 1).is_none(), "it would pass those who wait");
        drop(first);
        let large = large.now_or_never().expect("nothing is in flight");
        assert!(poll!(&mut small).is_pending());
        assert!(budget.try_acquire(Urgency::Live, 2).is_some(), "what it leaves is for live");
        drop(large);
        assert!(small.now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_bulk_item_larger_than_its_part_does_not_wait_for_live_to_be_idle() {
        let budget = Budget::with_reserve(10, 4);
        let live = budget.acquire_for(Urgency::Live, 3).await;
        let _other = budget.acquire_for(Urgency::Live, 2).await;
        let mut large = Box::pin(budget.acquire(8));
        assert!(poll!(&mut large).is_pending(), "live has more than its reserve");
        drop(live);
        let _large = large.now_or_never().expect("there is room beside live");
        assert_eq!(budget.used(), 10);
    }

    #[tokio::test]
    async fn a_bulk_item_larger_than_everything_does_not_wait_for_live_to_be_idle() {
        let budget = Budget::with_reserve(10, 4);
        let live = budget.acquire_for(Urgency::Live, 3).await;
        let other = budget.acquire_for(Urgency::Live, 4).await;
        let mut large = Box::pin(budget.acquire(50));
        assert!(poll!(&mut large).is_pending(), "live has more than its reserve");
        drop(live);
        let large = large.now_or_never().expect("live has its reserve and no more");
        assert!(budget.try_acquire(Urgency::Live, 1).is_none(), "beside it live has its reserve");
        drop(other);
        let _next = budget.try_acquire(Urgency::Live, 4).expect("live never waits for bulk's item");
        assert!(budget.try_acquire(Urgency::Bulk, 1).is_none(), "it is the only one of bulk");
        drop(large);
        assert!(budget.try_acquire(Urgency::Bulk, 6).is_some());
    }

    #[tokio::test]
    async fn bulk_goes_on_past_a_document_larger_than_everything_beside_steady_live_traffic() {
        let budget = Budget::with_reserve(16, 4);
        let mut large = Box::pin(budget.acquire(40));
        let mut behind = Box::pin(budget.acquire(1));
        let mut live = budget.acquire_for(Urgency::Live, 2).await;
        let mut held = None;
        for turn in 0..4 {
            // The next one is there before the last one ends: live is never idle.
            live = budget.acquire_for(Urgency::Live, 2).await;
            if turn == 1 {
                held = (&mut large).now_or_never();
                assert!(held.is_some(), "live has its reserve and no more");
            }
        }
        assert!(poll!(&mut behind).is_pending());
        drop(held);
        assert!(behind.now_or_never().is_some());
        drop(live);
    }

    #[tokio::test]
    async fn who_gives_up_in_front_lets_the_next_pass() {
        let budget = Budget::new(10);
        let _held = budget.acquire(5).await;
        let mut large = Box::pin(budget.acquire_for(Urgency::Live, 9));
        let mut small = Box::pin(budget.acquire(5));
        assert!(poll!(&mut large).is_pending());
        assert!(poll!(&mut small).is_pending());
        assert_eq!(budget.waiting(), 2);
        drop(large);
        assert!(small.now_or_never().is_some());
        assert_eq!(budget.waiting(), 0);
    }

    /// A document of a lane, and in which turn after its admission it is done.
    fn document() -> impl Strategy<Value = (bool, u64, usize)> {
        (any::<bool>(), 0u64..40, 0usize..30)
    }

    proptest! {
        #[test]
        fn every_document_is_admitted_in_the_order_of_its_lane_and_within_the_bounds(
            reserved in 0u64..20,
            documents in proptest::collection::vec(document(), 1..60),
        ) {
            let budget = Budget::with_reserve(16, reserved);
            let mut waiting = Vec::new();
            for (at, &(live, bytes, _)) in documents.iter().enumerate() {
                let urgency = if live { Urgency::Live } else { Urgency::Bulk };
                waiting.push((at, Box::pin(budget.acquire_for(urgency, bytes))));
            }
            let mut in_flight: Vec<(usize, usize, Permit)> = Vec::new();
            let mut admitted = [Vec::new(), Vec::new()];
            for turn in 0.. {
                for (at, mut admission) in std::mem::take(&mut waiting) {
                    let (live, _, lasts) = documents[at];
                    match (&mut admission).now_or_never() {
                        None => waiting.push((at, admission)),
                        Some(permit) => {
                            admitted[usize::from(live)].push(at);
                            in_flight.push((at, turn + lasts, permit));
                        }
                    }
                }
                let bulk = in_flight.iter().filter(|(at, ..)| !documents[*at].0).count();
                let part = 16 - reserved.min(16);
                let beside_live = bulk == 1
                    && budget.used_by(Urgency::Bulk) > part
                    && budget.used_by(Urgency::Live) <= 16 - part;
                prop_assert!(budget.used() <= 16 || beside_live || in_flight.len() == 1);
                prop_assert!(budget.used_by(Urgency::Bulk) <= part || bulk == 1);
                if waiting.is_empty() {
                    break;
                }
                prop_assert!(!in_flight.is_empty(), "somebody waits for nothing");
                in_flight.retain(|(_, done, _)| *done > turn);
            }
            prop_assert!(admitted.iter().all(|lane| lane.is_sorted()));
            prop_assert_eq!(admitted.iter().map(Vec::len).sum::<usize>(), documents.len());
            in_flight.clear();
            prop_assert_eq!(budget.used(), 0);
        }
    }
}
