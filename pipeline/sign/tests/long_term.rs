//! Levels B-LT and B-LTA: the evidence is in the file, and it is believed only when it is right.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod made;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use made::{
    Held, Shape, Xref, append,
    pki::{AGENCY, Answer, By, MIDDLE, Network, Pki, STAMPER},
    stamps::{self, response, serve},
};
use sohoa_sign::{
    ArchiveStamp, EvidenceCache, EvidenceError, EvidenceFault, EvidenceSource, Fetch, FetchError,
    Hash, HttpClient, KeyFile, Message, MessageSigner, Raised, RevocationMethod, RsaScheme,
    SignError, StampError, TimeStampAuthority, raise_pdf, sign_pdf, sign_pdf_stamped, stamp_pdf,
    verify::{
        Agency, Expected, LaterChanges, Note, PadesLevel, Report, RevocationStatus, Signature,
        Verdict, verify_pdf,
    },
};

fn client(pki: &Pki) -> TimeStampAuthority {
    pki.stamps.client(None, pki.trust(), |_, reply| reply)
}

/// Does something from a file to a file.
fn through<T>(
    input: &[u8],
    work: impl FnOnce(&std::path::Path) -> Result<T, SignError>,
) -> Result<(Vec<u8>, T), SignError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("document.pdf");
    std::fs::write(&path, input).unwrap();
    let done = work(&path);
    let after = std::fs::read(&path).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    assert!(done.is_ok() || after == input, "a failure changes nothing");
    done.map(|done| (after, done))
}

fn sign(input: &[u8], key: &KeyFile, pki: &Pki) -> Vec<u8> {
    let authority = client(pki);
    let signed =
        through(input, |path| sign_pdf_stamped(path, path, &made::request(), key, &authority));
    signed.unwrap().0
}

fn raise(
    input: &[u8],
    source: &EvidenceSource,
    archive: Option<&TimeStampAuthority>,
    now: DateTime<Utc>,
) -> Result<(Vec<u8>, Raised), SignError> {
    let archive = archive.map(|authority| ArchiveStamp { field_name: "ArchiveStamp", authority });
    through(input, |path| raise_pdf(path, path, source, archive, now))
}

fn verify(file: &[u8], pki: &Pki, at: DateTime<Utc>) -> Report {
    let mut copy = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut copy, file).unwrap();
    verify_pdf(copy.path(), &pki.trust(), at).unwrap()
}

/// A signed file of the agency, and the authorities it rests on.
fn signed() -> (Arc<Pki>, Vec<u8>) {
    let pki = Pki::new();
    let key = pki.agency(AGENCY, None, RsaScheme::default());
    let file = sign(&made::pdf(Shape::default()), &key, &pki);
    (pki, file)
}

fn levels(report: &Report) -> Vec<PadesLevel> {
    report.signatures.iter().map(|found| found.pades_level).collect()
}

/// Years from now, when every list and response has long run out.
fn much_later() -> DateTime<Utc> {
    Utc::now() + TimeDelta::days(3000)
}

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
    let (archived, _) = raise(&file, &source, Some(&client(&pki)), made::now()).unwrap();
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
fn the_same_evidence_makes_the_same_file_and_is_asked_for_once() {
    let (pki, file) = signed();
    let folder = tempfile::tempdir().unwrap();
    let network = Network::of(&pki);
    let asked = Arc::clone(&network.asked);
    let source = network.source_with(EvidenceCache::in_folder(folder.path()));
    let (once, _) = raise(&file, &source, None, Utc::now()).unwrap();
    let first = asked.lock().unwrap().len();
    // Another process that shares the folder, and finds every server dead.
    let dead = Network::of(&pki).without(&["/middle", ".crl"]);
    let other = dead.source_with(EvidenceCache::in_folder(folder.path()));
    let (again, _) = raise(&file, &other, None, Utc::now()).unwrap();
    assert_eq!(once, again);
    raise(&file, &source, None, Utc::now()).unwrap();
    assert_eq!(asked.lock().unwrap().len(), first);
}

