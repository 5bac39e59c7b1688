//! Which messages a worker has in hand, written beside the position it commits, so that whoever
//! takes the partition over after its death knows what may have killed it.
//!
//! A message that was in hand when its worker died is a *suspect*: suspects are done again one at a
//! time, and that one is alone is written down first. A message whose worker died while it was alone
//! has killed twice and is *guilty*: it is refused. Whoever stands at a counter does not wait for a
//! suspect, nor a live suspect for long documents of the bulk lane: where others are beside it, that is
//! written down, too, and a worker that dies then makes it a *prime suspect*, which nothing is done
//! beside. A partition that is given up in order leaves no suspects, but for a message that ended its
//! worker with an error no other message met: that is a death, too.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What is thought of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suspicion {
    /// Nothing.
    #[default]
    None,
    /// A worker died with it in hand: no other suspect may be in hand with it.
    Suspect,
    /// A second worker died with it and others in hand: nothing may be in hand with it.
    PrimeSuspect,
    /// Two workers died of it.
    Guilty,
}

/// What stands beside a position. Kept short: a broker takes 4 KiB.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// The last message in hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    hand: Option<i64>,
    /// The last suspect.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspect: Option<i64>,
    /// The message that was alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    alone: Option<i64>,
    /// The suspects that had others beside them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    prime: BTreeSet<i64>,
}

/// The claims on one partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    last_in_hand: Option<i64>,
    last_suspect: Option<i64>,
    alone: Option<i64>,
    /// The suspect that has others beside it.
    accompanied: Option<i64>,
    guilty: Option<i64>,
    prime: BTreeSet<i64>,
}

impl Claims {
    /// Takes a partition over from whoever left this note. One that cannot be read is somebody
    /// else's and says nothing.
    pub(crate) fn after(note: &str) -> Self {
        let Note { hand, suspect, alone, prime } = serde_json::from_str(note).unwrap_or_default();
        Self { last_suspect: hand.max(suspect), guilty: alone, prime, ..Self::default() }
    }

    /// What is thought of the message at `offset`.
    pub(crate) fn judge(&self, offset: i64) -> Suspicion {
        if self.guilty == Some(offset) {
            Suspicion::Guilty
        } else if self.prime.contains(&offset) {
            Suspicion::PrimeSuspect
        } else if self.last_suspect.is_some_and(|last| offset <= last) {
            Suspicion::Suspect
        } else {
            Suspicion::None
        }
    }

    /// The message at `offset` is handed out.
    pub(crate) fn hand_out(&mut self, offset: i64) {
        self.last_in_hand = self.last_in_hand.max(Some(offset));
    }

    /// Nothing but the message at `offset` is in hand.
    pub(crate) fn set_alone(&mut self, offset: i64) {
        self.alone = Some(offset);
    }

    /// Others are in hand beside the suspect at `offset`, perhaps no longer.
    pub(crate) fn set_accompanied(&mut self, offset: i64) {
        self.alone = self.alone.filter(|alone| *alone != offset);
        self.accompanied = Some(offset);
    }

    /// The message at `offset` is in nobody's hands for now: it waits for another turn.
    pub(crate) fn put_back(&mut self, offset: i64) {
        for place in [&mut self.alone, &mut self.accompanied] {
            if *place == Some(offset) {
                *place = None;
            }
        }
    }

    /// The message at `offset` has its answer.
    pub(crate) fn settle(&mut self, offset: i64) {
        for place in [&mut self.alone, &mut self.accompanied, &mut self.guilty] {
            if *place == Some(offset) {
                *place = None;
            }
        }
        self.prime.remove(&offset);
    }

    /// The note while messages are in hand.
    pub(crate) fn note(&self) -> String {
        write(&Note {
            hand: self.last_in_hand,
            suspect: self.last_suspect,
            alone: self.alone.or(self.guilty),
            prime: self.prime.iter().copied().chain(self.accompanied).collect(),
        })
    }

    /// The note with which the partition is given up: nothing is in hand any more.
    pub(crate) fn note_in_order(&self) -> String {
        let prime = self.prime.clone();
        write(&Note { hand: None, suspect: self.last_suspect, alone: self.guilty, prime })
    }

    /// The note with which the partition is given up when the message at `offset` ended the worker:
    /// there it is known which one it was, whatever was beside it.
    pub(crate) fn note_blaming(&self, offset: i64) -> String {
        write(&Note {
            hand: None,
            suspect: self.last_suspect.max(Some(offset)),
            alone: self.alone.or(self.accompanied).filter(|one| *one == offset).or(self.guilty),
            prime: self.prime.clone(),
        })
    }
}

