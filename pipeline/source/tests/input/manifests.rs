//! A manifest decides, and no upload vanishes or is refused for what is not its fault.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::support::{Input, manifest, sources};
use sohoa_schemas::Code;
use sohoa_source::Layout;
use unicode_normalization::UnicodeNormalization as _;

const INVALID: Option<Code> = Some(Code::F12ManifestInvalid);
const MISSING: Option<Code> = Some(Code::F10MissingFile);
const UNLISTED: Option<Code> = Some(Code::F11UnlistedFile);

#[tokio::test]
async fn a_manifest_decides_and_every_file_is_accounted_for() {
    let text = manifest(&[&["d1/1.tif"], &["gone.tif"]]);
    let input = Input::new(&[
        ("h/manifest.json", text.as_str()),
        ("h/d1/1.tif", "x"),
        ("h/d1/manifest.json", "{}"),
        ("h/extra.tif", "y"),
        ("h/.DS_Store", ""),
    ]);
    let seen = input.codes(Layout::Auto, &[], &[]).await;
    let expected = [
        ("h/d1/1.tif", None),
        ("h/gone.tif", MISSING),
        ("h/d1/manifest.json", UNLISTED),
        ("h/extra.tif", UNLISTED),
    ];
    assert_eq!(seen, sources(&expected));
}

#[tokio::test]
async fn a_broken_manifest_refuses_its_folder() {
    let input = Input::new(&[("h/manifest.json", "{"), ("h/a.tif", "x"), ("i/b.tif", "")]);
    let seen = input.codes(Layout::Auto, &[], &[]).await;
    assert_eq!(seen, sources(&[("h/a.tif", INVALID), ("i/b.tif", None)]));
    let ignoring = input.codes(Layout::Folders, &[], &[]).await;
    assert_eq!(ignoring, sources(&[("h/a.tif", None), ("i/b.tif", None)]));
}

#[tokio::test]
async fn a_manifest_without_any_scan_does_not_vanish() {
    let (empty, gone) = (manifest(&[]), manifest(&[&["gone.tif"], &["far/off.tif"]]));
    let no_files = manifest(&[&[], &[]]);
    let input = Input::new(&[
        ("broken/manifest.json", "{"),
        ("broken/.DS_Store", ""),
        ("empty/manifest.json", empty.as_str()),
        ("gone/manifest.json", gone.as_str()),
        ("no files/manifest.json", no_files.as_str()),
    ]);
    let seen = input.codes(Layout::Auto, &["**/*.tif"], &[]).await;
    let expected = [
        ("broken/manifest.json", INVALID),
        ("empty/manifest.json", INVALID),
        ("gone/gone.tif", MISSING),
        ("gone/far/off.tif", MISSING),
        ("no files/manifest.json#1", MISSING),
        ("no files/manifest.json#2", MISSING),
    ];
    assert_eq!(seen, sources(&expected));
}

#[tokio::test]
async fn a_manifest_in_the_root_makes_the_input_one_dossier() {
    let text = manifest(&[&["a.tif", "d1/b.tif"], &["gone.tif"]]);
    let input = Input::new(&[
        ("manifest.json", text.as_str()),
        ("a.tif", "x"),
        ("d1/b.tif", "x"),
        ("d2/c.tif", "x"),
    ]);
    for layout in [Layout::Auto, Layout::Manifest] {
        let seen = input.seen(layout, &[], &[]).await;
        assert!(seen.iter().all(|seen| seen.dossier.is_empty()), "{seen:?}");
        let expected = [("a.tif+d1/b.tif", None), ("gone.tif", MISSING), ("d2/c.tif", UNLISTED)];
        assert_eq!(input.codes(layout, &[], &[]).await, sources(&expected));
    }
    let flat = input.codes(Layout::Flat, &[], &[]).await;
    assert_eq!(flat, sources(&[("a.tif", None), ("d1/b.tif", None), ("d2/c.tif", None)]));
}

#[tokio::test]
async fn a_selection_leaves_documents_out_and_takes_none_in_half() {
    let text = manifest(&[&["1.tif", "1.pdf"], &["2.pdf"], &["gone.pdf"]]);
    let input = Input::new(&[
        ("h/manifest.json", text.as_str()),
        ("h/1.tif", "x"),
        ("h/1.pdf", "x"),
        ("h/2.pdf", "x"),
        ("h/extra.pdf", "x"),
    ]);
    let seen = input.codes(Layout::Auto, &["**/*.tif"], &[]).await;
    assert_eq!(seen, sources(&[("h/1.tif+h/1.pdf", None)]));
    let seen = input.codes(Layout::Auto, &[], &["**/1.*", "**/extra.*"]).await;
    assert_eq!(seen, sources(&[("h/2.pdf", None), ("h/gone.pdf", MISSING)]));
    assert_eq!(input.codes(Layout::Auto, &[], &["h/**"]).await, []);
}

#[tokio::test]
async fn a_manifest_that_cannot_be_read_refuses_its_folder_only() {
    let text = manifest(&[&["a.tif"]]);
    let input =
        Input::new(&[("h/manifest.json", text.as_str()), ("h/a.tif", "x"), ("i/b.tif", "x")]);
    let path = input.path("h/manifest.json");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read(&path).is_ok() {
        // Permissions do not bind this account, but this file of the system's opens for nobody.
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/proc/sys/vm/compact_memory", &path).unwrap();
    }
    let seen = input.seen(Layout::Auto, &[], &[]).await;
    assert_eq!((seen[0].address.as_str(), seen[0].code), ("h/a.tif", INVALID));
    assert!(seen[0].error.contains("permissions"), "{}", seen[0].error);
    assert_eq!((seen[1].address.as_str(), seen[1].code), ("i/b.tif", None));
}

#[tokio::test]
async fn a_manifest_that_is_no_file_refuses_its_folder() {
    let input = Input::new(&[("h/a.tif", "x")]);
    std::os::unix::fs::symlink("/nowhere", input.path("h/manifest.json")).unwrap();
    let seen = input.seen(Layout::Auto, &[], &[]).await;
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].address.as_str(), seen[0].code), ("h/a.tif", INVALID));
    assert!(seen[0].error.contains("link"), "{}", seen[0].error);
}

#[tokio::test]
async fn a_manifest_finds_any_name_that_is_there() {
    let apart: String = "Quyết định.tif".nfd().collect();
    let names = ["scan[1]~a.tif", "50%#x.tif", ".hidden/x.tif", "Quyết định.tif"];
    let text = manifest(&names.each_ref().map(std::slice::from_ref));
    let input = Input::new(&[("h/manifest.json", text.as_str())]);
    fs::create_dir(input.path("h/.hidden")).unwrap();
    for name in ["scan[1]~a.tif", "50%#x.tif", ".hidden/x.tif", ".hidden/y.tif", &apart] {
        fs::write(input.path("h").join(name), "x").unwrap();
    }
    let seen = input.codes(Layout::Auto, &[], &[]).await;
    let apart = format!("h/{apart}");
    let expected = [
        ("h/scan[1]~a.tif", None),
        ("h/50%#x.tif", None),
        ("h/.hidden/x.tif", None),
        (apart.as_str(), None),
    ];
    assert_eq!(seen, sources(&expected));
}
