//! Which level a file reaches, and what has to hold for it.

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use sohoa_sign::{
    EvidenceError, Fetch, FetchError, Hash, KeptEvidence, Message, MessageSigner as _,
    RevocationMethod, RsaScheme, SignError, StampError, TimeStampAuthority, raise_pdf_with,
    sign_pdf, stamp_pdf,
    verify::{
        Agency, Expected, LaterChanges, Note, PadesLevel, RevocationStatus, TrustDomain, Verdict,
        verify_pdf,
    },
};

use crate::{
    client, levels,
    made::{
        self, Held, Shape, Xref, append,
        pki::{AGENCY, Network, Pki},
        stamps,
    },
    much_later, raise, sign, signed, through, verify,
};

#[test]
fn every_key_and_file_is_raised_to_b_lt_and_b_lta() {
    let rsa = made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let p384 = made::openssl_key(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]);
    let pki = Pki::new();
    let authority = client(&pki);
    for (pem, scheme) in [
        (Some(&rsa), RsaScheme::Pss(Hash::Sha256)),
        (Some(&rsa), RsaScheme::Pkcs1(Hash::Sha256)),
        (None, RsaScheme::default()),
        (Some(&p384), RsaScheme::default()),
    ] {
        let key = pki.agency(AGENCY, pem.map(String::as_str), scheme);
        for xref in [Xref::Table, Xref::Stream, Xref::Hybrid] {
            let shape = Shape { xref, form: Held::Indirect, ..Shape::default() };
            let file = sign(&made::pdf(shape), &key, &pki);
            let before = verify(&file, &pki, Utc::now());
            assert_eq!(levels(&before), [PadesLevel::BT]);
            assert_eq!(before.verdict, Verdict::IndeterminateRevocation);

            let source = Network::of(&pki).source();
            let (kept, raised) = raise(&file, &source, None, Utc::now()).unwrap();
            assert!(kept.starts_with(&file) && kept.ends_with(b"%%EOF\n"));
            assert_eq!((raised.size, raised.ocsps, raised.crls), (kept.len() as u64, 1, 1));
            assert_eq!(
                raised.sha256[..],
                *ring::digest::digest(&ring::digest::SHA256, &kept).as_ref()
            );
            let report = verify(&kept, &pki, much_later());
            assert_eq!(levels(&report), [PadesLevel::BLt], "{scheme:?} {xref:?}");
            assert_eq!(report.verdict, Verdict::Ok, "{report:#?}");
            let found = &report.signatures[0];
            assert_eq!(found.later_changes, LaterChanges::Signatures);
            assert_eq!(found.revocation_status, RevocationStatus::Good);
            assert_eq!(found.revocation_method, RevocationMethod::Ocsp);

            let (archived, raised) = raise(&file, &source, Some(&authority), Utc::now()).unwrap();
            assert_eq!(raised.size, archived.len() as u64);
            assert!(raised.stamp.is_some() && raised.left.is_empty());
            let report = verify(&archived, &pki, much_later());
            assert_eq!(levels(&report), [PadesLevel::BLta, PadesLevel::BLt], "{scheme:?} {xref:?}");
            assert_eq!(report.verdict, Verdict::Ok, "{report:#?}");
        }
    }
}

#[test]
fn who_stamps_the_time_is_nobodys_agency() {
    let (pki, file) = signed();
    let source = Network::of(&pki).source();
    let (archived, _) = raise(&file, &source, Some(&client(&pki)), Utc::now()).unwrap();
    let mut copy = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut copy, &archived).unwrap();
    let mut trust = pki.trust();
    trust.agencies = vec![Agency {
        id: "H08.12".to_owned(),
        names: vec![made::agency().common_name],
        ..Agency::default()
    }];
    for expected in [Expected::Organisation, Expected::Agency("H08.12".to_owned())] {
        trust.expected = expected;
        let report = verify_pdf(copy.path(), &trust, much_later()).unwrap();
        let [own, stamp] = report.signatures.as_slice() else { panic!("{report:#?}") };
        assert_eq!((own.verdict, stamp.verdict), (Verdict::Ok, Verdict::Ok), "{report:#?}");
        assert_eq!(stamp.agency_match, None);
    }
    trust.expected = Expected::Agency("H99.02".to_owned());
    let report = verify_pdf(copy.path(), &trust, much_later()).unwrap();
    assert_eq!(report.signatures[0].verdict, Verdict::WrongAgency);
    // Any authority writes that name into a certificate, and may give out time-stamps.
    trust.roots[0].domain = TrustDomain::PublicCa;
    for (expected, verdict) in [
        (Expected::Agency("H08.12".to_owned()), Verdict::UntrustedChain),
        (Expected::Anyone, Verdict::Ok),
    ] {
        trust.expected = expected;
        let report = verify_pdf(copy.path(), &trust, much_later()).unwrap();
        let [own, stamp] = report.signatures.as_slice() else { panic!("{report:#?}") };
        assert_eq!((own.verdict, stamp.verdict), (verdict, Verdict::Ok), "{report:#?}");
        assert_eq!(own.notes.contains(&Note::NotOfficial), verdict != Verdict::Ok);
    }
}

