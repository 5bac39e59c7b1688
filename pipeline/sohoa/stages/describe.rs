//! What the document is: the fields read from its pages, held against its manifest.

use std::collections::{BTreeMap, HashSet};

use chrono::{Datelike as _, NaiveDate};
use sohoa_document::{Field, PageText, fold::fold};
use sohoa_extract::{Extraction, Fields, Segment};
use sohoa_registers::code::procedure_base;
use sohoa_schemas::{Code, manifest, registers::phase_of_year, rows::DocumentRow};

use crate::{
    context::{Context, now},
    custody::keeper_source,
    privacy::Pseudonyms,
    stages::{
        accept::{Acceptance, Remark},
        printed_codes,
        read::Read,
        rows::{self, Base},
        take_in::Taken,
    },
};

/// Fields that Circular 05/2025 makes mandatory and a page can show.
const MANDATORY: [&str; 4] = ["type_code", "issued_date", "organ_name", "subject"];

/// A document's row with what is to be found about it.
#[derive(Debug)]
pub(crate) struct Described {
    /// The row, without what only signing knows.
    pub(crate) row: DocumentRow,
    /// Findings about it.
    pub(crate) remarks: Vec<Remark>,
}

/// Reads the fields of all documents in the source.
pub(crate) fn describe(context: &Context, taken: &Taken, read: &Read) -> Vec<Described> {
    let pages: Vec<(u32, &PageText)> = read.readings().collect();
    let limits = sohoa_extract::Context {
        scan_year: now().year(),
        accept_line: context.settings.config.extract.accept as f32,
    };
    let Extraction { segments } = sohoa_extract::extract(&pages, &limits);
    let segments = whole(segments, read.page_count());
    // An attachment names the document it was issued with as the index does: by its first page.
    let starts: Vec<u32> = segments.iter().map(|segment| segment.page_from).collect();
    let uid = |at: usize| {
        starts.get(at).map(|start| sohoa_source::identity::document_uid(taken.uid, *start))
    };
    let described = segments.iter().map(|segment| {
        let mut described = one(context, taken, read, segment);
        described.row.parent_document_uid = segment.parent.and_then(uid);
        described
    });
    described.collect()
}

/// The mean of what was read; none when nothing was.
pub(crate) fn mean_confidence(conf: &BTreeMap<String, f32>) -> Option<f32> {
    (!conf.is_empty()).then(|| conf.values().sum::<f32>() / conf.len() as f32)
}

/// The segments stretched over every page: one that was refused belongs to the document before it,
/// or to the first.
fn whole(mut segments: Vec<Segment>, pages: u32) -> Vec<Segment> {
    if segments.is_empty() {
        let fields = Fields::default();
        let findings = Vec::new();
        segments.push(Segment { page_from: 1, page_to: pages, parent: None, fields, findings });
    }
    let mut end = pages;
    for segment in segments.iter_mut().rev() {
        segment.page_to = end;
        end = segment.page_from.saturating_sub(1);
    }
    if let Some(first) = segments.first_mut() {
        first.page_from = 1;
    }
    segments
}

fn one(context: &Context, taken: &Taken, read: &Read, segment: &Segment) -> Described {
    let mut row =
        rows::document(&Base { context, taken, read }, segment.page_from, segment.page_to);
    // What a manifest says of a file holds for its first document.
    let declared = taken.source.declared.as_ref().filter(|_| segment.page_from == 1);
    let mut acceptance = Acceptance::new(context.settings.config.extract.accept as f32);
    let pages = read.pages_numbered(segment.page_from, segment.page_to);
    printed_codes::fill(&mut row, pages, taken.at.date_naive(), &mut acceptance);
    let base = row.procedure_code.as_deref().and_then(procedure_base);
    row.procedure_base = base.map(str::to_owned);
    fill_identity(&mut row, &segment.fields, declared, &mut acceptance);
    fill_people(&mut row, &segment.fields, &mut acceptance);
    fill_date(&mut row, &segment.fields, declared, &mut acceptance);
    let day = taken.at.date_naive();
    fill_validity(&mut row, &segment.fields, declared, day, &mut acceptance);
    row.fields_missing = missing(&row);
    hide_in_subject(&mut row, &context.pseudonyms);
    let Acceptance { conf, source, boxes, mut remarks, .. } = acceptance;
    row.extraction_confidence = mean_confidence(&conf);
    (row.field_conf, row.field_source, row.field_box) = (conf, source, boxes);
    row.field_source.extend(keeper_source(&context.settings.config.agency, &row));
    remarks.extend(segment.findings.iter().filter_map(remark));
    let dossier = taken.source.dossier.manifest.as_ref().map(|manifest| &manifest.dossier);
    let resolved = dossier.and_then(|dossier| dossier.resolved_on);
    remarks.extend(after_dossier(row.issued_date, resolved));
    let is_closed = row.owner_id_kind.is_some() && row.owner_id_hmac.is_none();
    if is_closed && context.settings.config.secrets.owner_key.is_some() {
        // What the partner sent could not be opened.
        let field = Some("owner_id_hmac".into());
        remarks.push(Remark { code: Code::M01Missing, field, observed: None, expected: None });
    }
    let mut seen = HashSet::new();
    remarks.retain(|remark| seen.insert((remark.code, remark.field.clone())));
    row.needs_review = !row.fields_missing.is_empty()
        || row.pages_quarantined > 0
        || remarks
            .iter()
            .any(|remark| remark.code.severity() >= sohoa_schemas::code::Severity::Warn);
    Described { row, remarks }
}

