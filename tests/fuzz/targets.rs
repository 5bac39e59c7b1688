//! What is fed to which parser.

use std::{
    io,
    path::{Path, PathBuf},
};

use sohoa_fuzz::good::{self, Good, Kind};

use crate::{amend, json, picture, planted, scratch, text};

/// A parser of outside bytes, with what it is tried on.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// What its seeds are; by their endings where this is none.
    kind: Option<Kind>,
    /// Folders of seeds beside its own, from the top of the tree.
    borrowed: &'static [&'static str],
    /// Seeds that are made, not kept.
    made: fn() -> Vec<Vec<u8>>,
    pub(crate) feed: fn(&[u8]),
}

const FILES: &str = "pipeline/decode/tests/files";
const ROOT: &[u8] = include_bytes!("seeds/cms/root.der");

/// Every target; the last is for the tests of the harness itself.
pub(crate) const ALL: &[Target] = &[
    of("amend", "the CSV file of corrections", Kind::Text, amend::sheet),
    of("barcode", "what a barcode says", Kind::Text, text::barcode),
    Target {
        made: picture::good,
        ..of("barcode-areas", "where on a page a barcode may stand", Kind::Plain, picture::areas)
    },
    of(
        "cms",
        "DER, certificates, signed data, time-stamp tokens",
        Kind::Der,
        sohoa_sign::fuzzing::cms,
    ),
    of("config", "the configuration file", Kind::Text, text::config),
    of("extract", "the text of a page: numbers, dates, all fields", Kind::Text, text::page),
    of("fax", "fax streams of every kind", Kind::Plain, sohoa_decode::fuzzing::fax),
    Target {
        kind: None,
        borrowed: &[FILES],
        ..of(
            "file",
            "a scan or PDF, opened and decoded page by page",
            Kind::Plain,
            sohoa_decode::fuzzing::file,
        )
    },
    of("font", "a TrueType font, its widths and a subset of it", Kind::Plain, fonts),
    borrowing(
        "image-streams",
        "JPEG and JPEG 2000 before they are embedded",
        &["pipeline/decode/tests/files/jpeg", "pipeline/decode/tests/files/jp2"],
        sohoa_compose::fuzzing::image_streams,
    ),
    borrowing(
        "jpeg",
        "markers, EXIF, joined strips, spliced tables",
        &["pipeline/decode/tests/files/jpeg"],
        sohoa_decode::fuzzing::jpeg,
    ),
    borrowing(
        "jpeg-2000",
        "boxes and header",
        &["pipeline/decode/tests/files/jp2"],
        sohoa_decode::fuzzing::jpeg2000,
    ),
    of("manifest", "a partner's manifest", Kind::Json, json::manifest),
    of("message", "submissions, events, dead letters, releases", Kind::Json, json::message),
    of("names", "names of files and dossiers", Kind::Text, text::names),
    of(
        "pdf-images",
        "what is seen of a PDF before it is decoded",
        Kind::Plain,
        sohoa_decode::fuzzing::pdf_images,
    ),
    Target {
        borrowed: &["pipeline/decode/tests/files/pdf", "tests/fuzz/seeds/signatures"],
        ..of("pdf-structure", "cross-reference, objects, pages", Kind::Pdf, pdf_structure)
    },
    of(
        "pdf-values",
        "PDF values and the filters of structure",
        Kind::Pdf,
        sohoa_sign::fuzzing::pdf_values,
    ),
    of("pkcs12", "a key file", Kind::Der, sohoa_sign::fuzzing::pkcs12),
    borrowing(
        "png",
        "chunks and pixels",
        &["pipeline/decode/tests/files/png"],
        sohoa_decode::fuzzing::png,
    ),
    of("record", "records, refusals, the ledger of a backfill", Kind::Json, json::record),
    Target {
        kind: None,
        borrowed: &["deploy/registers"],
        ..of(
            "registers",
            "tables as agencies send them: CSV in every encoding",
            Kind::Text,
            sohoa_registers::fuzzing::file,
        )
    },
    of("revocation", "OCSP responses and revocation lists", Kind::Der, revocation),
    of("signatures", "every signature of a PDF, judged", Kind::Pdf, signatures),
    of("stamps", "replies of a time-stamp authority", Kind::Der, sohoa_sign::fuzzing::stamps),
    borrowing(
        "tiff",
        "directories, strips and tiles of every compression",
        &["pipeline/decode/tests/files/tiff"],
        sohoa_decode::fuzzing::tiff,
    ),
    Target {
        made: sohoa_page_workers::fuzzing::good,
        ..of("wire", "what a page worker sends", Kind::Plain, sohoa_page_workers::fuzzing::frames)
    },
    Target {
        kind: None,
        made: sohoa_registers::fuzzing::workbooks,
        ..of("workbook", "tables as XLSX", Kind::Text, sohoa_registers::fuzzing::sheet)
    },
    Target {
        made: planted::good,
        ..of(planted::NAME, "faults put there to be found", Kind::Plain, planted::feed)
    },
];

/// A target with seeds of its own.
const fn of(name: &'static str, about: &'static str, kind: Kind, feed: fn(&[u8])) -> Target {
    Target { name, about, kind: Some(kind), borrowed: &[], made: Vec::new, feed }
}

/// A target whose seeds the decoder's tests use, known by their endings.
const fn borrowing(
    name: &'static str,
    about: &'static str,
    borrowed: &'static [&'static str],
    feed: fn(&[u8]),
) -> Target {
    Target { name, about, kind: None, borrowed, made: Vec::new, feed }
}

impl Target {
    /// Those that are run when none is named.
    pub(crate) fn usual() -> impl Iterator<Item = &'static Self> {
        ALL.iter().filter(|target| target.name != planted::NAME)
    }

    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|target| target.name == name)
    }

    /// What its cases are made of: kept seeds, borrowed ones, and what was found before.
    pub(crate) fn good(&self) -> io::Result<Vec<Good>> {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let own =
            ["seeds", "found"].map(|folder| top.join("tests/fuzz").join(folder).join(self.name));
        let folders: Vec<PathBuf> =
            own.into_iter().chain(self.borrowed.iter().map(|folder| top.join(folder))).collect();
        let folders: Vec<_> = folders.into_iter().filter(|folder| folder.is_dir()).collect();
        let kind = |path: &Path| self.kind.or_else(|| Kind::of(path));
        let made = (self.made)().into_iter().enumerate().map(|(number, bytes)| {
            let kind = self.kind.unwrap_or(Kind::Plain);
            Good { name: format!("made-{number}"), kind, bytes }
        });
        let made: Vec<Good> = made.collect();
        match good::gather(&folders, kind) {
            Ok(kept) => Ok(kept.into_iter().chain(made).collect()),
            Err(_) if !made.is_empty() => Ok(made),
            Err(error) => Err(error),
        }
    }
}

fn fonts(bytes: &[u8]) {
    sohoa_sign::fuzzing::font(bytes);
    sohoa_compose::fuzzing::font(bytes);
}

fn revocation(bytes: &[u8]) {
    sohoa_sign::fuzzing::revocation(bytes, ROOT);
}

fn pdf_structure(bytes: &[u8]) {
    scratch::file(bytes, sohoa_sign::fuzzing::pdf_structure);
}

fn signatures(bytes: &[u8]) {
    scratch::file(bytes, sohoa_sign::fuzzing::signatures);
}
