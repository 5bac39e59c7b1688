//! Adding a batch to the tables.
//!
//! Delta has no transaction over several tables. So the tables are committed one after another in
//! the order of [`Table::ALL`], each with the batch's position; whoever reads a document finds what
//! belongs to it. What an interrupted append left behind is found again in two ways: a table whose
//! transaction is at the batch's position is skipped, and rows that a table has already are left out.
//!
//! Known rows are looked up in `documents` and `intake` for every batch; in the other tables only
//! for sources found there, or after an interruption, because rows without those cannot exist else.
//! A look-up opens the footers and bloom filters of the files of the batch's months, and reads key
//! columns of row groups that may hold one of its sources.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use arrow::array::RecordBatch;
use deltalake::{
    kernel::Action,
    protocol::{DeltaOperation, SaveMode},
    writer::{DeltaWriter as _, RecordBatchWriter},
};
use sohoa_schemas::record::Rows;

use crate::{
    Index,
    batch::{Batch, columns},
    error::IndexError,
    files::{DataFile, text_column},
    known::{Known, Partitions, Plan, without},
    log::{Change, TableLog},
    rebuild::{Seen, look},
    table::{PARTITION_COLUMNS, SOURCE_UID, Table},
};

/// How often a table's step is planned anew after a commit that failed, or that came after another
/// writer's.
pub(crate) const ATTEMPTS: usize = 8;

/// What an append did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Appended {
    /// By table: rows of the batch that were added.
    pub added: HashMap<Table, usize>,
    /// By table: rows of the batch that the table had, or had a later one of.
    pub dropped: HashMap<Table, usize>,
    /// Tables that had this batch already.
    pub skipped: Vec<Table>,
}

/// The positions of one application over the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Every table has the batches up to here: where to go on. `None` when a table has none.
    pub complete: Option<i64>,
    /// Some table has a batch up to here.
    pub begun: Option<i64>,
}

impl Index {
    /// Adds a batch of one application (a topic and partition, or a run's name).
    ///
    /// # Errors
    /// As [`Index::append_all`].
    pub async fn append(
        &mut self,
        application: &str,
        batch: &Batch,
    ) -> Result<Appended, IndexError> {
        self.append_all(&[(application.to_owned(), batch.seq)], &batch.rows).await
    }

    /// Adds the rows of several applications up to their positions, in one commit a table: a commit
    /// costs the same for one partition's rows as for all.
    ///
    /// Doing it again, wholly or after any interruption, adds nothing twice. A document of a higher
    /// version replaces the lower one in `documents`; all versions stay in `document_versions`.
    ///
    /// # Errors
    /// [`IndexError::Rebuilding`] while the tables are made anew, before anything is done; any other of
    /// [`IndexError`], and the batch may then be in some tables. Either way it is to be given again.
    pub async fn append_all(
        &mut self,
        positions: &[(String, i64)],
        rows: &Rows,
    ) -> Result<Appended, IndexError> {
        let mut is_complete = true;
        for (application, seq) in positions {
            let position = self.position(application).await?;
            is_complete &= position.complete.is_some_and(|complete| complete >= *seq);
        }
        if is_complete {
            return Ok(Appended { skipped: Table::ALL.to_vec(), ..Appended::default() });
        }
        match look(&self.store).await? {
            Seen::Running => return Err(IndexError::Rebuilding),
            Seen::Interrupted(_) if self.lagging.is_empty() => {
                tracing::warn!(
                    "making the tables anew was interrupted: run `sohoa index rebuild` again"
                );
                self.doubt();
            }
            Seen::Nothing | Seen::Interrupted(_) => {}
        }
        let mut incoming = Incoming::new(self, rows)?;
        incoming.partitions.any_order = !self.lagging.is_empty();
        let mut looked_up = HashMap::new();
        let mut revisited = HashSet::new();
        for table in [Table::Documents, Table::Intake] {
            let known = self.known(table, &incoming, &incoming.sources).await?;
            revisited.extend(known.sources.iter().cloned());
            looked_up.insert(table, known);
        }
        if !self.lagging.is_empty() {
            revisited.clone_from(&incoming.sources);
        }
        let mut step = Step { positions, incoming, looked_up, revisited };
        let mut appended = Appended::default();
        for table in Table::ALL {
            let Some(added) = Box::pin(self.append_to(table, &mut step)).await? else {
                appended.skipped.push(table);
                continue;
            };
            appended.added.insert(table, added);
            appended.dropped.insert(table, step.incoming.of(table).num_rows() - added);
        }
        for (application, _) in positions {
            self.lagging.remove(application);
        }
        for table in Table::ALL {
            self.merge_if_due(table).await;
        }
        Ok(appended)
    }

