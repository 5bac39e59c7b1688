//! What authorities answer, rightly, wrongly or not at all; and what is kept of it.

use std::{sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use sohoa_sign::{
    EvidenceCache, EvidenceError, EvidenceFault, Fetch as _, FetchError, HttpClient, Raised,
    RevocationMethod, SignError,
    verify::{PadesLevel, Verdict},
};

use crate::{
    levels,
    made::{
        self, Shape,
        pki::{AGENCY, Answer, By, Network, Pki},
        stamps::{response, serve},
    },
    much_later, raise, sign, signed, verify,
};

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
