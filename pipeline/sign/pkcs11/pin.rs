//! The PIN, which a token counts wrong tries of: one try, and none where the count runs already.

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
};
use crate::Passphrase;

/// What this process knows of a token's PIN.
#[derive(Debug, Default)]
pub(super) enum PinState {
    #[default]
    NotRefused,
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
    let kept = target.refusals.as_ref().zip(target.pin.as_ref());
    if let Some(at) = kept.and_then(|(kept, pin)| kept.knows(&target.serial, pin)) {
        let why = format!(
            "it was refused before; once it is known to be right, remove `{}`",
            at.display()
        );
        return Err(TokenError::PinRefused { why });
    }
    match session.login(to, pin.as_ref()) {
        Ok(()) => Ok(()),
        Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) if matches!(to, UserType::User) => {
            Ok(())
        }
        // What is not known to have stopped before the token may have been counted by it.
        Err(error) if !is_unsent(&error) => {
            let mut why = said(&error);
            if let Some((kept, pin)) = kept.filter(|_| is_refusal(&error))
                && let Err(error) = kept.remember(&target.serial, pin)
            {
                why = format!("{why}; the next start does not know that: {error}");
            }
            *state = PinState::Refused(why.clone());
            Err(TokenError::PinRefused { why })
        }
        Err(error) => Err(failure(target, &error)),
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
