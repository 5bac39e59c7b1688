//! All of a sheet checked before any of it is done; then done, a source at a time.
//!
//! Interrupted between two sources, the same sheet again does the rest: what is done changes
//! nothing. A source that somebody else amended meanwhile is made anew on top of that.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt as _, stream};
use indicatif::MultiProgress;
use serde::Serialize;
use sohoa_flow::{
    FatalKind, Fault,
    retry::{Policy, retry},
};
use sohoa_index::Index;
use sohoa_publish::{
    Published, holding, keys, publication,
    survey::{self, Entry},
};
use sohoa_schemas::record::{Amendment, Record};
use sohoa_store::Store;
use uuid::Uuid;

use super::{
    Field, STAGE, Sheet,
    row::Hide,
    sheet::{Edit, Wrong},
    version::next,
};
use crate::{
    answers::for_each_row,
    bar::Progress,
    channel::{Channel, Provenance},
    context::now,
    exit::{Exit, Failure},
    privacy::Pseudonyms,
    stages::Settled,
};

/// Records read, and then written, at once: a store's latency is waited for once.
const AT_ONCE: usize = 16;

/// Documents looked up by one query.
const LOOKED_UP: usize = 2_000;

/// How often a source is made anew because somebody else was first.
const ATTEMPTS: usize = 16;

/// A column that is, or would be, another.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Change {
    /// Version of the record that says so.
    pub(crate) version: i32,
    /// What was set.
    #[serde(flatten)]
    pub(crate) amendment: Amendment,
}

/// What became of a sheet.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Documents the sheet speaks of.
    pub(crate) documents: u64,
    /// Of these, given a new version, or to be given one.
    pub(crate) amended: u64,
    /// Of these, as the sheet says already.
    pub(crate) unchanged: u64,
    /// Rows still to be filled in.
    pub(crate) empty: u64,
    /// Whether nothing was to be written.
    pub(crate) dry_run: bool,
    /// `written`, `announced`, or `untouched`.
    pub(crate) index: &'static str,
    /// Everything set.
    pub(crate) changes: Vec<Change>,
    /// Everything wrong: then nothing was written, unless somebody amended meanwhile.
    pub(crate) wrong: Vec<Wrong>,
}

/// The edits of one source.
#[derive(Debug)]
struct Task {
    source: Uuid,
    edits: Vec<(Uuid, Vec<Edit>)>,
    /// The version that the index has; 0 for none.
    indexed: i32,
}

impl Task {
    fn line(&self) -> u64 {
        self.edits.first().and_then(|(_, edits)| edits.first()).map_or(0, |edit| edit.line)
    }

    fn wrong(&self, what: String) -> Vec<Wrong> {
        vec![Wrong { line: self.line(), column: "document_uid", what }]
    }
}

/// Where a sheet is carried out.
pub(crate) struct Plan<'a> {
    store: &'a Store,
    index: &'a Index,
    bars: &'a MultiProgress,
    pseudonyms: Option<Pseudonyms>,
    retry: Policy,
    tasks: Vec<Task>,
    report: Report,
}

impl<'a> Plan<'a> {
    /// Finds the documents of a sheet.
    ///
    /// # Errors
    /// The store's or the index's own; what is wrong with the sheet is in the report.
    pub(crate) async fn new(
        (store, index): (&'a Store, &'a Index),
        sheet: Sheet,
        hmac_key: Option<&std::path::Path>,
        bars: &'a MultiProgress,
    ) -> Result<Self, Failure> {
        let mut edits = sheet.edits.iter().flat_map(|(_, edits)| edits);
        let folds = edits.any(|edit| edit.field == Field::Subject);
        let report = Report {
            documents: sheet.edits.len() as u64,
            empty: sheet.empty,
            index: "untouched",
            wrong: sheet.wrong,
            ..Report::default()
        };
        let mut plan = Self {
            store,
            index,
            bars,
            // The key is needed for nothing else, and may not be here.
            pseudonyms: if folds { Some(Pseudonyms::load(hmac_key)?) } else { None },
            retry: Policy::default(),
            tasks: Vec::new(),
            report,
        };
        plan.tasks = plan.resolve(sheet.edits).await?;
        Ok(plan)
    }

