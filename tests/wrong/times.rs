//! Time-stamps that say nothing of the signature, or that nobody may be believed to have given.

use chrono::{Datelike, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, IsCa, KeyPair,
    KeyUsagePurpose,
};
use ring::digest::{SHA256, digest};
use sohoa_sign::{RsaScheme, stamp_pdf, test_ca::Issued};

use crate::{
    Kind, Kinds,
    by_hand::{self, Der, Says, openssl, signed_form, signer, tree},
    made::{self, stamps::Authority},
};

/// `id-aa-timeStampToken`.
const TOKEN: [u8; 11] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 14];

/// `id-ct-TSTInfo`.
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";

/// An authority's token over bytes.
pub(crate) fn token(authority: &Authority, bytes: &[u8]) -> Vec<u8> {
    let query = openssl(
        &[("data", bytes)],
        &["ts", "-query", "-data", "data", "-sha256", "-cert", "-no_nonce", "-out", "out"],
    );
    let mut reply = tree(&authority.reply(&query));
    reply.child(1).write()
}

/// A file of the agency whose signature value has the token that `make` gives of it.
pub(crate) fn stamped(issued: &Issued, make: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    by_hand::signed("", |content| {
        let mut cms = tree(&by_hand::baseline(issued, content));
        let parts = signer(&mut cms).children();
        let Some(Der::Leaf(4, value)) = parts.last().cloned() else { panic!("no value") };
        let attribute =
            vec![Der::Leaf(6, TOKEN.to_vec()), Der::Node(0x31, vec![tree(&make(&value))])];
        parts.push(Der::Node(0xa1, vec![Der::Node(0x30, attribute)]));
        cms.write()
    })
}

/// What a token states.
fn statement(token: &[u8]) -> Vec<u8> {
    let mut token = tree(token);
    let content = token.child(1).child(0).child(2).child(1).child(0).clone();
    let Der::Leaf(4, statement) = content else { panic!("no statement") };
    statement
}

/// The statement with SHA3-256 for its hash, which nobody asks of us to know.
fn of_another_hash(mut statement: Vec<u8>) -> Vec<u8> {
    let sha256 = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
    let at = by_hand::position(&statement, &sha256);
    statement[at + 8] = 8;
    statement
}

/// A signature whose signing-certificate attribute has a hash that nobody asks of us to know. It is
/// not signed anew, so that what is known of it is its digest.
fn named_by_another_hash(issued: &Issued, content: &[u8]) -> Vec<u8> {
    let options = ["-cades", "-md", "sha512"];
    let mut cms = by_hand::detached(&issued.key, &issued.chain, content, &options);
    // `id-aa-signingCertificateV2`, and the first SHA-512 after it.
    let attribute = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 2, 47];
    let at = by_hand::position(&cms, &attribute);
    let sha512 = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];
    let inside = by_hand::position(&cms[at..], &sha512);
    cms[at + inside + 8] = 8;
    cms
}

/// A statement, signed by another key.
fn signed_anew(statement: &[u8], (key, certificate): &(String, String)) -> Vec<u8> {
    let files = [("key", key.as_bytes()), ("own", certificate.as_bytes()), ("info", statement)];
    let command = ["cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-in", "info"];
    let by = ["-signer", "own", "-inkey", "key", "-econtent_type", TST_INFO, "-nosmimecap"];
    openssl(&files, &[&command[..], &by, &["-cades", "-md", "sha256", "-out", "out"]].concat())
}

/// A root, and a key with a certificate under it; for time-stamps, or for something else.
fn stamper(root: &CertifiedIssuer<'static, KeyPair>, purpose: u8) -> (String, String) {
    let mut own = CertificateParams::new(Vec::new()).unwrap();
    own.use_authority_key_identifier_extension = true;
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    own.not_after = rcgen::date_time_ymd(Utc::now().year() + 3, 1, 1);
    own.distinguished_name.push(DnType::CommonName, "stamp");
    let purpose = [0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, purpose];
    let mut purpose = CustomExtension::from_oid_content(&[2, 5, 29, 37], purpose.to_vec());
    purpose.set_criticality(true);
    own.custom_extensions.push(purpose);
    let key = KeyPair::generate().unwrap();
    let own = own.signed_by(&key, root).unwrap();
    (key.serialize_pem(), own.pem())
}

