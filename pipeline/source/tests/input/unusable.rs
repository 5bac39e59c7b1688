//! What lies in a local input and is no file that can be stored: refused by name, never opened.

use std::{
    ffi::OsStr,
    os::unix::{ffi::OsStrExt as _, fs::symlink, net::UnixListener},
    process::Command,
};

use crate::support::{Input, manifest, sources};
use sohoa_schemas::Code;
use sohoa_source::Layout;

const UNREADABLE: Option<Code> = Some(Code::F02Unreadable);
const UNSUPPORTED: Option<Code> = Some(Code::F05Unsupported);

#[tokio::test]
async fn a_name_that_cannot_be_stored_is_refused_with_what_to_do() {
    let input = Input::new(&[("h/a.tif", "x"), ("h/scan.pdf#12", "x"), ("h/a\nb.tif", "x")]);
    for name in [&b"h/sc\xffn.tif"[..], b"h/sc\xfen.tif"] {
        std::fs::write(input.path(OsStr::from_bytes(name)), "x").unwrap();
    }
    std::fs::create_dir(input.path(OsStr::from_bytes(b"h/box\xff"))).unwrap();
    let seen = input.seen(Layout::Auto, &[], &[]).await;
    let found: Vec<_> = seen.iter().map(|seen| (seen.address.clone(), seen.code)).collect();
    let expected = [
        ("h/a\nb.tif", UNREADABLE),
        ("h/a.tif", None),
        ("h/box\u{fffd}", UNREADABLE),
        ("h/scan.pdf#12", UNREADABLE),
        ("h/sc\u{fffd}n.tif", UNREADABLE),
        ("h/sc\u{fffd}n.tif (2)", UNREADABLE),
    ];
    assert_eq!(found, sources(&expected));
    assert_eq!(seen[3].error, "names ending in # and a number cannot be stored: rename it");
    assert!(
        seen.iter()
            .all(|seen| seen.dossier == "h" && seen.files == usize::from(seen.code.is_none()))
    );
    assert_eq!(input.count(&[], &[]).await, (6, 1));
}

#[tokio::test]
async fn pipes_sockets_and_devices_are_refused_and_nothing_waits_for_them() {
    let input = Input::new(&[("a.tif", "x")]);
    let made = Command::new("mkfifo").arg(input.path("pipe.tif")).status().unwrap();
    assert!(made.success());
    let _socket = UnixListener::bind(input.path("socket")).unwrap();
    symlink("/dev/zero", input.path("zero.tif")).unwrap();
    for layout in [Layout::Auto, Layout::Flat, Layout::Folders] {
        let seen = input.codes(layout, &[], &[]).await;
        let expected = [
            ("a.tif", None),
            ("pipe.tif", UNSUPPORTED),
            ("socket", UNSUPPORTED),
            ("zero.tif", UNSUPPORTED),
        ];
        assert_eq!(seen, sources(&expected));
    }
    assert_eq!(input.count(&[], &[]).await, (4, 1));
}

#[tokio::test]
async fn links_are_followed_but_not_in_circles_nor_to_nowhere() {
    let input = Input::new(&[("real/a.tif", "x"), ("real/deep/b.tif", "x")]);
    symlink("../..", input.path("real/deep/up")).unwrap();
    symlink("itself", input.path("itself")).unwrap();
    symlink("/nowhere/at/all", input.path("gone.tif")).unwrap();
    symlink("/nowhere", input.path(".litter")).unwrap();
    symlink(input.path("real/deep"), input.path("other")).unwrap();
    let seen = input.codes(Layout::Auto, &[], &[]).await;
    let expected = [
        ("gone.tif", UNREADABLE),
        ("itself", UNREADABLE),
        ("other/b.tif", None),
        // The link in `other/up` does not lead to `other` itself, but to the input above it.
        ("other/up", UNREADABLE),
        ("real/a.tif", None),
        ("real/deep/b.tif", None),
        ("real/deep/up", UNREADABLE),
    ];
    assert_eq!(seen, sources(&expected));
    assert_eq!(input.count(&[], &[]).await, (7, 3));
}

#[tokio::test]
async fn links_within_links_come_to_an_end() {
    let input = Input::new(&[]);
    // Each folder links twice to the next: two to the power of thirty ways to the last.
    for step in 0..30 {
        std::fs::create_dir(input.path(step.to_string())).unwrap();
        for link in ["l", "r"] {
            let target = input.path((step + 1).to_string());
            symlink(target, input.path(format!("{step}/{link}"))).unwrap();
        }
    }
    std::fs::create_dir(input.path("30")).unwrap();
    let seen = input.seen(Layout::Auto, &[], &[]).await;
    assert!(seen.len() < 1000 && seen.iter().all(|seen| seen.code == UNREADABLE));
    assert!(seen[0].error.contains("too many linked folders"), "{}", seen[0].error);
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_is_refused_and_the_others_are_taken() {
    let input = Input::new(&[("b/a.tif", "x")]);
    // No account can read a path longer than the system allows.
    let name = "n".repeat(250);
    let chain = |length: usize| [name.as_str()].repeat(length).join("/");
    std::fs::create_dir_all(input.path(format!("a/{}", chain(8)))).unwrap();
    std::fs::create_dir_all(input.path(format!("move/{}", chain(9)))).unwrap();
    let end = format!("a/{}/{name}", chain(8));
    std::fs::rename(input.path(format!("move/{name}")), input.path(end)).unwrap();
    let seen = input.seen(Layout::Auto, &[], &[]).await;
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen[0].address.starts_with("a/nn") && seen[0].code == UNREADABLE);
    assert!(seen[0].error.contains("too long"), "{}", seen[0].error);
    assert_eq!((seen[1].address.as_str(), seen[1].code), ("b/a.tif", None));
}

#[tokio::test]
async fn a_selection_is_asked_about_these_too() {
    let input = Input::new(&[("2023/a.tif", "x"), ("2024/b.tif", "x"), ("2024/c.pdf#1", "x")]);
    symlink("/nowhere", input.path("2023/month")).unwrap();
    symlink("/nowhere", input.path("2024/month")).unwrap();
    let seen = input.codes(Layout::Auto, &["2024/**/*.tif", "2024/*.tif"], &[]).await;
    // The dead link may have led to a folder of TIFF files.
    let expected = [("2024/b.tif", None), ("2024/month", UNREADABLE)];
    assert_eq!(seen, sources(&expected));
    assert_eq!(input.count(&["2024/**/*.tif", "2024/*.tif"], &[]).await, (2, 1));
    let seen = input.codes(Layout::Auto, &[], &["2024/**", "**/month"]).await;
    assert_eq!(seen, sources(&[("2023/a.tif", None)]));
}

#[tokio::test]
async fn a_manifest_that_names_one_of_these_refuses_its_document_once() {
    let text = manifest(&[&["a.tif", "b.tif#2"], &["c.tif#3"], &["d.tif"]]);
    let input = Input::new(&[
        ("h/manifest.json", text.as_str()),
        ("h/a.tif", "x"),
        ("h/b.tif#2", "x"),
        ("h/c.tif#3", "x"),
        ("h/d.tif", "x"),
        ("h/e.tif#5", "x"),
    ]);
    let seen = input.codes(Layout::Auto, &[], &[]).await;
    let expected = [
        ("h/a.tif+h/b.tif#2", UNREADABLE),
        ("h/c.tif#3", UNREADABLE),
        ("h/d.tif", None),
        ("h/e.tif#5", UNREADABLE),
    ];
    assert_eq!(seen, sources(&expected));
}