#[test]
fn an_archive_is_renewed() {
    let (pki, file) = signed();
    let (source, authority) = (Network::of(&pki).source(), client(&pki));
    let (once, _) = raise(&file, &source, Some(&authority), Utc::now()).unwrap();
    let (twice, raised) = raise(&once, &source, Some(&authority), Utc::now()).unwrap();
    assert!(twice.starts_with(&once));
    assert_eq!((raised.ocsps, raised.crls), (1, 1), "what is there is not added again");
    let report = verify(&twice, &pki, much_later());
    assert_eq!(levels(&report), [PadesLevel::BLta, PadesLevel::BLta, PadesLevel::BLt]);
    assert_eq!(report.verdict, Verdict::Ok);
}

#[test]
fn evidence_that_is_changed_in_the_file_proves_nothing() {
    let (pki, file) = signed();
    let (source, authority) = (Network::of(&pki).source(), client(&pki));
    let (kept, _) = raise(&file, &source, None, Utc::now()).unwrap();
    let (archived, _) = raise(&file, &source, Some(&authority), Utc::now()).unwrap();
    // OCSP's basic response, and the number extension of a list.
    let places: [&[u8]; 2] = [&[6, 9, 0x2b, 6, 1, 5, 5, 7, 48, 1, 1], &[6, 3, 0x55, 0x1d, 20]];
    for place in places {
        let spoilt = |file: &[u8]| {
            let at = file.windows(place.len()).rposition(|window| window == place).unwrap();
            let mut changed = file.to_vec();
            changed[at + place.len() + 40] ^= 1;
            changed
        };
        let report = verify(&spoilt(&kept), &pki, Utc::now());
        assert_eq!(levels(&report), [PadesLevel::BT]);
        assert_eq!(report.verdict, Verdict::IndeterminateRevocation);
        let report = verify(&spoilt(&archived), &pki, Utc::now());
        assert_eq!(report.signatures[1].verdict, Verdict::Altered);
        assert_ne!(report.signatures[0].pades_level, PadesLevel::BLta);
    }
}

#[test]
fn a_stamp_that_does_not_cover_the_evidence_does_not_archive_it() {
    let (pki, file) = signed();
    let authority = client(&pki);
    let stamped = through(&file, |path| stamp_pdf(path, path, "ArchiveStamp", &authority));
    let source = Network::of(&pki).source();
    let (kept, _) = raise(&stamped.unwrap().0, &source, None, Utc::now()).unwrap();
    let report = verify(&kept, &pki, much_later());
    assert_eq!(levels(&report), [PadesLevel::BLt, PadesLevel::BLt]);
    let again = through(&kept, |path| stamp_pdf(path, path, "ArchiveStamp", &authority));
    let report = verify(&again.unwrap().0, &pki, much_later());
    assert_eq!(levels(&report), [PadesLevel::BLta, PadesLevel::BLta, PadesLevel::BLt]);
}

#[test]
fn a_store_that_was_emptied_after_the_stamp_proves_nothing() {
    let (pki, file) = signed();
    let (source, authority) = (Network::of(&pki).source(), client(&pki));
    let (archived, _) = raise(&file, &source, Some(&authority), Utc::now()).unwrap();
    let text = String::from_utf8_lossy(&archived);
    let at = text.rfind("/DSS ").unwrap();
    let number: u32 = text[at + 5..].split(' ').next().unwrap().parse().unwrap();
    let emptied = append(&archived, &[(number, "<</Type/DSS>>")]);
    let report = verify(&emptied, &pki, much_later());
    assert_eq!(levels(&report), [PadesLevel::BT, PadesLevel::BT]);
    assert_eq!(report.verdict, Verdict::IndeterminateRevocation);
}

#[test]
fn what_is_not_stamped_signed_or_trusted_is_not_raised() {
    let (pki, file) = signed();
    let source = Network::of(&pki).source();
    let plain = raise(&made::pdf(Shape::default()), &source, None, Utc::now());
    assert!(matches!(plain, Err(SignError::Unsigned)));
    let key = pki.agency(AGENCY, None, RsaScheme::default());
    let (unstamped, _) = made::sign(&made::pdf(Shape::default()), &key);
    let refused = raise(&unstamped, &source, None, Utc::now());
    assert!(matches!(refused, Err(SignError::NotStamped { .. })));
    let stranger = Network::of(&Pki::new()).source();
    let refused = raise(&file, &stranger, None, Utc::now());
    assert!(matches!(refused, Err(SignError::NotValid { verdict: Verdict::UntrustedChain, .. })));
    let mut changed = file.clone();
    let at = changed.windows(8).position(|window| window == b"0 0 1 rg").unwrap();
    changed[at] = b'1';
    let refused = raise(&changed, &source, None, Utc::now());
    assert!(matches!(refused, Err(SignError::NotValid { verdict: Verdict::Altered, .. })));
}

