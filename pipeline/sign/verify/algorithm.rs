//! Checks one signature with one public key, legacy algorithms included, over `ring`.

use num_bigint::BigUint;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::report::{Algorithm, SignatureAlgorithm};
use crate::{
    der_read::{Element, Reader},
    der_write::{octets, oid as identifier, sequence},
    hash::Hash,
    oid,
};

/// The algorithm or key is not one this crate checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsupported;

/// The algorithm of an `AlgorithmIdentifier`. `digest` is the hash named beside it, which decides
/// where the identifier says only "RSA". Parameters that mean nothing are not looked at: real
/// ones hold all sorts of things.
pub(crate) fn identify(
    identifier: &Element<'_>,
    digest: Option<Hash>,
) -> Result<SignatureAlgorithm, Unsupported> {
    let mut parts = identifier.inside();
    let kind = parts.accept(6).ok_or(Unsupported)?.content;
    let (algorithm, hash) = match kind {
        oid::RSA => (Algorithm::RsaPkcs1, digest.ok_or(Unsupported)?),
        oid::SHA1_RSA | oid::SHA1_RSA_OIW => (Algorithm::RsaPkcs1, Hash::Sha1),
        oid::SHA256_RSA => (Algorithm::RsaPkcs1, Hash::Sha256),
        oid::SHA384_RSA => (Algorithm::RsaPkcs1, Hash::Sha384),
        oid::SHA512_RSA => (Algorithm::RsaPkcs1, Hash::Sha512),
        oid::RSA_PSS => (Algorithm::RsaPss, pss_hash(parts.accept(0x30))?),
        oid::ECDSA_SHA256 => (Algorithm::Ecdsa, Hash::Sha256),
        oid::ECDSA_SHA384 => (Algorithm::Ecdsa, Hash::Sha384),
        oid::EC_KEY => (Algorithm::Ecdsa, digest.ok_or(Unsupported)?),
        _ => return Err(Unsupported),
    };
    Ok(SignatureAlgorithm { algorithm, hash })
}

fn pss_hash(parameters: Option<Element<'_>>) -> Result<Hash, Unsupported> {
    let Some(parameters) = parameters else { return Ok(Hash::Sha1) };
    let mut parts = parameters.inside();
    let Some(hash) = parts.accept(0xa0) else { return Ok(Hash::Sha1) };
    let named = hash.inside().sequence().and_then(|mut inside| inside.accept(6));
    named.and_then(|named| oid::hash(named.content)).ok_or(Unsupported)
}

/// A PSS signature of other parameters than the usual ones, which are all that `ring` checks: that it
/// finds none says nothing of it. Not asked before, because some say what they are not.
pub(crate) fn is_unusual(identifier: &Element<'_>) -> bool {
    let mut parts = identifier.inside();
    if parts.accept(6).map(|kind| kind.content) != Some(oid::RSA_PSS) {
        return false;
    }
    let parameters = parts.accept(0x30);
    let Ok(hash) = pss_hash(parameters) else { return true };
    let Some(parameters) = parameters else { return true };
    let mut parts = parameters.inside();
    parts.accept(0xa0);
    let mask = parts.accept(0xa1).and_then(|mask| {
        let mut mask = mask.inside().sequence()?;
        let function = mask.accept(6)?.content;
        let hash = oid::hash(mask.sequence()?.accept(6)?.content);
        hash.filter(|_| function == oid::MGF1)
    });
    let salt = parts.accept(0xa2).and_then(|salt| salt.inside().accept(2));
    let salt = salt.map(|salt| BigUint::from_bytes_be(salt.content));
    mask != Some(hash) || salt != Some(BigUint::from(hash.len()))
}

/// Bits of the public key.
pub(crate) fn key_bits(key_info: &[u8]) -> Option<u32> {
    let Key { kind, curve, bytes } = split(key_info)?;
    match (kind, curve) {
        (oid::RSA | oid::RSA_PSS, _) => {
            let modulus = Reader(bytes).sequence()?.accept(2)?.content;
            let first = modulus.iter().position(|&byte| byte != 0)?;
            let digits = &modulus[first..];
            Some(digits.len() as u32 * 8 - digits[0].leading_zeros())
        }
        (oid::EC_KEY, Some(oid::P256)) => Some(256),
        (oid::EC_KEY, Some(oid::P384)) => Some(384),
        _ => None,
    }
}

/// An RSA key, whatever it is restricted to.
pub(crate) fn is_rsa(key_info: &[u8]) -> bool {
    split(key_info).is_some_and(|key| matches!(key.kind, oid::RSA | oid::RSA_PSS))
}

/// A public key taken apart.
struct Key<'a> {
    kind: &'a [u8],
    curve: Option<&'a [u8]>,
    bytes: &'a [u8],
}

fn split(key_info: &[u8]) -> Option<Key<'_>> {
    let mut parts = Reader(key_info).sequence()?;
    let mut algorithm = parts.sequence()?;
    let kind = algorithm.accept(6)?.content;
    let curve = algorithm.accept(6).map(|curve| curve.content);
    Some(Key { kind, curve, bytes: parts.next()?.bits()? })
}

