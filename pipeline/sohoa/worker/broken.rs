//! Messages that are none: not JSON, of an unknown version or form. Kept whole, with the reason, and
//! announced; the lane goes on. A worker that knows the form can be sent them again.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sohoa_flow::{FatalKind, Fault, retry::retry};
use sohoa_kafka::{Announcement, Delivery, releases::Word};
use sohoa_publish::keys;
use sohoa_schemas::{Code, message::VERSION, record::BrokenMessage};
use uuid::Uuid;

use super::answer::{About, dead_letter};
use crate::context::{Context, Office, now};

const STAGE: &str = "message";

/// Keeps a broken message and answers it.
pub(crate) async fn refuse(
    context: &Context,
    delivery: &Delivery,
    why: &str,
) -> Result<Vec<Announcement>, Fault> {
    let word = Word {
        position: delivery.place.position(&context.settings.config.kafka.prefix),
        key: delivery.key.clone(),
        payload: delivery.payload.clone(),
        headers: delivery.headers.clone(),
    };
    let key = keep(context, &word, why).await?;
    let about = About { delivery, dossier: Uuid::nil(), submission: None };
    Ok(vec![dead_letter(context, about, &key, (Code::X02BrokenMessage, STAGE))?])
}

/// Keeps a broken message; answers with the key of its entry.
pub(crate) async fn keep(office: &Office, word: &Word, why: &str) -> Result<String, Fault> {
    let Word { position, key, payload, headers } = word;
    let at = keys::message(&position.topic, position.partition, position.offset);
    let code = Code::X02BrokenMessage;
    tracing::warn!(topic = position.topic, offset = position.offset, "a message is broken");
    let entry = BrokenMessage {
        schema_version: VERSION,
        code,
        sentence: format!("{why}. {}", code.sentence()),
        position: position.clone(),
        key_base64: key.as_deref().map(|key| BASE64_STANDARD.encode(key)),
        headers: headers.clone(),
        payload_base64: BASE64_STANDARD.encode(payload),
        quarantined_at: now(),
        replayed_at: None,
    };
    let bytes: bytes::Bytes = serde_json::to_vec_pretty(&entry)
        .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?
        .into();
    retry(office.retry, || office.output.put(STAGE, &at, bytes.clone())).await?;
    Ok(at)
}
