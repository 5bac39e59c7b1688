//! The one writer of the index: settled documents in batches, by number or by age.

use std::time::Duration;

use sohoa_flow::{Fatal, FatalKind, Fault};
use sohoa_index::{Batch, Index, IndexError, Position};
use tokio::{sync::mpsc, time::Instant};

use crate::stages::Settled;

/// Name under which a run's batches are counted in the tables.
pub(crate) const APPLICATION: &str = "run";

/// Documents that may wait for a commit before processing waits too: two batches.
const BATCHES_WAITING: usize = 2;

/// When a batch is committed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Documents.
    pub(crate) documents: usize,
    /// Age of the oldest.
    pub(crate) age: Duration,
}

/// What an error of the index means for the process: its retries are spent inside.
pub(crate) fn index_fault(error: IndexError) -> Fault {
    match sohoa_store::classify_local("index", error) {
        Fault::Retry(cause) => Fault::Fatal(Fatal { kind: FatalKind::Unreachable, cause }),
        fault => fault,
    }
}

/// A channel to the writer.
pub(crate) fn channel(bounds: Bounds) -> (mpsc::Sender<Settled>, mpsc::Receiver<Settled>) {
    mpsc::channel(bounds.documents * BATCHES_WAITING)
}

/// Commits what comes until the senders are gone; ends with the last batch committed.
pub(crate) async fn write(
    mut index: Index,
    position: Position,
    bounds: Bounds,
    mut settled: mpsc::Receiver<Settled>,
) -> Result<(), IndexError> {
    let mut batch = Batch { seq: position.begun.unwrap_or(0) + 1, ..Batch::default() };
    let mut due = Instant::now() + bounds.age;
    loop {
        let next = tokio::time::timeout_at(due, settled.recv()).await;
        match next {
            Ok(Some(one)) => {
                if batch.keys.is_empty() {
                    due = Instant::now() + bounds.age;
                }
                batch.keys.push(one.key);
                batch.rows.extend(one.rows);
                if batch.keys.len() < bounds.documents {
                    continue;
                }
            }
            Ok(None) => {
                return commit(&mut index, &mut batch).await;
            }
            Err(_) => {}
        }
        commit(&mut index, &mut batch).await?;
        due = Instant::now() + bounds.age;
    }
}

async fn commit(index: &mut Index, batch: &mut Batch) -> Result<(), IndexError> {
    if batch.keys.is_empty() {
        return Ok(());
    }
    let appended = index.append(APPLICATION, batch).await?;
    tracing::debug!(seq = batch.seq, documents = batch.keys.len(), ?appended, "committed");
    *batch = Batch { seq: batch.seq + 1, ..Batch::default() };
    Ok(())
}
