//! Writes a file of every level for every key and cross-reference under a throw-away authority, for
//! `tests/judges/levels.py` and `tests/judges/dss`: `levels FOLDER [IN.pdf...]`. Other PDFs are raised
//! too when given. With SoftHSM2's settings in `SOFTHSM2_CONF`, keys in a token sign as well as keys
//! in files. `bench/matrix` takes every key, algorithm and kind of input through the program itself.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "made by hand with the tests' own helpers, which panic"
)]

#[path = "../tests/made/mod.rs"]
mod made;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chrono::Utc;
use made::{
    Shape, Xref,
    pki::{AGENCY, Network, Pki},
    token,
};
use sohoa_sign::{
    ArchiveStamp, Hash, KeyName, MessageSigner, Passphrase, RsaScheme, TokenKey, TokenSettings,
    raise_pdf, sign_pdf, sign_pdf_stamped, stamp_pdf,
};

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().expect("usage: levels FOLDER [IN.pdf...]");
    let given: Vec<PathBuf> = arguments.collect();
    let pki = Pki::new();
    std::fs::write(folder.join("root.pem"), pki.root_pem()).unwrap();
    for (name, url) in
        [("root", "http://pki.test/root.crl"), ("middle", "http://pki.test/middle.crl")]
    {
        let list = pki.list(url, &pki.right(0));
        std::fs::write(folder.join(format!("{name}.crl")), list).unwrap();
    }
    let mut inputs = inputs(&folder);
    inputs.extend(given.iter().map(|path| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        (stem.into_owned(), path.clone())
    }));
    for (name, key) in keys(&pki) {
        // What a key in a token adds shows on one input.
        let in_token = Path::new(&name).extension().is_some_and(|kind| kind == "token");
        let taken = if in_token { 1 } else { inputs.len() };
        for (kind, input) in &inputs[..taken] {
            let name = |level: &str| folder.join(format!("{level}.{name}.{kind}.pdf"));
            every_level(&pki, &*key, input, (in_token, &name));
        }
    }
}

/// Files to sign, each of another kind.
fn inputs(folder: &Path) -> Vec<(String, PathBuf)> {
    let shape = Shape::default();
    let kinds = [("table", shape), ("stream", Shape { xref: Xref::Stream, ..shape })];
    let written = kinds.into_iter().map(|(kind, shape)| {
        let path = folder.join(format!("{kind}.in"));
        std::fs::write(&path, whole(shape)).unwrap();
        (kind.to_owned(), path)
    });
    written.collect()
}

/// Every key, in a file and where there is one in a token.
fn keys(pki: &Arc<Pki>) -> Vec<(String, Box<dyn MessageSigner>)> {
    let (pss, pkcs1) = (RsaScheme::Pss, RsaScheme::Pkcs1);
    let kinds = [
        ("rsa-2048", vec![("pss", pss(Hash::Sha256)), ("pkcs1", pkcs1(Hash::Sha256))]),
        ("p-256", vec![("sha256", RsaScheme::default())]),
        ("p-384", vec![("sha384", RsaScheme::default())]),
    ];
    let in_token = std::env::var_os("SOFTHSM2_CONF").is_some();
    if in_token {
        token::make("levels");
    }
    let pems: Vec<_> = kinds.iter().map(|(kind, _)| generated(kind)).collect();
    if in_token {
        for (i, ((kind, _), pem)) in kinds.iter().zip(&pems).enumerate() {
            let own = pki.agency(AGENCY, Some(pem), RsaScheme::default()).chain()[0].clone();
            let id = format!("{:02x}", i + 1);
            token::put_key("levels", pem, kind, &id);
            token::put_certificate("levels", &own, kind, &id);
        }
    }
    let mut keys: Vec<(String, Box<dyn MessageSigner>)> = Vec::new();
    for ((kind, schemes), pem) in kinds.iter().zip(&pems) {
        for (scheme, rsa) in schemes {
            let file = pki.agency(AGENCY, Some(pem), *rsa);
            if in_token {
                let key = TokenKey::open(TokenSettings {
                    library: token::library().unwrap(),
                    token: Some("levels".to_owned()),
                    key: KeyName { label: Some((*kind).to_owned()), id: None },
                    pin: Some(Passphrase::new(token::PIN)),
                    chain: file.chain()[1..].to_vec(),
                    rsa: *rsa,
                    fall_back: false,
                    sessions: 1,
                    patience: Duration::from_secs(30),
                    refusals: None,
                });
                keys.push((format!("{kind}.{scheme}.token"), Box::new(key.unwrap())));
            }
            keys.push((format!("{kind}.{scheme}.file"), Box::new(file)));
        }
    }
    keys
}

fn generated(kind: &str) -> String {
    if let Some(("rsa", bits)) = kind.split_once('-') {
        let bits = format!("rsa_keygen_bits:{bits}");
        return made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", &bits]);
    }
    let curve = format!("ec_paramgen_curve:{}", kind.to_uppercase());
    made::openssl_key(&["-algorithm", "EC", "-pkeyopt", &curve])
}

/// A file without the reference to nothing that the tests' own files have, and judges refuse.
fn whole(shape: Shape) -> Vec<u8> {
    let mut file = made::pdf(shape);
    let nothing = b"/Hidden 90 0 R";
    let at = file.windows(nothing.len()).position(|window| window == nothing).unwrap();
    file[at..at + nothing.len()].fill(b' ');
    file
}

fn every_level(
    pki: &Arc<Pki>,
    key: &dyn MessageSigner,
    input: &Path,
    (once, name): (bool, &dyn Fn(&str) -> PathBuf),
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
    if once {
        return;
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
    // Stamped under a certificate that ends soon, and archived under the next one.
    let ending = pki.ending_stamps.client(None, pki.trust(), |_, reply| reply);
    sign_pdf_stamped(input, &name("B-T.ending"), &request, key, &ending).unwrap();
    let source = Network::of(pki).source();
    let renewed = name("B-LTA.ending");
    raise_pdf(&name("B-T.ending"), &renewed, &source, Some(archive), Utc::now()).unwrap();
    // Renewed, as an archive does it.
    let renewed = name("B-LTA.renewed");
    raise_pdf(&name("B-LTA"), &renewed, &lists, Some(archive), Utc::now()).unwrap();
}
