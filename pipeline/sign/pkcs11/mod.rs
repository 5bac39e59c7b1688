//! A key inside a token or hardware module, reached by its maker's PKCS#11 library.
//!
//! ```text
//! TokenKey ── prepares what is signed ── pool ── threads ── connection ── library ── the token
//!    │                                  (bounded wait)     (log-in, key)   (one a process)
//!    └ certificate, mechanism: found without a log-in, so that policy is asked before the PIN is used
//! ```
//!
//! Calls into a maker's library may hang, so that each runs on a thread of its key's own, and
//! whoever asks waits for a bounded time: a slow token stalls no other. A token that was removed is
//! looked for again at the next signature. A PIN that a token refused is not sent to it again.

mod certificates;
mod connection;
mod error;
mod library;
mod mechanism;
mod pin;
mod pool;
mod refusals;
mod token;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

pub use error::TokenError;
pub use token::TokenDescription;

use crate::{
    CertificateDer, MessageSigner, Passphrase, RsaScheme, Scheme, SignError,
    certificate::Certificate, verify::algorithm::holds,
};
use connection::Target;
use library::Library;
use mechanism::{KeyKind, Plan};
use pool::Pool;
use refusals::Refusals;

/// What is signed to see that key and certificate belong together; no document's attributes look
/// like it.
const PROOF: &[u8] = b"Sohoa: key and certificate belong together";

/// Which key of a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyName {
    /// Its `CKA_LABEL`, or that of its certificate.
    pub label: Option<String>,
    /// Its `CKA_ID`, which its certificate has too.
    pub id: Option<Vec<u8>>,
}

/// Where a key is, and how it is used.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// The maker's PKCS#11 library.
    pub library: PathBuf,
    /// Label or serial number of the token; without one there must be a single token.
    pub token: Option<String>,
    /// Which of its keys; without a name there must be a single one with a certificate.
    pub key: KeyName,
    /// The user's PIN; none for a token with a keypad of its own, or that wants no log-in.
    pub pin: Option<Passphrase>,
    /// Certificates that the token does not hold.
    pub chain: Vec<CertificateDer>,
    /// How an RSA key signs.
    pub rsa: RsaScheme,
    /// Sign by PKCS#1 v1.5 where the token cannot sign by PSS.
    pub fall_back: bool,
    /// Sessions kept open, each with a thread of its own; at least 1.
    pub sessions: usize,
    /// Longest wait for one answer of the token.
    pub patience: Duration,
    /// Folder in which a refused PIN is remembered beyond this process; without one, each start
    /// sends it once, and several starts lock a token that does not tell of its count.
    pub refusals: Option<PathBuf>,
}

/// A private key that its token does not let out, with its certificates.
pub struct TokenKey {
    chain: Vec<CertificateDer>,
    plan: Plan,
    signature_len: usize,
    description: TokenDescription,
    pool: Pool,
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey")
            .field("token", &self.description.label)
            .field("scheme", &self.plan.scheme)
            .field("certificate", &self.chain.first())
            .finish_non_exhaustive()
    }
}

impl TokenKey {
    /// Finds the token, the certificate and a mechanism. Nothing is logged in to: the PIN is used
    /// by [`MessageSigner::ready`] or the first signature, once the certificate was judged.
    ///
    /// # Errors
    /// [`SignError::Token`] when library, token, certificate or mechanism is missing.
    pub fn open(settings: TokenSettings) -> Result<Self, SignError> {
        let (sessions, patience) = (settings.sessions.max(1), settings.patience);
        let found = pool::bounded(patience, move || find(&settings))?;
        let Found { chain, kind, description, target } = found;
        let pool = Pool::start(&target, sessions, patience)?;
        let plan = target.plan;
        Ok(Self { chain, plan, signature_len: kind.signature_len(), description, pool })
    }

    /// What was found, for `sohoa check`.
    pub fn describe(&self) -> &TokenDescription {
        &self.description
    }
}

/// What can be seen without a log-in.
struct Found {
    chain: Vec<CertificateDer>,
    kind: KeyKind,
    description: TokenDescription,
    target: Arc<Target>,
}

fn find(settings: &TokenSettings) -> Result<Found, SignError> {
    let library = Library::open(&settings.library)?;
    let (slot, info) = token::present(&library, settings.token.as_deref())?;
    let (chain, key) = certificates::find(&library, slot, settings)?;
    let own = chain.first().ok_or(SignError::KeyMismatch)?;
    let own = Certificate::parse(&own.0).ok_or(SignError::Certificate("not X.509"))?;
    let kind = KeyKind::of(own.key_info)?;
    let listed = token::mechanisms(&library, slot)?;
    let plan = mechanism::plan(kind, settings.rsa, settings.fall_back, &listed)?;
    let description = TokenDescription::new(&info, &listed, plan);
    let target = Target {
        library,
        slot,
        serial: info.serial_number().to_owned(),
        key,
        pin: settings.pin.clone(),
        refusals: settings.refusals.clone().map(Refusals::in_folder),
        plan,
    };
    Ok(Found { chain, kind, description, target: Arc::new(target) })
}

impl MessageSigner for TokenKey {
    fn chain(&self) -> &[CertificateDer] {
        &self.chain
    }

    fn scheme(&self) -> Scheme {
        self.plan.scheme
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = self.pool.sign(self.plan.data(message))?;
        self.plan.signature(&signature).ok_or(SignError::Signature("the token's answer is short"))
    }

    fn signature_len(&self) -> usize {
        self.signature_len
    }

    fn ready(&self) -> Result<(), SignError> {
        let signature = self.sign(PROOF)?;
        let own = self.chain.first().and_then(|own| Certificate::parse(&own.0));
        let own = own.ok_or(SignError::KeyMismatch)?;
        let good = holds(self.plan.as_read(), own.key_info, PROOF, &signature);
        if good == Ok(true) { Ok(()) } else { Err(SignError::KeyMismatch) }
    }

    fn place(&self) -> Option<String> {
        Some(self.description.to_string())
    }

    fn notice(&self) -> Option<String> {
        let token = &self.description.label;
        self.plan.fell_back.then(|| {
            format!("the token `{token}` cannot sign by RSASSA-PSS; PKCS#1 v1.5 is used instead")
        })
    }
}
