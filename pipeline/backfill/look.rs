//! Whether the submission is paused, and how many messages wait for the workers; looked at now and
//! then, beside the sending.

use std::{sync::Arc, time::Duration};

use sohoa_flow::{Fatal, FatalKind, Fault};
use sohoa_kafka::{PartitionProgress, progress};
use tokio::{
    task::{JoinError, JoinHandle},
    time::Instant,
};

use crate::{lane::BulkLane, ledger::Ledger};

/// Without an answer about the workers for this long a bound on what is in flight cannot be kept.
const PATIENCE: Duration = Duration::from_mins(10);

/// Looks now and then.
pub(crate) struct Look<L> {
    lane: Arc<L>,
    ledger: Ledger,
    every: Duration,
    next: Option<Instant>,
    paused: bool,
    reading: Option<Reading>,
    seen: Option<Seen>,
    failing: Option<Instant>,
    /// The most messages at once that were deleted by age before a worker came to them.
    expired: u64,
    /// Messages handed to the lane.
    sent: u64,
}

type Read = Result<Result<Vec<PartitionProgress>, Fault>, JoinError>;

/// Under way, or just done.
struct Reading {
    task: JoinHandle<Result<Vec<PartitionProgress>, Fault>>,
    read: Option<Read>,
    arrived: u64,
}

impl Reading {
    /// Waits for the answer and keeps it.
    async fn finish(&mut self) {
        if self.read.is_none() {
            self.read = Some((&mut self.task).await);
        }
    }
}

/// What was last read.
struct Seen {
    progress: Vec<PartitionProgress>,
    /// Messages of ours that had arrived for certain when it was read.
    arrived: u64,
}

impl<L: BulkLane> Look<L> {
    pub(crate) fn new(lane: Arc<L>, ledger: Ledger, every: Duration) -> Self {
        let (next, reading, seen, failing) = (None, None, None, None);
        let (paused, expired, sent) = (false, 0, 0);
        Self { lane, ledger, every, next, paused, reading, seen, failing, expired, sent }
    }

    /// A message was handed to the lane.
    pub(crate) fn sent(&mut self) {
        self.sent += 1;
    }

    /// Whether the submission was paused at the last look.
    pub(crate) fn paused(&self) -> bool {
        self.paused
    }

    /// Messages that were deleted by age before a worker came to them, as far as was seen.
    pub(crate) fn expired(&self) -> u64 {
        self.expired
    }

    /// The lane's messages without an answer, if known.
    pub(crate) fn lag(&self) -> Option<u64> {
        self.seen.as_ref().map(|seen| progress::lag(&seen.progress))
    }

    /// How far the workers are, if known.
    pub(crate) fn progress(&self) -> Option<&[PartitionProgress]> {
        self.seen.as_ref().map(|seen| seen.progress.as_slice())
    }

    /// Whether one more message may be sent. What was sent since the last reading counts as
    /// waiting, so the bound is kept between two of them.
    pub(crate) fn has_room(&self, bound: Option<u64>) -> bool {
        let Some(bound) = bound else { return true };
        let under_way = |seen: &Seen| progress::lag(&seen.progress) + (self.sent - seen.arrived);
        self.seen.as_ref().is_some_and(|seen| under_way(seen) < bound)
    }

    /// Looks, where it is time to.
    pub(crate) async fn look(&mut self) -> Result<(), Fault> {
        let finished = |reading: &mut Reading| reading.read.is_some() || reading.task.is_finished();
        if let Some(mut reading) = self.reading.take_if(finished) {
            reading.finish().await;
            self.take(reading)?;
        }
        if self.next.is_some_and(|next| Instant::now() < next) {
            return Ok(());
        }
        self.next = Some(Instant::now() + self.every);
        self.paused = self.ledger.paused().await?;
        if self.reading.is_none() {
            let arrived = self.sent - (self.lane.in_flight() as u64).min(self.sent);
            let lane = Arc::clone(&self.lane);
            let task = tokio::spawn(async move { lane.progress().await });
            self.reading = Some(Reading { task, read: None, arrived });
        }
        Ok(())
    }

    fn take(&mut self, Reading { read, arrived, .. }: Reading) -> Result<(), Fault> {
        let Some(read) = read else { return Ok(()) };
        let read = read.map_err(|error| Fault::fatal(FatalKind::Internal, crate::STAGE, error))?;
        let progress = match read {
            Ok(progress) => progress,
            Err(Fault::Retry(cause)) => {
                let since = *self.failing.get_or_insert_with(Instant::now);
                if since.elapsed() > PATIENCE {
                    return Err(Fault::Fatal(Fatal { kind: FatalKind::Unreachable, cause }));
                }
                tracing::warn!(error = %cause.error, "the broker does not say how far the workers are; trying again");
                return Ok(());
            }
            Err(fault) => return Err(fault),
        };
        self.failing = None;
        let expired: u64 = progress.iter().map(PartitionProgress::expired).sum();
        if expired > 0 {
            tracing::error!(
                expired,
                "messages were deleted before a worker came to them: raise retention.ms of the topic, and submit anew"
            );
        }
        self.expired = self.expired.max(expired);
        self.seen = Some(Seen { progress, arrived });
        Ok(())
    }

    /// Waits until there may be something new to see, `longest` at most.
    pub(crate) async fn wait(&mut self, longest: Option<Duration>) {
        let until_look = self.next.map(|next| next.saturating_duration_since(Instant::now()));
        let wait = [longest, until_look].into_iter().flatten().min().unwrap_or_default();
        let finish = async {
            match &mut self.reading {
                Some(reading) => reading.finish().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = finish => {}
        }
    }
}

impl<L> Drop for Look<L> {
    fn drop(&mut self) {
        if let Some(reading) = &self.reading {
            reading.task.abort();
        }
    }
}