pub(crate) fn root() -> CertifiedIssuer<'static, KeyPair> {
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.distinguished_name.push(DnType::CommonName, "Sohoa TEST root, no legal value");
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap()
}

/// A file with a time-stamp over all of it.
fn archived(authority: &Authority, issued: &Issued) -> Vec<u8> {
    let (file, _) =
        made::sign(&made::pdf(made::Shape::default()), &made::key(issued, RsaScheme::default()));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("document.pdf");
    std::fs::write(&path, file).unwrap();
    let client = authority.client(None, authority.trust(), |_, reply| reply);
    stamp_pdf(&path, &path, "ArchiveStamp", &client).unwrap();
    std::fs::read(&path).unwrap()
}

/// Flips a bit of the token's own signature.
fn spoilt(mut token: Vec<u8>) -> Vec<u8> {
    *token.last_mut().unwrap() ^= 1;
    token
}

/// The token with another time in its statement.
fn backdated(token: &[u8]) -> Vec<u8> {
    let mut token = token.to_vec();
    let at = token.windows(2).position(|pair| pair == [0x18, 15]).unwrap();
    token[at + 5] = b'0' + (token[at + 5] - b'0' + 9) % 10;
    token
}

pub(crate) fn kinds() -> Kinds {
    let issued = made::made(&made::agency());
    let root = root();
    let authority = Authority::under(&root, 5, Vec::new());
    let (mail, stranger, stamps) = (stamper(&root, 4), Authority::new(), stamper(&root, 8));
    let good = |value: &[u8]| token(&authority, value);
    let mut document = archived(&authority, &issued);
    // What the stamp covers: the agency's signature, and the page.
    let at = by_hand::position(&document, b"0 0 1 rg");
    document[at] = b'1';
    let of = |make: &dyn Fn(&[u8]) -> Vec<u8>| stamped(&issued, make);
    let altered = |name, file| Kind::new(name, "altered", file);
    let untrusted = |name, file| Kind::new(name, "untrusted_chain", file);
    let digested = |value: &[u8]| token(&authority, digest(&SHA256, value).as_ref());
    let all = vec![
        altered("a time-stamp of another signature", of(&|_| token(&authority, b"another"))),
        altered("a time-stamp of the digest instead of the value", of(&digested)),
        altered("a time-stamp with a broken signature", of(&|value| spoilt(good(value)))),
        altered("a time-stamp with another time", of(&|value| backdated(&good(value)))),
        altered("no token where the time-stamp should be", of(&|_| vec![0x30, 0])),
        altered("a document time-stamp over other content", document),
        untrusted("a time-stamp by a strange authority", of(&|value| token(&stranger, value))),
        untrusted(
            "a time-stamp by a certificate for mail (extended key usage)",
            of(&|value| signed_anew(&statement(&good(value)), &mail)),
        ),
        untrusted(
            "a time-stamp of a hash that is not known",
            of(&|value| signed_anew(&of_another_hash(statement(&good(value))), &stamps)),
        ),
        untrusted("a document time-stamp by a strange authority", archived(&stranger, &issued)),
        untrusted("a document time-stamp of a hash that is not known", {
            let shape = made::Shape { annotations: made::Held::Indirect, ..made::Shape::default() };
            let says = Says { sub_filter: "ETSI.RFC3161", ..Says::baseline("", false) };
            signed_form(&made::pdf(shape), ("", "6 0 R 7 0 R"), says, |content| {
                signed_anew(&of_another_hash(statement(&good(content))), &stamps)
            })
        }),
        untrusted("a certificate named by a hash that is not known", {
            by_hand::signed("", |content| named_by_another_hash(&issued, content))
        }),
        altered("other content, and a certificate named by a hash that is not known", {
            let mut spoilt = by_hand::signed("", |content| named_by_another_hash(&issued, content));
            let at = by_hand::position(&spoilt, b"0 0 1 rg");
            spoilt[at] = b'1';
            spoilt
        }),
    ];
    Kinds { roots: [issued.root, root.pem()].concat(), all }
}
