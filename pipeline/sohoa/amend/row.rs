//! Corrections into a document's row, with everything that follows from them.
//!
//! What a person says wins over what was read. `field_source` says so, `field_amended` by whom and
//! when, and the machine's probability goes: it was of another value. The place on the page stays.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, SecondsFormat, Utc};
use serde_json::Value as Json;
use sohoa_document::fold::fold;
use sohoa_schemas::rows::DocumentRow;

use super::{
    Field,
    sheet::{Edit, Wrong},
    value::{self, Value},
};
use crate::stages::describe::{fill_phase, mean_confidence, missing};

/// In `field_source`: set by hand.
pub(super) const AMENDED: &str = "amended";

/// Columns that follow from others and have no source of their own.
const DERIVED: [&str; 4] =
    ["issued_date_precision", "phase", "phase_boundary_year", "subject_folded"];

/// A column that was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) column: &'static str,
    pub(super) before: Option<String>,
    pub(super) value: Option<String>,
    pub(super) who: String,
    pub(super) note: Option<String>,
}

/// How citizens' numbers are hidden in a text.
pub(super) type Hide<'a> = dyn Fn(&str) -> String + Send + Sync + 'a;

/// Sets what is new of `edits`; an edit that says what stands there is none, unless it settles one
/// of the `doubted` columns. On an error the row is as it was.
///
/// # Errors
/// An edit contradicts another one, or what stays in the row.
pub(super) fn amend(
    row: &mut DocumentRow,
    doubted: &BTreeSet<String>,
    edits: &[Edit],
    (at, hide): (DateTime<Utc>, &Hide<'_>),
) -> Result<Vec<Set>, Wrong> {
    agree(edits)?;
    let edits: Vec<Edit> = edits.iter().map(|edit| hidden(edit, hide)).collect();
    let mut news: Vec<&Edit> = edits.iter().filter(|edit| is_news(row, doubted, edit)).collect();
    if news.is_empty() {
        return Ok(Vec::new());
    }
    // The kind before its printed title, the date after the year that it decides.
    news.sort_by_key(|edit| edit.field);
    let mut next = row.clone();
    for edit in &news {
        put(&mut next, edit.field, &edit.value);
    }
    let asks = |field: Field| news.iter().any(|edit| edit.field == field);
    if (asks(Field::CodeNumber) || asks(Field::CodeNotation)) && !asks(Field::CodeFull) {
        next.code_full = joined(row, next.code_number.as_deref(), next.code_notation.as_deref());
    }
    if asks(Field::IssuedDate) || asks(Field::DocumentYear) {
        date(row, &mut next, &news)?;
    }
    term(&next, &news)?;
    if asks(Field::Subject) {
        next.subject_folded = next.subject.as_deref().map(fold);
    }
    mark(row, &mut next, &news, at);
    let set = news.iter().map(|edit| {
        let column = edit.field.column();
        let (before, value) = (shown(&json(row)[column]), shown(&json(&next)[column]));
        Set { column, before, value, who: edit.who.clone(), note: edit.note.clone() }
    });
    let set = set.collect();
    *row = next;
    Ok(set)
}

/// The row as columns.
pub(super) fn json(row: &DocumentRow) -> Json {
    // A row is plain values: this cannot fail, and an empty object would only mark nothing.
    serde_json::to_value(row).unwrap_or_default()
}

/// A value as a person reads it.
fn shown(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        Json::Array(items) => {
            Some(items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join("; "))
        }
        other => Some(other.to_string()),
    }
}

/// The edit as it is kept: as what is read off a page, a subject has no citizen's number in clear.
fn hidden(edit: &Edit, hide: &Hide<'_>) -> Edit {
    match (&edit.field, &edit.value) {
        (Field::Subject, Value::Text(text)) => {
            Edit { value: Value::Text(hide(text)), ..edit.clone() }
        }
        _ => edit.clone(),
    }
}

fn is_news(row: &DocumentRow, doubted: &BTreeSet<String>, edit: &Edit) -> bool {
    let mut probe = row.clone();
    put(&mut probe, edit.field, &edit.value);
    let column = edit.field.column();
    let by_hand = row.field_source.get(column).is_some_and(|source| source == AMENDED);
    probe != *row || (doubted.contains(column) && !by_hand)
}

