//! One child process: started, bounded, asked, and found out about when it broke.

use std::{
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::{
    io::Errno,
    process::{Pid, Resource, Rlimit, prlimit},
};
use tokio::{
    io::BufReader,
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::{
    config::PoolConfig,
    failure::{Breakage, PoolError, chain},
    message::{Reply, Request},
    stderr::Drain,
    wire::{self, WireError},
};

/// How long a child whose pipe broke may take to be seen dead before it is killed.
const DYING: Duration = Duration::from_secs(5);

/// How long an idle child may take to leave when it is asked to.
const LEAVING: Duration = Duration::from_secs(2);

/// What a child inherits of this process's environment: where programs, libraries, models and temporary
/// files are, the language, and what its memory is had by. It reads what strangers sent in, by native
/// code, and the rest may be keys, PINs and passwords.
const INHERITED: [&str; 13] = [
    "GLIBC_TUNABLES",
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LC_NUMERIC",
    "LD_LIBRARY_PATH",
    "MALLOC_ARENA_MAX",
    "PATH",
    "RUST_BACKTRACE",
    "TESSDATA_PREFIX",
    "TMPDIR",
    "TZ",
];

/// A child that answered its last request, or was not asked yet. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Worker {
    process: Child,
    requests: ChildStdin,
    replies: BufReader<ChildStdout>,
    stderr: Drain,
    asked: u64,
}

impl Worker {
    /// Starts a child and waits for its first word. Also gives the engine's name.
    pub(crate) async fn start(config: &PoolConfig) -> Result<(Self, String), PoolError> {
        let mut worker = Self::spawn(config)?;
        let deadline = config.start_deadline;
        match timeout(deadline, wire::receive(&mut worker.replies)).await {
            Ok(Ok(Reply::Ready(engine))) => Ok((worker, engine)),
            Ok(Ok(Reply::Refused(refusal))) => Err(PoolError::Refused(refusal)),
            Ok(Ok(_)) => {
                let reason = Breakage::Protocol { detail: "an answer before any request".into() };
                Err(PoolError::NotReady { reason })
            }
            Ok(Err(error)) => Err(PoolError::NotReady { reason: worker.autopsy(error).await }),
            Err(_) => Err(PoolError::NotReady { reason: Breakage::TimedOut { after: deadline } }),
        }
    }

    fn spawn(config: &PoolConfig) -> Result<Self, PoolError> {
        let command = &config.command;
        let failed =
            |source| PoolError::Spawn { program: command.program.display().to_string(), source };
        let missing = || failed(std::io::ErrorKind::BrokenPipe.into());
        let inherited = INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let mut process = Command::new(&command.program)
            .args(&command.args)
            .env_clear()
            .envs(inherited)
            .envs(command.env.iter().cloned())
            .env("OMP_THREAD_LIMIT", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let pid = process.id().ok_or_else(missing)?;
        bound(pid, config.memory_limit_bytes).map_err(|errno| failed(errno.into()))?;
        Ok(Self {
            requests: process.stdin.take().ok_or_else(missing)?,
            replies: BufReader::new(process.stdout.take().ok_or_else(missing)?),
            stderr: Drain::start(process.stderr.take().ok_or_else(missing)?, pid),
            process,
            asked: 0,
        })
    }

    /// Process id, while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// Requests it was asked.
    pub(crate) fn asked(&self) -> u64 {
        self.asked
    }

    /// How it broke while nobody asked it anything; `None` while it is alive.
    pub(crate) fn died_idle(&mut self) -> Option<Breakage> {
        match self.process.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(ended(status)),
            Err(error) => Some(Breakage::Protocol { detail: chain(&error) }),
        }
    }

    /// Asks once and waits for the answer. A child that breaks is consumed.
    pub(crate) async fn ask(
        mut self,
        request: &Request,
        deadline: Duration,
    ) -> Result<(Self, Reply), Breakage> {
        self.asked += 1;
        let exchange = async {
            wire::send(&mut self.requests, request).await?;
            wire::receive::<Reply>(&mut self.replies).await
        };
        match timeout(deadline, exchange).await {
            Ok(Ok(reply)) => Ok((self, reply)),
            Ok(Err(error)) => Err(self.autopsy(error).await),
            Err(_) => Err(Breakage::TimedOut { after: deadline }),
        }
    }

    /// Lets it leave by itself, or kills it.
    pub(crate) async fn dismiss(self) {
        let Self { mut process, requests, .. } = self;
        drop(requests);
        if timeout(LEAVING, process.wait()).await.is_err() {
            // Dropping the process kills it.
            tracing::debug!("a page worker did not leave and was killed");
        }
    }

    /// Finds out how a child broke whose stream failed with `error`.
    async fn autopsy(self, error: WireError) -> Breakage {
        let Self { mut process, requests, replies, stderr, .. } = self;
        let gone = matches!(error, WireError::Closed | WireError::Pipe(_));
        drop((requests, replies));
        if !gone {
            return Breakage::Protocol { detail: chain(&error) };
        }
        match timeout(DYING, process.wait()).await {
            Ok(Ok(status)) => {
                let starved = timeout(DYING, stderr.saw_out_of_memory()).await;
                if starved.unwrap_or(false) { Breakage::OutOfMemory } else { ended(status) }
            }
            _ => Breakage::Protocol { detail: "it closed its stream and stayed".into() },
        }
    }
}

/// Sets the limits of a child that has not been given any work yet.
fn bound(pid: u32, memory: u64) -> rustix::io::Result<()> {
    // `None` would mean this very process.
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)?;
    let limit = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
    prlimit(Some(pid), Resource::As, limit(memory))?;
    // A core file would hold a citizen's page.
    prlimit(Some(pid), Resource::Core, limit(0))?;
    Ok(())
}

fn ended(status: ExitStatus) -> Breakage {
    match (status.signal(), status.code()) {
        (Some(signal), _) => Breakage::Crashed { signal },
        (None, code) => Breakage::Exited { code: code.unwrap_or_default() },
    }
}
