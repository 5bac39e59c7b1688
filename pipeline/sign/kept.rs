//! What authorities said of a signer, kept outside the file that he signed: where its level embeds no
//! evidence, and for the day on which they have forgotten his certificate.
//!
//! It is a `SignedData` that nobody signed, with certificates, revocation lists (RFC 5652, 5.1) and
//! OCSP responses (RFC 5940) in it, each as its authority signed it. `openssl cms -cmsout -print
//! -inform DER` shows it. Whoever reads it checks all of it again, so the place needs not be trusted.

use crate::{
    der_read::Reader,
    der_write::{element, oid, sequence, set, small_integer},
    oid,
    revocation::{Evidence, Pool},
};

/// Longer bundles than this are not evidence.
const MAX_BYTES: usize = 64 << 20;

/// Pieces of one kind that are read: a chain has a handful.
const MAX_PIECES: usize = 512;

/// Evidence about a signer's chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptEvidence(pub(crate) Pool);

impl KeptEvidence {
    /// The bundle, the same for the same evidence.
    pub fn to_der(&self) -> Vec<u8> {
        let Pool { certificates, ocsps, crls } = &self.0;
        let answers = ocsps
            .iter()
            .map(|response| element(0xa1, &[oid(oid::OCSP_RESPONSE), response.clone()].concat()));
        let evidence = set(crls.iter().cloned().chain(answers).collect());
        let certificates = set(certificates.clone());
        // Other evidence than lists makes it version 5.
        let version = if ocsps.is_empty() { 1 } else { 5 };
        let signed_data = sequence(&[
            &small_integer(version),
            &set(Vec::new()),
            &sequence(&[&oid(oid::DATA)]),
            &tagged(0xa0, certificates),
            &tagged(0xa1, evidence),
            &set(Vec::new()),
        ]);
        sequence(&[&oid(oid::SIGNED_DATA), &element(0xa0, &signed_data)])
    }

    /// Reads a bundle; none where it is no such structure.
    pub fn from_der(bytes: &[u8]) -> Option<Self> {
        let mut content = Reader(bytes.get(..bytes.len().min(MAX_BYTES))?).sequence()?;
        if content.accept(6)?.content != oid::SIGNED_DATA {
            return None;
        }
        let mut data = content.accept(0xa0)?.inside().sequence()?;
        // Version, digest algorithms, content.
        for tag in [2, 0x31, 0x30] {
            data.accept(tag)?;
        }
        let mut pool = Pool::default();
        for certificate in data.accept(0xa0)?.inside().take(MAX_PIECES) {
            pool.add_certificate(certificate.raw);
        }
        for piece in data.accept(0xa1)?.inside().take(MAX_PIECES) {
            match piece.tag {
                0x30 => drop(pool.add(Evidence::Crl(piece.raw.to_vec()))),
                0xa1 => {
                    let mut other = piece.inside();
                    if other.accept(6)?.content == oid::OCSP_RESPONSE {
                        pool.add(Evidence::Ocsp(other.accept(0x30)?.raw.to_vec()));
                    }
                }
                _ => {}
            }
        }
        Some(Self(pool))
    }
}

/// A SET under the tag of its place.
fn tagged(tag: u8, mut set: Vec<u8>) -> Vec<u8> {
    set[0] = tag;
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_again() {
        let piece = |value: u8| sequence(&[&small_integer(value)]);
        let mut pool = Pool::default();
        pool.add_certificate(&piece(1));
        pool.add(Evidence::Crl(piece(2)));
        pool.add(Evidence::Ocsp(piece(3)));
        for kept in [KeptEvidence(pool), KeptEvidence::default()] {
            let der = kept.to_der();
            assert_eq!(KeptEvidence::from_der(&der).as_ref(), Some(&kept));
            for end in 0..der.len() {
                assert_eq!(KeptEvidence::from_der(&der[..end]), None, "{end}");
            }
        }
        assert_eq!(KeptEvidence::from_der(b"no bundle"), None);
    }
}
