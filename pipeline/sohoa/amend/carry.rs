//! Corrections outlive `--reprocess`: a document that is read again is read no better by hand.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use sohoa_schemas::{
    Code,
    record::{Record, Rows},
    rows::DocumentRow,
};
use uuid::Uuid;

use super::{
    Field, STAGE,
    row::{AMENDED, json},
    version::settle,
};
use crate::stages::{
    accept::Remark,
    describe::{mean_confidence, missing},
    rows::{Filed, finding_of},
};

/// Takes what was set by hand in `previous` over into rows that were read anew. A document whose
/// pages are divided otherwise now is another one: what was set of the old one is told of there.
pub(crate) fn carry(previous: &Record, rows: &mut Rows) {
    tell_of_lost(previous, rows);
    let mut carried = Vec::new();
    for row in &mut rows.documents {
        let uid = row.document_uid;
        let Some(held) = previous.rows.documents.iter().find(|held| held.document_uid == uid)
        else {
            continue;
        };
        let before = carried.len();
        for column in by_hand(held) {
            carry_group(held, row, column);
            carried.push((uid, column.to_owned()));
        }
        if carried.len() > before {
            row.extraction_confidence = mean_confidence(&row.field_conf);
            row.fields_missing = missing(row);
        }
    }
    if carried.is_empty() {
        return;
    }
    settle(rows, carried.iter().map(|(uid, column)| (*uid, column.as_str())));
}

/// A value without a document to take it over is a finding of the one that holds its first page now,
/// until somebody sets that column there. What was told before is told again.
fn tell_of_lost(previous: &Record, rows: &mut Rows) {
    let now: BTreeSet<Uuid> = rows.documents.iter().map(|row| row.document_uid).collect();
    let mut lost = Vec::new();
    for held in previous.rows.documents.iter().filter(|held| !now.contains(&held.document_uid)) {
        let seen = format!(
            "set by hand in version {} or before, of pages {} to {}",
            previous.version, held.page_from, held.page_to
        );
        lost.extend(by_hand(held).map(|column| (held.page_from, column.to_owned(), seen.clone())));
    }
    let told = previous.rows.findings.iter().filter(|row| row.code == Code::M13CorrectionLost);
    for row in told {
        let of = |held: &&DocumentRow| held.document_uid == row.subject_uid;
        let page = previous.rows.documents.iter().find(of).map_or(1, |held| held.page_from);
        let seen = row.observed.clone().unwrap_or_default();
        lost.push((page, row.field.clone().unwrap_or_default(), seen));
    }
    for (page, column, seen) in lost {
        let holds = |row: &DocumentRow| (row.page_from..=row.page_to).contains(&page);
        let at = rows.documents.iter().position(holds).unwrap_or(0);
        let Some(row) = rows.documents.get_mut(at) else { return };
        row.needs_review = true;
        let filed = Filed {
            source: row.source_uid,
            version: row.version,
            province: &row.province,
            month: &row.ingest_month,
        };
        let remark = Remark { field: Some(column), ..Remark::seen(Code::M13CorrectionLost, seen) };
        let finding = finding_of(filed, ("document", row.document_uid), remark, STAGE);
        if rows.findings.iter().all(|known| known.finding_uid != finding.finding_uid) {
            rows.findings.push(finding);
        }
    }
}

/// The columns that a person set.
fn by_hand(row: &DocumentRow) -> impl Iterator<Item = &str> {
    let set = row.field_source.iter().filter(|(_, source)| *source == AMENDED);
    set.map(|(column, _)| column.as_str())
}

