//! A token that hashes nothing and knows no RSASSA-PSS.

use sohoa_sign::{
    Hash, MessageSigner as _, RsaScheme, Scheme, TokenError, TokenKey, TokenSettings,
};

use crate::{
    curve, id, issued, issuers,
    made::token::{make, put_asking_key},
    of, put, rsa, signs, token_error,
};

pub(crate) const TESTS: &[(&str, fn())] =
    &[("it_is_given_digests_and_falls_back_where_told", narrow)];

fn narrow() {
    make("narrow");
    let rsa_chain = put("narrow", &rsa(2048), "one", "01");
    let curve_chain = put("narrow", &curve("P-384"), "two", "02");
    let asking = curve("P-256");
    put_asking_key("narrow", &asking, "three", "03");
    let settings = of("narrow", id(1), issuers(&rsa_chain));
    let error = token_error(TokenKey::open(settings.clone()));
    assert!(matches!(error, TokenError::NoMechanism { wanted: "RSASSA-PSS" }), "{error}");

    let fallen = TokenKey::open(TokenSettings { fall_back: true, ..settings.clone() }).unwrap();
    assert_eq!(fallen.scheme(), Scheme::RsaPkcs1(Hash::Sha256));
    assert!(fallen.notice().unwrap().contains("PKCS#1 v1.5 is used instead"));
    signs(&fallen);

    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        let asked = TokenSettings { rsa: RsaScheme::Pkcs1(hash), ..settings.clone() };
        let asked = TokenKey::open(asked).unwrap();
        assert_eq!(asked.notice(), None);
        signs(&asked);
    }
    let elliptic = TokenKey::open(of("narrow", id(2), issuers(&curve_chain))).unwrap();
    assert_eq!(elliptic.scheme(), Scheme::EcdsaP384);
    signs(&elliptic);

    // A signature of one part leaves no moment at which the PIN could be given.
    let chain = issued(&asking).chain().to_vec();
    let asking = TokenKey::open(of("narrow", id(3), chain)).unwrap();
    assert!(matches!(token_error(asking.ready()), TokenError::AsksEachTime));
}
