//! Held documents, and which of them are meant.

use std::{
    collections::HashSet,
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
};

use chrono::{DateTime, FixedOffset, Utc};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use object_store::ObjectMeta;
use serde::Serialize;
use sohoa_backfill::Ledger;
use sohoa_document::mask::mask;
use sohoa_flow::{
    Fault,
    retry::{Policy, retry},
};
use sohoa_publish::{holding, keys, survey};
use sohoa_schemas::{Code, code::Severity, config::Agency, record::Prepared};
use sohoa_store::Store;
use uuid::Uuid;

use super::batch::{Batch, Reading};
use crate::custody::keeps;

/// Held states read at once.
pub(crate) const AT_ONCE: usize = 16;

/// Which held documents; what is not given takes all.
#[derive(Debug, Default)]
pub(crate) struct Select {
    /// Of these sources alone.
    pub(crate) ids: Vec<Uuid>,
    /// Of these dossiers alone: those of a submission.
    pub(crate) dossiers: Option<HashSet<Uuid>>,
    /// As they were when they were listed.
    pub(crate) batch: Option<Batch>,
    /// Composed by then: what comes while a decision is carried out, nobody decided on.
    pub(crate) until: Option<DateTime<Utc>>,
    /// Kept by this agency, or by one that it took over.
    pub(crate) agency: Agency,
}

/// A held document as a clerk is shown it.
#[derive(Debug, Serialize)]
pub(crate) struct Held {
    /// The source.
    pub(crate) source_uid: Uuid,
    /// Which reading it is.
    #[serde(flatten)]
    pub(crate) reading: Reading,
    /// When it was composed.
    pub(crate) since: DateTime<FixedOffset>,
    /// Pages that wait.
    pub(crate) pages: i32,
    /// What it waits for: `release`, `timestamp` or `token` once it was released.
    pub(crate) waiting_for: String,
    /// The files as received.
    pub(crate) sources: Vec<String>,
    /// What was read of each document in it.
    pub(crate) documents: Vec<About>,
    /// Findings that somebody should look at.
    pub(crate) findings: Vec<Remark>,
    /// Key of the composed PDF.
    pub(crate) pdf: Option<String>,
    /// The state itself.
    #[serde(skip)]
    pub(crate) prepared: Prepared,
}

/// What was read of a document.
#[derive(Debug, Serialize)]
pub(crate) struct About {
    type_name: Option<String>,
    code: Option<String>,
    issued_date: Option<String>,
    organ_name: Option<String>,
    subject: Option<String>,
}

/// A finding.
#[derive(Debug, Serialize)]
pub(crate) struct Remark {
    code: Code,
    field: Option<String>,
    sentence_vi: &'static str,
}

impl Select {
    /// Adds the dossiers of a submission, from its ledger; how many chunks that has.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(crate) async fn add_submission(&mut self, ledger: &Ledger) -> Result<u64, Fault> {
        let (dossiers, chunks) = ledger.dossiers().await?;
        self.dossiers.get_or_insert_default().extend(dossiers);
        Ok(chunks)
    }

    /// Takes no more than what a batch lists.
    pub(crate) fn decide_on(&mut self, batch: Batch) {
        self.ids = batch.sources().collect();
        self.batch = Some(batch);
    }

    /// Whether a held document is meant.
    pub(crate) fn takes(&self, prepared: &Prepared) -> bool {
        let record = &prepared.record;
        let mut rows = record.rows.documents.iter();
        self.dossiers.as_ref().is_none_or(|all| all.contains(&record.dossier_uid))
            && self.batch.as_ref().is_none_or(|batch| batch.shows(prepared))
            && self.until.is_none_or(|until| prepared.composed_at <= until)
            && rows.all(|row| {
                row.custodian_agency_code.as_ref().is_none_or(|code| keeps(&self.agency, code))
            })
    }
}

/// The held documents that `select` takes, in the order of their keys or as they are named; never
/// all in memory. One whose version has a record is a leftover, and is given all the same: deciding
/// on it finds it published.
pub(crate) fn held<'a>(
    output: &'a Store,
    select: &'a Select,
) -> impl Stream<Item = Result<Held, Fault>> + 'a {
    let found = if select.ids.is_empty() {
        let find = move |state: Result<State, Fault>| async move { state?.read(output).await };
        states(output).map(find).buffered(AT_ONCE).boxed()
    } else {
        stream::iter(&select.ids).map(|id| named(output, *id)).buffered(AT_ONCE).boxed()
    };
    found.try_filter_map(move |prepared| {
        let prepared = prepared.filter(|prepared| select.takes(prepared));
        std::future::ready(Ok(prepared.map(shown)))
    })
}

/// The held document of a source; none where there is none, or it is damaged.
///
/// # Errors
/// The store's own.
pub(crate) async fn named(output: &Store, source: Uuid) -> Result<Option<Prepared>, Fault> {
    read(source, || holding::of(output, source)).await
}

