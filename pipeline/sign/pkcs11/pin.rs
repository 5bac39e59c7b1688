//! The PIN, which a token counts wrong tries of: one try, and none where the count runs already.

use std::io;

use chrono::{DateTime, Utc};
use cryptoki::{
    context::Pkcs11,
    error::{Error, RvError},
    session::{Session, UserType},
    slot::{Slot, TokenInfo},
    types::AuthPin,
};

use super::{
    connection::{Target, failure},
    error::{TokenError, said},
    library::lock,
    refusals::{Refusal, Refusals},
};
use crate::Passphrase;

/// What this process knows of a token's PIN.
#[derive(Debug, Default)]
pub(super) enum PinState {
    #[default]
    NotRefused,
    /// The token took it from this process.
    Accepted,
    /// And what the token said to it.
    Refused(String),
}

/// Logs a session in, unless another one of this process did so.
pub(super) fn log_in(
    target: &Target,
    place: (&Pkcs11, Slot),
    session: &Session,
) -> Result<(), TokenError> {
    give(target, place, (session, UserType::User))
}

/// Gives the PIN for the one signature that the session has begun, to a key that asks each time.
pub(super) fn confirm(
    target: &Target,
    place: (&Pkcs11, Slot),
    session: &Session,
) -> Result<(), TokenError> {
    give(target, place, (session, UserType::ContextSpecific))
}

fn give(
    target: &Target,
    (context, slot): (&Pkcs11, Slot),
    (session, to): (&Session, UserType),
) -> Result<(), TokenError> {
    let state = target.library.pin(&target.serial);
    let mut state = lock(&state);
    if let PinState::Refused(why) = &*state {
        return Err(TokenError::PinRefused { why: why.clone() });
    }
    let info = context.get_token_info(slot).map_err(|error| failure(target, &error))?;
    if matches!(to, UserType::User) && !info.login_required() {
        return Ok(());
    }
    may_try(&info)?;
    let pin = target.pin.as_ref().map(|pin| AuthPin::from(Passphrase::reveal(pin).to_owned()));
    // A keypad of the token's own asks for the PIN when none is given.
    if pin.is_none() && !info.protected_authentication_path() {
        return Err(TokenError::NoPin);
    }
    let memory = target.refusals.as_ref().zip(target.pin.as_ref());
    let memory = memory.map(|(kept, pin)| Memory { kept, serial: &target.serial, pin });
    let before = memory.as_ref().map_or(Ok(None), |memory| memory.recall(Utc::now()))?;
    match session.login(to, pin.as_ref()) {
        Ok(()) => {
            *state = PinState::Accepted;
            if let Some(memory) = memory.filter(|_| before.is_some()) {
                // What stays is over, and holds nothing back.
                drop(memory.kept.forget(memory.serial));
            }
            Ok(())
        }
        Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) if matches!(to, UserType::User) => {
            Ok(())
        }
        // What is not known to have stopped before the token may have been counted by it.
        Err(error) if !is_unsent(&error) => {
            let mut why = said(&error);
            // Where the PIN was right a moment ago a failure that does not name it is the reader's.
            let is_the_pins = is_refusal(&error) || !matches!(*state, PinState::Accepted);
            if let Some(memory) = memory.filter(|_| is_the_pins)
                && let Err(error) = memory.keep(&error, before, Utc::now())
            {
                why = format!("{why}; the next start does not know that: {error}");
            }
            *state = PinState::Refused(why.clone());
            Err(TokenError::PinRefused { why })
        }
        Err(error) => Err(failure(target, &error)),
    }
}

/// What is remembered of a PIN beyond this process.
struct Memory<'a> {
    kept: &'a Refusals,
    serial: &'a str,
    pin: &'a Passphrase,
}

impl Memory<'_> {
    /// Whether the PIN may be tried; a refusal that is over is answered.
    fn recall(&self, now: DateTime<Utc>) -> Result<Option<Refusal>, TokenError> {
        let Some((refusal, at)) = self.kept.knows(self.serial, self.pin) else { return Ok(None) };
        let before = match refusal.ends() {
            Some(end) if end <= now => return Ok(Some(refusal)),
            Some(end) => format!(
                "the token failed at it before and may have counted it; it is tried once more after {}",
                end.format("%Y-%m-%d %H:%M UTC")
            ),
            None => "it was refused before".to_owned(),
        };
        let at = at.display();
        let why = format!("{before}; once it is known to be right, remove `{at}`");
        Err(TokenError::PinRefused { why })
    }

    /// Keeps what a log-in failed by. The second failure is believed to be the PIN's.
    fn keep(&self, error: &Error, before: Option<Refusal>, now: DateTime<Utc>) -> io::Result<()> {
        let certain = is_refusal(error) || before.is_some();
        let refusal = if certain { Refusal::Certain } else { Refusal::Doubtful(now) };
        self.kept.remember(self.serial, (self.pin, refusal))
    }
}

/// A token whose count of wrong tries runs is left alone: a service that starts again and again
/// would otherwise lock it.
fn may_try(info: &TokenInfo) -> Result<(), TokenError> {
    if info.user_pin_locked() {
        Err(TokenError::PinLocked)
    } else if info.user_pin_final_try() {
        Err(TokenError::PinDoubtful { why: "one more wrong PIN locks it" })
    } else if info.user_pin_count_low() {
        Err(TokenError::PinDoubtful { why: "the last PIN it was given was wrong" })
    } else {
        Ok(())
    }
}

/// The token never saw the PIN.
fn is_unsent(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::CryptokiNotInitialized
                | RvError::DeviceRemoved
                | RvError::OperationNotInitialized
                | RvError::SessionClosed
                | RvError::SessionHandleInvalid
                | RvError::SlotIdInvalid
                | RvError::TokenNotPresent
                | RvError::TokenNotRecognized
                | RvError::UserNotLoggedIn,
            _
        )
    )
}

/// The token says that the PIN is wrong, and not that something else is.
fn is_refusal(error: &Error) -> bool {
    use RvError::{PinIncorrect, PinInvalid, PinLenRange, PinLocked};
    matches!(error, Error::Pkcs11(PinIncorrect | PinInvalid | PinLenRange | PinLocked, _))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use cryptoki::context::Function;

    use super::*;

    fn answer(value: RvError) -> Error {
        Error::Pkcs11(value, Function::Login)
    }

    #[test]
    fn an_answer_that_does_not_name_the_pin_lets_it_be_tried_once_more_and_hours_later() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Refusals::in_folder(folder.path().to_owned());
        let pin = Passphrase::new("1111");
        let memory = Memory { kept: &kept, serial: "A1", pin: &pin };
        let (now, hours) = (Utc::now(), TimeDelta::hours(7));
        for vague in [RvError::FunctionFailed, RvError::GeneralError, RvError::PinExpired] {
            assert_eq!(memory.recall(now).unwrap(), None);
            memory.keep(&answer(vague), None, now).unwrap();
            assert!(memory.recall(now).is_err(), "{vague:?}");
            let before = memory.recall(now + hours).unwrap();
            memory.keep(&answer(vague), before, now + hours).unwrap();
            assert!(memory.recall(now + hours * 100).is_err(), "{vague:?}");
            kept.forget("A1").unwrap();
        }
        memory.keep(&answer(RvError::PinIncorrect), None, now).unwrap();
        assert!(memory.recall(now + hours * 100).is_err());
    }
}
