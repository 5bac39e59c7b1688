//! What a pool of evidence proves of a certificate at a moment, and what it lacks.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use chrono::{DateTime, Utc};

use super::{
    EvidenceFault, Finding, Link, Moment, Pool, RevocationMethod, Revoked, crl::List,
    ocsp::Response,
};
use crate::certificate::Certificate;

/// Delegates of delegates: a responder's own responder is the deepest there is.
const MAX_DEPTH: usize = 3;

/// Bytes of evidence searched for one file. Real files stay under a thousandth; hostile ones hold
/// long lists and the certificates of many signers.
const MAX_SEARCHED: u64 = 1 << 30;

/// Delegates weighed for one file, against responders made to vouch for each other.
const MAX_WEIGHED: u32 = 10_000;

/// Names a piece of evidence: its kind and its place in the pool.
pub(crate) type Piece = (RevocationMethod, usize);

/// Where a status was learnt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: RevocationMethod,
    /// The time the evidence speaks of.
    pub(crate) at: DateTime<Utc>,
    pub(crate) pieces: BTreeSet<Piece>,
    /// Certificates of delegates that signed it.
    pub(crate) delegates: Vec<Vec<u8>>,
}

/// A certificate that evidence is missing for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) certificate: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    /// When it was used.
    pub(crate) used: DateTime<Utc>,
    /// What is wrong with the evidence that there is.
    pub(crate) fault: Option<EvidenceFault>,
}

/// What is known of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    Good(Seen),
    Missing(Missing),
    Revoked(Seen, Revoked),
}

/// What is known of a chain, the pinned root left out.
#[derive(Debug, Default)]
pub(crate) struct ChainStanding {
    /// The earliest revocation in it, and whether it is the first certificate's.
    pub(crate) revoked: Option<(Revoked, bool)>,
    pub(crate) missing: Option<Missing>,
    /// Of the first certificate.
    pub(crate) first: Option<Seen>,
    pub(crate) pieces: BTreeSet<Piece>,
    pub(crate) delegates: Vec<Vec<u8>>,
}

/// A pool, read once.
pub(crate) struct Witness<'a> {
    responses: Vec<(usize, Response<'a>)>,
    lists: Vec<(usize, List<'a>)>,
    certificates: Vec<Certificate<'a>>,
    size: u64,
    /// Findings do not depend on the moment, and the same authorities stand in every chain.
    found: RefCell<HashMap<Pair, Rc<Vec<Found<'a>>>>>,
    searched: Cell<u64>,
    weighed: Cell<u32>,
}

type Found<'a> = (Piece, Finding<'a>);

/// The bytes of a certificate and of its issuer.
type Pair = (Vec<u8>, Vec<u8>);

impl<'a> Witness<'a> {
    pub(crate) fn new(pool: &'a Pool) -> Self {
        let responses = pool.ocsps.iter().enumerate();
        let lists = pool.crls.iter().enumerate();
        Self {
            responses: responses.filter_map(|(i, b)| Some((i, Response::parse(b).ok()?))).collect(),
            lists: lists.filter_map(|(i, bytes)| Some((i, List::parse(bytes)?))).collect(),
            certificates: pool.certificates.iter().filter_map(|b| Certificate::parse(b)).collect(),
            size: pool.ocsps.iter().chain(&pool.crls).map(|bytes| bytes.len() as u64).sum(),
            found: RefCell::default(),
            searched: Cell::new(0),
            weighed: Cell::new(0),
        }
    }