    /// The edits by source.
    async fn resolve(&self, edits: Vec<(Uuid, Vec<Edit>)>) -> Result<Vec<Task>, Failure> {
        let uids: Vec<Uuid> = edits.iter().map(|(uid, _)| *uid).collect();
        let mut known = HashMap::new();
        for some in uids.chunks(LOOKED_UP) {
            known.extend(self.indexed(some).await?);
        }
        let mut tasks: BTreeMap<Uuid, Task> = BTreeMap::new();
        for (uid, edits) in edits {
            // The index may not know it yet; the first document of a source has the source's name.
            let (source, indexed) = known.get(&uid).copied().unwrap_or((uid, 0));
            let task = || Task { source, edits: Vec::new(), indexed };
            let task = tasks.entry(source).or_insert_with(task);
            task.indexed = task.indexed.min(indexed);
            task.edits.push((uid, edits));
        }
        let mut tasks: Vec<Task> = tasks.into_values().collect();
        tasks.sort_by_key(Task::line);
        Ok(tasks)
    }

    /// Source and version of documents, as the index has them.
    async fn indexed(&self, uids: &[Uuid]) -> Result<HashMap<Uuid, (Uuid, i32)>, Failure> {
        // Identities are hexadecimal: nothing in them needs quoting.
        let wanted: Vec<String> = uids.iter().map(|uid| format!("'{uid}'")).collect();
        let sql = format!(
            "select document_uid, source_uid, cast(version as varchar) from documents \
             where document_uid in ({})",
            wanted.join(",")
        );
        let mut known = HashMap::new();
        let read = for_each_row(self.index, &sql, |row| {
            let uid = |at: usize| row[at].and_then(|text| text.parse::<Uuid>().ok());
            let version = row[2].and_then(|text| text.parse::<i32>().ok());
            if let (Some(document), Some(source), Some(version)) = (uid(0), uid(1), version) {
                known.insert(document, (source, version));
            }
        });
        read.await.map_err(|error| Failure::from_error(Exit::Unreachable, &error))?;
        Ok(known)
    }

