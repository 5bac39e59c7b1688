//! A message to be sent, with the headers that say what it is.

use rdkafka::message::{Header, OwnedHeaders};
use serde::Serialize;
use sohoa_flow::{FatalKind, Fault};

use crate::{connect::STAGE, topics::Topic};

/// Header that ties a document to its sender's trace.
pub const TRACE: &str = "traceparent";

/// What the headers of a message say.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// `ce_id`: the same when the same is sent again.
    pub id: &'a str,
    /// `ce_source`: who sends.
    pub source: &'a str,
    /// `ce_time`: when, as RFC 3339 writes it.
    pub time: &'a str,
    /// The trace it belongs to.
    pub traceparent: Option<&'a str>,
}

impl Event<'_> {
    pub(crate) fn headers(&self, topic: Topic) -> Vec<(String, String)> {
        let fixed = [
            ("ce_specversion", "1.0"),
            ("ce_type", topic.event_type()),
            ("ce_source", self.source),
            ("ce_id", self.id),
            ("ce_time", self.time),
            ("content-type", "application/json"),
        ];
        let trace = self.traceparent.map(|trace| (TRACE, trace));
        let all = fixed.into_iter().chain(trace);
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Where to.
    pub topic: Topic,
    /// Decides the partition.
    pub key: String,
    /// The body.
    pub payload: Vec<u8>,
    /// `CloudEvents` and tracing headers.
    pub headers: Vec<(String, String)>,
}

impl Announcement {
    /// One whose body is JSON.
    ///
    /// # Errors
    /// `Fatal` when the body cannot be written as JSON.
    pub fn json<T: Serialize>(
        (topic, key): (Topic, String),
        body: &T,
        event: Event<'_>,
    ) -> Result<Self, Fault> {
        let payload = serde_json::to_vec(body)
            .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
        Ok(Self { topic, key, payload, headers: event.headers(topic) })
    }
}

/// Headers as the client takes them.
pub(crate) fn owned(headers: &[(String, String)]) -> OwnedHeaders {
    let all = OwnedHeaders::new_with_capacity(headers.len());
    headers.iter().fold(all, |all, (key, value)| all.insert(Header { key, value: Some(value) }))
}
