//! Box 5a: what kind of document this is.
//!
//! Two independent witnesses: the printed title, and the first group of the notation. Agreement is
//! near certainty, disagreement a finding (`M07_TYPE_CONFLICT`). A letter (công văn) has neither:
//! `V/v` under the number, or `Kính gửi` without any title, says so.

use std::sync::LazyLock;

use regex::Regex;
use sohoa_document::{Field, Rect};

use crate::{
    anchors::{is, skeleton},
    casing, confidence,
    notation::Notation,
    rows::{Sheet, Span},
    types::{self, Kind, LETTER},
    zones::Head,
};

/// Rows below the letterhead in which a title can stand: stamps and notes may come between.
const TITLE_WITHIN: usize = 9;

pub(crate) static ABOUT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^[^\p{L}\d]{0,4}[vV](?:\s?[/\\|(lI1]?\s?[vwyVW]|/)(?:[^\p{L}]{0,3}\s|[^\p{L}]{1,3})",
    )
    .expect("constant pattern, compiled in tests")
});

/// Where the title stands, or where a letter's subject starts.
#[derive(Debug)]
pub(crate) struct Heading<'a> {
    pub(crate) row: usize,
    pub(crate) span: Span<'a>,
    kind: Option<(&'static Kind, usize)>,
}

impl Heading<'_> {
    /// Whether the title is a kind of the table, so that its letters stand in the notation.
    pub(crate) fn is_known(&self) -> bool {
        self.kind.is_some_and(|(kind, _)| !kind.abbr.is_empty())
    }
}

/// What the paper is.
#[derive(Debug)]
pub(crate) struct KindRead {
    pub(crate) code: Option<Field<String>>,
    pub(crate) abbr: Option<Field<String>>,
    pub(crate) name: Option<Field<String>>,
    /// Title against notation, when they disagree.
    pub(crate) conflict: Option<(String, String)>,
}

/// The printed title below the letterhead.
pub(crate) fn heading<'a>(head: &Head<'_, 'a>) -> Option<Heading<'a>> {
    let sheet = head.sheet;
    let to = (head.bottom + TITLE_WITHIN).min(sheet.rows.len());
    let rows = head.bottom..to;
    let named = rows.clone().take_while(|index| !is_body(&sheet.rows[*index])).find_map(|index| {
        let row = &sheet.rows[index];
        // A stamp or a scrap may stand beside the title: the best of the row and its parts counts.
        let parts = (0..row.words.len()).filter_map(|from| Span::of(row.words[from..].to_vec()));
        let parts = parts.take(4).chain(row.split(1.2 * row.type_height()));
        let titles = parts.filter(|part| centred(sheet, part) && part.capitals() > 0.6);
        titles
            .filter_map(|part| types::by_title(&part.text()).map(|kind| (part, kind)))
            .min_by_key(|(_, (_, cost))| *cost)
            .map(|(span, kind)| Heading { row: index, span, kind: Some(kind) })
    });
    named.or_else(|| other_title(head, rows))
}

/// A centred line of capitals that is no kind of the table: a title of its own.
fn other_title<'a>(head: &Head<'_, 'a>, rows: std::ops::Range<usize>) -> Option<Heading<'a>> {
    let sheet = head.sheet;
    if head.national.is_none() && head.motto.is_none() {
        return None;
    }
    let type_height = sheet.type_height();
    for index in rows.take(4) {
        let row = &sheet.rows[index];
        let text = row.text();
        if is_body(row) || about(row).is_some() {
            return None;
        }
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        let plain = letters >= 6 && row.words.len() <= 6 && row.capitals() > 0.9;
        if plain
            && centred(sheet, row)
            && row.type_height() > 0.85 * type_height
            && row.confidence() > 0.7
        {
            return Some(Heading { row: index, span: row.clone(), kind: None });
        }
    }
    None
}

fn is_body(row: &Span<'_>) -> bool {
    let two: Vec<&str> = row.words.iter().take(2).map(|word| word.text.as_str()).collect();
    let two = two.join(" ");
    is(&two, "Căn cứ") || is(&two, "Kính gửi")
}

fn centred(sheet: &Sheet<'_>, part: &Span<'_>) -> bool {
    (0.36..0.66).contains(&sheet.x(part.bbox.centre().0))
}

