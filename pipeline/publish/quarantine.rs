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
/// paper only where the message stood is kept, who sent it and with what.
pub async fn remember(
    output: &Store,
    source: Uuid,
    CameBy { message, position, traceparent }: CameBy<'_>,
) -> Result<(), Fault> {
    let add = |held: Option<&Quarantine>| {
        let mut entry = held.filter(|held| held.position.as_ref() != Some(position)).cloned()?;
        entry.position = Some(position.clone());
        entry.traceparent = traceparent.map(str::to_owned);
        let manifest = message.dossier.manifest.as_ref();
        entry.partner = entry.partner.or_else(|| Some(manifest?.partner.id.clone()));
        entry.submission.clone_from(&message.submission);
        entry.message = Some(message.clone()).filter(|_| entry.code != Code::S01SecretPaper);
        Some(entry)
    };
    amend(output, source, add).await.map(drop)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sohoa_schemas::message::{MessagePosition, Submission};
    use sohoa_store::Missing;

    use super::*;

    fn message() -> Submission {
        let manifest = json!({
            "manifest_version": "1.0", "manifest_id": "01X",
            "created_at": "2026-11-20T08:15:02+07:00", "partner": { "id": "vnpost" },
            "dossier": {}, "documents": [],
        });
        let message = json!({
            "schema_version": 1, "submission": "box-7", "input": "scans", "ordinal": 1,
            "dossier": { "uid": Uuid::nil(), "folder": "a", "manifest": manifest },
            "files": [{ "key": "a/1.tif", "size": 1, "modified_at": "2026-11-20T01:15:02Z" }],
        });
        serde_json::from_value(message).unwrap()
    }

    fn refusal(source: Uuid, code: Code) -> Quarantine {
        let entry = json!({
            "schema_version": 1, "source_uid": source, "dossier_uid": source, "code": code,
            "sentence": "No.", "stage": "fetch", "error_chain": [], "attempts": 1, "sources": [],
            "originals": [], "ingest_month": "2026-11", "province": "H08",
            "quarantined_at": "2026-11-20T08:00:00Z", "rows": {},
        });
        serde_json::from_value(entry).unwrap()
    }

    #[tokio::test]
    async fn of_a_secret_paper_is_kept_who_sent_it_and_not_its_message() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let position = MessagePosition { topic: "bulk".into(), partition: 0, offset: 7 };
        let message = message();
        for (number, code) in [(1, Code::S01SecretPaper), (2, Code::F03Encrypted)] {
            let source = Uuid::from_u128(number);
            let put = |_: Option<&Quarantine>| Some(refusal(source, code));
            amend(&store, source, put).await.unwrap();
            let came_by = CameBy { message: &message, position: &position, traceparent: None };
            remember(&store, source, came_by).await.unwrap();
            let entry = find(&store, source).await.unwrap().unwrap();
            assert_eq!(entry.partner.as_deref(), Some("vnpost"), "{code}");
            assert_eq!(entry.submission.as_deref(), Some("box-7"), "{code}");
            assert_eq!(entry.position.as_ref(), Some(&position), "{code}");
            assert_eq!(entry.message.is_none(), code == Code::S01SecretPaper, "{code}");
        }
    }
}
