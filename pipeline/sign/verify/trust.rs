//! Whom the verifier believes: pinned roots, the register of agencies, and what it expects.

use serde::Serialize;

use crate::{certificate::CertificateDer, hash::Hash, pdf::lexer::nibble};

/// What signatures are judged against.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Chains must end at one of these.
    pub roots: Vec<PinnedRoot>,
    /// Those of time-stamps may end at one of these as well; nobody's signature does.
    pub stamp_roots: Vec<PinnedRoot>,
    /// The agencies whose names and certificates are known.
    pub agencies: Vec<Agency>,
    /// Who should have signed.
    pub expected: Expected,
}

/// A root that is believed because someone compared its fingerprint.
#[derive(Debug, Clone)]
pub struct PinnedRoot {
    /// How it is recognised.
    pub pin: Pin,
    /// Whose root it is.
    pub domain: TrustDomain,
}

/// A certificate, or only its fingerprint: the certificate is then taken from the signature.
#[derive(Debug, Clone)]
pub enum Pin {
    /// The certificate itself.
    Certificate(CertificateDer),
    /// SHA-1 of the DER bytes, which is what authorities of 2018 published. A second certificate
    /// with a given SHA-1 cannot be made, only two new ones that collide.
    Sha1([u8; 20]),
    /// SHA-256 of the DER bytes.
    Sha256([u8; 32]),
}

impl Pin {
    /// A fingerprint in hexadecimal, with or without colons and spaces: 40 or 64 digits.
    pub fn fingerprint(text: &str) -> Option<Self> {
        let digits = text.bytes().filter(|byte| !b": ".contains(byte)).map(nibble);
        let digits = digits.collect::<Option<Vec<u8>>>()?;
        let bytes: Vec<u8> =
            digits.chunks(2).map(|pair| pair[0] << 4 | pair[pair.len() - 1]).collect();
        match digits.len() {
            40 => bytes.try_into().ok().map(Self::Sha1),
            64 => bytes.try_into().ok().map(Self::Sha256),
            _ => None,
        }
    }

    pub(crate) fn matches(&self, der: &[u8]) -> bool {
        match self {
            Self::Certificate(certificate) => certificate.0 == der,
            Self::Sha1(pin) => Hash::Sha1.of(der) == pin,
            Self::Sha256(pin) => Hash::Sha256.of(der) == pin,
        }
    }
}

/// Whose root vouches for a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustDomain {
    /// The Government Cipher Committee, for official duty.
    GovCipher,
    /// A licensed public authority.
    PublicCa,
    /// An authority of another country.
    Foreign,
    /// A throw-away test authority: no legal value.
    Test,
    /// None.
    Untrusted,
}

impl TrustDomain {
    /// Agencies sign by certificates of this authority, and by no other (Decree 68/2024); a throw-away
    /// one stands in for it.
    pub(crate) fn is_official(self) -> bool {
        matches!(self, Self::GovCipher | Self::Test)
    }
}

/// One agency of the register.
#[derive(Debug, Clone, Default)]
pub struct Agency {
    /// Its identifier in the register.
    pub id: String,
    /// Names and aliases, as certificates spell them in `CN`; compared folded.
    pub names: Vec<String>,
    /// SHA-256 of its signing certificates, hexadecimal.
    pub certificates: Vec<String>,
}

/// Who should have signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Expected {
    /// Anyone.
    #[default]
    Anyone,
    /// Some organisation.
    Organisation,
    /// The agency of this identifier.
    Agency(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_authorities_print_them() {
        let pin = Pin::fingerprint("55:C5:D4:32 D4AA052A65A39682308753FF1DB91F85").unwrap();
        assert!(matches!(pin, Pin::Sha1([0x55, 0xc5, .., 0x85])));
        assert!(Pin::fingerprint("55C5").is_none());
        assert!(Pin::fingerprint(&"g".repeat(64)).is_none());
    }
}
