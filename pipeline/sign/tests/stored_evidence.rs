//! Evidence that others put into a file is judged like evidence that is fetched.

#![allow(
    clippy::allow_attributes,
    clippy::format_push_string,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod made;

use std::sync::{Arc, LazyLock};

use chrono::{TimeDelta, Utc};
use made::{
    Shape,
    pki::{AGENCY, Answer, By, MIDDLE, Pki},
};
use proptest::prelude::*;
use sohoa_sign::{
    RsaScheme, sign_pdf_stamped,
    verify::{LaterChanges, PadesLevel, RevocationStatus, Signature, Verdict, verify_pdf},
};

/// A signed file and its authorities.
struct Case {
    pki: Arc<Pki>,
    file: Vec<u8>,
}

fn case() -> Case {
    let pki = Pki::new();
    let key = pki.agency(AGENCY, None, RsaScheme::default());
    let authority = pki.stamps.client(None, pki.trust(), |_, reply| reply);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("document.pdf");
    std::fs::write(&path, made::pdf(Shape::default())).unwrap();
    sign_pdf_stamped(&path, &path, &made::request(), &key, &authority).unwrap();
    Case { file: std::fs::read(&path).unwrap(), pki }
}

static CASE: LazyLock<Case> = LazyLock::new(case);

/// The file with a store of these responses and lists, as another program might write it.
fn store(file: &[u8], ocsps: &[Vec<u8>], crls: &[Vec<u8>]) -> Vec<u8> {
    let mut number = 100;
    let mut objects = Vec::new();
    let mut list = |pieces: &[Vec<u8>]| {
        let mut names = String::new();
        for piece in pieces {
            number += 1;
            names.push_str(&format!("{number} 0 R "));
            let head = format!("<</Length {}>>\nstream\n", piece.len());
            objects.push((number, [head.as_bytes(), piece, b"\nendstream"].concat()));
        }
        names
    };
    let body = format!("<</OCSPs[{}]/CRLs[{}]>>", list(ocsps), list(crls));
    objects.push((100, body.into_bytes()));
    // The newest catalog, with the store hung up in it.
    let head = b"\n1 0 obj\n<<";
    let at = file.windows(head.len()).rposition(|window| window == head).unwrap() + head.len();
    let end = at + file[at..].windows(7).position(|window| window == b"\nendobj").unwrap();
    objects.push((1, [b"<</DSS 100 0 R ", &file[at..end]].concat()));
    made::append_bytes(file, &objects)
}

fn verify(case: &Case, file: &[u8]) -> Signature {
    let mut copy = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut copy, file).unwrap();
    let at = Utc::now() + TimeDelta::days(1000);
    let mut report = verify_pdf(copy.path(), &case.pki.trust(), at).unwrap();
    let found = report.signatures.remove(0);
    assert_eq!(found.later_changes, LaterChanges::Signatures);
    found
}

/// What a file proves with a response about the agency and a list of the root, one of them changed.
fn proven(change: impl FnOnce(&mut Answer, &mut Answer)) -> Signature {
    let case = &CASE;
    let (mut response, mut list) = (case.pki.right(AGENCY), case.pki.right(0));
    change(&mut response, &mut list);
    let response = case.pki.response(&response);
    let list = case.pki.list("/root.crl", &list);
    verify(case, &store(&case.file, &[response], &[list]))
}

#[test]
fn right_evidence_makes_b_lt_whoever_wrote_it() {
    let found = proven(|_, _| {});
    assert_eq!((found.pades_level, found.verdict), (PadesLevel::BLt, Verdict::Ok));
    let by_issuer = proven(|response, _| response.by = By::Issuer);
    assert_eq!(by_issuer.pades_level, PadesLevel::BLt);
}

/// Does something to the response and the list.
type Change = Box<dyn FnOnce(&mut Answer, &mut Answer)>;

#[test]
fn wrong_evidence_proves_nothing() {
    let year = TimeDelta::days(365);
    let wrong: Vec<(&str, Change)> = vec![
        ("another certificate", Box::new(|response, _| response.serial = 78)),
        ("no such purpose", Box::new(|response, _| response.by = By::Colleague)),
        ("a stranger", Box::new(|response, _| response.by = By::Stranger)),
        (
            "a delegate nobody vouches for",
            Box::new(|response, _| response.by = By::CheckedDelegate),
        ),
        ("a changed response", Box::new(|response, _| response.spoilt = true)),
        ("an unknown certificate", Box::new(|response, _| response.known = false)),
        (
            "a response that had run out",
            Box::new(move |response, _| {
                response.this_update -= year;
                response.next_update = Some(response.this_update + TimeDelta::hours(1));
            }),
        ),
        (
            "an old response without end",
            Box::new(move |response, _| {
                response.this_update -= year;
                response.next_update = None;
            }),
        ),
        (
            "a response of the future",
            Box::new(move |response, _| {
                response.this_update += year * 5;
                response.next_update = None;
            }),
        ),
        (
            "a response after expiry",
            Box::new(move |response, _| {
                response.this_update += year * 2 + TimeDelta::days(270);
                response.next_update = Some(response.this_update);
            }),
        ),
        ("a changed list", Box::new(|_, list| list.spoilt = true)),
        ("a stranger's list", Box::new(|_, list| list.by = By::Stranger)),
        ("a delta list", Box::new(|_, list| list.delta = true)),
        (
            "a list that had run out",
            Box::new(move |_, list| {
                list.this_update -= year;
                list.next_update = Some(list.this_update + TimeDelta::hours(1));
            }),
        ),
    ];
    for (what, change) in wrong {
        let found = proven(change);
        assert_eq!(found.pades_level, PadesLevel::BT, "{what}");
        assert_eq!(found.verdict, Verdict::IndeterminateRevocation, "{what}");
    }
}

