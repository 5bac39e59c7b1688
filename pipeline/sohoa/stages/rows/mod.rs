//! Index rows from what was read. Values that only the signed document knows are filled last.

mod document;
mod page;
mod receipt;
mod remarks;
mod sheets;
mod source;

pub(crate) use document::{channel, document};
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

/// What of a source its findings are filed under.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filed<'a> {
    pub(crate) source: Uuid,
    pub(crate) version: i32,
    pub(crate) province: &'a str,
    pub(crate) month: &'a str,
}

/// A finding's row. It always says what was seen and what was expected.
pub(crate) fn finding(
    base: (&Context, &Taken),
    subject: (&str, Uuid),
    mut remark: Remark,
    stage: &str,
) -> FindingRow {
    let (context, taken) = base;
    for text in [&mut remark.observed, &mut remark.expected].into_iter().flatten() {
        *text = context.pseudonyms.hide_numbers(text);
    }
    let filed = Filed {
        source: taken.uid,
        version: 1,
        province: &context.settings.config.agency.province,
        month: &month(taken),
    };
    finding_of(filed, subject, remark, stage)
}

/// The same of a source whose bytes are not at hand; the remark hides citizens' numbers already.
pub(crate) fn finding_of(
    filed: Filed<'_>,
    (kind, subject): (&str, Uuid),
    remark: Remark,
    stage: &str,
) -> FindingRow {
    let field = remark.field.as_deref().unwrap_or_default();
    let name = format!("finding {subject} {} {field}", remark.code);
    FindingRow {
        finding_uid: Uuid::new_v5(&filed.source, name.as_bytes()),
        source_uid: filed.source,
        version: filed.version,
        province: filed.province.to_owned(),
        ingest_month: filed.month.to_owned(),
        subject_kind: kind.into(),
        subject_uid: subject,
        code: remark.code,
        severity: remark.code.severity(),
        observed: Some(remark.observed.unwrap_or_else(|| NOTHING_SEEN.to_owned())),
        field: remark.field,
        expected: Some(remark.expected.unwrap_or_else(|| remark.code.expected().to_owned())),
        stage: stage.into(),
        detected_at: now(),
        schema_version: SCHEMA_VERSION,
    }
}

/// The index keeps microseconds; a file system may keep more.
pub(crate) fn micros(time: chrono::DateTime<chrono::Utc>) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}
