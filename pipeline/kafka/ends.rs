//! How far a partition of a lane reaches, and whether it is still the one that was read.
//!
//! The client learns of an end with the messages it fetches, and of a paused partition it fetches
//! none: so the ends are asked for as well, now and then, all in one question.

use std::time::{Duration, Instant};

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
};

use crate::lane::Lane;

/// Between two questions.
const EVERY: Duration = Duration::from_secs(10);

/// The same while an end is not known.
const SOON: Duration = Duration::from_secs(5);

/// Longest wait for the answer: meanwhile nothing is polled.
const ANSWER: Duration = Duration::from_secs(2);

/// The end of a partition, as the broker last said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct End {
    known: Option<i64>,
    /// Whether it lay before what was read, when last asked.
    short: bool,
}

impl End {
    /// Messages between a position and the end; none while the end is not known.
    pub(crate) fn behind(self, position: i64) -> Option<u64> {
        self.known.map(|end| u64::try_from(end - position).unwrap_or(0))
    }

    pub(crate) fn is_known(self) -> bool {
        self.known.is_some()
    }

    /// What came with messages; negative while nothing did. It may be of long ago.
    pub(crate) fn see(&mut self, end: i64) {
        if end >= 0 {
            self.known = self.known.max(Some(end));
        }
    }

    /// What was answered. Says whether the partition ends before what was read of it, twice in a
    /// row: a new leader may not know at once how far it reaches.
    pub(crate) fn learn(&mut self, end: i64, next: Option<i64>) -> bool {
        self.known = Some(end);
        let short = next.is_some_and(|next| end < next);
        std::mem::replace(&mut self.short, short) && short
    }
}

/// When the ends are asked for.
#[derive(Debug)]
pub(crate) struct Question(Instant);

impl Default for Question {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Question {
    /// Whether it is time; then the next one is later.
    pub(crate) fn is_due(&mut self, all_known: bool) -> bool {
        let due = self.0.elapsed() > if all_known { EVERY } else { SOON };
        if due {
            self.0 = Instant::now();
        }
        due
    }
}

/// The ends of these partitions, as far as the broker answers at once.
pub(crate) fn ask<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    prefix: &str,
    partitions: impl Iterator<Item = (Lane, i32)>,
) -> Vec<((String, i32), i64)> {
    let mut wanted = TopicPartitionList::new();
    for (lane, partition) in partitions {
        let topic = lane.topic().name(prefix);
        if let Err(error) = wanted.add_partition_offset(&topic, partition, Offset::End) {
            tracing::debug!(%error, "an end cannot be asked for");
        }
    }
    if wanted.count() == 0 {
        return Vec::new();
    }
    let answered = match consumer.offsets_for_times(wanted, ANSWER) {
        Ok(answered) => answered,
        Err(error) => {
            tracing::debug!(%error, "the broker does not say where partitions end");
            return Vec::new();
        }
    };
    let elements = answered.elements();
    let end = |element: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
        let at = (element.topic().to_owned(), element.partition());
        match (element.error(), element.offset()) {
            (Ok(()), Offset::Offset(end)) if end >= 0 => Some((at, end)),
            _ => None,
        }
    };
    elements.iter().filter_map(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_is_not_known_is_not_nothing() {
        let mut end = End::default();
        end.see(-1001);
        assert_eq!((end.behind(3), end.is_known()), (None, false));
        end.see(5);
        assert_eq!(end.behind(3), Some(2));
        // A paused partition is asked about, and what came with its messages is old.
        assert!(!end.learn(90, Some(3)));
        end.see(5);
        assert_eq!(end.behind(3), Some(87));
        assert_eq!(end.behind(91), Some(0), "announced since");
    }

    #[test]
    fn an_end_before_what_was_read_is_believed_the_second_time() {
        let mut end = End::default();
        assert!(!end.learn(4, Some(9)));
        assert!(!end.learn(9, Some(9)), "it was a new leader");
        assert!(!end.learn(4, Some(9)));
        assert!(end.learn(5, Some(9)));
        assert!(!End { known: None, short: true }.learn(0, None));
    }
}
