//! How far a group is with a topic, asked from outside: nothing is consumed, no group joined.

use std::time::{Duration, Instant};

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
};
use sohoa_flow::Fault;

use crate::{connect::fault, reach::committed, topics::partitions};

/// Time that one reading may take, over all partitions.
const READING: Duration = Duration::from_secs(20);

/// One partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionProgress {
    /// Its number.
    pub partition: i32,
    /// Offset of the oldest message that is kept.
    pub begin: i64,
    /// Offset behind the newest.
    pub end: i64,
    /// What the group has committed, if anything.
    pub committed: Option<i64>,
}

impl PartitionProgress {
    /// Everything before this offset has its answer; a group that committed nothing yet begins
    /// with the oldest.
    pub fn settled(&self) -> i64 {
        self.committed.unwrap_or(self.begin).max(self.begin)
    }

    /// Messages that were deleted by age before the group came to them.
    pub fn expired(&self) -> u64 {
        self.committed.and_then(|at| u64::try_from(self.begin - at).ok()).unwrap_or(0)
    }

    /// Messages without an answer.
    pub fn lag(&self) -> u64 {
        u64::try_from(self.end - self.settled()).unwrap_or(0)
    }
}

/// Messages without an answer, over all partitions.
pub fn lag(partitions: &[PartitionProgress]) -> u64 {
    partitions.iter().map(PartitionProgress::lag).sum()
}

/// Where a group's progress with a topic is read.
pub struct Progress {
    consumer: BaseConsumer,
    topic: String,
    partitions: i32,
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Progress").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl Progress {
    /// Looks whether the topic is there. Blocks.
    ///
    /// # Errors
    /// `Fatal` when the topic is missing or the broker refuses, `Retry` when it does not answer.
    pub fn open(base: &ClientConfig, group: &str, topic: &str) -> Result<Self, Fault> {
        let count = partitions(base, &[topic.to_owned()])?.into_iter().sum::<usize>();
        let mut config = base.clone();
        config.set("group.id", group).set("enable.auto.commit", "false");
        let consumer = config.create().map_err(fault)?;
        let partitions = i32::try_from(count).unwrap_or(i32::MAX);
        Ok(Self { consumer, topic: topic.to_owned(), partitions })
    }

    /// Reads all partitions. Blocks, within a bound.
    ///
    /// # Errors
    /// `Fatal` when the broker refuses, `Retry` when it does not answer in time.
    pub fn read(&self) -> Result<Vec<PartitionProgress>, Fault> {
        let began = Instant::now();
        // The client takes no time at all for no limit.
        let left = || READING.saturating_sub(began.elapsed()).max(Duration::from_millis(1));
        // Some may have been added since.
        let known = self.consumer.fetch_metadata(Some(&self.topic), left()).map_err(fault)?;
        let count = known.topics().first().map_or(0, |topic| topic.partitions().len());
        let partitions = i32::try_from(count).unwrap_or(i32::MAX).max(self.partitions);
        let mut list = TopicPartitionList::new();
        list.add_partition_range(&self.topic, 0, partitions - 1);
        let committed = committed(&self.consumer, &list, READING)?;
        let read = |partition| {
            let found = committed.find_partition(&self.topic, partition);
            let committed = match found.map(|element| element.offset()) {
                Some(Offset::Offset(offset)) if offset >= 0 => Some(offset),
                _ => None,
            };
            let (begin, end) =
                self.consumer.fetch_watermarks(&self.topic, partition, left()).map_err(fault)?;
            Ok(PartitionProgress { partition, begin, end, committed })
        };
        (0..partitions).map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deleted_by_age_is_nobodys_debt() {
        let at = |begin, end, committed| PartitionProgress { partition: 0, begin, end, committed };
        assert_eq!(at(0, 10, Some(4)).lag(), 6);
        assert_eq!(at(2, 10, None).lag(), 8);
        assert_eq!((at(7, 10, Some(4)).lag(), at(7, 10, Some(4)).expired()), (3, 3));
        assert_eq!(at(0, 0, None).lag(), 0);
        // The end was read before the group moved on.
        assert_eq!(at(0, 9, Some(10)).lag(), 0);
        assert_eq!(lag(&[at(0, 10, Some(4)), at(0, 3, None)]), 9);
    }
}
