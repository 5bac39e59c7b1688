//! How the index learns of what was settled outside a run and a worker: corrections, releases.
//!
//! Where the configuration names brokers, as a worker's documents do: by an event, which `sohoa
//! indexer` reads. Else by an append of our own: whoever has no brokers has no indexer. Several
//! writers of the index do no harm, so clerks need not wait for a run that takes weeks.

use std::time::Duration;

use sohoa_flow::{FatalKind, Fault};
use sohoa_index::{Batch, Index, IndexError};
use sohoa_kafka::{Announcement, Event, Submitter, Topic};
use sohoa_publish::keys;
use sohoa_schemas::{config::Kafka, message::MessagePosition, record::Prepared};
use sohoa_store::{Store, classify, hash::sha256};

use uuid::Uuid;

use crate::{
    broken, context::now, exit::Failure, run::index_fault, settings::Settings, setup,
    stages::Settled, told,
};

const STAGE: &str = "announce";

/// How often an append is begun anew because others were first. Each time some other one succeeded.
const ATTEMPTS: u32 = 20;

/// Between two of them.
const PAUSE: Duration = Duration::from_millis(100);

/// What is written to where nothing is refused: corrections, time-stamps.
pub(crate) const EVENTS: &[Topic] = &[Topic::Documents];

/// What is written to where documents are refused as well.
pub(crate) const EVENTS_AND_LETTERS: &[Topic] = &[Topic::Documents, Topic::DeadLetters];

/// How a settled document came, as far as it is known: who follows its submission or its trace, or
/// what is refused, is told of it by these.
#[derive(Debug, Clone, Default)]
pub(crate) struct Provenance {
    /// Its dossier.
    pub(crate) dossier: Uuid,
    /// Backfill or upload.
    submission: Option<String>,
    traceparent: Option<String>,
    position: Option<MessagePosition>,
}

impl Provenance {
    /// Of a document that is known by its dossier alone.
    pub(crate) fn of(dossier: Uuid) -> Self {
        Self { dossier, ..Self::default() }
    }

    /// Of a held document.
    pub(crate) fn of_held(held: &Prepared) -> Self {
        Self {
            dossier: held.record.dossier_uid,
            submission: held.message.as_ref().and_then(|message| message.submission.clone()),
            traceparent: held.traceparent.clone(),
            position: held.position.clone(),
        }
    }
}

/// The way to the index.
pub(crate) struct Channel<'a> {
    /// Name under which it is counted in the tables. Not a run's: what a killed run left undone is
    /// told by the run's own position.
    name: &'static str,
    store: &'a Store,
    way: Way<'a>,
}

enum Way<'a> {
    /// An append when enough has come together.
    Append { batch: Batch, documents: usize },
    /// An event a document.
    Events { submitter: Box<Submitter>, kafka: &'a Kafka },
}

impl<'a> Channel<'a> {
    /// Opens the way that the configuration has, for the command of this name, which writes to these
    /// topics where there are brokers.
    ///
    /// # Errors
    /// A broker that does not answer or lets us not in, before anything is written.
    pub(crate) fn open(
        (name, topics): (&'static str, &[Topic]),
        settings: &'a Settings,
        store: &'a Store,
    ) -> Result<Self, Failure> {
        let kafka = &settings.config.kafka;
        // A configuration that says nothing of brokers is that of a province without them.
        if !settings.names_brokers {
            let documents = settings.config.index.commit_documents;
            let way = Way::Append { batch: Batch::default(), documents };
            return Ok(Self { name, store, way });
        }
        let client = setup::client(kafka)?;
        let open = || Submitter::open(&client, &kafka.prefix, topics, store.clone());
        let submitter = tokio::task::block_in_place(open)
            .map_err(|fault| setup::broker_failure(fault, &kafka.brokers))?;
        Ok(Self { name, store, way: Way::Events { submitter: Box::new(submitter), kafka } })
    }

    /// What becomes of the index, as a person is told.
    pub(crate) fn describe(&self) -> &'static str {
        match self.way {
            Way::Append { .. } => "written",
            Way::Events { .. } => "announced",
        }
    }

    /// Takes what was settled; again does no harm.
    ///
    /// # Errors
    /// The index's or the broker's own: it is settled all the same.
    pub(crate) async fn take(
        &mut self,
        settled: Settled,
        provenance: &Provenance,
    ) -> Result<(), Failure> {
        match &mut self.way {
            Way::Append { batch, documents } => {
                batch.keys.push(settled.key);
                batch.rows.extend(settled.rows);
                if batch.keys.len() < *documents {
                    return Ok(());
                }
                let full = std::mem::take(batch);
                Ok(append((self.name, self.store), full).await?)
            }
            Way::Events { submitter, kafka } => {
                let sent = async {
                    let all = announcements((self.name, self.store), provenance, &settled).await?;
                    for announcement in &all {
                        submitter.announce(announcement).await?;
                    }
                    Ok(())
                };
                sent.await.map_err(|fault| setup::broker_failure(fault, &kafka.brokers))
            }
        }
    }

