//! Whether whoever signed a head still could: was the certificate revoked before?
//!
//! A head states its own time, and so could whoever has stolen the key. Its time-stamp says when it was
//! signed; that of a later head says only that it is older, since each names the hash of the one before.
//! What a certificate signed after its revocation, by its stamp or by its own word, is not believed.
//! Where a head says that it is older than the revocation, and nothing proves it, that is told, and
//! the head stands: a key is lost once, and the trail has to go on under the next one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sohoa_schemas::events::ChainHead;
use sohoa_sign::{CertificateDer, EvidenceSource, Sealed, verify::TrustDomain};

use crate::{context::vietnamese, levels};

/// A sound head, as far as its signer has to be asked about.
#[derive(Debug)]
pub(super) struct Signing {
    /// Its key in the store.
    pub(super) key: String,
    pub(super) head: ChainHead,
    /// When it was stamped.
    pub(super) stamped_at: Option<DateTime<Utc>>,
    /// It names the sound head before it, and so proves that that one is older.
    follows: bool,
    /// SHA-256 of its signer's certificate; none of a throw-away key, whose authority revokes nothing.
    signer: Option<String>,
}

/// The sound heads of a province in their order, and the chains of who signed them.
#[derive(Debug, Default)]
pub(super) struct Signings {
    pub(super) all: Vec<Signing>,
    chains: BTreeMap<String, Vec<CertificateDer>>,
}

/// What is known of the signers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Heads by certificates that were revoked before, by key, and since when.
    pub(super) revoked: BTreeMap<String, DateTime<Utc>>,
    /// Heads by certificates that were revoked afterwards, and nothing but their signer says so.
    pub(super) unproven: usize,
    /// Heads of whose signers nobody says whether they were revoked.
    pub(super) unasked: usize,
    /// Why, of the first such signer.
    pub(super) why: Option<String>,
}

/// What came of asking about a signer: since when it is revoked, if it is, or why nobody says.
type Answer = Result<Option<DateTime<Utc>>, String>;

impl Signings {
    pub(super) fn take(&mut self, (key, head): (&str, &ChainHead), sealed: Sealed, follows: bool) {
        let Sealed { signer, chain, stamped_at } = sealed;
        let lasting = signer.domain != TrustDomain::Test;
        let signer = lasting.then(|| {
            self.chains.entry(signer.certificate_sha256.clone()).or_insert(chain);
            signer.certificate_sha256
        });
        let (key, head) = (key.to_owned(), head.clone());
        self.all.push(Signing { key, head, stamped_at, follows, signer });
    }

    /// Whether there is anybody to ask about.
    pub(super) fn has_signers(&self) -> bool {
        !self.chains.is_empty()
    }

    /// Asks about every signer once, whatever the number of heads.
    pub(super) fn ask(&self, evidence: &EvidenceSource, now: DateTime<Utc>) -> Standing {
        let answers = self.chains.iter().map(|(signer, chain)| {
            let times = self.times().into_iter().zip(&self.all);
            let by = times.filter(|(_, one)| one.signer.as_ref() == Some(signer));
            let last = by.map(|(times, _)| times.signed).max().unwrap_or(now);
            let answer = evidence.revoked_since(chain, (last, now));
            (signer.as_str(), answer.map_err(|error| levels::told(&error)))
        });
        self.weigh(&answers.collect())
    }

    /// The times of each head.
    fn times(&self) -> Vec<Times> {
        let mut later = None;
        let times = self.all.iter().rev().map(|one| {
            let proven = one.stamped_at.into_iter().chain(later).min();
            later = proven.filter(|_| one.follows);
            let stated = one.head.signed_at;
            let signed =
                one.stamped_at.unwrap_or(proven.map_or(stated, |proven| proven.min(stated)));
            Times { signed, proven }
        });
        let mut times: Vec<Times> = times.collect();
        times.reverse();
        times
    }

