//! `ledger/<submission>/` in the output: the plan, the chunks, the end, and the pause.
//!
//! All but the pause are created once and never changed. Chunks are numbered without gaps, so the
//! last one says where to go on, and its totals what went before.

use std::collections::HashSet;

use bytes::Bytes;
use futures::TryStreamExt as _;
use object_store::path::Path;
use serde::{Serialize, de::DeserializeOwned};
use sohoa_flow::{
    FatalKind, Fault,
    retry::{Policy, retry},
};
use sohoa_schemas::ledger::{Chunk, Done, Order, Plan, VERSION};
use sohoa_store::{Created, Store, classify};
use uuid::Uuid;

use crate::{
    STAGE, now,
    request::{RequestError, check_submission},
};

/// Folder of all submissions.
pub const FOLDER: &str = "ledger";

/// A submission's part of the output.
#[derive(Debug, Clone)]
pub struct Ledger {
    output: Store,
    submission: String,
    retry: Policy,
}

/// A ledger that cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A chunk is gone.
    #[error(
        "chunk {0} of submission `{1}` is missing, so what it submitted is not known: put it back, \
         or begin a submission under another name"
    )]
    Gap(u64, String),
    /// The plan differs.
    #[error(
        "submission `{submission}` was begun with another order: {differs}; begin another \
         submission, or give the order it was begun with"
    )]
    Order {
        /// The submission.
        submission: String,
        /// What differs, in words.
        differs: String,
    },
    /// Somebody else writes.
    #[error(
        "another process has written chunk {0} of submission `{1}`; only one at a time can go on \
         with a submission"
    )]
    Taken(u64, String),
    /// An object cannot be read.
    #[error("`{key}` is damaged or of a later version")]
    Unreadable {
        /// Its key.
        key: String,
        /// Why.
        source: serde_json::Error,
    },
}

/// How a submission stands by its ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// What it was told, if it was ever begun.
    pub plan: Option<Plan>,
    /// Its last chunk.
    pub last: Option<Chunk>,
    /// Its end.
    pub done: Option<Done>,
    /// Whether it is paused.
    pub paused: bool,
}

impl Ledger {
    /// The ledger of a submission; nothing is read or written yet.
    pub fn new(output: Store, submission: &str) -> Result<Self, RequestError> {
        check_submission(submission)?;
        Ok(Self { output, submission: submission.to_owned(), retry: Policy::default() })
    }

    /// The submission.
    pub fn submission(&self) -> &str {
        &self.submission
    }

    /// How it stands.
    pub async fn status(&self) -> Result<Status, Fault> {
        let count = self.chunks().await?;
        Ok(Status {
            plan: self.read("plan.json").await?,
            last: if count == 0 { None } else { Some(self.chunk(count).await?) },
            done: self.done().await?,
            paused: self.paused().await?,
        })
    }

    /// Every submission of an output, by name.
    ///
    /// # Errors
    /// The store cannot be listed.
    pub async fn submissions(output: &Store) -> Result<Vec<String>, Fault> {
        let prefix = Path::from(FOLDER);
        let listed = retry(Policy::default(), || async {
            let listing = output.objects().list_with_delimiter(Some(&prefix)).await;
            listing.map_err(|error| classify(STAGE, error))
        })
        .await?;
        let folders = listed.common_prefixes.iter().filter_map(Path::filename);
        let mut names: Vec<String> = folders.map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }

    /// Name of the input it was told to submit; none when it was never begun.
    ///
    /// # Errors
    /// The plan cannot be read.
    pub async fn input(&self) -> Result<Option<String>, Fault> {
        let plan = self.read::<Plan>("plan.json").await?;
        Ok(plan.map(|plan| plan.order.input))
    }

    /// Writes the plan down, or holds the order against the plan that is there.
    pub(crate) async fn begin(&self, order: Order) -> Result<Plan, Fault> {
        let submission = self.submission.clone();
        let plan = Plan { schema_version: VERSION, submission, order, begun_at: now() };
        let held = match self.create("plan.json", &plan).await? {
            Created::New => return Ok(plan),
            Created::Existed(bytes) => self.parse::<Plan>("plan.json", &bytes)?,
        };
        if held.order == plan.order {
            return Ok(held);
        }
        let differs = differences(&held.order, &plan.order);
        Err(refuse(LedgerError::Order { submission: self.submission.clone(), differs }))
    }

    /// Number of chunks.
    ///
    /// # Errors
    /// `Fatal` when one before the last is missing.
    pub async fn chunks(&self) -> Result<u64, Fault> {
        let prefix = Path::from(format!("{FOLDER}/{}", self.submission));
        let mut numbers = retry(self.retry, || async {
            let objects = self.output.objects().list(Some(&prefix));
            let numbers = objects.try_filter_map(|meta| async move { Ok(number(&meta.location)) });
            numbers.try_collect::<Vec<u64>>().await.map_err(|error| classify(STAGE, error))
        })
        .await?;
        numbers.sort_unstable();
        let gap = (1..).zip(&numbers).find(|(expected, number)| expected != *number);
        match gap {
            Some((missing, _)) => Err(refuse(LedgerError::Gap(missing, self.submission.clone()))),
            None => Ok(numbers.len() as u64),
        }
    }

