//! Bytes of a signed file that are others, fewer or more; ranges and values that are forged.

use std::ops::Range;

use sohoa_sign::{RsaScheme, test_ca::Issued};

use crate::{
    Kind, Kinds,
    by_hand::{Der, position, put, signer, tree},
    made::{self, Held, Shape, Xref},
};

/// A file signed by the test agency, and the room of its value, brackets included.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub(crate) file: Vec<u8>,
    pub(crate) gap: Range<usize>,
}

impl Signed {
    pub(crate) fn of(input: &[u8], issued: &Issued) -> Self {
        let (file, signed) = made::sign(input, &made::key(issued, RsaScheme::default()));
        Self { file, gap: signed.byte_range[1] as usize..signed.byte_range[2] as usize }
    }

    /// The value, without what pads it.
    pub(crate) fn cms(&self) -> Vec<u8> {
        let digits = &self.file[self.gap.start + 1..self.gap.end - 1];
        let digit = |digit: u8| (digit as char).to_digit(16).unwrap() as u8;
        let bytes: Vec<u8> = digits.chunks(2).map(|p| digit(p[0]) << 4 | digit(p[1])).collect();
        tree(&bytes).write()
    }

    /// The file with another value.
    pub(crate) fn with_cms(&self, cms: &[u8]) -> Vec<u8> {
        let mut file = self.file.clone();
        put(&mut file, self.gap.clone(), cms);
        file
    }

    /// The file with this written over what stands at a place.
    fn with(&self, at: usize, what: &[u8]) -> Vec<u8> {
        let mut file = self.file.clone();
        file[at..at + what.len()].copy_from_slice(what);
        file
    }

    /// The same where something stands last.
    fn with_last(&self, from: &[u8], to: &[u8]) -> Vec<u8> {
        let at = self.file.windows(from.len()).rposition(|window| window == from).unwrap();
        self.with(at, to)
    }

    fn with_ranges(&self, ranges: &str) -> Vec<u8> {
        let at = position(&self.file, b"/ByteRange ") + 11;
        self.with(at, format!("{ranges:<47}").as_bytes())
    }

    /// Another text in the place of `/Contents`' value.
    fn with_contents(&self, what: &str) -> Vec<u8> {
        self.with(self.gap.start, format!("{what:<width$}", width = self.gap.len()).as_bytes())
    }
}

/// A page with a form and a note on it.
pub(crate) fn page() -> Vec<u8> {
    let (annotations, form) = (Held::Indirect, Held::Indirect);
    made::pdf(Shape { annotations, form, ..Shape::default() })
}

/// Signed so that its value leaves room: signatures on elliptic curves differ in length.
fn padded(issued: &Issued) -> Signed {
    std::iter::repeat_with(|| Signed::of(&page(), issued))
        .take(100)
        .find(|signed| signed.cms().len() * 2 + 2 < signed.gap.len())
        .unwrap()
}

pub(crate) fn kinds() -> Kinds {
    let issued = made::made(&made::agency());
    let signed = padded(&issued);
    let all = [altered(&signed, &issued), forged(&signed), ends(&signed, &issued)];
    Kinds { roots: issued.root, all: all.into_iter().flatten().collect() }
}

fn altered(signed: &Signed, issued: &Issued) -> Vec<Kind> {
    let altered = |name, file| Kind::new(name, "altered", file);
    let mut other_digest = tree(&signed.cms());
    for attribute in signer(&mut other_digest).child(3).children() {
        // The message digest; no other signed attribute is an OCTET STRING.
        if let Der::Leaf(4, digest) = attribute.child(1).child(0) {
            digest[0] ^= 1;
        }
    }
    let mut other_value = signed.cms();
    *other_value.last_mut().unwrap() ^= 1;
    let elsewhere = Signed::of(&made::pdf(Shape::default()), issued);
    vec![
        altered("a byte of the page's content", signed.with_last(b"0 0 1 rg", b"1 0 0 rg")),
        altered("a byte of the header", signed.with(8, b"\r")),
        altered("a byte behind the signature", signed.with_last(b"/F 132", b"/F 134")),
        altered("a byte of the signature value", signed.with_cms(&other_value)),
        altered("the digest among the signed attributes", signed.with_cms(&other_digest.write())),
        altered("the padding of /Contents", signed.with(signed.gap.end - 2, b"1")),
        altered("the signature value of another file", signed.with_cms(&elsewhere.cms())),
    ]
}

fn forged(signed: &Signed) -> Vec<Kind> {
    let altered = |name, file| Kind::new(name, "altered", file);
    let (start, end, total) = (signed.gap.start, signed.gap.end, signed.file.len());
    let ranges =
        |a: usize, b: usize, c: usize, d: usize| signed.with_ranges(&format!("[{a} {b} {c} {d}]"));
    let rest = total - end;
    let empty = |what| signed.with_contents(what);
    vec![
        altered("/Contents empty (universal forgery)", empty("<>")),
        altered("/Contents null (universal forgery)", empty("null")),
        altered("/Contents one zero byte (universal forgery)", empty("<00>")),
        altered(
            "/Contents missing (universal forgery)",
            signed.with_last(b"/Contents <", b"/Contentz <"),
        ),
        altered(
            "/ByteRange missing (universal forgery)",
            signed.with_last(b"/ByteRange ", b"/ByteRangz "),
        ),
        altered("/ByteRange null (universal forgery)", signed.with_ranges("null")),
        altered(
            "/ByteRange of two numbers (universal forgery)",
            signed.with_ranges(&format!("[0 {start}]")),
        ),
        altered(
            "/ByteRange negative (universal forgery)",
            signed.with_ranges(&format!("[0 {start} {end} -1]")),
        ),
        altered("/ByteRange beyond the file", ranges(0, start, end, total)),
        altered("/ByteRange ends early", ranges(0, start, end, rest - 40)),
        altered("/ByteRange begins late", ranges(9, start - 9, end, rest)),
        altered("/ByteRange leaves out more before it", ranges(0, start - 9, end, rest)),
        altered("/ByteRange leaves out more behind it", ranges(0, start, end + 9, rest - 9)),
    ]
}

fn ends(signed: &Signed, issued: &Issued) -> Vec<Kind> {
    let Signed { file, gap } = signed;
    let stream = Signed::of(&made::pdf(Shape { xref: Xref::Stream, ..Shape::default() }), issued);
    let tail = |tail: &[u8]| [&file[..], tail].concat();
    let unknown = tail(b"4 0 obj\n<</Length 0>>\nstream\n\nendstream\nendobj\n%%EOF\n");
    vec![
        Kind::new(
            "a digit of /Contents that is none",
            "unreadable",
            signed.with(gap.start + 41, b"z"),
        ),
        Kind::new("its last line feed cut off", "altered", file[..file.len() - 1].to_vec()),
        Kind::new("cut behind the signature", "unreadable", file[..file.len() - 30].to_vec()),
        Kind::new("cut inside the signature", "missing", file[..gap.start + 100].to_vec()),
        Kind::new("an object behind the end", "altered", tail(b"4 0 obj\n<<>>\nendobj\n")),
        Kind::new("the same as an end of its own (incremental saving)", "altered", unknown),
        Kind::new(
            "a byte of the cross-reference stream",
            "unreadable",
            stream.with_last(b"/XRef", b"/Xref"),
        ),
        Kind::new("no signature", "missing", page()),
        Kind::new("no PDF", "unreadable", b"no document".to_vec()),
        Kind::new("an empty file", "unreadable", Vec::new()),
    ]
}
