//! Messages that are none: not JSON, of an unknown version or form. Kept whole, with the reason, and
//! announced; the lane goes on. A worker that knows the form can be sent them again.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sohoa_flow::{FatalKind, Fault, retry::retry};
use sohoa_kafka::{Announcement, Delivery};
use sohoa_publish::keys;
use sohoa_schemas::{Code, message::VERSION, record::BrokenMessage};
use uuid::Uuid;

use super::answer::{About, dead_letter};
use crate::context::{Context, now};

const STAGE: &str = "message";

/// Keeps a broken message and answers it.
pub(crate) async fn refuse(
    context: &Context,
    delivery: &Delivery,
    why: &str,
) -> Result<Vec<Announcement>, Fault> {
    let position = delivery.place.position(&context.settings.config.kafka.prefix);
    let key = keys::message(&position.topic, position.partition, position.offset);
    let code = Code::X02BrokenMessage;
    let entry = BrokenMessage {
        schema_version: VERSION,
        code,
        sentence: format!("{why}. {}", code.sentence()),
        position,
        key_base64: delivery.key.as_deref().map(|key| BASE64_STANDARD.encode(key)),
        headers: delivery.headers.clone(),
        payload_base64: BASE64_STANDARD.encode(&delivery.payload),
        quarantined_at: now(),
    };
    let bytes: bytes::Bytes = serde_json::to_vec_pretty(&entry)
        .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?
        .into();
    retry(context.retry, || context.output.put(STAGE, &key, bytes.clone())).await?;
    tracing::warn!(offset = delivery.place.offset, "a message cannot be understood");
    let about = About { delivery, dossier: Uuid::nil(), submission: None };
    Ok(vec![dead_letter(context, about, &key, (code, STAGE))?])
}
