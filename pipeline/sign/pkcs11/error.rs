//! What a token can answer but a signature.

use cryptoki::error::{Error, RvError};

/// A token did not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The library cannot be loaded or started.
    #[error("the PKCS#11 library `{path}` cannot be used: {why}")]
    Library {
        /// The file.
        path: String,
        /// What it or the system said.
        why: String,
    },
    /// No such token is there.
    #[error("there is no token {wanted}; the library sees: {seen}")]
    NoToken {
        /// What was asked for.
        wanted: String,
        /// Labels and serial numbers.
        seen: String,
    },
    /// The key's certificate is neither on the token nor given.
    #[error("no certificate belongs to the key {wanted}; before a log-in the token shows: {seen}")]
    NoCertificate {
        /// The key.
        wanted: String,
        /// Labels and identifiers of what can be seen.
        seen: String,
    },
    /// The key is not on the token, or not the only one of that name.
    #[error("the token has {count} private keys {wanted} where one is needed")]
    NoKey {
        /// The key.
        wanted: String,
        /// How many there are.
        count: usize,
    },
    /// The key wants the PIN for each signature, and the token cannot sign in parts.
    #[error(
        "the key asks for the PIN at every signature (CKA_ALWAYS_AUTHENTICATE), and the token lists \
         no mechanism of it that hashes, by which the PIN can be given on the way"
    )]
    AsksEachTime,
    /// The token does not make the signatures that are wanted.
    #[error("the token makes no {wanted} signatures")]
    NoMechanism {
        /// The scheme.
        wanted: &'static str,
    },
    /// The token wants a PIN and none is configured.
    #[error("the token wants a PIN, and none is given")]
    NoPin,
    /// The token refused the PIN; it gets no second one from this process.
    #[error("the token refused the PIN ({why}); it is not tried again, since that would lock it")]
    PinRefused {
        /// What the token said.
        why: String,
    },
    /// An earlier PIN was wrong, and nobody has logged in with the right one since.
    #[error(
        "the token says that {why}; nothing is tried before somebody has logged in to it by its \
         own program, with the PIN that is configured here"
    )]
    PinDoubtful {
        /// What its flags say.
        why: &'static str,
    },
    /// The PIN is locked.
    #[error("the token's PIN is locked; its security officer has to unlock it")]
    PinLocked,
    /// The token was removed, or its sessions are lost and could not be had again.
    #[error("the token `{token}` is gone: {why}")]
    Gone {
        /// Its serial number.
        token: String,
        /// What the library said.
        why: String,
    },
    /// The token did not answer in time.
    #[error("the token did not answer within {seconds} seconds")]
    Slow {
        /// How long was waited.
        seconds: u64,
    },
    /// It failed otherwise.
    #[error("the token failed: {0}")]
    Failed(String),
}

impl TokenError {
    /// Whether the same may succeed later, when the token is put back or answers again.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Gone { .. } | Self::Slow { .. })
    }

    pub(super) fn failed(error: &Error) -> Self {
        Self::Failed(said(error))
    }

    pub(super) fn gone(token: &str, error: &Error) -> Self {
        Self::Gone { token: token.to_owned(), why: said(error) }
    }
}

/// The function and the return value's name: its long description is a page of the standard.
pub(super) fn said(error: &Error) -> String {
    match error {
        Error::Pkcs11(value, function) => format!("{function}: {value:?}"),
        other => other.to_string(),
    }
}

/// Sessions and handles are void, and a new session may do: the token was out, or the library was
/// started anew.
pub(super) fn is_lost(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::DeviceRemoved
                | RvError::DeviceError
                | RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::TokenNotPresent
                | RvError::TokenNotRecognized
                | RvError::SlotIdInvalid
                | RvError::CryptokiNotInitialized
                | RvError::UserNotLoggedIn
                | RvError::KeyHandleInvalid
                | RvError::ObjectHandleInvalid
                | RvError::GeneralError,
            _
        )
    )
}