/// A column comes with what stands and falls with it: half a code would contradict the other half.
fn carry_group(held: &DocumentRow, row: &mut DocumentRow, column: &str) {
    let Ok(field) = Field::named(column) else { return };
    let (Json::Object(from), Json::Object(mut to)) = (json(held), json(row)) else { return };
    for name in field.group() {
        to.insert((*name).to_owned(), from.get(*name).cloned().unwrap_or_default());
    }
    // Both are rows, and so is a mixture of their columns.
    let Ok(mut next) = serde_json::from_value::<DocumentRow>(Json::Object(to)) else { return };
    for name in field.group() {
        next.field_conf.remove(*name);
        match held.field_source.get(*name) {
            Some(source) => next.field_source.insert((*name).to_owned(), source.clone()),
            None => next.field_source.remove(*name),
        };
        if let Some(stamp) = held.field_amended.as_ref().and_then(|stamps| stamps.get(*name)) {
            let stamps = next.field_amended.get_or_insert_default();
            stamps.insert((*name).to_owned(), stamp.clone());
        }
    }
    *row = next;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        amend::version::{
            next,
            tests::{edit, record},
        },
        context::now,
    };

    #[test]
    fn what_a_person_set_survives_another_reading() {
        let edits = vec![edit(2, "number", "45"), edit(3, "type", "15")];
        let edits = [(Uuid::nil(), edits)];
        let held = next(&record(), &[], &edits, (now(), &|t| t.to_owned())).unwrap().unwrap();
        let mut rows = record().rows;
        let row = &mut rows.documents[0];
        (row.code_number, row.code_full) = (Some("4S".into()), Some("4S/QĐ-UBND".into()));
        row.field_conf.insert("code_number".into(), 0.91);
        row.field_conf.insert("signer_name".into(), 0.8);
        row.signer_name = Some("Trần Văn Mẫu".into());
        carry(&held, &mut rows);
        let row = &rows.documents[0];
        assert_eq!(row.code_full.as_deref(), Some("45/QĐ-UBND"));
        assert_eq!((row.type_code.as_deref(), row.type_abbr.as_deref()), (Some("15"), Some("TTr")));
        assert_eq!(row.signer_name.as_deref(), Some("Trần Văn Mẫu"), "read anew");
        assert_eq!(row.field_source["code_number"], AMENDED);
        assert_eq!(row.field_amended, held.rows.documents[0].field_amended);
        assert_eq!(row.extraction_confidence, Some(0.8));
        let open: Vec<_> = rows.findings.iter().filter_map(|f| f.field.as_deref()).collect();
        assert_eq!(open, ["issued_date", "signer_name"]);
    }

    #[test]
    fn what_was_set_on_pages_that_are_divided_otherwise_is_told_until_it_is_set_again() {
        let edits = [(Uuid::nil(), vec![edit(2, "number", "45")])];
        let held = next(&record(), &[], &edits, (now(), &|t| t.to_owned())).unwrap().unwrap();
        let mut rows = record().rows;
        rows.documents[0].document_uid = Uuid::from_u128(9);
        rows.findings.clear();
        carry(&held, &mut rows);
        let told = |rows: &Rows| {
            let lost = rows.findings.iter().filter(|row| row.code == Code::M13CorrectionLost);
            lost.map(|row| (row.subject_uid, row.field.clone().unwrap())).collect::<Vec<_>>()
        };
        let wanted = (Uuid::from_u128(9), "code_number".to_owned());
        assert!(told(&rows).contains(&wanted), "{:?}", rows.findings);
        assert!(rows.documents[0].needs_review);
        let before = rows.findings.clone();
        carry(&held, &mut rows);
        assert_eq!(rows.findings, before, "once");

        // Read again, it is still to be done; set by hand, it is done.
        let second = Record { version: 3, rows, ..record() };
        let mut rows = record().rows;
        rows.documents[0].document_uid = Uuid::from_u128(9);
        carry(&second, &mut rows);
        assert!(told(&rows).contains(&wanted));
        let edits = [(Uuid::from_u128(9), vec![edit(2, "number", "45")])];
        let third = Record { version: 4, rows, ..record() };
        let set = next(&third, &[], &edits, (now(), &|t| t.to_owned())).unwrap().unwrap();
        assert!(!told(&set.rows).contains(&wanted));
    }

    #[test]
    fn without_corrections_nothing_changes() {
        let mut rows = record().rows;
        let fresh = rows.clone();
        carry(&record(), &mut rows);
        assert_eq!(rows, fresh);
    }
}
