//! What is put into the input bucket.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sohoa_harness::{pdf, programs};

use crate::{
    arguments::Common,
    machine,
    submission::{Scan, files, scans},
    tiff,
    world::World,
};

/// Scans that must be read, in every format that a scanner writes.
pub(crate) const PAPER: &str =
    "tiff-g4,tiff-jpeg,tiff-lzw,jpeg,png,pdf-jpeg,pdf-g4,pdf-junk-layer,pdf-stamp-layer";

/// Side of the white page: just under the largest page that is taken (200 megapixels), so that it
/// is really unfolded.
const WHITE: u32 = 14_100;

/// Documents that the pages of the huge one are taken from.
const SOURCES: usize = 12;

/// Samples in a folder of the bucket, as dossiers.
pub(crate) fn samples(world: &World, folder: &str, seed: u64, further: &[&str]) -> Vec<Scan> {
    let made = world.path(&format!("made-{folder}"));
    let (seed, threads) = (seed.to_string(), machine::cores().to_string());
    let arguments = [&["--seed", &seed, "--threads", &threads], further].concat();
    programs::samples(&arguments, &made);
    fs::rename(made.join("scans"), world.bucket().join(folder)).unwrap();
    scans(&world.bucket(), folder)
}

/// A copy of a folder of the user's as the whole bucket.
pub(crate) fn copy(from: &Path, world: &World) -> Vec<Scan> {
    for file in files(from) {
        let to = world.bucket().join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&file, to).unwrap();
    }
    scans(&world.bucket(), "")
}

/// So many born-digital documents of one page.
pub(crate) fn small(world: &World, count: usize, seed: u64) -> Vec<Scan> {
    for number in 0..count {
        let folder = folder(world, &format!("small-{:03}", number / 1_000));
        fs::write(folder.join(format!("{number:06}.pdf")), pdf::decision(number, seed)).unwrap();
    }
    scans(&world.bucket(), "")
}

/// A TIFF of so many scanned pages, A4, group 4; some of them several times, with bytes of their
/// own each time.
pub(crate) fn huge(world: &World, common: &Common, (pages, dpi): (usize, u32)) -> Vec<Scan> {
    let made = world.path("made-huge");
    let (seed, dpi) = (common.seed.to_string(), dpi.to_string());
    let sources = pages.min(SOURCES).to_string();
    let threads = machine::cores().to_string();
    programs::samples(
        &[
            ["--seed", &seed, "--threads", &threads, "--dossiers", &sources],
            ["--documents", "1", "--dpi", &dpi, "--formats", "tiff-g4"],
        ]
        .concat(),
        &made,
    );
    let is_tiff = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "tif");
    let sources = files(&made.join("scans")).into_iter().filter(is_tiff);
    let found: Vec<_> =
        sources.flat_map(|source| tiff::pages(&fs::read(source).unwrap())).collect();
    let file = tiff::file(found.iter().cycle().take(pages));
    fs::write(folder(world, "huge").join("huge.tif"), file).unwrap();
    scans(&world.bucket(), "huge")
}

/// Files that ask for far more memory than they are worth: those of the sample maker, and a white
/// page of the largest size that is taken, in two kilobytes.
pub(crate) fn hostile(world: &World) -> Vec<Scan> {
    let made = world.path("made-broken");
    programs::samples(&["broken"], &made);
    let to = folder(world, "hostile");
    for file in files(&made.join("inputs")) {
        let name = file.file_name().unwrap().to_str().unwrap();
        if name.starts_with("absurd-size") || name.starts_with("bomb") {
            fs::copy(&file, to.join(name)).unwrap();
        }
    }
    fs::write(to.join("white.tif"), tiff::file(&[tiff::white(WHITE)])).unwrap();
    scans(&world.bucket(), "hostile")
}

/// What a corpus is, in words.
pub(crate) fn describe(what: &str, scans: &[Scan]) -> String {
    let bytes: u64 = scans.iter().map(Scan::size).sum();
    format!("{} {what}, {:.1} MB", scans.len(), bytes as f64 / 1e6)
}

fn folder(world: &World, name: &str) -> PathBuf {
    let folder = world.bucket().join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}
