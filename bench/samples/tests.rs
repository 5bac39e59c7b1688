//! Runs the program and judges what it wrote with other people's readers: the tiff and image
//! crates, poppler, qpdf, Tesseract. They are required, not optional: a check that is skipped
//! proves nothing.

#![expect(clippy::unwrap_used, reason = "a test ends where its helper fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use sohoa_schemas::manifest::Manifest;
use tempfile::TempDir;

/// Runs the program into a new folder.
fn made(arguments: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sohoa-samples"));
    let status = command.args(arguments).arg("--output").arg(folder.path()).status().unwrap();
    assert!(status.success(), "{arguments:?}");
    folder
}

/// What a tool prints; a missing tool is a failure with its name.
fn printed(tool: &str, arguments: &[&str], file: &Path) -> (bool, String) {
    let mut command = Command::new(tool);
    // `-` sends the tools that want it to standard output.
    let (before, after): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|a| **a != "-");
    let run = command.args(before).arg(file).args(after).env("OMP_THREAD_LIMIT", "1").output();
    let output = run.unwrap_or_else(|error| panic!("`{tool}` is required: {error}"));
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

/// Every file under a folder with its bytes, by relative path.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

fn lines(folder: &Path, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("`{field}` is no text in {value}"))
}

/// The words of all pages in order.
fn words(document: &Value) -> Vec<String> {
    let pages = document["pages"].as_array().unwrap();
    pages.iter().flat_map(|page| text(page, "text").split_whitespace()).map(str::to_owned).collect()
}

