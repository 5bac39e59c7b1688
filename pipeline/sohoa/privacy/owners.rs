//! Owners' identifiers as postal partners send them: a JWE to the province's RSA key, in the compact
//! form (RFC 7516), key encryption `RSA-OAEP-256`, content encryption `A256GCM`. Opened here, hashed,
//! and forgotten.

use std::{path::Path, sync::Arc};

use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::Deserialize;
use sohoa_schemas::config::Secrets;
use sohoa_source::Owners;

use super::Pseudonyms;
use crate::exit::{Exit, Failure};

/// Longest encrypted identifier that is opened, in bytes.
const LONGEST: usize = 8 << 10;

/// Header of a JWE. What it may say beside is not ours to obey.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    enc: String,
    #[serde(rename = "kid")]
    _kid: Option<String>,
    #[serde(rename = "typ")]
    _typ: Option<String>,
    #[serde(rename = "cty")]
    _cty: Option<String>,
}

/// Why an identifier stays closed. Says nothing of what was inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Closed {
    #[error("it is no JWE in compact form")]
    Form,
    #[error("it is not encrypted by RSA-OAEP-256 and A256GCM, or says more than that")]
    Algorithm,
    #[error("it is encrypted to another key, or was changed")]
    Key,
    #[error("it holds no identifier")]
    Content,
}

/// The way from what partners send to the province's hash; none where no key is configured, and then
/// owners are known by their kind alone.
pub(crate) fn owners(secrets: &Secrets) -> Result<Owners, Failure> {
    let Some(path) = &secrets.owner_key else { return Ok(Owners::default()) };
    let key = OwnerKey::load(path)?;
    let pseudonyms = Arc::new(Pseudonyms::load(secrets.hmac_key.as_deref())?);
    Ok(Owners::new(move |sent| match key.open(sent) {
        Ok(identifier) => Some(pseudonyms.hash(&identifier)),
        Err(why) => {
            // What a partner calls a kind may be the number itself.
            tracing::warn!(%why, "an owner's identifier cannot be opened; the owner stays unknown");
            None
        }
    }))
}

/// The province's private key.
struct OwnerKey(OaepPrivateDecryptingKey);

impl OwnerKey {
    fn load(path: &Path) -> Result<Self, Failure> {
        let failed = |why: String| {
            let what = format!("cannot use secrets.owner_key `{}`: {why}", path.display());
            Failure::new(Exit::Configuration, what)
                .hint("make one: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out owner.key")
        };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        Self::parse(&text).ok_or_else(|| failed("it is no RSA key in PEM (PKCS#8)".into()))
    }

    fn parse(pem: &str) -> Option<Self> {
        let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----")?;
        let (body, _) = rest.split_once("-----END PRIVATE KEY-----")?;
        let der = STANDARD.decode(body.split_whitespace().collect::<String>()).ok()?;
        let key = PrivateDecryptingKey::from_pkcs8(&der).ok()?;
        OaepPrivateDecryptingKey::new(key).ok().map(Self)
    }

    /// The identifier, as it is hashed everywhere: without what people put between its digits.
    fn open(&self, jwe: &str) -> Result<String, Closed> {
        let parts: Vec<&str> = jwe.split('.').collect();
        let [header, key, nonce, sealed, tag] = parts.as_slice() else { return Err(Closed::Form) };
        if jwe.len() > LONGEST {
            return Err(Closed::Form);
        }
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Closed::Form);
        let said: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| Closed::Algorithm)?;
        if said.alg != "RSA-OAEP-256" || said.enc != "A256GCM" {
            return Err(Closed::Algorithm);
        }
        let mut room = vec![0; self.0.min_output_size()];
        let content_key = self
            .0
            .decrypt(&OAEP_SHA256_MGF1SHA256, &decode(key)?, &mut room, None)
            .map_err(|_| Closed::Key)?;
        let content_key = UnboundKey::new(&AES_256_GCM, content_key).map_err(|_| Closed::Key)?;
        let nonce = Nonce::try_assume_unique_for_key(&decode(nonce)?).map_err(|_| Closed::Form)?;
        let mut sealed = [decode(sealed)?, decode(tag)?].concat();
        let plain = LessSafeKey::new(content_key)
            .open_in_place(nonce, Aad::from(header.as_bytes()), &mut sealed)
            .map_err(|_| Closed::Key)?;
        let text = std::str::from_utf8(plain).map_err(|_| Closed::Content)?;
        let identifier: String =
            text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
        if identifier.is_empty() { Err(Closed::Content) } else { Ok(identifier) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made once by `openssl genpkey`, and what was encrypted to it by the Python package `jwcrypto`.
    const KEY: &str = include_str!("testdata/owner.key");
    const SENT: &str = include_str!("testdata/owner.jwe");

    #[test]
    fn what_another_program_encrypted_is_opened_and_cleaned() {
        let key = OwnerKey::parse(KEY).unwrap();
        assert_eq!(key.open(SENT.trim()).unwrap(), "052099001234");
    }

    #[test]
    fn what_was_changed_or_is_of_another_form_stays_closed() {
        let key = OwnerKey::parse(KEY).unwrap();
        let parts: Vec<&str> = SENT.trim().split('.').collect();
        let with = |place: usize, part: &str| {
            let mut parts = parts.clone();
            parts[place] = part;
            parts.join(".")
        };
        let header = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let zipped = header(r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF"}"#);
        for (sent, why) in [
            (parts[..4].join("."), Closed::Form),
            (with(1, "%%%"), Closed::Form),
            (with(1, parts[3]), Closed::Key),
            (with(4, parts[2]), Closed::Key),
            (with(0, &header(r#"{"alg":"RSA1_5","enc":"A256GCM"}"#)), Closed::Algorithm),
            (with(0, &zipped), Closed::Algorithm),
            (with(0, &header(r#"{"enc":"A256GCM","alg":"RSA-OAEP-256"}"#)), Closed::Key),
            ("a".repeat(LONGEST) + "....", Closed::Form),
        ] {
            assert_eq!(key.open(&sent).unwrap_err(), why, "{sent:.60}");
        }
        assert!(OwnerKey::parse("no key").is_none());
    }
}