/// Writes a value into its own columns.
fn put(row: &mut DocumentRow, field: Field, value: &Value) {
    let text = match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    match (field, value) {
        (Field::CodeFull, Value::Code { number, notation, full }) => {
            row.code_number = Some(number.clone());
            row.code_notation = Some(notation.clone());
            row.code_full = Some(full.clone());
        }
        (Field::CodeFull, _) => {
            (row.code_number, row.code_notation, row.code_full) = (None, None, None);
        }
        (Field::TypeCode | Field::TypeName, Value::Kind { code, abbr, name }) => {
            row.type_code = Some((*code).to_owned());
            row.type_abbr = abbr.map(str::to_owned);
            if name.is_some() {
                row.type_name.clone_from(name);
            }
        }
        (Field::TypeCode, _) => (row.type_code, row.type_abbr) = (None, None),
        (Field::IssuedDate, Value::Date { date, precision }) => {
            row.issued_date = Some(*date);
            row.issued_date_precision = Some((*precision).to_owned());
        }
        (Field::IssuedDate, _) => (row.issued_date, row.issued_date_precision) = (None, None),
        (Field::ArrivalDate, Value::Date { date, .. }) => row.arrival_date = Some(*date),
        (Field::ArrivalDate, _) => row.arrival_date = None,
        (Field::ValidTo, Value::Date { date, .. }) => row.valid_to = Some(*date),
        (Field::ValidTo, _) => row.valid_to = None,
        (Field::DocumentYear, Value::Year(year)) => row.document_year = Some(*year),
        (Field::DocumentYear, _) => row.document_year = None,
        (Field::Recipients, Value::List(items)) => row.recipients = Some(items.clone()),
        (Field::Recipients, _) => row.recipients = None,
        (Field::UrgencyLevel, _) => row.urgency_level = text.unwrap_or_else(|| "none".into()),
        (Field::DocRole, _) => row.doc_role = text.unwrap_or_else(|| "unknown".into()),
        (Field::ValidityStatus, _) => {
            row.validity_status = text.unwrap_or_else(|| "unknown".into());
        }
        (Field::ArchiveLine, _) => row.archive_line = text,
        (Field::ArrivalNumber, _) => row.arrival_number = text,
        (Field::CodeNotation, _) => row.code_notation = text,
        (Field::CodeNumber, _) => row.code_number = text,
        (Field::IssuedPlace, _) => row.issued_place = text,
        (Field::LevelAtIssue, _) => row.level_at_issue = text,
        (Field::OrganName, _) => row.organ_name = text,
        (Field::ParentOrganName, _) => row.parent_organ_name = text,
        (Field::SignerAuthority, _) => row.signer_authority = text,
        (Field::SignerName, _) => row.signer_name = text,
        (Field::SignerTitle, _) => row.signer_title = text,
        (Field::Subject, _) => row.subject = text,
        (Field::TypeName, _) => row.type_name = text,
    }
}

/// Whether the lines of one document agree with each other.
fn agree(edits: &[Edit]) -> Result<(), Wrong> {
    let of = |field: Field| edits.iter().find(|edit| edit.field == field);
    let against = |edit: &Edit, other: &Edit| Wrong {
        line: edit.line,
        column: "value",
        what: format!("contradicts line {} of the same document", other.line),
    };
    if let Some(full) = of(Field::CodeFull) {
        for (part, said) in [Field::CodeNumber, Field::CodeNotation].map(|f| (f, of(f))) {
            let Some(said) = said else { continue };
            let expected = match &full.value {
                Value::Code { number, .. } if part == Field::CodeNumber => {
                    Value::Text(number.clone())
                }
                Value::Code { notation, .. } => Value::Text(notation.clone()),
                _ => Value::Null,
            };
            if said.value != expected {
                return Err(against(said, full));
            }
        }
    }
    if let (Some(kind), Some(title)) = (of(Field::TypeCode), of(Field::TypeName))
        && let (Value::Kind { code, .. }, Value::Kind { code: titled, .. }) =
            (&kind.value, &title.value)
        && code != titled
    {
        return Err(against(title, kind));
    }
    Ok(())
}

