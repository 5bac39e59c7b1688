//! A folder or a bucket, the same to everyone: where scans come from and where results go.
//!
//! [`Store::open`] takes a folder's path or any URL that `object_store` knows; how a bucket is
//! reached comes from the configuration and the environment ([`remote`]). What a store must be able
//! to do is checked by [`probe`]: exactly one of many simultaneous creates of one key may win,
//! because creating `record.json` *is* publication. What it cannot do, and why, is a [`Trouble`].

mod client;
pub mod credentials;
pub mod fetch;
pub mod hash;
pub mod lease;
mod leftovers;
mod metered;
mod object_lock;
mod pages;
pub mod probe;
pub mod put;
pub mod remote;
mod trouble;
mod update;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use object_store::{
    ObjectStore, ObjectStoreExt as _, local::LocalFileSystem, path::Path, prefix::PrefixStore,
};
use sohoa_flow::{FatalKind, Fault};
use sohoa_schemas::config;
use url::Url;

use client::Watch;
use metered::Metered;
use pages::Pages;
use remote::{Remote, SettingError};

pub use fetch::Fetched;
pub use lease::Lease;
pub use leftovers::Leftover;
pub use put::{Created, FileChanged};
pub use trouble::Trouble;

/// Time a store has to answer at all before anything is begun. A Kafka broker has as much.
const FIRST_ANSWER: Duration = Duration::from_secs(15);

/// A folder or bucket, rooted where the user pointed.
#[derive(Debug, Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    url: Url,
    local: Option<Folder>,
    /// Its listing page by page, where it has one.
    pages: Option<Pages>,
    /// What was last seen of it; none of a store made elsewhere.
    watch: Option<Arc<Watch>>,
    /// Beginnings of the keys whose objects get a lock.
    kept: Arc<[String]>,
    /// The object that was brought from it last.
    read: Arc<Mutex<Option<Path>>>,
}

/// The file system under a store that is a folder.
#[derive(Debug, Clone)]
struct Folder {
    path: PathBuf,
    files: Arc<LocalFileSystem>,
}

/// The address given cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder does not exist.
    #[error("there is no folder `{0}`")]
    NoFolder(PathBuf),
    /// The folder cannot be made or entered.
    #[error("the folder `{path}` cannot be used")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The path has no place in a URL.
    #[error("the path `{0}` cannot be written as an address")]
    Path(PathBuf),
    /// The store refused its settings.
    #[error("the address `{address}` cannot be opened")]
    Address {
        /// The address, without user information.
        address: String,
        /// Why.
        #[source]
        source: SettingError,
    },
}

/// Whether a missing folder is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// It is made: the output.
    Create,
    /// It is an error: the input.
    Refuse,
}

impl Store {
    /// Opens a folder's path or a store's URL (`file:`, `s3:`, `gs:`, `az:`, `http:` …), as the
    /// environment says.
    pub fn open(address: &str, missing: Missing) -> Result<Self, OpenError> {
        Self::open_with(address, missing, &config::Store::default())
    }

    /// Opens a folder's path or a store's URL as the settings and the environment say. Nothing is
    /// asked of it yet: [`Self::reach`].
    pub fn open_with(
        address: &str,
        missing: Missing,
        settings: &config::Store,
    ) -> Result<Self, OpenError> {
        match Url::parse(address) {
            Ok(url) if url.scheme() == "file" => {
                let path = url.to_file_path().map_err(|()| OpenError::Path(address.into()))?;
                Self::open_folder(path, missing)
            }
            // A one-letter scheme would be a drive, and no scheme at all is a path.
            Ok(url) if url.scheme().len() > 1 => Self::open_url(url, settings),
            _ => Self::open_folder(address.into(), missing),
        }
    }

    fn open_folder(path: PathBuf, missing: Missing) -> Result<Self, OpenError> {
        if missing == Missing::Create {
            std::fs::create_dir_all(&path)
                .map_err(|source| OpenError::Folder { path: path.clone(), source })?;
        }
        if !path.is_dir() {
            return Err(OpenError::NoFolder(path));
        }
        let path = path
            .canonicalize()
            .map_err(|source| OpenError::Folder { path: path.clone(), source })?;
        let url = Url::from_directory_path(&path).map_err(|()| OpenError::Path(path.clone()))?;
        let files = LocalFileSystem::new_with_prefix(&path).map_err(|source| {
            OpenError::Address { address: url.to_string(), source: source.into() }
        })?;
        let files = Arc::new(files);
        let objects = Arc::new(Metered(Arc::clone(&files) as Arc<dyn ObjectStore>));
        Ok(Self { local: Some(Folder { path, files }), ..Self::from_parts(objects, url) })
    }

    fn open_url(mut url: Url, settings: &config::Store) -> Result<Self, OpenError> {
        let shown = redacted(&url);
        let Remote { objects, pages, prefix, watch, kept } =
            remote::open(&url, &shown, settings)
                .map_err(|source| OpenError::Address { address: shown, source })?;
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        let pages = pages.map(|objects| Pages { objects, prefix: prefix.clone() });
        let objects = Arc::new(Metered(Arc::new(PrefixStore::new(objects, prefix))));
        let (watch, kept) = (Some(watch), kept.into());
        Ok(Self { pages, watch, kept, ..Self::from_parts(objects, url) })
    }

