//! Documents that are sent and not written down yet.

use std::time::Duration;

use sohoa_schemas::ledger::{ChunkDocument, Position, Totals};
use tokio::time::Instant;

use crate::request::Bounds;

/// Files of a chunk at most, but for one document that has more: an object of a few megabytes.
const FILES: usize = 10_000;

/// The chunk that is being filled.
#[derive(Debug, Default)]
pub(crate) struct Open {
    pub(crate) documents: Vec<ChunkDocument>,
    pub(crate) position: Option<Position>,
    files: usize,
    since: Option<Instant>,
}

impl Open {
    pub(crate) fn push(&mut self, document: ChunkDocument, position: Position) {
        self.files += document.files.len();
        self.documents.push(document);
        self.position = Some(position);
        self.since.get_or_insert_with(Instant::now);
    }

    /// How long it may stay open; none when it is empty.
    pub(crate) fn left(&self, bounds: &Bounds) -> Option<Duration> {
        self.since.map(|since| bounds.chunk_age.saturating_sub(since.elapsed()))
    }

    /// Whether it is to be written now.
    pub(crate) fn is_due(&self, bounds: &Bounds) -> bool {
        self.documents.len() >= bounds.chunk_documents.max(1)
            || self.files >= FILES
            || self.left(bounds) == Some(Duration::ZERO)
    }
}

/// Adds a document to totals.
pub(crate) fn add(totals: &mut Totals, document: &ChunkDocument) {
    totals.documents += 1;
    totals.files += document.files.len() as u64;
    totals.bytes += document.files.iter().map(|file| file.size).sum::<u64>();
    totals.refused += u64::from(document.refused.is_some());
}
