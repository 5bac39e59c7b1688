//! A semaphore with two urgencies: who is live is served first.
//!
//! It counts units of anything: places, bytes. A part of them can be reserved for live.
//!
//! Invariants, after every step of anyone:
//! * what is granted never exceeds the total, and what is granted to bulk never exceeds the total
//!   less the reserve; except that one item of bulk larger than that is granted when nothing of bulk
//!   is and live has no more than its reserve or leaves room for it, and one of live larger than the
//!   total when nothing at all is;
//! * live may have its reserve at any time, beside such an item of bulk too: then what is granted
//!   exceeds the larger of the total and that item by no more than the reserve;
//! * nobody is granted anything while somebody live waits, except who is live and first in line;
//!   within an urgency the line is served in order, so that a large item is not passed for ever by
//!   small ones;
//! * the first in line does not wait for anything that is free and may be granted;
//! * a waiter that is dropped leaves neither its place in line nor units behind.
//!
//! It does not age: bulk waits as long as live takes everything, an item of bulk larger than its part
//! as long as live takes more than its reserve, and one of live larger than the total until nothing
//! is granted.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::urgency::Urgency;

/// The units and the two lines for them; a handle that can be cloned.
#[derive(Debug, Clone)]
pub struct PrioritySemaphore {
    state: Arc<Mutex<State>>,
}

/// Units granted; given back when dropped.
#[derive(Debug)]
#[must_use = "units are given back when the permit is dropped"]
pub struct Permit {
    state: Arc<Mutex<State>>,
    item: Item,
}

/// The semaphore was closed: it grants nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("closed")]
pub struct Closed;

