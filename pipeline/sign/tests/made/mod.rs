//! PDFs, keys and requests made on the spot.
//!
//! The PDFs are written by hand, object by object: the tests are about the ways structure can be
//! written, which no PDF library lets one choose.

#![allow(
    clippy::allow_attributes,
    clippy::format_push_string,
    clippy::unwrap_used,
    dead_code,
    unreachable_pub,
    reason = "helpers of tests: each test crate uses its own part, and a failure may panic"
)]

pub mod pki;
pub mod stamps;
pub mod token;

use std::{path::Path, process::Command};

use chrono::{DateTime, FixedOffset, Utc};
use sohoa_sign::{
    Appearance, CertificateDer, FontFile, KeyFile, RsaScheme, SignRequest, Signed, sign_pdf,
    test_ca::{Issued, Subject, issue},
    verify::{Pin, PinnedRoot, Report, Trust, TrustDomain, VerifyError, verify_pdf},
};

/// Tinos of Debian's `fonts-croscore`.
const FONT: &str = "/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Xref {
    Table,
    Stream,
    Hybrid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    Absent,
    Direct,
    Indirect,
}

#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub xref: Xref,
    pub rotate: i32,
    pub annotations: Held,
    pub form: Held,
    pub final_newline: bool,
    pub junk: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            xref: Xref::Table,
            rotate: 0,
            annotations: Held::Absent,
            form: Held::Absent,
            final_newline: true,
            junk: 0,
        }
    }
}

/// The objects of a page with a text field and a note, as far as the shape wants them.
fn objects(shape: Shape) -> [String; 9] {
    let annotations = match shape.annotations {
        Held::Absent => "",
        Held::Direct => "/Annots[6 0 R 7 0 R]",
        Held::Indirect => "/Annots 5 0 R",
    };
    let form = match shape.form {
        Held::Absent => "",
        Held::Direct => "/AcroForm<</Fields[7 0 R]/DA(/Helv 0 Tf)>>",
        Held::Indirect => "/AcroForm 8 0 R",
    };
    let content = "0 0 1 rg 20 20 100 100 re f\n";
    [
        format!("<</Type/Catalog/Pages 2 0 R{form}>>"),
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595.28 841.89]>>".to_owned(),
        format!(
            "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<<>>/CropBox[20 30 575 800]\
             /Rotate {}{annotations}/Hidden 90 0 R>>",
            shape.rotate
        ),
        format!("<</Length {}>>\nstream\n{content}endstream", content.len()),
        "[6 0 R 7 0 R]".to_owned(),
        "<</Type/Annot/Subtype/Text/Rect[10 10 30 30]/Contents(a note)/F 4>>".to_owned(),
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/Rect[50 50 90 70]/F 4/P 3 0 R>>".to_owned(),
        "<</Fields 9 0 R/DA(/Helv 0 Tf)>>".to_owned(),
        "[7 0 R]".to_owned(),
    ]
}

const ID: &str = "/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]";

