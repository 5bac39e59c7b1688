//! What waits for a slot, by lane: short queues, since what waits here waits at the broker as well.

use std::collections::VecDeque;

use sohoa_kafka::{Delivery, Lane};
use sohoa_metrics::edge::{Edge, Lying};

/// The two queues.
#[derive(Debug)]
pub(crate) struct Queues {
    waiting: [VecDeque<(Delivery, Lying)>; 2],
    /// Where operators see what waits.
    edge: Edge,
    paused: [bool; 2],
    /// Length at which a lane is paused; at half of it, it goes on.
    bound: usize,
}

/// A lane is to be paused or to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    /// The lane.
    pub(crate) lane: Lane,
    /// Whether it is paused.
    pub(crate) paused: bool,
}

impl Queues {
    /// Queues of about `bound` each; messages that are on their way when a lane is paused still come.
    pub(crate) fn new(bound: usize, edge: Edge) -> Self {
        Self { waiting: Default::default(), edge, paused: [false; 2], bound: bound.max(2) }
    }

    /// Adds a message.
    pub(crate) fn push(&mut self, delivery: Delivery) {
        let lying = self.edge.put(delivery.payload.len() as u64);
        self.waiting[delivery.place.lane as usize].push_back((delivery, lying));
    }

    /// The next message of a lane.
    pub(crate) fn pop(&mut self, lane: Lane) -> Option<Delivery> {
        self.waiting[lane as usize].pop_front().map(|(delivery, _)| delivery)
    }

    /// Messages waiting in a lane.
    pub(crate) fn len(&self, lane: Lane) -> usize {
        self.waiting[lane as usize].len()
    }

    /// Forgets what waits.
    pub(crate) fn clear(&mut self) {
        self.waiting.iter_mut().for_each(VecDeque::clear);
    }

    /// The lanes whose state has to change.
    pub(crate) fn turns(&mut self) -> Vec<Turn> {
        let mut turns = Vec::new();
        for lane in Lane::ALL {
            let (length, paused) = (self.len(lane), self.paused[lane as usize]);
            let wanted = if paused { length > self.bound / 2 } else { length >= self.bound };
            if wanted != paused {
                self.paused[lane as usize] = wanted;
                turns.push(Turn { lane, paused: wanted });
            }
        }
        turns
    }
}
