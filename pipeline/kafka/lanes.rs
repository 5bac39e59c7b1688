//! Documents in by two lanes, their answers out, positions behind them.
//!
//! A thread of its own keeps the consumer ([`crate::keeper`]), so that no long document gets the
//! consumer evicted; here is what the rest of the process holds of it. A message is handed out when
//! there is room for it, and noted at the broker first ([`crate::claims`]): so few are suspect when
//! the worker dies. Backpressure is pausing, never not polling.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Sender, channel},
    },
    time::Duration,
};

use rdkafka::ClientConfig;
use sohoa_flow::{FatalKind, Fault};
use tokio::sync::{
    mpsc::{UnboundedReceiver, unbounded_channel},
    oneshot,
};

use crate::{
    announce::Announcer,
    announcement::Announcement,
    connect::STAGE,
    keeper::Keeper,
    lane::{Delivery, Lane, Place},
    partitions::Watch,
    pulse::Pulse,
    topics::{Topic, partitions},
};

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

/// The lanes of a worker. Ends when told, or with the fault that ended the thread.
#[derive(Debug)]
pub struct Lanes {
    deliveries: UnboundedReceiver<Delivery>,
    /// Messages of each lane that were received.
    received: [u64; 2],
    room: Arc<Room>,
    handle: LaneHandle,
    thread: std::thread::JoinHandle<Result<(), Fault>>,
}

/// How many messages of each lane may be handed out, from the first one on.
#[derive(Debug, Default)]
pub(crate) struct Room([AtomicU64; 2]);

impl Room {
    /// Up to which number messages of a lane may be handed out.
    pub(crate) fn of(&self, lane: Lane) -> u64 {
        self.0[lane as usize].load(Ordering::Relaxed)
    }
}

/// What the lanes can be told; any number of hands may hold it.
#[derive(Debug, Clone)]
pub struct LaneHandle {
    orders: Sender<Order>,
    watch: Arc<Watch>,
}

/// What is in hand beside a suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// Nothing.
    None,
    /// Documents that are no suspects.
    Some,
}

/// What the thread of the lanes is told.
#[derive(Debug)]
pub(crate) enum Order {
    Settle(Place, Vec<Announcement>),
    Company(Place, Company, oneshot::Sender<()>),
    PutBack(Place),
    End(Option<Place>),
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
        let pulse = Arc::new(Pulse::of(&settings.client));
        let slot = (settings.prefix.as_str(), settings.slot.as_str());
        let announcer = Announcer::open(&settings.client, slot, Arc::clone(&pulse))?;
        let watch = Arc::new(Watch::new(&settings.prefix, announcer, pulse));
        let (deliver, deliveries) = unbounded_channel();
        let (orders, inbox) = channel();
        let room = Arc::new(Room::default());
        let hall = (deliver, Arc::clone(&room));
        let keeper = Keeper::new(settings, Arc::clone(&watch), hall, inbox)?;
        let thread = std::thread::Builder::new()
            .name("lanes".into())
            .spawn(move || keeper.run())
            .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
        let handle = LaneHandle { orders, watch };
        Ok(Self { deliveries, received: [0; 2], room, handle, thread })
    }

    /// The next message; `None` once the lanes have ended.
    pub async fn next(&mut self) -> Option<Delivery> {
        let delivery = self.deliveries.recv().await?;
        self.received[delivery.place.lane as usize] += 1;
        Some(delivery)
    }

    /// There is room for so many messages of a lane beside those that came from [`Lanes::next`].
    pub fn admit(&self, lane: Lane, messages: usize) {
        let all = self.received[lane as usize] + messages as u64;
        self.room.0[lane as usize].store(all, Ordering::Relaxed);
    }

    /// Where answers are given.
    pub fn handle(&self) -> LaneHandle {
        self.handle.clone()
    }

    /// Announces what is settled, leaves the group, and says why it ended if by itself. A message
    /// that is `blamed` ended the worker, and whoever takes it over knows.
    pub async fn end(self, blamed: Option<Place>) -> Result<(), Fault> {
        self.handle.tell(Order::End(blamed));
        let joined = tokio::task::spawn_blocking(|| self.thread.join()).await;
        match joined {
            Ok(Ok(ended)) => ended,
            _ => Err(Fault::fatal(FatalKind::Internal, STAGE, "the thread of the lanes broke")),
        }
    }
}

impl LaneHandle {
    /// The document's outcome is durable; these are its announcements.
    pub fn settle(&self, place: Place, answer: Vec<Announcement>) {
        self.tell(Order::Settle(place, answer));
    }

    /// Has it written down what is in hand beside this suspect. Returns when that is durable, or the
    /// message is not ours any more.
    pub async fn accompany(&self, place: Place, company: Company) {
        let (done, wait) = oneshot::channel();
        self.tell(Order::Company(place, company, done));
        // The thread has ended: nothing is answered any more.
        wait.await.unwrap_or_default();
    }

    /// The message waits for another turn: what is done meanwhile is not its doing.
    pub fn put_back(&self, place: Place) {
        self.tell(Order::PutBack(place));
    }

    /// Whether the message is still ours to answer.
    pub fn holds(&self, place: &Place) -> bool {
        self.watch.holds(place)
    }

    /// Whether a broker answers, as the client last said; it says so every few seconds.
    pub fn is_reached(&self) -> bool {
        self.watch.reach().is_there()
    }

    /// Whether the thread of the lanes is in a call for longer than any may take. It may never return,
    /// while the group waits for it until `max.poll.interval.ms` is over: ending the process gives the
    /// partitions to others sooner.
    pub fn is_stuck(&self) -> bool {
        self.watch.pulse.has_stopped()
    }

    /// Messages of our partitions that are not announced, as the broker last said; none while it has
    /// not.
    pub fn lag(&self, lane: Lane) -> Option<u64> {
        self.watch.lag(lane)
    }

    fn tell(&self, order: Order) {
        // Once the thread has ended, everything it would be told is done again elsewhere.
        if self.orders.send(order).is_err() {
            tracing::debug!("the lanes have ended already");
        }
    }
}
