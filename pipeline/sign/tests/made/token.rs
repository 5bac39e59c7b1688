//! Tokens of SoftHSM2, filled by its own program and OpenSC's. The process that asks them needs
//! `SOFTHSM2_CONF` in its environment from its start.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use sohoa_sign::CertificateDer;

pub const PIN: &str = "2468";

/// Where Debian puts the library; none where it is not installed.
pub fn library() -> Option<PathBuf> {
    let path = PathBuf::from("/usr/lib/softhsm/libsofthsm2.so");
    path.exists().then_some(path)
}

/// Writes SoftHSM2's settings for tokens in `folder`, and answers where.
pub fn settings(folder: &Path, mechanisms: &str) -> PathBuf {
    let tokens = folder.join("tokens");
    fs::create_dir_all(&tokens).unwrap();
    let file = folder.join("softhsm2.conf");
    let text = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n\
         slots.mechanisms = {mechanisms}\n",
        tokens.display()
    );
    fs::write(&file, text).unwrap();
    file
}

fn run(program: &str, arguments: &[&str]) -> String {
    let ran = Command::new(program).args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{program} {arguments:?}: {told}");
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// Makes a token.
pub fn make(label: &str) {
    let what = ["--init-token", "--free", "--label", label, "--so-pin", "13579", "--pin", PIN];
    run("softhsm2-util", &what);
}

/// Puts a PKCS#8 key, PEM, into a token.
pub fn put_key(token: &str, pem: &str, label: &str, id: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), pem).unwrap();
    let path = file.path().to_str().unwrap();
    let what = ["--import", path, "--token", token, "--pin", PIN, "--label", label, "--id", id];
    run("softhsm2-util", &what);
}

/// Puts a PKCS#8 key, PEM, into a token, which asks for the PIN at each of its signatures.
pub fn put_asking_key(token: &str, pem: &str, label: &str, id: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), pem).unwrap();
    let path = file.path().to_str().unwrap();
    let what = ["--write-object", path, "--type", "privkey", "--label", label, "--id", id];
    let asks = ["--always-auth", "--usage-sign", "--login", "--pin", PIN];
    tool(token, &[&what[..], &asks].concat());
}

/// Puts a certificate into a token.
pub fn put_certificate(token: &str, certificate: &CertificateDer, label: &str, id: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &certificate.0).unwrap();
    let path = file.path().to_str().unwrap();
    let written = ["--write-object", path, "--type", "cert", "--label", label, "--id", id];
    tool(token, &[&["--login", "--pin", PIN], &written[..]].concat());
}

/// OpenSC's program, in a process of its own.
pub fn tool(token: &str, arguments: &[&str]) -> String {
    let library = library().unwrap();
    let at = ["--module", library.to_str().unwrap(), "--token-label", token];
    run("pkcs11-tool", &[&at[..], arguments].concat())
}

/// Logs in with another PIN than the token's, as somebody would by mistake.
pub fn mistype(token: &str) {
    let library = library().unwrap();
    let ran = Command::new("pkcs11-tool")
        .args(["--module", library.to_str().unwrap(), "--token-label", token])
        .args(["--login", "--pin", "1111", "--list-objects"])
        .output()
        .unwrap();
    assert!(!ran.status.success());
}
