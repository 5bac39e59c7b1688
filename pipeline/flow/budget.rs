//! A bound in bytes on what is in flight.
//!
//! Invariant: the sum of the granted permits never exceeds the budget, except that one item larger
//! than the whole budget is admitted alone.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes a permit of the semaphore stands for; its counter is 32 bits wide, budgets are not.
const UNIT: u64 = 64 * 1024;

/// The byte budget of a process.
#[derive(Debug, Clone)]
pub struct Budget {
    units: u32,
    free: Arc<Semaphore>,
}

/// Bytes granted; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    _units: OwnedSemaphorePermit,
}

impl Budget {
    /// A budget of `bytes`, at least one unit of 64 KiB.
    pub fn new(bytes: u64) -> Self {
        let units = to_units(bytes);
        Self { units, free: Arc::new(Semaphore::new(units as usize)) }
    }

    /// Waits until `bytes` are free. More than the whole budget waits for all of it.
    ///
    /// # Panics
    /// Never: nothing closes the semaphore.
    pub async fn acquire(&self, bytes: u64) -> Permit {
        let wanted = to_units(bytes).min(self.units);
        let units = Arc::clone(&self.free)
            .acquire_many_owned(wanted)
            .await
            .expect("the semaphore is private to the budget and never closed");
        Permit { _units: units }
    }

    /// Bytes granted at the moment, rounded up to the unit.
    pub fn used(&self) -> u64 {
        (u64::from(self.units) - self.free.available_permits() as u64) * UNIT
    }
}

fn to_units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX / 8).clamp(1, u32::MAX / 8)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use proptest::prelude::*;

    use super::*;

    #[tokio::test]
    async fn one_oversize_item_is_admitted_alone() {
        let budget = Budget::new(10 * UNIT);
        let small = budget.acquire(UNIT).await;
        assert!(budget.acquire(50 * UNIT).now_or_never().is_none());
        drop(small);
        let large = budget.acquire(50 * UNIT).now_or_never().expect("the budget is empty");
        assert!(budget.acquire(1).now_or_never().is_none());
        drop(large);
        assert_eq!(budget.used(), 0);
    }

    proptest! {
        #[test]
        fn the_budget_is_never_exceeded(sizes in proptest::collection::vec(0u64..40 * UNIT, 1..60)) {
            let budget = Budget::new(16 * UNIT);
            let mut held = Vec::new();
            for (turn, size) in sizes.into_iter().enumerate() {
                match budget.acquire(size).now_or_never() {
                    Some(permit) => held.push(permit),
                    None => drop(held.remove(turn % held.len())),
                }
                prop_assert!(budget.used() <= 16 * UNIT);
            }
            held.clear();
            prop_assert_eq!(budget.used(), 0);
        }
    }
}
