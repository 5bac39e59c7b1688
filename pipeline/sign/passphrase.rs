//! A secret word that no log line shows.

use std::{fmt, path::Path};

use crate::SignError;

/// The password of a key file, or the PIN of a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(String);

impl Passphrase {
    /// Keeps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// Reads the first line of a file: editors end it, and the line feed is no part of the secret.
    ///
    /// # Errors
    /// [`SignError::Io`] when the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, SignError> {
        let text = std::fs::read_to_string(path).map_err(SignError::io(path))?;
        Ok(Self(text.lines().next().unwrap_or_default().to_owned()))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_file_is_the_secret_and_nothing_shows_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "mật khẩu \nanother line\n").unwrap();
        let read = Passphrase::load(file.path()).unwrap();
        assert_eq!(read.reveal(), "mật khẩu ");
        assert_eq!(format!("{read:?}"), "****");
    }
}