async fn read<F>(source: Uuid, find: impl FnMut() -> F) -> Result<Option<Prepared>, Fault>
where
    F: Future<Output = Result<Option<Prepared>, Fault>>,
{
    match retry(Policy::default(), find).await {
        Err(Fault::Reject(why)) => {
            tracing::error!(%source, error = %why.cause.error, "a held state is damaged");
            Ok(None)
        }
        found => found,
    }
}

/// A held state as it was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// The source and the version.
    pub(crate) of: (Uuid, i32),
    /// Written again it has another one; none where the store does not tell.
    pub(crate) tag: Option<u64>,
}

impl State {
    /// Of an object that is one.
    fn listed(meta: &ObjectMeta) -> Option<Self> {
        let parts: Vec<_> = meta.location.parts().collect();
        let [_, uid, version, name] = parts.as_slice() else { return None };
        let version = version.as_ref().strip_prefix('v')?.parse().ok()?;
        let hash = BuildHasherDefault::<DefaultHasher>::new();
        let tag = meta.e_tag.as_ref();
        let tag = tag.map(|tag| hash.hash_one((tag, meta.size, meta.last_modified)));
        let of = (uid.as_ref().parse().ok()?, version);
        (name.as_ref() == holding::PREPARED).then_some(Self { of, tag })
    }

    /// What it holds; none where it is gone meanwhile, or is damaged.
    ///
    /// # Errors
    /// The store's own.
    pub(crate) async fn read(self, output: &Store) -> Result<Option<Prepared>, Fault> {
        let (source, version) = self.of;
        read(source, || holding::find(output, source, version)).await
    }
}

/// The held states, in the order of their keys.
pub(crate) fn states(output: &Store) -> BoxStream<'static, Result<State, Fault>> {
    let listing = survey::objects(output, keys::WORK);
    listing.try_filter_map(|meta| std::future::ready(Ok(State::listed(&meta)))).boxed()
}

fn shown(prepared: Prepared) -> Held {
    let rows = &prepared.record.rows;
    let documents = rows.documents.iter().map(|row| {
        let code = [&row.code_number, &row.code_notation];
        let code: Vec<&str> = code.into_iter().flatten().map(String::as_str).collect();
        About {
            type_name: row.type_name.clone(),
            code: Some(code.join("/")).filter(|code| !code.is_empty()),
            issued_date: row.issued_date.map(|date| date.format("%d/%m/%Y").to_string()),
            organ_name: row.organ_name.clone(),
            subject: row.subject.as_deref().map(|subject| mask(subject).into_owned()),
        }
    });
    let weighty = rows.findings.iter().filter(|finding| finding.severity >= Severity::Warn);
    let findings = weighty.map(|finding| Remark {
        code: finding.code,
        field: finding.field.clone(),
        sentence_vi: finding.code.sentence_vi(),
    });
    Held {
        source_uid: prepared.record.source_uid,
        reading: Reading::of(&prepared),
        since: prepared.composed_at,
        pages: rows.intake.iter().map(|row| row.pages_held).sum(),
        waiting_for: prepared.waiting_for.clone(),
        sources: rows.intake.iter().map(|row| row.uri.clone()).collect(),
        documents: documents.collect(),
        findings: findings.collect(),
        pdf: prepared.composed.as_ref().map(|part| part.key.clone()),
        prepared,
    }
}

/// A sample of so many, the same whenever the same are held: those of the smallest uids, which are
/// hashes.
pub(crate) async fn sample(
    held: impl Stream<Item = Result<Held, Fault>>,
    size: usize,
) -> Result<Vec<Held>, Fault> {
    let mut held = std::pin::pin!(held);
    let mut sample: Vec<Held> = Vec::new();
    while let Some(one) = held.try_next().await? {
        let at = sample.partition_point(|other| other.source_uid < one.source_uid);
        if at < size {
            sample.insert(at, one);
            sample.truncate(size);
        }
    }
    Ok(sample)
}

/// As a line of the list.
impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let since = self.since.format("%d/%m/%Y %H:%M");
        write!(
            f,
            "{}  {since}  {} pages  {}",
            self.source_uid,
            self.pages,
            self.sources.join(" + ")
        )?;
        for about in &self.documents {
            let known = [&about.type_name, &about.code, &about.issued_date, &about.subject];
            let known: Vec<&str> = known.into_iter().flatten().map(String::as_str).collect();
            write!(
                f,
                "\n    {}",
                if known.is_empty() { "(nothing was read)".into() } else { known.join(", ") }
            )?;
        }
        for remark in &self.findings {
            let field = remark.field.as_deref().unwrap_or_default();
            write!(f, "\n    {} {field} {}", remark.code, remark.sentence_vi)?;
        }
        Ok(())
    }
}