impl PrioritySemaphore {
    /// A semaphore of `total` units, of which bulk may not touch `reserved`.
    pub fn new(total: u64, reserved: u64) -> Self {
        let bulk = total.saturating_sub(reserved);
        let state = State {
            total,
            parts: [total, bulk],
            granted: [0; 2],
            lines: [VecDeque::new(), VecDeque::new()],
            tickets: 0,
            closed: false,
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Waits for `units` (none counts as one), from the first poll on in line.
    pub async fn acquire(&self, urgency: Urgency, units: u64) -> Result<Permit, Closed> {
        let mut waiting = self.line_up(Item::new(urgency, units))?;
        (&mut waiting.granted).await.map_err(|_| Closed)?;
        Ok(self.permit(waiting.item))
    }

    /// Takes `units` when [`Self::acquire`] would not have to wait for them.
    pub fn try_acquire(&self, urgency: Urgency, units: u64) -> Option<Permit> {
        let item = Item::new(urgency, units);
        let mut state = lock(&self.state);
        // Live does not stand behind bulk.
        let nobody_ahead = state.lines[..=urgency as usize].iter().all(VecDeque::is_empty);
        if state.closed || !nobody_ahead || !state.fits(item) {
            return None;
        }
        state.grant(item);
        Some(self.permit(item))
    }

    /// Units granted to this urgency at the moment.
    pub fn granted(&self, urgency: Urgency) -> u64 {
        lock(&self.state).granted[urgency as usize]
    }

    /// Units granted at the moment to either.
    pub fn granted_in_all(&self) -> u64 {
        lock(&self.state).granted_in_all()
    }

    /// Those who wait.
    pub fn waiting(&self) -> usize {
        lock(&self.state).lines.iter().map(VecDeque::len).sum()
    }

    /// Units that may be granted to this urgency at once.
    pub fn part_of(&self, urgency: Urgency) -> u64 {
        lock(&self.state).parts[urgency as usize]
    }

    /// Units there are.
    pub fn total(&self) -> u64 {
        lock(&self.state).total
    }

    /// Refuses everyone who waits and everyone who comes. What is granted stays granted.
    pub fn close(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        // Waiters are told by the end of their channels.
        state.lines.iter_mut().for_each(VecDeque::clear);
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }

    fn line_up(&self, item: Item) -> Result<Waiting, Closed> {
        let (grant, granted) = oneshot::channel();
        let mut state = lock(&self.state);
        if state.closed {
            return Err(Closed);
        }
        let ticket = state.tickets;
        state.tickets += 1;
        state.lines[item.urgency as usize].push_back(Waiter { ticket, item, grant });
        state.serve();
        Ok(Waiting { state: Arc::clone(&self.state), item, ticket, granted })
    }

    fn permit(&self, item: Item) -> Permit {
        Permit { state: Arc::clone(&self.state), item }
    }
}

impl Permit {
    /// Units it stands for.
    pub fn units(&self) -> u64 {
        self.item.units
    }

    /// A permit for at least `units`. Where it stands for less, that is given back before it waits in
    /// line for more: of two that hold some and want more, neither would ever get it.
    pub async fn at_least(self, units: u64) -> Result<Self, Closed> {
        if units <= self.item.units {
            return Ok(self);
        }
        let semaphore = PrioritySemaphore { state: Arc::clone(&self.state) };
        let urgency = self.item.urgency;
        drop(self);
        semaphore.acquire(urgency, units).await
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        lock(&self.state).give_back(self.item);
    }
}

/// What is asked for at once.
#[derive(Debug, Clone, Copy)]
struct Item {
    urgency: Urgency,
    units: u64,
}

impl Item {
    /// At least one unit, or something could be granted beside an item that is to be alone.
    fn new(urgency: Urgency, units: u64) -> Self {
        Self { urgency, units: units.max(1) }
    }
}

/// A place in line, as the line sees it.
#[derive(Debug)]
struct Waiter {
    ticket: u64,
    item: Item,
    grant: oneshot::Sender<()>,
}

/// A place in line, as who waits sees it.
#[derive(Debug)]
struct Waiting {
    state: Arc<Mutex<State>>,
    item: Item,
    ticket: u64,
    granted: oneshot::Receiver<()>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        match self.granted.try_recv() {
            // Granted, and nobody came for it.
            Ok(()) => state.give_back(self.item),
            Err(oneshot::error::TryRecvError::Empty) => state.leave(self.item.urgency, self.ticket),
            // A permit stands for it now, or the semaphore was closed.
            Err(oneshot::error::TryRecvError::Closed) => {}
        }
    }
}

/// Arrays are indexed by urgency.
#[derive(Debug)]
struct State {
    total: u64,
    /// Units an urgency may have at once.
    parts: [u64; 2],
    granted: [u64; 2],
    /// Those who wait, by rising ticket.
    lines: [VecDeque<Waiter>; 2],
    tickets: u64,
    closed: bool,
}

impl State {
    /// Whether the units are free for this item, whoever waits.
    fn fits(&self, item: Item) -> bool {
        let [live, bulk] = self.granted;
        let [total, part_of_bulk] = self.parts;
        let reserved = total - part_of_bulk;
        match item.urgency {
            Urgency::Live if item.units > total => live == 0 && bulk == 0,
            Urgency::Live => {
                let room = total.saturating_sub(bulk).max(reserved);
                item.units <= room.saturating_sub(live)
            }
            // Where live documents never end, it would else wait for ever, and all bulk behind it.
            Urgency::Bulk if item.units > part_of_bulk => {
                bulk == 0 && live <= reserved.max(total.saturating_sub(item.units))
            }
            Urgency::Bulk => {
                let free = total.saturating_sub(self.granted_in_all());
                item.units <= free.min(part_of_bulk.saturating_sub(bulk))
            }
        }
    }

    /// A single item may be as large as can be said, and live has its reserve beside it.
    fn granted_in_all(&self) -> u64 {
        self.granted.iter().fold(0, |sum, granted| sum.saturating_add(*granted))
    }

    fn grant(&mut self, item: Item) {
        self.granted[item.urgency as usize] += item.units;
    }

    fn give_back(&mut self, item: Item) {
        self.granted[item.urgency as usize] -= item.units;
        self.serve();
    }

    fn leave(&mut self, urgency: Urgency, ticket: u64) {
        let line = &mut self.lines[urgency as usize];
        if let Ok(at) = line.binary_search_by_key(&ticket, |waiter| waiter.ticket) {
            line.remove(at);
        }
        // Those behind may need less.
        self.serve();
    }

    /// Grants what can be granted, in order.
    fn serve(&mut self) {
        for lane in 0..self.lines.len() {
            while let Some(first) = self.lines[lane].front()
                && self.fits(first.item)
                && let Some(first) = self.lines[lane].pop_front()
            {
                self.grant(first.item);
                let told = first.grant.send(());
                debug_assert!(told.is_ok(), "a waiter leaves the line before its receiver ends");
            }
            if !self.lines[lane].is_empty() {
                return;
            }
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing panics while it is held.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt as _, future::BoxFuture};
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Ask(Urgency, u64),
        Try(Urgency, u64),
        /// Those who wait look whether they were granted what they wait for.
        Look,
        GiveUp(usize),
        Release(usize),
        Close,
    }