    /// Weighs every certificate of a chain but its root, which is trusted for being pinned.
    pub(crate) fn chain(&self, links: &[Certificate<'_>], moment: Moment) -> ChainStanding {
        let mut whole = ChainStanding::default();
        for (i, pair) in links.windows(2).enumerate() {
            let [certificate, issuer] = pair else { continue };
            let seen = match self.standing(Link { certificate, issuer }, moment) {
                Standing::Missing(missing) => {
                    whole.missing.get_or_insert(missing);
                    continue;
                }
                Standing::Good(seen) => seen,
                Standing::Revoked(seen, revoked) => {
                    if whole.revoked.is_none_or(|(known, _)| revoked.at < known.at) {
                        whole.revoked = Some((revoked, i == 0));
                    }
                    seen
                }
            };
            whole.pieces.extend(seen.pieces.iter().copied());
            whole.delegates.extend(seen.delegates.iter().cloned());
            if i == 0 {
                whole.first = Some(seen);
            }
        }
        whole
    }

    /// The newest evidence that speaks of the moment decides, so that a hold can be lifted.
    pub(crate) fn standing(&self, link: Link<'_, '_>, moment: Moment) -> Standing {
        self.weigh(link, moment, &mut vec![link.certificate.der.to_vec()])
    }

    fn weigh(&self, link: Link<'_, '_>, moment: Moment, asking: &mut Vec<Vec<u8>>) -> Standing {
        let mut missing = Missing {
            certificate: link.certificate.der.to_vec(),
            issuer: link.issuer.der.to_vec(),
            used: moment.used,
            fault: None,
        };
        let mut newest: Option<(Finding<'a>, Seen)> = None;
        for (piece, finding) in self.findings(link).iter() {
            if let Err(fault) = finding.speaks_of(link.certificate, moment) {
                missing.fault = Some(fault);
                continue;
            }
            let mut seen = Seen {
                method: finding.method,
                at: finding.this_update,
                pieces: BTreeSet::from([*piece]),
                delegates: Vec::new(),
            };
            match self.delegate(finding, (link, moment), asking) {
                Ok(Some(own)) => {
                    seen.pieces.extend(own.pieces);
                    seen.delegates.extend(own.delegates);
                }
                Ok(None) => {}
                Err(None) => continue,
                Err(Some(lacking)) => {
                    missing = lacking;
                    continue;
                }
            }
            if newest.as_ref().is_none_or(|(known, _)| known.this_update < finding.this_update) {
                seen.delegates.extend(finding.delegate.iter().map(|one| one.der.to_vec()));
                newest = Some((finding.clone(), seen));
            }
        }
        match newest {
            None => Standing::Missing(missing),
            Some((finding, seen)) => match finding.revoked {
                None => Standing::Good(seen),
                Some(revoked) => Standing::Revoked(seen, revoked),
            },
        }
    }

    /// Whether the delegate that signed a finding was good then. Nobody vouches for itself.
    fn delegate(
        &self,
        finding: &Finding<'a>,
        (link, moment): (Link<'_, '_>, Moment),
        asking: &mut Vec<Vec<u8>>,
    ) -> Result<Option<Seen>, Option<Missing>> {
        let Some(delegate) = &finding.delegate else { return Ok(None) };
        if asking.iter().any(|known| known == delegate.der) {
            return Err(None);
        }
        if delegate.needs_no_check() {
            return Ok(None);
        }
        self.weighed.set(self.weighed.get() + 1);
        if asking.len() >= MAX_DEPTH || self.weighed.get() > MAX_WEIGHED {
            return Err(None);
        }
        asking.push(delegate.der.to_vec());
        let own = Link { certificate: delegate, issuer: link.issuer };
        let used = Moment { used: finding.this_update, known: moment.known };
        let standing = self.weigh(own, used, asking);
        asking.pop();
        match standing {
            Standing::Good(seen) => Ok(Some(seen)),
            Standing::Missing(missing) => Err(Some(missing)),
            Standing::Revoked(..) => Err(None),
        }
    }

    /// Everything in the pool that the issuer or its delegate says of the certificate.
    fn findings(&self, link: Link<'_, '_>) -> Rc<Vec<Found<'a>>> {
        let key = (link.certificate.der.to_vec(), link.issuer.der.to_vec());
        if let Some(known) = self.found.borrow().get(&key) {
            return Rc::clone(known);
        }
        self.searched.set(self.searched.get().saturating_add(self.size));
        let mut found = Vec::new();
        if self.searched.get() <= MAX_SEARCHED {
            for (i, response) in &self.responses {
                let finding = response.find(link, &self.certificates);
                found.extend(finding.ok().map(|f| ((RevocationMethod::Ocsp, *i), f)));
            }
            for (i, list) in &self.lists {
                let finding = list.find(link);
                found.extend(finding.ok().map(|f| ((RevocationMethod::Crl, *i), f)));
            }
        }
        let found = Rc::new(found);
        self.found.borrow_mut().insert(key, Rc::clone(&found));
        found
    }
}
