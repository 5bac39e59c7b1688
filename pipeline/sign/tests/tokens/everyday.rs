//! A token that can do everything, and the mistakes that are made with one.

use std::sync::LazyLock;

use sohoa_sign::{
    CertificateDer, Hash, KeyName, MessageSigner as _, Passphrase, RsaScheme, Scheme, SignError,
    TokenError, TokenKey, TokenSettings,
};

use crate::{
    curve, id, issuers, label,
    made::token::{PIN, make, mistype, put_asking_key, put_key, tool},
    of, put, rsa, signs, token_error,
};

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("every_kind_of_key_signs", every_kind),
    ("a_key_is_found_by_its_name", names),
    ("a_key_without_a_certificate_signs_with_one_given", without_certificate),
    ("a_certificate_of_another_key_is_noticed", another_certificate),
    ("a_wrong_pin_is_tried_once", wrong_pin),
    ("a_token_that_was_mistyped_at_is_left_alone", mistyped),
    ("threads_share_the_sessions", threads),
    ("a_key_that_asks_each_time_is_given_the_pin_each_time", asking),
    ("what_is_not_there_is_named", missing),
];

struct Tokens {
    /// Chains of the keys 1 (RSA 2048), 2 (RSA 3072), 3 (P-256) and 4 (P-384).
    chains: [Vec<CertificateDer>; 4],
    /// The chain in token `wrong`, of the first key too.
    other: Vec<CertificateDer>,
}

/// All tokens are made before the library is started: it looks for them at its start.
static TOKENS: LazyLock<Tokens> = LazyLock::new(|| {
    for token in ["agency", "bare", "wrong", "doubtful", "silent", "asking"] {
        make(token);
    }
    let small = rsa(2048);
    let keys = [small.clone(), rsa(3072), curve("P-256"), curve("P-384")];
    let chains = [("one", "01"), ("two", "02"), ("three", "03"), ("four", "04")];
    let mut keys = keys.iter();
    let chains = chains.map(|(name, id)| put("agency", keys.next().unwrap(), name, id));
    put_key("bare", &small, "one", "01");
    put_key("silent", &small, "one", "01");
    put_asking_key("asking", &small, "one", "01");
    let other = put("wrong", &small, "one", "01");
    put("doubtful", &small, "one", "01");
    mistype("doubtful");
    Tokens { chains, other }
});

fn agency(key: u8) -> TokenSettings {
    of("agency", id(key), issuers(&TOKENS.chains[usize::from(key) - 1]))
}

fn every_kind() {
    for key in [1, 2] {
        for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
            for scheme in [RsaScheme::Pss(hash), RsaScheme::Pkcs1(hash)] {
                signs(&TokenKey::open(TokenSettings { rsa: scheme, ..agency(key) }).unwrap());
            }
        }
    }
    for (key, scheme) in [(3, Scheme::EcdsaP256), (4, Scheme::EcdsaP384)] {
        let key = TokenKey::open(agency(key)).unwrap();
        assert_eq!(key.scheme(), scheme);
        // Short numbers are rare: some signatures in a hundred have one.
        for _ in 0..200 {
            key.ready().unwrap();
        }
        signs(&key);
    }
    let told = TokenKey::open(agency(1)).unwrap().place().unwrap();
    for part in ["`agency`", "CKM_SHA256_RSA_PKCS_PSS", "CKM_ECDSA", "it signs by RSASSA-PSS"] {
        assert!(told.contains(part), "{told}");
    }
}

fn names() {
    let issuers = issuers(&TOKENS.chains[0]);
    for name in ["two", "certificate of two"] {
        let key = TokenKey::open(of("agency", label(name), issuers.clone())).unwrap();
        assert_eq!(key.chain(), TOKENS.chains[1], "{name}");
        key.ready().unwrap();
    }
    // Several have a certificate, and none is asked for.
    let error = token_error(TokenKey::open(of("agency", KeyName::default(), issuers.clone())));
    assert!(matches!(&error, TokenError::NoCertificate { seen, .. } if seen.contains("(id 03)")));
    // One does.
    let only = TokenKey::open(of("wrong", KeyName::default(), issuers)).unwrap();
    assert_eq!(only.chain(), TOKENS.other);
}

