//! Has the evidence that a chain needs: from what is at hand, from the cache, from the authority.
//!
//! What is missing is found by the same rules that verify a file ([`Witness`]), and only evidence
//! that fills the gap is taken. OCSP is asked first, because its answers are short and new; the
//! revocation list is the second way.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use ring::rand::{SecureRandom, SystemRandom};

use crate::{
    CertificateDer, EvidenceCache, KeptEvidence,
    asked::{Asked, Came, GOOD_FOR},
    certificate::Certificate,
    fetch::{Fetch, FetchError, Message},
    pointers,
    revocation::{
        CLOCK_SLACK, ChainStanding, Evidence, EvidenceFault, Link, Moment, Pool, Standing, Witness,
        crl::List,
        ocsp::{Response, request},
    },
    verify::{Trust, path::chain},
};

/// A responder may have a responder of its own; no further.
const MAX_DEPTH: usize = 2;

/// Why there is no evidence for a certificate.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Nobody who is trusted vouches for it, so nobody can be asked.
    #[error("the signing certificate does not chain to a pinned root")]
    Untrusted,
    /// It says nowhere where evidence is.
    #[error(
        "the certificate of `{subject}` names no responder and no list that is fetched over HTTP"
    )]
    NoSource {
        /// The certificate's subject.
        subject: String,
    },
    /// The authority's server gave no good reply.
    #[error("the authority of `{subject}` cannot be asked")]
    Fetch {
        /// The certificate's subject.
        subject: String,
        /// Why.
        #[source]
        source: FetchError,
    },
    /// It gave none a moment ago, and is not asked for each document again.
    #[error("the authority of `{subject}` did not answer a moment ago")]
    StillSilent {
        /// The certificate's subject.
        subject: String,
    },
    /// The authority's answer was not believed.
    #[error("what `{url}` says of `{subject}` is not used")]
    Refused {
        /// The certificate's subject.
        subject: String,
        /// The server that answered.
        url: String,
        /// Why.
        #[source]
        source: EvidenceFault,
    },
    /// The responder that vouches for it may be revoked itself, for all that can be learnt.
    #[error("the responder for `{subject}` cannot be checked; its issuer should exempt it")]
    Unconfirmed {
        /// The certificate's subject.
        subject: String,
    },
    /// It was revoked before it was used.
    #[error("the certificate of `{subject}` was revoked at {at}")]
    Revoked {
        /// The certificate's subject.
        subject: String,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// The evidence could not be kept.
    #[error("the evidence cache cannot be written")]
    Cache(#[source] std::io::Error),
    /// The system has no random numbers for a nonce.
    #[error("no random numbers")]
    Random,
}

impl EvidenceError {
    /// A wrong answer is worth more to who must mend it than a silent server.
    fn tells_more_than(&self, other: &Self) -> bool {
        let silent = |error: &Self| matches!(error, Self::Fetch { .. });
        matches!(other, Self::NoSource { .. }) || silent(other) && !silent(self)
    }
}

/// Where evidence comes from, and whom it must lead to.
#[derive(Debug)]
pub struct EvidenceSource {
    pub(crate) trust: Trust,
    pub(crate) fetch: Box<dyn Fetch>,
    /// Issuers that a file lacks are fetched.
    pub(crate) issuers: bool,
    cache: EvidenceCache,
    random: SystemRandom,
    /// What came of earlier questions.
    pub(crate) asked: Asked,
}

/// A silence that took longer than this is one; who says at once that he is away costs nothing.
const SLOW: Duration = Duration::from_secs(5);

/// What is asked, and what first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// What is kept, so that all documents of a time carry the same.
    Kept,
    /// The authorities; what is kept serves while they are silent.
    Asked,
    /// The authorities, and nothing else.
    AskedAlone,
    /// What is kept, and nothing else.
    KeptAlone,
}

/// What is tried for a certificate.
enum Offer {
    Kept(Evidence),
    List(String),
    Responder(String),
}