/// A file of one revision, in the given shape.
pub fn pdf(shape: Shape) -> Vec<u8> {
    let mut out = vec![b'x'; shape.junk];
    let base = out.len();
    out.extend_from_slice(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
    // Object 4 is a stream and stays plain; a hybrid hides only the note.
    let packed = |number: usize| match shape.xref {
        Xref::Table => false,
        Xref::Stream => number != 4,
        Xref::Hybrid => number == 6,
    };
    let mut rows = vec![(0_u8, 0_usize, 65535_usize)];
    let (mut header, mut bodies, mut count) = (String::new(), String::new(), 0);
    for (i, body) in objects(shape).iter().enumerate() {
        let number = i + 1;
        if packed(number) {
            rows.push((2, 10, count));
            header.push_str(&format!("{number} {} ", bodies.len()));
            bodies.push_str(&format!("{body} "));
            count += 1;
        } else {
            rows.push((1, out.len() - base, 0));
            out.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
        }
    }
    let mut start = 0;
    if shape.xref != Xref::Table {
        rows.push((1, out.len() - base, 0));
        let text = format!(
            "10 0 obj\n<</Type/ObjStm/N {count}/First {}/Length {}>>\nstream\n{header}{bodies}\n\
             endstream\nendobj\n",
            header.len(),
            header.len() + bodies.len()
        );
        out.extend_from_slice(text.as_bytes());
        start = out.len() - base;
        rows.push((1, start, 0));
        cross_reference_stream(&mut out, &rows);
    }
    if shape.xref != Xref::Stream {
        let hidden = (shape.xref == Xref::Hybrid).then_some(start);
        start = out.len() - base;
        cross_reference_table(&mut out, &rows, hidden);
    }
    out.extend_from_slice(format!("startxref\n{start}\n%%EOF").as_bytes());
    if shape.final_newline {
        out.push(b'\n');
    }
    out
}

fn cross_reference_stream(out: &mut Vec<u8>, rows: &[(u8, usize, usize)]) {
    let data: Vec<u8> = rows
        .iter()
        .flat_map(|&(kind, a, b)| [kind, (a >> 8) as u8, a as u8, (b >> 8) as u8, b as u8])
        .collect();
    let head = format!(
        "11 0 obj\n<</Type/XRef/W[1 2 2]/Size {}/Root 1 0 R{ID}/Length {}>>\nstream\n",
        rows.len(),
        data.len()
    );
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(&data);
    out.extend_from_slice(b"\nendstream\nendobj\n");
}

fn cross_reference_table(out: &mut Vec<u8>, rows: &[(u8, usize, usize)], hidden: Option<usize>) {
    out.extend_from_slice(format!("xref\n0 {}\n", rows.len()).as_bytes());
    for &(kind, offset, generation) in rows {
        let row = match kind {
            1 => format!("{offset:010} 00000 n \n"),
            _ => format!("{:010} {:05} f \n", 0, if kind == 0 { generation } else { 0 }),
        };
        out.extend_from_slice(row.as_bytes());
    }
    let hidden = hidden.map(|at| format!("/XRefStm {at}")).unwrap_or_default();
    let trailer = format!("trailer\n<</Size {}/Root 1 0 R{ID}{hidden}>>\n", rows.len());
    out.extend_from_slice(trailer.as_bytes());
}

/// Appends a revision with these objects, as an editor would.
pub fn append(file: &[u8], objects: &[(u32, &str)]) -> Vec<u8> {
    let objects: Vec<_> = objects.iter().map(|(n, body)| (*n, body.as_bytes().to_vec())).collect();
    append_bytes(file, &objects)
}

/// The same with bodies that are no text.
pub fn append_bytes(file: &[u8], objects: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let keyword = b"startxref";
    let at = file.windows(keyword.len()).rposition(|window| window == keyword).unwrap();
    let tail = String::from_utf8_lossy(&file[at..]).into_owned();
    let previous: usize = tail.split_whitespace().nth(1).unwrap().parse().unwrap();
    let mut out = file.to_vec();
    let mut rows = String::new();
    for (number, body) in objects {
        rows.push_str(&format!("{number} 1\n{:010} 00000 n \n", out.len()));
        out.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        out.extend_from_slice(body);
        out.extend_from_slice(b"\nendobj\n");
    }
    let start = out.len();
    let text = format!(
        "xref\n{rows}trailer\n<</Size 200/Root 1 0 R/Prev {previous}>>\nstartxref\n{start}\n%%EOF\n"
    );
    out.extend_from_slice(text.as_bytes());
    out
}

pub fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-20T02:31:06Z").unwrap().to_utc()
}

pub fn hanoi(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    at.with_timezone(&FixedOffset::east_opt(7 * 3600).unwrap())
}

pub fn agency() -> Subject {
    Subject {
        common_name: "Sở Thử nghiệm tỉnh Mẫu".to_owned(),
        organisation: "Ủy ban nhân dân tỉnh Mẫu".to_owned(),
        locality: "Mẫu".to_owned(),
        user_id: Some("MST:0123456789".to_owned()),
        ..Subject::default()
    }
}

pub fn person() -> Subject {
    Subject {
        common_name: "Lê Văn Thử".to_owned(),
        unit: Some("Sở Thử nghiệm tỉnh Mẫu".to_owned()),
        user_id: Some("CCCD:000000000001".to_owned()),
        ..agency()
    }
}

pub fn made(subject: &Subject) -> Issued {
    issue(subject, now(), None).unwrap()
}

/// A key from `openssl genpkey`, which makes the RSA keys that `ring` does not.
pub fn openssl_key(options: &[&str]) -> String {
    let made = Command::new("openssl").arg("genpkey").args(options).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap()
}

pub fn key(issued: &Issued, rsa: RsaScheme) -> KeyFile {
    let chain = CertificateDer::from_pem(&issued.chain).unwrap();
    KeyFile::new(issued.key.as_bytes(), &chain, rsa).unwrap()
}

pub fn trust(issued: &Issued) -> Trust {
    let root = CertificateDer::from_pem(&issued.root).unwrap().remove(0);
    let pin = Pin::Certificate(root);
    Trust { roots: vec![PinnedRoot { pin, domain: TrustDomain::Test }], ..Trust::default() }
}

pub fn request() -> SignRequest {
    let font = FontFile::load(Path::new(FONT)).unwrap();
    let signing_time = hanoi(now());
    let agency = "Trung tâm Phục vụ hành chính công và Kiểm soát thủ tục hành chính tỉnh Mẫu";
    SignRequest {
        field_name: "AgencySignature".to_owned(),
        appearance: Some(Appearance::of_copy("SAO Y", agency, signing_time, font)),
        signing_time,
        reason: Some("Số hóa".to_owned()),
        location: None,
    }
}

/// Signs bytes and answers bytes.
pub fn sign(input: &[u8], key: &KeyFile) -> (Vec<u8>, Signed) {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in.pdf"), folder.path().join("out.pdf"));
    std::fs::write(&from, input).unwrap();
    let signed = sign_pdf(&from, &to, &request(), key).unwrap();
    (std::fs::read(&to).unwrap(), signed)
}

pub fn verify(file: &[u8], trust: &Trust) -> Result<Report, VerifyError> {
    let mut copy = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut copy, file).unwrap();
    // Time-stamps are of today.
    verify_pdf(copy.path(), trust, now().max(Utc::now()))
}
