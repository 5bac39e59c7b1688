//! An S3 server of a test's own: VersityGW over a folder, which creates atomically.

use std::{
    env,
    ffi::OsString,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::support::wait_until;

const ACCESS: &str = "sohoa-test";
const SECRET: &str = "sohoa-test-secret";

/// The server's program, where `tests/run` put it.
pub(crate) fn program() -> Option<OsString> {
    env::var_os("SOHOA_VERSITYGW")
}

/// A running server; killed when dropped.
pub(crate) struct Gateway {
    child: Child,
    port: u16,
}

impl Gateway {
    /// Serves the folders of `root` as buckets, on a free port of the loopback.
    pub(crate) fn start(root: &Path) -> Self {
        let program = program().expect("SOHOA_VERSITYGW: see tests/services/obtain");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut gateway = Self { child: serve(&program, root, port), port };
        wait_until("the S3 server", || {
            let ended = gateway.child.try_wait().unwrap();
            assert!(ended.is_none(), "the S3 server ended: {ended:?}");
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        gateway
    }

    /// What the program needs to know of it.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ACCESS_KEY_ID", ACCESS.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
        ]
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn serve(program: &OsString, root: &Path, port: u16) -> Child {
    Command::new(program)
        .args(["--access", ACCESS, "--secret", SECRET, "--quiet"])
        .arg("--port")
        .arg(format!("127.0.0.1:{port}"))
        .arg("posix")
        .arg(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
