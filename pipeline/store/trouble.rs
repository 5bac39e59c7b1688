//! What a store's refusal or silence means, in a sentence that names what to set.
//!
//! Made where the answer is seen ([`crate::client`]) and found again at the end of whatever chain
//! of errors it has become part of meanwhile: [`Trouble::of`].

use std::error::Error;

use sohoa_flow::{FatalKind, Fault};

/// Characters of a store's own words: beyond that it is somebody's page, not a sentence.
const LONGEST: usize = 200;

/// Why a store does not do what it is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Nobody listens there, the name is unknown, or the connection breaks.
    #[error("the store at `{server}` does not answer: {reason}")]
    Silent {
        /// Scheme, host and port.
        server: String,
        /// The system's words.
        reason: String,
    },
    /// It cannot now.
    #[error("the store at `{server}` answers {status} {said}")]
    Busy {
        /// Scheme, host and port.
        server: String,
        /// HTTP status.
        status: u16,
        /// The store's words.
        said: String,
    },
    /// Who answers is not who is meant, or cannot prove it.
    #[error("the certificate of `{server}` is not accepted: {reason}")]
    Certificate {
        /// Scheme, host and port.
        server: String,
        /// What is wrong with it.
        reason: String,
    },
    /// One side speaks TLS and the other does not.
    #[error("`{server}` does not speak {protocol}")]
    Protocol {
        /// Scheme, host and port.
        server: String,
        /// What it was addressed with.
        protocol: &'static str,
    },
    /// The bucket does not exist.
    #[error("there is no bucket at `{address}` (server `{server}`)")]
    NoBucket {
        /// Scheme, host and port.
        server: String,
        /// The store's address.
        address: String,
    },
    /// The key is not known.
    #[error("the store at `{server}` does not know the access key: {said}")]
    AccessKey {
        /// Scheme, host and port.
        server: String,
        /// The store's words.
        said: String,
    },
    /// The key is known, and its secret is another one.
    #[error(
        "the store at `{server}` finds the signature wrong: the secret does not belong to the key"
    )]
    Secret {
        /// Scheme, host and port.
        server: String,
    },
    /// The key is right, and has no right to this.
    #[error("the store at `{server}` does not permit this to the key: {said}")]
    Denied {
        /// Scheme, host and port.
        server: String,
        /// The store's words.
        said: String,
    },
    /// Clocks differ too much for a signature to hold.
    #[error("this machine's clock and that of the store at `{server}` differ too much: {said}")]
    Clock {
        /// Scheme, host and port.
        server: String,
        /// The store's words.
        said: String,
    },
    /// The bucket is elsewhere.
    #[error("the store at `{server}` is of another region: {said}")]
    Region {
        /// Scheme, host and port.
        server: String,
        /// The store's words.
        said: String,
    },
    /// There is no key to sign with.
    #[error(
        "there are no credentials for the store: no key is set, and no instance gives one at \
             `{server}` ({reason})"
    )]
    NoCredentials {
        /// Where an instance's credentials were looked for.
        server: String,
        /// Why there are none.
        reason: String,
    },
}

impl Trouble {
    /// The trouble at the end of an error's chain, if a store's is.
    pub fn of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(trouble) = error.downcast_ref() {
                return Some(trouble);
            }
            // An error of the system passes over the one it wraps.
            let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
            next = wrapped.map_or_else(|| error.source(), |wrapped| Some(wrapped as _));
        }
        None
    }

    /// Whether the same again meets the same.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Silent { .. } | Self::Busy { .. })
    }

    /// What it means for who asked.
    pub(crate) fn fault(&self, stage: &'static str) -> Fault {
        if self.is_final() {
            Fault::fatal(FatalKind::Configuration, stage, self.clone())
        } else {
            Fault::retry(stage, self.clone())
        }
    }

    /// What to look at.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Silent { .. } => {
                "check aws_endpoint (AWS_ENDPOINT), its http:// or https://, and that the server runs; \
                 store.retry_seconds says how long it is tried"
            }
            Self::Busy { .. } => {
                "look at the server's own log; store.retry_seconds says how long it is tried"
            }
            Self::Certificate { .. } => {
                "name the authority's PEM file in store.ca_certificates (AWS_CA_BUNDLE), or give \
                 the server a certificate for the name in aws_endpoint (AWS_ENDPOINT)"
            }
            Self::Protocol { .. } => "check http:// or https:// in aws_endpoint (AWS_ENDPOINT)",
            Self::NoBucket { .. } => {
                "make the bucket, or correct its address or aws_endpoint (AWS_ENDPOINT)"
            }
            Self::AccessKey { .. } => {
                "check aws_access_key_id (AWS_ACCESS_KEY_ID), aws_session_token or the credentials \
                 file"
            }
            Self::Secret { .. } => {
                "check aws_secret_access_key (AWS_SECRET_ACCESS_KEY) or the credentials file"
            }
            Self::Denied { .. } => {
                "give the key the right to get, put, delete and list in this bucket, or use \
                 another one (AWS_ACCESS_KEY_ID)"
            }
            Self::Clock { .. } => "set this machine's clock, or the store's, by NTP",
            Self::Region { .. } => "correct aws_region (AWS_REGION)",
            Self::NoCredentials { .. } => {
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE \
                 and AWS_PROFILE, or the same in store.options"
            }
        }
    }
}

