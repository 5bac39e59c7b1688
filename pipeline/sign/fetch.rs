//! The one way to a server of an authority, small enough for tests to stand in for it.
//!
//! Plain HTTP only: what these servers answer carries its own signature, and RFC 5280 advises
//! against TLS for them, because checking that TLS would want the same answers first.

use std::{fmt, time::Duration};

type Reply = ureq::http::Response<ureq::Body>;

/// Asks an authority's server.
pub trait Fetch: fmt::Debug + Send + Sync {
    /// Posts a message and answers the body of the reply.
    ///
    /// # Errors
    /// [`FetchError`] when there is no good reply in time.
    fn post(&self, message: &Message<'_>) -> Result<Vec<u8>, FetchError>;

    /// Answers the body that an address holds: a revocation list.
    ///
    /// # Errors
    /// As [`Self::post`].
    fn get(&self, url: &str) -> Result<Vec<u8>, FetchError>;
}

/// What is posted.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Where to.
    pub url: &'a str,
    /// Media type of the body.
    pub content_type: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// A server gave no good reply.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address is none that is fetched.
    #[error("`{0}` is not a plain `http://` address")]
    Address(String),
    /// No connection, or no answer in time.
    #[error("`{url}` does not answer")]
    Unreachable {
        /// The address.
        url: String,
        /// What the client said.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The server answered with an error.
    #[error("`{url}` answers with HTTP status {status}")]
    Status {
        /// The address.
        url: String,
        /// The status.
        status: u16,
    },
    /// The answer is larger than any good one.
    #[error("the answer of `{url}` is larger than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The bound.
        limit: u64,
    },
}

/// The real client.
#[derive(Debug, Clone)]
pub struct HttpClient {
    agent: ureq::Agent,
    limit: u64,
}

impl HttpClient {
    /// A client that waits this long for a whole answer of at most `limit` bytes.
    pub fn new(patience: Duration, limit: u64) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(patience))
            .http_status_as_error(false)
            // A message that is posted is never sent on to another place.
            .max_redirects(0)
            .build()
            .new_agent();
        Self { agent, limit }
    }

    /// The body of a good answer.
    fn body(&self, url: &str, reply: Result<Reply, ureq::Error>) -> Result<Vec<u8>, FetchError> {
        let mut reply = reply.map_err(|error| self.error(url, error))?;
        let status = reply.status().as_u16();
        if status != 200 {
            return Err(FetchError::Status { url: url.to_owned(), status });
        }
        let body = reply.body_mut().with_config().limit(self.limit).read_to_vec();
        body.map_err(|error| self.error(url, error))
    }

    fn error(&self, url: &str, error: ureq::Error) -> FetchError {
        let url = url.to_owned();
        match error {
            ureq::Error::BodyExceedsLimit(_) => FetchError::TooLarge { url, limit: self.limit },
            source => FetchError::Unreachable { url, source: Box::new(source) },
        }
    }
}

impl Fetch for HttpClient {
    fn post(&self, message: &Message<'_>) -> Result<Vec<u8>, FetchError> {
        let url = plain_http(message.url)?;
        let request = self.agent.post(url).header("Content-Type", message.content_type);
        self.body(url, request.send(message.body))
    }

    fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        self.body(plain_http(url)?, self.agent.get(url).call())
    }
}

fn plain_http(url: &str) -> Result<&str, FetchError> {
    if url.starts_with("http://") { Ok(url) } else { Err(FetchError::Address(url.to_owned())) }
}
