//! The folders of the input, one after the other.

use std::{collections::VecDeque, future::Future};

use futures::StreamExt as _;
use globset::{Glob, GlobSet, GlobSetBuilder};
use object_store::{ListResult, ObjectMeta, path::Path};
use sohoa_flow::Fault;
use sohoa_store::{Store, classify};

use crate::{
    dossier::{self, Naming, STAGE, Source, SourceFile},
    manifest,
    order::compare,
};

/// How files make dossiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// A manifest where there is one, else a subfolder's files, else single files.
    #[default]
    Auto,
    /// Each file a dossier of its own.
    Flat,
    /// A subfolder's files are a dossier, manifests are not looked at.
    Folders,
    /// Only what a manifest names; every other file is refused.
    Manifest,
}

/// Which files are taken.
#[derive(Debug, Clone)]
pub struct Selection {
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Selection {
    /// Files that match any of `include` (all, without one) and none of `exclude`; globs over the
    /// path relative to the input.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, globset::Error> {
        let set = |globs: &[String]| {
            let mut builder = GlobSetBuilder::new();
            for glob in globs {
                builder.add(Glob::new(glob)?);
            }
            builder.build()
        };
        let include = if include.is_empty() { None } else { Some(set(include)?) };
        Ok(Self { include, exclude: set(exclude)? })
    }

    fn takes(&self, path: &Path) -> bool {
        let path = path.as_ref();
        self.include.as_ref().is_none_or(|set| set.is_match(path)) && !self.exclude.is_match(path)
    }
}

/// What file managers leave behind; not part of any dossier.
fn litter(name: &str) -> bool {
    name.starts_with('.') || matches!(name, "Thumbs.db" | "desktop.ini" | "__MACOSX")
}

/// What the walk needs to know.
#[derive(Debug, Clone)]
pub struct Walk {
    /// How files make dossiers.
    pub layout: Layout,
    /// Which files are taken.
    pub selection: Selection,
    /// What names dossiers.
    pub naming: Naming,
}

/// Calls `take` with every source of the input, in the order of names, one folder's at a time.
/// `take` answers whether to go on.
///
/// # Errors
/// The input cannot be listed, or a manifest cannot be read from the store.
pub async fn walk<F, Fut>(input: &Store, walk: &Walk, mut take: F) -> Result<(), Fault>
where
    F: FnMut(Source) -> Fut,
    Fut: Future<Output = bool>,
{
    // Depth first with the listing of one folder at a time; only folder names wait.
    let mut folders = VecDeque::from([None]);
    while let Some(folder) = folders.pop_front() {
        let listing = input
            .objects()
            .list_with_delimiter(folder.as_ref())
            .await
            .map_err(|error| classify(STAGE, error))?;
        for source in sources(input, walk, folder.as_ref(), &listing).await? {
            if !take(source).await {
                return Ok(());
            }
        }
        // Files that a manifest names in subfolders belong to its dossier, so that those folders
        // are not dossiers of their own.
        if has_manifest(walk, folder.as_ref(), &listing) {
            continue;
        }
        let mut below = listing.common_prefixes;
        below.retain(|path| path.filename().is_some_and(|name| !litter(name)));
        below.sort_by(|left, right| compare(right.as_ref(), left.as_ref()));
        for path in below {
            folders.push_front(Some(path));
        }
    }
    Ok(())
}

/// Counts the files and bytes the walk will meet, for progress; nothing is held.
pub async fn count(input: &Store, selection: &Selection) -> Result<(u64, u64), Fault> {
    let mut listing = input.objects().list(None);
    let (mut files, mut bytes) = (0, 0);
    while let Some(meta) = listing.next().await {
        let meta = meta.map_err(|error| classify(STAGE, error))?;
        if is_scan(&meta, selection) {
            files += 1;
            bytes += meta.size;
        }
    }
    Ok((files, bytes))
}

fn is_scan(meta: &ObjectMeta, selection: &Selection) -> bool {
    let name = meta.location.filename().unwrap_or_default();
    let inside_litter = meta.location.parts().any(|part| litter(part.as_ref()));
    !inside_litter && name != manifest::NAME && selection.takes(&meta.location)
}

fn has_manifest(walk: &Walk, folder: Option<&Path>, listing: &ListResult) -> bool {
    let wanted = matches!(walk.layout, Layout::Auto | Layout::Manifest);
    wanted && folder.is_some() && manifest_of(listing).is_some()
}

fn manifest_of(listing: &ListResult) -> Option<&ObjectMeta> {
    listing.objects.iter().find(|meta| meta.location.filename() == Some(manifest::NAME))
}