fn fill_identity(
    row: &mut DocumentRow,
    fields: &Fields,
    declared: Option<&manifest::Document>,
    a: &mut Acceptance,
) {
    row.type_code = a.text("type_code", fields.type_code.as_ref(), None);
    row.type_abbr = a.text("type_abbr", fields.type_abbr.as_ref(), None);
    let declared_type = declared.and_then(|document| document.declared_type.as_ref());
    row.type_name = a.text("type_name", fields.type_name.as_ref(), declared_type);
    let declared_code = declared.and_then(|document| document.code_full.as_ref());
    row.code_full = a.text("code_full", fields.code_full.as_ref(), declared_code);
    row.code_number = a.text("code_number", fields.code_number.as_ref(), None);
    row.code_notation = a.text("code_notation", fields.code_notation.as_ref(), None);
    row.issued_place = a.text("issued_place", fields.issued_place.as_ref(), None);
    row.organ_name = a.text("organ_name", fields.organ_name.as_ref(), None);
    row.parent_organ_name = a.text("parent_organ_name", fields.parent_organ_name.as_ref(), None);
    row.subject = a.text("subject", fields.subject.as_ref(), None);
    let level = a.value("level_at_issue", fields.level_at_issue.as_ref(), None, |level| {
        level.as_str().to_owned()
    });
    row.level_at_issue = level.map(|level| level.as_str().to_owned());
    let urgency = a.value("urgency_level", fields.urgency_level.as_ref(), None, |urgency| {
        urgency.as_str().to_owned()
    });
    urgency.map_or("none", |urgency| urgency.as_str()).clone_into(&mut row.urgency_level);
}

fn fill_people(row: &mut DocumentRow, fields: &Fields, a: &mut Acceptance) {
    let authority = a.value("signer_authority", fields.signer_authority.as_ref(), None, |held| {
        held.as_str().to_owned()
    });
    row.signer_authority = authority.map(|authority| authority.as_str().to_owned());
    row.signer_title = a.text("signer_title", fields.signer_title.as_ref(), None);
    row.signer_name = a.text("signer_name", fields.signer_name.as_ref(), None);
    row.recipients =
        a.value("recipients", fields.recipients.as_ref(), None, |list| list.join("; "));
    row.archive_line = a.text("archive_line", fields.archive_line.as_ref(), None);
    row.arrival_number = a.text("arrival_number", fields.arrival_number.as_ref(), None);
    row.arrival_date =
        a.value("arrival_date", fields.arrival_date.as_ref(), None, NaiveDate::to_string);
}

fn fill_date(
    row: &mut DocumentRow,
    fields: &Fields,
    declared: Option<&manifest::Document>,
    a: &mut Acceptance,
) {
    let declared_date = declared.and_then(|document| document.issued_on);
    row.issued_date =
        a.value("issued_date", fields.issued_date.as_ref(), declared_date, NaiveDate::to_string);
    let precision = fields.issued_date_precision.as_ref().map_or("day", |held| held.value.as_str());
    row.issued_date_precision = row.issued_date.map(|_| precision.to_owned());
    let year = a.value("document_year", fields.document_year.as_ref(), None, i32::to_string);
    row.document_year = row.issued_date.map(|date| date.year()).or(year).or(row.document_year);
    fill_phase(row);
}

