//! Answers and positions go out together: one transaction, or not at all.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, TopicPartitionList,
    consumer::ConsumerGroupMetadata,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer},
};
use sohoa_flow::{FatalKind, Fault};
use sohoa_metrics::{AnnounceResult, record};

use crate::{
    announcement::{Announcement, owned},
    connect::{STAGE, fault, is_at_the_door, is_refusal},
    pulse::{Pulse, poll_interval},
};

/// How long the broker keeps an unfinished transaction of a killed worker, which until then holds
/// back everybody who reads committed messages only.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait for one call to the broker.
const CALL: Duration = Duration::from_secs(15);

/// A transaction that the broker does not take for this long ends the worker, which is harmless.
const PATIENCE: Duration = Duration::from_mins(2);

/// After so long without a try nobody knows whether the trouble was there all the time. Between two
/// tries of the same announcement is a fraction of it.
const QUIET: Duration = Duration::from_mins(1);

/// Between two lines about the same trouble.
const COMPLAINT: Duration = Duration::from_secs(30);

/// What came of an announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Messages and positions are there.
    Committed,
    /// Nothing is there; the same again later.
    Aborted,
}

/// How long the thread of the lanes may be away from its polling for one transaction, over all its
/// calls: beyond `max.poll.interval.ms` the group takes the worker for dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Patience {
    /// Until everything is committed.
    commit: Duration,
    /// From then until it is taken back.
    abort: Duration,
}

impl Patience {
    /// Three quarters of the time between two polls at most.
    fn of(config: &ClientConfig) -> Self {
        let interval = poll_interval(config);
        Self { commit: PATIENCE.min(interval / 2), abort: PATIENCE.min(interval / 4) }
    }
}

/// When a row of calls has to be done.
#[derive(Debug, Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn after(patience: Duration) -> Self {
        Self(Instant::now() + patience)
    }

    fn is_over(self) -> bool {
        Instant::now() >= self.0
    }

    /// Time for the next call; the client takes no time at all for no limit.
    fn for_one_call(self) -> Duration {
        self.0.saturating_duration_since(Instant::now()).clamp(Duration::from_millis(1), CALL)
    }
}

/// A row of transactions that were taken back, one soon after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct InVain {
    /// When the first one was.
    since: Instant,
    /// When the last one was.
    last: Instant,
    /// When that was last said.
    said: Instant,
}

impl InVain {
    /// The row with a transaction that was begun at `began` and taken back at `now`. A lane without
    /// documents commits nothing either, so a row of long ago says nothing of this one.
    fn and(row: Option<Self>, began: Instant, now: Instant) -> Self {
        let row = row.filter(|row| began.saturating_duration_since(row.last) < QUIET);
        Self { last: now, ..row.unwrap_or(Self { since: now, last: now, said: now }) }
    }
}

/// The transactional producer of one worker slot.
pub(crate) struct Announcer {
    producer: ThreadedProducer<DefaultProducerContext>,
    prefix: String,
    patience: Patience,
    /// Of the thread that announces.
    pulse: Arc<Pulse>,
    /// What was taken back since the last one that succeeded.
    in_vain: Option<InVain>,
}

