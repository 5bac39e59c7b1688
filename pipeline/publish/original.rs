//! The files as received, kept under their hash.

use std::path::Path;

use sohoa_flow::Fault;
use sohoa_schemas::record::Part;
use sohoa_store::Store;

use crate::{STAGE, keys};

/// Keeps a copy of a received file. The same bytes are stored once, whoever sends them.
pub async fn keep(
    output: &Store,
    file: &Path,
    sha256: &str,
    size: u64,
    media_type: &str,
) -> Result<Part, Fault> {
    let key = keys::original(sha256);
    if !output.holds(STAGE, &key, size).await? {
        output.put_file(STAGE, &key, file, sha256).await?;
    }
    Ok(Part {
        role: "original".into(),
        key,
        size,
        sha256: sha256.to_owned(),
        media_type: media_type.to_owned(),
    })
}
