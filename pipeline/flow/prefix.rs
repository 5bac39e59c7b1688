//! What a partition still owes: the contiguous prefix of settled offsets.
//!
//! Documents finish in any order; a position can only say "everything before here is done". So an
//! answer waits until all earlier ones are there.
//!
//! Invariants: an answer is given out only when every offset taken before it has one; the position
//! never moves back; what was given out stays until it is said to be announced, so that a failed
//! announcement loses nothing.

use std::collections::VecDeque;

/// The open offsets of one partition, in order, each with its answer once it has one.
#[derive(Debug)]
pub struct Prefix<T> {
    open: VecDeque<(i64, Option<T>)>,
    last: Option<i64>,
}

impl<T> Default for Prefix<T> {
    fn default() -> Self {
        Self { open: VecDeque::new(), last: None }
    }
}

impl<T> Prefix<T> {
    /// A message was taken. Offsets come in rising order, with gaps where a topic was compacted or
    /// holds marks of transactions; one that came before is not taken twice.
    pub fn take(&mut self, offset: i64) -> bool {
        let fresh = self.last.is_none_or(|last| last < offset);
        if fresh {
            self.open.push_back((offset, None));
            self.last = Some(offset);
        }
        fresh
    }

    /// Its answer is durable. Answers whether the offset was open and had none.
    pub fn settle(&mut self, offset: i64, answer: T) -> bool {
        let found = self.open.binary_search_by_key(&offset, |(offset, _)| *offset);
        match found.ok().map(|at| &mut self.open[at].1) {
            Some(place @ None) => {
                *place = Some(answer);
                true
            }
            _ => false,
        }
    }

    /// The answers that may be announced, in order of their offsets.
    pub fn ready(&self) -> impl Iterator<Item = (i64, &T)> {
        self.open.iter().map_while(|(offset, answer)| Some((*offset, answer.as_ref()?)))
    }

    /// The first `count` ready answers are announced.
    ///
    /// # Panics
    /// When there are not as many: an offset without an answer would be lost.
    pub fn announced(&mut self, count: usize) {
        assert!(self.ready().count() >= count, "an offset without an answer cannot be announced");
        self.open.drain(..count);
    }

    /// Messages taken and not announced: the width of the reordering.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether nothing is owed.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_late_first_holds_back_the_rest() {
        let mut prefix = Prefix::default();
        for offset in [4, 5, 7] {
            assert!(prefix.take(offset));
        }
        assert!(!prefix.take(5), "a message that is delivered again is open already");
        assert!(prefix.settle(7, 'c'));
        assert!(prefix.settle(5, 'b'));
        assert!(!prefix.settle(5, 'x'), "one answer each");
        assert!(!prefix.settle(6, 'x'), "never taken");
        assert_eq!(prefix.ready().count(), 0);
        prefix.settle(4, 'a');
        assert_eq!(prefix.ready().collect::<Vec<_>>(), [(4, &'a'), (5, &'b'), (7, &'c')]);
        prefix.announced(2);
        assert_eq!(prefix.ready().collect::<Vec<_>>(), [(7, &'c')]);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Take,
        Settle(usize),
        Announce(bool),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Take),
            (0usize..40).prop_map(Step::Settle),
            any::<bool>().prop_map(Step::Announce),
        ]
    }

    proptest! {
        #[test]
        fn everything_is_announced_once_in_order_and_nothing_before_its_predecessors(
            steps in proptest::collection::vec(step(), 0..300)
        ) {
            let mut prefix = Prefix::default();
            let (mut next, mut announced) = (0i64, Vec::new());
            let mut settled = BTreeSet::new();
            let announce = |prefix: &mut Prefix<i64>, announced: &mut Vec<i64>| {
                let ready: Vec<i64> = prefix.ready().map(|(offset, _)| offset).collect();
                prefix.announced(ready.len());
                announced.extend(ready);
            };
            for step in steps {
                match step {
                    Step::Take => {
                        prefix.take(next);
                        next += 2;
                    }
                    Step::Settle(which) => {
                        let offset = which as i64 * 2;
                        if prefix.settle(offset, offset) {
                            prop_assert!(offset < next && settled.insert(offset));
                        }
                    }
                    // An announcement that fails changes nothing.
                    Step::Announce(false) => drop(prefix.ready().count()),
                    Step::Announce(true) => announce(&mut prefix, &mut announced),
                }
                prop_assert!(announced.iter().all(|offset| settled.contains(offset)));
                prop_assert_eq!(prefix.len() + announced.len(), (next / 2) as usize);
            }
            for offset in (0..next).step_by(2) {
                prefix.settle(offset, offset);
            }
            announce(&mut prefix, &mut announced);
            prop_assert!(prefix.is_empty());
            prop_assert_eq!(announced, (0..next).step_by(2).collect::<Vec<_>>());
        }
    }
}
