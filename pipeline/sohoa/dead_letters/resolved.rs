//! Whether a refused document was published since.
//!
//! A source whose bytes were read is published under the uid it was refused under: its newest record
//! says when, and a refusal after that is of a failed reprocess, so it is work again. One that was
//! refused unread (gone, closed to us) is published under another uid, and a bad scan is replaced by
//! a better one of other bytes: there the receipts tell, since a file's identity is its address.
//!
//! A record that nobody announced is no publication: a worker that was taken for dead finishes a
//! document that was refused meanwhile, and its answer counts for nothing. As long as the index's
//! last word on a source is the refusal, it is work; sent again, it is found done and announced.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sohoa_flow::{
    Fault,
    retry::{Policy, retry},
};
use sohoa_index::{Index, IndexError};
use sohoa_publish::publication;
use sohoa_schemas::record::{Quarantine, Record};
use sohoa_store::Store;
use uuid::Uuid;

use super::{Body, Letter};
use crate::answers::for_each_row;

/// Files that have been refused under one uid and published under another.
const PUBLISHED: &str = "select published.intake_uid, \
     cast(max(published.settled_at) as bigint) from intake published \
     join (select distinct intake_uid from intake where outcome = 'quarantined') refused \
     on published.intake_uid = refused.intake_uid \
     where published.outcome = 'published' group by published.intake_uid";

/// Sources of which some file's last receipt is a refusal.
const REFUSED: &str = "select distinct source_uid from intake where outcome = 'quarantined'";

/// What the index says of refusals.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// Refused files that were published, by their identity, and when: some 40 bytes each.
    published: HashMap<Uuid, i64>,
    /// Sources whose refusal is the last that the index knows: some 20 bytes each.
    refused: HashSet<Uuid>,
}

impl Resolved {
    /// Reads it, in two passes over the receipts.
    ///
    /// # Errors
    /// The index cannot be read.
    pub(crate) async fn read(index: &Index) -> Result<Self, IndexError> {
        let mut published = HashMap::new();
        for_each_row(index, PUBLISHED, |row| {
            let cell = |at: usize| row.get(at).copied().flatten();
            let uid = cell(0).and_then(|uid| uid.parse::<Uuid>().ok());
            let at = cell(1).and_then(|at| at.parse::<i64>().ok());
            published.extend(uid.zip(at));
        })
        .await?;
        let mut refused = HashSet::new();
        for_each_row(index, REFUSED, |row| {
            let uid = row.first().copied().flatten();
            refused.extend(uid.and_then(|uid| uid.parse::<Uuid>().ok()));
        })
        .await?;
        Ok(Self { published, refused })
    }

    /// Whether a refusal is history.
    pub(super) async fn has(&self, output: &Store, letter: &Letter) -> Result<bool, Fault> {
        let entry = match &letter.body {
            Body::Document(entry) => entry,
            // Refused once more, it has an entry of its own.
            Body::Message(entry) => return Ok(entry.replayed_at.is_some()),
            Body::Damaged(_) => return Ok(false),
        };
        if self.by_receipts(entry) {
            return Ok(true);
        }
        if self.refused.contains(&entry.source_uid) {
            return Ok(false);
        }
        let find = || publication::latest(output, entry.source_uid);
        match retry(Policy::default(), find).await {
            Ok(record) => Ok(record.is_some_and(|record| is_later(&record, entry))),
            // A damaged record is the audit's to name; the refusal stays on the list.
            Err(Fault::Reject(_)) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Whether every file of it was published after it was refused.
    fn by_receipts(&self, entry: &Quarantine) -> bool {
        let since = |at: &i64| {
            DateTime::<Utc>::from_timestamp_micros(*at).is_some_and(|at| at > entry.quarantined_at)
        };
        let files = &entry.rows.intake;
        !files.is_empty()
            && files.iter().all(|row| self.published.get(&row.intake_uid).is_some_and(since))
    }
}

/// Whether a record was published after a refusal. Its receipts are made later than the refusal,
/// though it be of a machine whose clock is behind; the moment of publication is that machine's own.
fn is_later(record: &Record, entry: &Quarantine) -> bool {
    let settled = record.rows.intake.iter().map(|row| row.settled_at).max();
    settled.unwrap_or(record.published_at) > entry.quarantined_at
}
