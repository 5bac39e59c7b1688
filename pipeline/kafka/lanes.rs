//! Documents in by two lanes, their answers out, positions behind them.
//!
//! One thread of its own keeps the consumer: it polls always, so that no long document gets the
//! consumer evicted, hands messages out, pauses what is not wanted now, collects answers, and
//! announces those whose predecessors all have theirs. Backpressure is pausing, never not polling.
//!
//! What is handed out is noted at the broker first ([`crate::claims`]).

use std::{
    collections::HashMap,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message as _, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
    message::{BorrowedMessage, Headers as _},
};
use sohoa_flow::{FatalKind, Fault, Urgency};
use sohoa_metrics::record;
use sohoa_schemas::message::MessagePosition;
use tokio::sync::{
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    oneshot,
};

use crate::{
    announce::{Announcement, Announcer},
    claims::Suspicion,
    connect::{STAGE, fault},
    partitions::{Held, State, Watch, Watcher},
    topics::{Topic, partitions, workers_group},
};

/// Longest wait for a message, and so for an answer to be looked at.
const POLL: Duration = Duration::from_millis(20);

/// Messages handed out at once, and so the most that one death makes suspect beside those queued.
const AT_ONCE: usize = 16;

/// Between two lines about the same trouble.
const COMPLAINT: Duration = Duration::from_secs(30);

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

impl From<Lane> for Urgency {
    fn from(lane: Lane) -> Self {
        match lane {
            Lane::Live => Self::Live,
            Lane::Bulk => Self::Bulk,
        }
    }
}

