//! Good files, which must give no alarm.

use std::{path::Path, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use sohoa_sign::{ArchiveStamp, RsaScheme, raise_pdf};

use crate::{
    Kind, Kinds,
    by_hand::{baseline, detached, signed},
    bytes::{Signed, page},
    forms,
    holders::{for_purposes, proven, stamped},
    made::{
        self, Held, Shape, Xref, append,
        pki::{Network, Pki},
        stamps::Authority,
    },
    times,
};

fn through(file: &[u8], work: impl FnOnce(&Path)) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("document.pdf");
    std::fs::write(&path, file).unwrap();
    work(&path);
    std::fs::read(&path).unwrap()
}

fn raised(pki: &Arc<Pki>, file: &[u8], archive: bool) -> Vec<u8> {
    let authority = pki.stamps.client(None, pki.trust(), |_, reply| reply);
    let archive =
        archive.then_some(ArchiveStamp { field_name: "ArchiveStamp", authority: &authority });
    through(file, |path| {
        let source = Network::of(pki).source();
        raise_pdf(path, path, &source, archive, Utc::now()).unwrap();
    })
}

/// Waits until the clock shows more than this.
fn pass(moment: DateTime<Utc>) {
    while Utc::now() <= moment {
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
}

pub(crate) fn of_authorities() -> Kinds {
    let pki = Pki::new();
    let file = stamped(&pki);
    let made = Utc::now();
    let once = raised(&pki, &file, true);
    let all = vec![
        Kind::new(
            "level B-T under a real root, and nobody asked",
            "indeterminate_revocation",
            file.clone(),
        ),
        Kind::new("level B-LT", "ok", raised(&pki, &file, false)),
        Kind::new("level B-LT by another program", "ok", proven(&pki, &file, |_| {})),
        Kind::new("level B-LTA", "ok", once.clone()),
        Kind::new("level B-LTA of the agency that has to sign", "ok", once.clone()).of_agency(),
        Kind::new("level B-LTA, renewed", "ok", raised(&pki, &once, true)),
        Kind::new("revoked after it was stamped", "ok", {
            // Evidence is of whole seconds.
            pass(made + TimeDelta::seconds(3));
            pki.set_clock(Utc::now());
            proven(&pki, &file, |answer| {
                answer.revoked = Some((made + TimeDelta::seconds(2), Some(1)));
            })
        }),
    ];
    Kinds { roots: pki.root_pem(), all }
}

fn of_files() -> Kinds {
    let rsa = made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let issued = sohoa_sign::test_ca::issue(&made::agency(), made::now(), Some(&rsa)).unwrap();
    let root = times::root();
    let authority = Authority::under(&root, 5, Vec::new());
    let of = |shape: Shape| Signed::of(&made::pdf(shape), &issued).file;
    let shape = Shape::default();
    let file = Signed::of(&page(), &issued).file;
    let mut earlier = append(&made::pdf(shape), &[(30, "<</Late true>>")]);
    earlier = Signed::of(&earlier, &issued).file;
    let allowing = "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams\
                    <</Type/TransformParams/P 2/V/1.2>>>>]";
    let certified = signed(allowing, |content| baseline(&issued, content));
    let old = signed("", |content| detached(&issued.key, &issued.chain, content, &["-md", "sha1"]));
    let (document_signing, client) = (for_purposes(&[36, 3]), for_purposes(&[2]));
    let by = |issued| Signed::of(&page(), issued).file;
    let all = vec![
        Kind::new("a cross-reference table", "ok", of(shape)),
        Kind::new("a cross-reference stream", "ok", of(Shape { xref: Xref::Stream, ..shape })),
        Kind::new("both (hybrid)", "ok", of(Shape { xref: Xref::Hybrid, ..shape })),
        Kind::new("a form and notes", "ok", file.clone()),
        Kind::new("a form of the page's own", "ok", of(Shape { form: Held::Direct, ..shape })),
        Kind::new("by the agency that has to sign", "ok", file.clone()).of_agency(),
        Kind::new(
            "signed by PKCS#1 v1.5",
            "ok",
            made::sign(&page(), &made::key(&issued, RsaScheme::Pkcs1(sohoa_sign::Hash::Sha512))).0,
        ),
        Kind::new("signed twice", "ok", Signed::of(&file, &issued).file),
        Kind::new("changed before it was signed", "ok", earlier),
        Kind::new("white space behind the end", "ok", [&file[..], b"\r\n\n"].concat()),
        Kind::new("by openssl", "ok", signed("", |content| baseline(&issued, content))),
        Kind::new(
            "with a time-stamp",
            "ok",
            times::stamped(&issued, |value| times::token(&authority, value)),
        ),
        Kind::new(
            "certified for signatures, and signed",
            "ok",
            Signed::of(&certified, &issued).file,
        ),
        Kind::new("with SHA-1, as it was done", "ok_legacy_alg", old),
        Kind::new("a certificate for documents and for code", "ok", by(&document_signing)),
        Kind::new("a certificate for logging in, as tokens have it", "ok", by(&client)),
    ];
    let roots = [issued.root, root.pem(), document_signing.root, client.root].concat();
    Kinds { roots, all }
}

pub(crate) fn kinds() -> Vec<Kinds> {
    vec![of_files(), forms::good(), of_authorities()]
}