impl std::fmt::Debug for Announcer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Announcer").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Announcer {
    /// Takes the slot over: an earlier process under the same name can commit nothing any more.
    pub(crate) fn open(
        base: &ClientConfig,
        (prefix, slot): (&str, &str),
        pulse: Arc<Pulse>,
    ) -> Result<Self, Fault> {
        let mut config = base.clone();
        config
            .set("transactional.id", format!("{prefix}-worker-{slot}"))
            .set("transaction.timeout.ms", TRANSACTION_TIMEOUT.as_millis().to_string())
            // No longer than a transaction, or the client refuses them; what is passed through is
            // for the others.
            .set("message.timeout.ms", TRANSACTION_TIMEOUT.as_millis().to_string())
            .set("socket.timeout.ms", TRANSACTION_TIMEOUT.as_millis().to_string())
            .set("compression.type", "zstd");
        let producer: ThreadedProducer<_> = config.create().map_err(fault)?;
        producer.init_transactions(CALL).map_err(fault)?;
        let patience = Patience::of(base);
        Ok(Self { producer, prefix: prefix.to_owned(), patience, pulse, in_vain: None })
    }

    /// Sends messages and moves positions, both or neither.
    ///
    /// # Errors
    /// `Fatal` when another process has the slot, or the broker takes nothing for long.
    pub(crate) fn announce<'a>(
        &mut self,
        messages: impl Iterator<Item = &'a Announcement>,
        positions: &TopicPartitionList,
        group: &ConsumerGroupMetadata,
    ) -> Result<Outcome, Fault> {
        let began = Instant::now();
        let deadline = Deadline::after(self.patience.commit);
        let sent = self.again(deadline, |_| self.producer.begin_transaction()).and_then(|()| {
            messages.into_iter().try_for_each(|message| self.send(deadline, message))?;
            self.again(deadline, |time| {
                self.producer.send_offsets_to_transaction(positions, group, time)
            })?;
            self.again(deadline, |time| self.producer.commit_transaction(time))
        });
        match sent {
            Ok(()) => {
                record::announced(AnnounceResult::Committed, began.elapsed());
                self.in_vain = None;
                Ok(Outcome::Committed)
            }
            Err(error) => {
                record::announced(AnnounceResult::Aborted, began.elapsed());
                self.give_up(error, began)
            }
        }
    }

    fn send(&self, deadline: Deadline, message: &Announcement) -> Result<(), KafkaError> {
        let topic = message.topic.name(&self.prefix);
        let mut record = BaseRecord::to(&topic)
            .key(&message.key)
            .payload(&message.payload)
            .headers(owned(&message.headers));
        loop {
            self.pulse.beat();
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), held))
                    if !deadline.is_over() =>
                {
                    record = held;
                    self.producer.flush(Duration::from_millis(100)).ok();
                }
                Err((error, _)) => return Err(error),
            }
        }
    }

    /// Repeats a call for as long as the client says that the same again may help.
    fn again(
        &self,
        deadline: Deadline,
        call: impl Fn(Duration) -> Result<(), KafkaError>,
    ) -> Result<(), KafkaError> {
        loop {
            self.pulse.beat();
            match call(deadline.for_one_call()) {
                Err(KafkaError::Transaction(error))
                    if error.is_retriable() && !deadline.is_over() =>
                {
                    tracing::warn!(code = %error.name(), "the broker does not commit; trying again");
                }
                done => return done,
            }
        }
    }

    fn give_up(&mut self, error: KafkaError, began: Instant) -> Result<Outcome, Fault> {
        if let KafkaError::Transaction(cause) = &error
            && (cause.is_fatal() || cause.is_retriable())
        {
            return Err(ended(error));
        }
        let deadline = Deadline::after(self.patience.abort);
        self.again(deadline, |time| self.producer.abort_transaction(time)).map_err(ended)?;
        let refuses = |code| is_refusal(code) && !is_at_the_door(code);
        if error.rdkafka_error_code().is_some_and(refuses) {
            return Err(fault(error));
        }
        let now = Instant::now();
        let row = self.in_vain.insert(InVain::and(self.in_vain, began, now));
        if now.duration_since(row.since) > PATIENCE {
            return Err(ended(error));
        }
        if now.duration_since(row.said) > COMPLAINT {
            row.said = now;
            tracing::warn!(%error, "no document can be announced; trying again");
        } else {
            tracing::info!(%error, "an announcement is taken back, and made again later");
        }
        Ok(Outcome::Aborted)
    }
}

/// The slot is another's, or the broker is away for too long.
#[derive(Debug, thiserror::Error)]
enum Ended {
    /// The broker answers both alike. Ending is right for either: started again, the slot is ours.
    #[error(
        "the broker takes no transactions of this worker any more: it was slow to answer and has \
         given the last one up, or another worker runs under the same slot (give each its own \
         --slot)"
    )]
    Fenced(#[source] KafkaError),
    #[error("the broker takes no transaction")]
    Broker(#[source] KafkaError),
}

fn ended(error: KafkaError) -> Fault {
    use RDKafkaErrorCode as E;
    let fenced = matches!(
        error.rdkafka_error_code(),
        Some(E::Fenced | E::ProducerFenced | E::InvalidProducerEpoch)
    );
    let ended = if fenced { Ended::Fenced(error) } else { Ended::Broker(error) };
    Fault::fatal(FatalKind::Unreachable, STAGE, ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_keeps_no_poll_waiting_for_longer_than_the_group_allows() {
        let mut config = ClientConfig::new();
        assert_eq!(Patience::of(&config).commit, PATIENCE);
        for milliseconds in [400, 45_000, 300_000, 3_600_000] {
            config.set("max.poll.interval.ms", milliseconds.to_string());
            let Patience { commit, abort } = Patience::of(&config);
            assert!(commit + abort < Duration::from_millis(milliseconds), "{milliseconds}");
        }
    }

    #[test]
    fn transactions_taken_back_long_apart_are_no_row() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let first = InVain::and(None, at(0), at(10));
        assert_eq!(first.since, at(10));
        let slow = InVain::and(Some(first), at(11), at(120));
        assert_eq!((slow.since, slow.last), (at(10), at(120)), "one that took long is of the row");
        assert!(at(140).duration_since(InVain::and(Some(slow), at(121), at(140)).since) > PATIENCE);
        let later = InVain::and(Some(slow), at(181), at(182));
        assert_eq!((later.since, later.said), (at(182), at(182)), "nothing was tried for a minute");
    }

    #[test]
    fn no_call_outlasts_the_deadline() {
        let long = Deadline::after(Duration::from_hours(1));
        assert!(!long.is_over() && long.for_one_call() == CALL);
        let over = Deadline::after(Duration::ZERO);
        assert!(over.is_over() && over.for_one_call() == Duration::from_millis(1));
    }
}