fn write(note: &Note) -> String {
    serde_json::to_string(note).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_in_hand_when_a_worker_died_is_suspect_and_the_rest_is_not() {
        let mut first = Claims::default();
        assert_eq!(first.judge(7), Suspicion::None);
        for offset in [5, 6, 7] {
            first.hand_out(offset);
        }
        let second = Claims::after(&first.note());
        assert_eq!(second.judge(7), Suspicion::Suspect);
        assert_eq!(second.judge(8), Suspicion::None);
        let orderly = Claims::after(&first.note_in_order());
        assert_eq!(orderly.judge(7), Suspicion::None);
    }

    #[test]
    fn the_second_death_names_the_one_that_was_alone() {
        let mut first = Claims::default();
        first.hand_out(5);
        first.hand_out(6);
        let mut second = Claims::after(&first.note());
        second.hand_out(5);
        second.hand_out(6);
        second.set_alone(5);
        let mut third = Claims::after(&second.note());
        assert_eq!(third.judge(5), Suspicion::Guilty);
        assert_eq!(third.judge(6), Suspicion::Suspect);
        // It stays guilty over a further death, and until it is answered.
        assert_eq!(Claims::after(&third.note()).judge(5), Suspicion::Guilty);
        third.settle(5);
        assert_eq!(Claims::after(&third.note()).judge(5), Suspicion::Suspect);
    }

    #[test]
    fn one_that_was_alone_and_lived_is_innocent() {
        let mut claims = Claims::after("{\"hand\":6}");
        claims.set_alone(5);
        claims.settle(5);
        assert_eq!(Claims::after(&claims.note_in_order()).judge(5), Suspicion::Suspect);
        assert_eq!(Claims::after(&claims.note_in_order()).judge(7), Suspicion::None);
    }

    #[test]
    fn one_that_was_put_back_is_not_blamed_for_the_next_ones_deed() {
        let mut claims = Claims::after("{\"hand\":6}");
        claims.set_alone(5);
        claims.put_back(5);
        claims.set_alone(6);
        let next = Claims::after(&claims.note());
        assert_eq!(next.judge(5), Suspicion::Suspect);
        assert_eq!(next.judge(6), Suspicion::Guilty);
        claims.set_accompanied(6);
        claims.put_back(6);
        assert_eq!(Claims::after(&claims.note()).judge(6), Suspicion::Suspect);
    }

    #[test]
    fn a_message_that_ends_two_workers_in_order_is_guilty() {
        let mut first = Claims::default();
        for offset in [5, 6, 7] {
            first.hand_out(offset);
        }
        let mut second = Claims::after(&first.note_blaming(6));
        assert_eq!(second.judge(6), Suspicion::Suspect);
        assert_eq!(second.judge(7), Suspicion::None, "it was only beside it");
        second.set_alone(5);
        second.settle(5);
        second.set_alone(6);
        let third = Claims::after(&second.note_blaming(6));
        assert_eq!(third.judge(6), Suspicion::Guilty);
        // One that ends its worker for the first time is no more than suspect.
        let other = Claims::after(&second.note_blaming(7));
        assert_eq!(other.judge(7), Suspicion::Suspect);
        assert_eq!(other.judge(6), Suspicion::Suspect);
    }

    #[test]
    fn a_suspect_that_dies_beside_live_documents_is_done_alone_the_next_time() {
        let mut first = Claims::default();
        first.hand_out(5);
        let mut second = Claims::after(&first.note());
        second.hand_out(5);
        second.set_alone(5);
        second.set_accompanied(5);
        let mut third = Claims::after(&second.note());
        assert_eq!(third.judge(5), Suspicion::PrimeSuspect, "another may have killed the worker");
        third.hand_out(5);
        assert_eq!(Claims::after(&third.note_in_order()).judge(5), Suspicion::PrimeSuspect);
        third.set_alone(5);
        assert_eq!(Claims::after(&third.note()).judge(5), Suspicion::Guilty);
        third.settle(5);
        assert_eq!(Claims::after(&third.note_in_order()).judge(5), Suspicion::Suspect);
        // Where the document is known to have ended the worker, company is no excuse.
        assert_eq!(Claims::after(&second.note_blaming(5)).judge(5), Suspicion::Guilty);
    }

    #[test]
    fn somebody_elses_note_says_nothing() {
        assert_eq!(Claims::after("consumer of old"), Claims::default());
        assert_eq!(Claims::after(""), Claims::default());
    }
}
