//! Level B-T: what is embedded was checked, and whatever is wrong with a token is told by name.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod made;

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use made::{
    Held, Shape, Xref, agency, key,
    stamps::{Authority, POLICY, response, serve},
};
use sohoa_sign::{
    FetchError, Hash, HttpClient, RsaScheme, SignError, SignRequest, StampError,
    TimeStampAuthority, sign_pdf_stamped, stamp_pdf,
    test_ca::{Issued, issue},
    verify::{
        Integrity, LaterChanges, Note, PadesLevel, Position, Signature, Trust, Verdict, verify_pdf,
    },
};

fn as_is(_: usize, reply: Vec<u8>) -> Vec<u8> {
    reply
}

/// Signs bytes at level B-T.
fn stamp(
    input: &[u8],
    (issued, scheme): (&Issued, RsaScheme),
    authority: &TimeStampAuthority,
) -> Result<Vec<u8>, SignError> {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in.pdf"), folder.path().join("out.pdf"));
    std::fs::write(&from, input).unwrap();
    let signed = sign_pdf_stamped(&from, &to, &made::request(), &key(issued, scheme), authority);
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, if signed.is_ok() { 2 } else { 1 }, "a failure leaves nothing");
    signed.map(|_| std::fs::read(&to).unwrap())
}

/// Trust in both the agency's root and the authority's.
fn both(issued: &Issued, authority: &Authority) -> Trust {
    let mut trust = made::trust(issued);
    trust.roots.push(authority.pin());
    trust
}

#[test]
fn a_stamped_signature_is_b_t_for_every_key_and_file() {
    let authority = Authority::new();
    let rsa = made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let p384 = made::openssl_key(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]);
    let client = authority.client(Some(POLICY), authority.trust(), as_is);
    for (pem, scheme) in [
        (&rsa, RsaScheme::Pss(Hash::Sha512)),
        (&rsa, RsaScheme::Pkcs1(Hash::Sha256)),
        (&p384, RsaScheme::default()),
    ] {
        let issued = issue(&agency(), made::now(), Some(pem)).unwrap();
        for xref in [Xref::Table, Xref::Stream, Xref::Hybrid] {
            let input = made::pdf(Shape { xref, form: Held::Direct, ..Shape::default() });
            let output = stamp(&input, (&issued, scheme), &client).unwrap();
            let report = made::verify(&output, &both(&issued, &authority)).unwrap();
            let found = &report.signatures[0];
            assert_eq!(found.pades_level, PadesLevel::BT, "{scheme:?} {xref:?}");
            let token = found.timestamp.as_ref().unwrap();
            assert!(token.sound() && token.trusted, "{token:?}");
            assert_eq!(token.tsa_dn.as_deref(), Some("CN=stamp"));
            assert!(found.notes.is_empty(), "{:?}", found.notes);
            let stranger = made::verify(&output, &made::trust(&issued)).unwrap();
            let token = stranger.signatures[0].timestamp.as_ref().unwrap();
            assert!(token.sound() && !token.trusted, "{token:?}");
        }
    }
}

#[test]
fn stamped_signatures_stay_valid_when_another_is_added() {
    let authority = Authority::new();
    let client = authority.client(None, authority.trust(), as_is);
    let issued = made::made(&agency());
    let signer = (&issued, RsaScheme::default());
    let once = stamp(&made::pdf(Shape::default()), signer, &client).unwrap();
    let twice = stamp(&once, signer, &client).unwrap();
    let report = made::verify(&twice, &both(&issued, &authority)).unwrap();
    let levels: Vec<_> = report.signatures.iter().map(|found| found.pades_level).collect();
    assert_eq!(levels, [PadesLevel::BT; 2]);
    assert!(report.signatures.iter().all(|found| !found.modified_after));
    assert_ne!(report.verdict, Verdict::Altered);
}

