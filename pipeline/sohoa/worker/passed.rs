//! Held states that were looked at and wait for somebody else: for the clerk, as a rule.
//!
//! In an agency whose clerk decides, ten thousands wait for weeks, and each is an object with all rows
//! of its document: they are read once, and again only when they were written again. That is in the
//! memory of this process and nowhere else. What is not known here is read, so nothing is forgotten.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::release::State;

/// By source and version: the tag of the state that was passed over.
type Tags = HashMap<(Uuid, i32), u64>;

/// What was passed over, as it was then.
#[derive(Debug, Default)]
pub(super) struct Passed(Mutex<Rounds>);

#[derive(Debug, Default)]
struct Rounds {
    before: Tags,
    /// Of the round that is under way.
    now: Tags,
}

impl Passed {
    /// Whether this state was passed over as it is.
    pub(super) fn knows(&self, state: &State) -> bool {
        let mut rounds = self.lock();
        let known = state.tag.is_some() && rounds.before.get(&state.of) == state.tag.as_ref();
        if known {
            rounds.now.extend(state.tag.map(|tag| (state.of, tag)));
        }
        known
    }

    /// This state is passed over, for as long as it stays as it was listed.
    pub(super) fn add(&self, state: &State) {
        self.lock().now.extend(state.tag.map(|tag| (state.of, tag)));
    }

    /// A round has come to its end: what it did not meet is there no more.
    pub(super) fn complete(&self) {
        let mut rounds = self.lock();
        rounds.before = mem::take(&mut rounds.now);
    }

    /// A round was broken off: it met a part of what is there.
    pub(super) fn break_off(&self) {
        let mut rounds = self.lock();
        let met = mem::take(&mut rounds.now);
        rounds.before.extend(met);
    }

    fn lock(&self) -> MutexGuard<'_, Rounds> {
        // Either map may lack entries, and those states are read once more.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(number: u128, tag: u64) -> State {
        State { of: (Uuid::from_u128(number), 1), tag: Some(tag) }
    }

    #[test]
    fn a_state_that_was_written_again_is_not_known() {
        let passed = Passed::default();
        passed.add(&state(1, 10));
        passed.complete();
        assert!(passed.knows(&state(1, 10)));
        assert!(!passed.knows(&state(1, 11)) && !passed.knows(&state(2, 10)));
        let untold = State { tag: None, ..state(3, 0) };
        passed.add(&untold);
        passed.complete();
        assert!(!passed.knows(&untold), "a store that tells nothing is asked each time");
    }

    #[test]
    fn what_is_gone_costs_no_memory_and_a_broken_round_forgets_nothing() {
        let passed = Passed::default();
        (0..100).for_each(|number| passed.add(&state(number, 1)));
        passed.complete();
        assert!(passed.knows(&state(1, 1)));
        passed.break_off();
        assert!(passed.knows(&state(99, 1)));
        passed.complete();
        assert_eq!(passed.lock().before.len(), 1);
    }
}
