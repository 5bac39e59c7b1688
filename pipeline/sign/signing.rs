//! Signs a PDF: PAdES B-B or B-T as an incremental update, the last write a document ever gets
//! but for document time-stamps, which are written the same way.
//!
//! The input is copied while it is hashed; only the new revision is held in memory. The output
//! appears under its name when it is complete, or not at all.

use std::{io::Write, path::Path};

use chrono::{DateTime, FixedOffset};
use ring::digest::{self, Context};

use crate::{
    SignError, TimeStampAuthority,
    appearance::{Appearance, real},
    form,
    hash::Hash,
    key::MessageSigner,
    output::Output,
    pdf::{
        Dictionary, Document, Object, Reference, Source,
        object::{hex, text_string},
        page,
    },
    revision::{Revision, Written},
    signed_data::Makers,
};

/// Room for four numbers of ten digits, their spaces and brackets.
const BYTE_RANGE_ROOM: usize = 48;

/// What to sign with, besides the key.
#[derive(Debug, Clone)]
pub struct SignRequest {
    /// Name of the signature field; a number is appended when the form has it already.
    pub field_name: String,
    /// What is shown on page 1; an invisible signature without it.
    pub appearance: Option<Appearance>,
    /// The claimed time, as it is shown; Vietnamese records use +07:00.
    pub signing_time: DateTime<FixedOffset>,
    /// `/Reason`: why it was signed.
    pub reason: Option<String>,
    /// `/Location`: where it was signed.
    pub location: Option<String>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Name the field was given.
    pub field_name: String,
    /// The two signed ranges: offset, length, offset, length.
    pub byte_range: [u64; 4],
    /// Size of the output in bytes.
    pub size: u64,
    /// SHA-256 of the output.
    pub sha256: [u8; 32],
    /// SHA-256 of the signer's certificate.
    pub certificate_sha256: [u8; 32],
}

/// Signs `input` into `output`; both may be the same file.
///
/// # Errors
/// [`SignError`]; `output` is then untouched.
pub fn sign_pdf(
    input: &Path,
    output: &Path,
    request: &SignRequest,
    signer: &dyn MessageSigner,
) -> Result<Signed, SignError> {
    sign_by(input, output, request, Makers { signer, stamps: None })
}

/// The same at level B-T: the signature carries a time-stamp by `authority`.
///
/// # Errors
/// As [`sign_pdf`], and [`SignError::TimeStamp`] when the authority gives no good token.
pub fn sign_pdf_stamped(
    input: &Path,
    output: &Path,
    request: &SignRequest,
    signer: &dyn MessageSigner,
    authority: &TimeStampAuthority,
) -> Result<Signed, SignError> {
    sign_by(input, output, request, Makers { signer, stamps: Some(authority) })
}

fn sign_by(
    input: &Path,
    output: &Path,
    request: &SignRequest,
    makers: Makers<'_>,
) -> Result<Signed, SignError> {
    let field = Field { name: &request.field_name, request: Some(request) };
    let stamped = append(input, output, field, Maker::Signature(makers))?;
    let certificate = makers.signer.chain().first().ok_or(SignError::KeyMismatch)?;
    Ok(Signed {
        field_name: stamped.field_name,
        byte_range: stamped.byte_range,
        size: stamped.size,
        sha256: stamped.sha256,
        certificate_sha256: certificate.sha256(),
    })
}

/// What a document time-stamp wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamped {
    /// Name the field was given.
    pub field_name: String,
    /// The two stamped ranges: offset, length, offset, length.
    pub byte_range: [u64; 4],
    /// Size of the output in bytes.
    pub size: u64,
    /// SHA-256 of the output.
    pub sha256: [u8; 32],
}

/// Stamps the whole of `input`, its signatures with it, as it is now; both paths may be the same.
/// An archive renews this before the last stamp's algorithm or certificate grows old.
///
/// # Errors
/// [`SignError`]; `output` is then untouched.
pub fn stamp_pdf(
    input: &Path,
    output: &Path,
    field_name: &str,
    authority: &TimeStampAuthority,
) -> Result<Stamped, SignError> {
    let field = Field { name: field_name, request: None };
    append(input, output, field, Maker::DocumentStamp(authority))
}

/// The field to make; one without a request is a document time-stamp's, which nothing shows.
#[derive(Debug, Clone, Copy)]
struct Field<'a> {
    name: &'a str,
    request: Option<&'a SignRequest>,
}

/// What fills the room of a field's value.
#[derive(Debug, Clone, Copy)]
enum Maker<'a> {
    DocumentStamp(&'a TimeStampAuthority),
    Signature(Makers<'a>),
}

impl Maker<'_> {
    fn hash(self) -> Hash {
        match self {
            // The one digest that every authority stamps.
            Self::DocumentStamp(_) => Hash::Sha256,
            Self::Signature(makers) => makers.signer.scheme().hash(),
        }
    }

    fn space(self) -> Result<usize, SignError> {
        match self {
            Self::DocumentStamp(authority) => authority.room(),
            Self::Signature(makers) => makers.space(),
        }
    }

    fn value(self, digest: &[u8]) -> Result<Vec<u8>, SignError> {
        match self {
            Self::DocumentStamp(authority) => authority.stamp(self.hash(), digest),
            Self::Signature(makers) => makers.sign(digest),
        }
    }
}

