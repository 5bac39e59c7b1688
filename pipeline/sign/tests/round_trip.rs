//! What is signed here verifies here, however the PDF is written and whatever the key.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod made;

use made::{Held, Shape, Xref, agency, key, made as issued, pdf, person, sign, trust, verify};
use sohoa_sign::{
    Appearance, CertificateDer, Hash, KeyFile, RsaScheme, SignError, Signed, sign_pdf,
    verify::{
        Agency, Coverage, Expected, Integrity, LaterChanges, Note, PadesLevel, PolicyError,
        Position, Report, SubjectKind, SubjectKindBasis, Trust, TrustDomain, Verdict, check_signer,
    },
};

fn assert_good(report: &Report) {
    assert_eq!(report.verdict, Verdict::Ok, "{report:#?}");
    for signature in &report.signatures {
        assert_eq!(signature.integrity, Integrity::Intact);
        assert_eq!(signature.pades_level, PadesLevel::BB);
        assert_eq!(signature.position, Position::TopRight);
        assert_eq!(signature.trust_domain, TrustDomain::Test);
        assert_eq!(signature.page_no, Some(1));
    }
}

#[test]
fn every_way_to_write_a_pdf_is_signed() {
    let issued = issued(&agency());
    let (key, trust) = (key(&issued, RsaScheme::default()), trust(&issued));
    let holds = [Held::Absent, Held::Direct, Held::Indirect];
    for xref in [Xref::Table, Xref::Stream, Xref::Hybrid] {
        for (i, annotations) in holds.into_iter().enumerate() {
            for (j, form) in holds.into_iter().enumerate() {
                let rotate = [0, 90, 180, 270, -90][(i * 3 + j) % 5];
                let final_newline = j != 1;
                let shape = Shape { xref, rotate, annotations, form, final_newline, junk: 0 };
                let input = pdf(shape);
                let (output, signed) = sign(&input, &key);
                assert!(output.starts_with(&input), "{shape:?}");
                assert_eq!(output[input.len()] == b'\n', !final_newline, "{shape:?}");
                assert!(output.ends_with(b"\n%%EOF\n"), "{shape:?}");
                assert_eq!(output.len() as u64, signed.size);
                assert_eq!(
                    signed.sha256[..],
                    *ring::digest::digest(&ring::digest::SHA256, &output).as_ref()
                );
                let report = verify(&output, &trust).unwrap();
                assert_good(&report);
                assert_eq!(report.signatures[0].coverage, Coverage::WholeFile, "{shape:?}");
                assert_eq!(report.signatures[0].later_changes, LaterChanges::None);
            }
        }
    }
}

#[test]
fn every_key_and_scheme_verifies() {
    let rsa = made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let rsa3072 = made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"]);
    let p384 = made::openssl_key(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]);
    let cases = [
        (&rsa, RsaScheme::Pss(Hash::Sha256), Hash::Sha256, 2048),
        (&rsa, RsaScheme::Pss(Hash::Sha384), Hash::Sha384, 2048),
        (&rsa, RsaScheme::Pkcs1(Hash::Sha256), Hash::Sha256, 2048),
        (&rsa, RsaScheme::Pkcs1(Hash::Sha384), Hash::Sha384, 2048),
        (&rsa3072, RsaScheme::Pss(Hash::Sha512), Hash::Sha512, 3072),
        (&rsa3072, RsaScheme::Pkcs1(Hash::Sha512), Hash::Sha512, 3072),
        (&p384, RsaScheme::default(), Hash::Sha384, 384),
    ];
    for (pem, scheme, hash, bits) in cases {
        let issued = sohoa_sign::test_ca::issue(&agency(), made::now(), Some(pem)).unwrap();
        let (output, _) = sign(&pdf(Shape::default()), &key(&issued, scheme));
        let report = verify(&output, &trust(&issued)).unwrap();
        assert_good(&report);
        assert_eq!(report.signatures[0].digest_alg, Some(hash), "{scheme:?}");
        assert_eq!(report.signatures[0].key_bits, Some(bits));
    }
}

