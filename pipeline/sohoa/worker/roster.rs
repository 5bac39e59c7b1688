//! What is begun next: live before bulk, and suspects one at a time.
//!
//! A suspect may kill the worker, and what is in hand beside it would be suspect, too. So while there
//! are suspects nothing of the bulk lane is begun; live documents are, since somebody waits for
//! them, except beside a prime suspect. For the same reason a suspect of the live lane does not wait
//! for what of the bulk lane was begun before it came, which may take hours.

use std::collections::VecDeque;

use sohoa_kafka::{Company, Delivery, Lane, Place, Suspicion};
use sohoa_metrics::edge::{Edge, Lying};

/// What waits and what is under way.
#[derive(Debug)]
pub(super) struct Roster {
    waiting: [VecDeque<(Delivery, Lying)>; 2],
    /// In the order in which they are begun.
    suspects: VecDeque<(Delivery, Lying)>,
    /// The suspect that is under way.
    begun: Option<Begun>,
    under_way: [usize; 2],
    /// Documents of each lane at once. Live has as many again, so that it never waits for a slot
    /// that a long bulk document holds; page by page it goes first anyway.
    slots: usize,
    /// Where operators see what waits.
    edge: Edge,
}

/// A suspect under way.
#[derive(Debug, Clone, Copy)]
struct Begun {
    place: Place,
    /// Whether live documents may be begun beside it.
    sociable: bool,
    company: Company,
}

/// A document to be begun, once what stands beside it is written down.
#[derive(Debug)]
pub(super) struct Turn {
    /// The document.
    pub(super) delivery: Delivery,
    /// A suspect, this one or one that is under way, and its company from now on.
    pub(super) note: Option<(Place, Company)>,
}

/// Which suspects go first: live ones, and of a lane those that nothing else can be begun beside.
fn rank(delivery: &Delivery) -> (Lane, bool) {
    (delivery.place.lane, is_sociable(delivery))
}

fn is_sociable(delivery: &Delivery) -> bool {
    delivery.suspicion == Suspicion::Suspect
}

fn is_suspect(delivery: &Delivery) -> bool {
    matches!(delivery.suspicion, Suspicion::Suspect | Suspicion::PrimeSuspect)
}

impl Roster {
    /// Nothing yet; `slots` documents of each lane at once.
    pub(super) fn new(slots: usize, edge: Edge) -> Self {
        Self {
            waiting: Default::default(),
            suspects: VecDeque::new(),
            begun: None,
            under_way: [0; 2],
            slots,
            edge,
        }
    }

    /// Adds a document.
    pub(super) fn push(&mut self, delivery: Delivery) {
        let lying = self.edge.put(delivery.payload.len() as u64);
        if is_suspect(&delivery) {
            let rank_of = rank(&delivery);
            let at = self.suspects.partition_point(|(other, _)| rank(other) <= rank_of);
            self.suspects.insert(at, (delivery, lying));
        } else {
            self.waiting[delivery.place.lane as usize].push_back((delivery, lying));
        }
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        self.waiting.iter_mut().for_each(VecDeque::clear);
        self.suspects.clear();
    }

    /// Documents of a lane that wait.
    pub(super) fn waiting(&self, lane: Lane) -> usize {
        let suspects = self.suspects.iter().filter(|(other, _)| other.place.lane == lane);
        self.waiting[lane as usize].len() + suspects.count()
    }

    /// Slots of a lane that are free.
    pub(super) fn free(&self, lane: Lane) -> usize {
        self.slots.saturating_sub(self.under_way[lane as usize])
    }

    /// How many more documents of a lane are wanted: for its free slots, and a few to be begun while
    /// further ones are on their way. None before half of those few are begun, so that they come
    /// several at once.
    pub(super) fn room(&self, lane: Lane) -> Option<usize> {
        let ahead = (self.slots / 2).max(2);
        let (waiting, free) = (self.waiting(lane), self.free(lane));
        (waiting <= ahead / 2).then(|| free + ahead - waiting)
    }

    /// A document of a lane is under way that was not [`Roster::next`]'s.
    pub(super) fn enter(&mut self, lane: Lane) {
        self.under_way[lane as usize] += 1;
    }

    /// A document is not under way any more.
    pub(super) fn leave(&mut self, place: &Place) {
        self.under_way[place.lane as usize] -= 1;
        if self.begun.is_some_and(|begun| begun.place == *place) {
            self.begun = None;
        }
    }

