//! Revocation lists (RFC 5280): complete ones, signed by the issuer of the certificates itself.
//!
//! Delta lists, lists of some reasons and lists by another authority than the issuer are refused:
//! none of them answers the question alone, and OCSP or the complete list always does.

use chrono::{DateTime, Utc};

use super::{EvidenceFault, Finding, Link, RevocationMethod, Revoked, check_signature};
use crate::{
    certificate::{Certificate, Extension, Name, extensions, time},
    der_read::{Element, Reader},
    oid, pointers,
};

/// Key usage: the key signs revocation lists.
const LIST_SIGNING: u8 = 6;

/// A list, its entries unread.
#[derive(Debug)]
pub(crate) struct List<'a> {
    signed: Element<'a>,
    issuer: Name<'a>,
    this_update: DateTime<Utc>,
    next_update: Option<DateTime<Utc>>,
    entries: Reader<'a>,
    extensions: Vec<Extension<'a>>,
    algorithm: Element<'a>,
    signature: &'a [u8],
}

impl<'a> List<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut parts = Reader(bytes).sequence()?;
        let signed = parts.accept(0x30)?;
        let algorithm = parts.accept(0x30)?;
        let signature = parts.accept(3)?.bits()?;
        let mut fields = signed.inside();
        // The version, absent in lists of the first version.
        fields.accept(2);
        fields.accept(0x30)?;
        let issuer = Name(fields.accept(0x30)?);
        let this_update = time(&fields.next()?)?;
        let next_update = match fields.accept(0x17).or_else(|| fields.accept(0x18)) {
            Some(next) => Some(time(&next)?),
            None => None,
        };
        let entries = fields.sequence().unwrap_or(Reader(&[]));
        let extensions = fields.accept(0xa0).map_or(Some(Vec::new()), |all| extensions(&all))?;
        Some(Self {
            signed,
            issuer,
            this_update,
            next_update,
            entries,
            extensions,
            algorithm,
            signature,
        })
    }

    /// What the list says of a certificate.
    pub(crate) fn find(&self, link: Link<'_, '_>) -> Result<Finding<'a>, EvidenceFault> {
        let Link { certificate, issuer } = link;
        if !self.issuer.matches(certificate.issuer) || !self.issuer.matches(issuer.subject) {
            return Err(EvidenceFault::OtherCertificate);
        }
        self.covers(certificate)?;
        if !issuer.may(LIST_SIGNING) {
            return Err(EvidenceFault::Unauthorised);
        }
        check_signature(issuer, &self.algorithm, (self.signed.raw, self.signature))?;
        Ok(Finding {
            method: RevocationMethod::Crl,
            revoked: self.entry(certificate)?,
            this_update: self.this_update,
            next_update: self.next_update,
            remembers_since: self.remembers_since(),
            delegate: None,
        })
    }

    /// `expiredCertsOnCRL` of X.509.
    fn remembers_since(&self) -> Option<DateTime<Utc>> {
        let said = self.extensions.iter().find(|one| one.oid == oid::EXPIRED_ON_LIST)?;
        time(&Reader(said.value).next()?)
    }

    /// The list would name the certificate if it were revoked.
    fn covers(&self, certificate: &Certificate<'_>) -> Result<(), EvidenceFault> {
        for extension in &self.extensions {
            match extension.oid {
                oid::DELTA_CRL => return Err(EvidenceFault::Delta),
                oid::ISSUING_POINT => {
                    let point = Reader(extension.value).sequence();
                    let point = point.ok_or(EvidenceFault::Unreadable)?;
                    if !is_within(point, certificate) {
                        return Err(EvidenceFault::Scope);
                    }
                }
                oid::EXPIRED_ON_LIST => {}
                _ if extension.critical => return Err(EvidenceFault::Critical),
                _ => {}
            }
        }
        Ok(())
    }

    fn entry(&self, certificate: &Certificate<'_>) -> Result<Option<Revoked>, EvidenceFault> {
        let mut entries = self.entries.clone();
        for entry in entries.by_ref() {
            let mut fields = entry.inside();
            let serial = fields.accept(2).ok_or(EvidenceFault::Unreadable)?;
            if certificate.has_serial(serial.content) {
                return revocation(fields).map(Some);
            }
        }
        // What ends before its end might have named the certificate further on.
        if entries.0.is_empty() { Ok(None) } else { Err(EvidenceFault::Unreadable) }
    }
}

/// The rest of an entry: date, and why.
fn revocation(mut fields: Reader<'_>) -> Result<Revoked, EvidenceFault> {
    let at = fields.next().and_then(|at| time(&at)).ok_or(EvidenceFault::Unreadable)?;
    let mut reason = None;
    for extension in fields.accept(0x30).iter().flat_map(Element::inside) {
        let mut parts = extension.inside();
        let kind = parts.accept(6).ok_or(EvidenceFault::Unreadable)?.content;
        let critical = parts.accept(1).is_some_and(|flag| flag.content != [0]);
        if kind == oid::CRL_REASON {
            let value = parts.accept(4).and_then(|value| Reader(value.content).accept(0x0a));
            reason = value.and_then(|value| value.content.first().copied());
        } else if critical {
            return Err(EvidenceFault::Critical);
        }
    }
    Ok(Revoked { at, reason })
}

/// The issuing distribution point takes in the certificate.
fn is_within(mut point: Reader<'_>, certificate: &Certificate<'_>) -> bool {
    if let Some(name) = point.accept(0xa0) {
        let (own, named) = (pointers::full_name(&name), pointers::lists(certificate));
        // A certificate that names no address is looked up in any list of its issuer.
        if !named.is_empty() && !own.is_empty() && !own.iter().any(|url| named.contains(url)) {
            return false;
        }
    }
    point.all(|part| match part.tag {
        // Only certificates of subjects, only those of authorities.
        0x81 => part.content == [0] || !certificate.is_authority(),
        0x82 => part.content == [0] || certificate.is_authority(),
        // Only some reasons, indirect, only attribute certificates.
        0x84 | 0x85 => part.content == [0],
        _ => false,
    })
}
