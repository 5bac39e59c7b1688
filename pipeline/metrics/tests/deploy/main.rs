//! What `deploy/` says about metrics and about itself, held against the program.

#![expect(clippy::unwrap_used, reason = "in a test an unexpected error is a failure")]

mod compose;
mod queries;

use std::path::PathBuf;

use saphyr::{LoadableYamlNode as _, YamlOwned};

/// A file of `deploy/`.
fn deploy(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name)
}

fn text(name: &str) -> String {
    let path = deploy(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A YAML file of one document.
fn yaml(name: &str) -> YamlOwned {
    let mut documents = YamlOwned::load_from_str(&text(name)).unwrap();
    assert_eq!(documents.len(), 1, "{name}");
    documents.remove(0)
}