#[test]
fn a_spoilt_cache_is_not_believed() {
    let (pki, file) = signed();
    let folder = tempfile::tempdir().unwrap();
    let source = Network::of(&pki).source_with(EvidenceCache::in_folder(folder.path()));
    let (once, _) = raise(&file, &source, None, Utc::now()).unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        std::fs::write(entry.unwrap().path(), b"spoilt").unwrap();
    }
    let (again, _) = raise(&file, &source, None, Utc::now()).unwrap();
    assert_eq!(levels(&verify(&again, &pki, Utc::now())), [PadesLevel::BLt]);
    assert_eq!(levels(&verify(&once, &pki, Utc::now())), [PadesLevel::BLt]);
}

#[test]
fn a_list_answers_where_no_responder_does() {
    let (pki, file) = signed();
    let source = Network::of(&pki).without(&["/middle"]).source();
    let (kept, raised) = raise(&file, &source, None, Utc::now()).unwrap();
    assert_eq!((raised.ocsps, raised.crls), (0, 2));
    let report = verify(&kept, &pki, much_later());
    assert_eq!(levels(&report), [PadesLevel::BLt]);
    assert_eq!(report.signatures[0].revocation_method, RevocationMethod::Crl);
}

#[test]
fn the_issuer_may_answer_itself_and_a_delegate_is_looked_up() {
    let (pki, file) = signed();
    for (by, pieces) in [(By::Issuer, (1, 1)), (By::CheckedDelegate, (1, 2))] {
        let source = Network::of(&pki).changing(move |_, answer| answer.by = by).source();
        let (kept, raised) = raise(&file, &source, None, Utc::now()).unwrap();
        assert_eq!((raised.ocsps, raised.crls), pieces, "{by:?}");
        assert_eq!(levels(&verify(&kept, &pki, much_later())), [PadesLevel::BLt], "{by:?}");
    }
}

#[test]
fn a_delegate_that_was_revoked_answers_for_nobody() {
    let (pki, file) = signed();
    pki.revoke(11, Utc::now() - TimeDelta::hours(1), Some(1));
    let source = Network::of(&pki)
        .changing(|url, answer| {
            answer.by = By::CheckedDelegate;
            // The agency itself is on no list, so that only the delegate decides.
            if url.ends_with("/middle") {
                answer.revoked = None;
            }
        })
        .source();
    let (kept, _) = raise(&file, &source, None, Utc::now()).unwrap();
    let report = verify(&kept, &pki, much_later());
    assert_eq!(report.verdict, Verdict::Ok);
    assert_eq!(report.signatures[0].revocation_method, RevocationMethod::Crl);
}

/// Why no evidence was had, with the responder's answers changed and no list of the agency's.
fn refusal(change: impl Fn(&mut Answer) + Send + Sync + 'static) -> EvidenceFault {
    let (pki, file) = signed();
    let network = Network::of(&pki).without(&["/middle.crl"]).changing(move |url, answer| {
        if url.ends_with("/middle") {
            change(answer);
        }
    });
    // The list is asked last and is silent; with no list at all the responder's fault is told.
    fault(raise(&file, &network.source(), None, Utc::now()))
}

fn fault(result: Result<(Vec<u8>, Raised), SignError>) -> EvidenceFault {
    match result {
        Err(SignError::Evidence { source, .. }) => match *source {
            EvidenceError::Refused { source, .. } => source,
            other => panic!("{other:?}"),
        },
        other => panic!("{:?}", other.map(|(_, raised)| raised)),
    }
}