    /// Waits until everything has arrived.
    ///
    /// # Errors
    /// As [`Channel::take`].
    pub(crate) async fn flush(&mut self) -> Result<(), Failure> {
        match &mut self.way {
            Way::Append { batch, .. } if batch.keys.is_empty() => Ok(()),
            Way::Append { batch, .. } => {
                Ok(append((self.name, self.store), std::mem::take(batch)).await?)
            }
            Way::Events { submitter, kafka } => {
                let flushed = submitter.flush().await.map(drop);
                flushed.map_err(|fault| setup::broker_failure(fault, &kafka.brokers))
            }
        }
    }
}

/// Adds a batch to the tables. Two commands at once may choose the same position; the tables then
/// take the second one's for done, and say so: it is given again behind the first one's.
async fn append((name, store): (&str, &Store), mut batch: Batch) -> Result<(), Fault> {
    for attempt in 1..=ATTEMPTS {
        match try_append((name, store), &mut batch).await {
            Ok(true) => return Ok(()),
            Ok(false) | Err(IndexError::Busy(_)) => {
                tracing::debug!(attempt, "another writer of the index was first");
                tokio::time::sleep(PAUSE * attempt).await;
            }
            Err(error) => return Err(index_fault(error)),
        }
    }
    let error = "the index is being written without a pause; run the same command again";
    Err(Fault::fatal(FatalKind::Unreachable, STAGE, error))
}

/// Whether every table took the batch.
async fn try_append((name, store): (&str, &Store), batch: &mut Batch) -> Result<bool, IndexError> {
    let (objects, url) = store.below(keys::INDEX);
    let mut index = Index::open(&objects, url)?;
    // Of a batch that is given again some tables have their part.
    index.doubt();
    let position = index.position(name).await?;
    batch.seq = position.begun.unwrap_or(0) + 1;
    let appended = index.append(name, batch).await?;
    Ok(appended.skipped.is_empty())
}

/// What a worker would announce of a document: its event, and a dead letter when it was refused and
/// came by a message.
async fn announcements(
    (name, store): (&str, &Store),
    provenance: &Provenance,
    settled: &Settled,
) -> Result<Vec<Announcement>, Fault> {
    let bytes = store.get(&settled.key).await.map_err(|error| classify(STAGE, error))?;
    let bytes = bytes.ok_or_else(|| Fault::retry(STAGE, "an object is gone after writing it"))?;
    let (hash, at) = (sha256(&bytes), now());
    // The same object announced again has the same id; a refusal may be written anew.
    let id = format!("{}#{}", settled.key, hash.get(..8).unwrap_or_default());
    let submission = provenance.submission.as_deref();
    let about = (provenance.dossier, submission);
    let event = told::event(settled, about, (&settled.key, hash), at);
    let (source, time) = (format!("sohoa/{name}"), at.to_rfc3339());
    let traceparent = provenance.traceparent.as_deref();
    let headers = Event { id: &id, source: &source, time: &time, traceparent };
    let key = provenance.dossier.to_string();
    let mut all = vec![Announcement::json((Topic::Documents, key.clone()), &event, headers)?];
    if let Some(position) = &provenance.position
        && let Some(letter) = told::dead_letter(settled, submission, position.clone(), at)
    {
        // Its own word on that position: another one may have been said of it before.
        let id = format!("{}/{name}", broken::id(position));
        let headers = Event { id: &id, source: &source, time: &time, traceparent };
        all.push(Announcement::json((Topic::DeadLetters, key), &letter, headers)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use sohoa_store::Missing;

    use super::*;
    use crate::{amend::version::tests::record, answers::for_each_row};

    #[tokio::test]
    async fn corrections_at_once_all_reach_the_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_str().unwrap(), Missing::Refuse).unwrap();
        let batch = |number: u128| {
            let mut rows = record().rows;
            let uid = Uuid::from_u128(number);
            rows.findings.clear();
            rows.intake.clear();
            for row in &mut rows.documents {
                (row.document_uid, row.source_uid) = (uid, uid);
                (row.province, row.ingest_month) = ("H08".into(), "2026-11".into());
            }
            Batch { seq: 0, keys: vec![number.to_string()], rows }
        };
        let all = (1..=4).map(|number| append(("amend", &store), batch(number)));
        for appended in futures::future::join_all(all).await {
            appended.unwrap();
        }
        append(("amend", &store), batch(1)).await.unwrap();
        let (objects, url) = store.below(keys::INDEX);
        let index = Index::open(&objects, url).unwrap();
        for table in ["documents", "document_versions"] {
            let mut counts = Vec::new();
            let sql = format!("select count(*), count(distinct document_uid) from {table}");
            for_each_row(&index, &sql, |row| {
                counts.extend(row.iter().map(|cell| cell.unwrap_or_default().to_owned()));
            })
            .await
            .unwrap();
            assert_eq!(counts, ["4", "4"], "{table}");
        }
    }
}
