//! A bucket is listed by its store, by the same rules.

use std::{cell::RefCell, sync::Arc};

use object_store::{ObjectStoreExt as _, memory::InMemory, path::Path};
use sohoa_schemas::Code;
use sohoa_source::{Layout, Naming, Selection, Walk, count, walk};
use sohoa_store::Store;
use url::Url;

use crate::support::{manifest, sources};

async fn bucket(objects: &[(&str, &str)]) -> Store {
    let bucket = InMemory::new();
    for (key, content) in objects {
        let key = Path::parse(key).unwrap();
        bucket.put(&key, (*content).to_owned().into()).await.unwrap();
    }
    Store::from_parts(Arc::new(bucket), Url::parse("memory:///").unwrap())
}

async fn walked(store: &Store, include: &[&str]) -> Vec<(String, Option<Code>)> {
    let naming = Naming { agency: None, input: "in".into() };
    let selection = selection(include);
    let seen = RefCell::new(Vec::new());
    walk(
        store,
        &Walk { layout: Layout::Auto, selection, naming, owners: sohoa_source::Owners::default() },
        |source| {
            let code = source.refused.as_ref().map(|refused| refused.code);
            seen.borrow_mut().push((source.uris().join("+"), code));
            std::future::ready(true)
        },
    )
    .await
    .unwrap();
    seen.into_inner()
}

fn selection(include: &[&str]) -> Selection {
    let include: Vec<String> = include.iter().map(|&glob| glob.to_owned()).collect();
    Selection::new(&include, &[]).unwrap()
}

#[tokio::test]
async fn names_that_only_a_folder_cannot_hold_are_files_of_a_bucket() {
    let text = manifest(&[&["1.tif", "d/2.tif#2"]]);
    let objects =
        [("a.tif", "x"), ("h/scan#1", "xy"), ("m/manifest.json", text.as_str()), ("m/1.tif", "x")];
    let mut objects = objects.to_vec();
    objects.extend([("m/d/2.tif#2", "x"), (".litter/x.tif", "x")]);
    let store = bucket(&objects).await;
    let expected = [("a.tif", None), ("h/scan#1", None), ("m/1.tif+m/d/2.tif#2", None)];
    assert_eq!(walked(&store, &[]).await, sources(&expected));
    assert_eq!(walked(&store, &["m/*#2"]).await, sources(&expected[2..]));
    assert_eq!(count(&store, &selection(&[])).await.unwrap(), (4, 5));
}

#[tokio::test]
async fn a_manifest_in_the_root_of_a_bucket_decides() {
    let text = manifest(&[&["d/1.tif"]]);
    let objects = [("manifest.json", text.as_str()), ("d/1.tif", "x"), ("2.tif", "x")];
    let store = bucket(&objects).await;
    let expected = [("d/1.tif", None), ("2.tif", Some(Code::F11UnlistedFile))];
    assert_eq!(walked(&store, &[]).await, sources(&expected));
}