    /// The dossiers of all documents, 16 bytes each; and the number of chunks.
    ///
    /// # Errors
    /// As [`Ledger::chunks`] and [`Ledger::chunk`].
    pub async fn dossiers(&self) -> Result<(HashSet<Uuid>, u64), Fault> {
        let (mut dossiers, chunks) = (HashSet::new(), self.chunks().await?);
        for number in 1..=chunks {
            let documents = self.chunk(number).await?.documents;
            dossiers.extend(documents.iter().map(|document| document.dossier_uid));
        }
        Ok((dossiers, chunks))
    }

    /// A chunk, by its number from 1.
    ///
    /// # Errors
    /// `Fatal` when there is none or it cannot be read.
    pub async fn chunk(&self, number: u64) -> Result<Chunk, Fault> {
        let chunk = self.read(&name(number)).await?;
        chunk.ok_or_else(|| refuse(LedgerError::Gap(number, self.submission.clone())))
    }

    /// Its end, if it has ended.
    pub async fn done(&self) -> Result<Option<Done>, Fault> {
        self.read("done.json").await
    }

    /// Whether somebody put the pause object there.
    pub async fn paused(&self) -> Result<bool, Fault> {
        let key = self.key("pause");
        let find = || async { self.output.get(&key).await.map_err(|e| classify(STAGE, e)) };
        Ok(retry(self.retry, find).await?.is_some())
    }

    /// Pauses the submission, wherever it runs; its process waits.
    pub async fn pause(&self) -> Result<(), Fault> {
        let key = self.key("pause");
        let since = Bytes::from(now().to_rfc3339());
        retry(self.retry, || self.output.put(STAGE, &key, since.clone())).await
    }

    /// Lets a paused submission go on.
    pub async fn unpause(&self) -> Result<(), Fault> {
        let key = self.key("pause");
        let remove = || async { self.output.remove(&key).await.map_err(|e| classify(STAGE, e)) };
        retry(self.retry, remove).await
    }

    pub(crate) async fn write(&self, chunk: &Chunk) -> Result<(), Fault> {
        match self.create(&name(chunk.number), chunk).await? {
            Created::New => Ok(()),
            Created::Existed(_) => {
                Err(refuse(LedgerError::Taken(chunk.number, self.submission.clone())))
            }
        }
    }

    pub(crate) async fn end(&self, done: &Done) -> Result<(), Fault> {
        // An end that is there says the same but for its time.
        self.create("done.json", done).await.map(drop)
    }

    fn key(&self, name: &str) -> String {
        format!("{FOLDER}/{}/{name}", self.submission)
    }

    async fn create<T: Serialize>(&self, name: &str, object: &T) -> Result<Created, Fault> {
        let bytes = serde_json::to_vec(object)
            .map_err(|error| Fault::fatal(FatalKind::Internal, STAGE, error))?;
        let (key, bytes) = (self.key(name), Bytes::from(bytes));
        retry(self.retry, || self.output.create(STAGE, &key, bytes.clone())).await
    }

    async fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Fault> {
        let key = self.key(name);
        let get = || async { self.output.get(&key).await.map_err(|e| classify(STAGE, e)) };
        let found = retry(self.retry, get).await?;
        found.map(|bytes| self.parse(name, &bytes)).transpose()
    }

    fn parse<T: DeserializeOwned>(&self, name: &str, bytes: &[u8]) -> Result<T, Fault> {
        let key = self.key(name);
        serde_json::from_slice(bytes)
            .map_err(|source| refuse(LedgerError::Unreadable { key, source }))
    }
}

fn refuse(error: LedgerError) -> Fault {
    Fault::fatal(FatalKind::Configuration, STAGE, error)
}

/// Name of a chunk.
fn name(number: u64) -> String {
    format!("{number:06}.json")
}

/// Number of the chunk at a key; none where another object lies.
fn number(key: &Path) -> Option<u64> {
    let digits = key.filename()?.strip_suffix(".json")?;
    let plain = digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// Where two orders differ, in words.
fn differences(held: &Order, given: &Order) -> String {
    let fields = |order: &Order| serde_json::to_value(order).unwrap_or_default();
    let (held, given) = (fields(held), fields(given));
    let names = held.as_object().into_iter().flat_map(|fields| fields.keys());
    let differ = names.filter(|name| held[*name] != given[*name]);
    let words = differ.map(|name| format!("{name} was {} and is {}", held[name], given[name]));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_chunks_have_numbers() {
        assert_eq!(number(&Path::from("ledger/a/000001.json")), Some(1));
        assert_eq!(number(&Path::from(format!("ledger/a/{}", name(1_234_567)))), Some(1_234_567));
        for other in ["plan.json", "done.json", "pause", "1.json", "000001.json.bak"] {
            assert_eq!(number(&Path::from(format!("ledger/a/{other}"))), None, "{other}");
        }
    }

    #[test]
    fn what_differs_is_named_with_both_values() {
        let order = Order {
            input: "scans".into(),
            address: "s3://scans/".into(),
            agency: None,
            layout: "auto".into(),
            include: Vec::new(),
            exclude: Vec::new(),
            limit: None,
            topic: "sohoa.bulk.v1".into(),
        };
        let other = Order { layout: "flat".into(), limit: Some(5), ..order.clone() };
        let said = differences(&order, &other);
        assert_eq!(said, "layout was \"auto\" and is \"flat\", limit was null and is 5");
    }
}
