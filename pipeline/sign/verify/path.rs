//! From a certificate to a pinned root, through the certificates that came with the signature.
//!
//! Every link is a checked signature by an authority that may sign certificates; names alone link
//! nothing. Validity is kept apart, because an expired chain is another verdict than a foreign one.

use chrono::{DateTime, Utc};

use super::{
    algorithm::{holds, identify},
    report::Algorithm,
    trust::{Pin, PinnedRoot, Trust, TrustDomain},
};
use crate::{certificate::Certificate, hash::Hash};

/// Longer than any government's hierarchy.
const MAX_LENGTH: usize = 8;

/// Signatures checked at most for one chain, against sets of certificates made to branch.
const MAX_CHECKS: usize = 64;

/// Key usage: the key signs certificates.
const CERTIFICATE_SIGNING: u8 = 5;

/// A chain that ends at a pinned root.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) domain: TrustDomain,
    pub(crate) root_sha256: String,
    /// Some certificate below the root is signed with SHA-1.
    pub(crate) legacy: bool,
    /// Its certificates, the leaf first and the pinned one last.
    pub(crate) links: Vec<Vec<u8>>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Chain {
    /// All its certificates are valid at this time.
    pub(crate) fn valid_at(&self, at: DateTime<Utc>) -> bool {
        (self.from..=self.until).contains(&at)
    }
}

