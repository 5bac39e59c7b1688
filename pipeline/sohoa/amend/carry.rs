//! Corrections outlive `--reprocess`: a document that is read again is read no better by hand.

use serde_json::Value as Json;
use sohoa_schemas::{
    record::{Record, Rows},
    rows::DocumentRow,
};

use super::{
    Field,
    row::{AMENDED, json},
    version::settle,
};
use crate::stages::describe::{mean_confidence, missing};

/// Takes what was set by hand in `previous` over into rows that were read anew. A document whose
/// pages are divided otherwise now is another one, and has nothing to take over.
pub(crate) fn carry(previous: &Record, rows: &mut Rows) {
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
    use uuid::Uuid;

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
    fn without_corrections_nothing_changes() {
        let mut rows = record().rows;
        let fresh = rows.clone();
        carry(&record(), &mut rows);
        assert_eq!(rows, fresh);
    }
}
