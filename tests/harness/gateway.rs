//! An S3 server of a test's own: VersityGW over a folder, which creates atomically.
//!
//! With `SOHOA_S3_OUTPUT` (an address such as `s3://bucket/tests`, and in the environment what
//! reaches it: `AWS_ENDPOINT`, `AWS_ACCESS_KEY_ID` …) one test more writes to that store. All others
//! look into the server's folder or stop the server, so they keep to their own.

use std::{
    env,
    ffi::OsString,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    certificates::Identity,
    ports::{LOOPBACK, free},
    process::Process,
    s3::{self, Key, REGION},
    wait::wait_until,
};

/// Who may do everything.
pub const KEY: Key = Key { access: "sohoa-test", secret: "sohoa-test-secret" };

/// How a server differs from a plain one.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// It speaks TLS, as this server.
    pub identity: Option<Identity>,
    /// Names below this one are buckets.
    pub domain: Option<String>,
    /// It lets itself be read only.
    pub read_only: bool,
}

/// Whether `SOHOA_VERSITYGW` names the server's program.
pub fn available() -> bool {
    program().is_some()
}

/// The address of the user's own store (`SOHOA_S3_OUTPUT`), where the environment names one.
pub fn store_of_the_user() -> Option<String> {
    env::var("SOHOA_S3_OUTPUT").ok().filter(|address| !address.is_empty())
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
    manner: Manner,
}

impl Gateway {
    /// Serves the folders of `root` as buckets, on a free port of the loopback, and returns when it
    /// answers. What it prints goes to a file beside `root`.
    pub fn start(root: &Path) -> Self {
        Self::start_as(root, Manner::default())
    }

    /// The same in a manner of its own.
    pub fn start_as(root: &Path, manner: Manner) -> Self {
        let address = SocketAddr::from((LOOPBACK, free()));
        let mut gateway = Self { process: None, root: root.to_owned(), address, manner };
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
        let scheme = if self.manner.identity.is_some() { "https" } else { "http" };
        vec![
            ("AWS_ACCESS_KEY_ID", KEY.access.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", KEY.secret.to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ENDPOINT", format!("{scheme}://{address}")),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
        ]
    }

    /// Makes a bucket whose objects can be locked.
    pub fn make_lockable_bucket(&self, name: &str) {
        let headers = [("x-amz-bucket-object-lock-enabled", "true")];
        let (status, body) = self.ask("PUT", &format!("/{name}"), &headers);
        assert_eq!(status, 200, "{body}");
    }

    /// Asks it something as who may do everything: status and text.
    pub fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> (u16, String) {
        s3::ask(self.address, KEY, (method, target), headers)
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
            .args(["--access", KEY.access, "--secret", KEY.secret, "--region", REGION, "--quiet"])
            .args(["--port", &self.address.to_string()]);
        let Manner { identity, domain, read_only } = &self.manner;
        if let Some(identity) = identity {
            command.arg("--cert").arg(&identity.certificate).arg("--key").arg(&identity.key);
        }
        if let Some(domain) = domain {
            command.args(["--virtual-domain", domain]);
        }
        if *read_only {
            command.arg("--readonly");
        }
        command.arg("posix").arg(&self.root);
        // Not inside: there it would be a bucket's neighbour.
        Process::start("the S3 server", &mut command, &self.root.with_added_extension("log"))
    }
}