/// The chain of `leaf`, if any pinned root vouches for it: one that is valid at this time, where
/// there is one. Authorities are renewed under their old name and key, so that several chains may lead
/// up from one certificate.
pub(crate) fn chain(
    leaf: &Certificate<'_>,
    others: &[Certificate<'_>],
    (trust, at): (&Trust, DateTime<Utc>),
) -> Option<Chain> {
    chain_to(leaf, others, (&trust.roots.iter().collect::<Vec<_>>(), at))
}

/// The same for the authority of a time-stamp, which may have a root of its own.
pub(crate) fn stamp_chain(
    leaf: &Certificate<'_>,
    others: &[Certificate<'_>],
    (trust, at): (&Trust, DateTime<Utc>),
) -> Option<Chain> {
    let roots: Vec<_> = trust.roots.iter().chain(&trust.stamp_roots).collect();
    chain_to(leaf, others, (&roots, at))
}

fn chain_to(
    leaf: &Certificate<'_>,
    others: &[Certificate<'_>],
    (roots, at): (&[&PinnedRoot], DateTime<Utc>),
) -> Option<Chain> {
    let pinned = roots.iter().filter_map(|root| match &root.pin {
        Pin::Certificate(certificate) => Certificate::parse(&certificate.0),
        Pin::Sha1(_) | Pin::Sha256(_) => None,
    });
    let candidates: Vec<Certificate<'_>> = others.iter().cloned().chain(pinned).collect();
    let search = Search { candidates: &candidates, roots, at };
    let mut so_far = SoFar::default();
    let valid = search.from(vec![leaf], &mut so_far);
    let links = valid.or(so_far.ended)?;
    let root = links.last()?;
    let found = roots.iter().find(|pinned| pinned.pin.matches(root.der))?;
    let below_root = &links[..links.len() - 1];
    Some(Chain {
        domain: found.domain,
        root_sha256: root.sha256(),
        legacy: below_root.iter().any(|certificate| {
            identify(&certificate.signature_algorithm, None)
                .is_ok_and(|found| found.hash == Hash::Sha1 && found.algorithm != Algorithm::RsaPss)
        }),
        links: links.iter().map(|certificate| certificate.der.to_vec()).collect(),
        from: links.iter().map(|certificate| certificate.not_before).max()?,
        until: links.iter().map(|certificate| certificate.not_after).min()?,
    })
}

struct Search<'s, 'c> {
    candidates: &'s [Certificate<'c>],
    roots: &'s [&'s PinnedRoot],
    at: DateTime<Utc>,
}

/// What a search has done.
#[derive(Default)]
struct SoFar<'s, 'c> {
    checks: usize,
    /// The first chain that leads to a pinned root and is not valid at the time.
    ended: Option<Vec<&'s Certificate<'c>>>,
}

impl<'s, 'c> Search<'s, 'c> {
    /// A chain that is valid at the time.
    fn from(
        &self,
        links: Vec<&'s Certificate<'c>>,
        so_far: &mut SoFar<'s, 'c>,
    ) -> Option<Vec<&'s Certificate<'c>>> {
        let last = *links.last()?;
        if last.has_unknown_critical_extension() {
            return None;
        }
        if self.roots.iter().any(|root| root.pin.matches(last.der)) {
            let valid =
                |one: &&Certificate<'_>| (one.not_before..=one.not_after).contains(&self.at);
            if links.iter().all(valid) {
                return Some(links);
            }
            so_far.ended.get_or_insert_with(|| links.clone());
        }
        if links.len() == MAX_LENGTH {
            return None;
        }
        let below = links.len() - 1;
        for issuer in self.candidates {
            let fits = issuer.subject.matches(last.issuer)
                && issuer.is_authority()
                && issuer.may(CERTIFICATE_SIGNING)
                && issuer.path_length().is_none_or(|length| below <= length)
                && !links.iter().any(|link| link.der == issuer.der);
            if !fits {
                continue;
            }
            so_far.checks += 1;
            if so_far.checks > MAX_CHECKS {
                return None;
            }
            if signed_by(last, issuer) {
                let mut longer = links.clone();
                longer.push(issuer);
                if let Some(found) = self.from(longer, so_far) {
                    return Some(found);
                }
            }
        }
        None
    }
}

/// The issuer's key signed the certificate; whether it may is another question.
pub(crate) fn signed_by(certificate: &Certificate<'_>, issuer: &Certificate<'_>) -> bool {
    identify(&certificate.signature_algorithm, None)
        .and_then(|algorithm| {
            holds(algorithm, issuer.key_info, certificate.signed_part, certificate.signature)
        })
        .unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair,
        KeyUsagePurpose,
    };

    use super::*;
    use crate::CertificateDer;

    fn parameters(name: &str, authority: Option<u8>) -> CertificateParams {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = match authority {
            Some(length) => IsCa::Ca(BasicConstraints::Constrained(length)),
            None => IsCa::ExplicitNoCa,
        };
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        parameters
    }

    /// Root, a middle certificate and a leaf below it.
    fn three(root_length: u8, middle: CertificateParams) -> [Vec<u8>; 3] {
        let key = || KeyPair::generate().unwrap();
        let root = parameters("root", Some(root_length));
        let root = CertifiedIssuer::self_signed(root, key()).unwrap();
        let middle = CertifiedIssuer::signed_by(middle, key(), &root).unwrap();
        let leaf = parameters("leaf", None).signed_by(&key(), &middle).unwrap();
        [root.der().to_vec(), middle.der().to_vec(), leaf.der().to_vec()]
    }

    fn found(certificates: &[Vec<u8>; 3], pin: Pin) -> bool {
        let [root, middle, leaf] =
            certificates.each_ref().map(|der| Certificate::parse(der).unwrap());
        let roots = vec![PinnedRoot { pin, domain: TrustDomain::Test }];
        chain(&leaf, &[middle, root], (&Trust { roots, ..Trust::default() }, Utc::now())).is_some()
    }

    fn pin(der: &[u8]) -> Pin {
        Pin::Certificate(CertificateDer(der.to_vec()))
    }

    #[test]
    fn a_chain_ends_at_any_pin_of_any_kind() {
        let all = three(1, parameters("middle", Some(0)));
        let sha1 = Hash::Sha1.of(&all[0]).try_into().unwrap();
        let sha256 = Hash::Sha256.of(&all[1]).try_into().unwrap();
        for pin in [pin(&all[0]), pin(&all[1]), Pin::Sha1(sha1), Pin::Sha256(sha256)] {
            assert!(found(&all, pin));
        }
        assert!(!found(&all, Pin::Sha256([0; 32])));
    }

    #[test]
    fn a_certificate_that_is_no_authority_vouches_for_nobody() {
        let all = three(1, parameters("middle", None));
        assert!(!found(&all, pin(&all[0])));
    }

    #[test]
    fn an_authority_that_may_not_sign_certificates_vouches_for_nobody() {
        let mut middle = parameters("middle", Some(0));
        middle.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let all = three(1, middle);
        assert!(!found(&all, pin(&all[0])));
    }

    #[test]
    fn a_path_longer_than_the_root_allows_is_refused() {
        let all = three(0, parameters("middle", Some(0)));
        assert!(!found(&all, pin(&all[0])));
    }

    #[test]
    fn the_right_names_with_the_wrong_key_link_nothing() {
        let (all, other) =
            (three(1, parameters("middle", Some(0))), three(1, parameters("middle", Some(0))));
        let mixed = [other[0].clone(), other[1].clone(), all[2].clone()];
        assert!(!found(&mixed, pin(&mixed[0])));
    }

    #[test]
    fn of_a_renewed_root_the_one_that_is_valid_counts_in_whatever_order_they_are_pinned() {
        let now = Utc::now();
        let year = chrono::Datelike::year(&now);
        let key = KeyPair::generate().unwrap();
        let root = |from: i32, until: i32| {
            let mut root = parameters("root", Some(0));
            root.not_before = rcgen::date_time_ymd(from, 1, 1);
            root.not_after = rcgen::date_time_ymd(until, 1, 1);
            CertifiedIssuer::self_signed(root, &key).unwrap()
        };
        let (old, new) = (root(year - 9, year - 1), root(year - 2, year + 9));
        let own = parameters("leaf", None).signed_by(&KeyPair::generate().unwrap(), &new).unwrap();
        let leaf = Certificate::parse(own.der()).unwrap();
        let pins = [old.der(), new.der()]
            .map(|der| PinnedRoot { pin: pin(der), domain: TrustDomain::Test });
        let [old, new] = pins;
        for roots in [vec![old.clone(), new.clone()], vec![new, old.clone()]] {
            let trust = Trust { roots, ..Trust::default() };
            assert!(chain(&leaf, &[], (&trust, now)).unwrap().valid_at(now));
        }
        // Alone it still tells that the chain has ended.
        let trust = Trust { roots: vec![old], ..Trust::default() };
        assert!(!chain(&leaf, &[], (&trust, now)).unwrap().valid_at(now));
    }
}
