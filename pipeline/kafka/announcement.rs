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
        let trace = self.traceparent.filter(|trace| is_trace(trace)).map(|trace| (TRACE, trace));
        let all = fixed.into_iter().chain(trace);
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// Whether a text is of the form that W3C gives a trace: another one comes from whoever sent the
/// message, and may be of any length.
fn is_trace(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    parts.iter().map(|part| part.len()).eq([2, 32, 16, 2]) && parts.into_iter().all(hex)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_a_trace_is_passed_on() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let (long, capital) = ("0".repeat(1_000_000), good.replace('b', "B"));
        let cases = [(good, true), (&long, false), (&capital, false), ("", false), ("00-1", false)];
        for (trace, passes) in cases {
            let traceparent = Some(trace);
            let event = Event { id: "1", source: "t", time: "2026-11-20T01:15:02Z", traceparent };
            let headers = event.headers(Topic::Documents);
            assert_eq!(headers.iter().any(|(name, _)| name == TRACE), passes, "{trace:.60}");
        }
    }
}
