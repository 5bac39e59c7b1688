//! Whose certificate signed, and what became of it.

use std::{net::TcpListener, sync::Arc};

use chrono::{TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use sohoa_sign::{
    CertificateDer, KeyFile, RsaScheme, sign_pdf_stamped,
    test_ca::{Issued, Subject, issue},
};

use crate::{
    Kind, Kinds,
    by_hand::{baseline, signed, tree},
    bytes::{Signed, page},
    made::{
        self, append_bytes,
        pki::{AGENCY, Answer, MIDDLE, Network, Pki},
    },
};

/// Signed at level B-T by the agency under the two floors of authorities.
pub(crate) fn stamped(pki: &Arc<Pki>) -> Vec<u8> {
    let key = pki.agency(AGENCY, None, RsaScheme::default());
    let authority = pki.stamps.client(None, pki.trust(), |_, reply| reply);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("document.pdf");
    std::fs::write(&path, made::pdf(made::Shape::default())).unwrap();
    let mut request = made::request();
    request.signing_time = made::hanoi(Utc::now());
    sign_pdf_stamped(&path, &path, &request, &key, &authority).unwrap();
    std::fs::read(&path).unwrap()
}

/// The file with a response about the agency and a list of the root in its store.
pub(crate) fn proven(pki: &Pki, file: &[u8], change: impl FnOnce(&mut Answer)) -> Vec<u8> {
    let mut answer = pki.right(AGENCY);
    change(&mut answer);
    let list = pki.list("/root.crl", &pki.right(0));
    let objects = [(101, pki.response(&answer)), (102, list)];
    stored(file, ("/OCSPs[101 0 R]/CRLs[102 0 R]", objects))
}

/// The file with a store of these entries.
fn stored(file: &[u8], (entries, pieces): (&str, [(u32, Vec<u8>); 2])) -> Vec<u8> {
    let stream = |bytes: &[u8]| {
        [format!("<</Length {}>>\nstream\n", bytes.len()).as_bytes(), bytes, b"\nendstream"]
            .concat()
    };
    let head = b"\n1 0 obj\n<<";
    let at = file.windows(head.len()).rposition(|window| window == head).unwrap() + head.len();
    let end = at + file[at..].windows(7).position(|window| window == b"\nendobj").unwrap();
    let catalog = [b"<</DSS 100 0 R ", &file[at..end]].concat();
    let mut objects = vec![(1, catalog), (100, format!("<<{entries}>>").into_bytes())];
    objects.extend(pieces.iter().map(|(number, bytes)| (*number, stream(bytes))));
    append_bytes(file, &objects)
}

/// A signature whose certificate was taken out for another one of the same names.
fn substituted(issued: &Issued) -> Vec<u8> {
    signed("", |content| {
        let mut cms = tree(&baseline(issued, content));
        let other = made::made(&made::agency());
        let other = CertificateDer::from_pem(&other.chain).unwrap().remove(0);
        // Version, digests, content, certificates.
        *cms.child(1).child(0).child(3).child(0) = tree(&other.0);
        cms.write()
    })
}

/// A certificate under a root of its own, for keys that encrypt and do not sign.
fn of_another_use() -> Issued {
    under_a_root(|own| own.key_usages = vec![KeyUsagePurpose::KeyAgreement])
}

/// A certificate that signs, for purposes of RFC 5280 (1.3.6.1.5.5.7.3) by their last numbers.
pub(crate) fn for_purposes(numbers: &[u64]) -> Issued {
    under_a_root(|own| {
        own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let purpose =
            |&number| ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, number]);
        own.extended_key_usages = numbers.iter().map(purpose).collect();
    })
}

fn under_a_root(change: impl FnOnce(&mut CertificateParams)) -> Issued {
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.distinguished_name.push(DnType::CommonName, "Sohoa TEST root, no legal value");
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
    let mut own = CertificateParams::new(Vec::new()).unwrap();
    own.distinguished_name.push(DnType::CommonName, "Sở Thử nghiệm tỉnh Mẫu");
    change(&mut own);
    let key = KeyPair::generate().unwrap();
    let own = own.signed_by(&key, &root).unwrap();
    let chain = format!("{}{}", own.pem(), root.pem());
    Issued { root: root.pem(), chain, key: key.serialize_pem() }
}

fn by(issued: &Issued) -> Vec<u8> {
    Signed::of(&page(), issued).file
}

pub(crate) fn kinds() -> Kinds {
    let mut roots = String::new();
    let mut all = subjects(&mut roots);
    all.extend(revoked(&mut roots));
    Kinds { roots, all }
}

