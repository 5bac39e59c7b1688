//! Dossiers whose manifest says something else than their files.

use anyhow::Result;
use serde_json::{Value, json};

use super::{Expect, Good, Shelf};
use crate::{format::Format, manifest::sha256};

type Spoil = fn(&mut Value);

/// Writes the dossiers: each has two documents, of which the second is wrong unless the whole
/// manifest is.
pub(super) fn put(shelf: &mut Shelf, good: &Good<'_>) -> Result<()> {
    let (tiff, jpeg) = (good.make(Format::TiffG4)?, good.make(Format::Jpeg)?);
    let pages = [tiff.pages.len(), jpeg.pages.len()];
    let files = [("01-thong-bao.tif", tiff.bytes), ("02-thong-bao.jpg", jpeg.bytes)];
    for (name, spoil, expect) in second_wrong() {
        let missing = name.ends_with("missing-file");
        let present = if missing { &files[..1] } else { &files[..] };
        let second = if missing { "02-not-uploaded.jpg" } else { files[1].0 };
        write(shelf, name, present, &spoiled(name, &files, pages, spoil))?;
        shelf
            .expect(&format!("{name}/{}", files[0].0), Expect::works("the first document is good"));
        shelf.expect(&format!("{name}/{second}"), expect);
    }
    for (name, spoil, expect) in whole_wrong() {
        write(shelf, name, &files, &spoiled(name, &files, pages, spoil))?;
        shelf.expect(name, expect);
    }
    write(shelf, "manifest-extra-file", &files, &spoiled("extra", &files, pages, |_| {}))?;
    shelf.put(
        "manifest-extra-file/03-unlisted.jpg",
        &files[1].1,
        Expect::code("F11_UNLISTED_FILE", "lies in the dossier, not in its manifest")
            .or(&["M09_DUPLICATE"]),
    )?;
    write(shelf, "manifest-not-json", &files, "{\"manifest_version\": \"1.0\",")?;
    shelf.expect("manifest-not-json", Expect::code("F12_MANIFEST_INVALID", "cut in the middle"));
    Ok(())
}

/// What is wrong with the second document.
fn second_wrong() -> [(&'static str, Spoil, Expect); 5] {
    [
        (
            "manifest-wrong-sha256",
            |manifest| manifest["documents"][1]["files"][0]["sha256"] = json!("0".repeat(64)),
            Expect::code("F01_HASH_MISMATCH", "the SHA-256 is another file's"),
        ),
        (
            "manifest-wrong-bytes",
            |manifest| {
                add(manifest, "/documents/1/files/0/bytes", 1);
                add(manifest, "/counts/bytes", 1);
            },
            Expect::code("F01_HASH_MISMATCH", "the size is one byte more"),
        ),
        (
            "manifest-wrong-pages",
            |manifest| {
                add(manifest, "/documents/1/files/0/pages", 2);
                add(manifest, "/documents/1/physical_pages", 2);
                add(manifest, "/counts/pages", 2);
                manifest["documents"][1]["files"][0]["page_map"] = json!([1, 2, 3]);
            },
            Expect::code("I10_PAGE_COUNT_MISMATCH", "three pages declared, one there"),
        ),
        (
            "manifest-photocopy",
            |manifest| manifest["documents"][1]["original_kind"] = json!("photocopy"),
            Expect::code("S03_COPY_NOT_ORIGINAL", "a photocopy is out of scope"),
        ),
        (
            "manifest-missing-file",
            |manifest| {
                manifest["documents"][1]["files"][0]["path"] = json!("02-not-uploaded.jpg");
            },
            Expect::code("F10_MISSING_FILE", "names a file that is not there"),
        ),
    ]
}

/// What is wrong with the whole manifest.
fn whole_wrong() -> [(&'static str, Spoil, Expect); 4] {
    [
        (
            "manifest-unknown-field",
            |manifest| manifest["documents"][0]["colour_of_folder"] = json!("blue"),
            Expect::code("F12_MANIFEST_INVALID", "a field the schema does not know"),
        ),
        (
            "manifest-wrong-totals",
            |manifest| add(manifest, "/counts/documents", 1),
            Expect::code("F12_MANIFEST_INVALID", "the counts do not add up"),
        ),
        (
            "manifest-path-outside",
            |manifest| {
                manifest["documents"][0]["files"][0]["path"] = json!("../01-thong-bao.tif");
            },
            Expect::code("F12_MANIFEST_INVALID", "a path leads out of the dossier")
                .or(&["F10_MISSING_FILE", "F11_UNLISTED_FILE"]),
        ),
        ("manifest-good", |_| {}, Expect::works("nothing is wrong")),
    ]
}

fn write(shelf: &Shelf, name: &str, files: &[(&str, Vec<u8>)], manifest: &str) -> Result<()> {
    for (file, bytes) in files {
        shelf.write(&format!("{name}/{file}"), bytes)?;
    }
    shelf.write(&format!("{name}/manifest.json"), manifest.as_bytes())
}

fn add(manifest: &mut Value, pointer: &str, more: u64) {
    if let Some(value) = manifest.pointer_mut(pointer) {
        *value = json!(value.as_u64().unwrap_or(0) + more);
    }
}

/// A true manifest of the files, then spoiled. Its identifier follows from the dossier's name: two
/// manifests with the same one would be the same submission.
fn spoiled(name: &str, files: &[(&str, Vec<u8>); 2], pages: [usize; 2], spoil: Spoil) -> String {
    let documents: Vec<Value> = files
        .iter()
        .zip(pages)
        .enumerate()
        .map(|(index, ((path, bytes), pages))| {
            json!({
                "ordinal": index + 1,
                "role": "component",
                "declared_type": "Thông báo",
                "original_kind": "original",
                "physical_pages": pages,
                "scope_basis": "TT01-2023.4.3",
                "files": [{
                    "path": path, "bytes": bytes.len(), "sha256": sha256(bytes), "pages": pages,
                    "dpi": 200, "page_map": (1..=pages).collect::<Vec<_>>(),
                }],
            })
        })
        .collect();
    let mut manifest = json!({
        "manifest_version": "1.0",
        "manifest_id": format!("01J9{}", &sha256(name.as_bytes())[..22].to_uppercase()),
        "created_at": "2026-11-20T08:15:02+07:00",
        "partner": { "id": "vnpost-binhdinh" },
        "custody": { "boxes": [], "originals_count": 2 },
        "dossier": { "paper_file_code": null, "title": "Hồ sơ thử" },
        "documents": documents,
        "counts": {
            "documents": 2, "files": 2, "pages": pages[0] + pages[1],
            "bytes": files[0].1.len() + files[1].1.len(),
        },
        "signature": null,
    });
    spoil(&mut manifest);
    format!("{manifest:#}\n")
}
