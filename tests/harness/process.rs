//! A program that runs beside the test and never outlives it.

use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::wait::wait_until;

/// Lines of a log that say why a program ended.
const LAST_LINES: usize = 30;

/// Kills a program once the test is gone, however it went: its input then ends. Signals of the
/// terminal are not for it, since a stopped program would not take them either.
const LEASH: &str = r#"trap "" INT TERM HUP; read -r _; kill -KILL "$0""#;

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    leash: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; what it prints is appended to the file `log`.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be started: {error}"));
        let leash = Command::new("sh")
            .args(["-c", LEASH, &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { name: name.to_owned(), child, leash, log: log.to_owned() }
    }

    /// Panics when the program has ended by itself.
    pub fn check(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("{} ended, {status}; it said:\n{}", self.name, self.last_lines());
        }
    }

    /// How the program ended; none while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended. Unlike [`Self::ended`] this leaves what the system knows of it, under
    /// its number, to be read.
    pub fn is_over(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // An error says that it is gone already.
        waitid(WaitId::Pid(Pid::from_child(&self.child)), options)
            .map_or(true, |state| state.is_some())
    }

    /// Asks the program to end in order (SIGTERM), unless it has ended.
    pub fn ask_to_end(&mut self) {
        if self.ended().is_none() {
            self.signal(Signal::TERM);
        }
    }

    /// Waits for the end of a program that ends by itself.
    pub fn finish(mut self) {
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{}: {status}; it said:\n{}", self.name, self.last_lines());
    }

    /// Stops it (SIGSTOP) and returns when none of it runs.
    pub fn stop(&mut self) {
        self.check();
        assert!(self.stop_if_it_runs(), "{} ended", self.name);
    }

    /// The same for a program that may have ended by itself: then `false`.
    pub fn stop_if_it_runs(&mut self) -> bool {
        if self.ended().is_some() {
            return false;
        }
        self.signal(Signal::STOP);
        wait_until("a stopped program to stand still", || {
            self.ended().is_some() || self.state() == Some('T')
        });
        self.ended().is_none()
    }

    /// Lets a stopped one go on (SIGCONT).
    pub fn cont(&mut self) {
        self.check();
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The letter after the name, which may hold spaces and brackets itself.
    fn state(&self) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        stat.rsplit_once(')')?.1.trim_start().chars().next()
    }

    fn last_lines(&self) -> String {
        let said = std::fs::read(&self.log).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<_> = said.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The leash first: after the wait for the child its number may be somebody else's.
        for child in [&mut self.leash, &mut self.child] {
            // It may have ended by itself; then there is nothing to kill.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cat(folder: &Path) -> Process {
        Process::start("tail", Command::new("tail").args(["-f", "/dev/null"]), &folder.join("log"))
    }

    #[test]
    fn an_end_is_noticed_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo the disk is full >&2; exit 3"]);
        let mut process = Process::start("server", &mut command, &folder.path().join("log"));
        let noticed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_until("a notice", || {
                process.check();
                false
            });
        }));
        let message = *noticed.unwrap_err().downcast::<String>().unwrap();
        assert!(message.contains("server ended") && message.contains("the disk is full"));
    }

    #[test]
    fn a_dropped_one_is_gone_even_when_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = cat(folder.path());
        process.stop();
        let number = process.child.id();
        drop(process);
        assert!(!Path::new(&format!("/proc/{number}")).exists());
    }

    #[test]
    fn an_end_can_be_seen_and_its_accounts_read() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        let mut process =
            Process::start("sh", command.args(["-c", "exit 3"]), &folder.path().join("log"));
        wait_until("its end", || process.is_over());
        let accounts = format!("/proc/{}/stat", process.id());
        assert!(Path::new(&accounts).exists() && process.is_over());
        assert_eq!(process.ended().unwrap().code(), Some(3));
        assert!(!Path::new(&accounts).exists() && process.is_over());
    }

    #[test]
    fn it_does_not_outlive_a_killed_test() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = cat(folder.path());
        process.stop();
        // What the kernel does for a killed test: the other end of the pipe is closed.
        drop(process.leash.stdin.take());
        wait_until("the program's end", || process.child.try_wait().unwrap().is_some());
    }
}