    /// What is to be begun now, of what is still ours.
    pub(super) fn next(&mut self, is_ours: impl Fn(&Place) -> bool) -> Option<Turn> {
        self.suspects.retain(|(delivery, _)| is_ours(&delivery.place));
        if let Some(begun) = self.begun {
            let delivery = begun.sociable.then(|| self.pop(Lane::Live, &is_ours)).flatten()?;
            let note = (begun.company == Company::None).then_some((begun.place, Company::Some));
            return Some(Turn { delivery, note });
        }
        let Some((first, _)) = self.suspects.front() else {
            let delivery = Lane::ALL.into_iter().find_map(|lane| self.pop(lane, &is_ours))?;
            return Some(Turn { delivery, note: None });
        };
        let (sociable, waited_for) = (is_sociable(first), first.place.lane == Lane::Live);
        if sociable && let Some(delivery) = self.pop(Lane::Live, &is_ours) {
            return Some(Turn { delivery, note: None });
        }
        match self.under_way {
            [0, 0] => self.begin_suspect(sociable, Company::None),
            [_, bulk] if sociable && (waited_for || bulk == 0) => {
                self.begin_suspect(sociable, Company::Some)
            }
            _ => None,
        }
    }

    fn begin_suspect(&mut self, sociable: bool, company: Company) -> Option<Turn> {
        let (delivery, _) = self.suspects.pop_front()?;
        let place = delivery.place;
        self.under_way[place.lane as usize] += 1;
        self.begun = Some(Begun { place, sociable, company });
        Some(Turn { delivery, note: Some((place, company)) })
    }

