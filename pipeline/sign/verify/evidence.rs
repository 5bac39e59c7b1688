//! Weighs the evidence a file holds: revoked or not when it was signed, and which level is reached.
//!
//! A time-stamp moves a signature's time from today to the day it was made: a certificate revoked
//! later leaves the signature good. The same holds between time-stamps, where the later one proves
//! the earlier. Without any, only today counts, because everything else could be made up.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::{
    judge::{DOCUMENT_STAMP, Judged},
    report::{Integrity, Note, PadesLevel, RevocationStatus, Verdict},
    trust::TrustDomain,
};
use crate::{
    certificate::Certificate,
    revocation::{ChainStanding, Moment, Pool, Revoked, Witness},
};

/// Document time-stamps weighed for one file: a renewal a year for longer than archives last.
const MAX_STAMPS: usize = 100;

/// A document time-stamp that proves what it covers.
struct Proof {
    end: u64,
    time: DateTime<Utc>,
    covered: HashSet<Vec<u8>>,
    /// The chain of the authority that gave it.
    links: Vec<Vec<u8>>,
    /// It rests on SHA-1.
    legacy: bool,
}

/// Weighs all signatures of a file together.
pub(crate) fn weigh(judged: &mut [Judged], pool: &Pool, at_time: DateTime<Utc>) {
    let witness = Witness::new(pool);
    // The latest bytes first: each stamp is proven by those after it.
    let mut order: Vec<usize> = (0..judged.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse((is_stamp(&judged[i]), judged[i].end)));
    let mut proofs: Vec<Proof> = Vec::new();
    for i in order {
        let one = &mut judged[i];
        let proof = proven_by(&proofs, one.end).filter(|proof| is_timely(one, proof));
        let complete = Weighing { witness: &witness, proof, at_time }.apply(one, &proofs);
        one.proven = proof.is_some();
        // Either kind of time-stamp makes level B-T.
        if one.signature.pades_level == PadesLevel::BB && one.proven {
            one.signature.pades_level = PadesLevel::BT;
        }
        if one.signature.pades_level == PadesLevel::BT && complete {
            one.signature.pades_level = PadesLevel::BLt;
        }
        if is_stamp(one) && one.signature.integrity == Integrity::Intact {
            let stamp = one.signature.timestamp.as_ref().filter(|s| s.sound() && s.trusted);
            if let Some(stamp) = stamp.filter(|_| proofs.len() < MAX_STAMPS) {
                let (links, covered) = (one.stamp_links.clone(), one.covered.clone());
                let (time, legacy) = (stamp.time, stamp.legacy);
                proofs.push(Proof { end: one.end, time, covered, links, legacy });
            }
        }
    }
    archive(judged, pool, (&proofs, at_time));
}

/// Lifts to B-LTA what a document time-stamp covers together with all the evidence about it.
fn archive(judged: &mut [Judged], pool: &Pool, (proofs, at_time): (&[Proof], DateTime<Utc>)) {
    for proof in proofs {
        let mut below: Vec<_> = judged
            .iter_mut()
            .filter(|one| one.signature.pades_level == PadesLevel::BLt && one.end < proof.end)
            .collect();
        if below.is_empty() {
            continue;
        }
        let covered = pool.only(&proof.covered);
        let witness = Witness::new(&covered);
        for one in &mut below {
            let proof = proven_by(proofs, one.end);
            if (Weighing { witness: &witness, proof, at_time }).is_complete(one) {
                one.signature.pades_level = PadesLevel::BLta;
            }
        }
    }
}

fn is_stamp(judged: &Judged) -> bool {
    judged.signature.sub_filter == DOCUMENT_STAMP
}

/// Whether a proof is early enough to tell anything of a signature without a time-stamp of its own:
/// once its certificate has ended, whoever has the key could have made it at any time.
fn is_timely(judged: &Judged, proof: &Proof) -> bool {
    let stamp = judged.signature.timestamp.as_ref().filter(|s| s.sound() && s.trusted);
    let end = end_of(&judged.links);
    stamp.is_some() || is_stamp(judged) || end.is_none_or(|end| proof.time <= end)
}

/// When the first certificate of a chain ends.
fn end_of(links: &[Vec<u8>]) -> Option<DateTime<Utc>> {
    let ends = links.iter().filter_map(|der| Certificate::parse(der));
    ends.map(|certificate| certificate.not_after).min()
}

/// The proofs that the bytes up to `end` existed.
fn covering(proofs: &[Proof], end: u64) -> impl Iterator<Item = &Proof> {
    proofs.iter().filter(move |proof| proof.end > end)
}

/// The earliest proof that the bytes up to `end` existed.
fn proven_by(proofs: &[Proof], end: u64) -> Option<&Proof> {
    covering(proofs, end).min_by_key(|proof| proof.time)
}

#[derive(Clone, Copy)]
struct Weighing<'w, 'p> {
    witness: &'w Witness<'p>,
    /// The document time-stamp that proves the signature.
    proof: Option<&'w Proof>,
    at_time: DateTime<Utc>,
}

impl Weighing<'_, '_> {
    fn standing(&self, links: &[Vec<u8>], used: DateTime<Utc>) -> ChainStanding {
        let links: Vec<_> = links.iter().filter_map(|der| Certificate::parse(der)).collect();
        self.witness.chain(&links, Moment { used, known: self.at_time })
    }