#[test]
fn a_revocation_counts_from_its_day() {
    let hour = TimeDelta::hours(1);
    let before = proven(|response, _| response.revoked = Some((Utc::now() - hour, Some(1))));
    assert_eq!((before.pades_level, before.verdict), (PadesLevel::BT, Verdict::Revoked));
    assert_eq!(before.revocation_status, RevocationStatus::Revoked);
    let after = proven(|response, _| response.revoked = Some((Utc::now() + hour, Some(1))));
    assert_eq!((after.pades_level, after.verdict), (PadesLevel::BLt, Verdict::Ok));
    assert_eq!(after.revocation_status, RevocationStatus::Good);
}

#[test]
fn old_news_of_a_revocation_is_news_but_a_hold_may_have_been_lifted() {
    let year = TimeDelta::days(365);
    let old = |reason| {
        proven(move |response, _| {
            response.revoked = Some((response.this_update - year * 2, Some(reason)));
            response.this_update -= year;
            response.next_update = Some(response.this_update + TimeDelta::hours(1));
        })
    };
    assert_eq!(old(1).verdict, Verdict::Revoked);
    assert_eq!(old(6).verdict, Verdict::IndeterminateRevocation);
}

#[test]
fn the_newest_evidence_decides() {
    let case = &CASE;
    let hold = (Utc::now() - TimeDelta::days(2), Some(6));
    let mut held = case.pki.right(AGENCY);
    held.revoked = Some(hold);
    let mut lifted = case.pki.right(AGENCY);
    lifted.this_update += TimeDelta::minutes(1);
    let list = case.pki.list("/root.crl", &case.pki.right(0));
    let (held, lifted) = (case.pki.response(&held), case.pki.response(&lifted));
    for both in [[held.clone(), lifted.clone()], [lifted, held.clone()]] {
        let found = verify(case, &store(&case.file, &both, std::slice::from_ref(&list)));
        assert_eq!((found.pades_level, found.verdict), (PadesLevel::BLt, Verdict::Ok));
    }
    let found = verify(case, &store(&case.file, &[held], &[list]));
    assert_eq!(found.verdict, Verdict::Revoked);
}

#[test]
fn every_certificate_of_the_chain_needs_evidence() {
    let case = &CASE;
    let response = case.pki.response(&case.pki.right(AGENCY));
    // The middle authority and the stamp's are on the root's list, which is missing.
    let found = verify(case, &store(&case.file, &[response], &[]));
    assert_eq!(found.pades_level, PadesLevel::BT);
    assert_eq!(found.revocation_status, RevocationStatus::Good);
    assert_eq!(found.verdict, Verdict::IndeterminateRevocation);
    let list = case.pki.list("/root.crl", &case.pki.right(0));
    let found = verify(case, &store(&case.file, &[], &[list]));
    assert_eq!(found.revocation_status, RevocationStatus::Unknown);
    assert_eq!(found.verdict, Verdict::IndeterminateRevocation);
}

#[test]
fn a_revoked_authority_in_the_middle_revokes_the_signer() {
    let case = case();
    case.pki.revoke(MIDDLE, Utc::now() - TimeDelta::hours(1), Some(2));
    let response = case.pki.response(&case.pki.right(AGENCY));
    let list = case.pki.list("/root.crl", &case.pki.right(0));
    let found = verify(&case, &store(&case.file, &[response], &[list]));
    assert_eq!(found.verdict, Verdict::Revoked);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// There is no byte in it that nothing rests on: the response sends no certificates along.
    #[test]
    fn a_changed_byte_of_evidence_proves_nothing(at: prop::sample::Index, change in 1_u8..,
                                                 of_list: bool) {
        let case = &CASE;
        let mut response = case.pki.right(AGENCY);
        response.by = By::Issuer;
        let mut response = case.pki.response(&response);
        let mut list = case.pki.list("/root.crl", &case.pki.right(0));
        let piece = if of_list { &mut list } else { &mut response };
        let at = at.index(piece.len());
        piece[at] ^= change;
        let found = verify(case, &store(&case.file, &[response], &[list]));
        prop_assert_eq!(found.pades_level, PadesLevel::BT, "byte {}", at);
        prop_assert_eq!(found.verdict, Verdict::IndeterminateRevocation);
    }

    #[test]
    fn noise_in_the_store_is_nothing(pieces in prop::collection::vec(
        prop::collection::vec(any::<u8>(), 0..300), 0..6)) {
        let case = &CASE;
        let found = verify(case, &store(&case.file, &pieces, &pieces));
        prop_assert_eq!(found.pades_level, PadesLevel::BT);
    }
}
