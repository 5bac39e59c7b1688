//! The certificates of a key, found before anybody logs in.

use cryptoki::{
    error::Error,
    object::{Attribute, AttributeType, ObjectClass, ObjectHandle},
    session::Session,
    slot::Slot,
};

use super::{KeyName, TokenSettings, connection::Opened, error::TokenError, library::Library};
use crate::{
    SignError,
    certificate::{Certificate, CertificateDer},
    key::order,
};
use std::sync::Arc;

/// A certificate or a public key of the token.
#[derive(Debug)]
struct Seen {
    id: Vec<u8>,
    label: String,
    /// The certificate's DER; empty for a public key.
    value: Vec<u8>,
}

/// The key's certificate and its issuers, and by what the private key is found.
///
/// A certificate given by hand goes first; else it is the token's own with the key's `CKA_ID`, the
/// one that is valid longest where it was renewed.
pub(super) fn find(
    library: &Arc<Library>,
    slot: Slot,
    settings: &TokenSettings,
) -> Result<(Vec<CertificateDer>, KeyName), SignError> {
    let (certificates, keys) = look(library, slot)?;
    let key = resolve(&settings.key, &certificates, &keys);
    let given = settings.chain.iter().find(|certificate| !is_authority(&certificate.0));
    let own = given.map(|given| &given.0).or_else(|| own(&key, &certificates));
    let Some(own) = own else {
        let shown = certificates.iter().chain(&keys).map(|seen| {
            let id = crate::pdf::object::hex(&seen.id);
            format!("`{}` (id {id})", seen.label)
        });
        let seen = shown.collect::<Vec<_>>().join(", ");
        let seen = if seen.is_empty() { "nothing".to_owned() } else { seen };
        return Err(TokenError::NoCertificate { wanted: printed(&settings.key), seen }.into());
    };
    let own = own.clone();
    let all = certificates.into_iter().map(|seen| CertificateDer(seen.value));
    // What is given by hand is often on the token as well.
    let mut all: Vec<_> = settings.chain.iter().cloned().chain(all).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all.dedup();
    let chain = order(&all, |certificate| certificate.der == own)?;
    Ok((chain, key))
}

fn look(library: &Arc<Library>, slot: Slot) -> Result<(Vec<Seen>, Vec<Seen>), TokenError> {
    let opened = Opened::new(library, slot).map_err(|error| TokenError::failed(&error))?;
    let found = opened.with(|_, session| {
        let list = |class| seen(session, class);
        Ok((list(ObjectClass::CERTIFICATE)?, list(ObjectClass::PUBLIC_KEY)?))
    });
    found.map_err(|error| TokenError::failed(&error))
}

fn seen(session: &Session, class: ObjectClass) -> Result<Vec<Seen>, Error> {
    let objects = session.find_objects(&[Attribute::Class(class)])?;
    let mut found = Vec::new();
    for object in objects {
        let mut one = read(session, object, &[AttributeType::Id, AttributeType::Label])?;
        if class == ObjectClass::CERTIFICATE {
            one.value = read(session, object, &[AttributeType::Value])?.value;
        }
        // A public key's label is looked at, a certificate is wanted whole.
        if class != ObjectClass::CERTIFICATE || Certificate::parse(&one.value).is_some() {
            found.push(one);
        }
    }
    Ok(found)
}

fn read(session: &Session, object: ObjectHandle, wanted: &[AttributeType]) -> Result<Seen, Error> {
    let mut found = Seen { id: Vec::new(), label: String::new(), value: Vec::new() };
    for attribute in session.get_attributes(object, wanted)? {
        match attribute {
            Attribute::Id(id) => found.id = id,
            Attribute::Label(label) => found.label = String::from_utf8_lossy(&label).into_owned(),
            Attribute::Value(value) => found.value = value,
            _ => {}
        }
    }
    Ok(found)
}

/// The identifier goes before the label, which two objects may share and a third lack.
fn resolve(wanted: &KeyName, certificates: &[Seen], keys: &[Seen]) -> KeyName {
    let identified = |seen: &&Seen| !seen.id.is_empty();
    let id = match (&wanted.id, &wanted.label) {
        (Some(id), _) => Some(id.clone()),
        (None, Some(label)) => {
            let mut all = keys.iter().chain(certificates).filter(identified);
            all.find(|seen| seen.label == *label).map(|seen| seen.id.clone())
        }
        (None, None) => {
            let of_holders = certificates.iter().filter(identified);
            let mut ids: Vec<_> =
                of_holders.filter(|seen| !is_authority(&seen.value)).map(|seen| &seen.id).collect();
            ids.sort_unstable();
            ids.dedup();
            if let [id] = ids.as_slice() { Some((*id).clone()) } else { None }
        }
    };
    let label = if id.is_some() { None } else { wanted.label.clone() };
    KeyName { label, id }
}

fn own<'a>(key: &KeyName, certificates: &'a [Seen]) -> Option<&'a Vec<u8>> {
    let id = key.id.as_ref()?;
    let of_key = certificates.iter().filter(|seen| seen.id == *id && !is_authority(&seen.value));
    let end = |seen: &&Seen| Certificate::parse(&seen.value).map(|parsed| parsed.not_after);
    of_key.max_by_key(end).map(|seen| &seen.value)
}

fn is_authority(der: &[u8]) -> bool {
    Certificate::parse(der).is_some_and(|certificate| certificate.is_authority())
}

pub(super) fn printed(key: &KeyName) -> String {
    match (&key.id, &key.label) {
        (Some(id), _) => format!("of the id {}", crate::pdf::object::hex(id)),
        (None, Some(label)) => format!("`{label}`"),
        (None, None) => "without a name".to_owned(),
    }
}