/// Pages in a file, by a reader that is not ours; each page is decoded to pixels where that is
/// possible.
fn pages_in(path: &Path) -> usize {
    match path.extension().unwrap().to_str().unwrap() {
        "tif" => {
            let mut decoder =
                tiff::decoder::Decoder::new(BufReader::new(File::open(path).unwrap())).unwrap();
            let mut pages = 0;
            loop {
                decoder.read_image().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                pages += 1;
                if !decoder.more_images() {
                    return pages;
                }
                decoder.next_image().unwrap();
            }
        }
        "pdf" => {
            let (fine, report) = printed("pdfinfo", &[], path);
            assert!(fine, "{}", path.display());
            let line = report.lines().find_map(|line| line.strip_prefix("Pages:")).unwrap();
            line.trim().parse().unwrap()
        }
        _ => {
            image::ImageReader::open(path)
                .unwrap()
                .with_guessed_format()
                .unwrap()
                .decode()
                .unwrap();
            1
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_whatever_the_threads() {
    let common = ["--dossiers", "5", "--documents", "2", "--dpi", "100", "--faults", "heavy"];
    let with = |more: &[&str]| tree(made(&[&common, more].concat()).path());
    let one = with(&["--seed", "9"]);
    assert_eq!(one, with(&["--seed", "9", "--threads", "3"]));
    assert_ne!(one, with(&["--seed", "10"]));
    let broken = tree(made(&["broken"]).path());
    assert_eq!(broken, tree(made(&["broken"]).path()));
}

#[test]
fn truth_manifests_and_files_agree() {
    let folder = made(&["--dpi", "100,150", "--faults", "heavy", "--with-secret", "--seed", "3"]);
    let truths = lines(folder.path(), "truth.jsonl");
    let mut said: BTreeMap<String, &Value> = BTreeMap::new();
    for truth in &truths {
        let path = folder.path().join(text(truth, "file"));
        assert_eq!(truth["bytes"], fs::metadata(&path).unwrap().len());
        assert_eq!(truth["pages"].as_array().unwrap().len(), pages_in(&path), "{path:?}");
        assert!(text(truth, "notation").starts_with(&format!("{}/", text(truth, "number"))));
        said.insert(text(truth, "file").to_owned(), truth);
    }
    assert_eq!(truths.iter().filter(|truth| truth["secret"] == true).count(), 1);
    let mut manifests = 0;
    let mut scans = BTreeSet::new();
    for (name, bytes) in tree(&folder.path().join("scans")) {
        let name = Path::new("scans").join(name);
        if !name.ends_with("manifest.json") {
            scans.insert(name.to_str().unwrap().to_owned());
            continue;
        }
        manifests += 1;
        let manifest: Manifest = serde_json::from_slice(&bytes).unwrap();
        let dossier = name.parent().unwrap();
        for document in &manifest.documents {
            let file = &document.files[0];
            let truth = said[dossier.join(&file.path).to_str().unwrap()];
            let real = fs::read(folder.path().join(text(truth, "file"))).unwrap();
            let hash = ring::digest::digest(&ring::digest::SHA256, &real);
            let bytes = (0..64)
                .step_by(2)
                .map(|at| u8::from_str_radix(&text(truth, "sha256")[at..at + 2], 16).unwrap());
            assert!(bytes.eq(hash.as_ref().iter().copied()));
            assert_eq!(file.sha256.as_deref(), truth["sha256"].as_str());
            assert_eq!(file.bytes, Some(real.len() as u64));
            assert_eq!(file.pages, Some(truth["pages"].as_array().unwrap().len() as u32));
            assert_eq!(document.code_full.as_deref(), truth["notation"].as_str());
        }
        let counts = manifest.counts.unwrap();
        assert_eq!(counts.documents, Some(manifest.documents.len() as u32));
    }
    assert_eq!(manifests, 3);
    assert_eq!(scans, said.into_keys().collect());
}

#[test]
fn born_digital_text_and_good_layers_are_the_truth() {
    let folder = made(&["--formats", "pdf-born-digital,pdf-good-layer", "--dpi", "100"]);
    for truth in lines(folder.path(), "truth.jsonl") {
        let (_, read) =
            printed("pdftotext", &["-raw", "-"], &folder.path().join(text(&truth, "file")));
        let read: Vec<&str> = read.split_whitespace().collect();
        assert_eq!(read, words(&truth), "{}", text(&truth, "file"));
    }
}

#[test]
fn junk_and_stamp_layers_are_not_the_truth() {
    let folder = made(&["--formats", "pdf-junk-layer,pdf-stamp-layer,pdf-g4", "--dpi", "100"]);
    for truth in lines(folder.path(), "truth.jsonl") {
        let (_, read) = printed("pdftotext", &["-"], &folder.path().join(text(&truth, "file")));
        match text(&truth, "text_layer") {
            "junk" => {
                assert!(read.split_whitespace().count() > 40);
                assert!(!read.contains("Độc lập") && !read.contains("Hạnh phúc"));
            }
            "stamp-only" => {
                let lines: Vec<&str> = read.lines().map(str::trim).collect();
                assert!(text(&truth, "stamp_text").lines().all(|line| lines.contains(&line)));
            }
            _ => assert_eq!(read.trim(), ""),
        }
    }
}

/// Mean of the absolute difference of two images' bytes.
fn difference(one: &Path, other: &Path) -> f64 {
    let [one, other] = [one, other].map(|path| image::open(path).unwrap().into_rgb8());
    assert_eq!(one.dimensions(), other.dimensions());
    let apart = one.iter().zip(other.iter()).map(|(a, b)| f64::from(a.abs_diff(*b)));
    apart.sum::<f64>() / one.len() as f64
}

#[test]
fn given_images_are_spoiled_as_much_as_is_asked() {
    let drawn = made(&[
        "--faults",
        "none",
        "--formats",
        "png",
        "--dpi",
        "100",
        "--dossiers",
        "1",
        "--documents",
        "2",
    ]);
    let pages: Vec<PathBuf> = lines(drawn.path(), "truth.jsonl")
        .iter()
        .map(|truth| drawn.path().join(text(truth, "file")))
        .collect();
    let given: Vec<&str> = pages.iter().map(|page| page.to_str().unwrap()).collect();
    let spoiled =
        |faults: &[&str]| made(&[&["spoil", "--dpi", "100"], faults, given.as_slice()].concat());
    let as_drawn = spoiled(&["--faults", "none"]);
    let medium = spoiled(&["--faults", "medium"]);
    let blurred = spoiled(&["--faults", "medium", "--only", "blur"]);
    assert_eq!(tree(medium.path()), tree(spoiled(&["--faults", "medium"]).path()));
    for page in &pages {
        let name = page.with_extension("jpg").file_name().unwrap().to_owned();
        let away = |folder: &TempDir| difference(page, &folder.path().join(&name));
        assert!(away(&as_drawn) < 3.0, "{}", away(&as_drawn));
        assert!(away(&blurred) > away(&as_drawn));
        assert!(away(&medium) > away(&blurred));
    }
}

#[test]
fn a_clean_page_is_read_almost_without_mistakes() {
    let folder = made(&[
        "--faults",
        "none",
        "--formats",
        "png",
        "--dpi",
        "200",
        "--dossiers",
        "1",
        "--documents",
        "2",
        "--kinds",
        "quyet-dinh,thong-bao",
    ]);
    for truth in lines(folder.path(), "truth.jsonl") {
        let file = folder.path().join(text(&truth, "file"));
        let (_, read) = printed("tesseract", &["-", "-l", "vie"], &file);
        let read: BTreeSet<&str> = read.split_whitespace().collect();
        let all = words(&truth);
        let found = all.iter().filter(|word| read.contains(word.as_str())).count();
        assert!(found * 100 >= all.len() * 94, "{found} of {} words", all.len());
    }
}

#[test]
fn broken_inputs_are_broken_and_the_others_are_not() {
    let folder = made(&["broken"]);
    let expected = lines(folder.path(), "expected.jsonl");
    let names: BTreeSet<&str> = expected.iter().map(|line| text(line, "input")).collect();
    assert_eq!(names.len(), expected.len(), "an input occurs twice");
    for line in &expected {
        let path = folder.path().join(text(line, "input"));
        let missing = line["code"] == "F10_MISSING_FILE";
        assert_ne!(path.exists(), missing, "{path:?}");
        if let Some(code) = line["code"].as_str() {
            assert!(code.parse::<sohoa_schemas::Code>().is_ok(), "{code}");
        }
    }
    let input = |name: &str| folder.path().join("inputs").join(name);
    for name in ["truncated.png", "flipped-bits.png", "absurd-size.png"] {
        let reader = image::ImageReader::open(input(name)).unwrap();
        assert!(reader.decode().is_err(), "{name}");
    }
    // The bomb is a valid picture; what makes it one is how far it unfolds.
    let bomb = image::ImageReader::open(input("bomb.png")).unwrap();
    let (width, height) = bomb.into_dimensions().unwrap();
    let packed = fs::metadata(input("bomb.png")).unwrap().len();
    assert!(u64::from(width) * u64::from(height) > packed * 1000);
    for name in ["garbage.tif", "empty.tif", "zero-pages.tif", "truncated-early.tif"] {
        let file = BufReader::new(File::open(input(name)).unwrap());
        let opened = tiff::decoder::Decoder::new(file).and_then(|mut one| one.read_image());
        assert!(opened.is_err(), "{name}");
    }
    for name in ["encrypted-rc4.pdf", "encrypted-aes.pdf"] {
        assert!(!printed("pdfinfo", &[], &input(name)).0, "{name} opens without a password");
        assert!(printed("qpdf", &["--password=mat khau", "--check"], &input(name)).0, "{name}");
    }
    assert!(printed("qpdf", &["--check"], &input("owner-encrypted-aes.pdf")).0);
    for name in ["garbage.pdf", "html-error-page.pdf", "empty.pdf", "truncated.pdf"] {
        assert!(!printed("pdfinfo", &[], &input(name)).0, "{name}");
    }
}
