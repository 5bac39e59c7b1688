//! Index rows from what was read. Values that only the signed document knows are filled last.

mod document;
mod page;
mod receipt;
mod remarks;
mod source;

pub(crate) use document::document;
pub(crate) use page::{page_codes, page_uid, pages};
pub(crate) use receipt::{FilePages, Verdict, intake};
pub(crate) use remarks::refusal;
pub(crate) use source::{all_rows, set_version};

use sohoa_schemas::rows::{FindingRow, SCHEMA_VERSION};
use uuid::Uuid;

use crate::{
    context::{Context, now},
    stages::{accept::Remark, read::Read, take_in::Taken},
};

/// What all rows of a source are made from.
#[derive(Clone, Copy)]
pub(crate) struct Base<'a> {
    pub(crate) context: &'a Context,
    pub(crate) taken: &'a Taken,
    pub(crate) read: &'a Read,
}

impl Base<'_> {
    fn province(&self) -> String {
        self.context.settings.config.agency.province.clone()
    }

    fn month(&self) -> String {
        month(self.taken)
    }
}

/// The month a source is filed under: that of its first intake, whatever the indexer's clock says.
pub(crate) fn month(taken: &Taken) -> String {
    taken.first_at.format("%Y-%m").to_string()
}

/// What was seen where there should have been something.
const NOTHING_SEEN: &str = "nothing";

/// A finding's row. It always says what was seen and what was expected.
pub(crate) fn finding(
    base: (&Context, &Taken),
    (kind, subject): (&str, Uuid),
    remark: Remark,
    stage: &str,
) -> FindingRow {
    let (context, taken) = base;
    let field = remark.field.as_deref().unwrap_or_default();
    let name = format!("finding {subject} {} {field}", remark.code);
    let observed = remark.observed.as_deref().unwrap_or(NOTHING_SEEN);
    let expected = remark.expected.as_deref().unwrap_or(remark.code.expected());
    FindingRow {
        finding_uid: Uuid::new_v5(&taken.uid, name.as_bytes()),
        source_uid: taken.uid,
        version: 1,
        province: context.settings.config.agency.province.clone(),
        ingest_month: month(taken),
        subject_kind: kind.into(),
        subject_uid: subject,
        code: remark.code,
        severity: remark.code.severity(),
        observed: Some(context.pseudonyms.hide_numbers(observed)),
        field: remark.field,
        expected: Some(context.pseudonyms.hide_numbers(expected)),
        stage: stage.into(),
        detected_at: now(),
        schema_version: SCHEMA_VERSION,
    }
}

/// The index keeps microseconds; a file system may keep more.
pub(crate) fn micros(time: chrono::DateTime<chrono::Utc>) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}
