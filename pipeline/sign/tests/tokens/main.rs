//! Keys in tokens, against SoftHSM2.
//!
//! SoftHSM2 reads its settings from the environment, once a process. So the program makes tokens in
//! a folder and starts itself again, once for each [`World`], with the settings' address set.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod everyday;
mod gone;
mod narrow;
mod slow;

#[path = "../made/mod.rs"]
mod made;

use std::{
    env,
    path::Path,
    process::{Command, ExitCode},
    sync::{Arc, LazyLock},
    time::Duration,
};

use libtest_mimic::{Arguments, Trial};
use made::{
    pki::{AGENCY, Pki},
    token,
};
use sohoa_sign::{
    CertificateDer, Hash, KeyFile, KeyName, MessageSigner as _, Passphrase, RsaScheme, SignError,
    TokenError, TokenKey, TokenSettings,
};

/// Which world a started copy of the program is.
const WORLD: &str = "SOHOA_TEST_TOKENS";

/// Tokens, and the tests that are done with them in a process of their own.
struct World {
    name: &'static str,
    mechanisms: &'static str,
    tests: &'static [(&'static str, fn())],
}

const WORLDS: [World; 4] = [
    World { name: "everyday", mechanisms: "ALL", tests: everyday::TESTS },
    World {
        name: "narrow",
        mechanisms: "CKM_RSA_PKCS,CKM_ECDSA,CKM_RSA_PKCS_KEY_PAIR_GEN",
        tests: narrow::TESTS,
    },
    World { name: "gone", mechanisms: "ALL", tests: gone::TESTS },
    World { name: "slow", mechanisms: "ALL", tests: slow::TESTS },
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if let Ok(name) = env::var(WORLD) {
        let world = WORLDS.iter().find(|world| world.name == name).unwrap();
        return run(&arguments, world, true);
    }
    let there = token::library().is_some();
    if !there && env::var_os("SOHOA_REQUIRE_SERVICES").is_none() || arguments.list {
        let ended = WORLDS.iter().map(|world| run(&arguments, world, false));
        return ended.fold(ExitCode::SUCCESS, |_, code| code);
    }
    let mut code = ExitCode::SUCCESS;
    for world in &WORLDS {
        let folder = tempfile::tempdir().unwrap();
        let settings = token::settings(folder.path(), world.mechanisms);
        let mut again = Command::new(env::current_exe().unwrap());
        again.args(env::args_os().skip(1)).env("SOFTHSM2_CONF", settings).env(WORLD, world.name);
        if !again.status().unwrap().success() {
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn run(arguments: &Arguments, world: &World, possible: bool) -> ExitCode {
    let trials = world.tests.iter().map(|&(name, test)| {
        let run = move || {
            test();
            Ok(())
        };
        Trial::test(format!("{}::{name}", world.name), run).with_ignored_flag(!possible)
    });
    libtest_mimic::run(arguments, trials.collect()).exit_code()
}

static PKI: LazyLock<Arc<Pki>> = LazyLock::new(Pki::new);

fn rsa(bits: u32) -> String {
    let bits = format!("rsa_keygen_bits:{bits}");
    made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", &bits])
}

fn curve(name: &str) -> String {
    let curve = format!("ec_paramgen_curve:{name}");
    made::openssl_key(&["-algorithm", "EC", "-pkeyopt", &curve])
}

/// The same key in a file, with its certificates.
fn issued(pem: &str) -> KeyFile {
    PKI.agency(AGENCY, Some(pem), RsaScheme::default())
}

/// Puts a key and its certificates into a token under the identifier; answers the chain.
fn put(token: &str, pem: &str, label: &str, id: &str) -> Vec<CertificateDer> {
    let chain = issued(pem).chain().to_vec();
    token::put_key(token, pem, label, id);
    token::put_certificate(token, &chain[0], &format!("certificate of {label}"), id);
    chain
}

/// The issuers, which a token is often without.
fn issuers(chain: &[CertificateDer]) -> Vec<CertificateDer> {
    chain[1..].to_vec()
}

fn of(token: &str, key: KeyName, chain: Vec<CertificateDer>) -> TokenSettings {
    TokenSettings {
        library: token::library().unwrap(),
        token: Some(token.to_owned()),
        key,
        pin: Some(Passphrase::new(token::PIN)),
        chain,
        rsa: RsaScheme::Pss(Hash::Sha256),
        fall_back: false,
        sessions: 4,
        patience: Duration::from_secs(30),
        refusals: None,
    }
}

fn id(hex: u8) -> KeyName {
    KeyName { id: Some(vec![hex]), label: None }
}

fn label(label: &str) -> KeyName {
    KeyName { id: None, label: Some(label.to_owned()) }
}

fn token_error<T: std::fmt::Debug>(result: Result<T, SignError>) -> TokenError {
    match result {
        Err(SignError::Token(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Signs a document, and has our own verifier judge it at level B-B.
fn signs(key: &TokenKey) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("in.pdf"), made::pdf(made::Shape::default())).unwrap();
    let mut request = made::request();
    request.signing_time = made::hanoi(chrono::Utc::now());
    sohoa_sign::sign_pdf(&at("in.pdf"), &at("out.pdf"), &request, key).unwrap();
    let report = verified(&at("out.pdf"));
    let found = &report.signatures[0];
    assert_eq!(found.integrity, sohoa_sign::verify::Integrity::Intact, "{found:?}");
    assert!(found.verdict.is_acceptable(), "{found:?}");
}

fn verified(file: &Path) -> sohoa_sign::verify::Report {
    sohoa_sign::verify::verify_pdf(file, &PKI.trust(), chrono::Utc::now()).unwrap()
}
