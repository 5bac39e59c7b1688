//! Was a certificate revoked? What OCSP responses and revocation lists prove.
//!
//! * [`ocsp`]: RFC 6960, questions and answers.
//! * [`crl`]: RFC 5280, complete lists of one issuer.
//! * [`pool`]: the evidence at hand, as it lies in a file.
//! * [`standing`]: what a pool proves of a certificate, or which evidence is missing.
//!
//! Nothing here fetches. The same rules decide when evidence is gathered and when a file is
//! verified years later, so that what was thought complete stays complete.

pub(crate) mod crl;
pub(crate) mod ocsp;
pub(crate) mod pool;
pub(crate) mod standing;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::{
    certificate::Certificate,
    der_read::Element,
    hash::Hash,
    verify::algorithm::{holds, identify},
};

pub(crate) use pool::{Evidence, Pool};
pub(crate) use standing::{ChainStanding, Standing, Witness};

/// Clocks of authorities, responders and this machine differ by this much at most.
pub(crate) const CLOCK_SLACK: TimeDelta = TimeDelta::minutes(5);

/// `certificateHold`: the one revocation that can be taken back.
const HOLD: u8 = 6;

/// Why evidence about a certificate was not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceFault {
    /// It is no such structure, or a part of it cannot be read.
    #[error("it is unreadable")]
    Unreadable,
    /// An OCSP responder answered with an error.
    #[error("the responder refuses with status {0}")]
    Refused(u8),
    /// It says nothing about this certificate.
    #[error("it is about another certificate")]
    OtherCertificate,
    /// The signer is neither the issuer nor its delegate.
    #[error("its signer may not speak for the issuer of the certificate")]
    Unauthorised,
    /// The signature does not hold.
    #[error("its signature does not hold")]
    Signature,
    /// The signature rests on SHA-1, or on an algorithm this crate does not check.
    #[error("its signature algorithm is outdated or unknown")]
    Algorithm,
    /// An OCSP response answers another question.
    #[error("it carries another nonce than the request")]
    Nonce,
    /// The responder has never heard of the certificate.
    #[error("the responder does not know the certificate")]
    Unknown,
    /// It was made after the time judged for.
    #[error("it is of a later time; check the clock of this machine")]
    NotYet,
    /// A newer one should have been there.
    #[error("it is out of date")]
    Stale,
    /// Issuers may forget a certificate once it has expired, unless they say that they do not.
    #[error("it was made after the certificate had expired, and may leave it out for that")]
    AfterExpiry,
    /// A delta list says nothing without its base.
    #[error("it is a delta list; the complete list is needed")]
    Delta,
    /// The list leaves out certificates of this kind.
    #[error("it is a list that does not cover the certificate")]
    Scope,
    /// It says something of importance that this crate cannot weigh.
    #[error("it has an unknown critical extension")]
    Critical,
}

/// How a certificate's status was learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RevocationMethod {
    /// From a revocation list.
    Crl,
    /// It was not.
    None,
    /// From an OCSP responder.
    Ocsp,
}

/// A certificate was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Revoked {
    /// Since when.
    pub at: DateTime<Utc>,
    /// `CRLReason`, when one is given.
    pub reason: Option<u8>,
}

impl Revoked {
    /// What an authority's key signed before stays good: it was retired, not stolen (RFC 3161
    /// section 4: unspecified when said, affiliation changed, superseded, out of operation).
    pub(crate) fn spares_the_past(self) -> bool {
        matches!(self.reason, Some(0 | 3..=5))
    }
}

/// When a certificate was used, and what evidence may be known by now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) used: DateTime<Utc>,
    pub(crate) known: DateTime<Utc>,
}

/// A certificate and the certificate of its issuer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link<'l, 'c> {
    pub(crate) certificate: &'l Certificate<'c>,
    pub(crate) issuer: &'l Certificate<'c>,
}

/// What one piece of evidence says of one certificate; its signature was checked, its times not.
#[derive(Debug, Clone)]
pub(crate) struct Finding<'a> {
    pub(crate) method: RevocationMethod,
    pub(crate) revoked: Option<Revoked>,
    pub(crate) this_update: DateTime<Utc>,
    pub(crate) next_update: Option<DateTime<Utc>>,
    /// Certificates that expired since then are remembered; none where its source does not say.
    pub(crate) remembers_since: Option<DateTime<Utc>>,
    /// The delegate that signed in the issuer's place.
    pub(crate) delegate: Option<Certificate<'a>>,
}

impl Finding<'_> {
    /// It tells whether the certificate was good at a moment.
    pub(crate) fn speaks_of(
        &self,
        certificate: &Certificate<'_>,
        moment: Moment,
    ) -> Result<(), EvidenceFault> {
        if self.this_update > moment.known + CLOCK_SLACK {
            return Err(EvidenceFault::NotYet);
        }
        // Once revoked stays revoked, however old the news is.
        if self.revoked.is_some_and(|revoked| revoked.reason != Some(HOLD)) {
            return Ok(());
        }
        let ended = certificate.not_after;
        let remembered = self.remembers_since.is_some_and(|since| since <= ended);
        if self.this_update > ended && !remembered {
            return Err(EvidenceFault::AfterExpiry);
        }
        // Without a next update newer evidence is always to be had.
        let until = self.next_update.unwrap_or(self.this_update + CLOCK_SLACK);
        if until < moment.used { Err(EvidenceFault::Stale) } else { Ok(()) }
    }

    /// It is what its source would answer now, not an old answer replayed.
    pub(crate) fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.next_update.unwrap_or(self.this_update + CLOCK_SLACK) >= now
    }
}

/// `value` is a signature of `message` by this certificate's key.
fn check_signature(
    certificate: &Certificate<'_>,
    algorithm: &Element<'_>,
    (message, value): (&[u8], &[u8]),
) -> Result<(), EvidenceFault> {
    let found = identify(algorithm, None).ok().filter(|found| found.hash != Hash::Sha1);
    let found = found.ok_or(EvidenceFault::Algorithm)?;
    match holds(found, certificate.key_info, message, value) {
        Ok(true) => Ok(()),
        Ok(false) => Err(EvidenceFault::Signature),
        Err(_) => Err(EvidenceFault::Algorithm),
    }
}
