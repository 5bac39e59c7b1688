//! Keys in files of every kind that `openssl` writes sign, and what is no key is told apart.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod made;

use std::process::Command;

use made::{Shape, agency, pdf, sign, trust, verify};
use sohoa_sign::{
    CertificateDer, Hash, KeyFile, MessageSigner, Passphrase, RsaScheme, Scheme, SignError,
    test_ca::{Issued, issue},
    verify::Verdict,
};

const PASSWORD: &str = "mật khẩu 1";

fn rsa(bits: u32) -> String {
    let bits = format!("rsa_keygen_bits:{bits}");
    made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", &bits])
}

fn elliptic(curve: &str) -> String {
    let curve = format!("ec_paramgen_curve:{curve}");
    made::openssl_key(&["-algorithm", "EC", "-pkeyopt", &curve])
}

fn certified(key: &str) -> Issued {
    issue(&agency(), made::now(), Some(key)).unwrap()
}

/// A PKCS#12 file of an issued key, by `openssl pkcs12` with further options.
fn pkcs12(issued: &Issued, options: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("key.pem"), &issued.key).unwrap();
    std::fs::write(at("chain.pem"), &issued.chain).unwrap();
    let run = Command::new("openssl")
        .args(["pkcs12", "-export", "-inkey", "key.pem", "-in", "chain.pem", "-out", "out.p12"])
        .args(["-passout", &format!("pass:{PASSWORD}")])
        .args(options)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    std::fs::read(at("out.p12")).unwrap()
}

fn open(file: &[u8], password: &str) -> Result<KeyFile, SignError> {
    KeyFile::from_pkcs12(file, &Passphrase::new(password), RsaScheme::default())
}

#[test]
fn every_way_to_encrypt_a_pkcs12_file_is_read() {
    let issued = certified(&elliptic("P-256"));
    let ways: [&[&str]; 6] = [
        &[],
        &["-keypbe", "AES-128-CBC", "-certpbe", "AES-192-CBC", "-macalg", "SHA512"],
        &["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "SHA1"],
        &["-legacy"],
        &["-keypbe", "NONE", "-certpbe", "NONE"],
        &["-iter", "100000", "-macalg", "SHA384"],
    ];
    for way in ways {
        let key = open(&pkcs12(&issued, way), PASSWORD).unwrap_or_else(|e| panic!("{way:?}: {e}"));
        assert_eq!(key.chain().len(), 2, "{way:?}");
        let (output, _) = sign(&pdf(Shape::default()), &key);
        let report = verify(&output, &trust(&issued)).unwrap();
        assert_eq!(report.verdict, Verdict::Ok, "{way:?}");
    }
}

#[test]
fn pkcs12_files_hold_keys_of_every_kind() {
    let kinds = [
        (rsa(2048), Scheme::RsaPss(Hash::Sha256), 256),
        (rsa(4096), Scheme::RsaPss(Hash::Sha256), 512),
        (elliptic("P-384"), Scheme::EcdsaP384, 104),
    ];
    for (pem, scheme, length) in kinds {
        let issued = certified(&pem);
        let key = open(&pkcs12(&issued, &[]), PASSWORD).unwrap();
        assert_eq!((key.scheme(), key.signature_len()), (scheme, length));
        let (output, _) = sign(&pdf(Shape::default()), &key);
        assert_eq!(verify(&output, &trust(&issued)).unwrap().verdict, Verdict::Ok);
    }
}

fn reason(result: Result<KeyFile, SignError>) -> &'static str {
    match result {
        Err(SignError::Key(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_password_is_told_apart_from_a_damaged_file() {
    let file = pkcs12(&certified(&elliptic("P-256")), &[]);
    assert!(reason(open(&file, "mat khau 1")).contains("password"));
    assert!(reason(open(&file, "")).contains("password"));
    assert!(reason(open(&file[..file.len() / 2], PASSWORD)).contains("not a PKCS#12"));
    assert!(reason(open(b"-----BEGIN", PASSWORD)).contains("not a PKCS#12"));
    let unchecked = pkcs12(&certified(&elliptic("P-256")), &["-nomac"]);
    assert!(reason(open(&unchecked, PASSWORD)).contains("check value"));
}

#[test]
fn no_byte_of_a_file_changes_what_it_holds() {
    let issued = certified(&elliptic("P-256"));
    let file = pkcs12(&issued, &["-iter", "1"]);
    let good = open(&file, PASSWORD).unwrap();
    for at in (0..file.len()).step_by(3) {
        let mut changed = file.clone();
        changed[at] ^= 0x41;
        if let Ok(key) = open(&changed, PASSWORD) {
            assert_eq!(key.chain(), good.chain(), "byte {at}");
        }
    }
}

#[test]
fn a_pkcs12_file_without_the_certificate_of_its_key_is_refused() {
    let (one, other) = (certified(&elliptic("P-256")), certified(&elliptic("P-256")));
    let alone = pkcs12(&one, &["-nocerts"]);
    assert!(matches!(open(&alone, PASSWORD), Err(SignError::KeyMismatch)));
    let chain = CertificateDer::from_pem(&other.chain).unwrap();
    let stranger = KeyFile::new(one.key.as_bytes(), &chain, RsaScheme::default());
    assert!(matches!(stranger, Err(SignError::KeyMismatch)));
}

#[test]
fn a_key_in_der_signs_as_one_in_pem() {
    let issued = certified(&rsa(2048));
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("key.pem"), &issued.key).unwrap();
    std::fs::write(at("chain.pem"), &issued.chain).unwrap();
    let made = Command::new("openssl")
        .args([
            "pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", "key.pem", "-out", "key.der",
        ])
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(made.success());
    for hash in [Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        for scheme in [RsaScheme::Pss(hash), RsaScheme::Pkcs1(hash)] {
            let key = KeyFile::load(&at("key.der"), &at("chain.pem"), scheme).unwrap();
            let (output, _) = sign(&pdf(Shape::default()), &key);
            let report = verify(&output, &trust(&issued)).unwrap();
            assert_eq!(report.verdict, Verdict::Ok, "{scheme:?}");
        }
    }
}

#[test]
fn keys_too_short_or_of_another_kind_are_refused() {
    for pem in [rsa(1024), made::openssl_key(&["-algorithm", "ED25519"])] {
        let refused = KeyFile::new(pem.as_bytes(), &[], RsaScheme::default());
        assert!(matches!(refused, Err(SignError::Key(_))));
    }
}
