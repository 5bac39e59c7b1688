//! PINs that a token refused, remembered beyond the process that sent them: a service that is started
//! again and again, or beside others, would else lock a token that does not tell of its count.
//!
//! A PIN has a few digits, so that any hash of it can be tried out; this one is slow, salted, and lies
//! where only the user reads, as the PIN itself does. A PIN that was corrected is another one.

use std::{
    fs,
    io::{self, Write as _},
    num::NonZeroU32,
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
};

use ring::{
    pbkdf2,
    rand::{SecureRandom as _, SystemRandom},
};

use crate::{Hash, Passphrase, pdf::object::hex};

/// A tenth of a second or so, once a start.
const ROUNDS: NonZeroU32 = NonZeroU32::new(200_000).expect("not 0");

/// Bytes of the salt, and of what follows it.
const HALF: usize = 32;

/// A folder of refusals, one file a token.
#[derive(Debug, Clone)]
pub(super) struct Refusals(PathBuf);

impl Refusals {
    pub(super) fn in_folder(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Where it is written that the token refused this PIN.
    pub(super) fn knows(&self, serial: &str, pin: &Passphrase) -> Option<PathBuf> {
        let path = self.path(serial);
        let kept = fs::read(&path).ok()?;
        let (salt, derived) = kept.split_at_checked(HALF)?;
        let pin = pin.reveal().as_bytes();
        pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, pin, derived).ok()?;
        Some(path)
    }

    /// Writes down that the token refused this PIN.
    pub(super) fn remember(&self, serial: &str, pin: &Passphrase) -> io::Result<()> {
        let mut kept = [0; 2 * HALF];
        let (salt, derived) = kept.split_at_mut(HALF);
        SystemRandom::new().fill(salt).map_err(|_| io::Error::other("no random numbers"))?;
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, pin.reveal().as_bytes(), derived);
        fs::create_dir_all(&self.0)?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(self.path(serial))?.write_all(&kept)
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
        refusals.remember("A1", &wrong).unwrap();
        let at = refusals.knows("A1", &wrong).unwrap();
        assert_eq!((refusals.knows("A1", &right), refusals.knows("A2", &wrong)), (None, None));
        assert!(!fs::read(&at).unwrap().windows(4).any(|bytes| bytes == b"1111"));
        fs::write(&at, "cut").unwrap();
        assert_eq!(refusals.knows("A1", &wrong), None);
    }
}
