//! A session with a token, logged in, with its key found.

use std::sync::Arc;

use cryptoki::{
    context::Pkcs11,
    error::{Error, Result as Answer, RvError},
    object::{Attribute, AttributeType, ObjectClass, ObjectHandle},
    session::Session,
    slot::Slot,
};

use super::{
    KeyName, certificates,
    error::{TokenError, is_lost},
    library::Library,
    mechanism::Plan,
    pin,
    refusals::Refusals,
    token,
};
use crate::Passphrase;

/// The key that sessions are opened for.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) library: Arc<Library>,
    pub(super) slot: Slot,
    /// The token's serial number: another one of the same label is not sent this one's PIN.
    pub(super) serial: String,
    pub(super) key: KeyName,
    pub(super) pin: Option<Passphrase>,
    /// Where a refused one is remembered.
    pub(super) refusals: Option<Refusals>,
    pub(super) plan: Plan,
}

/// An open session. After a fresh start of the library its handle may name another session, so that
/// it is then neither used nor closed.
#[derive(Debug)]
pub(super) struct Opened {
    library: Arc<Library>,
    start: u64,
    session: Option<Session>,
}

impl Opened {
    pub(super) fn new(library: &Arc<Library>, slot: Slot) -> Answer<Self> {
        let opened =
            library.call(|context, start| Ok((context.open_ro_session_no_drop(slot)?, start)));
        opened.map(|(session, start)| Self {
            library: Arc::clone(library),
            start,
            session: Some(session),
        })
    }

    pub(super) fn with<T>(&self, calls: impl FnOnce(&Pkcs11, &Session) -> Answer<T>) -> Answer<T> {
        self.library.call(|context, start| match &self.session {
            Some(session) if start == self.start => calls(context, session),
            _ => Err(void()),
        })
    }
}

/// What the token itself would say.
fn void() -> Error {
    Error::Pkcs11(RvError::SessionHandleInvalid, cryptoki::context::Function::GetSessionInfo)
}

impl Drop for Opened {
    fn drop(&mut self) {
        let session = self.session.take();
        self.library.call(|_, start| {
            // One that cannot be closed went with its token.
            if let Some(session) = session.filter(|_| start == self.start) {
                drop(session.close());
            }
        });
    }
}

/// A session that can sign.
#[derive(Debug)]
pub(super) struct Connection {
    opened: Opened,
    slot: Slot,
    key: ObjectHandle,
    /// The key wants the PIN for each signature (`CKA_ALWAYS_AUTHENTICATE`).
    asks_each_time: bool,
}

impl Connection {
    pub(super) fn open(target: &Target) -> Result<Self, TokenError> {
        let Target { library, serial, .. } = target;
        let slot = token::again(library, target.slot, serial).map_err(|error| match error {
            TokenError::NoToken { .. } => TokenError::Gone {
                token: serial.clone(),
                why: "the library does not see it".to_owned(),
            },
            other => other,
        })?;
        let opened = Opened::new(library, slot).map_err(|error| failure(target, &error))?;
        let entered = opened
            .with(|context, session| Ok(pin::log_in(target, (context, slot), session)))
            .map_err(|error| failure(target, &error))?;
        entered?;
        let keys = opened
            .with(|_, session| private_keys(session, &target.key))
            .map_err(|error| failure(target, &error))?;
        match keys.as_slice() {
            // Between beginning and end the PIN is given, so that the signature has to have parts.
            [(_, true)] if !target.plan.hashes => Err(TokenError::AsksEachTime),
            [(key, asks_each_time)] => {
                Ok(Self { opened, slot, key: *key, asks_each_time: *asks_each_time })
            }
            other => Err(TokenError::NoKey {
                wanted: certificates::printed(&target.key),
                count: other.len(),
            }),
        }
    }

    pub(super) fn sign(&self, target: &Target, data: &[u8]) -> Result<Vec<u8>, TokenError> {
        let mechanism = target.plan.mechanism();
        if !self.asks_each_time {
            let signed = self.opened.with(|_, session| session.sign(&mechanism, self.key, data));
            return signed.map_err(|error| failure(target, &error));
        }
        let signed = self.opened.with(|context, session| {
            session.sign_init(&mechanism, self.key)?;
            if let Err(error) = pin::confirm(target, (context, self.slot), session) {
                return Ok(Err(error));
            }
            session.sign_update(data)?;
            session.sign_final().map(Ok)
        });
        signed.map_err(|error| failure(target, &error))?
    }

    /// Whether a signature that was begun may stand open in the session, so that it is good for no
    /// other one.
    pub(super) fn is_spent_by(&self, error: &TokenError) -> bool {
        self.asks_each_time || matches!(error, TokenError::Gone { .. })
    }
}

/// The error for a call's answer: gone, where a new session may do better.
pub(super) fn failure(target: &Target, error: &Error) -> TokenError {
    if is_lost(error) { TokenError::gone(&target.serial, error) } else { TokenError::failed(error) }
}

/// The private keys of that name, and whether each wants the PIN for every signature.
fn private_keys(session: &Session, name: &KeyName) -> Answer<Vec<(ObjectHandle, bool)>> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    template.extend(name.id.clone().map(Attribute::Id));
    template.extend(name.label.clone().map(|label| Attribute::Label(label.into_bytes())));
    let found = session.find_objects(&template)?.into_iter().map(|key| {
        let asked = session.get_attributes(key, &[AttributeType::AlwaysAuthenticate])?;
        Ok((key, asked.contains(&Attribute::AlwaysAuthenticate(true))))
    });
    found.collect()
}
