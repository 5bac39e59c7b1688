//! An S3 server of a test's own: VersityGW over a folder, which creates atomically.

use std::{
    env,
    ffi::OsString,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    ports::{LOOPBACK, free},
    process::Process,
    wait::wait_until,
};

const ACCESS: &str = "sohoa-test";
const SECRET: &str = "sohoa-test-secret";

/// Whether `SOHOA_VERSITYGW` names the server's program.
pub fn available() -> bool {
    program().is_some()
}

fn program() -> Option<OsString> {
    env::var_os("SOHOA_VERSITYGW")
}

/// A server; killed when dropped.
#[derive(Debug)]
pub struct Gateway {
    process: Option<Process>,
    root: PathBuf,
    address: SocketAddr,
}

impl Gateway {
    /// Serves the folders of `root` as buckets, on a free port of the loopback, and returns when it
    /// answers. What it prints goes to a file beside `root`.
    pub fn start(root: &Path) -> Self {
        let address = SocketAddr::from((LOOPBACK, free()));
        let mut gateway = Self { process: None, root: root.to_owned(), address };
        gateway.restart();
        gateway
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the program needs to know of it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        self.environment_through(self.address)
    }

    /// The same, for a program that reaches it at another address: that of a proxy.
    pub fn environment_through(&self, address: SocketAddr) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ACCESS_KEY_ID", ACCESS.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ENDPOINT", format!("http://{address}")),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
        ]
    }

    /// Panics when it has ended by itself.
    pub fn check(&mut self) {
        if let Some(process) = &mut self.process {
            process.check();
        }
    }

    /// Kills it (SIGKILL).
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Stops it (SIGSTOP): connections stay, answers do not come.
    pub fn stop(&mut self) {
        self.running().stop();
    }

    /// Lets a stopped one go on (SIGCONT).
    pub fn cont(&mut self) {
        self.running().cont();
    }

    /// Starts it again on the same port and folder, killing it first where it runs; returns when it
    /// answers.
    pub fn restart(&mut self) {
        self.kill();
        self.process = Some(self.serve());
        wait_until("the S3 server", || {
            self.check();
            TcpStream::connect(self.address).is_ok()
        });
    }

    fn running(&mut self) -> &mut Process {
        self.process.as_mut().expect("the S3 server was killed and not started again")
    }

    fn serve(&self) -> Process {
        let program = program().expect("SOHOA_VERSITYGW: see tests/services/obtain");
        let mut command = Command::new(program);
        command
            .args(["--access", ACCESS, "--secret", SECRET, "--quiet"])
            .args(["--port", &self.address.to_string(), "posix"])
            .arg(&self.root);
        // Not inside: there it would be a bucket's neighbour.
        Process::start("the S3 server", &mut command, &self.root.with_added_extension("log"))
    }
}
