//! Refusals: durable and addressed. The entry of a source that is published later stays as its
//! history; the later receipt counts.

use bytes::Bytes;
use sohoa_flow::Fault;
use sohoa_schemas::{Code, record::Quarantine};
use sohoa_store::Store;
use uuid::Uuid;

use crate::{CameBy, STAGE, from_json, keys, read_json, to_json};

/// Changes the refusal of a source by what is held of it, and says what is held then. `change` is
/// called again when another worker came between; `None` leaves the entry as it is. One that is
/// damaged counts as none.
pub async fn amend(
    output: &Store,
    source: Uuid,
    mut change: impl FnMut(Option<&Quarantine>) -> Option<Quarantine> + Send,
) -> Result<Option<Quarantine>, Fault> {
    let key = keys::quarantine(source);
    let mut held = None;
    let change = |bytes: Option<Bytes>| {
        held = bytes.and_then(|bytes| from_json(&key, &bytes).ok());
        let Some(entry) = change(held.as_ref()) else { return Ok(None) };
        let json = to_json(&entry)?;
        held = Some(entry);
        Ok(Some(json))
    };
    output.update(STAGE, &key, change).await?;
    Ok(held)
}

/// The refusal of a source, if there is one. One that is damaged counts as none.
pub async fn find(output: &Store, source: Uuid) -> Result<Option<Quarantine>, Fault> {
    match read_json(output, &keys::quarantine(source)).await {
        Err(Fault::Reject(_)) => Ok(None),
        found => found,
    }
}

/// Adds to a refusal the message the source came by, so that it can be sent again. Of a secret
/// paper only where the message stood is kept.
pub async fn remember(
    output: &Store,
    source: Uuid,
    CameBy { message, position, traceparent }: CameBy<'_>,
) -> Result<(), Fault> {
    let add = |held: Option<&Quarantine>| {
        let mut entry = held.filter(|held| held.position.as_ref() != Some(position)).cloned()?;
        entry.position = Some(position.clone());
        entry.traceparent = traceparent.map(str::to_owned);
        entry.message = Some(message.clone()).filter(|_| entry.code != Code::S01SecretPaper);
        Some(entry)
    };
    amend(output, source, add).await.map(drop)
}
