//! Documents in by two lanes, their answers out, positions behind them.
//!
//! One thread of its own keeps the consumer: it polls always, so that no long document gets the
//! consumer evicted, hands messages out, pauses what is not wanted now, collects answers, and
//! announces those whose predecessors all have theirs. Backpressure is pausing, never not polling.
//!
//! When a partition is taken away, what is settled of it is announced first; after that nothing of
//! it can be announced any more from here, since its epoch is gone and the group's generation with it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, ClientContext, Message as _, Offset, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance},
    error::KafkaError,
    message::{BorrowedMessage, Headers as _},
};
use sohoa_flow::{FatalKind, Fault, Prefix};
use sohoa_schemas::message::MessagePosition;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::{
    announce::{Announcement, Announcer, Outcome},
    connect::{STAGE, fault},
    topics::{Topic, partitions},
};

/// Longest wait for a message, and so for an answer to be looked at.
const POLL: Duration = Duration::from_millis(20);

/// Between two lines about the same trouble.
const COMPLAINT: Duration = Duration::from_secs(30);

/// Most answers in one transaction.
const ANSWERS: usize = 2_000;

/// Live first, bulk fills the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Somebody waits for it.
    Live,
    /// A backfill.
    Bulk,
}

impl Lane {
    /// Both, the more urgent first.
    pub const ALL: [Self; 2] = [Self::Live, Self::Bulk];

    /// Its name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Bulk => "bulk",
        }
    }

    /// Its topic.
    pub fn topic(self) -> Topic {
        match self {
            Self::Live => Topic::Live,
            Self::Bulk => Topic::Bulk,
        }
    }
}

/// How lanes are kept.
#[derive(Debug, Clone)]
pub struct LaneSettings {
    /// Brokers and what is passed through.
    pub client: ClientConfig,
    /// First part of the topics' and the group's names.
    pub prefix: String,
    /// Name of this worker, the same after a restart, no other's at the same time.
    pub slot: String,
    /// Messages of a partition that may be taken and not announced: the width of the reordering.
    pub window: usize,
    /// Between two announcements.
    pub announce_every: Duration,
}

/// Where a message stands, for as long as its partition is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The lane.
    pub lane: Lane,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    epoch: u64,
}

impl Place {
    /// As messages and entries name it.
    pub fn position(&self, prefix: &str) -> MessagePosition {
        let Self { lane, partition, offset, .. } = *self;
        MessagePosition { topic: lane.topic().name(prefix), partition, offset }
    }
}

/// A message.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Where it stands.
    pub place: Place,
    /// Its body.
    pub payload: Vec<u8>,
    /// Its headers; one that is no text is left out.
    pub headers: Vec<(String, String)>,
    /// When it was sent, milliseconds since 1970.
    pub sent_at: Option<i64>,
}

/// The lanes of a worker. Ends when told, or with the fault that ended the thread.
#[derive(Debug)]
pub struct Lanes {
    deliveries: UnboundedReceiver<Delivery>,
    desk: Desk,
    thread: std::thread::JoinHandle<Result<(), Fault>>,
}

/// What the lanes can be told; any number of hands may hold it.
#[derive(Debug, Clone)]
pub struct Desk {
    orders: Sender<Order>,
    watch: Arc<Watch>,
}

#[derive(Debug)]
enum Order {
    Settle(Place, Vec<Announcement>),
    Pause(Lane, bool),
    End,
}

impl Lanes {
    /// Looks whether the topics are there, takes the slot over and joins the group. Blocks.
    ///
    /// # Errors
    /// `Fatal` when the broker refuses or a topic is missing, `Retry` when it does not answer.
    pub fn open(settings: LaneSettings) -> Result<Self, Fault> {
        let name = |topic: Topic| topic.name(&settings.prefix);
        let needed = [Topic::Live, Topic::Bulk, Topic::Documents, Topic::DeadLetters].map(name);
        partitions(&settings.client, &needed)?;
        let announcer = Announcer::open(&settings.client, &settings.prefix, &settings.slot)?;
        let watch = Arc::new(Watch {
            prefix: settings.prefix.clone(),
            state: Mutex::new(State { announcer, held: HashMap::new(), epoch: 0, fault: None }),
        });
        let consumer: BaseConsumer<Watcher> = group(&settings)
            .create_with_context(Watcher(Arc::clone(&watch)))
            .map_err(fault)?;
        let topics = Lane::ALL.map(|lane| lane.topic().name(&settings.prefix));
        consumer.subscribe(&topics.each_ref().map(String::as_str)).map_err(fault)?;
        let (deliver, deliveries) = unbounded_channel();
        let (orders, inbox) = channel();
        let keeper = Keeper {
            consumer,
            watch: Arc::clone(&watch),
            settings,
            deliver,
            inbox,
            paused: HashMap::new(),
            announced_at: Instant::now(),
            complained_at: None,
        };
        let thread = std::thread::Builder::new()
            .name("lanes".into())
            .spawn(move || keeper.run())
            .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
        Ok(Self { deliveries, desk: Desk { orders, watch }, thread })
    }

    /// The next message; `None` once the lanes have ended.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }

