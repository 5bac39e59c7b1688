//! The partitions a worker holds, and what happens when they come and go.
//!
//! When a partition is taken away, what is settled of it is announced first; after that nothing of
//! it can be announced any more from here, since its epoch is gone and the group's generation with it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rdkafka::{
    ClientContext, Offset, Statistics, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance},
    error::KafkaError,
    statistics::Topic,
    topic_partition_list::TopicPartitionListElem,
};
use sohoa_flow::{Fault, Prefix};
use sohoa_metrics::record;

use crate::{
    announce::{Announcer, Outcome},
    announcement::Announcement,
    claims::Claims,
    connect::{Reach, fault},
    ends::{self, End},
    lane::{Lane, Place},
    pulse::Pulse,
    reading::Reading,
};

/// Most answers in one transaction.
const ANSWERS: usize = 2_000;

/// Longest wait for the committed positions of a partition that is taken on.
const COMMITTED: Duration = Duration::from_secs(10);

/// Longest wait for the client to go back to a beginning.
const SEEK: Duration = Duration::from_secs(2);

/// What the thread and the callbacks of a rebalance share.
#[derive(Debug)]
pub(crate) struct Watch {
    prefix: String,
    /// Locked over whole calls to the broker, and so by the thread of the lanes only.
    state: Mutex<State>,
    /// The same for everybody else's questions: the epoch of each partition that is ours.
    epochs: Mutex<HashMap<(Lane, i32), u64>>,
    /// By lane: messages of our partitions that are not announced, as the broker last said; none
    /// while it has not.
    lag: Mutex<[Option<u64>; 2]>,
    reach: Reach,
    /// Of the thread of the lanes.
    pub(crate) pulse: Arc<Pulse>,
}

#[derive(Debug)]
pub(crate) struct State {
    announcer: Announcer,
    pub(crate) held: HashMap<(Lane, i32), Held>,
    epoch: u64,
    /// Whether a transaction may be committed yet without our knowing. Then no position is written
    /// any more: it could stand before one that was announced.
    uncertain: bool,
    /// What a callback met and could not return.
    pub(crate) fault: Option<Fault>,
}

/// A partition of ours.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) epoch: u64,
    pub(crate) prefix: Prefix<Vec<Announcement>>,
    pub(crate) claims: Claims,
    /// The next message that is not announced; none before the first one of a new group.
    pub(crate) position: Option<i64>,
    /// Whether what was read follows on.
    pub(crate) reading: Reading,
    pub(crate) end: End,
}

impl Watch {
    /// Nothing held yet.
    pub(crate) fn new(prefix: &str, announcer: Announcer, pulse: Arc<Pulse>) -> Self {
        let state =
            State { announcer, held: HashMap::new(), epoch: 0, uncertain: false, fault: None };
        Self {
            prefix: prefix.to_owned(),
            state: Mutex::new(state),
            epochs: Mutex::default(),
            lag: Mutex::default(),
            reach: Reach::default(),
            pulse,
        }
    }

    /// Whether the message is still ours to answer.
    pub(crate) fn holds(&self, place: &Place) -> bool {
        self.epochs().get(&(place.lane, place.partition)) == Some(&place.epoch)
    }

    /// Messages of our partitions that are not announced, as the broker last said; none while it has
    /// not.
    pub(crate) fn lag(&self, lane: Lane) -> Option<u64> {
        self.lags()[lane as usize]
    }

    fn lags(&self) -> MutexGuard<'_, [Option<u64>; 2]> {
        self.lag.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a broker answers, as the client last said.
    pub(crate) fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Asks how far our partitions reach. One that ends before what was read of it is another one by
    /// now, and is read from its beginning.
    pub(crate) fn ask_ends(&self, consumer: &BaseConsumer<Watcher>) {
        let held: Vec<_> = self.state().held.keys().copied().collect();
        for ((topic, partition), end) in ends::ask(consumer, &self.prefix, held.into_iter()) {
            let Some(key) = self.lane(&topic).map(|lane| (lane, partition)) else { continue };
            let mut state = self.state();
            let Some(held) = state.held.get_mut(&key) else { continue };
            let next = held.reading.next();
            if held.end.learn(end, next) {
                self.begin_anew(&mut state, key, None);
                drop(state);
                // The client may not have noticed, and would go on behind what it has not read.
                if let Err(error) = consumer.seek(&topic, partition, Offset::Beginning, SEEK) {
                    tracing::debug!(%error, "the client finds the beginning by itself, or not");
                }
            }
        }
    }

