//! The key that signs: in a file, or in a token.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use sohoa_schemas::{
    config::{Config, Pkcs11},
    reference,
};
use sohoa_sign::{
    Hash, KeyFile, KeyName, MessageSigner, Passphrase, RsaScheme, TokenKey, TokenSettings,
};

use crate::{
    authority::{certificates, configured, read},
    exit::{Exit, Failure},
    settings::data_folder,
};

/// Rights of everybody who is neither the owner nor of the group.
const OTHERS: u32 = 0o007;

/// The configured key; none for the test authority.
pub(crate) fn configured_key(config: &Config) -> Result<Option<Box<dyn MessageSigner>>, Failure> {
    let sign = &config.sign;
    if let Some(token) = &sign.pkcs11 {
        return in_token(config, token).map(Some);
    }
    let rsa = scheme(&sign.scheme).unwrap_or_default();
    let loaded = match (&sign.key, &sign.chain) {
        (None, _) => return Ok(None),
        (Some(key), Some(chain)) => KeyFile::load(key, chain, rsa),
        (Some(key), None) => {
            let secret = sign.passphrase.as_deref().unwrap_or_default();
            KeyFile::from_pkcs12(&read(key)?, &secret_of("sign.passphrase", secret)?, rsa)
        }
    };
    let loaded = loaded.map_err(|error| configured(&error))?;
    Ok(Some(Box::new(loaded)))
}

fn in_token(config: &Config, token: &Pkcs11) -> Result<Box<dyn MessageSigner>, Failure> {
    let pin = token.pin.as_deref().map(|pin| secret_of("sign.pkcs11.pin", pin)).transpose()?;
    let chain = match &config.sign.chain {
        Some(path) => certificates(path)?,
        None => Vec::new(),
    };
    let settings = TokenSettings {
        library: token.library.clone(),
        token: token.token.clone(),
        key: KeyName { label: token.key.clone(), id: token.key_id.as_deref().and_then(bytes) },
        pin,
        chain,
        rsa: scheme(&config.sign.scheme).unwrap_or_default(),
        fall_back: token.fall_back,
        sessions: token.sessions,
        patience: Duration::from_secs(token.patience_seconds),
        refusals: Some(data_folder()?.join("refused-pins")),
    };
    let key = TokenKey::open(settings).map_err(|error| configured(&error))?;
    Ok(Box::new(key))
}

/// The files of keys and passwords that everybody on this machine may read. The group is left out: it
/// is how a service is given what another account keeps.
pub(crate) fn open_to_everybody(config: &Config) -> Vec<&Path> {
    let (sign, secrets) = (&config.sign, &config.secrets);
    let pin = sign.pkcs11.as_ref().and_then(|token| token.pin.as_ref());
    let values = sign.passphrase.iter().chain(pin);
    let keys = [&sign.key, &secrets.hmac_key, &secrets.owner_key].into_iter().flatten();
    let files = values.filter_map(|value| reference::file(value)).chain(keys.map(PathBuf::as_path));
    let is_open = |path: &&Path| {
        std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & OTHERS != 0)
    };
    files.filter(is_open).collect()
}

/// The bytes that hex digits stand for, with or without colons between them.
pub(crate) fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> =
        hex.chars().filter(|&c| c != ':').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let whole = !digits.is_empty() && digits.len().is_multiple_of(2);
    whole.then(|| digits.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect())
}

fn secret_of(setting: &str, value: &str) -> Result<Passphrase, Failure> {
    let secret = reference::resolve(value)
        .map_err(|error| Failure::new(Exit::Configuration, format!("{setting} {error}")))?;
    Ok(Passphrase::new(secret))
}

/// What `sign.scheme` says; `None` when it says nothing that is known.
pub(crate) fn scheme(text: &str) -> Option<RsaScheme> {
    let (kind, hash) = match text {
        "auto" => return Some(RsaScheme::default()),
        _ if text.ends_with("-sha384") => (text.trim_end_matches("-sha384"), Hash::Sha384),
        _ if text.ends_with("-sha512") => (text.trim_end_matches("-sha512"), Hash::Sha512),
        _ => (text.trim_end_matches("-sha256"), Hash::Sha256),
    };
    match kind {
        "rsa-pss" => Some(RsaScheme::Pss(hash)),
        "rsa-pkcs1" => Some(RsaScheme::Pkcs1(hash)),
        _ => None,
    }
}
