//! CMS signed data, read from signatures of every age.

use chrono::{DateTime, Utc};

use super::{
    algorithm::{self, Unsupported},
    report::SignatureAlgorithm,
};
use crate::{
    certificate::{Certificate, time},
    der_read::{Element, split},
    hash::Hash,
    oid,
};

/// More certificates than any chain, its time-stamp's and its cross-signers' together.
const MAX_CERTIFICATES: usize = 64;

/// A CMS with one signer taken out of it.
#[derive(Debug)]
pub(crate) struct Cms<'a> {
    pub(crate) content_type: &'a [u8],
    /// The signed content, when it is inside.
    pub(crate) content: Option<Vec<u8>>,
    pub(crate) certificates: Vec<Certificate<'a>>,
    pub(crate) signer: Signer<'a>,
    pub(crate) several_signers: bool,
    /// The structure without its padding.
    pub(crate) raw: &'a [u8],
    /// Bytes after the structure.
    pub(crate) padding: &'a [u8],
}

/// The signer's part.
#[derive(Debug)]
pub(crate) struct Signer<'a> {
    identifier: Element<'a>,
    pub(crate) digest: Option<Hash>,
    attributes: Option<Element<'a>>,
    algorithm: Element<'a>,
    pub(crate) signature: Vec<u8>,
    unsigned: Option<Element<'a>>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    Holds,
    Fails,
    /// The signing-certificate attribute names another certificate.
    Substituted,
    Unsupported,
}

impl<'a> Cms<'a> {
    /// `None` when the bytes are no signed data with a signer.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (outer, padding) = split(bytes, 0)?;
        let mut info = outer.inside();
        if info.accept(6)?.content != oid::SIGNED_DATA {
            return None;
        }
        let mut fields = info.accept(0xa0)?.inside().sequence()?;
        fields.accept(2)?;
        fields.accept(0x31)?;
        let mut encapsulated = fields.sequence()?;
        let content_type = encapsulated.accept(6)?.content;
        let content = match encapsulated.accept(0xa0) {
            Some(wrapped) => Some(wrapped.inside().next()?.octets()?),
            None => None,
        };
        let certificates = fields.accept(0xa0).map_or(Vec::new(), |set| {
            set.inside().take(MAX_CERTIFICATES).filter_map(|e| Certificate::parse(e.raw)).collect()
        });
        fields.accept(0xa1);
        let mut signers = fields.accept(0x31)?.inside();
        let signer = Signer::parse(&signers.next()?)?;
        let several_signers = signers.next().is_some();
        let raw = outer.raw;
        Some(Self { content_type, content, certificates, signer, several_signers, raw, padding })
    }

    /// The certificate the signer names.
    pub(crate) fn signer_certificate(&self) -> Option<&Certificate<'a>> {
        self.certificates.iter().find(|certificate| self.signer.names(certificate))
    }

    /// Its certificates and those of its time-stamp: signers often leave out the issuer that the
    /// time-stamp authority of the same government sends along.
    pub(crate) fn certificates_with_token(&self) -> Vec<Certificate<'a>> {
        let token = self.signer.unsigned(oid::TIME_STAMP_TOKEN);
        let further = token.and_then(|token| Cms::parse(token.raw));
        let further = further.map(|token| token.certificates).unwrap_or_default();
        self.certificates.iter().cloned().chain(further).collect()
    }

    /// Checks attributes and signature. `digest` gives the digest of what was signed, `message`
    /// its bytes for the old form without attributes.
    pub(crate) fn check(
        &self,
        digest: impl FnOnce(Hash) -> Vec<u8>,
        message: impl FnOnce() -> Option<Vec<u8>>,
    ) -> Check {
        let Some(hash) = self.signer.digest else { return Check::Unsupported };
        // What is known of it counts, though the rest is not.
        if self.signer.attributes.is_some() {
            let stated = self.signer.attribute(oid::MESSAGE_DIGEST).map(|value| value.content);
            let kind = self.signer.attribute(oid::CONTENT_TYPE).map(|value| value.content);
            if stated != Some(&digest(hash)[..]) || kind.is_some_and(|k| k != self.content_type) {
                return Check::Fails;
            }
        }
        let Some(certificate) = self.signer_certificate() else { return Check::Unsupported };
        let Ok(algorithm) = self.signer.algorithm() else { return Check::Unsupported };
        let signature = &self.signer.signature;
        let verify = |message: &[u8]| {
            let holds = algorithm::holds(algorithm, certificate.key_info, message, signature);
            match holds {
                Ok(false) if algorithm::is_unusual(&self.signer.algorithm) => Err(Unsupported),
                holds => holds,
            }
        };
        let Some(attributes) = self.signer.attributes else {
            return message().map_or(Check::Unsupported, |message| outcome(verify(&message)));
        };
        match self.signer.binds(certificate) {
            Some(Ok(false)) => return Check::Substituted,
            Some(Err(Unsupported)) => return Check::Unsupported,
            Some(Ok(true)) | None => {}
        }
        // What was signed is the set by its own tag; in its place it is tagged `[0]`.
        let mut signed = attributes.raw.to_vec();
        signed[0] = 0x31;
        outcome(verify(&signed))
    }
}