/// How long evidence that says at `at` that a chain is good goes on to say so, up to [`GOOD_FOR`]: the
/// answer of a responder that names no next one is outrun within minutes, and would prove nothing of
/// what is signed then; and a revocation may be announced.
fn good_for(kept: &KeptEvidence, links: &[Vec<u8>], at: DateTime<Utc>) -> TimeDelta {
    let links: Vec<_> = links.iter().filter_map(|der| Certificate::parse(der)).collect();
    let witness = Witness::new(&kept.0);
    let says = |later: &TimeDelta| {
        let used = at + *later;
        let standing = witness.chain(&links, Moment { used, known: used });
        standing.missing.is_none() && revoked_by(&standing, used).is_none()
    };
    let mut minutes = (1..=GOOD_FOR).rev().map(TimeDelta::minutes);
    minutes.find(says).unwrap_or_default()
}

/// Since when a chain is revoked that is to sign at `used`. The authority's clock may be ahead of this
/// machine's: what is revoked in a moment may be so already.
fn revoked_by(standing: &ChainStanding, used: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let at = standing.revoked.map(|(revoked, _)| revoked.at);
    at.filter(|at| *at <= used + CLOCK_SLACK)
}

impl EvidenceSource {
    /// Evidence for chains that end at the roots of `trust`.
    pub fn new(trust: Trust, fetch: Box<dyn Fetch>, cache: EvidenceCache) -> Self {
        Self {
            trust,
            fetch,
            issuers: false,
            cache,
            random: SystemRandom::new(),
            asked: Asked::default(),
        }
    }

    /// Checks a signer's chain before its key is used: no certificate of it is revoked at `at`, as
    /// its authorities say now or said a few minutes ago: by the evidence that is answered, which is the
    /// same for the documents that are signed next.
    ///
    /// # Errors
    /// [`EvidenceError`], also when nobody could say: a signature that might be worthless is not
    /// made.
    pub fn check_signer(
        &self,
        certificates: &[CertificateDer],
        at: DateTime<Utc>,
    ) -> Result<Arc<KeptEvidence>, EvidenceError> {
        let parsed = certificates.iter().filter_map(|one| Certificate::parse(&one.0));
        let parsed: Vec<_> = parsed.collect();
        let (own, others) = parsed.split_first().ok_or(EvidenceError::Untrusted)?;
        let path = chain(own, others, (&self.trust, at)).ok_or(EvidenceError::Untrusted)?;
        match self.asked.signer(own.der, at) {
            Some(Came::Good(kept, _)) => return Ok(kept),
            Some(Came::Nobody(subject)) => return Err(EvidenceError::NoSource { subject }),
            Some(Came::Silence) => {
                return Err(EvidenceError::StillSilent { subject: own.subject.printed() });
            }
            None => {}
        }
        let (moment, mut pool) = (Moment { used: at, known: at }, Pool::default());
        let began = Instant::now();
        let gathered = self.gather_anew(&path.links, moment, &mut pool);
        let gathered = gathered.and_then(|standing| match revoked_by(&standing, at) {
            Some(at) => Err(EvidenceError::Revoked { subject: own.subject.printed(), at }),
            None => Ok(Arc::new(KeptEvidence(pool))),
        });
        let came = match &gathered {
            Ok(kept) => Some(Came::Good(Arc::clone(kept), good_for(kept, &path.links, at))),
            Err(EvidenceError::Fetch { .. }) if began.elapsed() > SLOW => Some(Came::Silence),
            // Others above it may have been asked, and are not for each document again.
            Err(EvidenceError::NoSource { subject }) => Some(Came::Nobody(subject.clone())),
            Err(_) => None,
        };
        if let Some(came) = came {
            self.asked.keep_signer(own.der, at, came);
        }
        gathered
    }

