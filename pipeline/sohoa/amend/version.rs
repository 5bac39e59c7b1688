//! A record's next version.
//!
//! It names the parts where they lie, and holds the complete rows anew, as every version does: who
//! reads a version needs no other. Findings that a correction settles are left behind; they stay in
//! the version before.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sohoa_schemas::{
    code::Severity,
    record::{Amendment, Record, Rows},
    rows::{DocumentRow, IntakeRow},
};
use uuid::Uuid;

use super::{
    Field,
    row::{Hide, amend},
    sheet::{Edit, Wrong},
};
use crate::stages::rows::set_version;

/// Makes the next version of `record`; none when nothing is new. `receipts` are those of the source
/// that stand beside its records.
///
/// # Errors
/// Every line that contradicts another one, or what stays.
pub(super) fn next(
    record: &Record,
    receipts: &[IntakeRow],
    edits: &[(Uuid, Vec<Edit>)],
    (at, hide): (DateTime<Utc>, &Hide<'_>),
) -> Result<Option<Record>, Vec<Wrong>> {
    let mut rows = record.rows.clone();
    let mut amendments = Vec::new();
    let mut wrong = Vec::new();
    for (uid, edits) in edits {
        let Some(row) = rows.documents.iter_mut().find(|row| row.document_uid == *uid) else {
            let line = edits.first().map_or(0, |edit| edit.line);
            let what = format!("there is no document {uid}");
            wrong.push(Wrong { line, column: "document_uid", what });
            continue;
        };
        let doubted = doubted(&record.rows, *uid);
        match amend(row, &doubted, edits, (at, hide)) {
            Err(one) => wrong.push(one),
            Ok(set) => amendments.extend(set.into_iter().map(|set| Amendment {
                document_uid: *uid,
                field: set.column.to_owned(),
                before: set.before,
                value: set.value,
                who: set.who,
                note: set.note,
                at,
            })),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    if amendments.is_empty() {
        return Ok(None);
    }
    settle(&mut rows, amendments.iter().map(|one| (one.document_uid, one.field.as_str())));
    refresh_receipts(&mut rows, receipts);
    let version = record.version + 1;
    set_version(&mut rows, version);
    for row in &mut rows.documents {
        row.updated_at = at;
    }
    Ok(Some(Record { version, published_at: at, amendments, rows, ..record.clone() }))
}

/// The columns of a document that a finding asks a person to look at.
fn doubted(rows: &Rows, document: Uuid) -> BTreeSet<String> {
    let of_it = rows.findings.iter().filter(|finding| finding.subject_uid == document);
    let weighty = of_it.filter(|finding| finding.severity >= Severity::Warn);
    weighty.filter_map(|finding| finding.field.clone()).collect()
}

/// Takes away the findings that the set columns settle, and judges anew who should be looked at.
pub(super) fn settle<'a>(rows: &mut Rows, set: impl Iterator<Item = (Uuid, &'a str)>) {
    let mut settled: BTreeSet<(Uuid, &str)> = BTreeSet::new();
    for (uid, column) in set {
        settled.insert((uid, column));
        let group = Field::named(column).map_or(&[][..], Field::group);
        // With a number its whole code is settled; a known notation says nothing of the number.
        let row = rows.documents.iter().find(|row| row.document_uid == uid);
        let by_hand = |column: &str| {
            row.is_some_and(|row| {
                row.field_source.get(column).is_some_and(|s| s == super::row::AMENDED)
            })
        };
        settled.extend(group.iter().filter(|column| by_hand(column)).map(|column| (uid, *column)));
    }
    let open = |uid: Uuid, field: Option<&String>| {
        field.is_none_or(|field| !settled.contains(&(uid, field.as_str())))
    };
    rows.findings.retain(|finding| open(finding.subject_uid, finding.field.as_ref()));
    let findings = &rows.findings;
    for row in &mut rows.documents {
        row.needs_review = needs_review(row, findings);
    }
}

fn needs_review(row: &DocumentRow, findings: &[sohoa_schemas::rows::FindingRow]) -> bool {
    let of_it = findings.iter().filter(|finding| finding.subject_uid == row.document_uid);
    !row.fields_missing.is_empty()
        || row.pages_quarantined > 0
        || of_it.into_iter().any(|finding| finding.severity >= Severity::Warn)
}

/// Files that were touched since have a later receipt beside the record. The new version is higher
/// than any of them, so it must know what they know.
pub(crate) fn refresh_receipts(rows: &mut Rows, receipts: &[IntakeRow]) {
    let rank = |row: &IntakeRow| (row.version, row.settled_at);
    for row in &mut rows.intake {
        let of_file = receipts.iter().filter(|receipt| receipt.intake_uid == row.intake_uid);
        if let Some(later) =
            of_file.max_by_key(|receipt| rank(receipt)).filter(|r| rank(r) > rank(row))
        {
            row.clone_from(later);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use sohoa_schemas::{
        Code,
        record::Part,
        rows::{FindingRow, Outcome},
    };

    use super::*;
    use crate::context::now;

    pub(in crate::amend) fn edit(line: u64, name: &str, text: &str) -> Edit {
        let field = Field::named(name).unwrap();
        let value = field.parse(text, now().date_naive()).unwrap();
        Edit { field, value, who: "van thu".into(), note: Some("so 3".into()), line }
    }

    fn finding(field: &str, code: Code) -> FindingRow {
        FindingRow {
            finding_uid: Uuid::new_v5(&Uuid::nil(), field.as_bytes()),
            source_uid: Uuid::nil(),
            version: 1,
            province: "H08".into(),
            ingest_month: "2026-11".into(),
            subject_kind: "document".into(),
            subject_uid: Uuid::nil(),
            code,
            severity: code.severity(),
            field: Some(field.into()),
            observed: None,
            expected: None,
            stage: "extract".into(),
            detected_at: DateTime::UNIX_EPOCH,
            schema_version: 1,
        }
    }

    fn receipt(seconds: i64) -> IntakeRow {
        let at = DateTime::from_timestamp(seconds, 0).unwrap();
        IntakeRow {
            intake_uid: Uuid::nil(),
            source_uid: Uuid::nil(),
            dossier_uid: Uuid::nil(),
            province: "H08".into(),
            ingest_month: "2026-11".into(),
            source_name: "scans".into(),
            uri: "a.tif".into(),
            etag: None,
            size: 1,
            modified_at: at,
            sha256: None,
            media_type: None,
            pages: 1,
            pages_published: 1,
            pages_quarantined: 0,
            pages_held: 0,
            outcome: Outcome::Published,
            code: None,
            sentence: None,
            duplicate_of: None,
            version: 1,
            received_at: at,
            settled_at: at,
            schema_version: 1,
        }
    }

    pub(crate) fn record() -> Record {
        let row = DocumentRow {
            version: 1,
            code_notation: Some("QĐ-UBND".into()),
            type_code: Some("02".into()),
            organ_name: Some("UBND tỉnh".into()),
            subject: Some("Về việc".into()),
            fields_missing: vec!["issued_date".into()],
            needs_review: true,
            urgency_level: "none".into(),
            ..DocumentRow::default()
        };
        let findings = vec![
            finding("code_number", Code::M01Missing),
            finding("issued_date", Code::M01Missing),
            finding("signer_name", Code::M09Duplicate),
        ];
        let rows =
            Rows { documents: vec![row], findings, intake: vec![receipt(10)], ..Rows::default() };
        Record {
            version: 1,
            attempt: "a".into(),
            ingest_month: "2026-11".into(),
            province: "H08".into(),
            parts: vec![Part {
                role: "document".into(),
                key: "documents/00/x/v1/a/document.pdf".into(),
                size: 1,
                sha256: "s".into(),
                media_type: "application/pdf".into(),
            }],
            rows,
            ..Record::default()
        }
    }

    fn amended(record: &Record, edits: Vec<Edit>) -> Option<Record> {
        let at = now();
        next(record, &[receipt(20), receipt(5)], &[(Uuid::nil(), edits)], (at, &|t| t.to_owned()))
            .unwrap()
    }

    #[test]
    fn the_next_version_has_the_same_parts_and_whole_rows() {
        let first = record();
        let second = amended(&first, vec![edit(2, "number", "45")]).unwrap();
        assert_eq!(
            (second.version, &second.parts, &second.attempt),
            (2, &first.parts, &first.attempt)
        );
        assert_eq!(second.rows.documents[0].version, 2);
        assert_eq!(second.rows.intake[0].version, 2);
        assert_eq!(
            second.rows.intake[0].modified_at,
            receipt(20).modified_at,
            "the file was touched"
        );
        let fields: Vec<_> =
            second.rows.findings.iter().filter_map(|f| f.field.as_deref()).collect();
        assert_eq!(fields, ["issued_date", "signer_name"]);
        assert!(second.rows.documents[0].needs_review, "the date is missing still");
        let one = &second.amendments[0];
        assert_eq!((one.before.as_deref(), one.value.as_deref()), (None, Some("45")));
        assert_eq!(
            (one.who.as_str(), one.note.as_deref(), one.at),
            ("van thu", Some("so 3"), second.published_at)
        );

        let third = amended(&second, vec![edit(2, "date", "05/04/2019")]).unwrap();
        assert_eq!((third.version, third.amendments.len()), (3, 1));
        assert!(!third.rows.documents[0].needs_review, "what is left is only worth knowing");
        assert_eq!(third.rows.documents[0].code_number.as_deref(), Some("45"));
        assert_eq!(
            amended(&third, vec![edit(2, "number", "45"), edit(3, "date", "5/4/2019")]),
            None
        );
    }

    #[test]
    fn a_document_that_is_not_of_the_record_is_wrong() {
        let other = Uuid::max();
        let edits = [(other, vec![edit(7, "number", "45")])];
        let wrong = next(&record(), &[], &edits, (now(), &|t| t.to_owned())).unwrap_err();
        assert_eq!((wrong[0].line, wrong[0].column), (7, "document_uid"));
    }
}