    /// Where answers are given.
    pub fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// Announces what is settled, leaves the group, and says why it ended if by itself.
    pub async fn end(self) -> Result<(), Fault> {
        self.desk.tell(Order::End);
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await;
        match joined {
            Ok(Ok(ended)) => ended,
            _ => Err(Fault::fatal(FatalKind::Internal, STAGE, "the thread of the lanes broke")),
        }
    }
}

impl Desk {
    /// The document's outcome is durable; these are its announcements.
    pub fn settle(&self, place: Place, answer: Vec<Announcement>) {
        self.tell(Order::Settle(place, answer));
    }

    /// Whether a lane's messages are wanted now.
    pub fn pause(&self, lane: Lane, paused: bool) {
        self.tell(Order::Pause(lane, paused));
    }

    /// Whether the message is still ours to answer.
    pub fn holds(&self, place: &Place) -> bool {
        self.watch.state().partition(place).is_some()
    }

    /// Messages taken and not announced, over all partitions.
    pub fn owed(&self) -> usize {
        self.watch.state().held.values().map(|held| held.prefix.len()).sum()
    }

    /// Partitions held at the moment, by lane.
    pub fn assigned(&self, lane: Lane) -> usize {
        self.watch.state().held.keys().filter(|(of, _)| *of == lane).count()
    }

    fn tell(&self, order: Order) {
        // Once the thread has ended, everything it would be told is done again elsewhere.
        if self.orders.send(order).is_err() {
            tracing::debug!("the lanes have ended already");
        }
    }
}

fn group(settings: &LaneSettings) -> ClientConfig {
    let mut config = settings.client.clone();
    config
        .set("group.id", format!("{}-workers", settings.prefix))
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // Messages are small and documents slow: what is fetched ahead would only be fetched again.
        .set("queued.min.messages", "200")
        .set("queued.max.messages.kbytes", "8192");
    config
}

/// What the thread and the callbacks of a rebalance share.
#[derive(Debug)]
struct Watch {
    prefix: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    announcer: Announcer,
    held: HashMap<(Lane, i32), Held>,
    epoch: u64,
    /// What a callback met and could not return.
    fault: Option<Fault>,
}

/// A partition of ours.
#[derive(Debug)]
struct Held {
    epoch: u64,
    prefix: Prefix<Vec<Announcement>>,
}

impl Watch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lane(&self, topic: &str) -> Option<Lane> {
        Lane::ALL.into_iter().find(|lane| lane.topic().name(&self.prefix) == topic)
    }

    fn keys(&self, list: &TopicPartitionList) -> Vec<(Lane, i32)> {
        let elements = list.elements();
        let key = |topic: &str, partition| Some((self.lane(topic)?, partition));
        elements.iter().filter_map(|element| key(element.topic(), element.partition())).collect()
    }
}

impl State {
    fn partition(&mut self, place: &Place) -> Option<&mut Held> {
        let held = self.held.get_mut(&(place.lane, place.partition));
        held.filter(|held| held.epoch == place.epoch)
    }

    fn assign(&mut self, keys: Vec<(Lane, i32)>) {
        self.epoch += 1;
        for key in keys {
            self.held.insert(key, Held { epoch: self.epoch, prefix: Prefix::default() });
        }
    }

    /// Announces every answer whose predecessors have theirs.
    fn announce(&mut self, consumer: &BaseConsumer<Watcher>, prefix: &str) -> Result<(), Fault> {
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
            counts.push((*key, count));
        }
        if counts.is_empty() {
            return Ok(());
        }
        let Some(group) = consumer.group_metadata() else { return Ok(()) };
        let messages = counts.iter().flat_map(|(key, count)| {
            self.held[key].prefix.ready().take(*count).flat_map(|(_, answer)| answer)
        });
        if self.announcer.announce(messages, &positions, &group)? == Outcome::Committed {
            for (key, count) in counts {
                if let Some(held) = self.held.get_mut(&key) {
                    held.prefix.announced(count);
                }
            }
        }
        Ok(())
    }
}

/// Callbacks of the client; they run inside `poll`, on the thread of the lanes.
#[derive(Debug)]
struct Watcher(Arc<Watch>);

impl ClientContext for Watcher {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, message, "librdkafka");
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
        if !consumer.assignment_lost()
            && let Err(fault) = state.announce(consumer, &self.0.prefix)
        {
            state.fault = Some(fault);
        }
        for key in self.0.keys(list) {
            state.held.remove(&key);
        }
        tracing::info!(partitions = list.count(), "partitions are given up");
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                let keys = self.0.keys(list);
                tracing::info!(partitions = keys.len(), "partitions are taken on");
                self.0.state().assign(keys);
            }
            Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => tracing::warn!(%error, "a rebalance failed"),
        }
    }
}

/// The thread of the lanes.
struct Keeper {
    consumer: BaseConsumer<Watcher>,
    watch: Arc<Watch>,
    settings: LaneSettings,
    deliver: UnboundedSender<Delivery>,
    inbox: Receiver<Order>,
    /// What is paused: by its epoch, since a partition that comes back comes un-paused.
    paused: HashMap<(Lane, i32), u64>,
    announced_at: Instant,
    complained_at: Option<Instant>,
}

