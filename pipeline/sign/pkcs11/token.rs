//! Which token, and what it can do.

use std::fmt;

use cryptoki::{
    context::Pkcs11,
    error::Error,
    mechanism::MechanismType,
    slot::{Slot, TokenInfo},
};

use super::{
    error::TokenError,
    library::Library,
    mechanism::{MATTERS, Plan},
};

/// A token as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDescription {
    /// Its label.
    pub label: String,
    /// Its serial number.
    pub serial: String,
    /// Maker and model.
    pub model: String,
    /// Those of its mechanisms that agencies' signatures are made with.
    pub mechanisms: Vec<&'static str>,
    /// The one that is used.
    pub used: String,
}

impl TokenDescription {
    pub(super) fn new(info: &TokenInfo, listed: &[MechanismType], plan: Plan) -> Self {
        let known = MATTERS.iter().filter(|(kind, _)| listed.contains(kind));
        Self {
            label: info.label().to_owned(),
            serial: info.serial_number().to_owned(),
            model: format!("{} {}", info.manufacturer_id(), info.model()),
            mechanisms: known.map(|(_, name)| *name).collect(),
            used: plan.to_string(),
        }
    }
}

impl fmt::Display for TokenDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, serial, model, mechanisms, used } = self;
        let mechanisms = mechanisms.join(", ");
        write!(f, "token `{label}`, serial {serial}, {model}; it lists {mechanisms}; {used}")
    }
}

/// The token of that label or serial number. A library that looks for tokens at its start only is
/// started again before one is called missing.
pub(super) fn present(
    library: &Library,
    wanted: Option<&str>,
) -> Result<(Slot, TokenInfo), TokenError> {
    let look = || library.call(|context, start| (among(context, wanted), start));
    let (first, start) = look();
    if let Ok(Ok(found)) = first {
        return Ok(found);
    }
    library.start_again(start).map_err(|error| TokenError::failed(&error))?;
    look().0.map_err(|error| TokenError::failed(&error))?
}

/// The token of that serial number, looked for in its own slot first: another one that hangs must
/// not be asked who it is.
pub(super) fn again(library: &Library, slot: Slot, serial: &str) -> Result<Slot, TokenError> {
    let same = library.call(|context, _| {
        context.get_token_info(slot).is_ok_and(|info| info.serial_number() == serial)
    });
    if same { Ok(slot) } else { present(library, Some(serial)).map(|(slot, _)| slot) }
}

fn among(
    context: &Pkcs11,
    wanted: Option<&str>,
) -> Result<Result<(Slot, TokenInfo), TokenError>, Error> {
    let mut seen = Vec::new();
    for slot in context.get_slots_with_token()? {
        // One that is pulled out at this moment is not there.
        let Ok(info) = context.get_token_info(slot) else { continue };
        if info.token_initialized() {
            seen.push((slot, info));
        }
    }
    let named = |info: &TokenInfo| {
        wanted.is_none_or(|wanted| info.label() == wanted || info.serial_number() == wanted)
    };
    let (mut found, others): (Vec<_>, Vec<_>) = seen.into_iter().partition(|(_, i)| named(i));
    if found.len() == 1
        && let Some(one) = found.pop()
    {
        return Ok(Ok(one));
    }
    let all = found.iter().chain(&others);
    let seen = all.map(|(_, info)| format!("`{}` ({})", info.label(), info.serial_number()));
    let seen = seen.collect::<Vec<_>>().join(", ");
    let wanted = wanted.map_or("without a name".to_owned(), |wanted| format!("`{wanted}`"));
    Ok(Err(TokenError::NoToken {
        wanted,
        seen: if seen.is_empty() { "none".to_owned() } else { seen },
    }))
}

/// The mechanisms that a token signs with.
pub(super) fn mechanisms(library: &Library, slot: Slot) -> Result<Vec<MechanismType>, TokenError> {
    let listed = library.call(|context, _| {
        let mut listed = context.get_mechanism_list(slot)?;
        listed.retain(|&kind| context.get_mechanism_info(slot, kind).is_ok_and(|i| i.sign()));
        Ok::<_, Error>(listed)
    });
    listed.map_err(|error| TokenError::failed(&error))
}
