//! Time-stamps of RFC 3161, asked for and checked before they are used.
//!
//! A token is embedded only when it answers this very question (nonce), stamps this very digest,
//! was made under the wanted policy, and is signed by an authority that chains to a pinned root.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use ring::rand::{SecureRandom, SystemRandom};

use crate::{
    SignError,
    certificate::Certificate,
    der_read::{Element, Reader},
    der_write::{NULL, element, octets, oid, sequence, small_integer},
    fetch::{Fetch, FetchError, Message},
    hash::Hash,
    oid,
    revocation::CLOCK_SLACK,
    verify::{Trust, time_stamp},
};

/// Tokens of one authority differ in a serial number, a fraction of a second and the digest.
const TOKEN_SLACK: usize = 256;

/// Why there is no time-stamp.
#[derive(Debug, thiserror::Error)]
pub enum StampError {
    /// The wanted policy is no object identifier.
    #[error("`{0}` is no policy: an object identifier such as `1.2.3.4` is expected")]
    PolicyText(String),
    /// The authority's server gave no good reply.
    #[error("the time-stamp authority cannot be asked")]
    Fetch(#[from] FetchError),
    /// The reply is no time-stamp response.
    #[error("the reply of the time-stamp authority `{0}` is unreadable")]
    Unreadable(String),
    /// The authority refused.
    #[error("the time-stamp authority `{url}` refuses with status {status}: {text}")]
    Refused {
        /// The authority.
        url: String,
        /// `PKIStatus`.
        status: u8,
        /// Its own words, when it gave any.
        text: String,
        /// Asked again, it will refuse again: the request is what it does not take.
        lasting: bool,
    },
    /// The token answers another question: a replay, or a broken authority.
    #[error("the time-stamp carries another nonce than the request")]
    Nonce,
    /// The token was made under another policy.
    #[error("the time-stamp was made under another policy than the one asked for")]
    Policy,
    /// The authority's clock and this machine's do not agree, so that one of them proves a wrong time.
    #[error("the time-stamp is of {stated}, and it is {now} here: one of the two clocks is wrong")]
    Clock {
        /// The time that the token states.
        stated: DateTime<Utc>,
        /// The time here.
        now: DateTime<Utc>,
    },
    /// The token stamps another digest.
    #[error("the time-stamp is of another digest")]
    Imprint,
    /// The authority has changed its certificate, for which there is no evidence yet.
    #[error("the time-stamp authority has a new certificate; the next attempt will know it")]
    NewCertificate,
    /// The token's signature does not hold.
    #[error("the time-stamp's own signature does not hold")]
    Broken,
    /// The authority's certificate is for other things, too.
    #[error(
        "the time-stamp authority's certificate must be for time-stamps alone, and say so critically \
         (RFC 3161, 2.3)"
    )]
    Purpose,
    /// No pinned root vouches for the authority.
    #[error("the time-stamp authority does not chain to a pinned root; pin its root to use it")]
    Untrusted,
}

/// An authority that stamps digests.
#[derive(Debug)]
pub struct TimeStampAuthority {
    url: String,
    policy: Option<Vec<u8>>,
    trust: Trust,
    fetch: Box<dyn Fetch>,
    random: SystemRandom,
    sample: Mutex<Option<Sample>>,
}

/// What tokens teach of an authority.
#[derive(Debug, Clone)]
struct Sample {
    room: usize,
    links: Vec<Vec<u8>>,
}

impl TimeStampAuthority {
    /// An authority under one of the roots of `trust`; where a policy is given, only tokens made
    /// under it are taken.
    ///
    /// # Errors
    /// [`StampError::PolicyText`] when the policy is no dotted object identifier.
    pub fn new(
        url: impl Into<String>,
        policy: Option<&str>,
        trust: Trust,
        fetch: Box<dyn Fetch>,
    ) -> Result<Self, StampError> {
        let encoded =
            |text: &str| oid::encode(text).ok_or_else(|| StampError::PolicyText(text.to_owned()));
        Ok(Self {
            url: url.into(),
            policy: policy.map(encoded).transpose()?,
            trust,
            fetch,
            random: SystemRandom::new(),
            sample: Mutex::default(),
        })
    }

    /// Bytes a token needs at most.
    pub(crate) fn room(&self) -> Result<usize, SignError> {
        Ok(self.sample()?.room)
    }

    /// The authority's certificate and its issuers up to a pinned one, as of its last token.
    pub(crate) fn links(&self) -> Result<Vec<Vec<u8>>, SignError> {
        Ok(self.sample()?.links)
    }

    /// What was learnt from a first token, a dry run, and from all since.
    fn sample(&self) -> Result<Sample, SignError> {
        let known = self.sample.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let (token, links) = self.ask(Hash::Sha512, &[0; 64])?;
        let made = Sample { room: token.len() + TOKEN_SLACK, links };
        Ok(self.sample.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(made).clone())
    }

    /// Asks for a stamp and checks it, as the first signature will.
    ///
    /// # Errors
    /// [`SignError::TimeStamp`] when the authority gives no good token.
    pub fn try_out(&self) -> Result<(), SignError> {
        self.room().map(drop)
    }

    /// When the authority's certificate ends, and with it what its stamps prove by themselves.
    ///
    /// # Errors
    /// As [`Self::try_out`].
    pub fn ends(&self) -> Result<DateTime<Utc>, SignError> {
        end_of(&self.links()?)
    }

    /// The same of the certificate that it uses now, whatever it used before.
    ///
    /// # Errors
    /// As [`Self::try_out`].
    pub fn ends_now(&self) -> Result<DateTime<Utc>, SignError> {
        end_of(&self.ask(Hash::Sha512, &[0; 64])?.1)
    }

