//! Where a certificate says that evidence about it is found.
//!
//! Plain HTTP only, and a few addresses at most: a certificate under a pinned root names one or
//! two, and each costs a wait when its server is silent.

use crate::{
    certificate::Certificate,
    der_read::{Element, Reader},
    oid,
};

/// Addresses tried of one kind.
const MAX_ADDRESSES: usize = 4;

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

/// The addresses of a distribution point's full name.
pub(crate) fn full_name(name: &Element<'_>) -> Vec<String> {
    let names = name.inside().accept(0xa0);
    names.iter().flat_map(Element::inside).filter_map(|name| address(&name)).collect()
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
