//! The thread that keeps the consumer.
//!
//! It polls always, hands messages out, pauses what is not wanted now, collects answers, and
//! announces those whose predecessors all have theirs. No call of it waits for a document.

use std::{
    collections::HashMap,
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message as _, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
    message::{BorrowedMessage, Headers as _},
};
use sohoa_flow::Fault;
use sohoa_metrics::record;
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    announce::Announcement,
    connect::fault,
    lane::{Delivery, Lane, Place},
    lanes::{LaneSettings, Order},
    partitions::{Held, Watch, Watcher},
    topics::workers_group,
};

/// Longest wait for a message, and so for an answer to be looked at.
const POLL: Duration = Duration::from_millis(20);

/// Messages handed out at once, and so the most that one death makes suspect beside those queued.
const AT_ONCE: usize = 16;

/// Between two lines about the same trouble.
const COMPLAINT: Duration = Duration::from_secs(30);

/// The consumer and what is to be done with it.
pub(crate) struct Keeper {
    consumer: BaseConsumer<Watcher>,
    watch: Arc<Watch>,
    settings: LaneSettings,
    deliver: UnboundedSender<Delivery>,
    inbox: Receiver<Order>,
    /// What was paused, with its epoch. The client keeps its mark on a partition that is given up:
    /// one that comes back comes paused, and would stay so for ever.
    paused: HashMap<(Lane, i32), u64>,
    announced_at: Instant,
    /// Whether the last note did not get through.
    note_owed: bool,
    complained_at: Option<Instant>,
}

impl Keeper {
    /// Joins the group.
    ///
    /// # Errors
    /// The client cannot be made of these settings.
    pub(crate) fn new(
        settings: LaneSettings,
        watch: Arc<Watch>,
        (deliver, inbox): (UnboundedSender<Delivery>, Receiver<Order>),
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
            inbox,
            paused: HashMap::new(),
            announced_at: Instant::now(),
            note_owed: false,
            complained_at: None,
        })
    }

    /// Works until told to end.
    ///
    /// # Errors
    /// What no other message can get past.
    pub(crate) fn run(mut self) -> Result<(), Fault> {
        let mut unwanted = HashMap::from(Lane::ALL.map(|lane| (lane, false)));
        loop {
            let mut ending = None;
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

    fn alone(&mut self, place: &Place) {
        if let Some(held) = self.watch.state().partition(place) {
            held.claims.set_alone(place.offset);
        }
        self.note();
    }

    /// Writes down what is in hand. Where that fails, a death goes unexplained, and nothing is lost;
    /// it is written again, since the request may still be on its way, with positions of old.
    fn note(&mut self) {
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
            self.note();
        }
        for delivery in taken {
            if self.deliver.send(delivery).is_err() {
                break;
            }
        }
        trouble.map_or(Ok(()), |error| complain(&mut self.complained_at, error))
    }
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
        key: message.key().map(<[u8]>::to_vec),
        payload: message.payload().unwrap_or_default().to_vec(),
        headers: headers(message),
        suspicion,
    })
}

fn headers(message: &BorrowedMessage<'_>) -> Vec<(String, String)> {
    let Some(headers) = message.headers() else { return Vec::new() };
    let text = |value: Option<&[u8]>| Some(str::from_utf8(value?).ok()?.to_owned());
    let header = headers.iter();
    header.filter_map(|header| Some((header.key.to_owned(), text(header.value)?))).collect()
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
