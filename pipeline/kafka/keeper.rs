//! The thread that keeps the consumer.
//!
//! It polls always, hands messages out as there is room for them, pauses what it has enough of,
//! collects answers, and announces those whose predecessors all have theirs. No call of it waits for
//! a document.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message as _, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    message::BorrowedMessage,
};
use sohoa_flow::Fault;
use sohoa_metrics::record;
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    announcement::Announcement,
    claims::Suspicion,
    connect::{Complaints, fault},
    ends::Question,
    lane::{Delivery, Lane, Place, headers},
    lanes::{Company, LaneSettings, Order, Room},
    partitions::{Held, Watch, Watcher},
    topics::workers_group,
};

/// Longest wait for a message, and so for an answer to be looked at.
const POLL: Duration = Duration::from_millis(20);

/// Messages taken from the client at once, before answers are looked at again.
const AT_ONCE: usize = 16;

/// Messages of a lane that lie here until there is room for them. They are handed out while a paused
/// partition is fetched again, which takes about [`FETCH_MS`].
const AHEAD: usize = 64;

/// Longest time the broker lets a request for messages wait for some. A partition that is resumed
/// waits for the one under way.
const FETCH_MS: &str = "50";

/// The consumer and what is to be done with it.
pub(crate) struct Keeper {
    consumer: BaseConsumer<Watcher>,
    watch: Arc<Watch>,
    settings: LaneSettings,
    deliver: UnboundedSender<Delivery>,
    /// By lane: how many may be handed out, and were.
    room: Arc<Room>,
    handed_out: [u64; 2],
    /// By lane: messages that are taken and in nobody's hands.
    waiting: [VecDeque<Delivery>; 2],
    inbox: Receiver<Order>,
    /// What was paused, with its epoch. The client keeps its mark on a partition that is given up:
    /// one that comes back comes paused, and would stay so for ever.
    paused: HashMap<(Lane, i32), u64>,
    announced_at: Instant,
    /// Whether the last note did not get through.
    note_owed: bool,
    complaints: Complaints,
    question: Question,
}

impl Keeper {
    /// Joins the group.
    ///
    /// # Errors
    /// The client cannot be made of these settings.
    pub(crate) fn new(
        settings: LaneSettings,
        watch: Arc<Watch>,
        (deliver, room): (UnboundedSender<Delivery>, Arc<Room>),
        inbox: Receiver<Order>,
    ) -> Result<Self, Fault> {
        let consumer: BaseConsumer<Watcher> =
            group(&settings).create_with_context(Watcher(Arc::clone(&watch))).map_err(fault)?;
        let topics = Lane::ALL.map(|lane| lane.topic().name(&settings.prefix));
        consumer.subscribe(&topics.each_ref().map(String::as_str)).map_err(fault)?;
        Ok(Self {
            consumer,
            watch,
            settings,
            deliver,
            room,
            handed_out: [0; 2],
            waiting: Default::default(),
            inbox,
            paused: HashMap::new(),
            announced_at: Instant::now(),
            note_owed: false,
            complaints: Complaints::default(),
            question: Question::default(),
        })
    }