/// What the page says on the day the paper was taken in, else what the manifest says; nobody assumes
/// that a paper is valid.
fn fill_validity(
    row: &mut DocumentRow,
    fields: &Fields,
    declared: Option<&manifest::Document>,
    day: NaiveDate,
    a: &mut Acceptance,
) {
    let read = fields.validity_on(day).map(|field| Field {
        value: field.value.as_str().to_owned(),
        probability: field.probability,
        page: field.page,
        bbox: field.bbox,
    });
    let declared_end = declared.and_then(|document| document.valid_to);
    row.valid_to =
        a.value("valid_to", fields.valid_to.as_ref(), declared_end, NaiveDate::to_string);
    let said = declared.and_then(|document| document.validity.clone());
    let said = said.filter(|said| said != "unknown");
    let is_over = row.valid_to == declared_end && declared_end.is_some_and(|end| end < day);
    let said = said.or_else(|| is_over.then(|| "expired".to_owned()));
    if let Some(held) = a.text("validity_status", read.as_ref(), said.as_ref()) {
        row.validity_status = held;
    }
}

/// In clear beside its hash, a number would tell what the hash stands for everywhere.
fn hide_in_subject(row: &mut DocumentRow, pseudonyms: &Pseudonyms) {
    row.subject = row.subject.as_deref().map(|text| pseudonyms.hide_numbers(text));
    row.subject_folded = row.subject.as_deref().map(fold);
}

/// What follows from the year.
pub(crate) fn fill_phase(row: &mut DocumentRow) {
    row.phase = row.document_year.map(phase_of_year);
    row.phase_boundary_year = matches!(row.document_year, Some(1996 | 2006 | 2016));
}

/// A paper of a dossier is older than the day on which the dossier was resolved, or of that day.
fn after_dossier(issued: Option<NaiveDate>, resolved: Option<NaiveDate>) -> Option<Remark> {
    let (issued, resolved) = issued.zip(resolved).filter(|(issued, day)| issued > day)?;
    Some(Remark {
        code: Code::M04DateVsDossier,
        field: Some("issued_date".into()),
        observed: Some(issued.to_string()),
        expected: Some(format!("<= {resolved}")),
    })
}

/// The mandatory fields that a row lacks.
pub(crate) fn missing(row: &DocumentRow) -> Vec<String> {
    let held = [
        row.type_code.is_some(),
        row.issued_date.is_some(),
        row.organ_name.is_some(),
        row.subject.is_some(),
    ];
    let lacking = MANDATORY.iter().zip(held).filter(|(_, held)| !held);
    lacking.map(|(name, _)| (*name).to_owned()).collect()
}