fn subjects(roots: &mut String) -> Vec<Kind> {
    let agency = made::agency();
    let years = |years: i64| made::now() + TimeDelta::days(years * 365);
    let mut of = |name, verdict, issued: Issued| {
        roots.push_str(&issued.root);
        Kind::new(name, verdict, by(&issued))
    };
    let nobody = Subject { common_name: "Lê Văn Thử".into(), user_id: None, ..agency.clone() };
    let other = Subject {
        common_name: "Sở Khác tỉnh Mẫu".into(),
        user_id: Some("MST:9876543210".into()),
        ..agency.clone()
    };
    let (person, kind) = (made::person(), "wrong_subject_kind");
    let expired = issue(&agency, years(-12), None).unwrap();
    let early = issue(&agency, years(2), None).unwrap();
    let mut all = vec![
        of("a person's certificate", kind, made::made(&person)).of_agency(),
        of("a certificate that does not say whose it is", kind, made::made(&nobody)).of_agency(),
        of("another agency's certificate", "wrong_agency", made::made(&other)).of_agency(),
        of(
            "a public authority's certificate of the agency's name",
            "untrusted_chain",
            made::made(&agency),
        )
        .of_agency()
        .public(),
        of("a certificate that had expired", "expired_at_signing", expired),
        of("a certificate that was not valid yet", "expired_at_signing", early),
        of("a certificate for another use", "untrusted_chain", of_another_use()),
        of("a certificate for servers (extended key usage)", "untrusted_chain", for_purposes(&[1])),
        of(
            "a certificate for code and responders (extended key usage)",
            "untrusted_chain",
            for_purposes(&[3, 9]),
        ),
    ];
    let own = made::made(&agency);
    let name = "another certificate in the place of the signer's";
    all.push(Kind::new(name, "altered", substituted(&own)));
    roots.push_str(&own.root);
    // Nobody pinned this one.
    let stranger = Signed::of(&page(), &made::made(&agency)).file;
    all.push(Kind::new("the agency's name under a strange root", "untrusted_chain", stranger));
    all
}

fn revoked(roots: &mut String) -> Vec<Kind> {
    let pki = Pki::new();
    let file = stamped(&pki);
    let ago = Utc::now() - TimeDelta::hours(1);
    let by = |file: &[u8], reason| proven(&pki, file, |a| a.revoked = Some((ago, Some(reason))));
    // Without a time-stamp nothing says that it was made before.
    let key = pki.agency(AGENCY, None, RsaScheme::default());
    let (unstamped, _) = made::sign(&made::pdf(made::Shape::default()), &key);
    let (root, under_revoked) = of_revoked(MIDDLE);
    let (asked_root, since_revoked) = revoked_since_its_evidence();
    *roots += &[pki.root_pem(), root, asked_root].concat();
    vec![
        Kind::new("revoked before it signed (key compromised)", "revoked", by(&file, 1)),
        Kind::new("revoked before it signed (operation ceased)", "revoked", by(&file, 5)),
        Kind::new("revoked, and no time-stamp proves when it signed", "revoked", by(&unstamped, 1)),
        Kind::new("its authority revoked before it signed", "revoked", under_revoked),
        Kind::new(
            "revoked after the evidence in the file, and its authority asked",
            "revoked",
            since_revoked,
        )
        .online(),
        Kind::new(
            "evidence of a list that is another part of its authority's",
            "indeterminate_revocation",
            on_no_part(&pki),
        ),
    ]
}

/// A root whose authorities answer, and a file that was signed with a revoked key: the evidence in it
/// is of before that, and not out of date.
fn revoked_since_its_evidence() -> (String, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let pki = Pki::at(&format!("http://{}", listener.local_addr().unwrap()));
    let key = pki.agency(AGENCY, None, RsaScheme::default());
    let (file, _) = made::sign(&made::pdf(made::Shape::default()), &key);
    let file = proven(&pki, &file, |answer| {
        answer.next_update = Some(answer.this_update + TimeDelta::days(25));
        answer.this_update -= TimeDelta::days(5);
    });
    pki.revoke(AGENCY, Utc::now() - TimeDelta::days(2), Some(1));
    Network::of(&pki).serve_while(listener, || true);
    (pki.root_pem(), file)
}

/// A file of a signer whose certificate names no list, with one in it that speaks for one of several
/// places.
fn on_no_part(pki: &Pki) -> Vec<u8> {
    let (key, chain) = pki.agency_files_naming_nobody(AGENCY);
    let chain = CertificateDer::from_pem(&chain).unwrap();
    let key = KeyFile::new(key.as_bytes(), &chain, RsaScheme::default()).unwrap();
    let (file, _) = made::sign(&made::pdf(made::Shape::default()), &key);
    let mut part = pki.right(0);
    part.point = Some("http://pki.test/1.crl".into());
    let lists = [pki.list("/middle.crl", &part), pki.list("/root.crl", &pki.right(0))];
    let [part, whole] = lists;
    stored(&file, ("/CRLs[101 0 R 102 0 R]", [(101, part), (102, whole)]))
}

/// A root, and a file signed under it with evidence that this certificate was revoked before.
fn of_revoked(serial: u8) -> (String, Vec<u8>) {
    let pki = Pki::new();
    let file = stamped(&pki);
    pki.revoke(serial, Utc::now() - TimeDelta::hours(1), Some(1));
    (pki.root_pem(), proven(&pki, &file, |_| {}))
}