    /// Writes down what the evidence says; `true` when it says all that there is to say. `proofs` are all
    /// document time-stamps that prove something.
    fn apply(&self, judged: &mut Judged, proofs: &[Proof]) -> bool {
        self.weigh_stamp(judged);
        judged.used = self.used(judged);
        let used = judged.used;
        let own = self.standing(&judged.links, used);
        let found = &mut judged.signature;
        if let Some(seen) = &own.first {
            found.revocation_status = RevocationStatus::Good;
            found.revocation_method = seen.method;
            found.revocation_checked_at = Some(seen.at);
        }
        found.revoked = own.revoked.map(|(revoked, _)| revoked);
        // A document time-stamp whose authority was revoked has no proven time any more.
        let void = own.revoked.is_some_and(|(revoked, _)| revoked.at <= used);
        if void {
            found.revocation_status = RevocationStatus::Revoked;
            found.verdict = found.verdict.max(Verdict::Revoked);
        }
        let complete = self.is_complete(judged);
        let revoked = own.revoked.map(|(revoked, _)| revoked.at);
        let leans = self.leans_on_legacy(judged, (revoked, proofs));
        // A throw-away authority revokes nothing.
        let found = &mut judged.signature;
        if leans {
            found.verdict = found.verdict.max(Verdict::OkLegacyAlg);
        }
        if !complete && found.trust_domain != TrustDomain::Test {
            found.verdict = found.verdict.max(Verdict::IndeterminateRevocation);
        }
        complete && !void
    }

    /// A time-stamp whose authority was revoked proves nothing, unless it was retired in order or
    /// a later stamp proves that this one is older.
    fn weigh_stamp(&self, judged: &mut Judged) {
        let stamp = judged.signature.timestamp.as_mut().filter(|s| s.sound() && s.trusted);
        let Some(stamp) = stamp else { return };
        let standing = self.standing(&judged.stamp_links, stamp.time);
        let spared = |revoked: Revoked, its_own: bool| {
            revoked.at > stamp.time
                && (its_own && revoked.spares_the_past()
                    || self.proof.is_some_and(|proof| proof.time < revoked.at))
        };
        if standing.revoked.is_some_and(|(revoked, its_own)| !spared(revoked, its_own)) {
            stamp.trusted = false;
            if judged.signature.sub_filter != DOCUMENT_STAMP {
                judged.signature.pades_level = PadesLevel::BB;
            }
            judged.signature.notes.push(Note::TimeStampRevoked);
        }
    }

    /// Whether only time-stamps on SHA-1 show that the signature was made while it could be: of a
    /// certificate that is valid today and was never revoked, none has to show that.
    ///
    /// Every proof of existence counts, not the earliest alone (ETSI EN 319 102-1, 5.6.2): one on a sound
    /// hash that is early enough itself needs no other below it. One that came after the certificate's
    /// end does not lift those on SHA-1 below it: that they are older than that end is what they alone
    /// say, and no date is fixed here until which SHA-1 was believed.
    fn leans_on_legacy(
        &self,
        judged: &Judged,
        (revoked, proofs): (Option<DateTime<Utc>>, &[Proof]),
    ) -> bool {
        let stamp = judged.signature.timestamp.as_ref().filter(|s| s.sound() && s.trusted);
        if is_stamp(judged) {
            return stamp.is_some_and(|stamp| stamp.legacy);
        }
        let until = end_of(&judged.links).into_iter().chain(revoked).min();
        let Some(until) = until.filter(|until| *until < self.at_time) else { return false };
        let own = stamp.map(|stamp| (stamp.time, stamp.legacy));
        let others = covering(proofs, judged.end).map(|proof| (proof.time, proof.legacy));
        let all = own.into_iter().chain(others);
        let mut timely = all.filter(|(time, _)| *time <= until).peekable();
        timely.peek().is_some() && timely.all(|(_, legacy)| legacy)
    }

    /// The earliest time at which the signature is known to have existed.
    fn used(&self, judged: &Judged) -> DateTime<Utc> {
        let stamp = judged.signature.timestamp.as_ref().filter(|s| s.sound() && s.trusted);
        let times = stamp.map(|stamp| stamp.time).into_iter();
        let times = times.chain(self.proof.map(|proof| proof.time));
        times.min().unwrap_or(self.at_time)
    }

    /// There is evidence for every certificate of a chain.
    fn shown(&self, links: &[Vec<u8>], used: DateTime<Utc>) -> bool {
        self.standing(links, used).missing.is_none()
    }

    /// There is evidence for every certificate that the judgement rests on.
    fn is_complete(&self, judged: &Judged) -> bool {
        let used = self.used(judged);
        let stamp = judged.signature.timestamp.as_ref().filter(|s| s.sound());
        !judged.links.is_empty()
            && self.shown(&judged.links, used)
            && match (stamp, self.proof) {
                (Some(stamp), _) => stamp.trusted && self.shown(&judged.stamp_links, stamp.time),
                (None, Some(proof)) => self.shown(&proof.links, proof.time),
                (None, None) => true,
            }
    }
}
