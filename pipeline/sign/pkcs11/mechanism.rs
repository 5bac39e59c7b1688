//! Which mechanism makes a signature, what it is given, and what its answer becomes.

use std::fmt;

use cryptoki::mechanism::{
    Mechanism, MechanismType,
    rsa::{PkcsMgfType, PkcsPssParams},
};

use super::error::TokenError;
use crate::{
    Hash, RsaScheme, Scheme, SignError,
    der_write::{NULL, element, octets, oid as identifier, sequence},
    verify::{
        Algorithm, SignatureAlgorithm,
        algorithm::{is_rsa, key_bits},
    },
};

/// The mechanisms that matter here, by the standard's names.
pub(super) const MATTERS: [(MechanismType, &str); 11] = [
    (MechanismType::SHA256_RSA_PKCS_PSS, "CKM_SHA256_RSA_PKCS_PSS"),
    (MechanismType::SHA384_RSA_PKCS_PSS, "CKM_SHA384_RSA_PKCS_PSS"),
    (MechanismType::SHA512_RSA_PKCS_PSS, "CKM_SHA512_RSA_PKCS_PSS"),
    (MechanismType::RSA_PKCS_PSS, "CKM_RSA_PKCS_PSS"),
    (MechanismType::SHA256_RSA_PKCS, "CKM_SHA256_RSA_PKCS"),
    (MechanismType::SHA384_RSA_PKCS, "CKM_SHA384_RSA_PKCS"),
    (MechanismType::SHA512_RSA_PKCS, "CKM_SHA512_RSA_PKCS"),
    (MechanismType::RSA_PKCS, "CKM_RSA_PKCS"),
    (MechanismType::ECDSA_SHA256, "CKM_ECDSA_SHA256"),
    (MechanismType::ECDSA_SHA384, "CKM_ECDSA_SHA384"),
    (MechanismType::ECDSA, "CKM_ECDSA"),
];

/// The key, as its certificate has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// Bytes of its modulus.
    Rsa(usize),
    P256,
    P384,
}

impl KeyKind {
    pub(super) fn of(key_info: &[u8]) -> Result<Self, SignError> {
        match (is_rsa(key_info), key_bits(key_info)) {
            (true, Some(bits @ 2048..=4096)) => Ok(Self::Rsa(bits.div_ceil(8) as usize)),
            (true, _) => Err(SignError::Key("RSA must have 2048 to 4096 bits")),
            (false, Some(256)) => Ok(Self::P256),
            (false, Some(384)) => Ok(Self::P384),
            (false, _) => Err(SignError::Key("only RSA, P-256 and P-384 are accepted")),
        }
    }

    pub(super) fn signature_len(self) -> usize {
        match self {
            Self::Rsa(bytes) => bytes,
            // Two integers of a sign byte and the curve's width each, in a sequence.
            Self::P256 => 72,
            Self::P384 => 104,
        }
    }
}

/// How signatures are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) scheme: Scheme,
    /// The token hashes too, so that it sees what it signs; else it is given our digest.
    pub(super) hashes: bool,
    /// It is not the scheme that was asked for.
    pub(super) fell_back: bool,
}

/// The best plan among the mechanisms listed.
pub(super) fn plan(
    kind: KeyKind,
    rsa: RsaScheme,
    fall_back: bool,
    listed: &[MechanismType],
) -> Result<Plan, TokenError> {
    let scheme = match (kind, rsa) {
        (KeyKind::P256, _) => Scheme::EcdsaP256,
        (KeyKind::P384, _) => Scheme::EcdsaP384,
        (KeyKind::Rsa(_), RsaScheme::Pss(hash)) => Scheme::RsaPss(hash),
        (KeyKind::Rsa(_), RsaScheme::Pkcs1(hash)) => Scheme::RsaPkcs1(hash),
    };
    let by = |scheme| {
        let ways = [true, false].map(|hashes| Plan { scheme, hashes, fell_back: false });
        ways.into_iter().find(|plan| listed.contains(&plan.mechanism().mechanism_type()))
    };
    let second = match scheme {
        Scheme::RsaPss(hash) if fall_back => by(Scheme::RsaPkcs1(hash)),
        _ => None,
    };
    let second = second.map(|plan| Plan { fell_back: true, ..plan });
    by(scheme).or(second).ok_or(TokenError::NoMechanism { wanted: name(scheme) })
}

fn name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::EcdsaP256 => "ECDSA P-256",
        Scheme::EcdsaP384 => "ECDSA P-384",
        Scheme::RsaPkcs1(_) => "RSA PKCS#1 v1.5",
        Scheme::RsaPss(_) => "RSASSA-PSS",
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.mechanism().mechanism_type();
        let mechanism = MATTERS.iter().find(|(known, _)| *known == kind);
        let mechanism = mechanism.map_or("another one", |(_, name)| *name);
        write!(f, "it signs by {} with {mechanism}", name(self.scheme))
    }
}