#[test]
fn a_wrong_response_is_told_by_what_is_wrong() {
    assert_eq!(refusal(|answer| answer.serial = 78), EvidenceFault::OtherCertificate);
    assert_eq!(refusal(|answer| answer.by = By::Colleague), EvidenceFault::Unauthorised);
    assert_eq!(refusal(|answer| answer.by = By::Stranger), EvidenceFault::Unauthorised);
    assert_eq!(refusal(|answer| answer.spoilt = true), EvidenceFault::Signature);
    assert_eq!(refusal(|answer| answer.nonce = Some(vec![1; 16])), EvidenceFault::Nonce);
    assert_eq!(refusal(|answer| answer.known = false), EvidenceFault::Unknown);
    let day = TimeDelta::days(1);
    assert_eq!(
        refusal(move |answer| {
            answer.this_update -= day;
            answer.next_update = Some(answer.this_update);
        }),
        EvidenceFault::Stale
    );
    assert_eq!(refusal(move |answer| answer.this_update += day), EvidenceFault::NotYet);
    assert_eq!(
        refusal(move |answer| {
            answer.this_update -= day;
            answer.next_update = None;
        }),
        EvidenceFault::Stale
    );
}

#[test]
fn a_response_without_nonce_and_next_update_is_taken_when_it_is_new() {
    let (pki, file) = signed();
    let change = |_: &str, answer: &mut Answer| {
        answer.nonce = None;
        answer.this_update = Utc::now();
        if answer.serial == AGENCY {
            answer.next_update = None;
        }
    };
    let source = Network::of(&pki).changing(change).source();
    let (kept, _) = raise(&file, &source, None, Utc::now()).unwrap();
    assert_eq!(levels(&verify(&kept, &pki, much_later())), [PadesLevel::BLt]);
}

/// Why no evidence was had, with no responder and changed lists.
fn list_refusal(change: impl Fn(&mut Answer) + Send + Sync + 'static) -> EvidenceFault {
    let (pki, file) = signed();
    let network = Network::of(&pki).without(&["/middle"]).changing(move |_, answer| change(answer));
    fault(raise(&file, &network.source(), None, Utc::now()))
}

#[test]
fn a_wrong_list_is_told_by_what_is_wrong() {
    assert_eq!(list_refusal(|answer| answer.spoilt = true), EvidenceFault::Signature);
    assert_eq!(list_refusal(|answer| answer.by = By::Stranger), EvidenceFault::Signature);
    assert_eq!(list_refusal(|answer| answer.delta = true), EvidenceFault::Delta);
    let day = TimeDelta::days(1);
    assert_eq!(
        list_refusal(move |answer| {
            answer.this_update -= day;
            answer.next_update = Some(answer.this_update);
        }),
        EvidenceFault::Stale
    );
    assert_eq!(list_refusal(move |answer| answer.this_update += day), EvidenceFault::NotYet);
}

#[test]
fn an_expired_certificate_is_proven_by_who_remembers_it_and_by_nobody_else() {
    // The agency's certificate and the stamper's have ended; the authorities' have not.
    let later = Utc::now() + TimeDelta::days(1600);
    for dead in ["/nothing", "/middle"] {
        for (remembers, good) in [(None, false), (Some(2000), true), (Some(10), false)] {
            let (pki, file) = signed();
            pki.set_clock(later);
            let network = Network::of(&pki).without(&[dead]).changing(move |_, answer| {
                answer.by = By::Issuer;
                answer.remembers = remembers.map(|days| later - TimeDelta::days(days));
            });
            let raised = raise(&file, &network.source(), None, later);
            if good {
                let (kept, _) = raised.unwrap();
                assert_eq!(levels(&verify(&kept, &pki, much_later())), [PadesLevel::BLt], "{dead}");
            } else {
                assert_eq!(fault(raised), EvidenceFault::AfterExpiry, "{dead}");
            }
        }
    }
}

#[test]
fn an_answer_that_is_noise_or_cut_is_unreadable() {
    let (pki, file) = signed();
    for garble in [|_| vec![0x30; 5000], |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec()] {
        let source = Network::of(&pki).garbling(garble).source();
        let refused = raise(&file, &source, None, Utc::now());
        assert_eq!(fault(refused), EvidenceFault::Unreadable);
    }
}

