//! Signatures a second for `bench/signing`: `speed FOLDER [SECONDS]`. Puts a PDF of 1 MB, a key and
//! its certificates into FOLDER, for others to sign with, and prints one JSON object. FOLDER should
//! be in memory, and the program be bound to one core.
//!
//! The measure is what cannot be done without: SHA-256 over the file, and `ring`'s bare RSA-3072.
//! With SoftHSM2's settings in `SOFTHSM2_CONF` a token is measured beside its own bare signatures.

#![allow(
    clippy::allow_attributes,
    clippy::cast_precision_loss,
    clippy::unwrap_used,
    reason = "a measurement made by hand with the tests' own helpers, which panic"
)]

#[path = "../tests/made/mod.rs"]
mod made;

use std::{
    fmt::Write as _,
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use made::{
    pki::{AGENCY, Pki},
    token,
};
use ring::{digest, rand::SystemRandom, signature};
use sohoa_sign::{
    Hash, KeyName, MessageSigner, Passphrase, RsaScheme, SignRequest, TokenKey, TokenSettings,
    sign_pdf,
};

/// Rounds of all measurements in turn, so that a busy moment of the machine falls on each.
const ROUNDS: u32 = 5;

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().expect("usage: speed FOLDER [SECONDS]"));
    let seconds = arguments.next().map_or(20.0, |text| text.to_str().unwrap().parse().unwrap());
    let pem = made::openssl_key(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"]);
    let pki = Pki::new();
    let key = pki.agency(AGENCY, Some(&pem), RsaScheme::Pss(Hash::Sha256));
    let file = pdf_of_1_mb();
    fs::write(folder.join("in.pdf"), &file).unwrap();
    fs::write(folder.join("key.pem"), &pem).unwrap();
    for (i, certificate) in key.chain().iter().enumerate() {
        fs::write(folder.join(format!("chain-{i}.der")), &certificate.0).unwrap();
    }
    let in_token = std::env::var_os("SOFTHSM2_CONF").map(|_| token_key(&pem, &key));
    let der = openssl_der(&folder);
    let bare = signature::RsaKeyPair::from_pkcs8(&der).unwrap();
    let random = SystemRandom::new();
    let shown = made::request();
    let unseen = SignRequest { appearance: None, ..shown.clone() };

    let least: Box<dyn Fn() + '_> = Box::new(|| {
        let digest = digest::digest(&digest::SHA256, &file);
        let mut out = vec![0; bare.public().modulus_len()];
        let padding = &signature::RSA_PSS_SHA256;
        bare.sign(padding, &random, digest.as_ref(), &mut out).unwrap();
        black_box(out);
    });
    let mut work = vec![
        ("hash_and_bare_ring", least),
        ("sohoa_invisible", signing(&folder, &unseen, &key)),
        ("sohoa_with_appearance", signing(&folder, &shown, &key)),
    ];
    if let Some(token) = &in_token {
        work.push((
            "softhsm_bare",
            Box::new(move || {
                black_box(token.sign(&[7; 120]).unwrap());
            }),
        ));
        work.push(("sohoa_softhsm_invisible", signing(&folder, &unseen, token)));
    }
    let each = Duration::from_secs_f64(seconds / f64::from(ROUNDS) / work.len() as f64);
    let mut totals = vec![(0_u32, 0.0); work.len()];
    for _ in 0..ROUNDS {
        for ((_, work), (count, spent)) in work.iter().zip(&mut totals) {
            let began = Instant::now();
            while began.elapsed() < each {
                work();
                *count += 1;
            }
            *spent += began.elapsed().as_secs_f64();
        }
    }
    let rates: serde_json::Map<String, serde_json::Value> = work
        .iter()
        .zip(&totals)
        .map(|((name, _), (count, spent))| ((*name).to_owned(), (f64::from(*count) / spent).into()))
        .collect();
    println!("{}", serde_json::Value::Object(rates));
}

fn signing<'a>(
    folder: &'a Path,
    request: &'a SignRequest,
    key: &'a dyn MessageSigner,
) -> Box<dyn Fn() + 'a> {
    let (input, output) = (folder.join("in.pdf"), folder.join("out.pdf"));
    Box::new(move || {
        black_box(sign_pdf(&input, &output, request, key).unwrap());
    })
}

fn token_key(pem: &str, key: &dyn MessageSigner) -> TokenKey {
    token::make("speed");
    token::put_key("speed", pem, "one", "01");
    let opened = TokenKey::open(TokenSettings {
        library: token::library().unwrap(),
        token: Some("speed".to_owned()),
        key: KeyName { id: Some(vec![1]), label: None },
        pin: Some(Passphrase::new(token::PIN)),
        chain: key.chain().to_vec(),
        rsa: RsaScheme::Pss(Hash::Sha256),
        fall_back: false,
        sessions: 1,
        patience: Duration::from_secs(30),
        refusals: None,
    });
    let opened = opened.unwrap();
    opened.ready().unwrap();
    opened
}

/// The key as `ring` reads it.
fn openssl_der(folder: &Path) -> Vec<u8> {
    let made = std::process::Command::new("openssl")
        .args(["pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in"])
        .arg(folder.join("key.pem"))
        .output()
        .unwrap();
    assert!(made.status.success());
    made.stdout
}

/// A page with a grey image of 1,000 by 1,000 pixels, none like another.
fn pdf_of_1_mb() -> Vec<u8> {
    let mut state = 1_u32;
    let image: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(1_000_000)
    .collect();
    let stream = |head: &str, body: &[u8]| {
        let head = format!("<<{head}/Length {}>>\nstream\n", body.len());
        [head.as_bytes(), body, b"\nendstream"].concat()
    };
    let objects = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R\
          /Resources<</XObject<</I 5 0 R>>>>>>"
            .to_vec(),
        stream("", b"595 0 0 842 0 0 cm /I Do"),
        stream(
            "/Type/XObject/Subtype/Image/Width 1000/Height 1000/ColorSpace/DeviceGray\
             /BitsPerComponent 8",
            &image,
        ),
    ];
    let mut out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut table = String::from("0000000000 65535 f \n");
    for (i, body) in objects.iter().enumerate() {
        writeln!(table, "{:010} 00000 n ", out.len()).unwrap();
        out.extend(format!("{} 0 obj\n", i + 1).bytes());
        out.extend(body);
        out.extend(b"\nendobj\n");
    }
    let start = out.len();
    let size = objects.len() + 1;
    let end = format!(
        "xref\n0 {size}\n{table}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    );
    out.extend(end.bytes());
    out
}
