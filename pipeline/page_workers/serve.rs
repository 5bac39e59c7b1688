//! The child's side: one request at a time until the parent goes away.
//!
//! The protocol runs on a private copy of stdout; descriptor 1 itself is pointed at stderr before
//! the engine is loaded, so that native code that prints cannot get between two frames. A thread
//! watches the parent's end of stdin: a parent that died while the engine is busy, or hangs, is
//! noticed too.

use std::{
    fs::File,
    io::{self, BufReader},
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::fcntl_dupfd_cloexec,
    process::{Signal, getpid, kill_process},
    stdio,
};

use crate::{
    engine::PageEngine,
    failure::{ServeError, StartRefusal},
    message::{Reply, Request},
    wire::{self, WireError},
};

/// How long an idle child may take to leave by itself once the parent is gone.
const GRACE: Duration = Duration::from_secs(1);

/// Loads the engine with `start`, tells the parent, and answers its requests until it closes the
/// stream. Must be called once, before anything is written to stdout.
pub fn serve<E: PageEngine>(
    start: impl FnOnce() -> Result<E, StartRefusal>,
) -> Result<(), ServeError> {
    let mut replies = File::from(fcntl_dupfd_cloexec(stdio::stdout(), 3)?);
    stdio::dup2_stdout(stdio::stderr())?;
    thread::Builder::new().name("parent-watch".into()).spawn(watch).map_err(ServeError::Watch)?;
    let mut engine = match start() {
        Ok(engine) => engine,
        Err(refusal) => {
            wire::write(&mut replies, &Reply::Refused(refusal.clone()))?;
            return Err(ServeError::Refused(refusal));
        }
    };
    wire::write(&mut replies, &Reply::Ready(engine.name()))?;
    let mut requests = BufReader::new(io::stdin().lock());
    loop {
        let request = match wire::read(&mut requests) {
            Ok(request) => request,
            Err(WireError::Closed) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        wire::write(&mut replies, &answer(&mut engine, request))?;
    }
}

fn answer(engine: &mut impl PageEngine, request: Request) -> Reply {
    match request {
        Request::Survey(path) => engine.survey(&path).map_or_else(Reply::Failed, Reply::Survey),
        Request::Page(job, care) => {
            engine.page(&job, care).map_or_else(Reply::Failed, |page| Reply::Page(Box::new(page)))
        }
    }
}

/// Ends the process when the parent's end of stdin closes, whatever the engine is doing.
fn watch() {
    let stdin = stdio::stdin();
    loop {
        // No event is asked for: a hang-up is always told.
        let mut parent = [PollFd::new(&stdin, PollFlags::empty())];
        match poll(&mut parent, None) {
            Ok(_) if parent[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            // Without a watch the child must not outlive its parent unseen.
            Err(_) => break,
        }
    }
    thread::sleep(GRACE);
    // No exit handlers: native code may be in the middle of anything.
    let killed = kill_process(getpid(), Signal::KILL);
    debug_assert!(killed.is_ok(), "a process may always signal itself");
}