/// An authority that changes its certificate after its first reply.
#[derive(Debug)]
struct Changing(Arc<std::sync::atomic::AtomicUsize>, stamps::Authority, stamps::Authority);

impl Fetch for Changing {
    fn post(&self, message: &Message<'_>) -> Result<Vec<u8>, FetchError> {
        let before = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(if before == 0 { &self.1 } else { &self.2 }.reply(message.body))
    }

    fn get(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        Err(FetchError::Address(url.to_owned()))
    }
}

#[test]
fn an_authority_with_a_new_certificate_stamps_at_the_next_attempt() {
    let (pki, file) = signed();
    let changing = Changing(Arc::default(), pki.stamps.clone(), pki.other_stamps.clone());
    let authority =
        TimeStampAuthority::new("http://tsa.test/", None, pki.trust(), Box::new(changing)).unwrap();
    let source = Network::of(&pki).source();
    let refused = raise(&file, &source, Some(&authority), Utc::now());
    assert!(matches!(refused, Err(SignError::TimeStamp(StampError::NewCertificate))));
    let (archived, _) = raise(&file, &source, Some(&authority), Utc::now()).unwrap();
    let report = verify(&archived, &pki, much_later());
    assert_eq!(levels(&report), [PadesLevel::BLta, PadesLevel::BLt]);
}

#[test]
fn a_signature_without_a_stamp_is_raised_by_a_document_time_stamp() {
    let pki = Pki::new();
    let key = pki.agency(AGENCY, None, RsaScheme::default());
    let bare = made::pdf(Shape::default());
    let (bare, _) = through(&bare, |path| sign_pdf(path, path, &made::request(), &key)).unwrap();
    assert_eq!(levels(&verify(&bare, &pki, Utc::now())), [PadesLevel::BB]);
    let (source, authority) = (Network::of(&pki).source(), client(&pki));
    let refused = raise(&bare, &source, None, Utc::now());
    assert!(matches!(refused, Err(SignError::NotStamped { .. })));

    let (stamped, _) =
        through(&bare, |path| stamp_pdf(path, path, "ArchiveStamp", &authority)).unwrap();
    assert_eq!(levels(&verify(&stamped, &pki, Utc::now())), [PadesLevel::BT; 2]);
    // Without word on the stamp's own authority the signature's time is not proven for good.
    let silent = Network::of(&pki).without(&["/root.crl"]).source();
    assert!(matches!(raise(&stamped, &silent, None, Utc::now()), Err(SignError::Evidence { .. })));
    let (kept, _) = raise(&stamped, &source, None, Utc::now()).unwrap();
    assert_eq!(levels(&verify(&kept, &pki, much_later())), [PadesLevel::BLt; 2]);
    let (archived, _) = raise(&kept, &source, Some(&authority), Utc::now()).unwrap();
    let report = verify(&archived, &pki, much_later());
    let expected = [PadesLevel::BLta, PadesLevel::BLta, PadesLevel::BLt];
    assert_eq!(levels(&report), expected);
    assert_eq!(report.verdict, Verdict::Ok, "{report:#?}");
}

#[test]
fn what_was_kept_when_it_was_signed_serves_once_its_authority_has_forgotten_it() {
    let pki = Pki::new();
    let key = pki.agency(AGENCY, None, RsaScheme::default());
    let asked = Network::of(&pki).source().check_signer(key.chain(), Utc::now()).unwrap();
    let kept = KeptEvidence::from_der(&asked.to_der()).unwrap();
    assert!(kept.to_der() == asked.to_der());
    let file = sign(&made::pdf(Shape::default()), &key, &pki);
    let forgotten = || Network::of(&pki).changing(|_, answer| answer.known = false);
    let source = || forgotten().without(&["/middle.crl"]).source();
    let with = |kept: &KeptEvidence| {
        through(&file, |path| raise_pdf_with(path, path, (&source(), kept), None, Utc::now()))
    };
    assert!(matches!(with(&KeptEvidence::default()), Err(SignError::Evidence { .. })));
    let (raised, _) = with(&kept).unwrap();
    let report = verify(&raised, &pki, much_later());
    assert_eq!((levels(&report), report.verdict), (vec![PadesLevel::BLt], Verdict::Ok));
    // What was revoked since, before it was signed, is so whatever was said before.
    pki.revoke(AGENCY, Utc::now() - TimeDelta::hours(1), Some(1));
    let revoked = through(&file, |path| {
        raise_pdf_with(path, path, (&Network::of(&pki).source(), &kept), None, Utc::now())
    });
    let Err(SignError::Evidence { source, .. }) = revoked else { panic!("raised") };
    assert!(matches!(*source, EvidenceError::Revoked { .. }), "{source:?}");
}
