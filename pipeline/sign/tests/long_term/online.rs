//! What a file proves by itself is asked about again: its evidence may be older than a revocation.

use std::{io::Write as _, sync::Arc};

use chrono::{TimeDelta, Utc};
use sohoa_sign::{
    EvidenceCache, EvidenceError, EvidenceSource, MessageSigner as _, RsaScheme,
    verify::{PadesLevel, Report, Verdict, verify_pdf_online},
};

use crate::{
    made::pki::{AGENCY, MIDDLE, Network, Pki},
    raise, sign, signed,
};

/// A file of level B-LT whose evidence is of some days ago, and will be out of date in some weeks.
fn with_old_evidence() -> (Arc<Pki>, Vec<u8>) {
    let (pki, file) = signed();
    let network = Network::of(&pki).changing(|_, answer| {
        answer.next_update = Some(answer.this_update + TimeDelta::days(25));
        answer.this_update -= TimeDelta::days(5);
    });
    let (kept, _) = raise(&file, &network.source(), None, Utc::now()).unwrap();
    (pki, kept)
}

fn online(file: &[u8], source: &EvidenceSource) -> (Report, Vec<(String, EvidenceError)>) {
    let mut copy = tempfile::NamedTempFile::new().unwrap();
    copy.write_all(file).unwrap();
    verify_pdf_online(copy.path(), source, Utc::now()).unwrap()
}

#[test]
fn evidence_of_before_the_revocation_does_not_hide_it() {
    for serial in [AGENCY, MIDDLE] {
        let (pki, file) = with_old_evidence();
        pki.revoke(serial, Utc::now() - TimeDelta::days(2), Some(1));
        let (report, unknown) = online(&file, &Network::of(&pki).source());
        assert_eq!((report.verdict, unknown.len()), (Verdict::Revoked, 0), "{serial}");
        assert_eq!(report.signatures[0].pades_level, PadesLevel::BLt, "what the file proves");
    }
}

#[test]
fn one_authority_is_asked_though_another_one_is_silent() {
    let (pki, file) = with_old_evidence();
    pki.revoke(MIDDLE, Utc::now() - TimeDelta::days(2), Some(2));
    let source = || Network::of(&pki).without(&["/middle", "/middle.crl"]).source();
    let (report, unknown) = online(&file, &source());
    assert_eq!((report.verdict, unknown.len()), (Verdict::Revoked, 1));
    let key = pki.agency(AGENCY, None, RsaScheme::default());
    let since = source().revoked_since(key.chain(), (Utc::now(), Utc::now())).unwrap();
    assert!(since.is_some());
}

#[test]
fn silence_is_told_and_what_the_file_proves_decides() {
    let (pki, kept) = with_old_evidence();
    let silent = || Network::of(&pki).without(&["/middle", ".crl"]).source();
    let (report, unknown) = online(&kept, &silent());
    assert_eq!((report.verdict, unknown.len()), (Verdict::Ok, 1));
    let (pki, file) = signed();
    let asked = Network::of(&pki).without(&["/middle", ".crl"]).source();
    let (report, unknown) = online(&file, &asked);
    assert_eq!((report.verdict, unknown.len()), (Verdict::IndeterminateRevocation, 1));
}

#[test]
fn who_is_silent_is_asked_once_whatever_the_number_of_signatures() {
    let (pki, once) = signed();
    let key = pki.agency(AGENCY, None, RsaScheme::default());
    let network = Network::of(&pki).without(&["/middle", ".crl"]);
    let asked = Arc::clone(&network.asked);
    let (_, unknown) = online(&sign(&once, &key, &pki), &network.source());
    assert_eq!(unknown.len(), 2);
    let of_agency = asked.lock().unwrap().iter().filter(|url| url.ends_with("/middle")).count();
    assert_eq!(of_agency, 2, "the second signature is by another certificate");
    assert_eq!(asked.lock().unwrap().iter().filter(|url| url.ends_with("/root.crl")).count(), 2);
}

#[test]
fn what_is_learnt_of_one_file_serves_the_next() {
    let (pki, file) = with_old_evidence();
    for without in [&[][..], &["/middle", ".crl"]] {
        let network = Network::of(&pki).without(without);
        let asked = Arc::clone(&network.asked);
        let source = network.source();
        let (first, silent) = online(&file, &source);
        let questions = asked.lock().unwrap().len();
        assert!(questions > 0);
        let (second, still_silent) = online(&file, &source);
        assert_eq!(asked.lock().unwrap().len(), questions, "nobody is asked again");
        assert_eq!((first.verdict, second.verdict), (Verdict::Ok, Verdict::Ok));
        assert_eq!(silent.len(), still_silent.len());
    }
}

#[test]
fn what_was_kept_serves_and_hides_no_silence() {
    let (pki, file) = signed();
    let folder = tempfile::tempdir().unwrap();
    let cache = || EvidenceCache::in_folder(folder.path());
    let (report, unknown) = online(&file, &Network::of(&pki).source_with(cache()));
    assert_eq!((report.verdict, unknown.len()), (Verdict::Ok, 0));
    let silent = Network::of(&pki).without(&["/middle", ".crl"]).source_with(cache());
    let (report, unknown) = online(&file, &silent);
    assert_eq!((report.verdict, unknown.len()), (Verdict::Ok, 1));
}