#[test]
fn sha1_signs_nothing() {
    let rsa = made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let issued = sohoa_sign::test_ca::issue(&agency(), made::now(), Some(&rsa)).unwrap();
    let chain = CertificateDer::from_pem(&issued.chain).unwrap();
    let refused = KeyFile::new(rsa.as_bytes(), &chain, RsaScheme::Pkcs1(Hash::Sha1));
    assert!(matches!(refused, Err(SignError::Key(_))));
}

#[test]
fn a_key_without_its_certificate_is_refused() {
    let (one, other) = (issued(&agency()), issued(&agency()));
    let chain = CertificateDer::from_pem(&other.chain).unwrap();
    let refused = KeyFile::new(one.key.as_bytes(), &chain, RsaScheme::default());
    assert!(matches!(refused, Err(SignError::KeyMismatch)));
}

#[test]
fn earlier_signatures_stay_valid() {
    let issued = issued(&agency());
    let (key, trust) = (key(&issued, RsaScheme::default()), trust(&issued));
    for xref in [Xref::Table, Xref::Stream, Xref::Hybrid] {
        let mut file = pdf(Shape { xref, annotations: Held::Indirect, ..Shape::default() });
        for expected in ["AgencySignature", "AgencySignature_2", "AgencySignature_3"] {
            let (output, signed) = sign(&file, &key);
            assert_eq!(signed.field_name, expected);
            file = output;
        }
        let report = verify(&file, &trust).unwrap();
        assert_good(&report);
        let coverage: Vec<_> = report.signatures.iter().map(|found| found.coverage).collect();
        let revision = Coverage::WholeRevision;
        assert_eq!(coverage, [revision, revision, Coverage::WholeFile]);
        let later: Vec<_> = report.signatures.iter().map(|found| found.later_changes).collect();
        let further = LaterChanges::Signatures;
        assert_eq!(later, [further, further, LaterChanges::None]);
    }
}

#[test]
fn junk_before_the_header_shifts_every_offset() {
    let issued = issued(&agency());
    let file = pdf(Shape { junk: 21, ..Shape::default() });
    let (output, _) = sign(&file, &key(&issued, RsaScheme::default()));
    let report = verify(&output, &trust(&issued)).unwrap();
    assert_eq!(report.junk_before_header, 21);
    assert!(report.signatures[0].notes.contains(&Note::JunkBeforeHeader));
    assert_good(&report);
}

#[test]
fn a_root_that_is_not_pinned_is_not_believed() {
    let (one, other) = (issued(&agency()), issued(&agency()));
    let (output, _) = sign(&pdf(Shape::default()), &key(&one, RsaScheme::default()));
    for trust in [trust(&other), Trust::default()] {
        let report = verify(&output, &trust).unwrap();
        assert_eq!(report.verdict, Verdict::UntrustedChain);
        assert_eq!(report.signatures[0].trust_domain, TrustDomain::Untrusted);
    }
}

#[test]
fn other_domains_want_revocation_data() {
    let issued = issued(&agency());
    let (output, _) = sign(&pdf(Shape::default()), &key(&issued, RsaScheme::default()));
    let mut trust = trust(&issued);
    trust.roots[0].domain = TrustDomain::GovCipher;
    assert_eq!(verify(&output, &trust).unwrap().verdict, Verdict::IndeterminateRevocation);
}

#[test]
fn a_certificate_of_another_time_is_expired_at_signing() {
    let later = made::now() + chrono::TimeDelta::days(400);
    let issued = sohoa_sign::test_ca::issue(&agency(), later, None).unwrap();
    let (output, _) = sign(&pdf(Shape::default()), &key(&issued, RsaScheme::default()));
    let report = verify(&output, &trust(&issued)).unwrap();
    assert_eq!(report.verdict, Verdict::ExpiredAtSigning);
}

#[test]
fn a_person_is_not_an_agency() {
    let issued = issued(&person());
    let (output, _) = sign(&pdf(Shape::default()), &key(&issued, RsaScheme::default()));
    let mut trust = trust(&issued);
    trust.expected = Expected::Organisation;
    let report = verify(&output, &trust).unwrap();
    let found = &report.signatures[0];
    assert_eq!(found.subject_kind, SubjectKind::Person);
    assert_eq!(found.verdict, Verdict::WrongSubjectKind);
    assert!(found.subject_has_citizen_id);
    assert!(!serde_json::to_string(&report).unwrap().contains("000000000001"));
    let chain = CertificateDer::from_pem(&issued.chain).unwrap();
    let refused = check_signer(&chain, &trust, made::now());
    assert_eq!(refused, Err(PolicyError::NotAnOrganisation));
}