    /// The partition is not the one that was read: its topic was made anew, or has lost messages, and
    /// the client is back at its beginning. What is in hand of it is nobody's by now: under the old
    /// offsets it would be taken for the new messages' answers, and these would never be read. What
    /// was done comes again at most, and is found done.
    pub(crate) fn begin_anew(&self, state: &mut State, key: (Lane, i32), at: Option<i64>) {
        let Some(held) = state.held.get(&key) else { return };
        let (lane, partition) = key;
        tracing::error!(
            lane = lane.name(),
            partition,
            read = held.reading.next(),
            "messages that were read are gone from the topic: it was made anew, or a broker lost \
             some. It is read from its beginning, and what was done is found done; submit anew what \
             it held"
        );
        state.assign(vec![(key, at, String::new())]);
        self.show(state);
    }

    /// Takes in how far the partitions reach, and whether anybody answers.
    fn measure(&self, statistics: &Statistics) {
        self.reach.see(statistics);
        let mut state = self.state();
        for lane in Lane::ALL {
            let topic = statistics.topics.get(&lane.topic().name(&self.prefix));
            for (number, partition) in topic.into_iter().flat_map(|topic| &topic.partitions) {
                let held = state.held.get_mut(&(lane, *number));
                let removed = held.map_or(0, |held| {
                    held.end.see(partition.ls_offset);
                    held.reading.removed(partition.lo_offset)
                });
                if removed > 0 {
                    record::removed_unread(lane.into(), removed);
                    tracing::error!(
                        lane = lane.name(),
                        partition = number,
                        removed,
                        "messages were deleted by age before a worker came to them: raise \
                         retention.ms of the topic, and submit anew"
                    );
                }
            }
            self.lags()[lane as usize] = state.lag(lane, topic);
        }
    }

    fn epochs(&self) -> MutexGuard<'_, HashMap<(Lane, i32), u64>> {
        self.epochs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the others what is held now.
    pub(crate) fn show(&self, state: &State) {
        *self.epochs() = state.held.iter().map(|(key, held)| (*key, held.epoch)).collect();
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn lane(&self, topic: &str) -> Option<Lane> {
        Lane::ALL.into_iter().find(|lane| lane.topic().name(&self.prefix) == topic)
    }

    /// Partitions with their positions and the notes beside them. Without an answer nothing is
    /// known of what is in hand, which costs only the suspicion.
    fn taken_over(
        &self,
        consumer: &BaseConsumer<Watcher>,
        list: &TopicPartitionList,
    ) -> Vec<((Lane, i32), Option<i64>, String)> {
        self.pulse.beat();
        let committed = consumer.committed_offsets(list.clone(), COMMITTED);
        let committed = committed.inspect_err(|error| {
            tracing::warn!(%error, "the broker does not say what was in hand");
        });
        let committed = committed.unwrap_or_else(|_| list.clone());
        let taken = |element: TopicPartitionListElem<'_>| {
            let key = (self.lane(element.topic())?, element.partition());
            let position = match element.offset() {
                Offset::Offset(position) if position >= 0 => Some(position),
                _ => None,
            };
            Some((key, position, element.metadata().to_owned()))
        };
        committed.elements().into_iter().filter_map(taken).collect()
    }

    fn keys(&self, list: &TopicPartitionList) -> Vec<(Lane, i32)> {
        let elements = list.elements();
        let key = |topic: &str, partition| Some((self.lane(topic)?, partition));
        elements.iter().filter_map(|element| key(element.topic(), element.partition())).collect()
    }
}

impl Held {
    pub(crate) fn is_ready(&self) -> bool {
        self.prefix.ready().next().is_some()
    }

    /// Messages that are not announced; `low` is the oldest one, for a group that has announced none.
    fn lag(&self, low: Option<i64>) -> Option<u64> {
        self.end.behind(self.position.or(low.filter(|low| *low >= 0))?)
    }
}

impl State {
    pub(crate) fn owed(&self) -> usize {
        self.held.values().map(|held| held.prefix.len()).sum()
    }

    pub(crate) fn partition(&mut self, place: &Place) -> Option<&mut Held> {
        let held = self.held.get_mut(&(place.lane, place.partition));
        held.filter(|held| held.epoch == place.epoch)
    }

    /// Messages of a lane that are not announced; none while that is not known of every partition.
    fn lag(&self, lane: Lane, topic: Option<&Topic>) -> Option<u64> {
        let held = self.held.iter().filter(|((of, _), _)| *of == lane);
        held.map(|((_, number), held)| {
            let partition = topic.and_then(|topic| topic.partitions.get(number));
            held.lag(partition.map(|partition| partition.lo_offset))
        })
        .sum()
    }

