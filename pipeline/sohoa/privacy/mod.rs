//! Citizens' numbers never stand in clear in the searchable text of the index.

mod owners;

pub(crate) use owners::owners;

use std::path::Path;

use ring::{hmac, rand::SecureRandom as _};

use crate::{
    exit::{Exit, Failure},
    settings,
};

/// Least bytes of a key.
const KEY_BYTES: usize = 32;

/// Lengths of a citizen's number: the old and the new identity card.
const NUMBER_LENGTHS: [usize; 2] = [9, 12];

/// What stands before a hash in a text.
const HIDDEN: &str = "id:";

/// Hex digits of a hash: enough to be unique in a nation.
const HASH_DIGITS: usize = 32;

/// Turns citizens' numbers into keyed hashes, the same number always into the same one.
#[derive(Debug)]
pub(crate) struct Pseudonyms {
    key: hmac::Key,
}

impl Pseudonyms {
    /// Reads the key from `path`; without one, from the user's data folder, where it is made on
    /// first use.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, Failure> {
        let bytes = match path {
            Some(path) => std::fs::read(path).map_err(|error| {
                let what = format!("cannot read secrets.hmac_key `{}`: {error}", path.display());
                Failure::new(Exit::Configuration, what)
            })?,
            None => default_key()?,
        };
        if bytes.len() < KEY_BYTES {
            let what = format!("the key for hashed identifiers is shorter than {KEY_BYTES} bytes");
            return Err(Failure::new(Exit::Configuration, what)
                .hint("make one: head -c 32 /dev/urandom > hmac.key"));
        }
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &bytes) })
    }

    /// `text` with every run of 9 and of 12 digits replaced by its hash. What is hidden already stays.
    pub(crate) fn hide_numbers(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = hash_in(rest) {
            let (before, after) = rest.split_at(at);
            let (hash, after) = after.split_at(HIDDEN.len() + HASH_DIGITS);
            self.hide_in(before, &mut out);
            out.push_str(hash);
            rest = after;
        }
        self.hide_in(rest, &mut out);
        out
    }

    fn hide_in(&self, text: &str, out: &mut String) {
        let mut digits = String::new();
        for c in text.chars() {
            if c.is_ascii_digit() {
                digits.push(c);
            } else {
                self.flush(&mut digits, out);
                out.push(c);
            }
        }
        self.flush(&mut digits, out);
    }

    fn flush(&self, digits: &mut String, out: &mut String) {
        if NUMBER_LENGTHS.contains(&digits.len()) {
            out.push_str(HIDDEN);
            out.push_str(&self.hash(digits));
        } else {
            out.push_str(digits);
        }
        digits.clear();
    }

    /// The hash of one identifier, in hex.
    pub(crate) fn hash(&self, identifier: &str) -> String {
        let tag = hmac::sign(&self.key, identifier.as_bytes());
        sohoa_store::hash::hex(&tag.as_ref()[..HASH_DIGITS / 2])
    }
}

/// Where the first hash stands in a text. Digits within one are no citizen's number.
fn hash_in(text: &str) -> Option<usize> {
    let is_hash = |(at, _): &(usize, &str)| {
        let hash = text.as_bytes().get(at + HIDDEN.len()..at + HIDDEN.len() + HASH_DIGITS);
        hash.is_some_and(|hash| hash.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
    };
    text.match_indices(HIDDEN).find(is_hash).map(|(at, _)| at)
}

fn default_key() -> Result<Vec<u8>, Failure> {
    let folder = settings::data_folder()?;
    let path = folder.join("hmac.key");
    let failed = |error: std::io::Error| {
        let what = format!("cannot use the default key `{}`: {error}", path.display());
        Failure::new(Exit::Configuration, what).hint("give secrets.hmac_key")
    };
    if !path.exists() {
        let mut key = [0; KEY_BYTES];
        ring::rand::SystemRandom::new()
            .fill(&mut key)
            .map_err(|_| Failure::new(Exit::Internal, "the system gives no random bytes"))?;
        std::fs::create_dir_all(&folder).map_err(failed)?;
        write_private(&path, &key).map_err(failed)?;
    }
    std::fs::read(&path).map_err(failed)
}

/// Creates a file only its owner can read; one that appeared meanwhile is kept.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().make_in(folder, |path| {
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
    })?;
    file.write_all(bytes)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pseudonyms() -> Pseudonyms {
        Pseudonyms { key: hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]) }
    }

    #[test]
    fn a_citizens_number_is_hidden_and_still_findable() {
        let hidden = pseudonyms().hide_numbers("cccd 052099001234, so 123");
        assert!(!hidden.contains("052099001234"));
        assert!(hidden.contains(&pseudonyms().hash("052099001234")));
        assert!(hidden.ends_with(", so 123"));
        assert_eq!(pseudonyms().hide_numbers(&hidden), hidden);
        let digits = format!("id:123456789{}, id:211234567", "a".repeat(23));
        let hidden = pseudonyms().hide_numbers(&digits);
        assert!(
            hidden.starts_with(&digits[..35]),
            "a hash may have nine digits in a row: {hidden}"
        );
        assert!(!hidden.contains("211234567"), "{hidden}");
    }

    #[test]
    fn other_lengths_are_no_citizens_numbers() {
        assert_eq!(pseudonyms().hide_numbers("12345678 0123456789"), "12345678 0123456789");
    }
}
