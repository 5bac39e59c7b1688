//! Attachments: a plan, regulation or list issued with a decision (`kèm theo`).
//!
//! A page whose top has a title of its own and, under it, `(Ban hành kèm theo Quyết định số …)`
//! starts an attachment of the document before it. The number in the brackets is often a blank
//! placeholder: a blank says nothing, a filled one must be the document's own, or the page belongs
//! to a paper that is not in this file. `Phụ lục` under a decision is part of the decision.

use std::sync::LazyLock;

use regex::Regex;
use sohoa_document::Field;

use crate::{
    fields::{FieldFinding, Fields, Severity},
    kind, notation,
    rows::{Sheet, Span},
    subject,
    types::{self, Kind},
    zones::Head,
};

/// The mention stands in this upper share of the page, and this many rows below the title.
const TOP: f32 = 0.4;
const MENTION_WITHIN: usize = 8;

static MENTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^\W{0,3}(?:duoc )?(?:(?:ban hanh|phe duyet|dinh) )?(?:kem theo|cung voi|theo) (?P<what>\D{4,30}?) so\b\W*(?P<rest>.*)$",
    )
    .expect("constant pattern, compiled in tests")
});
static CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^(?P<number>\d{1,6})\s?[/-]\s?(?:\d{4}/)?(?P<notation>[a-z][a-z\d&]*(?:[-/][a-z\d&]+)*)",
    )
    .expect("constant pattern, compiled in tests")
});

/// The start of an attachment, as its page shows it.
#[derive(Debug)]
pub(crate) struct Attachment {
    /// The kind of the document it was issued with, where the mention names one.
    issued_with: Option<&'static Kind>,
    /// Number and notation in the mention, folded; `None` for a blank placeholder.
    code: Option<(String, String)>,
}

/// Whether the page starts an attachment: a known title of its own over the mention.
pub(crate) fn start(sheet: &Sheet<'_>) -> Option<Attachment> {
    let head = Head::find(sheet);
    let heading = kind::heading(&head).filter(kind::Heading::is_known)?;
    let below = sheet.rows.iter().enumerate().skip(heading.row + 1).take(MENTION_WITHIN);
    let mut below = below.take_while(|(_, row)| sheet.y(row.bbox.y0) < TOP);
    let text = below.find_map(|(at, row)| {
        // The mention is in brackets and runs over two lines where the name is long.
        let bracketed = row.text().trim_start().starts_with(['(', '[', '{']);
        let next = sheet.rows.get(at + 1).map_or_else(String::new, Span::folded);
        let text = format!("{} {next}", row.folded());
        (bracketed && MENTION.is_match(&text)).then_some(text)
    })?;
    let named = MENTION.captures(&text)?;
    let code = CODE.captures(&named["rest"]);
    Some(Attachment {
        issued_with: types::by_title(&named["what"]).map(|(kind, _)| kind),
        code: code.map(|c| (c["number"].to_owned(), c["notation"].to_owned())),
    })
}

impl Attachment {
    /// Whether it can belong to the document with these fields: nothing that both name disagrees.
    pub(crate) fn belongs_to(&self, main: &Fields) -> bool {
        let folded = |text: &str| sohoa_document::fold::fold(text);
        let kind = match (self.issued_with, &main.type_code) {
            (Some(kind), Some(code)) => kind.code == code.value,
            _ => true,
        };
        let code = self.code.as_ref().is_none_or(|(number, noted)| {
            let notation =
                main.code_notation.as_ref().is_none_or(|own| folded(&own.value) == *noted);
            let number = main.code_number.as_ref().is_none_or(|own| own.value == *number);
            notation && number
        });
        kind && code
    }
}

/// Fields of an attachment: its own title and subject; who issued it and when is the main
/// document's, for it has no letterhead. Its number is none: the mention's is the main document's.
pub(crate) fn read(
    sheets: &[Sheet<'_>],
    main: &Fields,
    accept: f32,
) -> (Fields, Vec<FieldFinding>) {
    let mut fields = Fields {
        issued_date: main.issued_date.clone(),
        issued_date_precision: main.issued_date_precision.clone(),
        document_year: main.document_year.clone(),
        organ_name: main.organ_name.clone(),
        parent_organ_name: main.parent_organ_name.clone(),
        level_at_issue: main.level_at_issue.clone(),
        ..Fields::default()
    };
    let Some(first) = sheets.first() else { return (fields, Vec::new()) };
    let head = Head::find(first);
    let heading = kind::heading(&head);
    let read = kind::read(&head, heading.as_ref(), None::<&Field<notation::Notation>>);
    (fields.type_code, fields.type_abbr, fields.type_name) = (read.code, read.abbr, read.name);
    fields.subject = subject::read(&head, heading.as_ref());
    let doubted = fields.type_code.as_ref().is_none_or(|code| code.probability < accept);
    let findings = doubted.then(|| FieldFinding {
        code: "M02_LOW_CONF",
        field: "type_code",
        observed: fields.type_name.as_ref().map(|name| name.value.clone()),
        expected: None,
        severity: Severity::Warn,
    });
    (fields, findings.into_iter().collect())
}
