//! Signatures as older software writes them, made by OpenSSL around a PDF written by hand.

#![allow(
    clippy::allow_attributes,
    clippy::format_collect,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod made;

use std::{path::Path, process::Command};

use made::{Held, Shape, agency, append, openssl_key, pdf, trust, verify};
use sohoa_sign::{
    Hash,
    test_ca::{Issued, issue},
    verify::{Algorithm, Coverage, Integrity, Note, PadesLevel, Signature, Verdict},
};

const ROOM: usize = 9000;

/// A PDF with room for a signature, and where the room is.
fn prepared(sub_filter: &str) -> (Vec<u8>, std::ops::Range<usize>) {
    let value = format!(
        "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/{sub_filter}/ByteRange [{}]\
         /Contents <{}>/M(D:20261120093106+07'00')>>",
        " ".repeat(44),
        "0".repeat(ROOM)
    );
    let file = append(
        &pdf(Shape { annotations: Held::Indirect, ..Shape::default() }),
        &[
            (1, "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[20 0 R]/SigFlags 3>>>>"),
            (5, "[6 0 R 7 0 R 20 0 R]"),
            (
                20,
                "<</Type/Annot/Subtype/Widget/FT/Sig/T(Signature1)/V 21 0 R/Rect[0 0 0 0]/P 3 0 R>>",
            ),
            (21, &value),
        ],
    );
    let zeros = "0".repeat(ROOM);
    let start = file.windows(ROOM).position(|window| window == zeros.as_bytes()).unwrap() - 1;
    let gap = start..start + ROOM + 2;
    let mut file = file;
    let range = format!("0 {} {} {}", gap.start, gap.end, file.len() - gap.end);
    let at = file.windows(12).position(|window| window == b"/ByteRange [").unwrap() + 12;
    file[at..at + range.len()].copy_from_slice(range.as_bytes());
    (file, gap)
}

/// Signs with `openssl cms`; `content` makes what it signs from the covered bytes.
fn signed(
    issued: &Issued,
    sub_filter: &str,
    options: &[&str],
    content: impl Fn(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let (mut file, gap) = prepared(sub_filter);
    let covered = [&file[..gap.start], &file[gap.end..]].concat();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("content"), content(&covered)).unwrap();
    std::fs::write(path("key"), &issued.key).unwrap();
    std::fs::write(path("chain"), &issued.chain).unwrap();
    let made = Command::new("openssl")
        .args(["cms", "-sign", "-binary", "-outform", "DER", "-in", &path("content")])
        .args(["-signer", &path("chain"), "-inkey", &path("key"), "-out", &path("cms")])
        .args(options)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let cms = std::fs::read(Path::new(&path("cms"))).unwrap();
    let digits: String = cms.iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(digits.len() <= ROOM);
    file[gap.start + 1..=gap.start + digits.len()].copy_from_slice(digits.as_bytes());
    file
}

fn rsa() -> Issued {
    let key = openssl_key(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    issue(&agency(), made::now(), Some(&key)).unwrap()
}

fn judged(file: &[u8], issued: &Issued) -> Signature {
    let mut report = verify(file, &trust(issued)).unwrap();
    assert_eq!(report.signatures.len(), 1);
    report.signatures.remove(0)
}

#[test]
fn sha1_and_pkcs1_are_read_and_called_legacy() {
    let issued = rsa();
    for (sub_filter, options) in [
        ("adbe.pkcs7.detached", &["-md", "sha1"][..]),
        ("adbe.pkcs7.detached", &["-md", "sha1", "-noattr"][..]),
        ("ETSI.CAdES.detached", &["-md", "sha1", "-cades"][..]),
        ("adbe.pkcs7.detached", &["-md", "sha1", "-stream", "-keyid"][..]),
    ] {
        let file = signed(&issued, sub_filter, options, <[u8]>::to_vec);
        let found = judged(&file, &issued);
        assert_eq!(found.integrity, Integrity::Intact, "{options:?} {found:#?}");
        assert_eq!(found.verdict, Verdict::OkLegacyAlg, "{options:?}");
        assert_eq!(found.digest_alg, Some(Hash::Sha1));
        assert_eq!(found.coverage, Coverage::WholeFile);
        let mut changed = file;
        changed[400] ^= 1;
        assert_eq!(judged(&changed, &issued).verdict, Verdict::Altered, "{options:?}");
    }
}

#[test]
fn newer_hashes_and_pss_are_read() {
    let issued = rsa();
    let pss = ["-md", "sha256", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:-1"];
    for (options, hash, algorithm) in [
        (&["-md", "sha256"][..], Hash::Sha256, Algorithm::RsaPkcs1),
        (&["-md", "sha512", "-noattr"][..], Hash::Sha512, Algorithm::RsaPkcs1),
        (&pss[..], Hash::Sha256, Algorithm::RsaPss),
    ] {
        let file = signed(&issued, "adbe.pkcs7.detached", options, <[u8]>::to_vec);
        let found = judged(&file, &issued);
        assert_eq!(found.verdict, Verdict::Ok, "{options:?} {found:#?}");
        let used = found.sig_alg.unwrap();
        assert_eq!((used.hash, used.algorithm), (hash, algorithm));
        assert_eq!(found.pades_level, PadesLevel::Legacy);
        assert!(found.notes.contains(&Note::NoSigningCertificate));
    }
}

#[test]
fn a_digest_signed_as_content_is_read() {
    let issued = rsa();
    let digest = |covered: &[u8]| {
        let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, covered);
        digest.as_ref().to_vec()
    };
    let options = ["-md", "sha1", "-nodetach"];
    let file = signed(&issued, "adbe.pkcs7.sha1", &options, digest);
    assert_eq!(judged(&file, &issued).verdict, Verdict::OkLegacyAlg);
    let mut changed = file;
    changed[400] ^= 1;
    assert_eq!(judged(&changed, &issued).verdict, Verdict::Altered);
}
