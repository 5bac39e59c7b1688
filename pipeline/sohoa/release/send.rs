//! Decisions as messages: the workers carry them out.

use sohoa_flow::{FatalKind, Fault};
use sohoa_kafka::{Announcement, Submitter, Topic};
use sohoa_schemas::message::{RELEASE_TYPE, Release, VERSION, Verdict};

use super::{
    STAGE,
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
    let (verdict, reason) = match decision {
        Decision::Approve => (Verdict::Approve, None),
        Decision::Refuse(reason) => (Verdict::Reject, Some(reason)),
    };
    let id = format!("{source_uid}/{}/{}", prepared.record.version, released.reference);
    let message = Release { schema_version: VERSION, source_uid, verdict, reason, released };
    let payload = serde_json::to_vec(&message)
        .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
    let header = |name: &str, value: String| (name.to_owned(), value);
    let headers = vec![
        header("ce_specversion", "1.0".into()),
        header("ce_type", RELEASE_TYPE.into()),
        header("ce_source", "sohoa/release".into()),
        header("ce_id", id),
        header("ce_time", now().to_rfc3339()),
        header("content-type", "application/json".into()),
    ];
    let (topic, key) = (Topic::Releases, source_uid.to_string());
    submitter.announce(&Announcement { topic, key, payload, headers }).await
}
