//! How far a group is with a topic, asked from outside: no group is joined, and positions stay where
//! they are. To tell how old the oldest message without an answer is, it is looked at.

use std::time::{Duration, Instant, SystemTime};

use rdkafka::{
    ClientConfig, Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
};
use sohoa_flow::Fault;

use crate::{
    connect::{STAGE, fault},
    reach::committed,
    topics::partitions,
};

/// Time that one reading may take, over all partitions.
const READING: Duration = Duration::from_secs(20);

/// Longest wait for a message before the clock is looked at.
const LISTEN: Duration = Duration::from_millis(100);

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
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            // Asked for a message, it says where there is none, and passes what was deleted.
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "earliest");
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

    /// When the oldest message was sent that has no answer; none where all have one. Blocks, within
    /// a bound.
    ///
    /// # Errors
    /// As of [`Progress::read`].
    pub fn oldest_waiting(&self) -> Result<Option<SystemTime>, Fault> {
        let began = Instant::now();
        let mut oldest = None;
        for partition in self.read()?.iter().filter(|partition| partition.lag() > 0) {
            let sent = self.sent_at(partition.partition, partition.settled(), began)?;
            oldest = [oldest, sent].into_iter().flatten().min();
        }
        self.consumer.unassign().map_err(fault)?;
        Ok(oldest)
    }

    /// When the first message from an offset on was sent, if there is one, as part of a reading that
    /// has begun.
    fn sent_at(
        &self,
        partition: i32,
        offset: i64,
        began: Instant,
    ) -> Result<Option<SystemTime>, Fault> {
        let mut at = TopicPartitionList::new();
        at.add_partition_offset(&self.topic, partition, Offset::Offset(offset)).map_err(fault)?;
        self.consumer.assign(&at).map_err(fault)?;
        while began.elapsed() < READING {
            match self.consumer.poll(LISTEN) {
                Some(Ok(message)) if message.partition() == partition => {
                    // One of unknown age is as old as can be.
                    let since = message.timestamp().to_millis().unwrap_or(0);
                    let since = Duration::from_millis(u64::try_from(since).unwrap_or(0));
                    return Ok(Some(SystemTime::UNIX_EPOCH + since));
                }
                Some(Err(KafkaError::PartitionEOF(of))) if of == partition => return Ok(None),
                Some(Err(error)) => match fault(error) {
                    Fault::Retry(_) => {}
                    lasting => return Err(lasting),
                },
                Some(Ok(_)) | None => {}
            }
        }
        Err(Fault::retry(STAGE, format!("the broker gives no message of `{}`", self.topic)))
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::consumer::CommitMode;
    use sohoa_harness::mock::Mock;

    use super::*;

    #[test]
    fn the_oldest_message_without_an_answer_is_found() {
        let mock = Mock::start(&["t".to_owned()]);
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", mock.bootstrap());
        let progress = Progress::open(&client, "g", "t").unwrap();
        assert_eq!(progress.oldest_waiting().unwrap(), None);
        let sent = [1_000, 5_000, 7_000]
            .map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for sent in sent {
            mock.send_as_of("t", sent);
        }
        assert_eq!(progress.oldest_waiting().unwrap(), Some(sent[0]));
        for (offset, oldest) in [(1, Some(sent[1])), (3, None)] {
            let mut list = TopicPartitionList::new();
            list.add_partition_offset("t", 0, Offset::Offset(offset)).unwrap();
            progress.consumer.commit(&list, CommitMode::Sync).unwrap();
            assert_eq!(progress.oldest_waiting().unwrap(), oldest);
        }
    }

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