    fn pop(&mut self, lane: Lane, is_ours: impl Fn(&Place) -> bool) -> Option<Delivery> {
        if self.free(lane) == 0 {
            return None;
        }
        while let Some((delivery, _)) = self.waiting[lane as usize].pop_front() {
            if is_ours(&delivery.place) {
                self.under_way[lane as usize] += 1;
                return Some(delivery);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use sohoa_metrics::{Line, Stage};

    use super::*;

    const SLOTS: usize = 4;

    fn roster() -> Roster {
        let line = Line::new(Stage::Fetch..=Stage::Publish);
        Roster::new(SLOTS, line.edge_into(Stage::Fetch).clone())
    }

    fn delivery(lane: Lane, offset: i64, suspicion: Suspicion) -> Delivery {
        let place = Place::new(lane, 0, offset);
        Delivery { place, key: None, payload: Vec::new(), headers: Vec::new(), suspicion }
    }

    /// Offsets and notes of all that can be begun now.
    fn begun(roster: &mut Roster) -> Vec<(i64, Option<(i64, Company)>)> {
        let turns = std::iter::from_fn(|| roster.next(|_| true));
        let of = |turn: Turn| {
            let note = turn.note.map(|(place, company)| (place.offset, company));
            (turn.delivery.place.offset, note)
        };
        turns.map(of).collect()
    }

    #[test]
    fn live_is_first_and_bulk_fills_its_own_slots() {
        let mut roster = roster();
        for offset in 0..6 {
            roster.push(delivery(Lane::Bulk, offset, Suspicion::None));
        }
        roster.push(delivery(Lane::Live, 10, Suspicion::None));
        let offsets: Vec<_> = begun(&mut roster).into_iter().map(|(offset, _)| offset).collect();
        assert_eq!(offsets, [10, 0, 1, 2, 3]);
        assert_eq!((roster.free(Lane::Live), roster.free(Lane::Bulk)), (3, 0));
        assert_eq!(roster.room(Lane::Bulk), None, "two wait already");
        assert_eq!(roster.room(Lane::Live), Some(5));
    }

    #[test]
    fn live_documents_do_not_wait_for_a_bulk_suspect() {
        let mut roster = roster();
        roster.push(delivery(Lane::Bulk, 0, Suspicion::Suspect));
        roster.push(delivery(Lane::Bulk, 1, Suspicion::Suspect));
        roster.push(delivery(Lane::Bulk, 2, Suspicion::None));
        assert_eq!(begun(&mut roster), [(0, Some((0, Company::None)))]);
        roster.push(delivery(Lane::Live, 10, Suspicion::None));
        assert_eq!(begun(&mut roster), [(10, Some((0, Company::Some)))]);
        roster.leave(&Place::new(Lane::Bulk, 0, 0));
        assert_eq!(begun(&mut roster), [(1, Some((1, Company::Some)))], "live is under way still");
        roster.push(delivery(Lane::Live, 11, Suspicion::None));
        assert_eq!(begun(&mut roster), [(11, None)], "its company is written down already");
        roster.leave(&Place::new(Lane::Bulk, 0, 1));
        assert_eq!(begun(&mut roster), [(2, None)]);
    }

    #[test]
    fn nothing_is_begun_beside_a_prime_suspect_and_it_goes_before_other_suspects() {
        let mut roster = roster();
        roster.push(delivery(Lane::Bulk, 0, Suspicion::Suspect));
        roster.push(delivery(Lane::Bulk, 1, Suspicion::PrimeSuspect));
        roster.push(delivery(Lane::Live, 10, Suspicion::None));
        assert_eq!(begun(&mut roster), [(1, Some((1, Company::None)))]);
        roster.leave(&Place::new(Lane::Bulk, 0, 1));
        assert_eq!(begun(&mut roster), [(10, None), (0, Some((0, Company::Some)))]);
    }

    #[test]
    fn a_live_suspect_goes_before_others_and_holds_up_no_live_document() {
        let mut roster = roster();
        roster.push(delivery(Lane::Bulk, 0, Suspicion::None));
        assert_eq!(begun(&mut roster), [(0, None)]);
        roster.push(delivery(Lane::Bulk, 1, Suspicion::PrimeSuspect));
        roster.push(delivery(Lane::Live, 10, Suspicion::Suspect));
        roster.push(delivery(Lane::Live, 11, Suspicion::None));
        let beside = Some((10, Company::Some));
        assert_eq!(begun(&mut roster), [(11, None), (10, beside)], "bulk is under way, and may be");
        roster.leave(&Place::new(Lane::Bulk, 0, 0));
        assert_eq!(begun(&mut roster), [], "of the bulk lane nothing is begun beside it");
        roster.push(delivery(Lane::Live, 12, Suspicion::None));
        assert_eq!(begun(&mut roster), [(12, None)], "its company is known");
        roster.leave(&Place::new(Lane::Live, 0, 10));
        assert_eq!(begun(&mut roster), [], "a prime suspect waits to be alone");
        roster.push(delivery(Lane::Live, 13, Suspicion::PrimeSuspect));
        for offset in [11, 12] {
            roster.leave(&Place::new(Lane::Live, 0, offset));
        }
        assert_eq!(begun(&mut roster), [(13, Some((13, Company::None)))]);
    }

    #[test]
    fn a_live_suspect_does_not_wait_for_bulk_documents_that_were_begun_before_it() {
        let mut roster = roster();
        roster.push(delivery(Lane::Bulk, 0, Suspicion::None));
        roster.push(delivery(Lane::Bulk, 1, Suspicion::None));
        assert_eq!(begun(&mut roster), [(0, None), (1, None)]);
        roster.push(delivery(Lane::Bulk, 2, Suspicion::Suspect));
        roster.push(delivery(Lane::Live, 10, Suspicion::Suspect));
        roster.push(delivery(Lane::Live, 11, Suspicion::Suspect));
        assert_eq!(begun(&mut roster), [(10, Some((10, Company::Some)))]);
        roster.leave(&Place::new(Lane::Live, 0, 10));
        assert_eq!(begun(&mut roster), [(11, Some((11, Company::Some)))], "one at a time");
        roster.leave(&Place::new(Lane::Live, 0, 11));
        assert_eq!(begun(&mut roster), [], "nobody waits for one of the bulk lane");
        // A second worker has died of this one.
        roster.push(delivery(Lane::Live, 12, Suspicion::PrimeSuspect));
        assert_eq!(begun(&mut roster), []);
        for offset in [0, 1] {
            roster.leave(&Place::new(Lane::Bulk, 0, offset));
        }
        assert_eq!(begun(&mut roster), [(12, Some((12, Company::None)))]);
    }

    #[test]
    fn what_is_another_workers_is_not_begun() {
        let mut roster = roster();
        roster.push(delivery(Lane::Bulk, 0, Suspicion::Suspect));
        roster.push(delivery(Lane::Bulk, 1, Suspicion::None));
        roster.push(delivery(Lane::Bulk, 2, Suspicion::None));
        let turn = roster.next(|place| place.offset == 2).unwrap();
        assert_eq!(turn.delivery.place.offset, 2);
        assert_eq!(roster.waiting(Lane::Bulk), 0);
    }

    /// Whatever comes: two suspects are never under way at once, nothing of the bulk lane is begun
    /// beside one, and one of the bulk lane is beside nothing of it.
    #[test]
    fn suspects_are_under_way_one_at_a_time() {
        let mut roster = roster();
        let mut running: Vec<(Place, bool)> = Vec::new();
        let kinds = [Suspicion::None, Suspicion::Suspect, Suspicion::PrimeSuspect];
        let mut state = 7_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % below
        };
        for offset in 0..2_000 {
            let lane = Lane::ALL[random(2)];
            roster.push(delivery(lane, offset, kinds[random(3)]));
            if !running.is_empty() && random(2) == 0 {
                let (place, _) = running.swap_remove(random(running.len()));
                roster.leave(&place);
            }
            while let Some(Turn { delivery, .. }) = roster.next(|_| true) {
                let suspect = is_suspect(&delivery);
                let in_bulk = delivery.place.lane == Lane::Bulk;
                let suspects = running.iter().any(|(_, suspect)| *suspect);
                let bulk = running.iter().any(|(place, _)| place.lane == Lane::Bulk);
                assert!(!(suspects && (suspect || in_bulk)));
                assert!(!(bulk && suspect && in_bulk));
                assert!(delivery.suspicion != Suspicion::PrimeSuspect || running.is_empty());
                running.push((delivery.place, suspect));
            }
        }
        while let Some((place, _)) = running.pop() {
            roster.leave(&place);
            while let Some(Turn { delivery, .. }) = roster.next(|_| true) {
                running.push((delivery.place, is_suspect(&delivery)));
            }
        }
        assert_eq!(Lane::ALL.map(|lane| roster.waiting(lane)), [0, 0], "all get their turn");
    }
}
