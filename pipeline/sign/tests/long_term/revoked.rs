//! Whose certificate was revoked, and when: signers, authorities, responders, time-stamp authorities.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{TimeDelta, Utc};
use sohoa_sign::{
    EvidenceError, MessageSigner as _, RevocationMethod, RsaScheme, SignError,
    verify::{Note, PadesLevel, RevocationStatus, Signature, Verdict},
};

use crate::{
    levels,
    made::{
        self, Shape,
        pki::{AGENCY, Answer, By, MIDDLE, Network, Pki, STAMPER},
    },
    much_later, raise, sign, signed, verify,
};

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
fn an_answer_serves_who_signs_later_as_long_as_it_proves_something_of_that_time() {
    for (names_next, late) in [(true, 12), (false, 6)] {
        let pki = Pki::new();
        let key = pki.agency(AGENCY, None, RsaScheme::default());
        let (began, asked) = (Utc::now(), Arc::new(AtomicI64::new(0)));
        let minute = Arc::clone(&asked);
        let source = Network::of(&pki)
            .changing(move |_, answer| {
                answer.nonce = None;
                answer.this_update = began + TimeDelta::minutes(minute.load(Ordering::SeqCst));
                answer.next_update = Some(answer.this_update + TimeDelta::hours(1));
                if answer.serial == AGENCY && !names_next {
                    answer.next_update = None;
                }
            })
            .source();
        let check = |minutes| {
            asked.store(minutes, Ordering::SeqCst);
            source.check_signer(key.chain(), began + TimeDelta::minutes(minutes)).unwrap()
        };
        let first = check(0);
        assert!(Arc::ptr_eq(&first, &check(3)));
        assert!(!Arc::ptr_eq(&first, &check(late)), "{names_next}");
    }
}

#[test]
fn a_revocation_that_is_near_is_one_and_ends_what_was_known_before() {
    let (near, later) = (3, 8);
    for (ahead, good) in [(near, false), (later, true)] {
        let pki = Pki::new();
        let key = pki.agency(AGENCY, None, RsaScheme::default());
        let began = Utc::now();
        pki.set_clock(began + TimeDelta::hours(1));
        pki.revoke(AGENCY, began + TimeDelta::minutes(ahead), Some(1));
        let of_now = |_: &str, answer: &mut Answer| answer.this_update -= TimeDelta::hours(1);
        let source = Network::of(&pki).changing(of_now).source();
        let check = |minutes| source.check_signer(key.chain(), began + TimeDelta::minutes(minutes));
        assert_eq!(check(0).is_ok(), good, "{ahead}");
        assert_eq!(check(1).is_ok(), good, "{ahead}");
        assert!(matches!(check(later - 3), Err(EvidenceError::Revoked { .. })), "{ahead}");
    }
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