/// Number and notation as one: the way they were joined before where that is known; else by a
/// slash, or by a dash before a notation that has the slash itself (`05-NQ/TU`).
fn joined(old: &DocumentRow, number: Option<&str>, notation: Option<&str>) -> Option<String> {
    let full = old.code_full.as_deref();
    let parts = full.and_then(|full| value::code(full).ok());
    let held = match &parts {
        Some(Value::Code { number, notation, .. }) => Some((number.as_str(), notation.as_str())),
        _ => None,
    };
    match (number, notation) {
        (Some(number), Some(notation)) => {
            let between = held.zip(full).and_then(|((held, noted), full)| {
                full.strip_prefix(held)?.strip_suffix(noted).map(str::to_owned)
            });
            let between = between.filter(|between| !between.trim().is_empty() || between == " ");
            let usual = if notation.contains('/') { "-" } else { "/" };
            Some(format!("{number}{}{notation}", between.as_deref().unwrap_or(usual)))
        }
        // What a manifest says in one stays, as long as it does not contradict.
        (Some(number), None) => held.filter(|held| held.0 == number).and(full).map(str::to_owned),
        (None, Some(notation)) => held
            .filter(|held| held.1 == notation && old.code_number.is_none())
            .and(full)
            .map(str::to_owned),
        (None, None) => None,
    }
}

/// The year follows from the date, where there is one.
fn date(old: &DocumentRow, next: &mut DocumentRow, news: &[&Edit]) -> Result<(), Wrong> {
    let said = news.iter().find(|edit| edit.field == Field::DocumentYear);
    match (next.issued_date, said) {
        (Some(date), Some(edit)) if edit.value != Value::Year(date.year()) => {
            return Err(Wrong {
                line: edit.line,
                column: "value",
                what: format!("the date of issue is {date}: amend issued_date"),
            });
        }
        (Some(date), _) => next.document_year = Some(date.year()),
        // The year of a date that is taken back goes with it.
        (None, None) if old.issued_date.map(|date| date.year()) == old.document_year => {
            next.document_year = None;
        }
        (None, _) => {}
    }
    fill_phase(next);
    Ok(())
}

/// No paper ends before it is issued.
fn term(next: &DocumentRow, news: &[&Edit]) -> Result<(), Wrong> {
    let said = news.iter().rfind(|edit| matches!(edit.field, Field::IssuedDate | Field::ValidTo));
    let turned = next.valid_to.zip(next.issued_date).filter(|(end, issued)| end < issued);
    match said.zip(turned) {
        Some((edit, (end, issued))) => Err(Wrong {
            line: edit.line,
            column: "value",
            what: format!("the paper would hold until {end}, before it was issued on {issued}"),
        }),
        None => Ok(()),
    }
}