    fn assign(&mut self, taken: Vec<((Lane, i32), Option<i64>, String)>) {
        self.epoch += 1;
        for (key, position, note) in taken {
            let claims = Claims::after(&note);
            let (epoch, prefix, reading) = (self.epoch, Prefix::default(), Reading::from(position));
            let end = End::default();
            self.held.insert(key, Held { epoch, prefix, claims, position, reading, end });
        }
    }

    /// Writes down what is in hand, or that nothing is any more, beside the positions as they are.
    ///
    /// # Errors
    /// The broker's; the positions are as they were.
    pub(crate) fn note(
        &self,
        consumer: &BaseConsumer<Watcher>,
        prefix: &str,
        note: impl Fn(&(Lane, i32), &Held) -> Option<String>,
    ) -> Result<(), KafkaError> {
        if self.uncertain {
            return Ok(());
        }
        let mut positions = TopicPartitionList::new();
        for (key, held) in &self.held {
            if let (Some(position), Some(note)) = (held.position, note(key, held)) {
                let topic = key.0.topic().name(prefix);
                positions.add_partition_offset(&topic, key.1, Offset::Offset(position))?;
                if let Some(mut element) = positions.find_partition(&topic, key.1) {
                    element.set_metadata(note);
                }
            }
        }
        if positions.count() == 0 {
            return Ok(());
        }
        consumer.commit(&positions, CommitMode::Sync)
    }

    /// Announces every answer whose predecessors have theirs.
    pub(crate) fn announce(
        &mut self,
        consumer: &BaseConsumer<Watcher>,
        prefix: &str,
    ) -> Result<(), Fault> {
        let mut left = ANSWERS;
        let mut positions = TopicPartitionList::new();
        let mut counts = Vec::new();
        for (key, held) in &self.held {
            let ready = held.prefix.ready().take(left);
            let (count, last) = ready.fold((0, 0), |(count, _), (offset, _)| (count + 1, offset));
            if count == 0 {
                continue;
            }
            left -= count;
            let topic = key.0.topic().name(prefix);
            positions
                .add_partition_offset(&topic, key.1, Offset::Offset(last + 1))
                .map_err(fault)?;
            if let Some(mut element) = positions.find_partition(&topic, key.1) {
                element.set_metadata(held.claims.note());
            }
            counts.push((*key, count, last + 1));
        }
        if counts.is_empty() {
            return Ok(());
        }
        if consumer.assignment_lost() {
            return Ok(());
        }
        let Some(group) = consumer.group_metadata() else { return Ok(()) };
        let messages = counts.iter().flat_map(|(key, count, _)| {
            self.held[key].prefix.ready().take(*count).flat_map(|(_, answer)| answer)
        });
        let announced = self.announcer.announce(messages, &positions, &group);
        self.uncertain |= announced.is_err();
        if announced? == Outcome::Committed {
            for (key, count, position) in counts {
                if let Some(held) = self.held.get_mut(&key) {
                    held.prefix.announced(count);
                    held.position = Some(position);
                }
            }
        }
        Ok(())
    }
}

/// Callbacks of the client; they run inside `poll`, on the thread of the lanes.
#[derive(Debug)]
pub(crate) struct Watcher(pub(crate) Arc<Watch>);

impl ClientContext for Watcher {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, message, "librdkafka");
    }

    fn stats(&self, statistics: Statistics) {
        self.0.measure(&statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka");
    }
}

impl ConsumerContext for Watcher {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(list) = rebalance else { return };
        let mut state = self.0.state();
        // A partition that is lost has another owner already, and the transaction would fail.
        let keys = self.0.keys(list);
        if !consumer.assignment_lost() {
            if let Err(fault) = state.announce(consumer, &self.0.prefix) {
                state.fault = Some(fault);
            }
            self.0.pulse.beat();
            let given_up =
                |key: &_, held: &Held| keys.contains(key).then(|| held.claims.note_in_order());
            if let Err(error) = state.note(consumer, &self.0.prefix, given_up) {
                tracing::debug!(%error, "partitions are given up without a note");
            }
        }
        for key in keys {
            state.held.remove(&key);
        }
        self.0.show(&state);
        tracing::info!(partitions = list.count(), "partitions are given up");
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) if list.count() > 0 => {
                let taken = self.0.taken_over(consumer, list);
                tracing::info!(partitions = taken.len(), "partitions are taken on");
                let mut state = self.0.state();
                state.assign(taken);
                self.0.show(&state);
            }
            Rebalance::Assign(_) | Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => tracing::warn!(%error, "a rebalance failed"),
        }
    }
}
