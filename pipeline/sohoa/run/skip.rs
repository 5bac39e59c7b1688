//! Which sources are finished: unchanged since a run settled them, so that they are not even read.

use std::collections::{HashMap, HashSet};

use futures::{StreamExt as _, pin_mut};
use sohoa_index::{Finished, Index, IndexError};
use sohoa_schemas::{config::ReleaseMode, rows::Outcome};
use sohoa_source::{Source, SourceFile};
use uuid::Uuid;

use crate::{
    answers::for_each_row,
    arguments::Reprocess,
    stages::{rows::micros, take_in::unread_uid},
};

/// What earlier runs settled. Holds a few hundred bytes a file of the input.
#[derive(Debug)]
pub(crate) struct Settled {
    files: HashMap<String, Vec<Finished>>,
    /// Sources whose receipt is in the index and whose document is not: a run was killed between
    /// the two.
    unfinished: HashSet<Uuid>,
    reprocess: Option<Reprocess>,
    release: ReleaseMode,
}

/// A source that an earlier run finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its pages.
    pub(crate) pages: u64,
    /// Whether it was refused.
    pub(crate) refused: bool,
}

impl Settled {
    /// Reads what the index knows of an input.
    pub(crate) async fn load(
        index: &Index,
        input_name: &str,
        reprocess: Option<Reprocess>,
        release: ReleaseMode,
    ) -> Result<Self, IndexError> {
        let mut files: HashMap<String, Vec<Finished>> = HashMap::new();
        let finished = index.finished(input_name).await?;
        pin_mut!(finished);
        while let Some(file) = finished.next().await {
            let file = file?;
            files.entry(file.uri.clone()).or_default().push(file);
        }
        let unfinished = unfinished(index).await?;
        Ok(Self { files, unfinished, reprocess, release })
    }

    /// A source that needs nothing more; `None` when it has to be processed.
    pub(crate) fn skip(&self, source: &Source) -> Option<Known> {
        let found: Option<Vec<&Finished>> =
            source.files.iter().map(|file| self.unchanged(file)).collect();
        let found = found.filter(|found| !found.is_empty())?;
        let skip = found.iter().all(|finished| self.needs_nothing(source, finished));
        skip.then(|| Known {
            pages: found.iter().map(|finished| finished.pages as u64).sum(),
            refused: found.iter().any(|finished| finished.outcome == Outcome::Quarantined),
        })
    }

    fn unchanged(&self, file: &SourceFile) -> Option<&Finished> {
        let same = |held: &&Finished| {
            held.size == file.size as i64
                && held.modified_at == micros(file.modified)
                && held.etag == file.etag
        };
        self.files.get(file.key.as_ref())?.iter().rev().find(same)
    }

    fn needs_nothing(&self, source: &Source, finished: &Finished) -> bool {
        if self.unfinished.contains(&finished.source_uid) {
            return false;
        }
        match finished.outcome {
            Outcome::Held => self.release == ReleaseMode::Manual && source.refused.is_none(),
            Outcome::Published => {
                !matches!(self.reprocess, Some(Reprocess::All | Reprocess::Published))
            }
            // A refusal by the manifest ends when the manifest is corrected; the file itself does
            // not change by that.
            Outcome::Quarantined => {
                let anew = matches!(self.reprocess, Some(Reprocess::All | Reprocess::Quarantined));
                let declared = source.dossier.manifest.is_some() && source.refused.is_none();
                // What could not even be read may be there now.
                let unread = finished.source_uid == unread_uid(source);
                !anew && !declared && !unread
            }
        }
    }
}

/// Sources with a receipt but without their document.
async fn unfinished(index: &Index) -> Result<HashSet<Uuid>, IndexError> {
    let sql = "select distinct source_uid from intake where outcome = 'published' \
               and source_uid not in (select source_uid from documents)";
    let mut uids = HashSet::new();
    for_each_row(index, sql, |row| {
        uids.extend(row.first().copied().flatten().and_then(|uid| uid.parse::<Uuid>().ok()));
    })
    .await?;
    Ok(uids)
}