    /// A checked token for a digest.
    pub(crate) fn stamp(&self, hash: Hash, digest: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.ask(hash, digest)?.0)
    }

    /// A checked token, and the chain of the authority.
    fn ask(&self, hash: Hash, digest: &[u8]) -> Result<(Vec<u8>, Vec<Vec<u8>>), SignError> {
        let nonce = self.nonce()?;
        let body = request(hash, digest, self.policy.as_deref(), &nonce);
        let content_type = "application/timestamp-query";
        let message = Message { url: &self.url, content_type, body: &body };
        let reply = self.fetch.post(&message).map_err(StampError::Fetch)?;
        let token = self.token(&reply)?;
        let links = self.check(&token, (hash, digest), &nonce)?;
        // Authorities change their certificate every year or so, under running programs.
        if let Some(known) = &mut *self.sample.lock().unwrap_or_else(PoisonError::into_inner) {
            known.room = known.room.max(token.len() + TOKEN_SLACK);
            known.links.clone_from(&links);
        }
        Ok((token, links))
    }

    fn nonce(&self) -> Result<[u8; 8], SignError> {
        let mut nonce = [0; 8];
        let filled = self.random.fill(&mut nonce);
        filled.map_err(|_| SignError::Signature("no random numbers"))?;
        // Positive, and of full length, so that it is written in one way only.
        nonce[0] = nonce[0] & 0x7f | 0x40;
        Ok(nonce)
    }

    /// The token of a response that grants one.
    fn token(&self, reply: &[u8]) -> Result<Vec<u8>, StampError> {
        let unreadable = || StampError::Unreadable(self.url.clone());
        let mut fields = Reader(reply).sequence().ok_or_else(unreadable)?;
        let mut info = fields.sequence().ok_or_else(unreadable)?;
        let status = info.accept(2).ok_or_else(unreadable)?.content;
        match status {
            // Granted, or granted with changes, which the checks below would find.
            [0 | 1] => Ok(fields.accept(0x30).ok_or_else(unreadable)?.raw.to_vec()),
            &[status] => {
                let words = info.accept(0x30).map(|words| words.inside()).into_iter().flatten();
                let words = words.map(|word| String::from_utf8_lossy(word.content).into_owned());
                let text = words.collect::<Vec<_>>().join("; ");
                let lasting = info.accept(3).is_some_and(|failure| is_lasting(&failure));
                Err(StampError::Refused { url: self.url.clone(), status, text, lasting })
            }
            _ => Err(unreadable()),
        }
    }

    fn check(
        &self,
        token: &[u8],
        (hash, digest): (Hash, &[u8]),
        nonce: &[u8],
    ) -> Result<Vec<Vec<u8>>, StampError> {
        let unreadable = || StampError::Unreadable(self.url.clone());
        let said = time_stamp::statement_of(token).ok_or_else(unreadable)?;
        if said.nonce.as_deref() != Some(nonce) {
            return Err(StampError::Nonce);
        }
        if self.policy.as_ref().is_some_and(|policy| *policy != said.policy) {
            return Err(StampError::Policy);
        }
        // Compared by the hash that was asked for; by any other the digest is another one.
        let own = |asked| if asked == hash { digest.to_vec() } else { Vec::new() };
        let checked = time_stamp::check(token, own, (&self.trust, &[])).ok_or_else(unreadable)?;
        let stamp = &checked.stamp;
        match (stamp.imprint_ok, stamp.signature_ok, stamp.trusted) {
            (false, ..) => Err(StampError::Imprint),
            (_, false, _) => Err(StampError::Broken),
            (.., false) => Err(StampError::Untrusted),
            _ if !checked.of_purpose => Err(StampError::Purpose),
            _ => on_time(said.time, Utc::now()).map(|()| checked.links),
        }
    }
}

fn end_of(links: &[Vec<u8>]) -> Result<DateTime<Utc>, SignError> {
    let own = links.first().and_then(|der| Certificate::parse(der));
    own.map(|own| own.not_after).ok_or(SignError::Certificate("no time-stamp authority's"))
}

/// What is stamped is stamped now.
fn on_time(stated: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), StampError> {
    if (stated - now).abs() <= CLOCK_SLACK {
        return Ok(());
    }
    Err(StampError::Clock { stated, now })
}

/// A `PKIFailureInfo` that names something of the request: algorithm, form, policy, extension. Any other
/// is about the authority: it has no time now, or something broke.
fn is_lasting(failure: &Element<'_>) -> bool {
    const OF_REQUEST: [usize; 6] = [0, 2, 5, 15, 16, 17];
    let bits = failure.content.get(1..).unwrap_or_default();
    let is_set = |bit: usize| bits.get(bit / 8).is_some_and(|byte| byte >> (7 - bit % 8) & 1 == 1);
    OF_REQUEST.into_iter().any(is_set)
}

/// A `TimeStampReq` that asks for the authority's certificate too.
fn request(hash: Hash, digest: &[u8], policy: Option<&[u8]>, nonce: &[u8]) -> Vec<u8> {
    let imprint = sequence(&[&sequence(&[&oid(hash.oid()), &NULL]), &octets(digest)]);
    let policy = policy.map(oid).unwrap_or_default();
    let certificate_wanted = element(1, &[0xff]);
    sequence(&[&small_integer(1), &imprint, &policy, &element(2, nonce), &certificate_wanted])
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_stamp_of_another_day_is_none() {
        let now = Utc::now();
        for near in [TimeDelta::zero(), TimeDelta::minutes(4), TimeDelta::minutes(-4)] {
            assert!(on_time(now + near, now).is_ok());
        }
        for far in [TimeDelta::minutes(6), TimeDelta::days(-1), TimeDelta::days(365)] {
            assert!(matches!(on_time(now + far, now), Err(StampError::Clock { .. })));
        }
    }
}