    fn step() -> impl Strategy<Value = Step> {
        let urgency = || prop_oneof![Just(Urgency::Live), Just(Urgency::Bulk)];
        prop_oneof![
            40 => (urgency(), 0u64..25).prop_map(|(urgency, units)| Step::Ask(urgency, units)),
            10 => (urgency(), 0u64..25).prop_map(|(urgency, units)| Step::Try(urgency, units)),
            20 => Just(Step::Look),
            10 => any::<usize>().prop_map(Step::GiveUp),
            30 => any::<usize>().prop_map(Step::Release),
            1 => Just(Step::Close),
        ]
    }

    type Answer = BoxFuture<'static, Result<Permit, Closed>>;

    /// Everyone who asked, in order, and what the rules say of them.
    struct History {
        semaphore: PrioritySemaphore,
        reserved: u64,
        asked: Vec<(Item, Answer)>,
        held: Vec<Permit>,
        /// Grants that are over, by urgency.
        over: [usize; 2],
    }

    impl History {
        fn new(total: u64, reserved: u64) -> Self {
            let semaphore = PrioritySemaphore::new(total, reserved);
            Self { semaphore, reserved, asked: vec![], held: vec![], over: [0; 2] }
        }

        fn take(&mut self, step: Step) {
            match step {
                Step::Ask(urgency, units) => {
                    let semaphore = self.semaphore.clone();
                    let mut answer = async move { semaphore.acquire(urgency, units).await }.boxed();
                    match (&mut answer).now_or_never() {
                        None => self.asked.push((Item::new(urgency, units), answer)),
                        Some(Ok(permit)) => self.held.push(permit),
                        Some(Err(Closed)) => assert!(self.semaphore.is_closed()),
                    }
                }
                Step::Try(urgency, units) => {
                    let taken = self.semaphore.try_acquire(urgency, units);
                    if taken.is_none() {
                        let asked = self.semaphore.acquire(urgency, units).now_or_never();
                        assert!(asked.is_none_or(|answer| answer.is_err()), "refused what is free");
                    }
                    assert!(taken.is_none() || !self.semaphore.is_closed());
                    self.held.extend(taken);
                }
                Step::Look => self.look(),
                Step::GiveUp(which) if !self.asked.is_empty() => {
                    let which = which % self.asked.len();
                    let lane = self.asked[which].0.urgency;
                    self.over[lane as usize] += usize::from(self.is_granted(which));
                    drop(self.asked.remove(which));
                }
                Step::Release(which) if !self.held.is_empty() => {
                    let permit = self.held.swap_remove(which % self.held.len());
                    self.over[permit.item.urgency as usize] += 1;
                }
                Step::GiveUp(_) | Step::Release(_) => {}
                Step::Close => {
                    let granted = (0..self.asked.len()).filter(|which| self.is_granted(*which));
                    let expected = self.held.len() + granted.count();
                    self.semaphore.close();
                    self.look();
                    assert!(self.asked.is_empty(), "everyone is told of the end");
                    assert_eq!(self.held.len(), expected, "what was granted stays granted");
                }
            }
        }

        fn look(&mut self) {
            for (item, mut answer) in std::mem::take(&mut self.asked) {
                match (&mut answer).now_or_never() {
                    None => self.asked.push((item, answer)),
                    Some(Ok(permit)) => self.held.push(permit),
                    Some(Err(Closed)) => assert!(self.semaphore.is_closed()),
                }
            }
        }

        /// Units asked for in a lane by those who got no permit yet, in order.
        fn asked_in(&self, lane: Urgency) -> Vec<u64> {
            let of_lane = self.asked.iter().filter(|(item, _)| item.urgency == lane);
            of_lane.map(|(item, _)| item.units).collect()
        }

        fn waiting_in(&self, lane: Urgency) -> Vec<u64> {
            let state = lock(&self.semaphore.state);
            state.lines[lane as usize].iter().map(|waiter| waiter.item.units).collect()
        }

        /// Whether it was granted something it has not looked at: the line holds those who came
        /// last.
        fn is_granted(&self, which: usize) -> bool {
            let lane = self.asked[which].0.urgency;
            let ahead = self.asked[..which].iter().filter(|(item, _)| item.urgency == lane);
            ahead.count() < self.asked_in(lane).len() - self.waiting_in(lane).len()
        }