/// The part of a row that starts with `V/v`, if the row's left part does.
pub(crate) fn about<'a>(row: &Span<'a>) -> Option<Span<'a>> {
    let from =
        row.words.iter().take(3).position(|word| word.text.starts_with(['V', 'v'])).unwrap_or(0);
    let part = Span::of(row.words[from..].to_vec())?;
    let text = format!("{} ", part.text());
    ABOUT.is_match(&text).then_some(part)
}

/// Joins both witnesses.
pub(crate) fn read(
    head: &Head<'_, '_>,
    heading: Option<&Heading<'_>>,
    notation: Option<&Field<Notation>>,
) -> KindRead {
    let sheet = head.sheet;
    let noted = notation.and_then(|field| field.value.kind.map(|kind| (kind, field)));
    match (heading, noted) {
        (Some(heading), noted) if heading.kind.is_some() || noted.is_none() => {
            titled(sheet, heading, noted)
        }
        (_, Some((kind, field))) => {
            let about = letter_evidence(head).is_some();
            let p = confidence::weigh(field.probability, if about { 0.2 } else { 0.8 });
            known(kind, p, field.page, field.bbox)
        }
        (_, None) => {
            let Some((bbox, p)) = letter_evidence(head) else {
                return KindRead { code: None, abbr: None, name: None, conflict: None };
            };
            let p = confidence::weigh(p, if notation.is_some() { 4.0 } else { 0.8 });
            known(&LETTER, p, sheet.page, bbox)
        }
    }
}

fn titled(
    sheet: &Sheet<'_>,
    heading: &Heading<'_>,
    noted: Option<(&'static Kind, &Field<Notation>)>,
) -> KindRead {
    let p = confidence::word(heading.span.confidence());
    let Some((kind, cost)) = heading.kind else {
        let (name, _) = casing::sentence(&heading.span.text());
        let name = sentence_title(&name);
        let field = |value: String, p: f32| {
            Some(Field { value, probability: p, page: sheet.page, bbox: heading.span.bbox })
        };
        let p = confidence::weigh(p, 0.2);
        return KindRead {
            code: field("32".into(), p),
            abbr: None,
            name: field(name, p),
            conflict: None,
        };
    };
    let p = confidence::weigh(p, if cost == 0 { 8.0 } else { 2.0 });
    match noted {
        Some((other, _)) if other == kind => {
            known(kind, confidence::weigh(p, 20.0), sheet.page, heading.span.bbox)
        }
        Some((other, field)) => {
            let conflict = Some((heading.span.text(), field.value.text.clone()));
            let read = if p < 0.8 && field.probability > p {
                known(other, field.probability * 0.8, field.page, field.bbox)
            } else {
                known(kind, confidence::weigh(p, 0.5), sheet.page, heading.span.bbox)
            };
            KindRead { conflict, ..read }
        }
        None => known(kind, p, sheet.page, heading.span.bbox),
    }
}

/// A title in sentence case: only the first letter upper.
fn sentence_title(name: &str) -> String {
    let lower = name.to_lowercase();
    let mut chars = lower.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

fn known(kind: &Kind, p: f32, page: u32, bbox: Rect) -> KindRead {
    let field = |value: &str| {
        (!value.is_empty()).then(|| Field { value: value.to_owned(), probability: p, page, bbox })
    };
    KindRead {
        code: field(kind.code),
        abbr: field(kind.abbr),
        name: field(kind.name),
        conflict: None,
    }
}

/// Where `V/v` stands, or `Kính gửi` without a title.
fn letter_evidence(head: &Head<'_, '_>) -> Option<(Rect, f32)> {
    let sheet = head.sheet;
    let from = head.number.as_ref().map_or(head.bottom, |number| number.row + 1);
    let to = (from + TITLE_WITHIN).min(sheet.rows.len());
    let rows = sheet.rows.get(from..to)?;
    let about = rows.iter().find_map(|row| about(row).filter(|part| sheet.x(part.bbox.x0) < 0.4));
    if let Some(about) = about {
        return Some((about.bbox, 0.95));
    }
    let addressed = rows.iter().find(|row| addresses(row))?;
    head.number.is_some().then_some((addressed.bbox, 0.8))
}

/// Whether the row holds `Kính gửi`.
pub(crate) fn addresses(row: &Span<'_>) -> bool {
    skeleton(&row.text()).replace(' ', "").contains("kinhgui")
}
