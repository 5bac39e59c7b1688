//! Refusals: durable, addressed, and replaced only by a later answer to the same source.

use sohoa_flow::Fault;
use sohoa_schemas::record::Quarantine;
use sohoa_store::{Store, classify};
use uuid::Uuid;

use crate::{STAGE, keys, read_json, to_json};

/// Writes the refusal of a source; a repeated one replaces the earlier.
pub async fn put(output: &Store, entry: &Quarantine) -> Result<(), Fault> {
    output.put(STAGE, &keys::quarantine(entry.source_uid), to_json(entry)?).await
}

/// The refusal of a source, if it was refused.
pub async fn find(output: &Store, source: Uuid) -> Result<Option<Quarantine>, Fault> {
    read_json(output, &keys::quarantine(source)).await
}

/// Takes a refusal back, once the source is published after all.
pub async fn lift(output: &Store, source: Uuid) -> Result<(), Fault> {
    output.remove(&keys::quarantine(source)).await.map_err(|error| classify(STAGE, error))
}
