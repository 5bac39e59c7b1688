//! A token that is pulled out and put back.

use std::{env, fs, path::PathBuf};

use cryptoki::context::Pkcs11;
use sohoa_sign::{MessageSigner as _, TokenError, TokenKey};

use crate::{curve, id, issuers, made::token, of, put, signs, token_error};

pub(crate) const TESTS: &[(&str, fn())] = &[("it_signs_again_once_it_is_back", gone)];

/// SoftHSM2 notices that a token's folder is gone when it is started; what a card reader does to
/// open sessions is what ending the library does to them.
fn pull(library: &Pkcs11) {
    library.clone().finalize().unwrap();
}

fn gone() {
    token::make("agency");
    let chain = put("agency", &curve("P-256"), "one", "01");
    let key = TokenKey::open(of("agency", id(1), issuers(&chain))).unwrap();
    signs(&key);

    let library = Pkcs11::new(token::library().unwrap()).unwrap();
    pull(&library);
    signs(&key);

    let settings = PathBuf::from(env::var_os("SOFTHSM2_CONF").unwrap());
    let tokens = settings.with_file_name("tokens");
    let here = fs::read_dir(&tokens).unwrap().next().unwrap().unwrap().path();
    let away = settings.with_file_name("away");
    fs::rename(&here, &away).unwrap();
    pull(&library);
    for _ in 0..2 {
        let error = token_error(key.ready());
        assert!(matches!(error, TokenError::Gone { .. }), "{error}");
        assert!(error.may_pass());
    }
    fs::rename(&away, &here).unwrap();
    signs(&key);
}