    /// A store from its parts, for tests and for stores opened elsewhere.
    pub fn from_parts(objects: Arc<dyn ObjectStore>, url: Url) -> Self {
        let (kept, read) = (Arc::default(), Arc::default());
        Self { objects, url, local: None, pages: None, watch: None, kept, read }
    }

    /// Asks a store across a network for something, so that one that does not answer, or does not
    /// let us in, stops everything before it begins.
    ///
    /// # Errors
    /// `Fatal` (configuration) with a [`Trouble`] that does not pass, `Retry` without an answer.
    pub async fn reach(&self) -> Result<(), Fault> {
        let Some(watch) = &self.watch else { return Ok(()) };
        let asked = tokio::time::timeout(FIRST_ANSWER, self.get("probe/reach")).await;
        match asked {
            Ok(Ok(_)) => Ok(()),
            // A key may be allowed what it is used for, and no more.
            Ok(Err(error)) => match Trouble::of(&error) {
                None | Some(Trouble::Denied { .. }) => Ok(()),
                Some(trouble) => Err(trouble.fault("open")),
            },
            Err(_) => Err(watch.trouble().map_or_else(
                || Fault::retry("open", format!("no answer within {FIRST_ANSWER:?}")),
                |trouble| trouble.fault("open"),
            )),
        }
    }

    /// What is wrong with it, from a request that failed until one that is answered.
    pub fn trouble(&self) -> Option<Trouble> {
        self.watch.as_ref()?.trouble()
    }

    /// The objects, rooted at the address.
    pub fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.objects
    }

    /// The objects under `prefix`, as a store of its own.
    pub fn below(&self, prefix: &str) -> (Arc<dyn ObjectStore>, Url) {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{prefix}/", self.url.path()));
        (Arc::new(PrefixStore::new(Arc::clone(&self.objects), prefix)), url)
    }

    /// The address, ending in a slash, without user information.
    pub fn address(&self) -> String {
        redacted(&self.url)
    }

    /// The folder, when it is one.
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.local.as_ref().map(|folder| folder.path.as_path())
    }

    /// All of a small object; `None` when there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, object_store::Error> {
        self.get_path(&Path::from(key)).await
    }

    /// All of a small object by its listed path; `None` when there is none.
    pub async fn get_path(&self, path: &Path) -> Result<Option<Bytes>, object_store::Error> {
        match self.objects.get(path).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes an object; one that is not there is as good as removed.
    pub async fn remove(&self, key: &str) -> Result<(), object_store::Error> {
        match self.objects.delete(&Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn redacted(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for addresses that can hold no user information anyway.
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        return url.to_string();
    }
    url.set_query(None);
    url.to_string()
}

/// What to do about a store's error at the border of `stage`.
pub fn classify(stage: &'static str, error: object_store::Error) -> Fault {
    use object_store::Error as E;
    if let Some(trouble) = Trouble::of(&error) {
        return trouble.fault(stage);
    }
    match error {
        E::PermissionDenied { .. }
        | E::Unauthenticated { .. }
        | E::UnknownConfigurationKey { .. } => Fault::fatal(FatalKind::Configuration, stage, error),
        E::NotImplemented { .. } | E::NotSupported { .. } => {
            Fault::fatal(FatalKind::Configuration, stage, error)
        }
        error if denied_or_full(&error) => Fault::fatal(FatalKind::Configuration, stage, error),
        error => Fault::retry(stage, error),
    }
}

/// A full disk or a forbidden folder does not get better by trying again.
fn denied_or_full(error: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(
        io_kind(error),
        Some(PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull)
    )
}

/// What to do about an error at the border of `stage` that may be of the local disk, or of a store
/// underneath: a full or forbidden one stops, anything else is tried again.
pub fn classify_local<E>(stage: &'static str, error: E) -> Fault
where
    E: std::error::Error + Send + Sync + 'static,
{
    if denied_or_full(&error) || Trouble::of(&error).is_some_and(Trouble::is_final) {
        Fault::fatal(FatalKind::Configuration, stage, error)
    } else {
        Fault::retry(stage, error)
    }
}

/// The kind of the system's error underneath; a store's "not found" counts as one.
pub fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<std::io::ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(object_store::Error::NotFound { .. }) = error.downcast_ref() {
            return Some(std::io::ErrorKind::NotFound);
        }
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_input_is_refused_and_a_missing_output_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        let address = path.to_str().unwrap();
        assert!(matches!(Store::open(address, Missing::Refuse), Err(OpenError::NoFolder(_))));
        let store = Store::open(address, Missing::Create).unwrap();
        assert_eq!(store.folder(), Some(path.canonicalize().unwrap().as_path()));
    }

    #[test]
    fn an_address_is_shown_without_its_user() {
        let url = Url::parse("s3://key:secret@bucket/a?x=1").unwrap();
        assert_eq!(redacted(&url), "s3://bucket/a");
    }

    #[test]
    fn a_full_disk_stops_and_a_reset_is_tried_again() {
        let generic = |kind| object_store::Error::Generic {
            store: "test",
            source: Box::new(std::io::Error::from(kind)),
        };
        let full = classify("publish", generic(std::io::ErrorKind::StorageFull));
        assert!(matches!(full, Fault::Fatal(_)));
        let reset = classify("publish", generic(std::io::ErrorKind::ConnectionReset));
        assert!(matches!(reset, Fault::Retry(_)));
    }
}
