//! Refused documents and messages once more. What was published meanwhile is found done, so that
//! twice does no harm.

use std::collections::HashSet;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use sohoa_flow::{
    FatalKind, Fault,
    retry::{Policy, retry},
};
use sohoa_kafka::{
    Event, Topic,
    submit::{Submitter, Verbatim},
};
use sohoa_schemas::record::{BrokenMessage, Quarantine};
use sohoa_store::{Store, hash::sha256};

use super::{Body, Letter, STAGE};
use crate::context::now;

const DAMAGED: &str = "the entry is damaged";

/// A run's.
const NO_MESSAGE: &str = "it did not come by a message: sohoa run --reprocess quarantined";

/// A secret paper's.
const NOT_KEPT: &str = "of a secret paper its message is not kept: where it is none, submit it \
                        again with sohoa backfill";

/// Sends refused documents again.
#[derive(Debug)]
pub(crate) struct Replay {
    submitter: Option<Submitter>,
    topic: Topic,
    sent: Sent,
    /// Hashes of the broken messages that were sent. One that is refused once more has an entry
    /// more, and would double with every replay.
    messages: HashSet<String>,
    /// Entries of messages that are with the broker once it has everything.
    resent: Vec<String>,
}

/// Notes that a message was sent again. An entry that is gone or damaged has no note.
async fn note(output: &Store, key: &str) -> Result<(), Fault> {
    let change = |held: Option<Bytes>| {
        let held = held.and_then(|bytes| serde_json::from_slice::<BrokenMessage>(&bytes).ok());
        let Some(entry) = held else { return Ok(None) };
        let entry = BrokenMessage { replayed_at: Some(now()), ..entry };
        let json = serde_json::to_vec_pretty(&entry)
            .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
        Ok(Some(json.into()))
    };
    output.update(STAGE, key, change).await
}

/// What was sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sent {
    /// Documents sent.
    pub(crate) sent: u64,
    /// Refusals that cannot be sent again from here.
    pub(crate) left: u64,
}

impl Replay {
    /// Sends through `submitter`; without one, only counts.
    pub(crate) fn new(submitter: Option<Submitter>, live: bool) -> Self {
        let topic = if live { Topic::Live } else { Topic::Bulk };
        Self {
            submitter,
            topic,
            sent: Sent::default(),
            messages: HashSet::new(),
            resent: Vec::new(),
        }
    }

    /// Sends one, or says why it cannot be.
    pub(crate) async fn send(
        &mut self,
        letter: &Letter,
    ) -> Result<Result<(), &'static str>, Fault> {
        let sent = match &letter.body {
            Body::Document(entry) => self.send_document(letter, entry).await?,
            Body::Message(entry) => self.send_message(&letter.key, entry).await?,
            Body::Damaged(_) => Err(DAMAGED),
        };
        match sent {
            Ok(()) => self.sent.sent += 1,
            Err(_) => self.sent.left += 1,
        }
        Ok(sent)
    }

    async fn send_document(
        &self,
        letter: &Letter,
        entry: &Quarantine,
    ) -> Result<Result<(), &'static str>, Fault> {
        let Some(message) = &entry.message else {
            let came_by_one = entry.position.is_some();
            return Ok(Err(if came_by_one { NOT_KEPT } else { NO_MESSAGE }));
        };
        let Some(submitter) = &self.submitter else { return Ok(Ok(())) };
        let time = now().to_rfc3339();
        let traceparent = entry.traceparent.as_deref();
        let event =
            Event { id: &letter.key, source: "sohoa/dead-letters", time: &time, traceparent };
        submitter.send(self.topic, message, event).await?;
        Ok(Ok(()))
    }

    /// Whether it is understood now is the reader's to say: the one that refused it may have been
    /// older than its sender.
    async fn send_message(
        &mut self,
        key: &str,
        entry: &BrokenMessage,
    ) -> Result<Result<(), &'static str>, Fault> {
        let decode = |text: &String| BASE64_STANDARD.decode(text);
        let message_key = entry.key_base64.as_ref().map(decode).transpose();
        let (Ok(message_key), Ok(payload)) = (message_key, decode(&entry.payload_base64)) else {
            return Ok(Err(DAMAGED));
        };
        let Some(topic) = self.topic_for(&entry.position.topic) else {
            return Ok(Err("it is a release: decide again with sohoa release"));
        };
        let is_new = self.messages.insert(sha256(&payload));
        let Some(submitter) = &self.submitter else { return Ok(Ok(())) };
        self.resent.push(key.to_owned());
        if !is_new {
            return Ok(Err("the same message was sent already"));
        }
        let (key, headers) = (message_key.as_deref(), &entry.headers);
        let message = Verbatim { key, payload: &payload, headers };
        submitter.send_verbatim(topic, message).await?;
        Ok(Ok(()))
    }

    /// Where a message of a topic is sent again: a document into the lane that was asked for, an event
    /// to the index. None for a release: what was held then may be another reading by now.
    fn topic_for(&self, name: &str) -> Option<Topic> {
        // The prefix may have been another one.
        let of = |topic: Topic| name.ends_with(&topic.name(""));
        match () {
            () if of(Topic::Releases) => None,
            () if of(Topic::Documents) => Some(Topic::Documents),
            () => Some(self.topic),
        }
    }

    /// Waits until the broker has everything, and notes in the entries of messages that it has.
    pub(crate) async fn finish(self, output: &Store) -> Result<Sent, Fault> {
        if let Some(submitter) = &self.submitter {
            submitter.flush().await?;
        }
        for key in &self.resent {
            retry(Policy::default(), || note(output, key)).await?;
        }
        Ok(self.sent)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn letter(position: &Value) -> Letter {
        let entry = json!({
            "schema_version": 1, "source_uid": uuid::Uuid::nil(), "dossier_uid": uuid::Uuid::nil(),
            "code": "S01_SECRET_PAPER", "sentence": "No.", "stage": "fetch", "error_chain": [],
            "attempts": 1, "sources": [], "originals": [], "ingest_month": "2026-11",
            "province": "H08", "quarantined_at": "2026-11-20T08:00:00Z", "position": position,
            "rows": {},
        });
        let entry = serde_json::from_value(entry).unwrap();
        Letter::new("quarantine/00/x.json".into(), Body::Document(Box::new(entry)))
    }

    #[tokio::test]
    async fn a_secret_paper_that_came_by_a_message_is_not_said_to_be_a_runs() {
        let mut replay = Replay::new(None, false);
        let position = json!({ "topic": "sohoa.bulk.v1", "partition": 0, "offset": 7 });
        assert_eq!(replay.send(&letter(&position)).await.unwrap(), Err(NOT_KEPT));
        assert_eq!(replay.send(&letter(&Value::Null)).await.unwrap(), Err(NO_MESSAGE));
    }
}
