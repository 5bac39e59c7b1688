//! The wire to a store, watched: refusals become sentences, silence is said, and what is kept for
//! good gets its lock.
//!
//! Trying again is the client's own business (`object_store`), with growing pauses and jitter until
//! `store.retry_seconds` are over; here is only decided what is worth it, and told that it happens.

use std::{
    error::Error,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use object_store::{
    ClientOptions, Result,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
        HttpService, ReqwestConnector,
    },
};
use rustls::{CertificateError, Error as TlsError};

use crate::{
    object_lock::ObjectLock,
    trouble::{Answer, Trouble, element},
};

/// Between two lines about the same store.
const COMPLAINT: Duration = Duration::from_secs(30);

/// What all connections to a store share.
#[derive(Debug)]
pub(crate) struct Wire {
    /// The store's address, without user information.
    pub(crate) address: String,
    /// Where an instance's credentials come from.
    pub(crate) metadata: String,
    /// What is put upon objects that are kept for good.
    pub(crate) lock: Option<ObjectLock>,
    pub(crate) watch: Arc<Watch>,
}

/// What was last seen of a store.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    state: Mutex<Seen>,
    metadata_answers: AtomicBool,
}

#[derive(Debug, Default)]
struct Seen {
    trouble: Option<Trouble>,
    said_at: Option<Instant>,
    /// Whether it was said that it does not answer, and not that it does again.
    owed: bool,
}

impl Watch {
    /// The trouble that is not over, if there is one.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }

    /// Says once in a while what is tried again.
    fn complain(&self, trouble: &Trouble) {
        let mut seen = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        seen.trouble = Some(trouble.clone());
        if seen.said_at.is_none_or(|at| at.elapsed() > COMPLAINT) {
            seen.said_at = Some(Instant::now());
            seen.owed = true;
            tracing::warn!("{trouble}; trying again");
        }
    }

    fn is_well(&self, server: &str) {
        let mut seen = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        seen.trouble = None;
        if std::mem::take(&mut seen.owed) {
            tracing::warn!("the store at `{server}` answers again");
        }
    }
}

/// Makes watched connections.
#[derive(Debug, Clone)]
pub(crate) struct Connector(pub(crate) Arc<Wire>);

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient> {
        let inner = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Watched { inner, wire: Arc::clone(&self.0) }))
    }
}

#[derive(Debug)]
struct Watched {
    inner: HttpClient,
    wire: Arc<Wire>,
}

#[async_trait]
impl HttpService for Watched {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let server = server(&request);
        let deletes = request.uri().query() == Some("delete");
        if let Some(lock) = &self.wire.lock {
            lock.put_upon(&mut request).await?;
        }
        let answered = match self.inner.execute(request).await {
            Ok(response) => self.judge(response, &server, deletes).await,
            Err(error) => Err(unanswered(&error, &server)),
        };
        self.report(answered, &server)
    }
}

impl Watched {
    async fn judge(
        &self,
        response: HttpResponse,
        server: &str,
        deletes: bool,
    ) -> Result<HttpResponse, HttpError> {
        let status = response.status();
        if status.is_success() && !deletes {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let body = body.bytes().await?;
        let text = String::from_utf8_lossy(&body);
        let answer =
            Answer { server, address: &self.wire.address, status: status.as_u16(), body: &text };
        // A deletion of many is a success even where none of them is permitted.
        let refused = status.is_success() && element(&text, "Error").is_some();
        let trouble = if status.is_success() && !refused { None } else { answer.trouble() };
        match trouble {
            None => Ok(HttpResponse::from_parts(parts, body.into())),
            Some(trouble) if trouble.is_final() => {
                Err(HttpError::new(HttpErrorKind::Unknown, trouble))
            }
            // The kind that is tried again whatever was asked, as a server's failure is.
            Some(trouble) => Err(HttpError::new(HttpErrorKind::Request, trouble)),
        }
    }

    /// Remembers how it went, and says what will be tried again.
    fn report(
        &self,
        answered: Result<HttpResponse, HttpError>,
        server: &str,
    ) -> Result<HttpResponse, HttpError> {
        let watch = &self.wire.watch;
        let metadata = server == self.wire.metadata;
        match answered {
            Ok(response) => {
                if metadata {
                    watch.metadata_answers.store(true, Ordering::Relaxed);
                }
                watch.is_well(server);
                Ok(response)
            }
            Err(error) => {
                let Some(trouble) = Trouble::of(&error) else { return Err(error) };
                // Most machines have no such service, and waiting brings none.
                if metadata && !watch.metadata_answers.load(Ordering::Relaxed) {
                    let trouble = Trouble::NoCredentials {
                        server: server.to_owned(),
                        reason: trouble.to_string(),
                    };
                    return Err(HttpError::new(HttpErrorKind::Unknown, trouble));
                }
                if !trouble.is_final() {
                    watch.complain(trouble);
                }
                Err(error)
            }
        }
    }
}

/// Scheme, host and port.
fn server(request: &HttpRequest) -> String {
    let uri = request.uri();
    let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", uri.scheme_str().unwrap_or("http"), uri.host().unwrap_or_default())
}

/// What a request without an answer means. What is wrong with a certificate stays wrong.
fn unanswered(error: &HttpError, server: &str) -> HttpError {
    let server = server.to_owned();
    let trouble = match tls_error(error) {
        Some(TlsError::InvalidCertificate(reason)) => {
            Trouble::Certificate { server, reason: certificate_error(reason) }
        }
        Some(TlsError::InvalidMessage(_)) => Trouble::Protocol { server, protocol: "TLS" },
        _ => Trouble::Silent { server, reason: deepest(error) },
    };
    let kind = if trouble.is_final() { HttpErrorKind::Unknown } else { error.kind() };
    HttpError::new(kind, trouble)
}

fn certificate_error(reason: &CertificateError) -> String {
    use CertificateError as E;
    match reason {
        E::Expired | E::ExpiredContext { .. } => "it has expired (or this clock is wrong)".into(),
        E::NotValidYet | E::NotValidYetContext { .. } => {
            "it is not valid yet (or this clock is wrong)".into()
        }
        E::UnknownIssuer => "its issuer is not trusted here".into(),
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        other => other.to_string(),
    }
}

fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a TlsError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map_or_else(|| error.source(), |wrapped| Some(wrapped as _));
    }
    None
}

/// The words of the last cause: the others only say that there is one.
fn deepest(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}