    /// Where `application` stands; ask it of every application before the first append, so that
    /// what an interrupted append of any of them left behind is noticed.
    ///
    /// # Errors
    /// [`IndexError::Delta`] when a table cannot be read.
    pub async fn position(&mut self, application: &str) -> Result<Position, IndexError> {
        let mut versions = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            versions.push(self.log_mut(table).transaction(application).await?);
        }
        // The last table has nothing that the others have not. Where it has a batch and another has
        // none at all, that one came with a later version of the program.
        let all = versions.last().copied().flatten();
        let position = Position {
            complete: all.and_then(|_| versions.iter().copied().flatten().min()),
            begun: versions.iter().copied().max().flatten(),
        };
        if position.complete == position.begun {
            self.lagging.remove(application);
        } else {
            self.lagging.insert(application.to_owned());
        }
        Ok(position)
    }

    async fn known(
        &mut self,
        table: Table,
        incoming: &Incoming,
        sources: &HashSet<String>,
    ) -> Result<Known, IndexError> {
        if sources.is_empty() || incoming.of(table).num_rows() == 0 {
            return Ok(Known::default());
        }
        let log = self.log_mut(table);
        let files = log.files().await?;
        Known::look_up((table, &log.reader()), files, &incoming.partitions, sources).await
    }

    /// The applications that a table does not have up to their positions.
    async fn behind(
        &mut self,
        table: Table,
        positions: &[(String, i64)],
    ) -> Result<Vec<(String, i64)>, IndexError> {
        let mut behind = Vec::new();
        for (application, seq) in positions {
            let done = self.log_mut(table).transaction(application).await?;
            if done.is_none_or(|version| version < *seq) {
                behind.push((application.clone(), *seq));
            }
        }
        Ok(behind)
    }

    /// Rows added to one table, or `None` when it had the batch. A failed commit may have happened:
    /// the next attempt looks at the store first.
    async fn append_to(
        &mut self,
        table: Table,
        step: &mut Step<'_>,
    ) -> Result<Option<usize>, IndexError> {
        let mut attempt = 1;
        loop {
            let behind = self.behind(table, step.positions).await?;
            if behind.is_empty() {
                return Ok(None);
            }
            let known = match step.looked_up.remove(&table) {
                Some(known) => known,
                None => self.known(table, &step.incoming, &step.sources(table)).await?,
            };
            let plan = known.plan(table, step.incoming.of(table))?;
            let added = plan.added.num_rows();
            match self.log_mut(table).carry_out(plan, behind).await {
                Ok(()) => return Ok(Some(added)),
                Err(error) if attempt == ATTEMPTS => return Err(error),
                Err(error) => tracing::debug!(
                    table = table.name(),
                    attempt,
                    error = &error as &dyn std::error::Error,
                    "append is tried again"
                ),
            }
            // Another writer may have added any of these rows meanwhile, to any table.
            step.looked_up.clear();
            step.revisited.clone_from(&step.incoming.sources);
            attempt += 1;
        }
    }
}

