//! The receipts of a source's files.

use sohoa_flow::Rejection;
use sohoa_schemas::rows::{IntakeRow, Outcome, SCHEMA_VERSION};
use sohoa_source::identity;

use super::{micros, month};
use crate::{
    context::{Context, now},
    stages::take_in::Taken,
};

/// Pages of one file by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FilePages {
    pub(crate) held: i32,
    pub(crate) published: i32,
    pub(crate) quarantined: i32,
}

impl FilePages {
    /// All pages.
    pub(crate) fn total(self) -> i32 {
        self.held + self.published + self.quarantined
    }
}

/// What a receipt says beside its pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict<'a> {
    /// What became of the source.
    pub(crate) outcome: Outcome,
    /// Media type of its files, when they could be opened.
    pub(crate) media_type: Option<&'a str>,
    /// Why it was refused.
    pub(crate) refusal: Option<&'a Rejection>,
}

/// The receipts of a source's files. Conservation is counted on these: pages are the sum of the
/// three outcomes by construction, and their number comes from the container.
///
/// A document none of whose files are there has a receipt for each file that its manifest names.
pub(crate) fn intake(
    context: &Context,
    taken: &Taken,
    verdict: Verdict<'_>,
    pages: impl Fn(usize) -> FilePages,
) -> Vec<IntakeRow> {
    let dossier = taken.source.dossier.uid;
    let Verdict { outcome, media_type, refusal } = verdict;
    let row = |(index, uri): (usize, String)| {
        let file = taken.source.files.get(index);
        let pages = file.map_or_else(FilePages::default, |_| pages(index));
        IntakeRow {
            intake_uid: identity::intake_uid(dossier, &uri),
            source_uid: taken.uid,
            dossier_uid: dossier,
            province: context.settings.config.agency.province.clone(),
            ingest_month: month(taken),
            source_name: context.input_name.clone(),
            uri,
            etag: file.and_then(|file| file.etag.clone()),
            size: file.map_or(0, |file| file.size as i64),
            modified_at: file.map_or(taken.at, |file| micros(file.modified)),
            sha256: taken.sha256(index),
            media_type: media_type.map(str::to_owned),
            pages: pages.total(),
            pages_published: pages.published,
            pages_quarantined: pages.quarantined,
            pages_held: pages.held,
            outcome,
            code: refusal.map(|refusal| refusal.code),
            sentence: refusal.map(|refusal| refusal.sentence.clone()),
            duplicate_of: None,
            version: 1,
            received_at: taken.at,
            settled_at: now(),
            schema_version: SCHEMA_VERSION,
        }
    };
    taken.source.uris().into_iter().enumerate().map(row).collect()
}
