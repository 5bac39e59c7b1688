//! The network in front of a service, which a test can take away.
//!
//! | network | connections that are there | new ones |
//! |---|---|---|
//! | open | bytes pass | are made |
//! | frozen | stay; bytes and ends wait | are taken, and no byte passes |
//! | cut | are closed | are refused |
//!
//! Nothing is lost on a connection that lives through a freeze: it goes on where it stood.

use std::{
    collections::HashMap,
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{JoinHandle, spawn},
};

use crate::{ports::listen, wait::wait_until};

/// Bytes passed on at once.
const PIECE: usize = 64 * 1024;

/// A proxy on loopback; its connections are closed when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Takes new connections; none while the network is cut.
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    network: Network,
    next: u64,
    connections: HashMap<u64, [TcpStream; 2]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    Cut,
    Frozen,
    Open,
}

impl Proxy {
    /// Listens on a free port and passes everything on to `target`.
    pub fn start(target: SocketAddr) -> Self {
        let listener = listen();
        let state = State { network: Network::Open, next: 0, connections: HashMap::new() };
        let shared = Arc::new(Shared { target, state: Mutex::new(state), changed: Condvar::new() });
        let address = listener.local_addr().unwrap();
        let acceptor = Some(accept(listener, Arc::clone(&shared)));
        Self { address, shared, acceptor }
    }

    /// Where it listens, for as long as it lives.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes all connections and refuses new ones.
    pub fn cut(&mut self) {
        self.shared.become_cut();
        if let Some(acceptor) = self.acceptor.take() {
            // Wakes it up to see that it is to end; it may have seen so by another connection.
            drop(TcpStream::connect(self.address));
            acceptor.join().unwrap();
        }
    }

    /// Lets no byte pass, and closes nothing: a network that swallows.
    pub fn freeze(&mut self) {
        self.become_uncut(Network::Frozen);
    }

    /// Opens the network again.
    pub fn restore(&mut self) {
        self.become_uncut(Network::Open);
    }

    fn become_uncut(&mut self, network: Network) {
        // First, since an acceptor ends when it finds the network cut.
        self.shared.state().network = network;
        self.shared.changed.notify_all();
        if self.acceptor.is_none() {
            // A program that another test starts at this moment has the old one open until it runs.
            let mut listener = None;
            wait_until("the port that was given up", || {
                listener = TcpListener::bind(self.address).ok();
                listener.is_some()
            });
            self.acceptor = listener.map(|listener| accept(listener, Arc::clone(&self.shared)));
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn become_cut(&self) {
        let mut state = self.state();
        state.network = Network::Cut;
        state.connections.drain().for_each(|(_, ends)| ends.iter().for_each(close));
        self.changed.notify_all();
    }

    /// Waits while bytes may not pass. A connection that was cut is closed: the next write fails.
    fn pass(&self) {
        let state = self.state();
        let frozen = |state: &mut State| state.network == Network::Frozen;
        drop(self.changed.wait_while(state, frozen).unwrap_or_else(PoisonError::into_inner));
    }

    /// Makes a connection one that can be cut; `None` when the network was cut meanwhile.
    fn enter(&self, ends: [&TcpStream; 2]) -> io::Result<Option<u64>> {
        let ends = [ends[0].try_clone()?, ends[1].try_clone()?];
        let mut state = self.state();
        if state.network == Network::Cut {
            return Ok(None);
        }
        let number = state.next;
        state.next += 1;
        state.connections.insert(number, ends);
        Ok(Some(number))
    }
}

fn accept(listener: TcpListener, shared: Arc<Shared>) -> JoinHandle<()> {
    spawn(move || {
        loop {
            let accepted = listener.accept();
            if shared.state().network == Network::Cut {
                return;
            }
            // A client that went away before it was taken is its own matter.
            let Ok((client, _)) = accepted else { continue };
            let shared = Arc::clone(&shared);
            spawn(move || {
                // However it ends, both ends of the connection are closed: that is the answer.
                drop(serve(&shared, &client));
            });
        }
    })
}

fn serve(shared: &Arc<Shared>, client: &TcpStream) -> io::Result<()> {
    let server = TcpStream::connect(shared.target)?;
    // As quick as without a proxy between.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let Some(number) = shared.enter([client, &server])? else { return Ok(()) };
    std::thread::scope(|scope| {
        scope.spawn(|| pump(shared, &server, client));
        pump(shared, client, &server);
    });
    shared.state().connections.remove(&number);
    Ok(())
}

/// Passes bytes on until their end, which is passed on as well.
fn pump(shared: &Shared, from: &TcpStream, to: &TcpStream) {
    if copy(shared, from, to).is_err() {
        // One direction is broken: the other one must not wait for it.
        [from, to].into_iter().for_each(close);
    }
}

fn copy(shared: &Shared, mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = from.read(&mut piece)?;
        shared.pass();
        if length == 0 {
            return to.shutdown(Shutdown::Write);
        }
        to.write_all(&piece[..length])?;
    }
}

fn close(end: &TcpStream) {
    // It may be closed already.
    drop(end.shutdown(Shutdown::Both));
}