#[test]
fn a_signature_made_after_the_revocation_is_not_raised() {
    for dead in ["/nothing", "/middle"] {
        let (pki, file) = signed();
        pki.revoke(AGENCY, Utc::now() - TimeDelta::hours(1), Some(1));
        let source = Network::of(&pki).without(&[dead]).source();
        let refused = raise(&file, &source, None, Utc::now());
        let Err(SignError::Evidence { source, .. }) = refused else { panic!("{dead}") };
        assert!(matches!(*source, EvidenceError::Revoked { .. }), "{source:?}");
    }
}

#[test]
fn a_signer_is_checked_before_it_signs() {
    let pki = Pki::new();
    let key = pki.agency(AGENCY, None, RsaScheme::default());
    let check = |network: Network| network.source().check_signer(key.chain(), Utc::now());
    assert!(check(Network::of(&pki)).is_ok());
    let silent = check(Network::of(&pki).without(&["/middle", ".crl"]));
    assert!(matches!(silent, Err(EvidenceError::Fetch { .. })));
    assert!(matches!(check(Network::of(&Pki::new())), Err(EvidenceError::Untrusted)));
    pki.revoke(AGENCY, Utc::now() - TimeDelta::hours(1), None);
    assert!(matches!(check(Network::of(&pki)), Err(EvidenceError::Revoked { .. })));
}

#[test]
fn a_revoked_authority_revokes_those_below_it() {
    let (pki, file) = signed();
    pki.revoke(MIDDLE, Utc::now() - TimeDelta::hours(1), Some(2));
    let refused = raise(&file, &Network::of(&pki).source(), None, Utc::now());
    let Err(SignError::Evidence { source, .. }) = refused else { panic!("raised") };
    assert!(matches!(*source, EvidenceError::Revoked { .. }), "{source:?}");
}

#[test]
fn a_revocation_after_the_stamp_leaves_the_signature_good() {
    let (pki, file) = signed();
    let later = Utc::now() + TimeDelta::hours(3);
    pki.revoke(AGENCY, Utc::now() + TimeDelta::hours(2), Some(1));
    pki.set_clock(later);
    let (kept, _) = raise(&file, &Network::of(&pki).source(), None, later).unwrap();
    let report = verify(&kept, &pki, much_later());
    assert_eq!(report.verdict, Verdict::Ok, "{report:#?}");
    let found = &report.signatures[0];
    assert_eq!(found.pades_level, PadesLevel::BLt);
    assert_eq!(found.revocation_status, RevocationStatus::Good);
    assert_eq!(found.revoked.and_then(|revoked| revoked.reason), Some(1));
}

/// A file with a signature by a certificate that was revoked before, and a good one after it.
fn with_revoked() -> (Arc<Pki>, Vec<u8>, Vec<u8>) {
    let pki = Pki::new();
    pki.revoke(66, Utc::now() - TimeDelta::hours(1), Some(1));
    let bad = pki.agency(66, None, RsaScheme::default());
    let good = pki.agency(AGENCY, None, RsaScheme::default());
    let once = sign(&made::pdf(Shape::default()), &bad, &pki);
    let twice = sign(&once, &good, &pki);
    (pki, once, twice)
}

#[test]
fn a_revoked_signer_is_found_out_by_the_evidence_in_the_file() {
    let (pki, _, twice) = with_revoked();
    let (kept, raised) = raise(&twice, &Network::of(&pki).source(), None, Utc::now()).unwrap();
    assert_eq!(raised.left.len(), 1, "{raised:?}");
    assert!(matches!(raised.left[0].1, EvidenceError::Revoked { .. }));
    let report = verify(&kept, &pki, much_later());
    let verdicts: Vec<_> = report.signatures.iter().map(|found| found.verdict).collect();
    assert_eq!(verdicts, [Verdict::Revoked, Verdict::Ok]);
    assert_eq!(levels(&report), [PadesLevel::BT, PadesLevel::BLt]);
    let found: &Signature = &report.signatures[0];
    assert_eq!(found.revocation_status, RevocationStatus::Revoked);
    assert_eq!(report.verdict, Verdict::Revoked);
}

