//! From a password to keys: the derivation of PKCS#12 itself and PBKDF2.

use std::num::NonZeroU32;

use ring::{digest, pbkdf2};

use super::MAX_ROUNDS;
use crate::{Passphrase, der_read::Element, hash::Hash, oid};

/// What derived bytes are for; the number is the one that RFC 7292 gives it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Key = 1,
    InitialVector = 2,
    CheckValue = 3,
}

/// Which bytes, and how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) purpose: Purpose,
    pub(super) length: usize,
}

/// A number of rounds between 1 and the bound.
pub(super) fn rounds(number: &Element<'_>) -> Option<u32> {
    let zeros = number.content.iter().take_while(|&&byte| byte == 0).count();
    let digits = &number.content[zeros..];
    if digits.len() > 4 {
        return None;
    }
    let value = digits.iter().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
    u32::try_from(value).ok().filter(|rounds| (1..=MAX_ROUNDS).contains(rounds))
}

/// RFC 7292, appendix B.2.
pub(super) fn pkcs12(
    hash: Hash,
    password: &Passphrase,
    (salt, rounds): (&[u8], u32),
    wanted: Wanted,
) -> Vec<u8> {
    let block = hash.ring().block_len();
    let filled = |bytes: &[u8]| -> Vec<u8> {
        let length = bytes.len().div_ceil(block) * block;
        bytes.iter().copied().cycle().take(length).collect()
    };
    // Two bytes a character, and two zeros at the end.
    let password: Vec<u8> =
        password.reveal().encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect();
    let mut input = [filled(salt), filled(&password)].concat();
    let diversifier = vec![wanted.purpose as u8; block];
    let mut out = Vec::new();
    while out.len() < wanted.length {
        let mut context = digest::Context::new(hash.ring());
        context.update(&diversifier);
        context.update(&input);
        let mut piece = context.finish();
        for _ in 1..rounds {
            piece = digest::digest(hash.ring(), piece.as_ref());
        }
        out.extend_from_slice(piece.as_ref());
        let addend: Vec<u8> = piece.as_ref().iter().copied().cycle().take(block).collect();
        for chunk in input.chunks_mut(block) {
            add_with_one(chunk, &addend);
        }
    }
    out.truncate(wanted.length);
    out
}

/// `number + addend + 1`, the overflow lost.
fn add_with_one(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1_u16;
    for (digit, &more) in number.iter_mut().zip(addend).rev() {
        let sum = u16::from(*digit) + u16::from(more) + carry;
        *digit = sum as u8;
        carry = sum >> 8;
    }
}

/// PBKDF2 by its parameters; `None` when they are of no known kind.
pub(super) fn pbkdf2(
    parameters: &Element<'_>,
    password: &Passphrase,
    length: usize,
) -> Option<Vec<u8>> {
    let mut fields = parameters.inside();
    let salt = fields.accept(4)?.octets()?;
    let rounds = NonZeroU32::new(rounds(&fields.accept(2)?)?)?;
    fields.accept(2);
    let algorithm = match fields.sequence() {
        None => pbkdf2::PBKDF2_HMAC_SHA1,
        Some(mut named) => match named.accept(6)?.content {
            oid::HMAC_SHA1 => pbkdf2::PBKDF2_HMAC_SHA1,
            oid::HMAC_SHA256 => pbkdf2::PBKDF2_HMAC_SHA256,
            oid::HMAC_SHA384 => pbkdf2::PBKDF2_HMAC_SHA384,
            oid::HMAC_SHA512 => pbkdf2::PBKDF2_HMAC_SHA512,
            _ => return None,
        },
    };
    let mut out = vec![0; length];
    pbkdf2::derive(algorithm, rounds, &salt, password.reveal().as_bytes(), &mut out);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_addition_carries_and_wraps() {
        let mut number = [0, 0xff, 0xfe];
        add_with_one(&mut number, &[0, 0, 1]);
        assert_eq!(number, [1, 0, 0]);
        let mut last = [0xff, 0xff];
        add_with_one(&mut last, &[0, 0]);
        assert_eq!(last, [0, 0]);
    }

    #[test]
    fn rounds_are_bounded() {
        let of = |content: &'static [u8]| rounds(&Element { tag: 2, content, raw: content });
        assert_eq!(of(&[0x08, 0x00]), Some(2048));
        assert_eq!(of(&[0]), None);
        assert_eq!(of(&[0x7f, 0xff, 0xff, 0xff]), None);
        assert_eq!(of(&[1, 0, 0, 0, 0]), None);
    }
}