async fn sources(
    input: &Store,
    walk: &Walk,
    folder: Option<&Path>,
    listing: &ListResult,
) -> Result<Vec<Source>, Fault> {
    let naming = &walk.naming;
    let scans = |objects: &[ObjectMeta]| -> Vec<SourceFile> {
        let taken = objects.iter().filter(|meta| is_scan(meta, &walk.selection));
        taken.map(SourceFile::listed).collect()
    };
    let Some(path) = folder else {
        let files = scans(&listing.objects);
        return Ok(match walk.layout {
            Layout::Manifest => refuse_all(naming, "", files),
            _ => dossier::single_files(naming, files),
        });
    };
    if has_manifest(walk, folder, listing) {
        let all = list_below(input, path).await?;
        let Some(meta) = manifest_of(listing) else { return Ok(Vec::new()) };
        return Ok(match read_manifest(input, &meta.location).await? {
            Ok(manifest) => dossier::with_manifest(naming, path, scans(&all), manifest),
            Err(problem) => dossier::refused_folder(naming, path.as_ref(), scans(&all), &problem),
        });
    }
    let files = scans(&listing.objects);
    Ok(match walk.layout {
        Layout::Flat => dossier::single_files(naming, files),
        Layout::Manifest => refuse_all(naming, path.as_ref(), files),
        Layout::Auto | Layout::Folders => dossier::folder(naming, path.as_ref(), files),
    })
}

fn refuse_all(naming: &Naming, path: &str, files: Vec<SourceFile>) -> Vec<Source> {
    let problem = manifest::ManifestProblem::Invalid("the folder has none".into());
    dossier::refused_folder(naming, path, files, &problem)
}

async fn list_below(input: &Store, path: &Path) -> Result<Vec<ObjectMeta>, Fault> {
    let listed: Vec<_> = input.objects().list(Some(path)).collect().await;
    listed.into_iter().collect::<Result<_, _>>().map_err(|error| classify(STAGE, error))
}

async fn read_manifest(
    input: &Store,
    key: &Path,
) -> Result<Result<sohoa_schemas::manifest::Manifest, manifest::ManifestProblem>, Fault> {
    let bytes = input.get_path(key).await.map_err(|error| classify(STAGE, error))?;
    Ok(manifest::parse(&bytes.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use sohoa_schemas::Code;
    use sohoa_store::Missing;

    use super::*;

    const MANIFEST: &str = r#"{"manifest_version":"1.0","manifest_id":"01X",
        "created_at":"2026-11-20T08:15:02+07:00","partner":{"id":"p"},
        "dossier":{"dossier_code":"H08.12-240115-0007"},
        "documents":[{"ordinal":1,"files":[{"path":"d1/1.tif","bytes":1}]},
                     {"ordinal":2,"files":[{"path":"gone.tif"}]}]}"#;

    async fn walked(files: &[(&str, &str)], layout: Layout) -> Vec<(String, Option<Code>)> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let input = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let naming = Naming { agency: None, input: "in".into() };
        let selection = Selection::new(&[], &["**/*.bak".into()]).unwrap();
        let seen = RefCell::new(Vec::new());
        walk(&input, &Walk { layout, selection, naming }, |source| {
            let code = source.refused.as_ref().map(|refused| refused.code);
            seen.borrow_mut().push((source.uris().join("+"), code));
            async { true }
        })
        .await
        .unwrap();
        seen.into_inner()
    }

    fn plain(names: &[&str]) -> Vec<(String, Option<Code>)> {
        names.iter().map(|name| ((*name).to_owned(), None)).collect()
    }

    #[tokio::test]
    async fn folders_come_in_the_order_of_names_and_litter_does_not() {
        let files = [
            ("2/b.tif", ""),
            ("10/a 50%.tif", ""),
            ("1.pdf", ""),
            ("2/x.bak", ""),
            ("2/Thumbs.db", ""),
            ("2/deep/c.tif", ""),
            (".hidden/d.tif", ""),
        ];
        let seen = walked(&files, Layout::Auto).await;
        assert_eq!(seen, plain(&["1.pdf", "2/b.tif", "2/deep/c.tif", "10/a 50%.tif"]));
    }

    #[tokio::test]
    async fn a_manifest_decides_and_every_file_is_accounted_for() {
        let files = [("h/manifest.json", MANIFEST), ("h/d1/1.tif", "x"), ("h/extra.tif", "y")];
        let seen = walked(&files, Layout::Auto).await;
        let expected = [
            ("h/d1/1.tif".to_owned(), None),
            ("h/gone.tif".to_owned(), Some(Code::F10MissingFile)),
            ("h/extra.tif".to_owned(), Some(Code::F11UnlistedFile)),
        ];
        assert_eq!(seen, expected);
    }

    #[tokio::test]
    async fn a_broken_manifest_refuses_its_folder() {
        let files = [("h/manifest.json", "{"), ("h/a.tif", "x"), ("i/b.tif", "")];
        let seen = walked(&files, Layout::Auto).await;
        assert_eq!(seen[0], ("h/a.tif".to_owned(), Some(Code::F12ManifestInvalid)));
        assert_eq!(seen[1], ("i/b.tif".to_owned(), None));
        let ignoring = walked(&files, Layout::Folders).await;
        assert_eq!(ignoring, plain(&["h/a.tif", "i/b.tif"]));
    }
}
