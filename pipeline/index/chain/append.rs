//! Events that come by themselves: of commands, of imported files, and of records whose events an
//! index does not have yet.

use std::collections::HashSet;

use sohoa_schemas::{events::EventRow, record::Rows};

use crate::{
    Index,
    append::ATTEMPTS,
    batch::columns,
    error::IndexError,
    files::text_column,
    known::{Known, Partitions},
    table::{SOURCE_UID, Table},
};

/// Events of one commit: what is in memory does not grow with the length of a file that is imported.
const AT_ONCE: usize = 20_000;

/// What is known of the events of an index: 8 bytes each, 0.4 GB for a province of 15 million
/// documents. Of so many, some one is taken for another with a probability of 1 in 20,000.
pub(crate) struct Trail {
    known: HashSet<u64>,
    waiting: Vec<EventRow>,
    /// Events that were added.
    pub(crate) added: usize,
}

impl Index {
    /// Adds events to the chains of their provinces, in their order; says how many were new. One
    /// that is there already, by its `event_uid`, is left out, so that an import or a command that
    /// was interrupted is simply run again.
    ///
    /// A repeated event must name the same `source_uid` and `ingest_month`: it is looked up there.
    ///
    /// # Errors
    /// Any of [`IndexError`]; [`IndexError::Busy`] when other writers were first again and again.
    /// What was added before the error stays.
    pub async fn append_events(&mut self, events: &[EventRow]) -> Result<usize, IndexError> {
        let mut added = 0;
        for some in events.chunks(AT_ONCE) {
            added += Box::pin(self.add_events(some, true)).await?;
        }
        self.merge_if_due(Table::Events).await;
        Ok(added)
    }

    async fn add_events(
        &mut self,
        events: &[EventRow],
        mut look_up: bool,
    ) -> Result<usize, IndexError> {
        let log = self.log_mut(Table::Events);
        let rows = Rows { events: events.to_vec(), ..Rows::default() };
        let batch = columns(Table::Events, &log.schema, &rows)?;
        let mut partitions = Partitions::default();
        partitions.extend(&batch)?;
        let sources: HashSet<String> =
            text_column(&batch, SOURCE_UID)?.iter().flatten().map(str::to_owned).collect();
        let mut attempt = 1;
        loop {
            let known = if look_up {
                let files = log.files().await?;
                let reader = log.reader();
                Known::look_up((Table::Events, &reader), files, &partitions, &sources).await?
            } else {
                Known::default()
            };
            let plan = known.plan(Table::Events, &batch)?;
            let added = plan.added.num_rows();
            if added == 0 {
                return Ok(0);
            }
            match Box::pin(log.carry_out(plan, Vec::new())).await {
                Ok(()) => return Ok(added),
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(error) => tracing::debug!(
                    attempt,
                    error = &error as &dyn std::error::Error,
                    "events are appended again"
                ),
            }
            // It may have been done all the same, or somebody else has told some of them.
            look_up = true;
            attempt += 1;
        }
    }

    /// The events there are, for a rebuild that adds what is missing.
    pub(crate) async fn trail(&mut self) -> Result<Trail, IndexError> {
        let mut trail = Trail { known: HashSet::new(), waiting: Vec::new(), added: 0 };
        let log = self.log_mut(Table::Events);
        for file in log.files().await? {
            let mut rows = log.reader().columns(&file, &["event_uid"]).await?;
            while let Some(batch) = rows.next().await? {
                let uids = text_column(&batch, "event_uid")?;
                let uids = uids.iter().flatten().filter_map(|uid| uid.parse().ok());
                trail.known.extend(uids.map(print));
            }
        }
        Ok(trail)
    }

    /// Takes the events of a source, and adds those that are missing.
    pub(crate) async fn follow_trail(
        &mut self,
        trail: &mut Trail,
        events: &[EventRow],
        is_last: bool,
    ) -> Result<(), IndexError> {
        let fresh = events.iter().filter(|event| trail.known.insert(print(event.event_uid)));
        trail.waiting.extend(fresh.cloned());
        if trail.waiting.len() >= AT_ONCE || is_last && !trail.waiting.is_empty() {
            let waiting = std::mem::take(&mut trail.waiting);
            trail.added += Box::pin(self.add_events(&waiting, false)).await?;
        }
        Ok(())
    }
}

/// What tells one event from others: half of its uid, which is a hash.
fn print(uid: uuid::Uuid) -> u64 {
    let (high, low) = uid.as_u64_pair();
    high ^ low
}