/// `value` is a signature of `message` by the key.
pub(crate) fn holds(
    algorithm: SignatureAlgorithm,
    key_info: &[u8],
    message: &[u8],
    value: &[u8],
) -> Result<bool, Unsupported> {
    let Key { kind, curve, bytes } = split(key_info).ok_or(Unsupported)?;
    let rsa = matches!(kind, oid::RSA | oid::RSA_PSS);
    let check: &'static dyn VerificationAlgorithm = match (algorithm.algorithm, algorithm.hash) {
        (Algorithm::RsaPkcs1, Hash::Sha1) if rsa => {
            &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
        }
        (Algorithm::RsaPkcs1, Hash::Sha256) if rsa => {
            &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
        }
        (Algorithm::RsaPkcs1, Hash::Sha384) if rsa => &signature::RSA_PKCS1_2048_8192_SHA384,
        (Algorithm::RsaPkcs1, Hash::Sha512) if rsa => {
            &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
        }
        (Algorithm::RsaPss, Hash::Sha256) if rsa => &signature::RSA_PSS_2048_8192_SHA256,
        (Algorithm::RsaPss, Hash::Sha384) if rsa => &signature::RSA_PSS_2048_8192_SHA384,
        (Algorithm::RsaPss, Hash::Sha512) if rsa => &signature::RSA_PSS_2048_8192_SHA512,
        (Algorithm::Ecdsa, hash) if kind == oid::EC_KEY => match (curve, hash) {
            (Some(oid::P256), Hash::Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
            (Some(oid::P256), Hash::Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
            (Some(oid::P384), Hash::Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
            (Some(oid::P384), Hash::Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
            _ => return Err(Unsupported),
        },
        _ => return Err(Unsupported),
    };
    let pkcs1 = algorithm.algorithm == Algorithm::RsaPkcs1;
    let holds = UnparsedPublicKey::new(check, bytes).verify(message, value).is_ok()
        || pkcs1 && holds_without_null(bytes, (algorithm.hash, message), value).unwrap_or(false);
    // A key that `ring` takes for too short or too long has not been tried.
    let least = if pkcs1 && algorithm.hash != Hash::Sha384 { 1024 } else { 2048 };
    let tried = !rsa || key_bits(key_info).is_some_and(|bits| (least..=8192).contains(&bits));
    if holds || tried { Ok(holds) } else { Err(Unsupported) }
}

/// A PKCS#1 v1.5 signature whose `DigestInfo` leaves out the NULL after the hash's identifier.
/// RFC 8017, A.2.4, has verifiers accept both forms, `ring` accepts one, and some of the Vietnamese
/// signing services make the other. All of the padded message is compared, so that nothing can hide
/// in it; `None` for a key of a size that is not accepted.
fn holds_without_null(key: &[u8], (hash, message): (Hash, &[u8]), value: &[u8]) -> Option<bool> {
    let mut numbers = Reader(key).sequence()?;
    let modulus = BigUint::from_bytes_be(numbers.accept(2)?.content);
    let exponent = BigUint::from_bytes_be(numbers.accept(2)?.content);
    let room = modulus.bits().div_ceil(8) as usize;
    // The bounds of `ring`. An exponent of 1 would make every message its own signature.
    let least = if hash == Hash::Sha384 { 2048 } else { 1024 };
    let accepted = (least..=8192).contains(&modulus.bits())
        && (2..=33).contains(&exponent.bits())
        && exponent.bit(0);
    if !accepted || value.len() != room {
        return None;
    }
    let info = sequence(&[&sequence(&[&identifier(hash.oid())]), &octets(&hash.of(message))]);
    let mut padded = vec![0, 1];
    padded.resize(room.checked_sub(info.len() + 1)?, 0xff);
    padded.push(0);
    padded.extend(info);
    let signed = BigUint::from_bytes_be(value);
    if signed >= modulus {
        return None;
    }
    Some(signed.modpow(&exponent, &modulus) == BigUint::from_bytes_be(&padded))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `openssl pkeyutl -sign -pkeyopt rsa_padding_mode:pkcs1` over a `DigestInfo` written
    /// by hand.
    #[test]
    fn a_digest_info_without_its_null_is_accepted_and_nothing_else_in_its_place() {
        let made = |file: &str| {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/made/bare");
            std::fs::read(folder.join(file)).unwrap()
        };
        let key = made("key.der");
        let pkcs1 = SignatureAlgorithm { algorithm: Algorithm::RsaPkcs1, hash: Hash::Sha256 };
        let judged = |message: &[u8], file: &str| holds(pkcs1, &key, message, &made(file));
        assert_eq!(judged(b"message", "without-null.sig"), Ok(true));
        assert_eq!(judged(b"massage", "without-null.sig"), Ok(false));
        // The digest alone, and bytes after it.
        assert_eq!(judged(b"message", "no-info.sig"), Ok(false));
        assert_eq!(judged(b"message", "with-more.sig"), Ok(false));
    }
}
