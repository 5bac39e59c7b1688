//! Files of writes that were cut short in a folder. `object_store` writes beside the key, under a
//! name that ends in `#` and a number, and no listing shows it. In a bucket the same are the parts
//! of unfinished uploads, which a rule of the bucket removes.

use std::{io, path::PathBuf, time::SystemTime};

use crate::Store;

/// A file of a write that was never finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Where it lies.
    pub path: PathBuf,
    /// Its bytes.
    pub size: u64,
    /// When it was last written to.
    pub modified: SystemTime,
}

impl Store {
    /// The files of unfinished writes; none of a bucket. Blocks.
    ///
    /// # Errors
    /// A folder that cannot be listed.
    pub fn leftovers(&self) -> io::Result<Vec<Leftover>> {
        let mut folders: Vec<PathBuf> = self.folder().map(PathBuf::from).into_iter().collect();
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                let path = entry.path();
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() && entry.file_name().to_str().is_some_and(is_unfinished) {
                    let Ok(metadata) = entry.metadata() else { continue };
                    let (size, modified) = (metadata.len(), metadata.modified()?);
                    found.push(Leftover { path, size, modified });
                }
            }
        }
        Ok(found)
    }
}

fn is_unfinished(name: &str) -> bool {
    let parts = name.rsplit_once('#');
    parts.is_some_and(|(key, number)| {
        !key.is_empty() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Missing;

    #[test]
    fn only_unfinished_writes_are_found() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        for name in ["a/b/document.pdf", "a/b/document.pdf#1", "a/#2", "x#y", "a/c#12"] {
            std::fs::write(folder.path().join(name), "part").unwrap();
        }
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let mut found: Vec<_> = store.leftovers().unwrap();
        found.sort_by(|one, other| one.path.cmp(&other.path));
        let names: Vec<_> = found.iter().map(|left| left.path.file_name().unwrap()).collect();
        assert_eq!(names, ["document.pdf#1", "c#12"]);
        assert!(found.iter().all(|left| left.size == 4));
    }

    #[tokio::test]
    async fn an_unfinished_write_has_the_name_that_is_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let key = object_store::path::Path::from("a/long.pdf");
        let mut upload =
            object_store::ObjectStoreExt::put_multipart(store.objects(), &key).await.unwrap();
        upload.put_part("some bytes".into()).await.unwrap();
        assert_eq!(store.leftovers().unwrap().len(), 1);
        upload.complete().await.unwrap();
        assert!(store.leftovers().unwrap().is_empty());
    }
}
