//! A token that does not answer, beside one that does.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use sohoa_sign::{MessageSigner as _, TokenError, TokenKey, TokenSettings};

use crate::{curve, id, issuers, made::token, of, put, signs, token_error};

pub(crate) const TESTS: &[(&str, fn())] = &[("it_stalls_no_other_and_is_waited_for_a_while", slow)];

/// Holds the lock that SoftHSM2 takes to read a token, from another process, as locks want it.
fn hold(token: &Path) -> Child {
    let program = "import fcntl, sys\n\
                   file = open(sys.argv[1], 'r+b')\n\
                   fcntl.lockf(file, fcntl.LOCK_EX)\n\
                   print('held', flush=True)\n\
                   sys.stdin.read()";
    let mut child = Command::new("python3")
        .args(["-c", program])
        .arg(token.join("token.object"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "held\n");
    child
}

fn slow() {
    token::make("slow");
    let tokens = PathBuf::from(env::var_os("SOFTHSM2_CONF").unwrap()).with_file_name("tokens");
    let folder = fs::read_dir(&tokens).unwrap().next().unwrap().unwrap().path();
    let slow_chain = put("slow", &curve("P-256"), "one", "01");
    token::make("agency");
    let chain = put("agency", &curve("P-256"), "one", "01");
    let quick = TokenKey::open(of("agency", id(1), issuers(&chain))).unwrap();
    let settings = of("slow", id(1), issuers(&slow_chain));
    let patience = Duration::from_millis(1500);
    let slow = TokenKey::open(TokenSettings { patience, sessions: 1, ..settings }).unwrap();

    let mut holder = hold(&folder);
    for _ in 0..2 {
        let error = token_error(slow.ready());
        assert!(matches!(error, TokenError::Slow { .. }), "{error}");
        assert!(error.may_pass());
        signs(&quick);
    }
    drop(holder.stdin.take());
    holder.wait().unwrap();
    // It may answer after its own time still, while the machine is busy.
    let until = std::time::Instant::now() + Duration::from_mins(1);
    while let Err(error) = slow.ready() {
        assert!(std::time::Instant::now() < until, "{error}");
    }
    signs(&slow);
}