    /// Works until told to end.
    ///
    /// # Errors
    /// What no other message can get past.
    pub(crate) fn run(mut self) -> Result<(), Fault> {
        loop {
            self.watch.pulse.beat();
            let mut ending = None;
            while let Ok(order) = self.inbox.try_recv() {
                match order {
                    Order::Settle(place, answer) => self.settle(place, answer),
                    Order::Company(place, company, done) => {
                        self.accompany(&place, company);
                        // Who asked may have been dropped.
                        done.send(()).unwrap_or_default();
                    }
                    Order::PutBack(place) => self.put_back(&place),
                    Order::End(blamed) => ending = Some(blamed),
                }
            }
            if let Some(blamed) = ending {
                return self.end(blamed);
            }
            if self.announced_at.elapsed() >= self.settings.announce_every {
                self.announced_at = Instant::now();
                self.watch.state().announce(&self.consumer, &self.settings.prefix)?;
                if self.note_owed {
                    self.note();
                }
            }
            let all_known = self.watch.state().held.values().all(|held| held.end.is_known());
            if self.question.is_due(all_known) && self.watch.reach().is_there() {
                self.watch.ask_ends(&self.consumer);
            }
            self.watch.pulse.beat();
            self.pause_and_resume()?;
            self.poll()?;
            self.hand_out();
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

    fn accompany(&mut self, place: &Place, company: Company) {
        if let Some(held) = self.watch.state().partition(place) {
            match company {
                Company::None => held.claims.set_alone(place.offset),
                Company::Some => held.claims.set_accompanied(place.offset),
            }
        }
        self.note();
    }

    fn put_back(&mut self, place: &Place) {
        if let Some(held) = self.watch.state().partition(place) {
            held.claims.put_back(place.offset);
        }
        self.note();
    }

    /// Writes down what is in hand. Where that fails, a death goes unexplained, and nothing is lost;
    /// it is written again, since the request may still be on its way, with positions of old.
    fn note(&mut self) {
        self.watch.pulse.beat();
        let note = |_: &_, held: &Held| Some(held.claims.note());
        let noted = self.watch.state().note(&self.consumer, &self.settings.prefix, note);
        self.note_owed = noted.is_err();
        if let Err(error) = noted {
            tracing::debug!(%error, "what is in hand is not written down");
        }
    }

    fn end(self, blamed: Option<Place>) -> Result<(), Fault> {
        let mut state = self.watch.state();
        // Each turn announces something, or was taken back, and then nothing is lost.
        let mut owed = usize::MAX;
        while state.owed() < owed && state.held.values().any(Held::is_ready) {
            owed = state.owed();
            self.watch.pulse.beat();
            state.announce(&self.consumer, &self.settings.prefix)?;
        }
        let note = |key: &(Lane, i32), held: &Held| {
            let blamed = blamed
                .filter(|place| (place.lane, place.partition) == *key && place.epoch == held.epoch);
            Some(match blamed {
                Some(place) => held.claims.note_blaming(place.offset),
                None => held.claims.note_in_order(),
            })
        };
        if let Err(error) = state.note(&self.consumer, &self.settings.prefix, note) {
            tracing::debug!(%error, "the group is left without a note");
        }
        // The client gives the partitions up once more when it is closed, and would write over it.
        state.held.clear();
        self.watch.show(&state);
        drop(state);
        self.consumer.unsubscribe();
        Ok(())
    }

    fn pause_and_resume(&mut self) -> Result<(), Fault> {
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
            // Half free before it goes on, since what was fetched is fetched again.
            let bound = |all: usize| if is_paused { all / 2 } else { all }.max(1);
            let wanted = self.waiting[key.0 as usize].len() < bound(AHEAD)
                && held.prefix.len() < bound(self.settings.window);
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

    /// Takes what has come.
    fn poll(&mut self) -> Result<(), Fault> {
        for turn in 0..AT_ONCE {
            let wait = if turn == 0 { POLL } else { Duration::ZERO };
            match self.consumer.poll(wait) {
                None => break,
                Some(Ok(message)) => {
                    if let Some(delivery) = take(&self.watch, &message) {
                        self.waiting[delivery.place.lane as usize].push_back(delivery);
                    }
                }
                Some(Err(error)) => {
                    return self.complaints.pass(error, self.watch.reach());
                }
            }
        }
        Ok(())
    }

    /// Hands out what there is room for, once it is written down that it is in hand.
    fn hand_out(&mut self) {
        let mut ready = Vec::new();
        for lane in Lane::ALL {
            let handed_out = &mut self.handed_out[lane as usize];
            while *handed_out < self.room.of(lane)
                && let Some(mut delivery) = self.waiting[lane as usize].pop_front()
            {
                let Place { offset, .. } = delivery.place;
                // What was taken away meanwhile is another worker's.
                let mut state = self.watch.state();
                let Some(held) = state.partition(&delivery.place) else { continue };
                delivery.suspicion = held.claims.judge(offset);
                held.claims.hand_out(offset);
                *handed_out += 1;
                ready.push(delivery);
            }
        }
        if !ready.is_empty() {
            self.note();
        }
        for delivery in ready {
            // Nobody takes anything any more: it is done again elsewhere.
            if self.deliver.send(delivery).is_err() {
                break;
            }
        }
    }
}

/// Opens the message's account; none when it is open already or its partition is gone.
fn take(watch: &Watch, message: &BorrowedMessage<'_>) -> Option<Delivery> {
    let lane = watch.lane(message.topic())?;
    let (partition, offset) = (message.partition(), message.offset());
    let mut state = watch.state();
    let announced = |held: &Held| held.position.is_some_and(|position| offset < position);
    if state.held.get(&(lane, partition)).is_some_and(announced) {
        watch.begin_anew(&mut state, (lane, partition), Some(offset));
    }
    let held = state.held.get_mut(&(lane, partition))?;
    if !held.prefix.take(offset) {
        return None;
    }
    held.position.get_or_insert(offset);
    held.reading.took(offset);
    Some(Delivery {
        place: Place { lane, partition, offset, epoch: held.epoch },
        key: message.key().map(<[u8]>::to_vec),
        payload: message.payload().unwrap_or_default().to_vec(),
        headers: headers(message),
        suspicion: Suspicion::None,
    })
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
    if config.get("fetch.wait.max.ms").is_none() {
        config.set("fetch.wait.max.ms", FETCH_MS);
    }
    config
}
