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
    // A list that names its place is one of several: what it leaves out may stand on another one.
    if let Some(place) = point.accept(0xa0)
        && !pointers::lead_to(certificate, &place)
    {
        return false;
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

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CustomExtension, DnType, KeyPair};

    use super::*;
    use crate::der_write::{element, sequence};

    /// `URI`, `directoryName`: the tags of general names.
    const ADDRESS: u8 = 0x86;
    const DIRECTORY: u8 = 0xa4;

    fn address(url: &str) -> Vec<u8> {
        element(ADDRESS, url.as_bytes())
    }

    /// A distribution point's full name.
    fn place(names: &[Vec<u8>]) -> Vec<u8> {
        element(0xa0, &element(0xa0, &names.concat()))
    }

    /// A certificate with these distribution points.
    fn pointing(points: &[Vec<u8>]) -> Vec<u8> {
        let mut own = CertificateParams::new(Vec::new()).unwrap();
        own.distinguished_name.push(DnType::CommonName, "Sở Thử nghiệm");
        if !points.is_empty() {
            let points: Vec<&[u8]> = points.iter().map(Vec::as_slice).collect();
            let points = CustomExtension::from_oid_content(&[2, 5, 29, 31], sequence(&points));
            own.custom_extensions.push(points);
        }
        own.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    /// Whether a list of this point takes in a certificate.
    fn covers(point: &[u8], certificate: &[u8]) -> bool {
        is_within(Reader(point), &Certificate::parse(certificate).unwrap())
    }

    #[test]
    fn a_list_of_one_place_covers_who_is_looked_up_there() {
        let here = "http://crl.test/1.crl";
        let directory = "ldap:///CN=CA,CN=CDP?certificateRevocationList?base";
        let [one, other] = [here, "http://crl.test/2.crl"].map(|url| place(&[address(url)]));
        let in_both = place(&[address(directory), address(here)]);
        let in_directory = place(&[address(directory)]);
        let of = |name: &Vec<u8>| pointing(&[sequence(&[name])]);
        assert!(covers(&one, &of(&one)));
        assert!(!covers(&one, &of(&other)));
        assert!(covers(&one, &of(&in_both)) && covers(&in_both, &of(&one)));
        // Addresses that nobody fetches name places as well.
        assert!(covers(&in_directory, &of(&in_directory)));
        assert!(!covers(&one, &of(&in_directory)) && !covers(&in_directory, &of(&one)));
        assert!(covers(&one, &pointing(&[sequence(&[&other]), sequence(&[&one])])));
        // A list that names no place is the issuer's one and only.
        assert!(covers(&[], &of(&one)) && covers(&[], &pointing(&[])));
    }

    #[test]
    fn a_certificate_that_names_no_place_is_on_the_list_of_its_issuer() {
        let nowhere = pointing(&[]);
        let issuer = Certificate::parse(&nowhere).unwrap().issuer;
        let by_name = place(&[element(DIRECTORY, issuer.0.raw)]);
        assert!(covers(&by_name, &nowhere));
        assert!(!covers(&place(&[address("http://crl.test/1.crl")]), &nowhere));
        // By the issuer's name where it says whose list it is, and not where.
        let by_issuer = element(0xa2, &element(DIRECTORY, issuer.0.raw));
        assert!(covers(&by_name, &pointing(&[sequence(&[&by_issuer])])));
        for unreadable in [place(&[]), element(0xa0, &[])] {
            assert!(!covers(&unreadable, &nowhere));
        }
    }

    #[test]
    fn a_place_for_some_reasons_is_not_the_whole_answer() {
        let one = place(&[address("http://crl.test/1.crl")]);
        let some_reasons = element(0x81, &[1, 0x60]);
        assert!(!covers(&one, &pointing(&[sequence(&[&one, &some_reasons])])));
    }
}