fn remark(finding: &sohoa_extract::FieldFinding) -> Option<Remark> {
    let code: Code = match finding.code.parse() {
        Ok(code) => code,
        Err(unknown) => {
            tracing::error!(error = %unknown, "extraction uses a code that is not in the list");
            return None;
        }
    };
    Some(Remark {
        code,
        field: Some(finding.field.to_owned()),
        observed: finding.observed.clone(),
        expected: finding.expected.clone(),
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use sohoa_document::{Field, Rect};
    use sohoa_extract::{Fields, Segment};

    use sohoa_schemas::{manifest, registers::phase_of_year, rows::DocumentRow};

    use super::{after_dossier, fill_validity, hide_in_subject, whole};
    use crate::{privacy::Pseudonyms, stages::accept::Acceptance};

    #[test]
    fn no_column_says_which_number_a_hash_stands_for() {
        let key = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&key, [7; 32]).unwrap();
        let pseudonyms = Pseudonyms::load(Some(key.path())).unwrap();
        let subject = Some("Cấp Giấy chứng nhận cho CCCD 052099001234".to_owned());
        let mut row = DocumentRow { subject, ..DocumentRow::default() };
        hide_in_subject(&mut row, &pseudonyms);
        let (subject, folded) = (row.subject.unwrap(), row.subject_folded.unwrap());
        let hash = pseudonyms.hash("052099001234");
        assert_eq!(subject, format!("Cấp Giấy chứng nhận cho CCCD id:{hash}"));
        assert_eq!(folded, format!("cap giay chung nhan cho cccd id:{hash}"));
    }

    #[test]
    fn a_paper_whose_term_is_over_is_expired_and_no_paper_is_valid_by_itself() {
        let day = |year| NaiveDate::from_ymd_opt(year, 7, 1).unwrap();
        let end = |probability| {
            let bbox = Rect::new(1.0, 2.0, 3.0, 4.0);
            Some(Field { value: day(2020), probability, page: 2, bbox })
        };
        let status = |probability: f32, said: Option<&str>, today: NaiveDate| {
            let mut a = Acceptance::new(0.9);
            let fields = Fields { valid_to: end(probability), ..Fields::default() };
            let validity = said.unwrap_or("unknown").to_owned();
            let mut row = DocumentRow { validity_status: validity, ..DocumentRow::default() };
            let declared = serde_json::json!({ "ordinal": 1, "files": [], "validity": said });
            let declared: manifest::Document = serde_json::from_value(declared).unwrap();
            fill_validity(&mut row, &fields, Some(&declared), today, &mut a);
            (row.validity_status, a.source.get("validity_status").cloned(), a.remarks.len())
        };
        let got = |word: &str, source: Option<&str>, remarks| {
            (word.to_owned(), source.map(str::to_owned), remarks)
        };
        // Of a term that is not believed the day is told, and what would follow from it.
        assert_eq!(status(0.95, None, day(2021)), got("expired", Some("page"), 0));
        assert_eq!(status(0.95, None, day(2020)), got("unknown", None, 0));
        assert_eq!(status(0.8, None, day(2021)), got("unknown", None, 2));
        assert_eq!(status(0.95, Some("valid"), day(2020)), got("valid", Some("manifest"), 0));
        assert_eq!(status(0.95, Some("valid"), day(2021)), got("expired", Some("page"), 1));
        assert_eq!(status(0.8, Some("revoked"), day(2021)), got("revoked", Some("manifest"), 2));
    }

    #[test]
    fn the_last_day_is_the_pages_else_the_manifests_which_may_be_past() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        let read = |probability, printed: Option<&str>, declared: Option<&str>| {
            let bbox = Rect::new(1.0, 2.0, 3.0, 4.0);
            let valid_to =
                printed.map(|text| Field { value: day(text), probability, page: 1, bbox });
            let fields = Fields { valid_to, ..Fields::default() };
            let declared = serde_json::json!({ "ordinal": 1, "files": [], "valid_to": declared });
            let declared: manifest::Document = serde_json::from_value(declared).unwrap();
            let unknown = "unknown".to_owned();
            let mut row = DocumentRow { validity_status: unknown, ..DocumentRow::default() };
            let mut a = Acceptance::new(0.9);
            fill_validity(&mut row, &fields, Some(&declared), day("2026-07-01"), &mut a);
            let source = a.source.get("valid_to").cloned();
            (row.valid_to.map(|end| end.to_string()), source, row.validity_status)
        };
        let got = |end: Option<&str>, source: Option<&str>, status: &str| {
            (end.map(str::to_owned), source.map(str::to_owned), status.to_owned())
        };
        let (late, past) = (Some("2031-05-04"), Some("2026-06-30"));
        assert_eq!(read(0.95, late, past), got(late, Some("page"), "unknown"));
        assert_eq!(read(0.5, late, past), got(past, Some("manifest"), "expired"));
        assert_eq!(read(0.95, None, late), got(late, Some("manifest"), "unknown"));
        assert_eq!(read(0.5, late, None), got(None, None, "unknown"));
        assert_eq!(read(0.95, None, None), got(None, None, "unknown"));
    }

    #[test]
    fn a_paper_younger_than_its_resolved_dossier_is_found() {
        let day = |day| NaiveDate::from_ymd_opt(2025, 7, day);
        let found = after_dossier(day(9), day(8)).unwrap();
        assert_eq!(found.observed.as_deref(), Some("2025-07-09"));
        assert_eq!(found.expected.as_deref(), Some("<= 2025-07-08"));
        assert_eq!(after_dossier(day(8), day(8)), None);
        assert_eq!(after_dossier(day(9), None), None);
        assert_eq!(after_dossier(None, day(8)), None);
    }

    #[test]
    fn pages_that_were_refused_still_belong_to_a_document() {
        let segment = |page_from, page_to| {
            let fields = Fields::default();
            Segment { page_from, page_to, parent: None, fields, findings: Vec::new() }
        };
        let ranges = |segments: Vec<Segment>| -> Vec<(u32, u32)> {
            segments.iter().map(|segment| (segment.page_from, segment.page_to)).collect()
        };
        assert_eq!(ranges(whole(vec![segment(2, 3), segment(5, 5)], 7)), [(1, 4), (5, 7)]);
        assert_eq!(ranges(whole(Vec::new(), 2)), [(1, 2)]);
    }

    #[test]
    fn a_year_belongs_to_one_phase() {
        let phases = [1985, 1996, 2005, 2006, 2016, 2021, 2022].map(phase_of_year);
        assert_eq!(phases, [5, 4, 4, 3, 2, 2, 0]);
    }
}