impl Keeper {
    fn run(mut self) -> Result<(), Fault> {
        let mut unwanted = HashMap::from(Lane::ALL.map(|lane| (lane, false)));
        loop {
            let mut ending = false;
            while let Ok(order) = self.inbox.try_recv() {
                match order {
                    Order::Settle(place, answer) => self.settle(place, answer),
                    Order::Pause(lane, paused) => {
                        unwanted.insert(lane, paused);
                    }
                    Order::End => ending = true,
                }
            }
            if ending {
                return self.end();
            }
            if self.announced_at.elapsed() >= self.settings.announce_every {
                self.announced_at = Instant::now();
                self.watch.state().announce(&self.consumer, &self.settings.prefix)?;
            }
            self.pause_and_resume(&unwanted)?;
            self.poll()?;
            if let Some(fault) = self.watch.state().fault.take() {
                return Err(fault);
            }
        }
    }

    fn settle(&self, place: Place, answer: Vec<Announcement>) {
        let mut state = self.watch.state();
        let settled = state.partition(&place).is_some_and(|p| p.prefix.settle(place.offset, answer));
        if !settled {
            tracing::debug!(?place, "an answer came for a message that is another worker's now");
        }
    }

    fn end(self) -> Result<(), Fault> {
        let mut state = self.watch.state();
        // Bounded: each turn announces, or the transaction was taken back and nothing is lost.
        while state.held.values().any(|held| held.prefix.ready().next().is_some()) {
            let before: usize = state.held.values().map(|held| held.prefix.len()).sum();
            state.announce(&self.consumer, &self.settings.prefix)?;
            if before == state.held.values().map(|held| held.prefix.len()).sum() {
                break;
            }
        }
        drop(state);
        self.consumer.unsubscribe();
        Ok(())
    }

    fn pause_and_resume(&mut self, unwanted: &HashMap<Lane, bool>) -> Result<(), Fault> {
        let mut pause = TopicPartitionList::new();
        let mut resume = TopicPartitionList::new();
        let state = self.watch.state();
        self.paused.retain(|key, epoch| {
            state.held.get(key).is_some_and(|held| held.epoch == *epoch)
        });
        for (key, held) in &state.held {
            let is_paused = self.paused.contains_key(key);
            // Half the window free before it goes on, since what was fetched is fetched again.
            let bound = if is_paused { self.settings.window / 2 } else { self.settings.window };
            let wanted = !unwanted[&key.0] && held.prefix.len() < bound.max(1);
            let topic = || key.0.topic().name(&self.settings.prefix);
            match (wanted, is_paused) {
                (false, false) => {
                    pause.add_partition(&topic(), key.1);
                    self.paused.insert(*key, held.epoch);
                }
                (true, true) => {
                    resume.add_partition(&topic(), key.1);
                    self.paused.remove(key);
                }
                _ => {}
            }
        }
        drop(state);
        if pause.count() > 0 {
            self.consumer.pause(&pause).map_err(fault)?;
        }
        if resume.count() > 0 {
            self.consumer.resume(&resume).map_err(fault)?;
        }
        Ok(())
    }

    fn poll(&mut self) -> Result<(), Fault> {
        // A full queue of fetched messages is handed out in one go.
        for turn in 0..100 {
            let wait = if turn == 0 { POLL } else { Duration::ZERO };
            let message = match self.consumer.poll(wait) {
                None => return Ok(()),
                Some(Ok(message)) => message,
                Some(Err(error)) => return complain(&mut self.complained_at, error),
            };
            if let Some(delivery) = take(&self.watch, &message)
                && self.deliver.send(delivery).is_err()
            {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Opens the message's account; none when it is open already or its partition is gone.
fn take(watch: &Watch, message: &BorrowedMessage<'_>) -> Option<Delivery> {
    let lane = watch.lane(message.topic())?;
    let (partition, offset) = (message.partition(), message.offset());
    let mut state = watch.state();
    let held = state.held.get_mut(&(lane, partition))?;
    if !held.prefix.take(offset) {
        return None;
    }
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        let text = |value: Option<&[u8]>| Some(str::from_utf8(value?).ok()?.to_owned());
        let header = headers.iter();
        header.filter_map(|header| Some((header.key.to_owned(), text(header.value)?))).collect()
    });
    Some(Delivery {
        place: Place { lane, partition, offset, epoch: held.epoch },
        payload: message.payload().unwrap_or_default().to_vec(),
        headers,
        sent_at: message.timestamp().to_millis(),
    })
}

/// Goes on after an error that passes, and says so now and then; ends on one that does not.
fn complain(complained_at: &mut Option<Instant>, error: KafkaError) -> Result<(), Fault> {
    let said = error.to_string();
    match fault(error) {
        Fault::Retry(_) => {
            if complained_at.is_none_or(|at| at.elapsed() > COMPLAINT) {
                *complained_at = Some(Instant::now());
                tracing::warn!(error = said, "the broker is in trouble; trying again");
            }
            Ok(())
        }
        fault => Err(fault),
    }
}