impl From<Lane> for sohoa_metrics::Lane {
    fn from(lane: Lane) -> Self {
        match lane {
            Lane::Live => Self::Live,
            Lane::Bulk => Self::Bulk,
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
    pub(crate) epoch: u64,
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
    /// Whether a worker died with it in hand.
    pub suspicion: Suspicion,
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
    Alone(Place, oneshot::Sender<()>),
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
        let watch = Arc::new(Watch::new(&settings.prefix, announcer));
        let consumer: BaseConsumer<Watcher> =
            group(&settings).create_with_context(Watcher(Arc::clone(&watch))).map_err(fault)?;
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

    /// Has it written down that nothing but this message is in hand. Returns when that is durable,
    /// or the message is not ours any more.
    pub async fn alone(&self, place: Place) {
        let (done, wait) = oneshot::channel();
        self.tell(Order::Alone(place, done));
        // The thread has ended: nothing is answered any more.
        wait.await.unwrap_or_default();
    }

    /// Whether the message is still ours to answer.
    pub fn holds(&self, place: &Place) -> bool {
        self.watch.holds(place)
    }

    /// Partitions held at the moment, by lane.
    pub fn assigned(&self, lane: Lane) -> usize {
        self.watch.assigned(lane)
    }

    /// Messages of our partitions that are not announced, as the broker last said.
    pub fn lag(&self, lane: Lane) -> u64 {
        self.watch.lag(lane)
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
        .set("group.id", workers_group(&settings.prefix))
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("statistics.interval.ms", "5000")
        // Messages are small and documents slow: what is fetched ahead would only be fetched again.
        .set("queued.min.messages", "200")
        .set("queued.max.messages.kbytes", "8192");
    config
}

/// The thread of the lanes.
struct Keeper {
    consumer: BaseConsumer<Watcher>,
    watch: Arc<Watch>,
    settings: LaneSettings,
    deliver: UnboundedSender<Delivery>,
    inbox: Receiver<Order>,
    /// What was paused, with its epoch. The client keeps its mark on a partition that is given up:
    /// one that comes back comes paused, and would stay so for ever.
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
                    Order::Alone(place, done) => {
                        self.alone(&place);
                        // Who asked may have been dropped.
                        done.send(()).unwrap_or_default();
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
        let settled = state.partition(&place).is_some_and(|held| {
            held.claims.settle(place.offset);
            held.prefix.settle(place.offset, answer)
        });
        if !settled {
            tracing::debug!(?place, "an answer came for a message that is another worker's now");
        }
    }

    fn alone(&self, place: &Place) {
        let mut state = self.watch.state();
        let Some(held) = state.partition(place) else { return };
        held.claims.set_alone(place.offset);
        self.note(&state);
    }

    /// Writes down what is in hand. Where that fails, a death goes unexplained, and nothing is lost.
    fn note(&self, state: &State) {
        let note = |_: &_, held: &Held| Some(held.claims.note());
        if let Err(error) = state.note(&self.consumer, &self.settings.prefix, note) {
            tracing::debug!(%error, "what is in hand is not written down");
        }
    }

    fn end(self) -> Result<(), Fault> {
        let mut state = self.watch.state();
        // Each turn announces something, or was taken back, and then nothing is lost.
        let mut owed = usize::MAX;
        while state.owed() < owed && state.held.values().any(Held::is_ready) {
            owed = state.owed();
            state.announce(&self.consumer, &self.settings.prefix)?;
        }
        let in_order = |_: &_, held: &Held| Some(held.claims.note_in_order());
        if let Err(error) = state.note(&self.consumer, &self.settings.prefix, in_order) {
            tracing::debug!(%error, "the group is left without a note");
        }
        drop(state);
        self.consumer.unsubscribe();
        Ok(())
    }

    fn pause_and_resume(&mut self, unwanted: &HashMap<Lane, bool>) -> Result<(), Fault> {
        let mut pause = TopicPartitionList::new();
        let mut resume = TopicPartitionList::new();
        let state = self.watch.state();
        for (key, held) in &state.held {
            let topic = || key.0.topic().name(&self.settings.prefix);
            if self.paused.get(key).is_some_and(|epoch| *epoch != held.epoch) {
                // It was paused when it was given up, and has come back so.
                self.paused.remove(key);
                resume.add_partition(&topic(), key.1);
                continue;
            }
            let is_paused = self.paused.contains_key(key);
            // Half the window free before it goes on, since what was fetched is fetched again.
            let bound = if is_paused { self.settings.window / 2 } else { self.settings.window };
            let wanted = !unwanted[&key.0] && held.prefix.len() < bound.max(1);
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
        for lane in Lane::ALL {
            let of = |key: &&(Lane, i32)| key.0 == lane;
            let assigned = state.held.keys().filter(of).count();
            let paused = self.paused.keys().filter(of).filter(|key| state.held.contains_key(key));
            record::partitions(lane.into(), assigned, paused.count());
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

    /// Takes what has come, writes down that it is in hand, and hands it out.
    fn poll(&mut self) -> Result<(), Fault> {
        let mut taken = Vec::new();
        let mut trouble = None;
        while taken.len() < AT_ONCE {
            let wait = if taken.is_empty() { POLL } else { Duration::ZERO };
            match self.consumer.poll(wait) {
                None => break,
                Some(Ok(message)) => taken.extend(take(&self.watch, &message)),
                Some(Err(error)) => {
                    trouble = Some(error);
                    break;
                }
            }
        }
        if !taken.is_empty() {
            self.note(&self.watch.state());
        }
        for delivery in taken {
            if self.deliver.send(delivery).is_err() {
                break;
            }
        }
        trouble.map_or(Ok(()), |error| complain(&mut self.complained_at, error))
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
    held.position.get_or_insert(offset);
    let suspicion = held.claims.judge(offset);
    held.claims.hand_out(offset);
    Some(Delivery {
        place: Place { lane, partition, offset, epoch: held.epoch },
        payload: message.payload().unwrap_or_default().to_vec(),
        headers: headers(message),
        sent_at: message.timestamp().to_millis(),
        suspicion,
    })
}

fn headers(message: &BorrowedMessage<'_>) -> Vec<(String, String)> {
    let Some(headers) = message.headers() else { return Vec::new() };
    let text = |value: Option<&[u8]>| Some(str::from_utf8(value?).ok()?.to_owned());
    let header = headers.iter();
    header.filter_map(|header| Some((header.key.to_owned(), text(header.value)?))).collect()
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
