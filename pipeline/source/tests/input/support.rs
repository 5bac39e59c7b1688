//! A local input made for one test, and what the walk says of it.

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
};

use sohoa_schemas::Code;
use sohoa_source::{Layout, Naming, Selection, Walk, count, walk};
use sohoa_store::{Missing, Store};

/// A source as the tests compare it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) address: String,
    pub(crate) code: Option<Code>,
    pub(crate) error: String,
    pub(crate) dossier: String,
    pub(crate) files: usize,
}

/// A folder of scans.
#[derive(Debug)]
pub(crate) struct Input {
    folder: tempfile::TempDir,
}

impl Input {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let input = Self { folder: tempfile::tempdir().unwrap() };
        for (name, content) in files {
            let path = input.path(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        input
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(self.folder.path().to_str().unwrap(), Missing::Refuse).unwrap()
    }

    /// Every source, in order.
    pub(crate) async fn seen(
        &self,
        layout: Layout,
        include: &[&str],
        exclude: &[&str],
    ) -> Vec<Seen> {
        let walked = Walk {
            layout,
            selection: selection(include, exclude),
            naming: Naming { agency: None, input: "in".into() },
            owners: sohoa_source::Owners::default(),
        };
        let seen = RefCell::new(Vec::new());
        walk(&self.store(), &walked, |source| {
            let refused = source.refused.as_ref();
            seen.borrow_mut().push(Seen {
                address: source.uris().join("+"),
                code: refused.map(|refused| refused.code),
                error: refused.map(|refused| refused.error.clone()).unwrap_or_default(),
                dossier: source.dossier.folder.clone(),
                files: source.files.len(),
            });
            std::future::ready(true)
        })
        .await
        .unwrap();
        seen.into_inner()
    }

    /// Addresses and codes only.
    pub(crate) async fn codes(
        &self,
        layout: Layout,
        include: &[&str],
        exclude: &[&str],
    ) -> Vec<(String, Option<Code>)> {
        let seen = self.seen(layout, include, exclude).await;
        seen.into_iter().map(|seen| (seen.address, seen.code)).collect()
    }

    pub(crate) async fn count(&self, include: &[&str], exclude: &[&str]) -> (u64, u64) {
        count(&self.store(), &selection(include, exclude)).await.unwrap()
    }
}

fn selection(include: &[&str], exclude: &[&str]) -> Selection {
    let globs = |list: &[&str]| list.iter().map(|&glob| glob.to_owned()).collect::<Vec<_>>();
    Selection::new(&globs(include), &globs(exclude)).unwrap()
}

/// Expected sources.
pub(crate) fn sources(list: &[(&str, Option<Code>)]) -> Vec<(String, Option<Code>)> {
    list.iter().map(|&(address, code)| (address.to_owned(), code)).collect()
}

/// A manifest with one document for each list of paths.
pub(crate) fn manifest(documents: &[&[&str]]) -> String {
    let document = |(index, paths): (usize, &&[&str])| {
        let files = paths.iter().map(|path| serde_json::json!({ "path": path }));
        serde_json::json!({ "ordinal": index + 1, "files": files.collect::<Vec<_>>() })
    };
    serde_json::json!({
        "manifest_version": "1.0", "manifest_id": "01X",
        "created_at": "2026-11-20T08:15:02+07:00", "partner": { "id": "p" },
        "dossier": { "dossier_code": "H08.12-240115-0007" },
        "documents": documents.iter().enumerate().map(document).collect::<Vec<_>>(),
    })
    .to_string()
}