/// Says of every column that was set, or followed, where it comes from.
fn mark(old: &DocumentRow, next: &mut DocumentRow, news: &[&Edit], at: DateTime<Utc>) {
    let (before, after) = (json(old), json(next));
    for edit in news {
        for column in edit.field.group().iter().filter(|column| !DERIVED.contains(column)) {
            let own = *column == edit.field.column();
            if !own && before[column] == after[column] {
                continue;
            }
            next.field_conf.remove(*column);
            if !own && after[column].is_null() {
                next.field_source.remove(*column);
                continue;
            }
            let column = (*column).to_owned();
            next.field_source.insert(column.clone(), AMENDED.to_owned());
            let time = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            next.field_amended
                .get_or_insert_with(BTreeMap::new)
                .insert(column, format!("{time} {}", edit.who));
        }
    }
    next.extraction_confidence = mean_confidence(&next.field_conf);
    next.fields_missing = missing(next);
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn edit(line: u64, name: &str, text: &str) -> Edit {
        let field = Field::named(name).unwrap();
        let today = NaiveDate::from_ymd_opt(2026, 11, 27).unwrap();
        let value = field.parse(text, today).unwrap();
        Edit { field, value, who: "van thu".into(), note: None, line }
    }

    fn row() -> DocumentRow {
        let entry = |name: &str, value: f32| (name.to_owned(), value);
        DocumentRow {
            code_notation: Some("QĐ-UBND".into()),
            organ_name: Some("UBND tỉnh".into()),
            field_conf: BTreeMap::from([entry("issued_date", 0.4), entry("organ_name", 0.9)]),
            field_source: BTreeMap::from([("code_notation".into(), "page".into())]),
            urgency_level: "none".into(),
            ..DocumentRow::default()
        }
    }

    fn amended(row: &mut DocumentRow, edits: &[Edit]) -> Result<Vec<Set>, Wrong> {
        let at = "2026-11-27T03:00:00Z".parse().unwrap();
        amend(row, &BTreeSet::new(), edits, (at, &|text| text.replace("052099001234", "id:7")))
    }

    #[test]
    fn what_follows_from_a_value_follows() {
        let mut row = row();
        let edits = [
            edit(2, "number", "45"),
            edit(3, "date", "05/04/2006"),
            edit(4, "type", "QĐ"),
            edit(5, "subject", "Đất Ở, 052099001234"),
        ];
        let set = amended(&mut row, &edits).unwrap();
        assert_eq!(set.len(), 4);
        assert_eq!(row.code_full.as_deref(), Some("45/QĐ-UBND"));
        assert_eq!(
            (row.document_year, row.phase, row.phase_boundary_year),
            (Some(2006), Some(3), true)
        );
        assert_eq!(row.issued_date_precision.as_deref(), Some("day"));
        assert_eq!(
            (row.type_code.as_deref(), row.type_name.as_deref()),
            (Some("02"), Some("Quyết định"))
        );
        let told = (row.subject.as_deref(), row.subject_folded.as_deref());
        assert_eq!(told, (Some("Đất Ở, id:7"), Some("dat o, id:7")));
        let subject = set.iter().find(|one| one.column == "subject").unwrap();
        assert_eq!(subject.value, told.0.map(str::to_owned), "nor in the record's own list");
        assert_eq!(row.fields_missing, Vec::<String>::new());
        for column in ["code_number", "code_full", "issued_date", "type_abbr", "document_year"] {
            assert_eq!(row.field_source[column], AMENDED, "{column}");
            let stamp = &row.field_amended.as_ref().unwrap()[column];
            assert_eq!(stamp, "2026-11-27T03:00:00Z van thu");
        }
        assert_eq!(row.field_source["code_notation"], "page", "was not touched");
        assert!(!row.field_source.contains_key("phase"));
        assert!(!row.field_conf.contains_key("issued_date"));
        assert_eq!(row.extraction_confidence, Some(0.9));

        let once = row.clone();
        assert_eq!(amended(&mut row, &edits).unwrap(), []);
        assert_eq!(row, once, "the same again changes nothing");
    }

    #[test]
    fn a_number_is_joined_as_it_was_printed() {
        let full = |held: Option<&str>, notation: &str, number: &str| {
            let mut row = DocumentRow {
                code_full: held.map(str::to_owned),
                code_number: held.map(|_| "12".into()),
                code_notation: Some(notation.into()),
                ..row()
            };
            amended(&mut row, &[edit(2, "number", number)]).unwrap();
            row.code_full.unwrap()
        };
        assert_eq!(full(Some("12/2010/QĐ-UBND"), "QĐ-UBND", "21"), "21/2010/QĐ-UBND");
        assert_eq!(full(Some("12-NQ/TU"), "NQ/TU", "21"), "21-NQ/TU");
        assert_eq!(full(None, "NQ/TU", "05"), "05-NQ/TU");
        assert_eq!(full(None, "SNV-CCVC", "31"), "31/SNV-CCVC");
        let mut declared =
            DocumentRow { code_full: Some("45/GPXD".into()), code_notation: None, ..row() };
        amended(&mut declared, &[edit(2, "number", "45")]).unwrap();
        assert_eq!(declared.code_full.as_deref(), Some("45/GPXD"), "the manifest agrees");
        amended(&mut declared, &[edit(2, "number", "46")]).unwrap();
        assert_eq!(declared.code_full, None, "the manifest contradicts");
        assert!(!declared.field_source.contains_key("code_full"));
    }

    #[test]
    fn a_value_is_taken_back() {
        let mut row = row();
        amended(&mut row, &[edit(2, "date", "2019-04-05"), edit(3, "code", "45/QĐ-UBND")]).unwrap();
        let set = amended(&mut row, &[edit(2, "date", "null"), edit(3, "number", "null")]).unwrap();
        assert_eq!(set[1].before.as_deref(), Some("2019-04-05"));
        assert_eq!(set[1].value, None);
        assert_eq!((row.issued_date, row.code_number, row.code_full), (None, None, None));
        assert_eq!((row.document_year, row.phase), (None, None));
        assert_eq!(row.code_notation.as_deref(), Some("QĐ-UBND"));
        assert_eq!(row.field_source["issued_date"], AMENDED);
        assert!(row.fields_missing.contains(&"issued_date".to_owned()));
    }

    #[test]
    fn lines_that_contradict_are_told() {
        let wrong = |edits: &[Edit]| amended(&mut row(), edits).unwrap_err().line;
        assert_eq!(wrong(&[edit(2, "code", "45/QĐ-UBND"), edit(3, "number", "46")]), 3);
        assert_eq!(wrong(&[edit(2, "date", "2019-04-05"), edit(3, "year", "2018")]), 3);
        assert_eq!(wrong(&[edit(2, "title", "Tờ trình"), edit(3, "type", "02")]), 2);
        let mut agreeing = row();
        let title = [edit(2, "type", "32"), edit(3, "title", "Bản cam kết")];
        amended(&mut agreeing, &title).unwrap();
        assert_eq!(agreeing.type_name.as_deref(), Some("Bản cam kết"));
    }

    #[test]
    fn a_role_and_a_validity_are_set_and_taken_back() {
        let unknown = || "unknown".to_owned();
        let mut row = DocumentRow { doc_role: unknown(), validity_status: unknown(), ..row() };
        let said = [edit(2, "role", "khác"), edit(3, "validity", "còn hiệu lực")];
        assert_eq!(amended(&mut row, &said).unwrap().len(), 2);
        assert_eq!((&*row.doc_role, &*row.validity_status), ("other", "valid"));
        assert_eq!(row.field_source["doc_role"], AMENDED);
        assert_eq!(amended(&mut row, &said).unwrap(), [], "the same again changes nothing");
        amended(&mut row, &[edit(2, "role", "kết quả"), edit(3, "validity", "null")]).unwrap();
        assert_eq!((&*row.doc_role, &*row.validity_status), ("result", "unknown"));
    }

    #[test]
    fn the_last_day_is_set_and_lies_not_before_the_issue() {
        let mut row = row();
        amended(&mut row, &[edit(2, "date", "2019-04-05"), edit(3, "valid_to", "5/4/2026")])
            .unwrap();
        assert_eq!(row.valid_to, NaiveDate::from_ymd_opt(2026, 4, 5));
        assert_eq!(row.field_source["valid_to"], AMENDED);
        let wrong = amended(&mut row, &[edit(2, "valid_to", "2019-04-04")]).unwrap_err();
        assert!(wrong.what.contains("2019-04-05"), "{}", wrong.what);
        let wrong = amended(&mut row, &[edit(4, "date", "2026-04-06")]).unwrap_err();
        assert_eq!(wrong.line, 4);
        amended(&mut row, &[edit(2, "valid_to", "null")]).unwrap();
        assert_eq!(row.valid_to, None);
    }

    #[test]
    fn a_doubted_value_is_confirmed_once() {
        let mut row = row();
        let doubted = BTreeSet::from(["code_notation".to_owned()]);
        let at = "2026-11-27T03:00:00Z".parse().unwrap();
        let said = [edit(2, "notation", "QĐ-UBND")];
        let hide: &Hide<'_> = &|text| text.to_owned();
        assert_eq!(amend(&mut row, &BTreeSet::new(), &said, (at, hide)).unwrap(), []);
        assert_eq!(amend(&mut row, &doubted, &said, (at, hide)).unwrap().len(), 1);
        assert_eq!(row.field_source["code_notation"], AMENDED);
        assert_eq!(amend(&mut row, &doubted, &said, (at, hide)).unwrap(), []);
    }
}
