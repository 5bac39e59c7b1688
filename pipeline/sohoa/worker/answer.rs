//! What is announced of a document: its event, and a dead letter when it was refused.

use serde::Serialize;
use sohoa_flow::{Fault, retry::retry};
use sohoa_kafka::{Announcement, Delivery, Event, Topic, announcement::TRACE};
use sohoa_store::{classify, hash::sha256};
use uuid::Uuid;

use crate::{
    broken,
    context::{Context, now},
    stages::Settled,
    told,
};

const STAGE: &str = "announce";

/// `ce_source` of a worker's announcements.
pub(crate) const SOURCE: &str = "sohoa/worker";

/// Which document is announced.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    /// The message it came by.
    pub(crate) delivery: &'a Delivery,
    /// Its dossier.
    pub(crate) dossier: Uuid,
    /// Backfill or upload.
    pub(crate) submission: Option<&'a str>,
}

/// The announcements of a settled document.
///
/// # Errors
/// `Retry` or `Fatal` when the object that was just written cannot be read back.
pub(crate) async fn of(
    context: &Context,
    about: About<'_>,
    settled: &Settled,
) -> Result<Vec<Announcement>, Fault> {
    let hash = match &settled.sha256 {
        Some(hash) => hash.clone(),
        None => hash_of(context, &settled.key).await?,
    };
    let at = now();
    let event = |key: &str, sha256: String| {
        told::event(settled, (about.dossier, about.submission), (key, sha256), at)
    };
    let mut announcements = Vec::new();
    if let Some(key) = &settled.unannounced {
        let event = event(key, hash_of(context, key).await?);
        announcements.push(announcement(context, about, (Topic::Documents, "/record"), &event)?);
    }
    let event = event(&settled.key, hash);
    announcements.push(announcement(context, about, (Topic::Documents, ""), &event)?);
    let position = about.delivery.place.position(&context.settings.config.kafka.prefix);
    if let Some(letter) = told::dead_letter(settled, about.submission, position, at) {
        announcements.push(announcement(context, about, (Topic::DeadLetters, ""), &letter)?);
    }
    Ok(announcements)
}

/// Of the object as it stands, where an earlier attempt wrote it.
async fn hash_of(context: &Context, key: &str) -> Result<String, Fault> {
    let read = || async {
        let bytes = context.output.get(key).await.map_err(|error| classify(STAGE, error))?;
        bytes.ok_or_else(|| Fault::retry(STAGE, format!("`{key}` is not there after writing it")))
    };
    Ok(sha256(&retry(context.retry, read).await?))
}

fn announcement<T: Serialize>(
    context: &Context,
    about: About<'_>,
    (topic, part): (Topic, &str),
    body: &T,
) -> Result<Announcement, Fault> {
    let position = about.delivery.place.position(&context.settings.config.kafka.prefix);
    // The same document announced again after a redelivery has the same id.
    let id = format!("{}{part}", broken::id(&position));
    let time = now().to_rfc3339();
    let traceparent = trace(about.delivery);
    let event = Event { id: &id, source: SOURCE, time: &time, traceparent };
    Announcement::json((topic, about.dossier.to_string()), body, event)
}

/// The sender's trace, if the message names one.
pub(crate) fn trace(delivery: &Delivery) -> Option<&str> {
    let header = delivery.headers.iter().find(|(name, _)| name == TRACE);
    header.map(|(_, value)| value.as_str())
}
