//! Writes a file of every level for every key and cross-reference under a throw-away authority, for
//! `tests/judges/levels.py`: `levels FOLDER [IN.pdf...]`. Other PDFs are raised too when given.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "made by hand with the tests' own helpers, which panic"
)]

#[path = "../tests/made/mod.rs"]
mod made;

use std::path::{Path, PathBuf};

use chrono::Utc;
use made::{
    Shape, Xref,
    pki::{AGENCY, Network, Pki},
};
use sohoa_sign::{ArchiveStamp, Hash, RsaScheme, raise_pdf, sign_pdf, sign_pdf_stamped, stamp_pdf};

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().expect("usage: levels FOLDER [IN.pdf...]");
    let given: Vec<PathBuf> = arguments.collect();
    let pki = Pki::new();
    std::fs::write(folder.join("root.pem"), pki.root_pem()).unwrap();
    let rsa = made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let p384 = made::openssl_key(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]);
    for (name, pem, scheme) in [
        ("rsa-pss", Some(&rsa), RsaScheme::Pss(Hash::Sha256)),
        ("rsa-pkcs1", Some(&rsa), RsaScheme::Pkcs1(Hash::Sha256)),
        ("p-256", None, RsaScheme::default()),
        ("p-384", Some(&p384), RsaScheme::default()),
    ] {
        let key = pki.agency(AGENCY, pem.map(String::as_str), scheme);
        let mut inputs = vec![];
        for (xref, kind) in [(Xref::Table, "table"), (Xref::Stream, "stream")] {
            let path = folder.join(format!("{kind}.in"));
            std::fs::write(&path, whole(xref)).unwrap();
            inputs.push((kind.to_owned(), path));
        }
        inputs.extend(given.iter().map(|path| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            (stem.into_owned(), path.clone())
        }));
        for (kind, input) in inputs {
            let name = |level: &str| folder.join(format!("{level}.{name}.{kind}.pdf"));
            every_level(&pki, &key, &input, name);
        }
    }
}

/// A file without the reference to nothing that the tests' own files have, and judges refuse.
fn whole(xref: Xref) -> Vec<u8> {
    let mut file = made::pdf(Shape { xref, ..Shape::default() });
    let nothing = b"/Hidden 90 0 R";
    let at = file.windows(nothing.len()).position(|window| window == nothing).unwrap();
    file[at..at + nothing.len()].fill(b' ');
    file
}

fn every_level(
    pki: &std::sync::Arc<Pki>,
    key: &sohoa_sign::KeyFile,
    input: &Path,
    name: impl Fn(&str) -> PathBuf,
) {
    let authority = pki.stamps.client(None, pki.trust(), |_, reply| reply);
    let mut request = made::request();
    request.signing_time = made::hanoi(Utc::now());
    sign_pdf(input, &name("B-B"), &request, key).unwrap();
    let stamped = name("B-T");
    sign_pdf_stamped(input, &stamped, &request, key, &authority).unwrap();
    let archive = ArchiveStamp { field_name: "ArchiveStamp", authority: &authority };
    for (level, archive) in [("B-LT", None), ("B-LTA", Some(archive))] {
        let source = Network::of(pki).source();
        raise_pdf(&stamped, &name(level), &source, archive, Utc::now()).unwrap();
    }
    // By lists alone, without any responder.
    let lists = Network::of(pki).without(&["/middle"]).source();
    raise_pdf(&stamped, &name("B-LT.lists"), &lists, None, Utc::now()).unwrap();
    raise_pdf(&stamped, &name("B-LTA.lists"), &lists, Some(archive), Utc::now()).unwrap();
    // Raised late: signed without a time-stamp, and stamped as a whole afterwards. The judge of levels
    // knows no level above B-T for them; others judge them.
    let late = name("B-T.late");
    stamp_pdf(&name("B-B"), &late, archive.field_name, &authority).unwrap();
    let source = Network::of(pki).source();
    raise_pdf(&late, &name("late-B-LT"), &source, None, Utc::now()).unwrap();
    raise_pdf(&late, &name("late-B-LTA"), &source, Some(archive), Utc::now()).unwrap();
    // Renewed, as an archive does it.
    let renewed = name("B-LTA.renewed");
    raise_pdf(&name("B-LTA"), &renewed, &lists, Some(archive), Utc::now()).unwrap();
}