fn append(
    input: &Path,
    output: &Path,
    field: Field<'_>,
    maker: Maker<'_>,
) -> Result<Stamped, SignError> {
    let document = Document::open(Source::open(input)?)?;
    if document.encrypted() {
        return Err(SignError::Encrypted);
    }
    if form::forbids_changes(&document)? {
        return Err(SignError::Certified);
    }
    let field_name = form::free_name(&document, field.name)?;
    let space = maker.space()?;
    let mut revision = Revision::new(&document)?;
    let value = field_value(field.request, space);
    let slot = Slot { at: revision.reserve(), contents: value.contents, range: value.range, space };
    revision.put(slot.at, value.body);
    let appearance = field.request.and_then(|request| request.appearance.as_ref());
    add_widget(&document, &mut revision, appearance, (&field_name, slot.at))?;
    let mut written = revision.write(&document)?;
    let output = Output::create(output)?;
    let (byte_range, sha256) = fill(&document, &mut written, &slot, (maker, &output))?;
    output.finish()?;
    let size = document.source.len() + written.bytes.len() as u64;
    Ok(Stamped { field_name, byte_range, size, sha256 })
}

/// The signature dictionary with room for what is only known at the end.
struct Value {
    body: Vec<u8>,
    contents: usize,
    range: usize,
}

/// The same room, once the object has its number.
struct Slot {
    at: Reference,
    contents: usize,
    range: usize,
    space: usize,
}

fn field_value(request: Option<&SignRequest>, space: usize) -> Value {
    let kind: &[u8] = match request {
        Some(_) => b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached",
        None => b"<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161",
    };
    let mut body = kind.to_vec();
    body.extend_from_slice(b"/ByteRange ");
    let range = body.len();
    body.extend(std::iter::repeat_n(b' ', BYTE_RANGE_ROOM));
    body.extend_from_slice(b"/Contents ");
    let contents = body.len();
    body.push(b'<');
    body.extend(std::iter::repeat_n(b'0', 2 * space));
    body.push(b'>');
    if let Some(request) = request {
        claims(&mut body, request);
    }
    body.extend_from_slice(b">>");
    Value { body, contents, range }
}

/// What the signer claims; a stamp says all it has to say in its token.
fn claims(body: &mut Vec<u8>, request: &SignRequest) {
    let zone = request.signing_time.format("%:z").to_string().replace(':', "'");
    let time = format!("D:{}{zone}'", request.signing_time.format("%Y%m%d%H%M%S"));
    // Written out, since some readers take a time in hexadecimal for no time.
    body.extend_from_slice(format!("/M({time})").as_bytes());
    for (key, text) in [("/Reason", &request.reason), ("/Location", &request.location)] {
        if let Some(text) = text {
            body.extend_from_slice(key.as_bytes());
            text_string(text).write(body);
        }
    }
}

fn add_widget(
    document: &Document,
    revision: &mut Revision,
    appearance: Option<&Appearance>,
    (name, value): (&str, Reference),
) -> Result<(), SignError> {
    let page = page::first(document)?;
    let mut widget = Dictionary::new();
    widget.set("Type", "Annot");
    widget.set("Subtype", "Widget");
    widget.set("FT", "Sig");
    widget.set("T", text_string(name));
    widget.set("V", value);
    // Print and locked: PDF/A wants the first, a signature the second.
    widget.set("F", 132);
    widget.set("P", page.reference);
    let mut rect = [0.0; 4];
    if let Some(appearance) = appearance {
        let taken = form::shown_fields(document, &page)?;
        let layout = appearance.lay_out(&page, &taken)?;
        rect = page.to_user_space(layout.place);
        let mut states = Dictionary::new();
        states.set("N", layout.draw(&appearance.font, revision)?);
        widget.set("AP", states);
    }
    widget.set("Rect", rect.map(real).to_vec());
    let widget = revision.add(&Object::Dictionary(widget));
    form::add_field(document, revision, widget)?;
    form::add_annotation(document, revision, &page, widget)
}

/// Fills the room in, hashing and writing everything on the way.
fn fill(
    document: &Document,
    written: &mut Written,
    slot: &Slot,
    (maker, output): (Maker<'_>, &Output),
) -> Result<([u64; 4], [u8; 32]), SignError> {
    let length = document.source.len();
    let body = written.bodies.get(&slot.at).copied().unwrap_or_default();
    let contents = body + slot.contents;
    let after = contents + 2 * slot.space + 2;
    let gap_end = length + after as u64;
    let total = length + written.bytes.len() as u64;
    let byte_range = [0, length + contents as u64, gap_end, total - gap_end];
    let text = format!("[{} {} {} {}]", byte_range[0], byte_range[1], byte_range[2], byte_range[3]);
    if text.len() > BYTE_RANGE_ROOM {
        return Err(SignError::TooLarge);
    }
    let range = body + slot.range;
    written.bytes[range..range + text.len()].copy_from_slice(text.as_bytes());

    let mut file = &output.file;
    let mut signed = maker.hash().start();
    let mut other = (maker.hash() != Hash::Sha256).then(|| Context::new(&digest::SHA256));
    let mut both = |piece: &[u8]| {
        signed.update(piece);
        if let Some(other) = &mut other {
            other.update(piece);
        }
    };
    document.source.stream(0, length, |piece| {
        both(piece);
        file.write_all(piece)
    })?;
    both(&written.bytes[..contents]);
    // Up to the gap the file's own hash is of the same bytes.
    let mut whole = other.unwrap_or_else(|| signed.clone());
    signed.update(&written.bytes[after..]);
    let cms = maker.value(signed.finish().as_ref())?;
    if cms.len() > slot.space {
        return Err(SignError::Space { needed: cms.len(), reserved: slot.space });
    }
    let digits = hex(&cms);
    written.bytes[contents + 1..=contents + digits.len()].copy_from_slice(digits.as_bytes());
    whole.update(&written.bytes[contents..]);
    file.write_all(&written.bytes).map_err(SignError::io(&output.path))?;
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(whole.finish().as_ref());
    Ok((byte_range, sha256))
}
