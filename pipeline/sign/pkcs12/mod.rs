//! PKCS#12 files (RFC 7292): a private key and its certificates under one password.
//!
//! Authorities deliver keys this way, and older programs encrypt with what nobody would choose
//! today; such files are read too, because the key in them is good. The check value is compared
//! before anything is decrypted, so a wrong password is told apart from a damaged file's noise.
//!
//! * [`derive`]: from the password to keys.
//! * [`cipher`]: the encryption schemes.

mod cipher;
mod derive;

use ring::hmac;

use crate::{
    Passphrase, SignError,
    certificate::CertificateDer,
    der_read::{Element, Reader},
    hash::Hash,
    oid,
};

/// Rounds at most: a file that asks for more would hold the program up for minutes.
const MAX_ROUNDS: u32 = 10_000_000;

/// What a file holds.
pub(crate) struct Contents {
    /// PKCS#8 DER.
    pub(crate) key: Vec<u8>,
    /// In the order of the file.
    pub(crate) certificates: Vec<CertificateDer>,
}

const NOT_PKCS12: SignError = SignError::Key("not a PKCS#12 file");

/// Opens a file.
pub(crate) fn open(bytes: &[u8], password: &Passphrase) -> Result<Contents, SignError> {
    let mut fields = Reader(bytes).sequence().ok_or(NOT_PKCS12)?;
    fields.accept(2).ok_or(NOT_PKCS12)?;
    let safe = data(&fields.accept(0x30).ok_or(NOT_PKCS12)?).ok_or(NOT_PKCS12)?;
    let check = fields.accept(0x30).ok_or(SignError::Key(
        "the PKCS#12 file has no check value, so its password cannot be tried",
    ))?;
    if !check_value_fits(&check, &safe, password)? {
        return Err(SignError::Key("the password of the PKCS#12 file is wrong"));
    }
    let mut bags = Bags::default();
    for part in Reader(&safe).sequence().ok_or(NOT_PKCS12)? {
        let inside = match data(&part) {
            Some(plain) => plain,
            None => decrypted(&part, password)?,
        };
        bags.read(&inside, password)?;
    }
    match <[Vec<u8>; 1]>::try_from(bags.keys) {
        Ok([key]) => Ok(Contents { key, certificates: bags.certificates }),
        Err(keys) if keys.is_empty() => {
            Err(SignError::Key("the PKCS#12 file holds no private key"))
        }
        Err(_) => Err(SignError::Key(
            "the PKCS#12 file holds several private keys; export the one that signs alone",
        )),
    }
}

/// The octets of a content of type `data`.
fn data(content: &Element<'_>) -> Option<Vec<u8>> {
    let mut parts = content.inside();
    if parts.accept(6)?.content != oid::DATA {
        return None;
    }
    parts.accept(0xa0)?.inside().next()?.octets()
}

/// The octets of a content of type `encryptedData`.
fn decrypted(content: &Element<'_>, password: &Passphrase) -> Result<Vec<u8>, SignError> {
    let found = || {
        let mut parts = content.inside();
        if parts.accept(6)?.content != oid::ENCRYPTED_DATA {
            return None;
        }
        let mut fields = parts.accept(0xa0)?.inside().sequence()?;
        fields.accept(2)?;
        let mut encrypted = fields.sequence()?;
        encrypted.accept(6)?;
        let algorithm = encrypted.accept(0x30)?;
        // Tagged by its place, in one piece or several.
        Some((algorithm, encrypted.next()?.octets()?))
    };
    let (algorithm, bytes) = found().ok_or(SignError::Key(
        "a part of the PKCS#12 file is encrypted for a certificate, not with a password",
    ))?;
    cipher::decrypt(&algorithm, &bytes, password)
}

/// Whether the check value (`macData`) is the one of this password.
fn check_value_fits(
    check: &Element<'_>,
    safe: &[u8],
    password: &Passphrase,
) -> Result<bool, SignError> {
    let read = || {
        let mut fields = check.inside();
        let mut digest_info = fields.sequence()?;
        let algorithm = digest_info.sequence()?.accept(6)?.content;
        let stated = digest_info.accept(4)?.octets()?;
        let salt = fields.accept(4)?.octets()?;
        let rounds = match fields.accept(2) {
            Some(number) => derive::rounds(&number)?,
            None => 1,
        };
        Some((algorithm, stated, salt, rounds))
    };
    let (algorithm, stated, salt, rounds) =
        read().ok_or(SignError::Key("the PKCS#12 file's check value is unreadable"))?;
    let hash = oid::hash(algorithm)
        .ok_or(SignError::Key("the PKCS#12 file's check value uses an unknown digest"))?;
    let wanted = derive::Wanted { purpose: derive::Purpose::CheckValue, length: hash.len() };
    let key = derive::pkcs12(hash, password, (&salt, rounds), wanted);
    let key = hmac::Key::new(hmac_algorithm(hash), &key);
    Ok(hmac::verify(&key, safe, &stated).is_ok())
}

fn hmac_algorithm(hash: Hash) -> hmac::Algorithm {
    match hash {
        Hash::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha384 => hmac::HMAC_SHA384,
        Hash::Sha512 => hmac::HMAC_SHA512,
    }
}

#[derive(Default)]
struct Bags {
    keys: Vec<Vec<u8>>,
    certificates: Vec<CertificateDer>,
}

impl Bags {
    /// Takes keys and certificates out of a run of bags; other kinds are no business of ours.
    fn read(&mut self, contents: &[u8], password: &Passphrase) -> Result<(), SignError> {
        let damaged = || SignError::Key("a part of the PKCS#12 file is unreadable");
        for bag in Reader(contents).sequence().ok_or_else(damaged)? {
            let mut parts = bag.inside();
            let kind = parts.accept(6).ok_or_else(damaged)?.content;
            let value = parts.accept(0xa0).and_then(|wrapped| wrapped.inside().next());
            let value = value.ok_or_else(damaged)?;
            match kind {
                oid::KEY_BAG => self.keys.push(value.raw.to_vec()),
                oid::SHROUDED_KEY_BAG => {
                    let mut parts = value.inside();
                    let algorithm = parts.accept(0x30).ok_or_else(damaged)?;
                    let bytes = parts.accept(4).and_then(|e| e.octets()).ok_or_else(damaged)?;
                    self.keys.push(cipher::decrypt(&algorithm, &bytes, password)?);
                }
                oid::CERTIFICATE_BAG => {
                    let der = || {
                        let mut parts = value.inside();
                        parts.accept(6)?;
                        parts.accept(0xa0)?.inside().next()?.octets()
                    };
                    self.certificates.push(CertificateDer(der().ok_or_else(damaged)?));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