#[test]
fn a_stamp_by_a_stolen_key_proves_nothing_and_a_retired_one_all_it_did() {
    for (reason, good) in [(Some(1), false), (None, false), (Some(4), true), (Some(5), true)] {
        let (pki, file) = signed();
        let later = Utc::now() + TimeDelta::hours(3);
        pki.revoke(STAMPER, Utc::now() + TimeDelta::hours(2), reason);
        pki.set_clock(later);
        let raised = raise(&file, &Network::of(&pki).source(), None, later);
        assert_eq!(raised.is_ok(), good, "{reason:?}");
        if let Err(error) = raised {
            assert!(matches!(error, SignError::NotStamped { .. }), "{error:?}");
        }
    }
}

#[test]
fn a_stamp_by_another_authority_proves_one_whose_key_was_stolen_afterwards() {
    for proven in [true, false] {
        let (pki, file) = signed();
        let other = pki.other_stamps.client(None, pki.trust(), |_, reply| reply);
        let source = Network::of(&pki).source();
        let archive = proven.then_some(&other);
        let (archived, _) = raise(&file, &source, archive, Utc::now()).unwrap();
        let later = Utc::now() + TimeDelta::hours(3);
        pki.revoke(STAMPER, later - TimeDelta::hours(1), Some(1));
        pki.set_clock(later);
        // The renewal brings the news, in the list that it needs for its own authority.
        let renewed = raise(&archived, &Network::of(&pki).source(), Some(&other), later);
        if !proven {
            assert!(matches!(renewed, Err(SignError::NotStamped { .. })));
            continue;
        }
        let report = verify(&renewed.unwrap().0, &pki, much_later());
        assert_eq!(levels(&report)[0], PadesLevel::BLta);
        assert_eq!(report.verdict, Verdict::Ok, "{report:#?}");
        assert!(!report.signatures[0].notes.contains(&Note::TimeStampRevoked));
    }
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

#[test]
fn without_any_server_there_is_no_evidence() {
    let (pki, file) = signed();
    let source = Network::of(&pki).without(&["/middle", ".crl"]).source();
    let refused = raise(&file, &source, None, Utc::now());
    let Err(SignError::Evidence { source, field }) = refused else { panic!("raised") };
    assert!(matches!(*source, EvidenceError::Fetch { .. }));
    assert_eq!(field, "AgencySignature");
}

#[test]
fn a_list_is_fetched_over_http_within_bounds() {
    let client = HttpClient::new(Duration::from_secs(5), 1000);
    let list = serve(|_| response("200 OK", &[7; 1000]));
    assert_eq!(client.get(&list).unwrap(), [7; 1000]);
    let gone = serve(|_| response("404 Gone", b""));
    assert!(matches!(client.get(&gone), Err(FetchError::Status { status: 404, .. })));
    let endless = serve(|_| response("200 OK", &[7; 1001]));
    assert!(matches!(client.get(&endless), Err(FetchError::TooLarge { limit: 1000, .. })));
    assert!(matches!(client.get("https://pki.test/"), Err(FetchError::Address(_))));
    assert!(matches!(client.get("file:///etc/passwd"), Err(FetchError::Address(_))));
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
fn an_issuer_that_was_left_out_is_fetched_where_that_is_allowed() {
    let pki = Pki::new();
    let file = sign(&made::pdf(Shape::default()), &pki.agency_alone(AGENCY), &pki);
    assert_eq!(verify(&file, &pki, Utc::now()).verdict, Verdict::UntrustedChain);
    let refused = raise(&file, &Network::of(&pki).source(), None, Utc::now());
    assert!(matches!(refused, Err(SignError::NotValid { .. })));
    let garbled = Network::of(&pki).garbling(|_| b"<html>".to_vec()).source();
    let refused = raise(&file, &garbled.fetching_issuers(true), None, Utc::now());
    assert!(matches!(refused, Err(SignError::NotValid { .. })));

    let source = Network::of(&pki).source().fetching_issuers(true);
    let (kept, _) = raise(&file, &source, None, Utc::now()).unwrap();
    let report = verify(&kept, &pki, much_later());
    assert_eq!((levels(&report), report.verdict), (vec![PadesLevel::BLt], Verdict::Ok));
}
