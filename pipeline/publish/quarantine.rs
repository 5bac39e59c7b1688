//! Refusals: durable and addressed. The entry of a source that is published later stays as its
//! history; the later receipt counts.

use sohoa_flow::Fault;
use sohoa_schemas::record::Quarantine;
use sohoa_store::Store;
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
