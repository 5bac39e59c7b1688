//! OCSP (RFC 6960): the question about one certificate, and the signed answer.

use chrono::{DateTime, Utc};

use super::{EvidenceFault, Finding, Link, RevocationMethod, Revoked, check_signature};
use crate::{
    certificate::{Certificate, Extension, Name, extensions, time},
    der_read::{Element, Reader},
    der_write::{NULL, element, octets, oid, sequence},
    hash::Hash,
    oid,
    verify::path::signed_by,
};

/// More certificates than a responder sends along.
const MAX_CERTIFICATES: usize = 16;

/// A request about one certificate. SHA-1 names the issuer here, nothing rests on it, and there
/// are responders that know no other.
pub(crate) fn request(link: Link<'_, '_>, nonce: &[u8]) -> Option<Vec<u8>> {
    let hash = Hash::Sha1;
    let identifier = sequence(&[
        &sequence(&[&oid(hash.oid()), &NULL]),
        &octets(&hash.of(link.issuer.subject.0.raw)),
        &octets(&hash.of(link.issuer.public_key()?)),
        &element(2, link.certificate.serial),
    ]);
    let list = sequence(&[&sequence(&[&identifier])]);
    let nonce = sequence(&[&oid(oid::OCSP_NONCE), &octets(&octets(nonce))]);
    let extensions = element(0xa2, &sequence(&[&nonce]));
    Some(sequence(&[&sequence(&[&list, &extensions])]))
}

/// A successful response.
#[derive(Debug)]
pub(crate) struct Response<'a> {
    signed: Element<'a>,
    responder: Element<'a>,
    answers: Reader<'a>,
    extensions: Vec<Extension<'a>>,
    algorithm: Element<'a>,
    signature: &'a [u8],
    /// What the responder sent along.
    pub(crate) certificates: Vec<Certificate<'a>>,
}

impl<'a> Response<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, EvidenceFault> {
        let mut outer = Reader(bytes).sequence().ok_or(EvidenceFault::Unreadable)?;
        match outer.accept(0x0a).map(|status| status.content) {
            Some([0]) => {}
            Some(&[status]) => return Err(EvidenceFault::Refused(status)),
            _ => return Err(EvidenceFault::Unreadable),
        }
        Self::basic(outer).ok_or(EvidenceFault::Unreadable)
    }

    fn basic(mut outer: Reader<'a>) -> Option<Self> {
        let mut wrapped = outer.accept(0xa0)?.inside().sequence()?;
        if wrapped.accept(6)?.content != oid::OCSP_BASIC {
            return None;
        }
        let mut parts = Reader(wrapped.accept(4)?.content).sequence()?;
        let signed = parts.accept(0x30)?;
        let algorithm = parts.accept(0x30)?;
        let signature = parts.accept(3)?.bits()?;
        let list = parts.accept(0xa0).and_then(|wrapped| wrapped.inside().sequence());
        let list = list.into_iter().flatten().take(MAX_CERTIFICATES);
        let certificates = list.filter_map(|one| Certificate::parse(one.raw)).collect();
        let mut fields = signed.inside();
        // The version, which is the first.
        fields.accept(0xa0);
        let responder = fields.next()?;
        // When it was signed; what counts is what the answers say of their own time.
        fields.accept(0x18)?;
        let answers = fields.sequence()?;
        let extensions = fields.accept(0xa1).map_or(Some(Vec::new()), |all| extensions(&all))?;
        Some(Self { signed, responder, answers, extensions, algorithm, signature, certificates })
    }

    /// The nonce, where the responder repeats it, is the one that was asked with.
    pub(crate) fn answers_nonce(&self, nonce: &[u8]) -> bool {
        let answered = self.extensions.iter().find(|extension| extension.oid == oid::OCSP_NONCE);
        answered.is_none_or(|answered| {
            // Some responders leave out the inner OCTET STRING.
            answered.value == nonce || answered.value == octets(nonce)
        })
    }

    /// What the response says of a certificate. `others` may hold the responder's certificate.
    pub(crate) fn find(
        &self,
        link: Link<'_, '_>,
        others: &[Certificate<'a>],
    ) -> Result<Finding<'a>, EvidenceFault> {
        let mut answers = self.answers.clone();
        let answer = answers.by_ref().find(|answer| names(answer, link) == Some(true));
        let answer = answer.ok_or(EvidenceFault::OtherCertificate)?;
        let mut finding = read(&answer).ok_or(EvidenceFault::Unreadable)??;
        let unknown = |one: &Extension<'_>| one.critical && one.oid != oid::OCSP_NONCE;
        if self.extensions.iter().any(unknown) {
            return Err(EvidenceFault::Critical);
        }
        finding.delegate = self.signer((link, finding.this_update), others)?;
        Ok(finding)
    }

    /// Who signed: nobody but the issuer, or the delegate.
    fn signer(
        &self,
        (link, at): (Link<'_, '_>, DateTime<Utc>),
        others: &[Certificate<'a>],
    ) -> Result<Option<Certificate<'a>>, EvidenceFault> {
        let issuer = link.issuer;
        let signed = (self.signed.raw, self.signature);
        let mut fault = EvidenceFault::Unauthorised;
        if self.is_by(issuer) {
            match check_signature(issuer, &self.algorithm, signed) {
                Ok(()) => return Ok(None),
                Err(found) => fault = found,
            }
        }
        for candidate in self.certificates.iter().chain(others) {
            if self.is_by(candidate) && is_delegate(candidate, issuer, at) {
                match check_signature(candidate, &self.algorithm, signed) {
                    Ok(()) => return Ok(Some(candidate.clone())),
                    Err(found) => fault = found,
                }
            }
        }
        Err(fault)
    }

    /// The responder calls itself by the name or the key of this certificate.
    fn is_by(&self, certificate: &Certificate<'_>) -> bool {
        let mut inside = self.responder.inside();
        match self.responder.tag {
            0xa1 => inside.accept(0x30).is_some_and(|name| Name(name).matches(certificate.subject)),
            0xa2 => inside
                .accept(4)
                .zip(certificate.public_key())
                .is_some_and(|(digest, key)| digest.content == Hash::Sha1.of(key)),
            _ => false,
        }
    }
}

