//! A document's message and its line in the ledger.

use std::borrow::Borrow;

use sohoa_kafka::Event;
use sohoa_schemas::{
    ledger::{ChunkDocument, ChunkFile},
    message::Submission,
};
use sohoa_source::{Found, Source, to_message};
use uuid::Uuid;

use crate::now;

/// `ce_source` of every message.
const SOURCE: &str = "sohoa/backfill";

/// A message with the values of its headers.
pub(crate) struct Message {
    pub(crate) submission: Submission,
    id: String,
    time: String,
    trace: String,
}

impl Message {
    /// The message of a source. Sent again, it has the same id and trace.
    pub(crate) fn new(found: &Found, input: &str, submission: &str) -> Self {
        let source = &found.source;
        let id = message_id(submission, (source.dossier.uid, source.ordinal), &source.uris());
        let (_, span) = source.dossier.uid.as_u64_pair();
        Self {
            submission: to_message(source, input, Some(submission), Some(found.of_dossier)),
            id: id.to_string(),
            time: now().to_rfc3339(),
            trace: format!("00-{}-{span:016x}-01", id.simple()),
        }
    }

    pub(crate) fn event(&self) -> Event<'_> {
        let Self { submission: _, id, time, trace } = self;
        Event { id, source: SOURCE, time, traceparent: Some(trace) }
    }
}

/// The `ce_id` of the message of a document: of its dossier and place in it, with the addresses of
/// its files and of what is absent, in their order.
pub fn message_id<T: Borrow<str>>(
    submission: &str,
    (dossier, ordinal): (Uuid, u32),
    uris: &[T],
) -> Uuid {
    let name = format!("{submission}\u{1f}{ordinal}\u{1f}{}", uris.join("\n"));
    Uuid::new_v5(&dossier, name.as_bytes())
}

/// What the ledger keeps of a source.
pub(crate) fn line(source: Source) -> ChunkDocument {
    let files = source.files.into_iter().map(|file| ChunkFile {
        key: file.key.to_string(),
        size: file.size,
        etag: file.etag,
        modified_at: file.modified,
    });
    ChunkDocument {
        dossier_uid: source.dossier.uid,
        ordinal: source.ordinal,
        files: files.collect(),
        absent: source.absent,
        refused: source.refused.map(|refusal| refusal.code),
    }
}