    /// Since when a chain is revoked that signed at `used`, as its authorities say at `now`; what they
    /// said before serves while they are silent.
    ///
    /// # Errors
    /// [`EvidenceError`] where nobody says that it is, and not all say that it is not.
    pub fn revoked_since(
        &self,
        certificates: &[CertificateDer],
        (used, now): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Option<DateTime<Utc>>, EvidenceError> {
        let parsed = certificates.iter().filter_map(|one| Certificate::parse(&one.0));
        let parsed: Vec<_> = parsed.collect();
        let (own, others) = parsed.split_first().ok_or(EvidenceError::Untrusted)?;
        let path = chain(own, others, (&self.trust, used)).ok_or(EvidenceError::Untrusted)?;
        let (moment, mut pool) = (Moment { used, known: now }, Pool::default());
        // What one authority says counts, though another one is silent.
        let pairs = path.links.windows(2);
        let ask = |pair| self.ask(First::Asked, pair, (moment, &mut pool));
        let asked = pairs.map(ask).collect::<Vec<_>>();
        let unknown = asked.into_iter().find_map(Result::err);
        let links: Vec<_> = path.links.iter().filter_map(|der| Certificate::parse(der)).collect();
        match (Witness::new(&pool).chain(&links, moment).revoked, unknown) {
            (Some((revoked, _)), _) => Ok(Some(revoked.at)),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }

    /// Asks about one certificate of a chain, before its issuer in `pair`; what is learnt is added to
    /// `pool`, and what that holds is not asked for.
    pub(crate) fn ask(
        &self,
        first: First,
        pair: &[Vec<u8>],
        (moment, pool): (Moment, &mut Pool),
    ) -> Result<(), EvidenceError> {
        let parsed: Vec<_> = pair.iter().filter_map(|der| Certificate::parse(der)).collect();
        let [certificate, issuer] = parsed.as_slice() else { return Ok(()) };
        self.settle(Link { certificate, issuer }, moment, (pool, (first, 0)))
    }

    /// Adds to `pool` what it lacks to weigh a chain; answers the chain's standing.
    pub(crate) fn gather(
        &self,
        links: &[Vec<u8>],
        moment: Moment,
        pool: &mut Pool,
    ) -> Result<ChainStanding, EvidenceError> {
        self.gather_first(First::Kept, links, (moment, pool))
    }

    /// The same, where what is kept serves only while the authorities are silent.
    fn gather_anew(
        &self,
        links: &[Vec<u8>],
        moment: Moment,
        pool: &mut Pool,
    ) -> Result<ChainStanding, EvidenceError> {
        self.gather_first(First::Asked, links, (moment, pool))
    }

    fn gather_first(
        &self,
        first: First,
        links: &[Vec<u8>],
        (moment, pool): (Moment, &mut Pool),
    ) -> Result<ChainStanding, EvidenceError> {
        let parsed: Vec<_> = links.iter().filter_map(|der| Certificate::parse(der)).collect();
        for pair in parsed.windows(2) {
            let [certificate, issuer] = pair else { continue };
            self.settle(Link { certificate, issuer }, moment, (pool, (first, 0)))?;
        }
        let standing = Witness::new(pool).chain(&parsed, moment);
        for der in links.iter().chain(&standing.delegates) {
            pool.add_certificate(der);
        }
        match (standing.revoked, parsed.first()) {
            (Some((revoked, _)), Some(first)) if revoked.at <= moment.used => {
                Err(EvidenceError::Revoked { subject: first.subject.printed(), at: revoked.at })
            }
            _ => Ok(standing),
        }
    }

    /// Has evidence for one certificate, unless there is some.
    fn settle(
        &self,
        link: Link<'_, '_>,
        moment: Moment,
        (pool, (first, depth)): (&mut Pool, (First, usize)),
    ) -> Result<(), EvidenceError> {
        if !matches!(Witness::new(pool).standing(link, moment), Standing::Missing(_)) {
            return Ok(());
        }
        let subject = || link.certificate.subject.printed();
        let mut last = EvidenceError::NoSource { subject: subject() };
        let kept = self.cache.kept(link.certificate).into_iter().map(Offer::Kept);
        let responders = pointers::responders(link.certificate).into_iter().map(Offer::Responder);
        let lists = pointers::lists(link.certificate).into_iter().map(Offer::List);
        let asked = responders.chain(lists);
        let offers: Vec<_> = match first {
            First::Kept => kept.chain(asked).collect(),
            First::Asked => asked.chain(kept).collect(),
            First::AskedAlone => asked.collect(),
            First::KeptAlone => kept.collect(),
        };
        for offer in offers {
            let new = !matches!(offer, Offer::Kept(_));
            let before = pool.clone();
            let taken = self.take(offer, (link, moment), pool).and_then(|evidence| {
                pool.add(evidence.clone());
                self.confirm(link, moment, (pool, (first, depth))).map(|()| evidence)
            });
            match taken {
                Ok(evidence) if new => {
                    return self
                        .cache
                        .keep(link.certificate, &evidence)
                        .map_err(EvidenceError::Cache);
                }
                Ok(_) => return Ok(()),
                Err(error) => {
                    *pool = before;
                    if new && error.tells_more_than(&last) {
                        last = error;
                    }
                }
            }
        }
        Err(last)
    }

    /// The evidence just added is enough, once its signer's own standing is known.
    fn confirm(
        &self,
        link: Link<'_, '_>,
        moment: Moment,
        (pool, (first, depth)): (&mut Pool, (First, usize)),
    ) -> Result<(), EvidenceError> {
        let Standing::Missing(missing) = Witness::new(pool).standing(link, moment) else {
            return Ok(());
        };
        let unconfirmed =
            || EvidenceError::Unconfirmed { subject: link.certificate.subject.printed() };
        let delegate = Certificate::parse(&missing.certificate);
        let issuer = Certificate::parse(&missing.issuer);
        let (Some(certificate), Some(issuer)) = (&delegate, &issuer) else {
            return Err(unconfirmed());
        };
        if certificate.der == link.certificate.der || depth + 1 >= MAX_DEPTH {
            return Err(unconfirmed());
        }
        let used = Moment { used: missing.used, known: moment.known };
        self.settle(Link { certificate, issuer }, used, (pool, (first, depth + 1)))?;
        match Witness::new(pool).standing(link, moment) {
            Standing::Missing(_) => Err(unconfirmed()),
            _ => Ok(()),
        }
    }

    /// Evidence from one place, believed for itself.
    fn take(
        &self,
        offer: Offer,
        (link, moment): (Link<'_, '_>, Moment),
        pool: &Pool,
    ) -> Result<Evidence, EvidenceError> {
        let subject = || link.certificate.subject.printed();
        let unreached = |source| EvidenceError::Fetch { subject: subject(), source };
        let (url, evidence, nonce) = match offer {
            Offer::Kept(evidence) => return Ok(evidence),
            Offer::List(url) => {
                let bytes = self.fetch.get(&url).map_err(unreached)?;
                (url, Evidence::Crl(bytes), None)
            }
            Offer::Responder(url) => {
                let mut nonce = [0; 16];
                self.random.fill(&mut nonce).map_err(|_| EvidenceError::Random)?;
                let body = request(link, &nonce).unwrap_or_default();
                let content_type = "application/ocsp-request";
                let message = Message { url: &url, content_type, body: &body };
                let bytes = self.fetch.post(&message).map_err(unreached)?;
                (url, Evidence::Ocsp(bytes), Some(nonce))
            }
        };
        match believe(&evidence, (link, moment), (nonce.as_ref(), pool)) {
            Ok(()) => Ok(evidence),
            Err(source) => Err(EvidenceError::Refused { subject: subject(), url, source }),
        }
    }
}

/// What a server sent is about the certificate, is signed by whom it should be, and is new.
fn believe(
    evidence: &Evidence,
    (link, moment): (Link<'_, '_>, Moment),
    (nonce, pool): (Option<&[u8; 16]>, &Pool),
) -> Result<(), EvidenceFault> {
    let others: Vec<_> = pool.certificates.iter().filter_map(|d| Certificate::parse(d)).collect();
    let finding = match evidence {
        Evidence::Crl(bytes) => List::parse(bytes).ok_or(EvidenceFault::Unreadable)?.find(link)?,
        Evidence::Ocsp(bytes) => {
            let response = Response::parse(bytes)?;
            let finding = response.find(link, &others)?;
            // A right answer to an earlier question is a replay.
            if nonce.is_some_and(|nonce| !response.answers_nonce(nonce)) {
                return Err(EvidenceFault::Nonce);
            }
            finding
        }
    };
    finding.speaks_of(link.certificate, moment)?;
    if finding.is_fresh(moment.known) { Ok(()) } else { Err(EvidenceFault::Stale) }
}
