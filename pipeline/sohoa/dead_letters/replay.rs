//! Refused documents and messages once more. What was published meanwhile is found done, so that
//! twice does no harm.

use std::collections::HashSet;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use sohoa_flow::Fault;
use sohoa_kafka::{
    Topic,
    submit::{Event, Submitter, Verbatim},
};
use sohoa_schemas::{message::Submission, record::BrokenMessage};
use sohoa_store::hash::sha256;

use super::{Body, Letter};
use crate::context::now;

const DAMAGED: &str = "the entry is damaged";

/// Sends refused documents again.
#[derive(Debug)]
pub(crate) struct Replay {
    submitter: Option<Submitter>,
    topic: Topic,
    sent: Sent,
    /// Hashes of the broken messages that were sent. One that is refused once more has an entry
    /// more, and would double with every replay.
    messages: HashSet<String>,
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
        Self { submitter, topic, sent: Sent::default(), messages: HashSet::new() }
    }

    /// Sends one, or says why it cannot be.
    pub(crate) async fn send(
        &mut self,
        letter: &Letter,
    ) -> Result<Result<(), &'static str>, Fault> {
        let sent = match &letter.body {
            Body::Document(entry) => self.send_document(letter, entry.message.as_ref()).await?,
            Body::Message(entry) => self.send_message(entry).await?,
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
        message: Option<&Submission>,
    ) -> Result<Result<(), &'static str>, Fault> {
        let Some(message) = message else {
            return Ok(Err("it did not come by a message: sohoa run --reprocess quarantined"));
        };
        let Some(submitter) = &self.submitter else { return Ok(Ok(())) };
        let time = now().to_rfc3339();
        let event =
            Event { id: &letter.key, source: "sohoa/dead-letters", time: &time, traceparent: None };
        submitter.send(self.topic, message, event).await?;
        Ok(Ok(()))
    }

    /// Whether it is understood now is the worker's to say: the one that refused it may have been
    /// older than its sender.
    async fn send_message(
        &mut self,
        entry: &BrokenMessage,
    ) -> Result<Result<(), &'static str>, Fault> {
        let decode = |text: &String| BASE64_STANDARD.decode(text);
        let key = entry.key_base64.as_ref().map(decode).transpose();
        let (Ok(key), Ok(payload)) = (key, decode(&entry.payload_base64)) else {
            return Ok(Err(DAMAGED));
        };
        if !self.messages.insert(sha256(&payload)) {
            return Ok(Err("the same message was sent already"));
        }
        let Some(submitter) = &self.submitter else { return Ok(Ok(())) };
        let message = Verbatim { key: key.as_deref(), payload: &payload, headers: &entry.headers };
        submitter.send_verbatim(self.topic, message).await?;
        Ok(Ok(()))
    }

    /// Waits until the broker has everything.
    pub(crate) async fn finish(self) -> Result<Sent, Fault> {
        if let Some(submitter) = &self.submitter {
            submitter.flush().await?;
        }
        Ok(self.sent)
    }
}
