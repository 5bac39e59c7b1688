//! Documents in by two lanes, their answers out, positions behind them.
//!
//! A thread of its own keeps the consumer ([`crate::keeper`]), so that no long document gets the
//! consumer evicted; here is what the rest of the process holds of it. Backpressure is pausing, never
//! not polling. What is handed out is noted at the broker first ([`crate::claims`]).

use std::{
    sync::{
        Arc,
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
    announce::{Announcement, Announcer},
    connect::STAGE,
    keeper::Keeper,
    lane::{Delivery, Lane, Place},
    partitions::Watch,
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
    desk: Desk,
    thread: std::thread::JoinHandle<Result<(), Fault>>,
}

/// What the lanes can be told; any number of hands may hold it.
#[derive(Debug, Clone)]
pub struct Desk {
    orders: Sender<Order>,
    watch: Arc<Watch>,
}

/// What the thread of the lanes is told.
#[derive(Debug)]
pub(crate) enum Order {
    Settle(Place, Vec<Announcement>),
    Pause(Lane, bool),
    Alone(Place, oneshot::Sender<()>),
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
        let announcer = Announcer::open(&settings.client, &settings.prefix, &settings.slot)?;
        let watch = Arc::new(Watch::new(&settings.prefix, announcer));
        let (deliver, deliveries) = unbounded_channel();
        let (orders, inbox) = channel();
        let keeper = Keeper::new(settings, Arc::clone(&watch), (deliver, inbox))?;
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

    /// Announces what is settled, leaves the group, and says why it ended if by itself. A message
    /// that is `blamed` ended the worker, and whoever takes it over knows.
    pub async fn end(self, blamed: Option<Place>) -> Result<(), Fault> {
        self.desk.tell(Order::End(blamed));
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

    /// Whether a broker answers, as the client last said; it says so every few seconds.
    pub fn is_reached(&self) -> bool {
        self.watch.is_reached()
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
