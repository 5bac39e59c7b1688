//! How long the archive's stamps last, as the last look at all of it saw: written by `sohoa timestamp`,
//! shown by the workers, so that no process counts an archive to be scraped.

use sohoa_flow::{FatalKind, Fault};
use sohoa_publish::keys;
use sohoa_schemas::record::ArchiveStamps;
use sohoa_store::{Store, classify};

use super::STAGE;

/// Keeps what was seen, over what was before.
///
/// # Errors
/// The store's own.
pub(crate) async fn keep(output: &Store, seen: &ArchiveStamps) -> Result<(), Fault> {
    let json = serde_json::to_vec_pretty(seen)
        .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
    output.put(STAGE, keys::STAMPS, json.into()).await
}

/// What was seen last; none where nobody has looked yet.
///
/// # Errors
/// The store's own; `Fatal` where there is something else.
pub(crate) async fn last(output: &Store) -> Result<Option<ArchiveStamps>, Fault> {
    let found = output.get(keys::STAMPS).await.map_err(|error| classify(STAGE, error))?;
    let read = found.map(|bytes| serde_json::from_slice(&bytes)).transpose();
    read.map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))
}

#[cfg(test)]
mod tests {
    use sohoa_schemas::rows::SCHEMA_VERSION;
    use sohoa_store::Missing;

    use super::*;
    use crate::context::now;

    #[tokio::test]
    async fn what_was_seen_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        assert_eq!(last(&store).await.unwrap(), None);
        for first_end in [None, Some(now())] {
            let schema_version = SCHEMA_VERSION;
            let seen = ArchiveStamps { schema_version, seen_at: now(), first_end };
            keep(&store, &seen).await.unwrap();
            assert_eq!(last(&store).await.unwrap(), Some(seen));
        }
    }
}
