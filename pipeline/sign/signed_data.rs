//! Builds the CMS of a PAdES signature around whatever signs messages.
//!
//! Signed attributes: content type, message digest, signing certificate version 2. There is no
//! signing-time attribute, because EN 319 142-1 forbids it: the claimed time is `/M` of the
//! signature dictionary. All certificates the signer knows are embedded, the root too: a verifier
//! that pins roots by fingerprint can only find what is in the file.

use crate::{
    SignError, TimeStampAuthority,
    certificate::{Certificate, CertificateDer},
    der_write::{NULL, element, octets, oid, sequence, set, small_integer},
    hash::Hash,
    key::{MessageSigner, Scheme},
    oid,
};

/// The attributes to sign, as the SET that is hashed.
pub(crate) fn attributes(certificate: &CertificateDer, document_digest: &[u8]) -> Vec<u8> {
    let attribute = |kind: &[u8], value: Vec<u8>| sequence(&[&oid(kind), &set(vec![value])]);
    // SHA-256 is the default of ESSCertIDv2 and must then be left out.
    let identifier = sequence(&[&octets(&certificate.sha256())]);
    set(vec![
        attribute(oid::CONTENT_TYPE, oid(oid::DATA)),
        attribute(oid::MESSAGE_DIGEST, octets(document_digest)),
        attribute(oid::SIGNING_CERTIFICATE_V2, sequence(&[&sequence(&[&identifier])])),
    ])
}

/// Who makes a signature: the key, and at level B-T the authority that stamps it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Makers<'a> {
    pub(crate) signer: &'a dyn MessageSigner,
    pub(crate) stamps: Option<&'a TimeStampAuthority>,
}

impl Makers<'_> {
    /// Signs a document digest: the complete CMS.
    pub(crate) fn sign(self, document_digest: &[u8]) -> Result<Vec<u8>, SignError> {
        self.signed(document_digest, &[])
    }

    /// Signs a content that lies inside the CMS.
    pub(crate) fn seal(self, content: &[u8]) -> Result<Vec<u8>, SignError> {
        let digest = self.signer.scheme().hash().of(content);
        self.signed(&digest, &element(0xa0, &octets(content)))
    }

    fn signed(self, document_digest: &[u8], content: &[u8]) -> Result<Vec<u8>, SignError> {
        let certificate = self.signer.chain().first().ok_or(SignError::KeyMismatch)?;
        let attributes = attributes(certificate, document_digest);
        let signature = self.signer.sign(&attributes)?;
        let hash = self.signer.scheme().hash();
        let stamp = |stamps: &TimeStampAuthority| stamps.stamp(hash, &hash.of(&signature));
        let token = self.stamps.map(stamp).transpose()?;
        assemble(self.signer, &attributes, (&signature, token.as_deref()), content)
    }

    /// Bytes the CMS will need at most: everything is built once with a signature of zeros.
    pub(crate) fn space(self) -> Result<usize, SignError> {
        let certificate = self.signer.chain().first().ok_or(SignError::KeyMismatch)?;
        let attributes = attributes(certificate, &vec![0; self.signer.scheme().hash().len()]);
        let token =
            self.stamps.map(TimeStampAuthority::room).transpose()?.map(|room| vec![0; room]);
        let signature = vec![0; self.signer.signature_len()];
        Ok(assemble(self.signer, &attributes, (&signature, token.as_deref()), &[])?.len())
    }
}

fn assemble(
    signer: &dyn MessageSigner,
    attributes: &[u8],
    (signature, token): (&[u8], Option<&[u8]>),
    content: &[u8],
) -> Result<Vec<u8>, SignError> {
    let chain = signer.chain();
    let first = chain.first().ok_or(SignError::KeyMismatch)?;
    let own = Certificate::parse(&first.0).ok_or(SignError::Certificate("not X.509"))?;
    let digest_algorithm = sequence(&[&oid(signer.scheme().hash().oid())]);
    // Inside the signer's information the set is tagged by its place, `[0]`.
    let mut tagged = attributes.to_vec();
    tagged[0] = 0xa0;
    // The time-stamp cannot be signed by what it stamps; its place is `[1]`.
    let unsigned = token.map(|token| {
        let stamp = sequence(&[&oid(oid::TIME_STAMP_TOKEN), &set(vec![token.to_vec()])]);
        element(0xa1, &stamp)
    });
    let signer_info = sequence(&[
        &small_integer(1),
        &sequence(&[own.issuer.0.raw, &element(2, own.serial)]),
        &digest_algorithm,
        &tagged,
        &signature_algorithm(signer.scheme()),
        &octets(signature),
        unsigned.as_deref().unwrap_or_default(),
    ]);
    let mut certificates: Vec<&[u8]> = chain.iter().map(|der| der.0.as_slice()).collect();
    certificates.sort_unstable();
    let signed_data = sequence(&[
        &small_integer(1),
        &set(vec![digest_algorithm]),
        &sequence(&[&oid(oid::DATA), content]),
        &element(0xa0, &certificates.concat()),
        &set(vec![signer_info]),
    ]);
    Ok(sequence(&[&oid(oid::SIGNED_DATA), &element(0xa0, &signed_data)]))
}

fn signature_algorithm(scheme: Scheme) -> Vec<u8> {
    match scheme {
        Scheme::EcdsaP256 => sequence(&[&oid(oid::ECDSA_SHA256)]),
        Scheme::EcdsaP384 => sequence(&[&oid(oid::ECDSA_SHA384)]),
        Scheme::RsaPkcs1(hash) => {
            let kind = match hash {
                Hash::Sha384 => oid::SHA384_RSA,
                Hash::Sha512 => oid::SHA512_RSA,
                Hash::Sha1 | Hash::Sha256 => oid::SHA256_RSA,
            };
            sequence(&[&oid(kind), &NULL])
        }
        Scheme::RsaPss(hash) => {
            let hashed = sequence(&[&oid(hash.oid()), &NULL]);
            let mask = sequence(&[&oid(oid::MGF1), &hashed]);
            let parameters = sequence(&[
                &element(0xa0, &hashed),
                &element(0xa1, &mask),
                &element(0xa2, &small_integer(hash.len() as u8)),
            ]);
            sequence(&[&oid(oid::RSA_PSS), &parameters])
        }
    }
}