/// One append on its way through the tables.
struct Step<'a> {
    positions: &'a [(String, i64)],
    incoming: Incoming,
    /// Look-ups made in advance.
    looked_up: HashMap<Table, Known>,
    /// The sources that the other tables may know.
    revisited: HashSet<String>,
}

impl Step<'_> {
    fn sources(&self, table: Table) -> Cow<'_, HashSet<String>> {
        match table {
            Table::Documents | Table::Intake => Cow::Borrowed(&self.incoming.sources),
            Table::Events if !self.incoming.alone.is_empty() => {
                Cow::Owned(self.revisited.union(&self.incoming.alone).cloned().collect())
            }
            _ => Cow::Borrowed(&self.revisited),
        }
    }
}

/// The rows of a batch by table.
struct Incoming {
    rows: HashMap<Table, RecordBatch>,
    sources: HashSet<String>,
    /// Sources of events without a document or file, which no other table knows.
    alone: HashSet<String>,
    partitions: Partitions,
}

impl Incoming {
    fn new(index: &Index, rows: &Rows) -> Result<Self, IndexError> {
        let mut incoming = Self {
            rows: HashMap::new(),
            sources: HashSet::new(),
            alone: HashSet::new(),
            partitions: Partitions::default(),
        };
        let told = rows.documents.iter().map(|row| row.source_uid);
        let told: HashSet<_> = told.chain(rows.intake.iter().map(|row| row.source_uid)).collect();
        let of_events = rows.events.iter().map(|row| row.source_uid);
        incoming.alone =
            of_events.filter(|uid| !told.contains(uid)).map(|uid| uid.to_string()).collect();
        for table in Table::ALL {
            let batch = columns(table, &index.log(table).schema, rows)?;
            let sources = text_column(&batch, SOURCE_UID)?;
            incoming.sources.extend(sources.iter().flatten().map(str::to_owned));
            incoming.partitions.extend(&batch)?;
            incoming.rows.insert(table, batch);
        }
        Ok(incoming)
    }

    fn of(&self, table: Table) -> &RecordBatch {
        &self.rows[&table]
    }
}

impl TableLog {
    /// Commits a plan with its transactions; also an empty plan, so that the positions move on.
    pub(crate) async fn carry_out(
        &mut self,
        plan: Plan,
        transactions: Vec<(String, i64)>,
    ) -> Result<(), IndexError> {
        let mut actions = Vec::new();
        let mut heads = None;
        if plan.added.num_rows() > 0 {
            let mut writer = self.writer().await?;
            let mut added = plan.added;
            if self.table == Table::Events {
                let (linked, moved) = Box::pin(self.link(&added)).await?;
                (added, heads) = (linked, Some(moved));
            }
            writer.write(added).await.map_err(|error| self.error(error))?;
            for (file, keys) in &plan.replaced {
                self.copy_without(file, keys, &mut writer).await?;
                actions.push(Action::Remove(file.view().remove_action(true)));
            }
            let adds = writer.flush().await.map_err(|error| self.error(error))?;
            actions.extend(adds.into_iter().map(Action::Add));
        }
        let operation = DeltaOperation::Write {
            mode: if plan.replaced.is_empty() { SaveMode::Append } else { SaveMode::Overwrite },
            partition_by: Some(PARTITION_COLUMNS.map(str::to_owned).to_vec()),
            predicate: None,
        };
        self.commit(Change { actions, operation, transactions }).await?;
        if let Some(heads) = heads {
            self.heads = heads;
        }
        Ok(())
    }

    async fn copy_without(
        &self,
        file: &DataFile,
        keys: &HashSet<String>,
        writer: &mut RecordBatchWriter,
    ) -> Result<(), IndexError> {
        let mut rows = self.reader().rows(file).await?;
        while let Some(batch) = rows.next().await? {
            let rest = without(self.table, &batch, keys)?;
            if rest.num_rows() > 0 {
                writer.write(rest).await.map_err(|error| self.error(error))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
