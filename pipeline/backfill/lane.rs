//! Where messages go, and how far the workers are with them.

use std::sync::Arc;

use sohoa_flow::{FatalKind, Fault};
use sohoa_kafka::{Event, PartitionProgress, Progress, Submitter, Topic, connect, topics};
use sohoa_schemas::{config::Kafka, ledger::DeliveredRange, message::Submission};
use sohoa_store::Store;

use crate::STAGE;

/// The bulk lane. Kafka is one; tests have another.
pub trait BulkLane: Send + Sync + 'static {
    /// Name of the topic.
    fn topic(&self) -> String;

    /// Hands a message over; waits while too much is under way.
    fn send(
        &self,
        submission: &Submission,
        event: Event<'_>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Waits until everything that was handed over has arrived, and says where all of it is that
    /// arrived since the last call. Fails when any of it did not.
    fn flush(&self) -> impl Future<Output = Result<Vec<DeliveredRange>, Fault>> + Send;

    /// Messages handed over and not known to have arrived.
    fn in_flight(&self) -> usize;

    /// How far the workers are with the topic.
    fn progress(&self) -> impl Future<Output = Result<Vec<PartitionProgress>, Fault>> + Send;
}

/// The bulk lane of a Kafka cluster.
#[derive(Debug)]
pub struct KafkaLane {
    submitter: Submitter,
    progress: Arc<Progress>,
    lane: Topic,
    topic: String,
}

impl KafkaLane {
    /// Looks whether the broker answers and has the topic. `output` is where the workers write.
    ///
    /// # Errors
    /// `Fatal`, naming the setting.
    pub async fn open(settings: &Kafka, lane: Topic, output: Store) -> Result<Self, Fault> {
        let settings = settings.clone();
        blocking(move || {
            let base = connect::base(&settings)
                .map_err(|error| Fault::fatal(FatalKind::Configuration, STAGE, error))?;
            let prefix = &settings.prefix;
            let topic = lane.name(prefix);
            let submitter = Submitter::open(&base, prefix, &[lane], output)?;
            let progress = Progress::open(&base, &topics::workers_group(prefix), &topic)?;
            Ok(Self { submitter, progress: Arc::new(progress), lane, topic })
        })
        .await
    }
}

impl BulkLane for KafkaLane {
    fn topic(&self) -> String {
        self.topic.clone()
    }

    async fn send(&self, submission: &Submission, event: Event<'_>) -> Result<(), Fault> {
        self.submitter.send(self.lane, submission, event).await
    }

    async fn flush(&self) -> Result<Vec<DeliveredRange>, Fault> {
        let delivered = self.submitter.flush().await?;
        Ok(delivered.into_iter().map(|delivered| delivered.range).collect())
    }

    fn in_flight(&self) -> usize {
        self.submitter.in_flight()
    }

    async fn progress(&self) -> Result<Vec<PartitionProgress>, Fault> {
        let progress = Arc::clone(&self.progress);
        blocking(move || progress.read()).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?
}