/// An answer that is no success.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'a> {
    pub(crate) server: &'a str,
    pub(crate) address: &'a str,
    pub(crate) status: u16,
    pub(crate) body: &'a str,
}

impl Answer<'_> {
    /// What is wrong; none where the one who asked decides, such as that an object is absent.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        let code = element(self.body, "Code").unwrap_or_default();
        let server = || self.server.to_owned();
        let said = || said(self.body);
        Some(match (self.status, code) {
            (_, "NoSuchBucket" | "ContainerNotFound" | "InvalidBucketName") => {
                Trouble::NoBucket { server: server(), address: self.address.to_owned() }
            }
            // The last one is VersityGW's without users.
            (_, "InvalidAccessKeyId" | "InvalidToken" | "ExpiredToken" | "XAdminUserNotFound")
            | (401, _) => Trouble::AccessKey { server: server(), said: said() },
            (_, "SignatureDoesNotMatch") => Trouble::Secret { server: server() },
            (_, "RequestTimeTooSkewed") => Trouble::Clock { server: server(), said: said() },
            (_, "AuthorizationHeaderMalformed" | "PermanentRedirect") => {
                Trouble::Region { server: server(), said: said() }
            }
            (403, _) | (_, "AccessDenied" | "MethodNotAllowed") => {
                Trouble::Denied { server: server(), said: said() }
            }
            (400, "") if self.body.contains("HTTPS") => {
                Trouble::Protocol { server: server(), protocol: "plain HTTP" }
            }
            (400, "RequestTimeout") | (408 | 429 | 500..=599, _) => {
                Trouble::Busy { server: server(), status: self.status, said: said() }
            }
            _ => return None,
        })
    }
}

/// The text of an element of a store's answer.
pub(crate) fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

/// A store's own words, on one line.
fn said(body: &str) -> String {
    let text = element(body, "Message").unwrap_or(if body.contains('<') { "" } else { body });
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let code = element(body, "Code").unwrap_or_default();
    let line = match (code, text.as_str()) {
        ("", "") => "without a reason".to_owned(),
        ("", text) => text.to_owned(),
        (code, "") => code.to_owned(),
        (code, text) => format!("{code}: {text}"),
    };
    line.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, code: &str) -> Option<Trouble> {
        let body = format!("<Error><Code>{code}</Code><Message>Why\n not.</Message></Error>");
        let body = if code.is_empty() { String::new() } else { body };
        let answer =
            Answer { server: "https://s3.test", address: "s3://records", status, body: &body };
        answer.trouble()
    }

    #[test]
    fn every_refusal_names_a_setting() {
        let cases = [
            (404, "NoSuchBucket", "aws_endpoint"),
            (403, "InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
            (404, "XAdminUserNotFound", "AWS_ACCESS_KEY_ID"),
            (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
            (403, "RequestTimeTooSkewed", "clock"),
            (400, "AuthorizationHeaderMalformed", "AWS_REGION"),
            (301, "PermanentRedirect", "AWS_REGION"),
            (403, "AccessDenied", "right to"),
            (403, "", "right to"),
        ];
        for (status, code, setting) in cases {
            let trouble = answer(status, code).unwrap();
            assert!(trouble.is_final(), "{trouble}");
            assert!(trouble.advice().contains(setting), "{trouble}");
        }
        let busy = answer(503, "SlowDown").unwrap();
        assert!(!busy.is_final());
        assert_eq!(
            busy.to_string(),
            "the store at `https://s3.test` answers 503 SlowDown: Why not."
        );
    }

    #[test]
    fn a_server_that_wants_tls_is_understood() {
        let body = "Client sent an HTTP request to an HTTPS server.";
        let answer = Answer { server: "http://s3.test", address: "s3://a", status: 400, body };
        let trouble = answer.trouble().unwrap();
        assert!(trouble.is_final() && trouble.advice().contains("AWS_ENDPOINT"), "{trouble}");
    }

    #[test]
    fn what_the_asker_decides_is_no_trouble() {
        for (status, code) in
            [(404, "NoSuchKey"), (412, "PreconditionFailed"), (409, ""), (304, "")]
        {
            assert_eq!(answer(status, code), None, "{status} {code}");
        }
    }

    #[test]
    fn it_is_found_at_the_end_of_any_chain() {
        let trouble = Trouble::Secret { server: "https://s3.test".into() };
        let inner = object_store::Error::Generic { store: "S3", source: Box::new(trouble.clone()) };
        let outer = std::io::Error::other(inner);
        assert_eq!(Trouble::of(&outer), Some(&trouble));
        assert_eq!(Trouble::of(&std::io::Error::other("no")), None);
    }
}
