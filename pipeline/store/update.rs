//! Changing a small object by what it holds, so that of two who change it at once neither is lost.
//!
//! A bucket refuses to replace an object that is not the one read. A folder cannot: there the later
//! of two changes at the very same moment stays.

use bytes::Bytes;
use object_store::{Error, ObjectStoreExt as _, PutMode, PutPayload, UpdateVersion, path::Path};
use sohoa_flow::Fault;

use crate::{Store, classify};

/// How often a change is made anew because another came between.
const ATTEMPTS: usize = 20;

impl Store {
    /// Gives `change` what `key` holds, and writes what it makes of it; `None` leaves the object
    /// as it is. Called again with the newer content when another writer came between.
    ///
    /// # Errors
    /// `change`'s own; `Retry` when others change the object without end; the store's.
    pub async fn update(
        &self,
        stage: &'static str,
        key: &str,
        mut change: impl FnMut(Option<Bytes>) -> Result<Option<Bytes>, Fault> + Send,
    ) -> Result<(), Fault> {
        let path = Path::from(key);
        for _ in 0..ATTEMPTS {
            let (held, mode) = self.versioned(&path).await.map_err(|e| classify(stage, e))?;
            let Some(bytes) = change(held)? else { return Ok(()) };
            let payload = PutPayload::from_bytes(bytes.clone());
            let options = self.put_options(key, mode);
            match self.objects().put_opts(&path, payload, options).await {
                Ok(_) => return self.make_durable(stage, &path).await,
                Err(Error::NotImplemented { .. }) => return self.put(stage, key, bytes).await,
                // It was changed, made or removed since it was read.
                Err(
                    Error::Precondition { .. }
                    | Error::AlreadyExists { .. }
                    | Error::NotFound { .. },
                ) => {}
                Err(error) => return Err(classify(stage, error)),
            }
        }
        Err(Fault::retry(stage, format!("`{key}` is changed by others all the time")))
    }

    /// What an object holds, and how to write only if it still does.
    async fn versioned(&self, path: &Path) -> Result<(Option<Bytes>, PutMode), Error> {
        match self.objects().get(path).await {
            Ok(found) => {
                let version = UpdateVersion {
                    e_tag: found.meta.e_tag.clone(),
                    version: found.meta.version.clone(),
                };
                Ok((Some(found.bytes().await?), PutMode::Update(version)))
            }
            Err(Error::NotFound { .. }) => Ok((None, PutMode::Create)),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::memory::InMemory;

    use super::*;
    use crate::Missing;

    fn one_more(held: Option<Bytes>) -> Bytes {
        let mut letters = held.unwrap_or_default().to_vec();
        letters.push(b'x');
        letters.into()
    }

    #[tokio::test]
    async fn no_change_is_lost_in_a_bucket() {
        let store = Store::from_parts(Arc::new(InMemory::new()), "memory:///".parse().unwrap());
        for held in [None, Some("xx"), Some("xxxx")] {
            let mut first = true;
            // Somebody else writes between the reading and the writing.
            let change = |now: Option<Bytes>| {
                if std::mem::take(&mut first) {
                    assert_eq!(now.as_deref(), held.map(str::as_bytes));
                    futures::executor::block_on(
                        store.update("t", "a", |now| Ok(Some(one_more(now)))),
                    )?;
                }
                Ok(Some(one_more(now)))
            };
            store.update("t", "a", change).await.unwrap();
        }
        assert_eq!(store.get("a").await.unwrap().unwrap(), "xxxxxx");
    }

    #[tokio::test]
    async fn a_folder_is_changed_too_and_nothing_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        store.update("t", "a/b", |_| Ok(None)).await.unwrap();
        assert_eq!(store.get("a/b").await.unwrap(), None);
        store.update("t", "a/b", |now| Ok(Some(one_more(now)))).await.unwrap();
        store.update("t", "a/b", |now| Ok(Some(one_more(now)))).await.unwrap();
        assert_eq!(store.get("a/b").await.unwrap().unwrap(), "xx");
    }
}