/// The issuer itself gave this certificate the one purpose of answering for it.
fn is_delegate(candidate: &Certificate<'_>, issuer: &Certificate<'_>, at: DateTime<Utc>) -> bool {
    const DIGITAL_SIGNATURE: u8 = 0;
    candidate.is_for(oid::OCSP_SIGNING)
        && candidate.may(DIGITAL_SIGNATURE)
        && !candidate.has_unknown_critical_extension()
        && (candidate.not_before..=candidate.not_after).contains(&at)
        && candidate.issuer.matches(issuer.subject)
        && signed_by(candidate, issuer)
}

/// The answer is about this certificate of this issuer.
fn names(answer: &Element<'_>, link: Link<'_, '_>) -> Option<bool> {
    let mut identifier = answer.inside().sequence()?;
    let hash = oid::hash(identifier.sequence()?.accept(6)?.content)?;
    let (name, key) = (identifier.accept(4)?.content, identifier.accept(4)?.content);
    let serial = identifier.accept(2)?.content;
    Some(
        link.certificate.has_serial(serial)
            && hash.of(link.issuer.subject.0.raw) == name
            && hash.of(link.issuer.public_key()?) == key,
    )
}

/// Status and times of an answer.
fn read<'a>(answer: &Element<'_>) -> Option<Result<Finding<'a>, EvidenceFault>> {
    let mut fields = answer.inside();
    fields.accept(0x30)?;
    let status = fields.next()?;
    let this_update = time(&fields.accept(0x18)?)?;
    let next_update = match fields.accept(0xa0) {
        Some(wrapped) => Some(time(&wrapped.inside().accept(0x18)?)?),
        None => None,
    };
    let further = fields.accept(0xa1).map_or(Some(Vec::new()), |all| extensions(&all))?;
    let unknown = |one: &&Extension<'_>| one.oid != oid::ARCHIVE_CUTOFF;
    if further.iter().filter(unknown).any(|extension| extension.critical) {
        return Some(Err(EvidenceFault::Critical));
    }
    let revoked = match status.tag {
        0x80 => None,
        0xa1 => {
            let mut parts = status.inside();
            let at = time(&parts.accept(0x18)?)?;
            let reason = parts.accept(0xa0).and_then(|wrapped| wrapped.inside().accept(0x0a));
            Some(Revoked { at, reason: reason.and_then(|r| r.content.first().copied()) })
        }
        _ => return Some(Err(EvidenceFault::Unknown)),
    };
    let cutoff = further.iter().find(|extension| extension.oid == oid::ARCHIVE_CUTOFF);
    Some(Ok(Finding {
        method: RevocationMethod::Ocsp,
        revoked,
        this_update,
        next_update,
        remembers_since: cutoff.and_then(|cutoff| time(&Reader(cutoff.value).next()?)),
        delegate: None,
    }))
}
