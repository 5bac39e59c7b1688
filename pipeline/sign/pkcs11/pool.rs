//! The threads that wait for a token, so that whoever wants a signature waits for a bounded time.

use std::{
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    connection::{Connection, Target},
    error::TokenError,
    library::lock,
};
use crate::SignError;

/// Threads with a session each. One that a token keeps waiting is lost until the token answers;
/// requests that nobody waits for any more are passed over.
#[derive(Debug)]
pub(super) struct Pool {
    /// Dropped first, which ends the threads.
    jobs: Option<Sender<Job>>,
    /// Of every thread as long as it runs.
    running: Mutex<Receiver<()>>,
    patience: Duration,
}

/// Longest wait for the sessions to be closed at the end.
const CLOSING: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Job {
    data: Vec<u8>,
    until: Instant,
    answer: SyncSender<Result<Vec<u8>, TokenError>>,
}

impl Pool {
    /// Starts the threads; each opens its session when it is first asked.
    pub(super) fn start(
        target: &Arc<Target>,
        sessions: usize,
        patience: Duration,
    ) -> Result<Self, TokenError> {
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let (runs, running) = mpsc::channel();
        for _ in 0..sessions {
            let (target, waiting, runs) = (Arc::clone(target), Arc::clone(&waiting), runs.clone());
            spawn(move || {
                serve(&target, &waiting);
                drop(runs);
            })?;
        }
        Ok(Self { jobs: Some(jobs), running: Mutex::new(running), patience })
    }

    pub(super) fn sign(&self, data: Vec<u8>) -> Result<Vec<u8>, TokenError> {
        let (answer, signature) = mpsc::sync_channel(1);
        let until = Instant::now() + self.patience;
        // Nobody listens once every thread has ended, and then nobody answers either.
        drop(self.jobs.as_ref().map(|jobs| jobs.send(Job { data, until, answer })));
        answered(&signature, self.patience)?
    }
}

impl Drop for Pool {
    /// Waits until the sessions are closed: a process that ends meanwhile takes the library apart
    /// under the threads' feet, and dies of it after its work is done.
    fn drop(&mut self) {
        self.jobs = None;
        // One that a token keeps waiting is left behind; nothing is ever sent.
        lock(&self.running).recv_timeout(CLOSING).ok();
    }
}

/// Does something on a thread of its own and waits for it no longer than that.
pub(super) fn bounded<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> Result<T, SignError> + Send + 'static,
) -> Result<T, SignError> {
    let (answer, done) = mpsc::sync_channel(1);
    // Whoever asked may be gone when it ends.
    spawn(move || drop(answer.send(work())))?;
    answered(&done, patience)?
}

fn answered<T>(answer: &Receiver<T>, patience: Duration) -> Result<T, TokenError> {
    answer.recv_timeout(patience).map_err(|error| match error {
        RecvTimeoutError::Timeout => TokenError::Slow { seconds: patience.as_secs() },
        RecvTimeoutError::Disconnected => TokenError::Failed("its thread has ended".to_owned()),
    })
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), TokenError> {
    let started = thread::Builder::new().name("token".to_owned()).spawn(work);
    started.map(drop).map_err(|error| TokenError::Failed(format!("no thread: {error}")))
}

fn serve(target: &Target, waiting: &Mutex<Receiver<Job>>) {
    let mut connection = None;
    loop {
        let next = lock(waiting).recv();
        let Ok(Job { data, until, answer }) = next else { return };
        if Instant::now() < until {
            drop(answer.send(sign(target, &mut connection, &data)));
        }
    }
}

/// Signs; where the session is lost, once more with a new one.
fn sign(
    target: &Target,
    connection: &mut Option<Connection>,
    data: &[u8],
) -> Result<Vec<u8>, TokenError> {
    if let Some(open) = connection {
        let signed = open.sign(target, data);
        let spent = signed.as_ref().is_err_and(|error| open.is_spent_by(error));
        if spent {
            *connection = None;
        }
        if !matches!(signed, Err(TokenError::Gone { .. })) {
            return signed;
        }
    }
    let open = connection.insert(Connection::open(target)?);
    let signed = open.sign(target, data);
    if signed.as_ref().is_err_and(|error| open.is_spent_by(error)) {
        *connection = None;
    }
    signed
}
