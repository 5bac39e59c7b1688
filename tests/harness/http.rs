//! Somebody between a program and an HTTP server, or in its place: sees every request, and may
//! change it, answer it, or never answer.
//!
//! One request a connection, bodies of a known length: what the clients here send.

use std::{
    fmt,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{JoinHandle, spawn},
};

use crate::ports::listen;

/// A request as it was sent.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`, `PUT`, …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// In order, as they were written.
    pub headers: Vec<(String, String)>,
    /// Its body; of requests that were only seen, empty.
    pub body: Vec<u8>,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes to the server as it now is.
    Pass,
    /// It is answered with this status and body.
    Answer(u16, String),
    /// Its connection is closed.
    Close,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Gives a header this value and no other.
    pub fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// Takes a header away.
    pub fn remove(&mut self, name: &str) {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }

    /// Path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Query without the path; empty where there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Sends it and reads the whole answer, as it comes.
    pub fn send(&self, to: SocketAddr) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(to)?;
        let mut whole = Vec::new();
        write!(whole, "{} {} HTTP/1.1\r\n", self.method, self.target)?;
        for (name, value) in &self.headers {
            if !["connection", "content-length"].contains(&name.to_ascii_lowercase().as_str()) {
                write!(whole, "{name}: {value}\r\n")?;
            }
        }
        write!(whole, "Content-Length: {}\r\nConnection: close\r\n\r\n", self.body.len())?;
        whole.extend(&self.body);
        stream.write_all(&whole)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }

    fn read(stream: &TcpStream) -> io::Result<Option<Self>> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split_whitespace();
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
        // A client that takes us for its proxy writes the whole address.
        let target = target
            .split_once("://")
            .map_or(target, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
        let mut request = Self { method: method.into(), target: target.into(), ..Self::default() };
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            request.headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let length = request.header("content-length").and_then(|length| length.parse().ok());
        request.body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut request.body)?;
        Ok(Some(request))
    }
}

type Rule = dyn Fn(&mut Request) -> Verdict + Send + Sync;

/// The one between; gone when dropped.
pub struct Interceptor {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    target: Option<SocketAddr>,
    rule: Mutex<Arc<Rule>>,
    seen: Mutex<Vec<Request>>,
    closed: AtomicBool,
}

impl fmt::Debug for Interceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interceptor").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Interceptor {
    /// Stands before `target`, on a free port of the loopback, and passes everything.
    pub fn before(target: SocketAddr) -> Self {
        Self::start(Some(target))
    }

    /// Stands alone: every request is for its rule to answer.
    pub fn alone(rule: impl Fn(&mut Request) -> Verdict + Send + Sync + 'static) -> Self {
        let alone = Self::start(None);
        alone.rule(rule);
        alone
    }

    fn start(target: Option<SocketAddr>) -> Self {
        let listener = listen();
        let address = listener.local_addr().unwrap();
        let pass: Arc<Rule> = Arc::new(|_| Verdict::Pass);
        let shared = Arc::new(Shared {
            target,
            rule: Mutex::new(pass),
            seen: Mutex::default(),
            closed: AtomicBool::new(false),
        });
        let of_acceptor = Arc::clone(&shared);
        let acceptor = spawn(move || {
            for stream in listener.incoming() {
                if of_acceptor.closed.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), shared) = (stream, Arc::clone(&of_acceptor)) else { continue };
                // However it ends, the connection is closed: that is the answer.
                spawn(move || drop(shared.serve(&stream)));
            }
        });
        Self { address, shared, acceptor: Some(acceptor) }
    }

    /// What becomes of requests from now on.
    pub fn rule(&self, rule: impl Fn(&mut Request) -> Verdict + Send + Sync + 'static) {
        *lock(&self.shared.rule) = Arc::new(rule);
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every request up to now, as it came.
    pub fn seen(&self) -> Vec<Request> {
        lock(&self.shared.seen).clone()
    }
}

impl Drop for Interceptor {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // Wakes it up to see that it is to end.
        drop(TcpStream::connect(self.address));
        if let Some(acceptor) = self.acceptor.take() {
            acceptor.join().unwrap();
        }
    }
}

impl Shared {
    fn serve(&self, mut client: &TcpStream) -> io::Result<()> {
        let Some(mut request) = Request::read(client)? else { return Ok(()) };
        lock(&self.seen).push(Request { body: Vec::new(), ..request.clone() });
        let rule = Arc::clone(&lock(&self.rule));
        match (rule(&mut request), self.target) {
            (Verdict::Pass, Some(target)) => client.write_all(&request.send(target)?),
            (Verdict::Answer(status, body), _) => {
                let head = format!(
                    "HTTP/1.1 {status} Said\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                client.write_all(head.as_bytes())?;
                client.write_all(body.as_bytes())
            }
            (Verdict::Close, _) | (Verdict::Pass, None) => Ok(()),
        }
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