#[test]
fn the_register_decides_who_an_agency_is() {
    let subject = sohoa_sign::test_ca::Subject { user_id: None, ..agency() };
    let issued = issued(&subject);
    let (output, _) = sign(&pdf(Shape::default()), &key(&issued, RsaScheme::default()));
    let mut trust = trust(&issued);
    let kind = |trust: &Trust| {
        let found = verify(&output, trust).unwrap().signatures.remove(0);
        (found.subject_kind, found.subject_kind_basis, found.verdict)
    };
    let person = (SubjectKind::Person, SubjectKindBasis::Default, Verdict::Ok);
    assert_eq!(kind(&trust), person);
    trust.agencies = vec![Agency {
        id: "H99.01".to_owned(),
        names: vec!["SỞ THỬ NGHIỆM TỈNH MẪU".to_owned()],
        ..Agency::default()
    }];
    trust.expected = Expected::Agency("H99.01".to_owned());
    let organisation = (SubjectKind::Organisation, SubjectKindBasis::RegisteredName, Verdict::Ok);
    assert_eq!(kind(&trust), organisation);
    let chain = CertificateDer::from_pem(&issued.chain).unwrap();
    assert_eq!(check_signer(&chain, &trust, made::now()).unwrap().agency.unwrap(), "H99.01");
    trust.expected = Expected::Agency("H99.02".to_owned());
    assert_eq!(kind(&trust).2, Verdict::WrongAgency);
    let refused = check_signer(&chain, &trust, made::now());
    assert_eq!(refused, Err(PolicyError::WrongAgency));
}

fn refused(input: &[u8], request: &sohoa_sign::SignRequest) -> SignError {
    let issued = issued(&agency());
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in.pdf"), folder.path().join("out.pdf"));
    std::fs::write(&from, input).unwrap();
    let result: Result<Signed, _> =
        sign_pdf(&from, &to, request, &key(&issued, RsaScheme::default()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the input is left");
    result.unwrap_err()
}

#[test]
fn what_must_not_be_signed_is_refused_and_nothing_is_written() {
    let request = made::request();
    assert!(matches!(refused(b"no PDF at all", &request), SignError::Pdf(_)));
    let plain = pdf(Shape::default());
    let encrypted =
        String::from_utf8_lossy(&plain).replace("/Root 1 0 R", "/Root 1 0 R/Encrypt 5 0 R");
    let table = encrypted.find("xref\n0").unwrap();
    // The text replacement turned four binary bytes into twelve; the table says where it is.
    let encrypted = encrypted.replace(
        &encrypted[encrypted.find("startxref").unwrap()..],
        &format!("startxref\n{table}\n%%EOF\n"),
    );
    assert!(matches!(refused(encrypted.as_bytes(), &request), SignError::Encrypted));
    let certified = made::append(
        &plain,
        &[
            (1, "<</Type/Catalog/Pages 2 0 R/Perms<</DocMDP 20 0 R>>>>"),
            (20, "<</Type/Sig/Reference[<</TransformMethod/DocMDP/TransformParams<</P 1>>>>]>>"),
        ],
    );
    assert!(matches!(refused(&certified, &request), SignError::Certified));
    let mut strange = made::request();
    let shown = strange.appearance.take().unwrap();
    strange.appearance = Some(Appearance { lines: vec!["\u{1F600}".to_owned()], ..shown });
    assert!(matches!(refused(&plain, &strange), SignError::MissingGlyph('\u{1F600}')));
}

#[test]
fn a_file_without_signatures_is_missing_one() {
    let report = verify(&pdf(Shape::default()), &Trust::default()).unwrap();
    assert_eq!(report.verdict, Verdict::Missing);
    assert!(report.signatures.is_empty());
}
