//! One document: its fields joined, cross-checked, and what is wrong with them.
//!
//! Independent witnesses move probabilities: the notation against title and issuer, the date against
//! the dates it cites and the year in the number, the number against its own mention in an annex.

use chrono::{Datelike, NaiveDate};
use sohoa_document::Field;

use crate::{
    arrival, confidence,
    evidence::{self, Mention},
    fields::{Context, FieldFinding, Fields, Severity},
    issuer, kind, recipients,
    rows::Sheet,
    secrecy, signer, subject, urgency,
    zones::Head,
};

/// Reads one document from its sheets.
pub(crate) fn read(sheets: &[Sheet<'_>], context: Context) -> (Fields, Vec<FieldFinding>) {
    let Some(first) = sheets.first() else { return (Fields::default(), Vec::new()) };
    let head = Head::find(first);
    let mut findings = Vec::new();
    let mut fields = Fields::default();
    code_and_kind(&head, &mut fields, &mut findings);
    dates(&head, sheets, context, &mut fields, &mut findings);
    repeated(sheets, &mut fields);
    let body = first.rows.get(head.bottom).map_or(0.0, |row| row.bbox.y0).max(0.3 * first.height);
    let signed = signer::read(sheets, body);
    fields.signer_authority = signed.authority;
    fields.signer_title = signed.title;
    fields.signer_name = signed.name;
    let sent = recipients::read(sheets);
    fields.recipients = sent.recipients;
    fields.archive_line = sent.archive_line;
    fields.secrecy_level = secrecy::stamp(first);
    fields.urgency_level = urgency::stamp(first);
    let arrived = arrival::read(first, context.scan_year);
    fields.arrival_number = arrived.number;
    fields.arrival_date = arrived.date;
    evidence::general(first, &head, &fields, &mut findings);
    evidence::gaps(&head, &fields, context, &mut findings);
    (fields, findings)
}

/// Number, notation, issuer, kind and subject, which witness for each other.
fn code_and_kind(head: &Head<'_, '_>, fields: &mut Fields, findings: &mut Vec<FieldFinding>) {
    let code = head.number.as_ref().map(|line| line.read(head.digit_height()));
    let (number, mut notation, mut full) = match code {
        Some(read) => (read.number, read.notation, read.full),
        None => (None, None, None),
    };
    let issuer = issuer::read(head, notation.as_ref().map(|field| &field.value));
    let heading = kind::heading(head);
    let read = kind::read(head, heading.as_ref(), notation.as_ref());
    if let Some((title, noted)) = &read.conflict {
        findings.push(FieldFinding {
            code: "M07_TYPE_CONFLICT",
            field: "type_code",
            observed: Some(title.clone()),
            expected: Some(noted.clone()),
            severity: Severity::Warn,
        });
    }
    if let Some(notation) = notation.as_mut() {
        let titled = read.conflict.is_none()
            && read.code.as_ref().is_some_and(|code| {
                notation.value.kind.is_some_and(|kind| kind.code == code.value)
            });
        // Printed three times over: in the notation, the title and the issuer's name.
        let factor = match (titled, issuer.explains, issuer.agrees) {
            (true, true, _) => 30.0,
            (true, false, true) | (false, _, true) => 3.0,
            (true, false, false) => 1.4,
            (false, _, false) => 0.5,
        };
        let before = notation.probability;
        notation.probability = confidence::weigh(before, factor);
        if let Some(full) = full.as_mut() {
            let number = number.as_ref().map_or(0.0, |number| number.probability);
            full.probability = number * notation.probability;
        }
    }
    fields.subject = subject::read(head, heading.as_ref());
    (fields.type_code, fields.type_abbr, fields.type_name) = (read.code, read.abbr, read.name);
    (fields.organ_name, fields.parent_organ_name) = (issuer.organ, issuer.parent);
    fields.level_at_issue = issuer.level;
    fields.code_notation = notation.map(|field| Field {
        value: field.value.text,
        probability: field.probability,
        page: field.page,
        bbox: field.bbox,
    });
    (fields.code_number, fields.code_full) = (number, full);
}

fn dates(
    head: &Head<'_, '_>,
    sheets: &[Sheet<'_>],
    context: Context,
    fields: &mut Fields,
    findings: &mut Vec<FieldFinding>,
) {
    let Some(read) = head.date.as_ref().map(|line| line.read(context.scan_year)) else { return };
    if read.future {
        findings.push(FieldFinding {
            code: "M03_DATE_FUTURE",
            field: "issued_date",
            observed: Some(read.observed.clone()),
            expected: Some(format!("<= {}", context.scan_year)),
            severity: Severity::Error,
        });
    }
    fields.issued_date = read.date;
    fields.issued_date_precision = read.precision;
    fields.document_year = read.year;
    fields.issued_place = read.place;
    let in_number = head.number.as_ref().and_then(|line| line.read(None).year);
    if let (Some(year), Some(date)) = (in_number, fields.issued_date.as_mut()) {
        let factor = if date.value.year() == year { 3.0 } else { 0.1 };
        date.probability = confidence::weigh(date.probability, factor);
    }
    let cited = sheets.first().and_then(|sheet| evidence::latest_cited(sheet, context.scan_year));
    if let (Some(cited), Some(date)) = (cited, fields.issued_date.as_mut())
        && cited > date.value
    {
        date.probability = confidence::weigh(date.probability, 0.15);
        findings.push(cited_after(cited, date.value));
    }
    if let (Some(date), Some(precision)) =
        (&fields.issued_date, fields.issued_date_precision.as_mut())
    {
        precision.probability = date.probability;
    }
}

fn cited_after(cited: NaiveDate, issued: NaiveDate) -> FieldFinding {
    FieldFinding {
        code: "M11_CITED_YEAR_AFTER_ISSUE",
        field: "issued_date",
        observed: Some(issued.to_string()),
        expected: Some(format!(">= {cited}")),
        severity: Severity::Warn,
    }
}

/// An annex that names its own decision confirms or doubts number and date.
fn repeated(sheets: &[Sheet<'_>], fields: &mut Fields) {
    let Some(notation) = fields.code_notation.as_ref().map(|field| field.value.clone()) else {
        return;
    };
    let Some(Mention { number, date }) = evidence::own_mention(sheets, &notation) else { return };
    if let Some(field) = fields.code_number.as_mut() {
        let factor = if field.value == number { 8.0 } else { 0.1 };
        field.probability = confidence::weigh(field.probability, factor);
        let number = field.probability;
        if let (Some(full), Some(noted)) = (fields.code_full.as_mut(), &fields.code_notation) {
            full.probability = number * noted.probability;
        }
    }
    if let (Some(field), Some(date)) = (fields.issued_date.as_mut(), date) {
        let factor = if field.value == date { 8.0 } else { 0.1 };
        field.probability = confidence::weigh(field.probability, factor);
        if let Some(precision) = fields.issued_date_precision.as_mut() {
            precision.probability = field.probability;
        }
    }
}
