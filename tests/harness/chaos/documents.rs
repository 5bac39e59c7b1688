//! What is submitted: many tiny born-digital documents, some real scans. The list of files is this
//! program's own, whatever the program under test says of them.

use std::{collections::BTreeMap, fs, path::Path};

use sohoa_harness::{pdf, programs};

/// Tiny documents in a dossier.
const IN_DOSSIER: usize = 10;

/// Of so many documents, one is a scan that must be read.
const ONE_SCAN_IN: usize = 40;

/// The kinds of scans: everything but what needs no reading.
const FORMATS: &str =
    "tiff-g4,tiff-jpeg,tiff-lzw,jpeg,png,pdf-jpeg,pdf-g4,pdf-junk-layer,pdf-stamp-layer";

/// A submitted file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Born digital: the record is the file, byte for byte.
    Tiny,
    /// A scan: the record is made from it.
    Scan,
}

/// Fills the bucket with at least `count` documents of one file each; their keys.
pub(crate) fn make(bucket: &Path, samples: &Path, (count, seed): (usize, u64)) -> Files {
    let mut files = scans(bucket, samples, (count.div_ceil(ONE_SCAN_IN), seed));
    for number in 0..count - files.len().min(count) {
        let folder = format!("hs-{:04}", number / IN_DOSSIER);
        fs::create_dir_all(bucket.join(&folder)).unwrap();
        let key = format!("{folder}/{number:05}.pdf");
        fs::write(bucket.join(&key), pdf::decision(number, seed)).unwrap();
        files.insert(key, Kind::Tiny);
    }
    files
}

/// Keys in the input bucket.
pub(crate) type Files = BTreeMap<String, Kind>;

/// Two scans of one page to a dossier.
fn scans(bucket: &Path, samples: &Path, (count, seed): (usize, u64)) -> Files {
    let (seed, dossiers) = (seed.to_string(), count.div_ceil(2).to_string());
    programs::samples(
        &[
            ["--seed", &seed, "--dossiers", &dossiers, "--documents", "2"],
            ["--pages-per-document", "1", "--dpi", "200", "--formats", FORMATS],
        ]
        .concat(),
        samples,
    );
    fs::rename(samples.join("scans"), bucket).unwrap();
    let mut files = Files::new();
    for dossier in fs::read_dir(bucket).unwrap().map(Result::unwrap) {
        for file in fs::read_dir(dossier.path()).unwrap().map(Result::unwrap) {
            if file.file_name() != "manifest.json" {
                let folder = dossier.file_name().into_string().unwrap();
                let name = file.file_name().into_string().unwrap();
                files.insert(format!("{folder}/{name}"), Kind::Scan);
            }
        }
    }
    files
}
