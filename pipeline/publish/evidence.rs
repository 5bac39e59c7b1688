//! What the authorities said of a signer, kept under its hash.

use bytes::Bytes;
use sohoa_flow::Fault;
use sohoa_schemas::record::Part;
use sohoa_store::{Store, hash::sha256};

use crate::{STAGE, keys};

/// Role of the part of a record that it is.
pub const ROLE: &str = "evidence";

/// Keeps a bundle of evidence. The same bytes are stored once, whatever is signed by them.
pub async fn keep(output: &Store, bundle: Bytes) -> Result<Part, Fault> {
    let (sha256, size) = (sha256(&bundle), bundle.len() as u64);
    let key = keys::revocation(&sha256);
    if !output.holds(STAGE, &key, size).await? {
        output.put(STAGE, &key, bundle).await?;
    }
    let (role, media_type) = (ROLE.to_owned(), "application/pkcs7-mime".to_owned());
    Ok(Part { role, key, size, sha256, media_type })
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;
    use sohoa_store::Missing;

    use super::*;
    use crate::survey;

    #[tokio::test]
    async fn what_serves_many_signatures_is_stored_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let bundle = || Bytes::from_static(b"what was answered");
        let part = keep(&store, bundle()).await.unwrap();
        assert_eq!(keep(&store, bundle()).await.unwrap(), part);
        let found = survey::objects(&store, keys::EVIDENCE);
        let found: Vec<_> = found.try_collect().await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].location.as_ref(), part.key);
        assert_eq!((found[0].size, part.sha256), (part.size, sha256(&bundle())));
    }
}
