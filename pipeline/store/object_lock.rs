//! The lock on objects that are kept for good: a retention, a legal hold.
//!
//! The headers belong to the request that makes the object and to no other, and S3 takes them only
//! when they are signed. So they are put upon the request on its way out, which is then signed anew.

use std::sync::OnceLock;

use chrono::{SecondsFormat, TimeDelta, Utc};
use object_store::{
    HeaderValue,
    aws::{AwsAuthorizer, AwsCredentialProvider},
    client::{HttpError, HttpErrorKind, HttpRequest},
};
use sohoa_schemas::config::{self, LockMode};

/// Marks a request that makes an object which is kept for good.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept;

/// What is put upon such objects.
#[derive(Debug)]
pub(crate) struct ObjectLock {
    retention: Option<(&'static str, TimeDelta)>,
    legal_hold: bool,
    /// Given once the store is made, whose credentials they are.
    pub(crate) credentials: OnceLock<AwsCredentialProvider>,
}

/// The request cannot be signed.
#[derive(Debug, thiserror::Error)]
enum SignError {
    #[error("the request has no signature that could be made anew")]
    Unsigned,
    #[error("the time until which an object is kept cannot be written")]
    Date,
    #[error("the credentials cannot be had")]
    Credentials(#[source] object_store::Error),
}

impl ObjectLock {
    /// As configured; none when nothing is.
    pub(crate) fn new(settings: &config::Store) -> Option<Self> {
        let mode = settings.lock_mode.map(|mode| match mode {
            LockMode::Compliance => "COMPLIANCE",
            LockMode::Governance => "GOVERNANCE",
        });
        let days = TimeDelta::days(i64::from(settings.lock_days));
        let (retention, legal_hold) = (mode.map(|mode| (mode, days)), settings.lock_legal_hold);
        let credentials = OnceLock::new();
        (retention.is_some() || legal_hold).then_some(Self { retention, legal_hold, credentials })
    }

    /// Adds the headers where they belong, and signs again.
    pub(crate) async fn put_upon(&self, request: &mut HttpRequest) -> Result<(), HttpError> {
        if request.extensions().get::<Kept>().is_none() {
            return Ok(());
        }
        let failed = |error| HttpError::new(HttpErrorKind::Unknown, error);
        self.add_headers(request).map_err(failed)?;
        self.sign(request).await.map_err(failed)
    }

    fn add_headers(&self, request: &mut HttpRequest) -> Result<(), SignError> {
        let headers = request.headers_mut();
        if let Some((mode, days)) = &self.retention {
            let until = Utc::now().checked_add_signed(*days).ok_or(SignError::Date)?;
            let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
            let until = HeaderValue::from_str(&until).map_err(|_| SignError::Date)?;
            headers.insert("x-amz-object-lock-mode", HeaderValue::from_static(mode));
            headers.insert("x-amz-object-lock-retain-until-date", until);
        }
        if self.legal_hold {
            headers.insert("x-amz-object-lock-legal-hold", HeaderValue::from_static("ON"));
        }
        Ok(())
    }

    async fn sign(&self, request: &mut HttpRequest) -> Result<(), SignError> {
        // A store that takes anonymous requests.
        let Some(signed) = request.headers().get("authorization") else { return Ok(()) };
        let region = signed.to_str().ok().and_then(region).ok_or(SignError::Unsigned)?.to_owned();
        let digest = request.headers().get("x-amz-content-sha256");
        let digest = digest.and_then(|digest| unhex(digest.as_bytes()));
        let credentials = self.credentials.get().ok_or(SignError::Unsigned)?;
        let credential = credentials.get_credential().await.map_err(SignError::Credentials)?;
        AwsAuthorizer::new(&credential, "s3", &region)
            .with_sign_payload(digest.is_some())
            .authorize(request, digest.as_deref());
        Ok(())
    }
}

/// The region of `AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/s3/aws4_request, …`.
fn region(authorization: &str) -> Option<&str> {
    let (_, scope) = authorization.split_once("Credential=")?;
    let (scope, _) = scope.split_once(',')?;
    // A key may hold slashes.
    scope.rsplit('/').nth(2)
}

/// The bytes of a hash; none of the words that stand for an unsigned body.
fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8]| Some((digit(pair[0])? << 4 | digit(*pair.get(1)?)?) as u8);
    text.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_read_from_the_signature() {
        let header =
            "AWS4-HMAC-SHA256 Credential=A/K/20261122/vn-1/s3/aws4_request, SignedHeaders=host";
        assert_eq!(region(header), Some("vn-1"));
        assert_eq!(region("Bearer x"), None);
    }

    #[test]
    fn a_hash_is_bytes_and_an_unsigned_body_has_none() {
        assert_eq!(unhex(b"00fF7a"), Some(vec![0, 255, 122]));
        assert_eq!(unhex(b"UNSIGNED-PAYLOAD"), None);
        assert_eq!(unhex(b"abc"), None);
    }

    #[test]
    fn without_settings_there_is_no_lock() {
        assert!(ObjectLock::new(&config::Store::default()).is_none());
        let held = config::Store { lock_legal_hold: true, ..config::Store::default() };
        assert!(ObjectLock::new(&held).is_some_and(|lock| lock.retention.is_none()));
    }
}
