//! A walk goes on behind a position with exactly what comes after it.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use object_store::{ObjectStoreExt as _, memory::InMemory, path::Path};
use proptest::{collection::btree_map, prelude::*};
use sohoa_schemas::ledger::Position;
use sohoa_source::{Layout, Naming, Selection, Walk, walk_from};
use sohoa_store::Store;
use url::Url;

use crate::support::{Input, manifest};

fn how(layout: Layout, exclude: &[String]) -> Walk {
    let selection = Selection::new(&[], exclude).unwrap();
    let naming = Naming { agency: None, input: "in".into() };
    Walk { layout, selection, naming, owners: sohoa_source::Owners::default() }
}

/// Addresses, positions and the number of documents of the same dossier, from behind `after`.
async fn rest(store: &Store, how: &Walk, after: Option<&Position>) -> Vec<(String, Position, u32)> {
    let seen = RefCell::new(Vec::new());
    walk_from(store, how, after, |found| {
        let address = found.source.uris().join("+");
        seen.borrow_mut().push((address, found.position, found.of_dossier));
        std::future::ready(true)
    })
    .await
    .unwrap();
    seen.into_inner()
}

async fn bucket(objects: &BTreeMap<String, String>) -> Store {
    let bucket = InMemory::new();
    for (key, content) in objects {
        bucket.put(&Path::parse(key).unwrap(), content.clone().into()).await.unwrap();
    }
    Store::from_parts(Arc::new(bucket), Url::parse("memory:///").unwrap())
}

fn key() -> impl Strategy<Value = String> {
    // Accents apart and together, digits with and without padding, folders beside files.
    let part = "(ê|e\u{302}|[ab]|0?[0-2]|10|\\.x){1,2}";
    proptest::collection::vec(part, 1..4).prop_map(|parts| parts.join("/"))
}

fn content() -> impl Strategy<Value = String> {
    let manifest = || manifest(&[&["a"], &[], &["0", "b/1"], &["c"]]);
    prop_oneof![4 => Just(String::new()), 1 => Just(manifest()), 1 => Just("{".to_owned())]
}

/// A content that is not empty lies in a `manifest.json` beside the key.
fn named((key, content): (String, String)) -> (String, String) {
    if content.is_empty() {
        return (key, content);
    }
    let folder = key.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    (format!("{folder}manifest.json"), content)
}

proptest! {
    #[test]
    fn the_rest_of_a_walk_is_what_came_after(
        objects in btree_map(key(), content(), 0..24),
        layout in 0usize..4,
        excluded in prop::bool::ANY,
    ) {
        let layouts = [Layout::Auto, Layout::Flat, Layout::Folders, Layout::Manifest];
        let exclude = if excluded { vec!["**/b".to_owned()] } else { Vec::new() };
        let how = how(layouts[layout], &exclude);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = bucket(&objects.into_iter().map(named).collect()).await;
            let all = rest(&store, &how, None).await;
            for (index, (_, position, _)) in all.iter().enumerate() {
                prop_assert_eq!(&rest(&store, &how, Some(position)).await[..], &all[index + 1..]);
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn what_was_passed_is_not_seen_again_whatever_came_there() {
    let input = Input::new(&[("1/a.tif", ""), ("2/a.tif", ""), ("2/c.tif", ""), ("3/a.tif", "")]);
    let (store, how) = (input.store(), how(Layout::Auto, &[]));
    let all = rest(&store, &how, None).await;
    let expected: Vec<_> = [("1/a.tif", 1), ("2/a.tif", 2), ("2/c.tif", 2), ("3/a.tif", 1)].into();
    let seen: Vec<_> = all.iter().map(|(address, _, count)| (address.as_str(), *count)).collect();
    assert_eq!(seen, expected);
    let behind = all[1].1.clone();
    for name in ["1/b.tif", "1/x/y.tif", "0.tif", "2/A.tif", "2/b.tif"] {
        std::fs::create_dir_all(input.path(name).parent().unwrap()).unwrap();
        std::fs::write(input.path(name), "").unwrap();
    }
    std::fs::remove_file(input.path("2/a.tif")).unwrap();
    let rest = rest(&store, &how, Some(&behind)).await;
    let addresses: Vec<_> = rest.iter().map(|(address, ..)| address.as_str()).collect();
    assert_eq!(addresses, ["2/b.tif", "2/c.tif", "3/a.tif"]);
}

#[tokio::test]
async fn a_manifest_that_came_since_makes_all_that_lies_below_it_new() {
    let input = Input::new(&[("1/a/1.tif", ""), ("1/b/2.tif", "")]);
    let (store, how) = (input.store(), how(Layout::Auto, &[]));
    let behind = rest(&store, &how, None).await.remove(0).1;
    std::fs::write(input.path("1/manifest.json"), manifest(&[&["a/1.tif"], &["b/2.tif"]])).unwrap();
    let rest = rest(&store, &how, Some(&behind)).await;
    let addresses: Vec<_> = rest.iter().map(|(address, ..)| address.as_str()).collect();
    assert_eq!(addresses, ["1/a/1.tif", "1/b/2.tif"]);
}
