//! Decisions as messages: the workers carry them out.

use sohoa_flow::Fault;
use sohoa_kafka::{Announcement, Event, Submitter, Topic};
use sohoa_schemas::message::{Release, VERSION, Verdict};

use super::{
    batch::Reading,
    decide::{Decision, Order},
};
use crate::context::now;

/// Sends a decision; durable once the submitter is flushed.
///
/// # Errors
/// The broker's own.
pub(crate) async fn send(submitter: &Submitter, order: Order) -> Result<(), Fault> {
    let Order { prepared, decision, released } = order;
    let source_uid = prepared.record.source_uid;
    let Reading { version, composed_sha256 } = Reading::of(&prepared);
    let (verdict, reason) = match decision {
        Decision::Approve => (Verdict::Approve, None),
        Decision::Refuse(reason) => (Verdict::Reject, Some(reason)),
    };
    let id = format!("{source_uid}/{version}/{}", released.reference);
    let message = Release {
        schema_version: VERSION,
        source_uid,
        version: Some(version),
        composed_sha256,
        verdict,
        reason,
        released,
    };
    let time = now().to_rfc3339();
    let event = Event { id: &id, source: "sohoa/release", time: &time, traceparent: None };
    let to = (Topic::Releases, source_uid.to_string());
    submitter.announce(&Announcement::json(to, &message, event)?).await
}
