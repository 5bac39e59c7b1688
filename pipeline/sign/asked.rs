//! What came of asking the authorities: nobody is asked again for each document or file about one
//! certificate, and who is silent is not waited for at each.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{KeptEvidence, revocation::Pool};

/// Minutes for which a signer that was found good is not asked about again: longer, and a key that was
/// stolen this morning signs until its last answer ends.
pub(crate) const GOOD_FOR: i64 = 10;

/// How long an authority that is silent is not asked again: behind a wall that drops packets each
/// question takes its whole patience.
const SILENT_FOR: TimeDelta = TimeDelta::minutes(2);

/// What came of asking about a signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Came {
    /// It was good, by this evidence, which still says so when that time is over.
    Good(Arc<KeptEvidence>, TimeDelta),
    Silence,
    /// The certificate of this subject names nobody.
    Nobody(String),
}

impl Came {
    fn holds_for(&self) -> TimeDelta {
        match self {
            Self::Good(_, long) => *long,
            Self::Silence => SILENT_FOR,
            Self::Nobody(_) => TimeDelta::minutes(GOOD_FOR),
        }
    }
}

/// Whether something of `since` still holds. A clock that was set back ends it.
fn is_within(since: DateTime<Utc>, long: TimeDelta, now: DateTime<Utc>) -> bool {
    (TimeDelta::zero()..long).contains(&(now - since))
}

/// All of it, by the bytes of certificates.
#[derive(Debug, Default)]
pub(crate) struct Asked(Mutex<Answers>);

#[derive(Debug, Default)]
struct Answers {
    /// When signers were asked about with the chains above them, and what came.
    signers: HashMap<Vec<u8>, (DateTime<Utc>, Came)>,
    /// What the authorities of one certificate said of it. Of another one a list may be older than
    /// what its responder knows.
    said: HashMap<Vec<u8>, Pool>,
    /// Certificates whose authorities could not be reached, and when.
    silent: HashMap<Vec<u8>, DateTime<Utc>>,
}

impl Asked {
    fn answers(&self) -> MutexGuard<'_, Answers> {
        // Whole after every statement under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came of asking about a signer, as long as that holds.
    pub(crate) fn signer(&self, der: &[u8], now: DateTime<Utc>) -> Option<Came> {
        let (since, came) = self.answers().signers.get(der).cloned()?;
        is_within(since, came.holds_for(), now).then_some(came)
    }

    pub(crate) fn keep_signer(&self, der: &[u8], now: DateTime<Utc>, came: Came) {
        self.answers().signers.insert(der.to_vec(), (now, came));
    }

    /// What the authorities of a certificate have said of it.
    pub(crate) fn said(&self, der: &[u8]) -> Pool {
        self.answers().said.get(der).cloned().unwrap_or_default()
    }

    pub(crate) fn keep_said(&self, der: &[u8], said: Pool) {
        self.answers().said.insert(der.to_vec(), said);
    }

    /// Whether the authorities of a certificate were silent a moment ago.
    pub(crate) fn is_silent(&self, der: &[u8], now: DateTime<Utc>) -> bool {
        let since = self.answers().silent.get(der).copied();
        since.is_some_and(|since| is_within(since, SILENT_FOR, now))
    }

    pub(crate) fn keep_silent(&self, der: &[u8], now: DateTime<Utc>) {
        self.answers().silent.insert(der.to_vec(), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_ends_with_time_and_with_a_clock_that_is_set_back() {
        let (asked, now) = (Asked::default(), DateTime::from_timestamp(1_000_000, 0).unwrap());
        asked.keep_silent(b"one", now);
        asked.keep_signer(b"one", now, Came::Silence);
        let later = [-1, 0, 119, 120].map(|seconds| now + TimeDelta::seconds(seconds));
        let expected = [false, true, true, false];
        assert_eq!(later.map(|now| asked.is_silent(b"one", now)), expected);
        assert_eq!(later.map(|now| asked.signer(b"one", now).is_some()), expected);
        assert!(!asked.is_silent(b"two", now) && asked.signer(b"two", now).is_none());
    }
}