        /// Units of a lane's grants that are not over, counted from outside.
        fn grants_in(&self, lane: Urgency) -> Vec<u64> {
            let asked = self.asked_in(lane);
            let waiting = self.waiting_in(lane);
            assert!(asked.ends_with(&waiting), "served in order, and nobody is lost");
            let held = self.held.iter().map(|permit| permit.item);
            let held = held.filter(|item| item.urgency == lane).map(|item| item.units);
            held.chain(asked[..asked.len() - waiting.len()].iter().copied()).collect()
        }

        /// Checks every invariant; gives the grants of bulk ever made.
        fn check(&self) -> usize {
            let [live, bulk] = Urgency::ALL.map(|lane| self.grants_in(lane));
            let (of_live, of_bulk) = (live.iter().sum::<u64>(), bulk.iter().sum::<u64>());
            assert_eq!(self.semaphore.granted(Urgency::Live), of_live, "no unit is lost");
            assert_eq!(self.semaphore.granted(Urgency::Bulk), of_bulk, "no unit is lost");
            let total = self.semaphore.total();
            let for_bulk = total.saturating_sub(self.reserved);
            let reserved = total - for_bulk;
            let used = of_live + of_bulk;
            let beside_live = bulk.len() == 1 && of_bulk > for_bulk && of_live <= reserved;
            let alone = live.len() + bulk.len() == 1;
            assert!(used <= total || beside_live || alone, "live {live:?}, bulk {bulk:?}");
            assert!(of_bulk <= for_bulk || bulk.len() == 1);
            let first = |lane| self.waiting_in(lane).first().copied();
            if let Some(units) = first(Urgency::Live) {
                let fits = used + units <= total || of_live + units <= reserved;
                let free = if units > total { used == 0 } else { fits };
                assert!(!free, "live waits for what is free");
            } else if let Some(units) = first(Urgency::Bulk) {
                let fits = used + units <= total && of_bulk + units <= for_bulk;
                let beside = of_bulk == 0 && (of_live <= reserved || used + units <= total);
                let free = if units > for_bulk { beside } else { fits };
                assert!(!free, "bulk waits for what is free");
            }
            self.over[Urgency::Bulk as usize] + bulk.len()
        }
    }

    proptest! {
        #[test]
        fn the_invariants_hold_after_every_step(
            total in 1u64..20,
            reserved in 0u64..22,
            steps in proptest::collection::vec(step(), 0..150),
        ) {
            let mut history = History::new(total, reserved);
            let mut bulk_before = 0;
            for step in steps {
                history.take(step);
                let bulk = history.check();
                let live_waits = !history.waiting_in(Urgency::Live).is_empty();
                prop_assert!(!live_waits || bulk == bulk_before, "bulk was served before live");
                bulk_before = bulk;
            }
            // However large: everyone who still waits is served, once the others are done.
            while !history.asked.is_empty() {
                history.take(Step::Look);
                prop_assert!(!history.held.is_empty(), "somebody waits for nothing");
                history.take(Step::Release(0));
                history.check();
            }
            history.held.clear();
            prop_assert_eq!(Urgency::ALL.map(|lane| history.semaphore.granted(lane)), [0, 0]);
        }
    }

    #[test]
    fn beside_the_largest_item_there_is_live_is_counted_without_overflow() {
        let semaphore = PrioritySemaphore::new(10, 4);
        let _all = semaphore.try_acquire(Urgency::Bulk, u64::MAX).expect("nothing is granted");
        let _live = semaphore.try_acquire(Urgency::Live, 4).expect("reserved");
        assert_eq!(semaphore.granted_in_all(), u64::MAX);
        assert!(semaphore.try_acquire(Urgency::Bulk, 1).is_none());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn waiters_that_give_up_on_other_threads_lose_nothing() {
        let semaphore = PrioritySemaphore::new(10, 3);
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..4_000u64 {
            let semaphore = semaphore.clone();
            tasks.spawn(async move {
                let urgency = Urgency::ALL[number as usize % 2];
                let patience = async {
                    for _ in 0..number % 5 {
                        tokio::task::yield_now().await;
                    }
                };
                tokio::select! {
                    permit = semaphore.acquire(urgency, number % 12) => {
                        tokio::task::yield_now().await;
                        drop(permit);
                    }
                    () = patience => {}
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(Urgency::ALL.map(|lane| semaphore.granted(lane)), [0, 0]);
        assert!(semaphore.try_acquire(Urgency::Bulk, 10).is_some());
    }
}
