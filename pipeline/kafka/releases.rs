//! The agency's word on held documents, at least once each: a position moves only after what came
//! before it is carried out. Carrying a release out twice finds the document published.
//!
//! A thread of its own keeps the consumer, as for the lanes: signing a batch, or a store that is away,
//! must not get it evicted.

use std::{
    collections::BTreeMap,
    sync::mpsc::{Receiver, Sender, channel},
    thread::JoinHandle,
    time::Duration,
};

use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    consumer::{BaseConsumer, CommitMode, Consumer as _},
};
use sohoa_flow::{FatalKind, Fault};
use sohoa_schemas::message::MessagePosition;
use tokio::sync::mpsc;

use crate::{
    connect::{Complaints, Reach, STAGE, fault},
    raw_message::RawMessage,
    topics::{Topic, partitions, releases_group},
};

/// Messages that are carried out together.
const AT_ONCE: usize = 50;

/// Longest wait for a message, and so for noticing an answer.
const POLL: Duration = Duration::from_millis(100);

/// The consumer of the topic. Ends when dropped.
#[derive(Debug)]
pub struct Releases {
    batches: mpsc::Receiver<Result<Vec<RawMessage>, Fault>>,
    done: Sender<()>,
    _thread: JoinHandle<()>,
}

impl Releases {
    /// Looks whether the topic is there and joins the group. Blocks.
    ///
    /// # Errors
    /// `Fatal` when the broker refuses or the topic is missing, `Retry` when none answers.
    pub fn open(base: &ClientConfig, prefix: &str) -> Result<Self, Fault> {
        let topic = Topic::Releases.name(prefix);
        partitions(base, std::slice::from_ref(&topic))?;
        let mut config = base.clone();
        config
            .set("group.id", releases_group(prefix))
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("isolation.level", "read_committed")
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .set("statistics.interval.ms", "5000");
        let reach = Reach::default();
        let consumer: Consumer = config.create_with_context(reach.clone()).map_err(fault)?;
        consumer.subscribe(&[&topic]).map_err(fault)?;
        let (deliver, batches) = mpsc::channel(1);
        let (done, answers) = channel();
        let complaints = Complaints::default();
        let keeper = Keeper { consumer, reach, deliver, answers, complaints };
        let thread = std::thread::Builder::new()
            .name("releases".into())
            .spawn(move || keeper.run())
            .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
        Ok(Self { batches, done, _thread: thread })
    }

    /// The next messages; the position moves behind them with [`Releases::done`].
    ///
    /// # Errors
    /// What no other message can get past.
    pub async fn next(&mut self) -> Result<Vec<RawMessage>, Fault> {
        let ended = || Fault::fatal(FatalKind::Internal, STAGE, "the thread of the releases broke");
        self.batches.recv().await.unwrap_or_else(|| Err(ended()))
    }

    /// What [`Releases::next`] gave last is carried out.
    pub fn done(&self) {
        // The thread has ended: what is done is found done the next time.
        self.done.send(()).unwrap_or_default();
    }
}

type Consumer = BaseConsumer<Reach>;

struct Keeper {
    consumer: Consumer,
    reach: Reach,
    deliver: mpsc::Sender<Result<Vec<RawMessage>, Fault>>,
    answers: Receiver<()>,
    complaints: Complaints,
}

impl Keeper {
    fn run(mut self) {
        let mut next = Vec::new();
        while !self.deliver.is_closed() {
            let mut kept = self.take(&mut next, POLL);
            if kept.is_ok() && !next.is_empty() {
                kept = self.carry_out(&mut next);
            }
            if let Err(fault) = kept {
                // Nobody listens any more.
                self.deliver.blocking_send(Err(fault)).unwrap_or_default();
                return;
            }
        }
    }

    /// Takes what has come.
    fn take(&mut self, batch: &mut Vec<RawMessage>, wait: Duration) -> Result<(), Fault> {
        // Each time: a partition that was given up paused comes back so.
        let held = self.consumer.assignment().map_err(fault)?;
        self.consumer.resume(&held).map_err(fault)?;
        let mut wait = wait;
        while batch.len() < AT_ONCE {
            match self.consumer.poll(wait) {
                None => break,
                Some(Ok(message)) => batch.push(RawMessage::of(&message)),
                Some(Err(error)) => {
                    return self.complaints.pass(error, &self.reach);
                }
            }
            wait = Duration::ZERO;
        }
        Ok(())
    }

    /// Hands a batch out and polls until it is carried out; then its positions are committed. What
    /// comes meanwhile, from a partition that is new, is left in `batch`.
    fn carry_out(&mut self, batch: &mut Vec<RawMessage>) -> Result<(), Fault> {
        let positions = behind(batch)?;
        if self.deliver.blocking_send(Ok(std::mem::take(batch))).is_err() {
            return Ok(());
        }
        while self.answers.try_recv().is_err() {
            if self.deliver.is_closed() {
                return Ok(());
            }
            // Each time, since a partition that is new comes unpaused.
            let held = self.consumer.assignment().map_err(fault)?;
            self.consumer.pause(&held).map_err(fault)?;
            match self.consumer.poll(POLL) {
                None => {}
                Some(Ok(message)) => batch.push(RawMessage::of(&message)),
                Some(Err(error)) => self.complaints.pass(error, &self.reach)?,
            }
        }
        if let Err(error) = self.consumer.commit(&positions, CommitMode::Sync) {
            tracing::debug!(%error, "releases that are carried out will be found done once more");
        }
        Ok(())
    }
}

/// The positions behind a batch.
fn behind(batch: &[RawMessage]) -> Result<TopicPartitionList, Fault> {
    let mut next: BTreeMap<(&str, i32), i64> = BTreeMap::new();
    for RawMessage { position: MessagePosition { topic, partition, offset }, .. } in batch {
        let at = next.entry((topic, *partition)).or_default();
        *at = (*at).max(offset + 1);
    }
    let mut list = TopicPartitionList::new();
    for ((topic, partition), offset) in next {
        list.add_partition_offset(topic, partition, Offset::Offset(offset)).map_err(fault)?;
    }
    Ok(list)
}
