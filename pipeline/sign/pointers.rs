//! Where a certificate says that evidence about it is found.
//!
//! Plain HTTP only, and a few addresses at most: a certificate under a pinned root names one or
//! two, and each costs a wait when its server is silent.

use crate::{
    certificate::{Certificate, Name},
    der_read::{Element, Reader},
    oid,
};

/// Addresses tried of one kind.
const MAX_ADDRESSES: usize = 4;

/// The tag of a general name that is a distinguished one.
const DIRECTORY_NAME: u8 = 0xa4;

/// Longer addresses are no one's.
const MAX_LENGTH: usize = 1024;

/// Responders that answer for the certificate.
pub(crate) fn responders(certificate: &Certificate<'_>) -> Vec<String> {
    information(certificate, oid::OCSP)
}

/// Where the certificate of its issuer is.
pub(crate) fn issuers(certificate: &Certificate<'_>) -> Vec<String> {
    information(certificate, oid::CA_ISSUERS)
}

/// Addresses of its authority, of one method.
fn information(certificate: &Certificate<'_>, method: &[u8]) -> Vec<String> {
    let value = certificate.extension(oid::AUTHORITY_INFORMATION);
    let entries = value.and_then(|value| Reader(value).sequence());
    fetched(entries.into_iter().flatten().filter_map(|entry| {
        let mut parts = entry.inside();
        (parts.accept(6)?.content == method).then(|| address(&parts.next()?))?
    }))
}

/// Lists that would name the certificate.
pub(crate) fn lists(certificate: &Certificate<'_>) -> Vec<String> {
    let points = certificate.extension(oid::CRL_POINTS).and_then(|value| Reader(value).sequence());
    let names = points.into_iter().flatten().filter_map(|point| {
        let mut parts = point.inside();
        let name = parts.accept(0xa0)?;
        // Lists for some reasons only, or by another issuer, do not answer the whole question.
        parts.next().is_none().then(|| full_name(&name))
    });
    fetched(names.flatten())
}

/// Whether the certificate is looked up at a list's place, by any kind of name (RFC 5280, 6.3.3 (b)).
/// One that names no place is looked up under the name of its issuer, and so at none that is an address.
pub(crate) fn lead_to(certificate: &Certificate<'_>, place: &Element<'_>) -> bool {
    let Some(value) = certificate.extension(oid::CRL_POINTS) else {
        return names(place).iter().any(|name| is_directory(name, certificate.issuer));
    };
    let points = Reader(value).sequence().into_iter().flatten();
    let known: Vec<_> = points.flat_map(|point| places(&point)).collect();
    names(place).iter().any(|name| known.iter().any(|known| is_same(name, known)))
}

/// What a distribution point of a certificate is called; the issuer of its list where it has no name.
/// A point for some reasons does not answer the whole question.
fn places<'a>(point: &Element<'a>) -> Vec<Element<'a>> {
    let mut parts = point.inside();
    let place = parts.accept(0xa0);
    if parts.accept(0x81).is_some() {
        return Vec::new();
    }
    match (place, parts.accept(0xa2)) {
        (Some(place), _) => names(&place),
        (None, Some(issuer)) => issuer.inside().collect(),
        (None, None) => Vec::new(),
    }
}

/// The general names of a distribution point's full name, or what follows the issuer's in its short one.
fn names<'a>(place: &Element<'a>) -> Vec<Element<'a>> {
    match place.inside().next() {
        Some(full) if full.tag == 0xa0 => full.inside().collect(),
        relative => relative.into_iter().collect(),
    }
}

fn is_same(one: &Element<'_>, other: &Element<'_>) -> bool {
    let name = other.inside().accept(0x30).filter(|_| other.tag == DIRECTORY_NAME);
    one.raw == other.raw || name.is_some_and(|name| is_directory(one, Name(name)))
}

/// A general name that is this distinguished one.
fn is_directory(one: &Element<'_>, name: Name<'_>) -> bool {
    let own = one.inside().accept(0x30).filter(|_| one.tag == DIRECTORY_NAME);
    own.is_some_and(|own| Name(own).matches(name))
}

/// The addresses of a distribution point's full name.
fn full_name(name: &Element<'_>) -> Vec<String> {
    names(name).iter().filter_map(address).collect()
}

/// A general name that is an address.
fn address(name: &Element<'_>) -> Option<String> {
    let text = std::str::from_utf8(name.content).ok().filter(|_| name.tag == 0x86)?;
    (text.len() <= MAX_LENGTH && text.bytes().all(|byte| byte.is_ascii_graphic()))
        .then(|| text.to_owned())
}

fn fetched(addresses: impl Iterator<Item = String>) -> Vec<String> {
    addresses.filter(|address| address.starts_with("http://")).take(MAX_ADDRESSES).collect()
}
