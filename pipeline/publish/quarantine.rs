//! Refusals: durable and addressed. The entry of a source that is published later stays as its
//! history; the later receipt counts.

use sohoa_flow::Fault;
use sohoa_schemas::{
    Code,
    message::{MessagePosition, Submission},
    record::Quarantine,
};
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

/// Adds to a refusal the message the source came by, so that it can be sent again. Of a secret
/// paper only where the message stood is kept.
pub async fn remember(
    output: &Store,
    source: Uuid,
    (message, position): (&Submission, &MessagePosition),
) -> Result<(), Fault> {
    let Some(mut entry) = find(output, source).await? else { return Ok(()) };
    if entry.position.as_ref() == Some(position) {
        return Ok(());
    }
    entry.position = Some(position.clone());
    entry.message = Some(message.clone()).filter(|_| entry.code != Code::S01SecretPaper);
    put(output, &entry).await
}