fn outcome(result: Result<bool, Unsupported>) -> Check {
    match result {
        Ok(true) => Check::Holds,
        Ok(false) => Check::Fails,
        Err(Unsupported) => Check::Unsupported,
    }
}

impl<'a> Signer<'a> {
    fn parse(element: &Element<'a>) -> Option<Self> {
        let mut fields = element.inside();
        fields.accept(2)?;
        let identifier = fields.next()?;
        let digest = fields.sequence()?.accept(6)?.content;
        let attributes = fields.accept(0xa0);
        let algorithm = fields.accept(0x30)?;
        let signature = fields.next()?.octets()?;
        let unsigned = fields.accept(0xa1);
        Some(Self {
            identifier,
            digest: oid::hash(digest),
            attributes,
            algorithm,
            signature,
            unsigned,
        })
    }

    pub(crate) fn algorithm(&self) -> Result<SignatureAlgorithm, Unsupported> {
        algorithm::identify(&self.algorithm, self.digest)
    }

    fn names(&self, certificate: &Certificate<'_>) -> bool {
        if self.identifier.tag == 0x30 {
            let mut parts = self.identifier.inside();
            let issuer = parts.accept(0x30).map(crate::certificate::Name);
            let serial = parts.accept(2);
            issuer.is_some_and(|issuer| issuer.matches(certificate.issuer))
                && serial.is_some_and(|serial| certificate.has_serial(serial.content))
        } else {
            certificate.key_identifier().is_some_and(|id| id == self.identifier.content)
        }
    }

    /// First value of a signed attribute.
    pub(crate) fn attribute(&self, kind: &[u8]) -> Option<Element<'a>> {
        value(self.attributes?, kind)
    }

    /// First value of an unsigned attribute.
    pub(crate) fn unsigned(&self, kind: &[u8]) -> Option<Element<'a>> {
        value(self.unsigned?, kind)
    }

    pub(crate) fn signing_time(&self) -> Option<DateTime<Utc>> {
        time(&self.attribute(oid::SIGNING_TIME)?)
    }

    /// The signing-certificate attribute names this certificate; `None` when there is none.
    pub(crate) fn binds(&self, certificate: &Certificate<'_>) -> Option<Result<bool, Unsupported>> {
        let newer = self.attribute(oid::SIGNING_CERTIFICATE_V2);
        let older = newer.is_none();
        let value = newer.or_else(|| self.attribute(oid::SIGNING_CERTIFICATE))?;
        Some(match named_digest(value, older) {
            Some((Some(hash), stated)) => Ok(hash.of(certificate.der) == stated),
            Some((None, _)) => Err(Unsupported),
            None => Ok(false),
        })
    }
}

/// Hash and digest of the first certificate identifier in a signing-certificate attribute.
fn named_digest(value: Element<'_>, older: bool) -> Option<(Option<Hash>, Vec<u8>)> {
    let mut identifier = value.inside().sequence()?.sequence()?;
    let default = if older { Hash::Sha1 } else { Hash::Sha256 };
    let hash = match identifier.accept(0x30) {
        Some(algorithm) => oid::hash(algorithm.inside().accept(6)?.content),
        None => Some(default),
    };
    Some((hash, identifier.accept(4)?.octets()?))
}

fn value<'a>(attributes: Element<'a>, kind: &[u8]) -> Option<Element<'a>> {
    attributes.inside().find_map(|attribute| {
        let mut parts = attribute.inside();
        (parts.accept(6)?.content == kind).then(|| parts.accept(0x31)?.inside().next())?
    })
}