    /// Tries every correction out; writes nothing.
    ///
    /// # Errors
    /// The store's own; what is wrong is in the report.
    pub(crate) async fn check(&mut self) -> Result<&Report, Failure> {
        let progress = Progress::begin(self.bars, self.tasks.len() as u64, "checked");
        let (this, shown) = (&*self, &progress);
        let tries: Vec<_> = stream::iter(&this.tasks)
            .map(|task| async move {
                let tried = this.try_out(task).await;
                shown.one();
                tried
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        drop(progress);
        let mut changes = Vec::new();
        for (tried, task) in tries.into_iter().zip(&self.tasks) {
            match tried? {
                Err(wrong) => self.report.wrong.extend(wrong),
                Ok(some) if some.is_empty() => self.report.unchanged += task.edits.len() as u64,
                Ok(some) => {
                    count(&mut self.report, task, &some);
                    changes.extend(some);
                }
            }
        }
        self.report.changes = changes;
        self.report.wrong.sort();
        Ok(&self.report)
    }

    /// What a task would change.
    async fn try_out(&self, task: &Task) -> Result<Result<Vec<Change>, Vec<Wrong>>, Failure> {
        let record = match self.latest(task).await? {
            Ok(record) => record,
            Err(wrong) => return Ok(Err(wrong)),
        };
        let next = next(&record, &[], &task.edits, (now(), &*self.hide()));
        Ok(next.map(|next| next.map(changes_of).unwrap_or_default()))
    }

    /// Ends without writing.
    pub(crate) fn leave(mut self, dry_run: bool) -> Report {
        self.report.dry_run = dry_run;
        self.report
    }

    /// Carries every correction out; the plan was checked.
    ///
    /// # Errors
    /// The store's, the index's or the broker's own: what was done is done, and the same sheet again
    /// does the rest.
    pub(crate) async fn carry_out(mut self, mut channel: Channel<'_>) -> Result<Report, Failure> {
        let progress = Progress::begin(self.bars, self.tasks.len() as u64, "amended");
        let mut report = Report {
            changes: Vec::new(),
            amended: 0,
            unchanged: 0,
            ..std::mem::take(&mut self.report)
        };
        report.index = channel.describe();
        let this = &self;
        let mut writes = stream::iter(&this.tasks)
            .map(|task| async move { (task, this.write(task).await) })
            .buffered(AT_ONCE);
        while let Some((task, written)) = writes.next().await {
            progress.one();
            let written = written.map_err(again)?;
            let (record, changes) = match written {
                Ok(written) => written,
                Err(wrong) => {
                    report.wrong.extend(wrong);
                    continue;
                }
            };
            if changes.is_empty() {
                report.unchanged += task.edits.len() as u64;
            } else {
                count(&mut report, task, &changes);
                report.changes.extend(changes);
            }
            // What an earlier, interrupted call published and did not tell is told now.
            if record.version > task.indexed {
                let provenance = Provenance::of(record.dossier_uid);
                channel.take(Settled::published(record), &provenance).await.map_err(again)?;
            }
        }
        drop(writes);
        channel.flush().await.map_err(again)?;
        Ok(report)
    }

    /// Publishes a task's new version, unless nothing is new; answers with the newest version and
    /// what was changed.
    async fn write(
        &self,
        task: &Task,
    ) -> Result<Result<(Record, Vec<Change>), Vec<Wrong>>, Failure> {
        for _ in 0..ATTEMPTS {
            let record = match self.latest(task).await? {
                Ok(record) => record,
                Err(wrong) => return Ok(Err(wrong)),
            };
            let find = || survey::receipts(self.store, task.source);
            let receipts = retry(self.retry, find).await?;
            let next = match next(&record, &receipts, &task.edits, (now(), &*self.hide())) {
                Ok(next) => next,
                Err(wrong) => return Ok(Err(wrong)),
            };
            let Some(next) = next else { return Ok(Ok((record, Vec::new()))) };
            match retry(self.retry, || publication::publish(self.store, &next)).await? {
                Published::Now(_) => {
                    let changes = changes_of(next.clone());
                    return Ok(Ok((next, changes)));
                }
                Published::Before(winner) => tracing::info!(
                    source = %task.source,
                    version = winner.version,
                    "somebody else was first; made anew on top of it"
                ),
            }
        }
        let error = "a document is amended without a pause by somebody else";
        Err(Fault::fatal(FatalKind::Unreachable, STAGE, error).into())
    }

    /// The newest record of a task's source, or why there is none.
    async fn latest(&self, task: &Task) -> Result<Result<Record, Vec<Wrong>>, Failure> {
        let find = || publication::latest(self.store, task.source);
        match retry(self.retry, find).await {
            Ok(Some(record)) => Ok(Ok(record)),
            Ok(None) => Ok(Err(self.absent(task).await?)),
            Err(Fault::Reject(_)) => {
                Ok(Err(task.wrong("its record is damaged: run sohoa audit".into())))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// Why a source has no record.
    async fn absent(&self, task: &Task) -> Result<Vec<Wrong>, Failure> {
        let uid = task.source;
        let find = || async {
            let held = holding::find(self.store, uid, 1).await?.is_some();
            Ok((held, survey::entry(self.store, &keys::quarantine(uid)).await?))
        };
        let what = match retry(self.retry, find).await {
            Ok((true, _)) => format!("{uid} waits for its release, and can be amended after it"),
            Ok((false, Some(Entry::Quarantined(entry)))) => {
                format!("{uid} was refused ({}) and has no record", entry.code)
            }
            Ok(_) | Err(Fault::Reject(_)) => format!("there is no document {uid}"),
            Err(fault) => return Err(fault.into()),
        };
        Ok(task.wrong(what))
    }

    fn hide(&self) -> Box<Hide<'_>> {
        Box::new(|text| {
            self.pseudonyms.as_ref().map_or_else(|| text.to_owned(), |key| key.hide_numbers(text))
        })
    }
}

fn changes_of(record: Record) -> Vec<Change> {
    let version = record.version;
    record.amendments.into_iter().map(|amendment| Change { version, amendment }).collect()
}

/// Counts the documents of a task.
fn count(report: &mut Report, task: &Task, changes: &[Change]) {
    let is_changed =
        |uid: &Uuid| changes.iter().any(|change| change.amendment.document_uid == *uid);
    let changed = task.edits.iter().filter(|(uid, _)| is_changed(uid)).count() as u64;
    report.amended += changed;
    report.unchanged += task.edits.len() as u64 - changed;
}

/// A failure in the middle loses nothing.
fn again(failure: Failure) -> Failure {
    failure.hint(
        "what was done is kept, and the index may not know of it yet: run the same command again",
    )
}