fn without_certificate() {
    let chain = &TOKENS.chains[0];
    let error = token_error(TokenKey::open(of("bare", id(1), issuers(chain))));
    assert!(matches!(error, TokenError::NoCertificate { .. }), "{error}");
    let given = TokenKey::open(of("bare", id(1), chain.clone())).unwrap();
    given.ready().unwrap();
    signs(&given);
}

fn another_certificate() {
    let key = TokenKey::open(of("bare", id(1), TOKENS.chains[1].clone())).unwrap();
    assert!(matches!(key.ready(), Err(SignError::KeyMismatch)));
}

/// One try: then neither this key nor another one of the same token sends a PIN again.
fn wrong_pin() {
    let settings = of("wrong", id(1), issuers(&TOKENS.chains[0]));
    let wrong = TokenSettings { pin: Some(Passphrase::new("1111")), ..settings.clone() };
    let key = TokenKey::open(wrong).unwrap();
    for _ in 0..3 {
        let error = token_error(key.ready());
        assert!(matches!(error, TokenError::PinRefused { .. }), "{error}");
        assert!(!format!("{error}{key:?}").contains("1111"), "the PIN is shown");
    }
    let right = TokenKey::open(settings).unwrap();
    assert!(matches!(token_error(right.ready()), TokenError::PinRefused { .. }));
}

/// The token's own flags say so, whoever it was: a program that is started again and again would
/// otherwise lock it.
fn mistyped() {
    let key = TokenKey::open(of("doubtful", id(1), issuers(&TOKENS.chains[0]))).unwrap();
    assert!(matches!(token_error(key.ready()), TokenError::PinDoubtful { .. }));
    tool("doubtful", &["--login", "--pin", PIN, "--list-objects"]);
    key.ready().unwrap();
}

fn threads() {
    let key = TokenKey::open(TokenSettings { sessions: 3, ..agency(1) }).unwrap();
    std::thread::scope(|scope| {
        let each = || (0..25).for_each(|_| key.ready().unwrap());
        let all: Vec<_> = (0..8).map(|_| scope.spawn(each)).collect();
        for thread in all {
            thread.join().unwrap();
        }
    });
}

fn missing() {
    let settings = agency(1);
    let no_library = TokenSettings { library: "/nowhere.so".into(), ..settings.clone() };
    assert!(matches!(token_error(TokenKey::open(no_library)), TokenError::Library { .. }));
    let no_token = TokenSettings { token: Some("elsewhere".into()), ..settings.clone() };
    let error = token_error(TokenKey::open(no_token));
    assert!(matches!(&error, TokenError::NoToken { seen, .. } if seen.contains("`agency`")));
    let no_pin = TokenSettings { pin: None, ..of("silent", id(1), TOKENS.chains[0].clone()) };
    let error = token_error(TokenKey::open(no_pin).unwrap().ready());
    assert!(matches!(error, TokenError::NoPin), "{error}");
    let no_key = TokenSettings { key: id(9), chain: TOKENS.chains[0].clone(), ..settings };
    let error = token_error(TokenKey::open(no_key).unwrap().ready());
    assert!(matches!(error, TokenError::NoKey { count: 0, .. }), "{error}");
}

fn asking() {
    let settings = of("asking", id(1), TOKENS.chains[0].clone());
    for scheme in [RsaScheme::Pss(Hash::Sha256), RsaScheme::Pkcs1(Hash::Sha384)] {
        let key = TokenKey::open(TokenSettings { rsa: scheme, ..settings.clone() }).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| (0..5).for_each(|_| key.ready().unwrap()));
            }
        });
        signs(&key);
    }
    // Had the token counted a wrong PIN, the second key would have been left alone.
    let pinless = TokenKey::open(TokenSettings { pin: None, ..settings }).unwrap();
    assert!(matches!(token_error(pinless.ready()), TokenError::NoPin));
}
