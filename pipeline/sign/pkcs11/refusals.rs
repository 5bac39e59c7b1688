//! PINs that a token refused, remembered beyond the process that sent them: a service that is started
//! again and again, or beside others, would else lock a token that does not tell of its count.
//!
//! A PIN has a few digits, so that any hash of it can be tried out; this one is slow, salted, and lies
//! where only the user reads, as the PIN itself does. A PIN that was corrected is another one.
//!
//! Some libraries say only that something failed where the PIN was wrong. Such an answer holds the PIN
//! back for hours, in which a reader that was out of order is mended, and the second one for good: two
//! tries lock no token.

use std::{
    fs,
    io::{self, Write as _},
    num::NonZeroU32,
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
};

use chrono::{DateTime, TimeDelta, Utc};
use ring::{
    pbkdf2,
    rand::{SecureRandom as _, SystemRandom},
};

use crate::{Hash, Passphrase, pdf::object::hex};

/// A tenth of a second or so, once a start.
const ROUNDS: NonZeroU32 = NonZeroU32::new(200_000).expect("not 0");

/// Bytes of the salt, and of what follows it.
const HALF: usize = 32;

/// Hours for which a PIN is held back that a token may have refused.
const HELD_BACK: TimeDelta = TimeDelta::hours(6);

/// How sure it is that a PIN was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The token said so.
    Certain,
    /// It failed in another way, at this time.
    Doubtful(DateTime<Utc>),
}

impl Refusal {
    /// Until when the PIN is not to be tried, if that ends.
    pub(super) fn ends(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Certain => None,
            Self::Doubtful(since) => Some(since + HELD_BACK),
        }
    }
}

/// A folder of refusals, one file a token.
#[derive(Debug, Clone)]
pub(super) struct Refusals(PathBuf);

impl Refusals {
    pub(super) fn in_folder(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// That the token refused this PIN, and where that is written.
    pub(super) fn knows(&self, serial: &str, pin: &Passphrase) -> Option<(Refusal, PathBuf)> {
        let path = self.path(serial);
        let kept = fs::read(&path).ok()?;
        let (salt, rest) = kept.split_at_checked(HALF)?;
        let (derived, since) = rest.split_at_checked(HALF)?;
        let pin = pin.reveal().as_bytes();
        pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, pin, derived).ok()?;
        // A time that cannot be read is none after which the PIN might be tried.
        let since = since.try_into().ok().map(i64::from_be_bytes);
        let since = since.and_then(|since| DateTime::from_timestamp(since, 0));
        Some((since.map_or(Refusal::Certain, Refusal::Doubtful), path))
    }

    /// Writes down that the token refused this PIN.
    pub(super) fn remember(
        &self,
        serial: &str,
        (pin, refusal): (&Passphrase, Refusal),
    ) -> io::Result<()> {
        let mut kept = [0; 2 * HALF];
        let (salt, derived) = kept.split_at_mut(HALF);
        SystemRandom::new().fill(salt).map_err(|_| io::Error::other("no random numbers"))?;
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, pin.reveal().as_bytes(), derived);
        fs::create_dir_all(&self.0)?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let since = match refusal {
            Refusal::Certain => Vec::new(),
            Refusal::Doubtful(since) => since.timestamp().to_be_bytes().to_vec(),
        };
        options.open(self.path(serial))?.write_all(&[&kept[..], &since].concat())
    }

    /// The token took the PIN after all.
    pub(super) fn forget(&self, serial: &str) -> io::Result<()> {
        fs::remove_file(self.path(serial))
    }

    fn path(&self, serial: &str) -> PathBuf {
        self.0.join(hex(&Hash::Sha256.of(serial.as_bytes())[..16]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_pin_is_known_again_and_no_other_nor_of_another_token() {
        let folder = tempfile::tempdir().unwrap();
        let refusals = Refusals::in_folder(folder.path().join("pins"));
        let [wrong, right] = ["1111", "2222"].map(Passphrase::new);
        assert_eq!(refusals.knows("A1", &wrong), None);
        refusals.remember("A1", (&wrong, Refusal::Certain)).unwrap();
        let (refusal, at) = refusals.knows("A1", &wrong).unwrap();
        assert_eq!(refusal, Refusal::Certain);
        assert_eq!((refusals.knows("A1", &right), refusals.knows("A2", &wrong)), (None, None));
        assert!(!fs::read(&at).unwrap().windows(4).any(|bytes| bytes == b"1111"));
        fs::write(&at, "cut").unwrap();
        assert_eq!(refusals.knows("A1", &wrong), None);
    }

    #[test]
    fn a_doubtful_refusal_ends_and_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let refusals = Refusals::in_folder(folder.path().join("pins"));
        let pin = Passphrase::new("1111");
        let since = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        refusals.remember("A1", (&pin, Refusal::Doubtful(since))).unwrap();
        let (refusal, at) = refusals.knows("A1", &pin).unwrap();
        assert_eq!(refusal, Refusal::Doubtful(since));
        assert!(refusal.ends().is_some_and(|end| end > since));
        // What is cut short may not be tried.
        let kept = fs::read(&at).unwrap();
        fs::write(&at, &kept[..kept.len() - 1]).unwrap();
        assert_eq!(refusals.knows("A1", &pin).unwrap().0, Refusal::Certain);
        refusals.forget("A1").unwrap();
        assert_eq!(refusals.knows("A1", &pin), None);
    }
}