    fn weigh(&self, answers: &BTreeMap<&str, Answer>) -> Standing {
        let mut standing = Standing::default();
        for (one, Times { signed, proven }) in self.all.iter().zip(self.times()) {
            match one.signer.as_deref().and_then(|signer| answers.get(signer)) {
                Some(Ok(Some(at))) if *at <= signed => {
                    standing.revoked.insert(one.key.clone(), *at);
                }
                Some(Ok(Some(at))) => {
                    let is_older = proven.is_some_and(|proven| proven < *at);
                    standing.unproven += usize::from(!is_older);
                }
                Some(Err(why)) => {
                    standing.unasked += 1;
                    standing.why.get_or_insert_with(|| why.clone());
                }
                Some(Ok(None)) | None => {}
            }
        }
        standing
    }
}

/// The times of a head.
struct Times {
    /// When it was signed: by its stamp, else by its own word.
    signed: DateTime<Utc>,
    /// It is proven to be no younger than this.
    proven: Option<DateTime<Utc>>,
}

impl Standing {
    /// What is wrong with the heads, for people.
    pub(super) fn problems(&self) -> impl Iterator<Item = String> {
        self.revoked.iter().map(|(key, at)| {
            let at = vietnamese(*at).format("%d/%m/%Y %H:%M");
            format!("`{key}` is not believed: its signer was revoked at {at}, before it")
        })
    }

    /// The heads that are not believed.
    pub(super) fn disbelieved(&self) -> BTreeSet<&str> {
        self.revoked.keys().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        "2026-11-20T01:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hours)
    }

    /// Heads of one signer, an hour after each other; of these hours they are stamped.
    fn heads(stamped: &[i64]) -> Signings {
        let head = |number: i64| Signing {
            key: number.to_string(),
            head: ChainHead {
                schema_version: sohoa_schemas::rows::SCHEMA_VERSION,
                province: "H08".into(),
                number,
                seq: number,
                row_hash: number.to_string(),
                signed_at: at(number),
                previous_sha256: None,
            },
            stamped_at: stamped.contains(&number).then(|| at(number)),
            follows: number > 1,
            signer: Some("one".into()),
        };
        Signings { all: (1..=4).map(head).collect(), chains: BTreeMap::new() }
    }

    fn standing(heads: &Signings, answer: Answer) -> Standing {
        heads.weigh(&BTreeMap::from([("one", answer)]))
    }

    fn disbelieved(stamped: &[i64], hour: i64) -> (Vec<String>, usize) {
        let found = standing(&heads(stamped), Ok(Some(at(hour))));
        (found.disbelieved().into_iter().map(str::to_owned).collect(), found.unproven)
    }

    #[test]
    fn what_a_revoked_certificate_signed_afterwards_is_not_believed() {
        assert_eq!(disbelieved(&[1, 2, 3, 4], 3), (vec!["3".into(), "4".into()], 0));
        assert_eq!(disbelieved(&[1, 2, 3, 4], 5), (vec![], 0));
        // What was not stamped is not proven to be older, and stands.
        assert_eq!(disbelieved(&[], 3), (vec!["3".into(), "4".into()], 2));
    }

    #[test]
    fn a_stamp_on_a_later_head_proves_those_that_it_names() {
        assert_eq!(disbelieved(&[2], 3), (vec!["3".into(), "4".into()], 0));
        assert_eq!(disbelieved(&[4], 5), (vec![], 0));
        // It proves that they are older than itself, not that they were signed after the revocation.
        assert_eq!(disbelieved(&[4], 3), (vec!["3".into(), "4".into()], 2));
        let mut heads = heads(&[4]);
        heads.all[2].follows = false;
        // The third proves nothing of those before it: they state their own times.
        assert_eq!(standing(&heads, Ok(Some(at(5)))).unproven, 2);
    }

    #[test]
    fn a_signer_that_nobody_speaks_of_is_told_and_is_no_fault() {
        let found = standing(&heads(&[]), Err("503".into()));
        assert_eq!((found.unasked, found.why.as_deref()), (4, Some("503")));
        assert_eq!(found.problems().count(), 0);
        let mut heads = heads(&[]);
        for one in &mut heads.all {
            one.signer = None;
        }
        assert_eq!(standing(&heads, Ok(Some(at(0)))), Standing::default(), "a throw-away key");
        assert!(!heads.has_signers());
    }
}