/// Why signing failed, with replies changed on the way.
fn refusal(
    policy: Option<&str>,
    trust: impl FnOnce(&Authority) -> Trust,
    change: fn(usize, Vec<u8>) -> Vec<u8>,
) -> StampError {
    let authority = Authority::new();
    let client = authority.client(policy, trust(&authority), change);
    let issued = made::made(&agency());
    let signer = (&issued, RsaScheme::default());
    match stamp(&made::pdf(Shape::default()), signer, &client) {
        Err(SignError::TimeStamp(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reply_to_another_question_is_a_wrong_nonce() {
    thread_local! {
        static FIRST: std::cell::RefCell<Vec<u8>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    let error = refusal(None, Authority::trust, |count, reply| {
        if count == 0 {
            FIRST.set(reply.clone());
            return reply;
        }
        FIRST.take()
    });
    assert!(matches!(error, StampError::Nonce), "{error:?}");
}

#[test]
fn a_policy_that_the_authority_does_not_know_is_refused_by_it() {
    let error = refusal(Some("1.2.3.9"), Authority::trust, as_is);
    assert!(matches!(error, StampError::Refused { status: 2, lasting: true, .. }), "{error:?}");
}

#[test]
fn an_authority_that_has_no_time_now_is_told_from_one_that_wants_another_question() {
    // `timeNotAvailable`, and no reason at all.
    for failure in [&[0x30, 9, 0x30, 7, 2, 1, 2, 3, 2, 1, 2][..], &[0x30, 5, 0x30, 3, 2, 1, 2]] {
        let failure = failure.to_vec();
        let authority = Authority::new();
        let url = serve(move |_| response("200 OK", &failure));
        match over_http(&authority, &url, 1000) {
            Err(SignError::TimeStamp(StampError::Refused { lasting: false, .. })) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_token_under_another_policy_is_noticed() {
    let error = refusal(Some("1.2.3.5"), Authority::trust, |_, mut reply| {
        let policy = [6, 3, 0x2a, 3, 5];
        let at = reply.windows(5).position(|window| window == policy).unwrap();
        reply[at + 4] = 4;
        reply
    });
    assert!(matches!(error, StampError::Policy), "{error:?}");
}

#[test]
fn a_token_with_a_changed_time_is_broken() {
    let error = refusal(None, Authority::trust, |_, mut reply| {
        let at = reply.windows(2).position(|pair| pair == [0x18, 15]).unwrap();
        reply[at + 15] ^= 1;
        reply
    });
    assert!(matches!(error, StampError::Broken), "{error:?}");
}

#[test]
fn a_token_of_another_digest_is_noticed() {
    let error = refusal(None, Authority::trust, |_, mut reply| {
        // The digest follows the only OCTET STRING of 64 zeros: the dry run's.
        let at = reply.windows(64).position(|window| window == [0; 64]).unwrap();
        reply[at] = 1;
        reply
    });
    assert!(matches!(error, StampError::Imprint), "{error:?}");
}

#[test]
fn an_authority_without_a_pinned_root_is_not_used() {
    let error = refusal(None, |_| Trust::default(), as_is);
    assert!(matches!(error, StampError::Untrusted), "{error:?}");
    let error = refusal(None, |_| Authority::new().trust(), as_is);
    assert!(matches!(error, StampError::Untrusted), "{error:?}");
}

#[test]
fn a_reply_cut_anywhere_is_unreadable_or_broken() {
    let authority = Authority::new();
    let client = authority.client(None, authority.trust(), |_, mut reply| {
        reply.truncate(reply.len() / 2);
        reply
    });
    let issued = made::made(&agency());
    let signer = (&issued, RsaScheme::default());
    let refused = stamp(&made::pdf(Shape::default()), signer, &client);
    assert!(matches!(refused, Err(SignError::TimeStamp(StampError::Unreadable(_)))));
}

#[test]
fn a_policy_must_be_an_identifier() {
    let client = HttpClient::new(Duration::from_secs(1), 1000);
    let made =
        TimeStampAuthority::new("http://x/", Some("one"), Trust::default(), Box::new(client));
    assert!(matches!(made, Err(StampError::PolicyText(_))));
}

/// Signs through the real client against an address.
fn over_http(authority: &Authority, url: &str, limit: u64) -> Result<Vec<u8>, SignError> {
    let client = HttpClient::new(Duration::from_millis(1500), limit);
    let client = TimeStampAuthority::new(url, None, authority.trust(), Box::new(client)).unwrap();
    let issued = made::made(&agency());
    stamp(&made::pdf(Shape::default()), (&issued, RsaScheme::default()), &client)
}

#[test]
fn an_authority_on_loopback_stamps() {
    let authority = Authority::new();
    let own = authority.clone();
    let url = serve(move |query| response("200 OK", &own.reply(query)));
    assert!(over_http(&authority, &url, 1 << 20).is_ok());
}

#[test]
fn a_server_that_fails_is_told_by_how_it_fails() {
    let authority = Authority::new();
    let error = |url: &str| match over_http(&authority, url, 1000) {
        Err(SignError::TimeStamp(StampError::Fetch(error))) => error,
        other => panic!("{other:?}"),
    };
    let busy = serve(|_| response("503 Busy", b"later"));
    assert!(matches!(error(&busy), FetchError::Status { status: 503, .. }));
    let moved = serve(|_| {
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_vec()
    });
    assert!(matches!(error(&moved), FetchError::Status { status: 302, .. }));
    let endless = serve(|_| response("200 OK", &[0; 5000]));
    assert!(matches!(error(&endless), FetchError::TooLarge { limit: 1000, .. }));
    let silent = serve(|_| {
        std::thread::sleep(Duration::from_secs(4));
        Vec::new()
    });
    let asked = std::time::Instant::now();
    assert!(matches!(error(&silent), FetchError::Unreachable { .. }));
    assert!(asked.elapsed() < Duration::from_secs(4), "the time-out ends the wait");
    // The port is free again once its listener is dropped.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(matches!(error(&format!("http://{free}/")), FetchError::Unreachable { .. }));
    assert!(matches!(error("https://tsa.test/"), FetchError::Address(_)));
}

/// Stamps bytes as a whole document.
fn stamp_whole(input: &[u8], authority: &TimeStampAuthority) -> Result<Vec<u8>, SignError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archived.pdf");
    std::fs::write(&path, input).unwrap();
    let stamped = stamp_pdf(&path, &path, "ArchiveStamp", authority);
    let after = std::fs::read(&path).unwrap();
    assert_eq!(stamped.is_err(), after == input, "a failure changes nothing");
    stamped.map(|_| after)
}

#[test]
fn a_document_is_stamped_again_and_again_and_its_signatures_stay_valid() {
    let authority = Authority::new();
    let client = authority.client(Some(POLICY), authority.trust(), as_is);
    let issued = made::made(&agency());
    for xref in [Xref::Table, Xref::Stream, Xref::Hybrid] {
        let input = made::pdf(Shape { xref, ..Shape::default() });
        let signed = stamp(&input, (&issued, RsaScheme::default()), &client).unwrap();
        let once = stamp_whole(&signed, &client).unwrap();
        let twice = stamp_whole(&once, &client).unwrap();
        assert!(once.starts_with(&signed) && twice.starts_with(&once));
        let report = made::verify(&twice, &both(&issued, &authority)).unwrap();
        assert_eq!(report.verdict, Verdict::Ok, "{report:#?}");
        let filters: Vec<_> = report.signatures.iter().map(|s| s.sub_filter.as_str()).collect();
        assert_eq!(filters, ["ETSI.CAdES.detached", "ETSI.RFC3161", "ETSI.RFC3161"]);
        let [own, first, last] = report.signatures.as_slice() else { panic!("{xref:?}") };
        assert_eq!(own.later_changes, LaterChanges::Signatures);
        for archived in [first, last] {
            assert_eq!(archived.integrity, Integrity::Intact);
            assert_eq!(archived.position, Position::Invisible);
            assert!(archived.timestamp.as_ref().is_some_and(|s| s.sound() && s.trusted));
        }
        assert!(!first.byte_range_covers_all && last.byte_range_covers_all);
    }
}

/// A signature judged so long after it was made.
fn judged_after(file: &[u8], trust: &Trust, later: TimeDelta) -> Signature {
    let mut copy = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut copy, file).unwrap();
    let report = verify_pdf(copy.path(), trust, Utc::now() + later).unwrap();
    report.signatures.into_iter().next().unwrap()
}

#[test]
fn a_stamp_on_sha_1_is_named_and_tells_on_the_verdict_where_nothing_else_proves_the_time() {
    // Long after the signer's certificate has ended.
    let rsa = made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let (soon, late) = (TimeDelta::zero(), TimeDelta::days(9000));
    for (digest, legacy) in [("sha256", false), ("sha1", true)] {
        let authority = Authority::hashing(&rsa, digest);
        let client = authority.client(None, authority.trust(), as_is);
        let issued = made::made(&agency());
        let signer = (&issued, RsaScheme::default());
        let file = stamp(&made::pdf(Shape::default()), signer, &client).unwrap();
        for (when, worse) in [(soon, false), (late, legacy)] {
            let found = judged_after(&file, &both(&issued, &authority), when);
            assert_eq!(found.timestamp.as_ref().unwrap().legacy, legacy);
            assert_eq!(found.notes.contains(&Note::TimeStampLegacy), legacy);
            let verdict = if worse { Verdict::OkLegacyAlg } else { Verdict::Ok };
            assert_eq!(found.verdict, verdict, "{digest} {when}");
        }
        let whole = stamp_whole(&made::pdf(Shape::default()), &client).unwrap();
        let verdict = judged_after(&whole, &authority.trust(), soon).verdict;
        assert_eq!(verdict == Verdict::OkLegacyAlg, legacy, "{verdict:?}");
    }
}

/// Whichever comes first: what is on a sound hash proves by itself what all below it do.
#[test]
fn of_several_stamps_in_time_one_on_a_sound_hash_is_enough() {
    let rsa = made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let (old, new) = (Authority::hashing(&rsa, "sha1"), Authority::hashing(&rsa, "sha256"));
    let client = |authority: &Authority| authority.client(None, authority.trust(), as_is);
    let (sha1, sha256) = (client(&old), client(&new));
    let issued = made::made(&agency());
    let mut trust = both(&issued, &old);
    trust.roots.push(new.pin());
    let late = |file: &[u8]| judged_after(file, &trust, TimeDelta::days(9000)).verdict;
    let signer = (&issued, RsaScheme::default());
    let stamped = stamp(&made::pdf(Shape::default()), signer, &sha1).unwrap();
    let bare = made::sign(&made::pdf(Shape::default()), &key(&issued, signer.1)).0;
    for file in [stamped, bare] {
        let once = stamp_whole(&file, &sha1).unwrap();
        assert_eq!(late(&once), Verdict::OkLegacyAlg);
        let again = stamp_whole(&once, &sha1).unwrap();
        assert_eq!(late(&again), Verdict::OkLegacyAlg);
        let renewed = stamp_whole(&once, &sha256).unwrap();
        assert_eq!(late(&renewed), Verdict::Ok);
        // Another on SHA-1 over it takes nothing away.
        assert_eq!(late(&stamp_whole(&renewed, &sha1).unwrap()), Verdict::Ok);
    }
}

#[test]
fn a_stamp_from_after_the_time_judged_for_proves_nothing() {
    let authority = Authority::new();
    let client = authority.client(None, authority.trust(), as_is);
    let issued = made::made(&agency());
    let signer = (&issued, RsaScheme::default());
    let file = stamp(&made::pdf(Shape::default()), signer, &client).unwrap();
    let found = judged_after(&file, &both(&issued, &authority), TimeDelta::hours(-1));
    assert!(found.notes.contains(&Note::TimeStampInFuture), "{:?}", found.notes);
    assert!(!found.timestamp.as_ref().unwrap().trusted);
    assert_eq!(found.pades_level, PadesLevel::BB);
    let today = judged_after(&file, &both(&issued, &authority), TimeDelta::zero());
    assert!(today.notes.is_empty(), "{:?}", today.notes);
    let end = today.timestamp.as_ref().unwrap().cert_not_after.unwrap();
    assert_eq!(end, client.ends().unwrap());
    assert_eq!(end, client.ends_now().unwrap());
}

#[test]
fn a_stamp_from_before_the_claimed_time_is_noted() {
    let authority = Authority::new();
    let client = authority.client(None, authority.trust(), as_is);
    let issued = made::made(&agency());
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in.pdf"), folder.path().join("out.pdf"));
    std::fs::write(&from, made::pdf(Shape::default())).unwrap();
    let signer = key(&issued, RsaScheme::default());
    let signing_time = made::hanoi(Utc::now() + TimeDelta::hours(1));
    let request = SignRequest { signing_time, ..made::request() };
    sign_pdf_stamped(&from, &to, &request, &signer, &client).unwrap();
    let file = std::fs::read(&to).unwrap();
    let found = judged_after(&file, &both(&issued, &authority), TimeDelta::hours(2));
    assert_eq!(found.notes, [Note::TimeStampBeforeClaim]);
    assert_eq!(found.verdict, Verdict::Ok);
}

#[test]
fn every_byte_that_a_document_stamp_covers_counts() {
    let authority = Authority::new();
    let client = authority.client(None, authority.trust(), as_is);
    let input = made::pdf(Shape::default());
    let stamped = stamp_whole(&input, &client).unwrap();
    // In the page's content, in the signature dictionary's type, in the last line.
    let places = [b"0 0 1 rg".as_slice(), b"/DocTimeStamp", b"startxref"];
    for place in places {
        let at = stamped.windows(place.len()).rposition(|window| window == place).unwrap();
        let mut changed = stamped.clone();
        changed[at + 4] ^= 1;
        let good = made::verify(&changed, &authority.trust())
            .is_ok_and(|report| report.verdict.is_acceptable());
        assert!(!good, "{}", String::from_utf8_lossy(place));
    }
}

#[test]
fn a_document_without_a_good_stamp_stays_as_it_is() {
    let authority = Authority::new();
    let client = authority.client(None, Trust::default(), as_is);
    let refused = stamp_whole(&made::pdf(Shape::default()), &client);
    assert!(matches!(refused, Err(SignError::TimeStamp(StampError::Untrusted))));
}
