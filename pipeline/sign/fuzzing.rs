//! The parsers of outside bytes, a function each, for `tests/fuzz`; no part of the crate's interface.
//!
//! Each function ends for any bytes, and panics where a parser breaks its promise.

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::{
    CertificateDer, Fetch, FetchError, FontFile, KeptEvidence, Message, Passphrase,
    TimeStampAuthority,
    certificate::Certificate,
    der_read::Reader,
    font::Subset,
    pdf::{
        Document, Object, Source, filter,
        lexer::{Fault, Lexer},
        object::decode_text_string,
        page,
    },
    pkcs12,
    revocation::{Link, Moment, Pool, Standing, Witness, crl::List, ocsp::Response},
    verify::{self, Trust},
};

/// Objects looked up in one file.
const MOST_OBJECTS: usize = 64;

/// PDF values: read, written, read again; and filters whose parameters are such values.
pub fn pdf_values(bytes: &[u8]) {
    let Ok(value) = Lexer::new(bytes, true).object() else { return };
    let mut written = Vec::new();
    value.write(&mut written);
    // A stream's data is not part of its value, and numbers keep the text they had.
    assert_eq!(Lexer::new(&written, true).object(), Ok(value.clone()));
    if let Some(text) = value.string() {
        let _text = decode_text_string(text);
    }
    if let Some(dictionary) = value.dictionary() {
        let data = &bytes[bytes.len() / 2..];
        let _decoded = filter::decode(dictionary, data);
    }
    // A window that ends early asks for more or gives what the whole gives.
    for end in [bytes.len() / 3, bytes.len() / 2] {
        let part = Lexer::new(&bytes[..end], false).object();
        assert!(matches!(part, Err(Fault::Cut)) || part == Ok(value.clone()), "{part:?}");
    }
}

/// The structure of a PDF file: cross-reference, objects, pages.
pub fn pdf_structure(path: &Path) {
    let Ok(source) = Source::open(path) else { return };
    let length = source.len();
    let Ok(document) = Document::open(source.clone()) else { return };
    assert!(!document.xref.sections.is_empty());
    let mut numbers: Vec<u32> = document.xref.entries.keys().copied().collect();
    numbers.sort_unstable();
    for number in numbers.into_iter().take(MOST_OBJECTS) {
        if let Ok(Object::Stream(stream)) = document.get(number) {
            assert!(stream.data_offset <= length);
            let _data = document.stream_data(&stream);
        }
        let _place = document.place_of(number, "Contents");
    }
    let _next = document.next_number();
    let _walked = page::walk(&document, |page| {
        let (width, height) = page.displayed();
        assert!(width > 0.0 && height > 0.0, "{width} x {height}");
        true
    });
    // An earlier revision is opened like a file of its own.
    let _earlier = Document::open(source.cut(length / 2));
}

/// Every signature of a file, judged.
pub fn signatures(path: &Path) {
    let Ok(report) = verify::verify_pdf(path, &Trust::default(), DateTime::<Utc>::UNIX_EPOCH)
    else {
        return;
    };
    assert_eq!(report.signatures.is_empty(), report.verdict == verify::Verdict::Missing);
    let trusted = [verify::Verdict::Ok, verify::Verdict::OkLegacyAlg];
    // No root is pinned.
    assert!(report.signatures.iter().all(|one| !trusted.contains(&one.verdict)));
}

/// DER, certificates in DER and PEM, signed data and time-stamps.
pub fn cms(bytes: &[u8]) {
    for element in Reader(bytes) {
        assert!(element.raw.len() >= element.content.len() + 2);
        let _octets = element.octets();
    }
    if let Some(certificate) = Certificate::parse(bytes) {
        let _facts = (
            certificate.is_authority(),
            certificate.path_length(),
            certificate.serial_hex(),
            certificate.subject.printed(),
            certificate.subject.matches(certificate.issuer),
            certificate.public_key(),
        );
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _certificates = CertificateDer::from_pem(text);
    }
    verify::signed_data(bytes);
    if let Some(kept) = KeptEvidence::from_der(bytes) {
        let written = kept.to_der();
        let again = KeptEvidence::from_der(&written).expect("what was written is read");
        assert_eq!(again.to_der(), written);
    }
}

/// Answers about revocation, asked for a certificate that issued itself.
pub fn revocation(bytes: &[u8], certificate: &[u8]) {
    let Some(certificate) = Certificate::parse(certificate) else { return };
    let link = Link { certificate: &certificate, issuer: &certificate };
    if let Ok(response) = Response::parse(bytes) {
        let _answers = response.answers_nonce(&[7; 8]);
        let _found = response.find(link, &response.certificates);
        for other in &response.certificates {
            let link = Link { certificate: other, issuer: other };
            let _found = response.find(link, &[]);
        }
    }
    if let Some(list) = List::parse(bytes) {
        let _found = list.find(link);
    }
    let pool = Pool { ocsps: vec![bytes.to_vec()], crls: vec![bytes.to_vec()], ..Pool::default() };
    let used = DateTime::<Utc>::UNIX_EPOCH;
    let standing = Witness::new(&pool).standing(link, Moment { used, known: used });
    assert!(matches!(standing, Standing::Missing(_)), "nobody signed for this certificate");
}

/// A server that answers everything with the same bytes.
#[derive(Debug)]
struct Always(Vec<u8>);

impl Fetch for Always {
    fn post(&self, _: &Message<'_>) -> Result<Vec<u8>, FetchError> {
        Ok(self.0.clone())
    }

    fn get(&self, _: &str) -> Result<Vec<u8>, FetchError> {
        Ok(self.0.clone())
    }
}

/// The reply of a time-stamp authority that nobody vouches for.
///
/// # Panics
/// Where it is believed.
pub fn stamps(bytes: &[u8]) {
    let fetch = Box::new(Always(bytes.to_vec()));
    let authority = TimeStampAuthority::new("http://fuzz", None, Trust::default(), fetch)
        .expect("no policy is given");
    assert!(authority.try_out().is_err(), "no root is pinned, and the nonce is another");
}

/// A PKCS#12 file, opened by the password of the seeds.
pub fn pkcs12(bytes: &[u8]) {
    let _key = pkcs12::open(bytes, &Passphrase::new("fuzz"));
}

/// A font that an appearance is set in.
pub fn font(bytes: &[u8]) {
    let Ok(font) = FontFile::new(bytes.to_vec()) else { return };
    let Ok(mut subset) = Subset::new(&font) else { return };
    for text in ["K", "Ký bởi", "0123"] {
        let _codes = subset.encode(text);
    }
    // Of a damaged font it may be no font either.
    if let Ok(data) = subset.data() {
        let _again = FontFile::new(data);
    }
}
