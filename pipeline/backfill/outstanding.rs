//! Of what was sent, how much has its answer.
//!
//! After each chunk the positions behind all messages so far are a **mark**. When the workers have
//! committed every position of a mark, all documents up to it are settled. Between two marks the
//! share of a partition's messages is estimated from the offset, which is exact where nobody
//! else's messages stand between ours.

use std::collections::{BTreeMap, VecDeque};

use sohoa_kafka::PartitionProgress;
use sohoa_schemas::ledger::DeliveredRange;

/// Marks kept; beyond it every second one goes, and `settled` moves in larger steps.
const MARKS: usize = 1_024;

/// All messages of a submission up to some document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    documents: u64,
    at: BTreeMap<i32, DeliveredRange>,
}

impl Mark {
    /// From what a chunk says.
    pub(crate) fn new(documents: u64, delivered: &[DeliveredRange]) -> Self {
        let at = delivered.iter().map(|range| (range.partition, *range)).collect();
        Self { documents, at }
    }

    /// The mark after further messages have arrived.
    pub(crate) fn then(&self, delivered: &[DeliveredRange]) -> Self {
        let mut mark = self.clone();
        for range in delivered {
            mark.documents += range.messages;
            let at = mark.at.entry(range.partition).or_insert(DeliveredRange {
                partition: range.partition,
                first: range.first,
                next: range.first,
                messages: 0,
            });
            at.next = at.next.max(range.next);
            at.messages += range.messages;
        }
        mark
    }

    /// As a chunk keeps it.
    pub(crate) fn ranges(&self) -> Vec<DeliveredRange> {
        self.at.values().copied().collect()
    }

    /// Whether the workers have passed all of it.
    pub(crate) fn is_settled(&self, progress: &[PartitionProgress]) -> bool {
        self.at.values().all(|range| position(progress, range.partition) >= range.next)
    }
}

/// Where the workers are with a partition; a topic that lost the partition was made anew.
fn position(progress: &[PartitionProgress], partition: i32) -> i64 {
    let found = progress.iter().find(|one| one.partition == partition);
    found.map_or(0, PartitionProgress::settled)
}

/// The marks that are not settled.
#[derive(Debug, Default)]
pub(crate) struct Outstanding {
    /// The last settled one.
    base: Mark,
    open: VecDeque<Mark>,
}

impl Outstanding {
    /// Everything up to `base` is settled.
    pub(crate) fn new(base: Mark) -> Self {
        Self { base, open: VecDeque::new() }
    }

    /// One more mark, behind all others.
    pub(crate) fn push(&mut self, mark: Mark) {
        self.open.push_back(mark);
        if self.open.len() > MARKS {
            let last = self.open.pop_back();
            let mut keep = false;
            self.open.retain(|_| {
                keep = !keep;
                keep
            });
            self.open.extend(last);
        }
    }

    /// Documents consumed and settled.
    pub(crate) fn passed(&mut self, progress: &[PartitionProgress]) -> (u64, u64) {
        while let Some(mark) = self.open.pop_front_if(|mark| mark.is_settled(progress)) {
            self.base = mark;
        }
        let beyond: u64 = progress.iter().map(|one| self.beyond(one)).sum();
        (self.base.documents + beyond, self.base.documents)
    }

    /// Messages of a partition behind the last settled mark that the workers have passed.
    fn beyond(&self, one: &PartitionProgress) -> u64 {
        let at = one.settled();
        let mut passed = 0;
        let mut before = self.base.at.get(&one.partition).copied();
        for mark in &self.open {
            let Some(range) = mark.at.get(&one.partition) else { continue };
            let from = before.map_or(range.first, |before| before.next);
            let messages = range.messages - before.map_or(0, |before| before.messages);
            if at >= range.next {
                passed += messages;
            } else {
                // Some of the messages up to here may be others'.
                let ours = u64::try_from(at - from).unwrap_or(0);
                return passed + ours.min(messages);
            }
            before = Some(*range);
        }
        passed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(partition: i32, first: i64, next: i64, messages: u64) -> DeliveredRange {
        DeliveredRange { partition, first, next, messages }
    }

    fn at(partition: i32, committed: i64) -> PartitionProgress {
        PartitionProgress { partition, begin: 0, end: 1_000_000, committed: Some(committed) }
    }

    #[test]
    fn a_chunk_is_settled_with_the_last_of_its_partitions() {
        let first = Mark::default().then(&[range(0, 10, 14, 4), range(1, 5, 6, 1)]);
        // Nothing of the second chunk is in partition 1, which still holds it back.
        let second = first.then(&[range(0, 14, 16, 2)]);
        let mut outstanding = Outstanding::default();
        outstanding.push(first);
        outstanding.push(second);
        assert_eq!(outstanding.passed(&[at(0, 12), at(1, 5)]), (2, 0));
        assert_eq!(outstanding.passed(&[at(0, 16), at(1, 5)]), (6, 0));
        assert_eq!(outstanding.passed(&[at(0, 15), at(1, 6)]), (6, 5));
        assert_eq!(outstanding.passed(&[at(0, 99), at(1, 99)]), (7, 7));
    }

    proptest! {
        #[test]
        fn what_is_settled_is_consumed_and_what_is_consumed_was_sent(
            chunks in proptest::collection::vec(
                proptest::collection::vec((0i32..3, 1u64..9, 0i64..3), 0..4), 0..40),
            steps in proptest::collection::vec((0i64..400, 0i64..400, 0i64..400), 1..6),
            many in any::<bool>(),
        ) {
            let mut ends = [0i64; 3];
            let mut mark = Mark::default();
            let mut outstanding = Outstanding::default();
            for _ in 0..if many { 60 } else { 1 } {
                for chunk in &chunks {
                    let mut delivered = Vec::new();
                    for &(partition, messages, others) in chunk {
                        let first = ends[partition as usize] + others;
                        ends[partition as usize] = first + messages as i64;
                        delivered.push(range(partition, first, first + messages as i64, messages));
                    }
                    mark = mark.then(&delivered);
                    outstanding.push(mark.clone());
                }
            }
            prop_assert!(outstanding.open.len() <= MARKS);
            let (mut position, mut before) = ([0i64; 3], (0, 0));
            for (a, b, c) in steps {
                for (place, step) in position.iter_mut().zip([a, b, c]) {
                    *place += step;
                }
                let seen: Vec<_> = (0..3).map(|p| at(p, position[p as usize])).collect();
                let (consumed, settled) = outstanding.passed(&seen);
                prop_assert!(settled <= consumed && consumed <= mark.documents);
                prop_assert!(before.0 <= consumed && before.1 <= settled);
                before = (consumed, settled);
            }
            let all: Vec<_> = (0..3).map(|p| at(p, ends[p as usize])).collect();
            prop_assert_eq!(outstanding.passed(&all), (mark.documents, mark.documents));
        }
    }
}
