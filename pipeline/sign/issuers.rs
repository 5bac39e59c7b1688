//! Issuers that a signature left out, from where its certificates say that they are (`caIssuers` of
//! RFC 5280, section 4.2.2.1).
//!
//! What is fetched is believed only as far as a pinned root vouches for it, like what came along.

use crate::{
    EvidenceSource,
    certificate::Certificate,
    der_read::Reader,
    pem, pointers,
    revocation::Pool,
    verify::{judge::Judged, path::stamp_chain},
};

/// Issuers fetched for one certificate: more than any government's hierarchy has.
const MAX_FETCHED: usize = 4;

impl EvidenceSource {
    /// Lets issuers be fetched that a file does not hold; without it, only evidence is.
    #[must_use]
    pub fn fetching_issuers(mut self, allowed: bool) -> Self {
        self.issuers = allowed;
        self
    }

    /// What signatures lack on the way to a pinned root.
    pub(crate) fn issuers_missing_in(&self, judged: &[Judged]) -> Pool {
        let mut missing = Pool::default();
        for der in judged.iter().flat_map(|one| self.missing_issuers(&one.loose)) {
            missing.add_certificate(&der);
        }
        missing
    }

    /// What `certificates` (a leaf and what came with it) lack on the way to a pinned root; nothing
    /// where that does not lead there.
    fn missing_issuers(&self, certificates: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut all = certificates.to_vec();
        for _ in 0..MAX_FETCHED {
            let parsed: Vec<_> = all.iter().filter_map(|der| Certificate::parse(der)).collect();
            let Some((leaf, others)) = parsed.split_first().filter(|_| self.issuers) else { break };
            if stamp_chain(leaf, others, (&self.trust, leaf.not_before)).is_some() {
                return all.split_off(certificates.len());
            }
            let addresses = pointers::issuers(highest(leaf, others));
            let fetched = addresses.iter().find_map(|url| self.fetch_issuers(url));
            let Some(fetched) = fetched else { break };
            all.extend(fetched);
        }
        Vec::new()
    }

    fn fetch_issuers(&self, url: &str) -> Option<Vec<Vec<u8>>> {
        let found = self.fetch.get(url).map(|bytes| certificates_of(&bytes)).unwrap_or_default();
        (!found.is_empty()).then_some(found)
    }
}

/// The last certificate above `leaf` that is at hand, by names.
fn highest<'c, 'd>(
    leaf: &'c Certificate<'d>,
    others: &'c [Certificate<'d>],
) -> &'c Certificate<'d> {
    let mut last = leaf;
    for _ in 0..others.len() {
        let issuer = others.iter().find(|other| {
            other.subject.0.raw == last.issuer.0.raw && other.subject.0.raw != last.subject.0.raw
        });
        match issuer {
            Some(issuer) => last = issuer,
            None => break,
        }
    }
    last
}

/// The certificates of an answer: one in DER or PEM, or a PKCS#7 of several.
fn certificates_of(bytes: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    if text.contains("-----BEGIN CERTIFICATE-----") {
        return pem::blocks(&text, "CERTIFICATE").unwrap_or_default();
    }
    if Certificate::parse(bytes).is_some() {
        return vec![bytes.to_vec()];
    }
    bundle(bytes).unwrap_or_default()
}

/// The certificates of a `SignedData` that nobody signed.
fn bundle(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut content = Reader(bytes).sequence()?;
    content.accept(6)?;
    let mut data = content.accept(0xa0)?.inside().sequence()?;
    // Version, digest algorithms, content.
    for tag in [2, 0x31, 0x30] {
        data.accept(tag)?;
    }
    let certificates = data.accept(0xa0)?;
    Some(certificates.inside().map(|certificate| certificate.raw.to_vec()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_holds_no_certificate_gives_none() {
        for bytes in [&b""[..], b"<html>", &[0x30, 0x80], &[0x30, 4, 6, 0, 0xa0, 0]] {
            assert!(certificates_of(bytes).is_empty());
        }
    }
}
