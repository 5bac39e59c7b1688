//! The encryption schemes of PKCS#12 files: PBES2 with AES, and the two that programs used before.

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{Block, BlockDecrypt, KeyInit},
};
use des::TdesEde3;
use rc2::Rc2;

use super::derive::{self, Purpose, Wanted};
use crate::{
    Passphrase, SignError,
    der_read::{Element, Reader},
    hash::Hash,
    oid,
};

const UNKNOWN: SignError =
    SignError::Key("the PKCS#12 file is encrypted in an unknown way; export it again with AES-256");

/// Decrypts `bytes` as an algorithm identifier says.
pub(super) fn decrypt(
    algorithm: &Element<'_>,
    bytes: &[u8],
    password: &Passphrase,
) -> Result<Vec<u8>, SignError> {
    let mut parts = algorithm.inside();
    let kind = parts.accept(6).ok_or(UNKNOWN)?.content;
    let parameters = parts.sequence().ok_or(UNKNOWN)?;
    let plain = match kind {
        oid::PBES2 => pbes2(parameters, bytes, password),
        oid::PBE_TRIPLE_DES => older(parameters, password, 24)
            .and_then(|(key, vector)| chained::<TdesEde3>(&key, &vector, bytes)),
        oid::PBE_RC2_40 => older(parameters, password, 5).and_then(|(key, vector)| {
            undo_chain(&Rc2::new_with_eff_key_len(&key, 40), &vector, bytes)
        }),
        _ => return Err(UNKNOWN),
    };
    plain.ok_or(SignError::Key("a part of the PKCS#12 file cannot be decrypted; it is damaged"))
}

fn pbes2(mut parameters: Reader<'_>, bytes: &[u8], password: &Passphrase) -> Option<Vec<u8>> {
    let mut derivation = parameters.sequence()?;
    if derivation.accept(6)?.content != oid::PBKDF2 {
        return None;
    }
    let derivation = derivation.accept(0x30)?;
    let mut scheme = parameters.sequence()?;
    let kind = scheme.accept(6)?.content;
    let vector = scheme.accept(4)?.content;
    let key = |length| derive::pbkdf2(&derivation, password, length);
    match kind {
        oid::AES128_CBC => chained::<Aes128>(&key(16)?, vector, bytes),
        oid::AES192_CBC => chained::<Aes192>(&key(24)?, vector, bytes),
        oid::AES256_CBC => chained::<Aes256>(&key(32)?, vector, bytes),
        _ => None,
    }
}

/// Key and initial vector of the schemes before PBES2.
fn older(
    mut parameters: Reader<'_>,
    password: &Passphrase,
    length: usize,
) -> Option<(Vec<u8>, Vec<u8>)> {
    let salt = parameters.accept(4)?.octets()?;
    let rounds = derive::rounds(&parameters.accept(2)?)?;
    let derived = |purpose, length| {
        derive::pkcs12(Hash::Sha1, password, (&salt, rounds), Wanted { purpose, length })
    };
    Some((derived(Purpose::Key, length), derived(Purpose::InitialVector, 8)))
}

fn chained<C: BlockDecrypt + KeyInit>(key: &[u8], vector: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    undo_chain(&C::new_from_slice(key).ok()?, vector, bytes)
}

/// Cipher block chaining with the padding of PKCS#7.
fn undo_chain<C: BlockDecrypt>(cipher: &C, vector: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let size = C::block_size();
    if vector.len() != size || bytes.is_empty() || !bytes.len().is_multiple_of(size) {
        return None;
    }
    let mut previous = vector;
    let mut plain = Vec::with_capacity(bytes.len());
    for chunk in bytes.chunks(size) {
        let mut block = Block::<C>::clone_from_slice(chunk);
        cipher.decrypt_block(&mut block);
        plain.extend(block.iter().zip(previous).map(|(byte, mask)| byte ^ mask));
        previous = chunk;
    }
    let count = usize::from(*plain.last()?);
    let kept = plain.len().checked_sub(count).filter(|_| (1..=size).contains(&count))?;
    let padded = plain[kept..].iter().all(|&byte| usize::from(byte) == count);
    plain.truncate(kept);
    padded.then_some(plain)
}