impl Plan {
    pub(super) fn mechanism(self) -> Mechanism<'static> {
        let sha384 = matches!(self.scheme.hash(), Hash::Sha384);
        let sha512 = matches!(self.scheme.hash(), Hash::Sha512);
        match (self.scheme, self.hashes) {
            (Scheme::EcdsaP256, true) => Mechanism::EcdsaSha256,
            (Scheme::EcdsaP384, true) => Mechanism::EcdsaSha384,
            (Scheme::EcdsaP256 | Scheme::EcdsaP384, false) => Mechanism::Ecdsa,
            (Scheme::RsaPkcs1(_), true) if sha384 => Mechanism::Sha384RsaPkcs,
            (Scheme::RsaPkcs1(_), true) if sha512 => Mechanism::Sha512RsaPkcs,
            (Scheme::RsaPkcs1(_), true) => Mechanism::Sha256RsaPkcs,
            (Scheme::RsaPkcs1(_), false) => Mechanism::RsaPkcs,
            (Scheme::RsaPss(hash), true) if sha384 => Mechanism::Sha384RsaPkcsPss(pss(hash)),
            (Scheme::RsaPss(hash), true) if sha512 => Mechanism::Sha512RsaPkcsPss(pss(hash)),
            (Scheme::RsaPss(hash), true) => Mechanism::Sha256RsaPkcsPss(pss(hash)),
            (Scheme::RsaPss(hash), false) => Mechanism::RsaPkcsPss(pss(hash)),
        }
    }

    /// The scheme in a verifier's terms.
    pub(super) fn as_read(self) -> SignatureAlgorithm {
        let algorithm = match self.scheme {
            Scheme::EcdsaP256 | Scheme::EcdsaP384 => Algorithm::Ecdsa,
            Scheme::RsaPkcs1(_) => Algorithm::RsaPkcs1,
            Scheme::RsaPss(_) => Algorithm::RsaPss,
        };
        SignatureAlgorithm { algorithm, hash: self.scheme.hash() }
    }

    /// What the token is given of a message.
    pub(super) fn data(self, message: &[u8]) -> Vec<u8> {
        if self.hashes {
            return message.to_vec();
        }
        let hash = self.scheme.hash();
        let digest = hash.of(message);
        match self.scheme {
            // The mechanism pads what RFC 8017 calls DigestInfo.
            Scheme::RsaPkcs1(_) => {
                sequence(&[&sequence(&[&identifier(hash.oid()), &NULL]), &octets(&digest)])
            }
            Scheme::RsaPss(_) | Scheme::EcdsaP256 | Scheme::EcdsaP384 => digest,
        }
    }

    /// The signature as CMS writes it; tokens answer an ECDSA one as two numbers of equal width.
    pub(super) fn signature(self, answer: &[u8]) -> Option<Vec<u8>> {
        match self.scheme {
            Scheme::EcdsaP256 | Scheme::EcdsaP384 if answer.len().is_multiple_of(2) => {
                let (r, s) = answer.split_at_checked(answer.len() / 2)?;
                Some(sequence(&[&number(r)?, &number(s)?]))
            }
            Scheme::EcdsaP256 | Scheme::EcdsaP384 => None,
            Scheme::RsaPkcs1(_) | Scheme::RsaPss(_) => Some(answer.to_vec()),
        }
    }
}

/// A positive INTEGER; zero is none that a signature may hold.
fn number(digits: &[u8]) -> Option<Vec<u8>> {
    let first = digits.iter().position(|&digit| digit != 0)?;
    let sign: &[u8] = if digits[first] >= 0x80 { &[0] } else { &[] };
    Some(element(0x02, &[sign, &digits[first..]].concat()))
}

fn pss(hash: Hash) -> PkcsPssParams {
    let (hash_alg, mgf, s_len) = match hash {
        Hash::Sha384 => (MechanismType::SHA384, PkcsMgfType::MGF1_SHA384, 48_u64),
        Hash::Sha512 => (MechanismType::SHA512, PkcsMgfType::MGF1_SHA512, 64),
        Hash::Sha1 | Hash::Sha256 => (MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, 32),
    };
    PkcsPssParams { hash_alg, mgf, s_len: s_len.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PSS: RsaScheme = RsaScheme::Pss(Hash::Sha256);
    const RSA: KeyKind = KeyKind::Rsa(256);

    #[test]
    fn the_token_hashes_where_it_can() {
        let both = [MechanismType::RSA_PKCS_PSS, MechanismType::SHA256_RSA_PKCS_PSS];
        assert!(plan(RSA, PSS, false, &both).unwrap().hashes);
        assert!(!plan(RSA, PSS, false, &both[..1]).unwrap().hashes);
        assert!(!plan(KeyKind::P256, PSS, false, &[MechanismType::ECDSA]).unwrap().hashes);
    }

    #[test]
    fn another_scheme_is_used_only_where_that_is_configured() {
        let listed = [MechanismType::RSA_PKCS];
        assert!(matches!(
            plan(RSA, PSS, false, &listed),
            Err(TokenError::NoMechanism { wanted: "RSASSA-PSS" })
        ));
        let second = plan(RSA, PSS, true, &listed).unwrap();
        assert!(second.fell_back);
        assert_eq!(second.scheme, Scheme::RsaPkcs1(Hash::Sha256));
        let asked = plan(RSA, RsaScheme::Pkcs1(Hash::Sha256), true, &listed).unwrap();
        assert!(!asked.fell_back);
        assert!(plan(KeyKind::P384, PSS, true, &listed).is_err());
    }

    #[test]
    fn the_two_numbers_of_a_curve_are_written_as_der() {
        let plan = Plan { scheme: Scheme::EcdsaP256, hashes: false, fell_back: false };
        assert_eq!(plan.signature(&[0, 1, 0x80, 2]).unwrap(), [0x30, 8, 2, 1, 1, 2, 3, 0, 0x80, 2]);
        assert_eq!(plan.signature(&[1, 2, 3]), None);
        assert_eq!(plan.signature(&[0, 0, 1, 1]), None);
    }

    #[test]
    fn a_digest_is_wrapped_for_pkcs1_alone() {
        let data = |scheme| Plan { scheme, hashes: false, fell_back: false }.data(b"abc");
        let wrapped = data(Scheme::RsaPkcs1(Hash::Sha384));
        assert_eq!(wrapped.len(), 19 + 48);
        assert_eq!(wrapped[19..], data(Scheme::RsaPss(Hash::Sha384)));
    }
}
