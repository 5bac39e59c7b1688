//! Levels B-LT and B-LTA: the evidence is in the file, and it is believed only when it is right.
//!
//! * [`raising`]: which level a file reaches, and what has to hold for it.
//! * [`answers`]: what authorities answer, rightly, wrongly or not at all.
//! * [`online`]: what is learnt of a file that proves something itself.
//! * [`revoked`]: whose certificate was revoked, and when.

#![allow(
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

mod answers;
#[path = "../made/mod.rs"]
mod made;
mod online;
mod raising;
mod revoked;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use made::{
    Shape,
    pki::{AGENCY, Pki},
};
use sohoa_sign::{
    ArchiveStamp, EvidenceSource, KeyFile, Raised, RsaScheme, SignError, TimeStampAuthority,
    raise_pdf, sign_pdf_stamped,
    verify::{PadesLevel, Report, verify_pdf},
};

fn client(pki: &Pki) -> TimeStampAuthority {
    pki.stamps.client(None, pki.trust(), |_, reply| reply)
}

/// Does something from a file to a file.
fn through<T>(
    input: &[u8],
    work: impl FnOnce(&std::path::Path) -> Result<T, SignError>,
) -> Result<(Vec<u8>, T), SignError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("document.pdf");
    std::fs::write(&path, input).unwrap();
    let done = work(&path);
    let after = std::fs::read(&path).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    assert!(done.is_ok() || after == input, "a failure changes nothing");
    done.map(|done| (after, done))
}

fn sign(input: &[u8], key: &KeyFile, pki: &Pki) -> Vec<u8> {
    let authority = client(pki);
    let signed =
        through(input, |path| sign_pdf_stamped(path, path, &made::request(), key, &authority));
    signed.unwrap().0
}

fn raise(
    input: &[u8],
    source: &EvidenceSource,
    archive: Option<&TimeStampAuthority>,
    now: DateTime<Utc>,
) -> Result<(Vec<u8>, Raised), SignError> {
    let archive = archive.map(|authority| ArchiveStamp { field_name: "ArchiveStamp", authority });
    through(input, |path| raise_pdf(path, path, source, archive, now))
}

fn verify(file: &[u8], pki: &Pki, at: DateTime<Utc>) -> Report {
    let mut copy = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut copy, file).unwrap();
    verify_pdf(copy.path(), &pki.trust(), at).unwrap()
}

/// A signed file of the agency, and the authorities it rests on.
fn signed() -> (Arc<Pki>, Vec<u8>) {
    let pki = Pki::new();
    let key = pki.agency(AGENCY, None, RsaScheme::default());
    let file = sign(&made::pdf(Shape::default()), &key, &pki);
    (pki, file)
}

fn levels(report: &Report) -> Vec<PadesLevel> {
    report.signatures.iter().map(|found| found.pades_level).collect()
}

/// Years from now, when every list and response has long run out.
fn much_later() -> DateTime<Utc> {
    Utc::now() + TimeDelta::days(3000)
}
