//! What is told of a settled document, whoever settled it: a worker, or a command of a clerk's.

use chrono::{DateTime, Utc};
use sohoa_schemas::{
    Code,
    message::{DeadLetter, DocumentEvent, EventPages, MessagePosition, VERSION},
    rows::Outcome,
};
use uuid::Uuid;

use crate::stages::Settled;

/// The event of a document, about the object at `key`.
pub(crate) fn event(
    settled: &Settled,
    (dossier, submission): (Uuid, Option<&str>),
    (key, sha256): (&str, String),
    at: DateTime<Utc>,
) -> DocumentEvent {
    let count = |pages: i32| u32::try_from(pages).unwrap_or(0);
    DocumentEvent {
        schema_version: VERSION,
        source_uid: settled.source,
        dossier_uid: dossier,
        submission: submission.map(str::to_owned),
        outcome: settled.outcome,
        key: key.to_owned(),
        sha256,
        pages: EventPages {
            published: count(settled.pages.published),
            quarantined: count(settled.pages.quarantined),
            held: count(settled.pages.held),
        },
        code: code(settled),
        settled_at: at,
    }
}

/// The dead letter of a document that came by the message at `position`; none unless it was refused.
pub(crate) fn dead_letter(
    settled: &Settled,
    submission: Option<&str>,
    position: MessagePosition,
    at: DateTime<Utc>,
) -> Option<DeadLetter> {
    (settled.outcome == Outcome::Quarantined).then(|| DeadLetter {
        schema_version: VERSION,
        key: settled.key.clone(),
        code: code(settled).unwrap_or(Code::X01StageFailed),
        stage: settled.refused_by.as_deref().unwrap_or("process").to_owned(),
        submission: submission.map(str::to_owned),
        position,
        at,
    })
}

fn code(settled: &Settled) -> Option<Code> {
    settled.rows.intake.iter().find_map(|row| row.code)
}
