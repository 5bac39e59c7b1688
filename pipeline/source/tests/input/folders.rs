//! Folders become dossiers in the order of names, and progress counts what the walk meets.

use crate::support::{Input, sources};
use futures::StreamExt as _;
use sohoa_flow::Fault;
use sohoa_source::{Layout, Naming, Selection, SourceFile, Walk, count, walk};

#[tokio::test]
async fn folders_come_in_the_order_of_names_and_litter_does_not() {
    let input = Input::new(&[
        ("2/b.tif", ""),
        ("10/a 50%.tif", ""),
        ("1.pdf", ""),
        ("2/x.bak", ""),
        ("2/Thumbs.db", ""),
        ("2/deep/c.tif", ""),
        (".hidden/d.tif", ""),
    ]);
    let seen = input.codes(Layout::Auto, &[], &["**/*.bak"]).await;
    let expected = ["1.pdf", "2/b.tif", "2/deep/c.tif", "10/a 50%.tif"].map(|name| (name, None));
    assert_eq!(seen, sources(&expected));
    assert_eq!(input.count(&[], &["**/*.bak"]).await, (4, 0));
}

#[tokio::test]
async fn every_file_has_the_size_time_and_tag_that_the_store_gives_it() {
    let names = ["Quyết định số 5 (bản 2).pdf", "50% #1?.tif", "a%41~b*{c}[1].png", "x#", "C|.tif"];
    let input = Input::new(&names.map(|name| (name, name)));
    std::fs::create_dir_all(input.path("h#3/ C:")).unwrap();
    std::fs::write(input.path("h#3/ C:/scan#1a.tif"), "scan").unwrap();
    std::fs::create_dir(input.path("links")).unwrap();
    std::os::unix::fs::symlink(input.path("x#"), input.path("links/file.tif")).unwrap();
    std::os::unix::fs::symlink(input.path("h#3"), input.path("links/folder")).unwrap();

    let store = input.store();
    let listed: Vec<_> = store.objects().list(None).collect().await;
    let mut listed: Vec<SourceFile> = listed
        .into_iter()
        .map(|meta| {
            let meta = meta.unwrap();
            let (key, size, etag) = (meta.location, meta.size, meta.e_tag);
            SourceFile { key, size, etag, modified: meta.last_modified, declared: None }
        })
        .collect();
    let mut walked = Vec::new();
    let selection = Selection::new(&[], &[]).unwrap();
    let naming = Naming { agency: None, input: "in".into() };
    walk(
        &store,
        &Walk { layout: Layout::Auto, selection, naming, owners: sohoa_source::Owners::default() },
        |source| {
            assert_eq!(source.refused, None);
            walked.extend(source.files);
            std::future::ready(true)
        },
    )
    .await
    .unwrap();
    listed.sort_by(|left, right| left.key.cmp(&right.key));
    walked.sort_by(|left, right| left.key.cmp(&right.key));
    assert_eq!(walked.len(), names.len() + 3);
    assert_eq!(walked, listed);
}

#[tokio::test]
async fn an_input_that_is_gone_is_not_an_empty_one() {
    let input = Input::new(&[("a/b.tif", "x")]);
    let store = input.store();
    std::fs::remove_dir_all(input.path("")).unwrap();
    let selection = Selection::new(&[], &[]).unwrap();
    assert!(matches!(count(&store, &selection).await, Err(Fault::Fatal(_))));
    let naming = Naming { agency: None, input: "in".into() };
    let all =
        Walk { layout: Layout::Auto, selection, naming, owners: sohoa_source::Owners::default() };
    let walked = walk(&store, &all, |_| std::future::ready(true)).await;
    assert!(matches!(walked, Err(Fault::Fatal(_))), "{walked:?}");
}
