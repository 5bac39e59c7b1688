//! `/metrics`, `/healthz` and `/readyz` over HTTP, on a thread of their own.
//!
//! The thread shares nothing with the work but atomics and short locks, so it answers while every
//! worker is busy. It is meant for the monitoring network: who may connect may read everything
//! here, and a client that opens connections without end is given a thread for each.

use std::{
    collections::VecDeque,
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::json;
use tiny_http::{Header, Method, Request, Response, Server};

use crate::{health::Health, recorder::Recorder};

/// Without a scrape, histograms are folded and times read this often.
const UPKEEP: Duration = Duration::from_secs(5);

/// A client that does not take its answer holds up the others for no longer than a supervisor's
/// probe waits.
const SEND_TIMEOUT: Duration = Duration::from_millis(if cfg!(test) { 300 } else { 2_000 });

/// So many such clients are remembered, and the requests they sent ahead not answered.
const DEAF: usize = 16;

/// Pause before listening again after the system refused a connection, for want of descriptors.
const RELISTEN: Duration = Duration::from_secs(1);

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";

/// The endpoint cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// Something listens there already.
    #[error(
        "metrics.listen: the address {listen} is taken; give each process on a machine its own"
    )]
    Taken {
        /// As configured.
        listen: String,
    },
    /// Not an address of this machine, or not allowed.
    #[error(
        "metrics.listen: cannot listen on {listen}; write HOST:PORT with a host of this machine"
    )]
    Address {
        /// As configured.
        listen: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system gives no thread.
    #[error("the thread of the metrics endpoint cannot be started")]
    Thread(#[source] io::Error),
}

/// The endpoint; gone when dropped.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    listener: TcpListener,
    server: Mutex<Arc<Server>>,
    ending: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("listener", &self.listener).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Listens on `listen`, `HOST:PORT`. `refresh` is called before each scrape and every few
    /// seconds without one: there, values that are read and not counted are written.
    ///
    /// # Errors
    /// When the address is taken or none of this machine's.
    pub fn start(
        listen: &str,
        recorder: Recorder,
        health: Health,
        refresh: impl FnMut() + Send + 'static,
    ) -> Result<Self, EndpointError> {
        let refused = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => EndpointError::Taken { listen: listen.to_owned() },
            _ => EndpointError::Address { listen: listen.to_owned(), source },
        };
        let listener = TcpListener::bind(listen).and_then(impatient).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let server = serve(&listener).map_err(refused)?;
        let shared = Arc::new(Shared {
            listener,
            server: Mutex::new(Arc::new(server)),
            ending: AtomicBool::new(false),
        });
        let mut answering = Answering {
            shared: Arc::clone(&shared),
            recorder,
            health,
            refresh,
            deaf: VecDeque::new(),
            kept_up: Instant::now(),
        };
        let thread = std::thread::Builder::new()
            .name("metrics".into())
            .spawn(move || answering.run())
            .map_err(EndpointError::Thread)?;
        tracing::info!(%address, "metrics and health are served");
        Ok(Self { address, shared, thread: Some(thread) })
    }

    /// Where it listens; tells the port when `listen` left it to the system.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::Relaxed);
        self.shared.server().unblock();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the thread of the metrics endpoint broke");
        }
    }
}

impl Shared {
    fn server(&self) -> Arc<Server> {
        Arc::clone(&self.server.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Gives every accepted connection a limit on sending: on Linux they inherit it from the socket
/// that listens, whose own type cannot set it.
fn impatient(listener: TcpListener) -> io::Result<TcpListener> {
    let socket = TcpStream::from(OwnedFd::from(listener));
    socket.set_write_timeout(Some(SEND_TIMEOUT))?;
    Ok(TcpListener::from(OwnedFd::from(socket)))
}

fn serve(listener: &TcpListener) -> io::Result<Server> {
    Server::from_listener(listener.try_clone()?, None).map_err(io::Error::other)
}

/// The thread that answers.
struct Answering<F> {
    shared: Arc<Shared>,
    recorder: Recorder,
    health: Health,
    refresh: F,
    deaf: VecDeque<SocketAddr>,
    kept_up: Instant,
}

impl<F: FnMut()> Answering<F> {
    fn run(&mut self) {
        while !self.shared.ending.load(Ordering::Relaxed) {
            match self.shared.server().recv_timeout(UPKEEP) {
                Ok(Some(request)) => self.answer(request),
                Ok(None) => {}
                Err(error) => self.listen_again(&error),
            }
            // Also when only /healthz is asked for, and often.
            if self.kept_up.elapsed() >= UPKEEP {
                self.kept_up = Instant::now();
                (self.refresh)();
                self.recorder.upkeep();
            }
        }
    }

    /// The server gives up at the first connection that the system refuses; we do not.
    fn listen_again(&self, error: &io::Error) {
        tracing::warn!(%error, "the metrics endpoint takes no connections; trying again");
        std::thread::sleep(RELISTEN);
        match serve(&self.shared.listener) {
            Ok(server) => {
                let mut place = self.shared.server.lock().unwrap_or_else(PoisonError::into_inner);
                *place = Arc::new(server);
            }
            Err(error) => tracing::warn!(%error, "the metrics endpoint cannot listen"),
        }
    }

    fn answer(&mut self, request: Request) {
        let client = request.remote_addr().copied();
        if client.is_some_and(|client| self.deaf.contains(&client)) {
            // Dropping the request itself would answer it.
            drop(request.into_writer());
            return;
        }
        let path = request.url().split('?').next().unwrap_or_default().to_owned();
        let (status, kind, body) = match (request.method(), path.as_str()) {
            (Method::Get | Method::Head, "/metrics") => {
                (self.refresh)();
                (200, TEXT, self.recorder.render())
            }
            (Method::Get | Method::Head, "/healthz") => alive(&self.health),
            (Method::Get | Method::Head, "/readyz") => ready(&self.health),
            (Method::Get | Method::Head, _) => {
                (404, JSON, json!({ "paths": ["/metrics", "/healthz", "/readyz"] }).to_string())
            }
            _ => (405, JSON, json!({ "methods": ["GET", "HEAD"] }).to_string()),
        };
        let header = Header::from_bytes("Content-Type", kind).expect("both kinds are plain ASCII");
        let response = Response::from_string(body).with_status_code(status).with_header(header);
        if let Err(error) = request.respond(response) {
            tracing::debug!(%error, "a client of the metrics endpoint did not take its answer");
            if let Some(client) = client {
                self.deaf.truncate(DEAF - 1);
                self.deaf.push_front(client);
            }
        }
    }
}

fn alive(health: &Health) -> (u16, &'static str, String) {
    match health.stalled() {
        None => (200, JSON, json!({ "alive": true }).to_string()),
        Some(since) => {
            let body = json!({ "alive": false, "seconds_since_moved": since.as_secs() });
            (503, JSON, body.to_string())
        }
    }
}

fn ready(health: &Health) -> (u16, &'static str, String) {
    match health.reason() {
        None => (200, JSON, json!({ "ready": true }).to_string()),
        Some(reason) => (503, JSON, json!({ "ready": false, "reason": reason }).to_string()),
    }
}

#[cfg(test)]
mod tests;
